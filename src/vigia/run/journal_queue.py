"""Events from the core's thread -> a bounded queue -> batches for the journal's writer thread.

No lock is held by either side: the writer may lose the interpreter at any moment, and whoever
waits for its lock then would wait with a warning in hand. Counters have one owner each; a scan
changes hands by list.pop(), which only one of two threads can win.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import NamedTuple, TypeAlias

from vigia.events import Event, Fault, Observation, PositionErased, TracksPublished
from vigia.run.journal_tables import Gap
from vigia.terms import Mark

COUNT_MAX = 200_000
BYTES_MAX = 128 * 1024 * 1024
SCAN_SHARE = 0.8  # of both: the rest is kept for people and alerts
BATCH_COUNT_MAX = 4_096  # items in one transaction
BATCH_BYTES_MAX = 8 * 1024 * 1024
OVERHEAD_BYTES = 400  # of one event beside its packed bytes


class Head(NamedTuple):
    """An input's envelope without its body."""

    seq: int
    t_recv_ns: int
    source: str
    mark: Mark


class Entry:
    """One input and its decisions. event None once taken: its scan was evicted meanwhile."""

    __slots__ = ("decisions", "event", "head", "kept_bytes", "nbytes", "slot", "t_mono_ns")

    def __init__(self, event: Event, decisions: Sequence[Event], nbytes: int) -> None:
        self.head = Head(event.seq, event.t_recv_ns, event.source, event.mark)
        self.slot = [event]  # whoever pops it has it
        self.event: Event | None = None
        self.decisions = decisions
        self.nbytes = nbytes
        self.kept_bytes = 0  # of an evicted one
        self.t_mono_ns = time.monotonic_ns()

    def take(self) -> int:
        """The writer's; the bytes it now holds."""
        try:
            self.event = self.slot.pop()
        except IndexError:
            return self.kept_bytes
        return self.nbytes


class Snapshot:
    """data None once taken: a newer snapshot replaced it while it waited."""

    __slots__ = ("data", "nbytes", "seq", "slot", "t_ns")

    def __init__(self, seq: int, t_ns: int, data: bytes) -> None:
        self.seq, self.t_ns = seq, t_ns
        self.slot = [data]
        self.data: bytes | None = None
        self.nbytes = len(data)

    def take(self) -> int:
        try:
            self.data = self.slot.pop()
        except IndexError:
            return 0
        return self.nbytes


class Forget:
    """shift None: every shift. Keys first used after before_seq stay, and snapshots from
    snapshots_before on."""

    __slots__ = ("before_seq", "nbytes", "shift", "snapshots_before", "subject")

    def __init__(
        self, subject: str, shift: int | None, before_seq: int, snapshots_before: int
    ) -> None:
        self.subject, self.shift = subject, shift
        self.before_seq, self.snapshots_before = before_seq, snapshots_before
        self.nbytes = 0


class Lost:
    """Inputs that found no room."""

    __slots__ = ("gap", "nbytes")

    def __init__(self, gap: Gap) -> None:
        self.gap, self.nbytes = gap, 0


class Stop:
    __slots__ = ("nbytes",)

    def __init__(self) -> None:
        self.nbytes = 0


Item: TypeAlias = Entry | Snapshot | Forget | Lost | Stop


