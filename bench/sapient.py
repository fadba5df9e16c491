"""SAPIENT detections a second on one core, from 100 nodes, beside a bare protobuf parse.

Run: python -m bench sapient. Every node tells 50 objects a second. Four rates of the same bytes in
the same run: protobuf alone; read and judged by the rules; through the adapter to rows; and all the
way through the core with its tracks. Best of the repeats; compare the ratios.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from random import Random

from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from vigia.events import CoreSettings, Event, Observation, SensorJoined, SensorSite, SettingsApplied
from vigia.flow import Watch
from vigia.run.simulate.speak.sapient import detection, registration, status
from vigia.sensors.sapient import Adapter, own_id
from vigia.terms import Mark, Position
from vigia.wire import sapient

NODES, OBJECTS, SECONDS = 100, 50, 4
WANTED_PER_S = 5_000
REPEATS = 3
LAT, LON = 31.79, -106.75
T0_NS = 1_767_226_300_000_000_000
SPREAD_DEG = 0.2  # nodes stand within some 20 km: their objects are not all the same


def main() -> int:
    hello, seconds = world()
    frames = [f[4:] for second in seconds for node in second for f in node]
    count = len(frames)
    bare = rate(lambda: parse(frames), count)
    ruled = rate(lambda: judge(frames), count)
    rows = max(count / spent(hello, seconds, None) for _ in range(REPEATS))
    watch = max(count / spent(hello, seconds, core()) for _ in range(REPEATS))
    print(f"protobuf alone            {bare:>10,.0f} detections/s")
    print(f"vigia, read and judged    {ruled:>10,.0f} detections/s  {ruled / bare:5.1%} of it")
    print(f"vigia, to rows            {rows:>10,.0f} detections/s  {rows / bare:5.1%}")
    print(f"vigia, through the core   {watch:>10,.0f} detections/s  {watch / bare:5.1%}")
    print(f"limit {WANTED_PER_S:,}/s: {watch / WANTED_PER_S:.1f} times it")
    return 0 if watch >= WANTED_PER_S else 1


def world() -> tuple[list[bytes], list[list[list[bytes]]]]:
    """Hello of each node; frames by second and node."""
    chance = Random(1)
    nodes = [own_id(f"bench {n}") for n in range(NODES)]
    hello: list[bytes] = []
    for n, node in enumerate(nodes):
        lat = LAT + SPREAD_DEG * math.sin(n)
        lon = LON + SPREAD_DEG * math.cos(n * 1.7)
        told = [registration(node), status(node, lat, lon, 1200.0)]
        hello.append(b"".join(framed_at(message, T0_NS) for message in told))
    seconds = [
        [
            [
                framed_at(found, T0_NS + s * 1_000_000_000 + k * 1_000_000_000 // OBJECTS)
                for k in range(OBJECTS)
                if (found := detection(node, k + 1, float(s), n, chance)) is not None
            ]
            for n, node in enumerate(nodes)
        ]
        for s in range(SECONDS)
    ]
    return hello, seconds


def framed_at(message: SapientMessage, t_ns: int) -> bytes:
    message.timestamp.FromNanoseconds(t_ns)
    return sapient.framed(message)


def parse(frames: list[bytes]) -> None:
    for frame in frames:
        SapientMessage().ParseFromString(frame)


def judge(frames: list[bytes]) -> None:
    for frame in frames:
        sapient.read(frame)


def core() -> Watch:
    site = SensorSite(sensor_id="s", kind="sapient")
    settings = CoreSettings(
        mode=Mark.ACTUAL, origin=Position(LAT, LON, 1200.0), sensors=(site,), posts=()
    )
    watch = Watch()
    watch.receive(Event(1, T0_NS, "settings", Mark.ACTUAL, SettingsApplied(settings=settings)))
    return watch


def spent(hello: list[bytes], seconds: list[list[list[bytes]]], watch: Watch | None) -> float:
    """Seconds of this core for all; each node's second arrives in ten chunks."""
    adapters = [Adapter("s") for _ in hello]
    seq = 1
    used = 0.0
    for adapter, data in zip(adapters, hello, strict=True):
        for body in adapter.feed(data, T0_NS):
            if watch is not None and isinstance(body, SensorJoined):
                seq += 1
                watch.receive(Event(seq, T0_NS, "s", Mark.ACTUAL, body))
    for s, nodes in enumerate(seconds):
        for part in range(10):
            t_ns = T0_NS + s * 1_000_000_000 + (part + 1) * 100_000_000
            chunks = [b"".join(frames[part * 5 : part * 5 + 5]) for frames in nodes]
            start = time.process_time()
            for adapter, chunk in zip(adapters, chunks, strict=True):
                for body in adapter.feed(chunk, t_ns):
                    if watch is not None and isinstance(body, Observation):
                        seq += 1
                        watch.receive(Event(seq, t_ns, "s", Mark.ACTUAL, body))
            used += time.process_time() - start
    return used


def rate(work: Callable[[], None], count: int) -> float:
    best = 0.0
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        best = max(best, count / (time.process_time() - start))
    return best


if __name__ == "__main__":
    raise SystemExit(main())
