"""Transports -> inputs: a capture on standard input, a capture played back, a scripted demo.

A feed owns its adapter and hands over what it says. An adapter that raises is at the plug-in
boundary: it is counted as a Fault and the feed goes on with the next bytes.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from vigia.event_base import RAW_MAX
from vigia.events import Fault, Input
from vigia.run.clock import Clock
from vigia.run.doors import Put
from vigia.run.settings import SettingsError
from vigia.run.stdin_io import CHUNK, Chunks, HeadFile
from vigia.terms import Mark
from vigia.wire.pcap import Damage, Reader, Record
from vigia.wire.pcap_resync import Resync

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
    """A live byte stream, as from `tcpdump -w - | vigia watch -`. Raises ValueError when its bytes
    are no capture any more.

    The watch may be killed and started again while the stream goes on: the head of the capture is
    kept in the data folder, and the new process looks for the next record.
    """

    def __init__(
        self,
        sensor_id: str,
        adapter: type[Adapter],
        clock: Clock,
        folder: Path,
        fd: int | None = None,
    ) -> None:
        self.source = sensor_id
        self._adapter = adapter(sensor_id)
        self._clock = clock
        self._head = HeadFile(folder, sensor_id)
        self._framing = Reader()  # beside the adapter's own: knows head and damage of the stream
        self._resync: Resync | None = None
        self._fd = fd

    async def run(self, put: Put) -> None:
        chunks = Chunks(sys.stdin.fileno() if self._fd is None else self._fd)
        self._take_up()
        while data := await chunks.next():
            records = self._at_record(data, put)
            if records:
                self._hand_over(records, put)
        self._put_all(put, lambda t_ns: self._adapter.finish(t_ns), b"")

    def _take_up(self) -> None:
        """A head in the folder is that of a stream an earlier process of this watch has read."""
        head = self._head.read()
        if not head:
            return
        try:
            self._resync = Resync(head, self._clock.now_ns())
        except ValueError:
            return  # a file that was damaged: the stream is read as from its beginning
        self._framing.feed(head)
        guarded(lambda: self._adapter.feed(head, self._clock.now_ns()), self.source, head)

    def _at_record(self, data: bytes, put: Put) -> bytes | None:
        """Bytes that go on from the last ones handed over; None while a record is looked for."""
        if self._resync is None:
            return data
        found = self._resync.feed(data)
        if found is not None:
            what = (
                f"the stream goes on after a restart: {self._resync.skipped} bytes were passed "
                "over up to the next record, what came in between is lost"
            )
            put(self.source, Mark.ACTUAL, Fault(where=self.source, whose="us", what=what))
            self._resync = None
        return found

    def _hand_over(self, data: bytes, put: Put) -> None:
        items = self._framing.feed(data)
        self._head.keep(self._framing.head)
        self._put_all(put, lambda t_ns: self._adapter.feed(data, t_ns), data)
        if items and isinstance(items[-1], Damage):
            why = damage_fault(self.source, items[-1]).what
            raise ValueError(f"{why}; stop vigia and start it and the capture again")

    def _put_all(
        self, put: Put, call: Callable[[int], Sequence[Input | bytes]], raw: bytes
    ) -> None:
        t_ns = self._clock.now_ns()
        for body in guarded(lambda: call(t_ns), self.source, raw):
            put(self.source, Mark.ACTUAL, body)


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
