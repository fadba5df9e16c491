"""Transports -> inputs: a capture on standard input, a capture played back, a scripted demo.

A feed owns its adapter and hands over what it says. An adapter that raises is at the plug-in
boundary: it is counted as a Fault and the feed goes on with the next bytes.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from vigia.events import RAW_MAX, Fault, Input
from vigia.run.clock import Clock
from vigia.run.doors import Put
from vigia.run.settings import SettingsError
from vigia.terms import Mark
from vigia.wire.pcap import Damage, Reader, Record

CHUNK = 65_536
PUT_BURST_MAX = 64  # records handed over before other tasks get their turn


class Adapter(Protocol):
    """What a module in vigia.sensors offers as `Adapter`."""

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None: ...
    def feed(self, data: bytes, t_recv_ns: int) -> Sequence[Input | bytes]: ...
    def feed_record(self, record: Record, t_recv_ns: int) -> Sequence[Input | bytes]: ...
    def finish(self, t_recv_ns: int) -> Sequence[Input | bytes]: ...


def load_adapter(name: str) -> type[Adapter]:
    """A module in vigia.sensors by name, or package:Class. Raises SettingsError."""
    module_name, _, attribute = name.partition(":")
    path = module_name if attribute else f"vigia.sensors.{name}"
    try:
        return getattr(importlib.import_module(path), attribute or "Adapter")
    except (ImportError, AttributeError) as e:
        known = sorted(
            p.stem
            for p in (Path(__file__).parent.parent / "sensors").glob("*.py")
            if p.stem not in ("__init__", "door")
        )
        raise SettingsError(
            f"adapter: got {name!r} ({e}); need one of {', '.join(known)}, or package:Class"
        ) from e


def guarded(call: Callable[[], Iterable[Input | bytes]], sensor_id: str, raw: bytes) -> list[Input]:
    """The plug-in boundary. Bytes to send back have no transport here and are left out."""
    try:
        return [out for out in call() if not isinstance(out, bytes)]
    except Exception as e:  # noqa: BLE001 - a third party's adapter must not stop the watch
        what = f"adapter failed on {len(raw)} bytes: {type(e).__name__}: {e}"
        return [Fault(where=sensor_id, whose="peer", what=what)]


class StdinFeed:
    """A live byte stream, as from `tcpdump -w - | vigia watch -`."""

    def __init__(self, sensor_id: str, adapter: type[Adapter], clock: Clock) -> None:
        self.source = sensor_id
        self._adapter = adapter(sensor_id)
        self._clock = clock

    async def run(self, put: Put) -> None:
        loop = asyncio.get_running_loop()
        fd = sys.stdin.fileno()
        while True:
            data = await loop.run_in_executor(None, os.read, fd, CHUNK)
            t_ns = self._clock.now_ns()
            call = (
                (lambda d=data, t=t_ns: self._adapter.feed(d, t))
                if data
                else lambda t=t_ns: self._adapter.finish(t)
            )
            for body in guarded(call, self.source, data):
                put(self.source, Mark.ACTUAL, body)
            if not data:
                return


class PlaybackFeed:
    """A capture file at recorded speed, its times moved to now. Marked EXERCISE."""

    def __init__(self, sensor_id: str, adapter: type[Adapter], clock: Clock, path: Path) -> None:
        self.source = sensor_id
        self._make = adapter
        self._clock = clock
        self._path = path

    async def run(self, put: Put) -> None:
        start_ns = self._clock.now_ns()
        first_ns: int | None = None
        adapter: Adapter | None = None
        for n, record in enumerate(read_records(self._path)):
            if isinstance(record, Damage):
                put(self.source, Mark.EXERCISE, damage_fault(self.source, record))
                break
            t_ns = record.t_ns if record.t_ns is not None else start_ns
            if first_ns is None or adapter is None:
                first_ns = t_ns
                adapter = self._make(self.source, start_ns - first_ns)
            due_ns = start_ns + t_ns - first_ns
            wait_s = (due_ns - self._clock.now_ns()) / 1e9
            if wait_s > 0 or n % PUT_BURST_MAX == 0:
                await asyncio.sleep(max(0.0, wait_s))
            self._hand_over(put, adapter, record)
        if adapter is not None:
            last = adapter
            now = self._clock.now_ns()
            for body in guarded(lambda: last.finish(now), self.source, b""):
                put(self.source, Mark.EXERCISE, body)

    def _hand_over(self, put: Put, adapter: Adapter, record: Record) -> None:
        now = self._clock.now_ns()
        for body in guarded(lambda: adapter.feed_record(record, now), self.source, record.frame):
            put(self.source, Mark.EXERCISE, body)


class ScriptFeed:
    """A scripted world in real time (the demo). Items come in order of their time."""

    source = "demo"

    def __init__(
        self, items: Iterator[tuple[int, str, Input]], clock: Clock, *, mark: Mark
    ) -> None:
        self._items = items
        self._clock = clock
        self._mark = mark

    async def run(self, put: Put) -> None:
        for t_ns, source, body in self._items:
            wait_s = (t_ns - self._clock.now_ns()) / 1e9
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            put(source, self._mark, body)  # refused only when PEOPLE_MAX inputs wait: counted


def read_records(path: Path) -> Iterator[Record | Damage]:
    """Records of a capture file, then its Damage if there is any. Raises OSError."""
    reader = Reader()
    with path.open("rb") as f:
        while data := f.read(CHUNK):
            for record in reader.feed(data):
                yield record
                if isinstance(record, Damage):
                    return
    cut = reader.finish()
    if cut is not None:
        yield cut


def damage_fault(sensor_id: str, damage: Damage) -> Fault:
    return Fault(
        where=sensor_id,
        whose="peer",
        what=f"capture damaged at byte {damage.offset}: {damage.what}",
        raw=damage.raw[:RAW_MAX],
    )