class JournalQueue:
    """append/snapshot/forget: the core's thread. batch/done: the writer's thread."""

    def __init__(self, *, count_max: int = COUNT_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._items: SimpleQueue[Item] = SimpleQueue()
        self._count_max, self._bytes_max = count_max, bytes_max
        self._scans: deque[Entry] = deque()  # waiting ones, oldest first
        self._snapshot: Snapshot | None = None
        self._gap: Gap | None = None
        self._held: Item | None = None  # writer: taken out, belongs to the next batch
        # the core's thread owns these
        self._put_count = 0
        self._put_bytes = 0
        self._evicted_bytes = 0
        self.dropped_scans = 0
        self.dropped_detections = 0
        self.dropped_people = 0
        # the writer's thread owns these
        self._done_count = 0
        self._done_bytes = 0
        self._taken_bytes = 0
        self._oldest_ns: int | None = None

    # ---- the core's thread ---------------------------------------------------------------------

    def append(self, event: Event, decisions: Sequence[Event]) -> bool:
        """False: there was no room; a Gap will say so."""
        nbytes = _size(event)
        for d in decisions:
            nbytes += _size(d)
        scan = isinstance(event.body, Observation)
        share = SCAN_SHARE if scan else 1.0
        if len(self) >= self._count_max * share:
            return self._no_room(event, decisions)
        over = self.waiting_bytes + nbytes - self._bytes_max * share
        if over > 0 and (scan or not self._evict(over)):
            return self._no_room(event, decisions)
        self._flush_gap()
        entry = Entry(event, decisions, nbytes)
        if scan:
            self._scans.append(entry)
            while not self._scans[0].slot:
                self._scans.popleft()  # taken by the writer
        self._put(entry)
        return True

    def snapshot(self, seq: int, t_ns: int, data: bytes) -> bool:
        """False: no room; the next one will do."""
        if self._snapshot is not None:
            with suppress(IndexError):  # the writer was faster
                self._evicted_bytes += len(self._snapshot.slot.pop())
        if self.waiting_bytes + len(data) > self._bytes_max:
            return False
        self._snapshot = Snapshot(seq, t_ns, data)
        self._put(self._snapshot)
        return True

    def forget(self, forget: Forget) -> None:
        self._put(forget)

    def stop(self) -> None:
        self._flush_gap()
        self._put(Stop())

    def __len__(self) -> int:
        return self._put_count - self._done_count

    @property
    def waiting_bytes(self) -> int:
        return self._put_bytes - self._evicted_bytes - self._done_bytes

    @property
    def lag_ns(self) -> int:
        """Age of the oldest event in the writer's hands."""
        oldest = self._oldest_ns
        return 0 if oldest is None else time.monotonic_ns() - oldest

    def _put(self, item: Item) -> None:
        self._put_count += 1
        self._put_bytes += item.nbytes
        self._items.put(item)

    def _no_room(self, event: Event, decisions: Sequence[Event]) -> bool:
        """Counted; a scan that raised an alert keeps its row and the alert, if they fit."""
        body = event.body
        gap = Gap(first_seq=event.seq, last_seq=event.seq, why="overload")
        if isinstance(body, Observation):
            self._count_scan(len(body.scan))
            kept = _worth(decisions)
            nbytes = sum(map(_size, kept))
            room = len(self) < self._count_max and self.waiting_bytes + nbytes <= self._bytes_max
            if kept and room:
                self._flush_gap()
                entry = Entry(event, kept, nbytes)
                entry.slot.clear()
                entry.kept_bytes = nbytes
                self._put(entry)
                return False
            gap.scans, gap.detections = 1, len(body.scan)
        else:
            self.dropped_people += 1
            gap.people = 1
        if self._gap is None:
            self._gap = gap
        else:
            self._gap.last_seq = gap.last_seq
            self._gap.scans += gap.scans
            self._gap.detections += gap.detections
            self._gap.people += gap.people
        return False

    def _evict(self, need_bytes: float) -> bool:
        """Empties the oldest waiting scans until need_bytes are free; their rows stay."""
        freed = 0
        while freed < need_bytes and self._scans:
            entry = self._scans.popleft()
            kept = _worth(entry.decisions)
            entry.kept_bytes = sum(map(_size, kept), OVERHEAD_BYTES)
            try:
                event = entry.slot.pop()
            except IndexError:
                continue  # the writer was faster
            entry.decisions = kept
            assert isinstance(event.body, Observation)
            self._count_scan(len(event.body.scan))
            freed += entry.nbytes - entry.kept_bytes
            self._evicted_bytes += entry.nbytes - entry.kept_bytes
        return freed >= need_bytes

    def _count_scan(self, detections: int) -> None:
        self.dropped_scans += 1
        self.dropped_detections += detections

    def _flush_gap(self) -> None:
        if self._gap is not None:
            self._put(Lost(self._gap))
            self._gap = None

    # ---- the writer's thread -------------------------------------------------------------------

    def batch(self, timeout_s: float) -> list[Item]:
        """What waits, bounded; empty after timeout_s. An erasure or Stop ends a batch:
        what comes after it is sealed under another key."""
        out: list[Item] = []
        nbytes = 0
        while len(out) < BATCH_COUNT_MAX and nbytes < BATCH_BYTES_MAX:
            item = self._next(timeout_s if not out else 0.0)
            if item is None:
                break
            if isinstance(item, Entry):
                if self._oldest_ns is None:
                    self._oldest_ns = item.t_mono_ns
                nbytes += item.take()
            elif isinstance(item, Snapshot):
                nbytes += item.take()
            out.append(item)
            if isinstance(item, Stop):
                break
            if _forgets(item):
                nbytes += self._take_snapshot_too(out)
                break
        self._taken_bytes = nbytes
        return out

    def done(self, batch: Sequence[Item]) -> None:
        """The batch taken last is on disk."""
        self._done_count += len(batch)
        self._done_bytes += self._taken_bytes
        self._taken_bytes = 0
        self._oldest_ns = None

    def _take_snapshot_too(self, out: list[Item]) -> int:
        """A clean snapshot usually follows a Forget; in one batch there is always one on disk."""
        nbytes = 0
        while (item := self._next(0.05)) is not None:
            if not isinstance(item, Snapshot | Forget):
                self._held = item
                break
            out.append(item)
            nbytes += item.take() if isinstance(item, Snapshot) else 0
        return nbytes

    def _next(self, timeout_s: float) -> Item | None:
        if self._held is not None:
            item, self._held = self._held, None
            return item
        try:
            return self._items.get(timeout=timeout_s) if timeout_s else self._items.get_nowait()
        except Empty:
            return None


def _forgets(item: Item) -> bool:
    if isinstance(item, Entry):
        return item.event is not None and isinstance(item.event.body, PositionErased)
    return isinstance(item, Forget)


def _size(event: Event) -> int:
    body = event.body
    if isinstance(body, Observation):
        return OVERHEAD_BYTES + len(body.scan.data)
    if isinstance(body, TracksPublished):
        return OVERHEAD_BYTES + len(body.data)
    if isinstance(body, Fault):
        return OVERHEAD_BYTES + len(body.raw)
    return OVERHEAD_BYTES


def _worth(decisions: Sequence[Event]) -> list[Event]:
    """What is kept when the scan that caused it is not: everything but the picture."""
    return [d for d in decisions if not isinstance(d.body, TracksPublished)]
