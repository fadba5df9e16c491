"""A capture's own messages -> where its site lies, and how high the ground is there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from vigia.events import Input, Observation
from vigia.run.feeds import damage_fault, guarded, load_adapter, read_records
from vigia.run.settings import SettingsError
from vigia.run.stream_feeds import is_capture, played
from vigia.scan import Layout, optional
from vigia.terms import Position
from vigia.wire.pcap import Damage

FIRST_PLACE_RECORDS_MAX = 200_000  # how far a capture is searched for its first position
GROUND_PLACES_MAX = 1_000  # positions looked at for the ground's height
GROUND_RECORDS_MAX = 20_000  # and records, when a site is known without it
GROUND_M = (-500.0, 9_000.0)  # ellipsoidal heights that land has


def capture_origin(path: Path, adapter_name: str) -> Position:
    """The first position in a capture, on the ground when its messages tell how high that is:
    origin of the local frame when no settings give one.

    Raises SettingsError when the file cannot be read or holds no position.
    """
    first: tuple[float, float] | None = None
    places = _places(path, adapter_name, FIRST_PLACE_RECORDS_MAX)
    for n, (lat_deg, lon_deg, ground_m) in enumerate(places):
        first = first or (lat_deg, lon_deg)
        if ground_m is not None or n >= GROUND_PLACES_MAX:
            return Position(*first, ground_m)
    if first is None:
        raise SettingsError(
            f"capture {path}: {_why(path)}; give the site with --settings or a post with --post"
        )
    return Position(*first, None)


def capture_ground_m(path: Path, adapter_name: str) -> float | None:
    """Ellipsoidal height of the ground, as its messages tell it: altitude minus height above
    take-off. None: they don't. Raises SettingsError when the file cannot be read."""
    for n, (_, _, ground_m) in enumerate(_places(path, adapter_name, GROUND_RECORDS_MAX)):
        if ground_m is not None or n >= GROUND_PLACES_MAX:
            return ground_m
    return None


def _places(
    path: Path, adapter_name: str, records_max: int
) -> Iterator[tuple[float, float, float | None]]:
    """Latitude, longitude and ground of every position, up to the first damage."""
    make = load_adapter(adapter_name)
    try:
        if not is_capture(make):
            for _, body in islice(played(path, make, "probe", None), records_max):
                yield from _rows_of(body)
            return
        adapter = make("probe")
        for n, record in enumerate(read_records(path)):
            if isinstance(record, Damage) or n >= records_max:
                return
            for body in guarded(
                lambda r=record: adapter.feed_record(r, r.t_ns or 0), "probe", record.frame
            ):
                yield from _rows_of(body)
    except OSError as e:
        raise SettingsError(f"capture {path}: cannot be read ({e.strerror})") from e


def _ground_m(alt_hae_m: float, height_m: float) -> float | None:
    ground = optional(alt_hae_m - height_m)
    return ground if ground is not None and GROUND_M[0] <= ground <= GROUND_M[1] else None


def _why(path: Path) -> str:
    for record in read_records(path):
        if isinstance(record, Damage):
            return damage_fault("probe", record).what
    return "no frame holds a position"


def _rows_of(body: Input) -> Iterator[tuple[float, float, float | None]]:
    if isinstance(body, Observation) and body.scan.layout is Layout.PLACE_1:
        for row in body.scan.rows():
            ground = _ground_m(float(row["alt_hae_m"]), float(row["height_m"]))
            yield float(row["lat_deg"]), float(row["lon_deg"]), ground
