"""Remote ID location messages a second on one core: ours in columns, ours singly, dronecot.

Run: python bench/decode.py [--messages N]. All in the same run on the same invented messages;
rates are the best of the repeats (a shared machine only ever makes them worse), the ratio is
what to compare. Then it says where dronecot's values differ from what the messages say.
"""

from __future__ import annotations

import argparse
import importlib
import math
import time
from collections import Counter
from typing import TYPE_CHECKING, cast

import numpy as np

from vigia.sensors.remote_id import Adapter
from vigia.wire import dot11, odid, odid_columns, odid_encode, pcap

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

BLOCK = 8_192  # messages decoded at a time: what a busy second brings, and what a cache holds
REPEATS = 5
SINGLY_MAX = 20_000  # messages for the slow decoders
WANTED_PER_S = 1_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=500_000)
    count: int = parser.parse_args().messages
    messages = invent(count)
    few = [bytes(row) for row in messages[:SINGLY_MAX]]

    columns = rate(lambda: decode_columns(messages), count)
    singly = rate(lambda: [odid.decode_message(m) for m in few], len(few))
    whole = capture(few)
    adapter = rate(lambda: Adapter("bench").feed(whole, 0), len(few))
    print(f"vigia, columns              {columns:>12,.0f} messages/s")
    print(f"vigia, one by one           {singly:>12,.0f} messages/s")
    print(f"vigia, capture to scan      {adapter:>12,.0f} messages/s (pcap, beacon, join, rows)")
    code = 0 if columns >= WANTED_PER_S else 1
    try:
        module = importlib.import_module("dronecot.odid")
    except ImportError:
        print("dronecot is not installed: no ratio (uv sync --group bench)")
        return code
    # dronecot has no type annotations.
    peer = cast("Callable[[bytes], dict[str, float]]", module.location_to_schema)
    theirs = rate(lambda: [peer(m) for m in few], len(few))
    print(f"dronecot, one by one        {theirs:>12,.0f} messages/s")
    print(f"ratio, columns to dronecot  {columns / theirs:>12,.1f}")
    print(f"ratio, singly to dronecot   {singly / theirs:>12,.1f}")
    differences(few, peer)
    return code


def invent(count: int) -> NDArray[np.uint8]:
    """(count, 25): flights with every course, speeds to 100 m/s, climbs and descents."""
    rng = np.random.default_rng(7)
    out = np.zeros((count, odid.MESSAGE_SIZE), dtype=np.uint8)
    kinds = [flight(rng) for _ in range(2_000)]
    base = np.frombuffer(b"".join(kinds), dtype=np.uint8).reshape(-1, odid.MESSAGE_SIZE)
    out[:] = base[rng.integers(0, len(base), count)]
    out[:, 21:23] = rng.integers(0, odid.HOUR_DS, count).astype("<u2").view(np.uint8).reshape(-1, 2)
    return out


def flight(rng: np.random.Generator) -> bytes:
    known = rng.random() < 0.9
    return odid_encode.encode(
        odid.Location(
            status=odid.Status.AIRBORNE,
            course_deg_true=float(rng.integers(0, 360)) if known else None,
            speed_mps=float(rng.uniform(0, 100)) if known else None,
            climb_mps=float(rng.uniform(-8, 8)) if known else None,
            lat_deg=float(rng.uniform(-60, 60)),
            lon_deg=float(rng.uniform(-180, 180)),
            alt_hae_m=float(rng.uniform(0, 500)),
            height_m=float(rng.uniform(0, 120)),
            sigma_m=float(rng.uniform(0.4, 12)),
            since_hour_ds=0,
        )
    )


def decode_columns(messages: NDArray[np.uint8]) -> None:
    for at in range(0, len(messages), BLOCK):
        odid_columns.locations(messages[at : at + BLOCK])


def capture(messages: list[bytes]) -> bytes:
    out = pcap.classic_header(pcap.LINK_DOT11)
    for i, message in enumerate(messages):
        address = (0x020000000000 + i % 500).to_bytes(6, "big")
        frame = dot11.encode_beacon(address=address, counter=i, payload=message)
        out += pcap.classic_record(t_ns=1_700_000_000_000_000_000 + i * 1_000_000, frame=frame)
    return out


def rate(work: Callable[[], object], count: int) -> float:
    best = math.inf
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return count / best


def differences(messages: list[bytes], peer: Callable[[bytes], dict[str, float]]) -> None:
    """Per field: how often dronecot's value is another, and the first and worst example."""
    pairs = (
        ("Direction", "course_deg_true"),
        ("SpeedHorizontal", "speed_mps"),
        ("SpeedVertical", "climb_mps"),
        ("Latitude", "lat_deg"),
        ("Longitude", "lon_deg"),
        ("AltitudeGeo", "alt_hae_m"),
        ("Height", "height_m"),
    )
    known, wrong, invented = Counter[str](), Counter[str](), Counter[str]()
    worst: dict[str, tuple[float, float]] = {}
    for message in messages:
        ours, theirs = odid.decode_message(message), peer(message)
        for name, field in pairs:
            value = cast("float | None", getattr(ours, field))
            if value is None:
                # dronecot keeps the wire's 255 m/s in places: a number where there is none
                invented[name] += not math.isnan(theirs[name])
                continue
            known[name] += 1
            if abs(theirs[name] - value) > 1e-6 or math.isnan(theirs[name]):
                wrong[name] += 1
                if name not in worst or abs(theirs[name] - value) > abs(
                    worst[name][0] - worst[name][1]
                ):
                    worst[name] = (theirs[name], value)
    print(
        "\nwhere dronecot differs    known    other value    a value for unknown    "
        "worst (theirs, said)"
    )
    for name, _ in pairs:
        example = "{:g}, {:g}".format(*worst[name]) if name in worst else "-"
        print(f"  {name:<20} {known[name]:>9} {wrong[name]:>14} {invented[name]:>22}    {example}")


if __name__ == "__main__":
    raise SystemExit(main())
