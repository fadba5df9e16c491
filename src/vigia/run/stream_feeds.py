"""Streams that are no captures: standard input, and a file of one played back -> inputs.

A recording's rows bear its own times. They are moved to now by the time of the first row, and
each output is handed over when its time has come.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from vigia.events import Fault, Input, Observation, SensorHeard
from vigia.run.clock import Clock
from vigia.run.doors import Put
from vigia.run.feeds import PUT_BURST_MAX, Adapter, guarded
from vigia.run.stdin_io import CHUNK, Chunks
from vigia.terms import Mark


def is_capture(adapter: type[Adapter]) -> bool:
    """pcap and its kin have records with times of their own; other streams have not."""
    return hasattr(adapter, "feed_record")


def time_of(body: Input) -> int | None:
    """When an output was true, by its own words."""
    if isinstance(body, Observation):
        return int(body.scan.rows()["t_obs_ns"][0])
    return body.t_obs_ns if isinstance(body, SensorHeard) else None


class StreamStdinFeed:
    """A live stream of any adapter that is no capture, as from `nc host 30003 | vigia watch -`."""

    def __init__(
        self, sensor_id: str, adapter: type[Adapter], clock: Clock, fd: int | None = None
    ) -> None:
        self.source = sensor_id
        self._adapter = adapter(sensor_id)
        self._clock = clock
        self._fd = fd

    async def run(self, put: Put) -> None:
        chunks = Chunks(sys.stdin.fileno() if self._fd is None else self._fd)
        while data := await chunks.next():
            now, held = self._clock.now_ns(), data
            for body in guarded(lambda: self._adapter.feed(held, now), self.source, held):  # noqa: B023
                put(self.source, Mark.ACTUAL, body)
        now = self._clock.now_ns()
        for body in guarded(lambda: self._adapter.finish(now), self.source, b""):
            put(self.source, Mark.ACTUAL, body)


class StreamPlaybackFeed:
    """A file at recorded speed, marked EXERCISE."""

    def __init__(self, sensor_id: str, adapter: type[Adapter], clock: Clock, path: Path) -> None:
        self.source = sensor_id
        self._make = adapter
        self._clock = clock
        self._path = path

    async def run(self, put: Put) -> None:
        start_ns = self._clock.now_ns()
        for n, (t_ns, body) in enumerate(played(self._path, self._make, self.source, start_ns)):
            wait_s = (t_ns - self._clock.now_ns()) / 1e9
            if wait_s > 0 or n % PUT_BURST_MAX == 0:
                await asyncio.sleep(max(0.0, wait_s))
            put(self.source, Mark.EXERCISE, body)


def played(
    path: Path, adapter: type[Adapter], sensor_id: str, start_ns: int | None
) -> Iterator[tuple[int, Input]]:
    """(when, what) of a recording whose first row is true at start_ns; None: at its own time.
    Raises OSError.

    Without a time of its own nothing can be played: a stream of a sensor that dates nothing.
    """
    first = _first_ns(path, adapter, sensor_id, start_ns or 0)
    if first is None:
        start_ns = start_ns or 0
        what = "the recording has no row with a time of its own; nothing to play"
        yield start_ns, Fault(where=f"sensor/{sensor_id}", whose="peer", what=what)
        return
    start_ns = first if start_ns is None else start_ns
    at_ns = start_ns
    for body in _outputs(path, adapter(sensor_id, start_ns - first), sensor_id, start_ns):
        at_ns = max(at_ns, time_of(body) or at_ns)
        yield at_ns, body


def _first_ns(path: Path, adapter: type[Adapter], sensor_id: str, start_ns: int) -> int | None:
    """The shift of one nanosecond tells adapters that these times are not of today."""
    for body in _outputs(path, adapter(sensor_id, 1), sensor_id, start_ns):
        t_ns = time_of(body)
        if t_ns is not None:
            return t_ns - 1
    return None


def _outputs(path: Path, adapter: Adapter, sensor_id: str, t_ns: int) -> Iterator[Input]:
    with path.open("rb") as f:
        while data := f.read(CHUNK):
            held = data
            yield from guarded(lambda: adapter.feed(held, t_ns), sensor_id, held)  # noqa: B023
    yield from guarded(lambda: adapter.finish(t_ns), sensor_id, b"")
