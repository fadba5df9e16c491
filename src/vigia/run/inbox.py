"""Inputs as they arrive -> one order: people first, scans thinned under overload, never people.

People's reports and acknowledgements overtake scans before they are given a seq. When scans
come faster than the core takes them, the oldest waiting scans are thrown away and counted.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from vigia.events import Fault, Input, Observation, OperatorSeen, SensorHeard, SensorLost, Thinned
from vigia.terms import Mark

PEOPLE_MAX = 20_000  # waiting inputs from people; beyond it the sender hears "refused, retry"
NOTES_MAX = 5_000  # waiting words of machines that no warning rests on; the oldest are dropped
SCANS_MAX = 20_000  # waiting scans
ROWS_MAX = 400_000  # waiting detections


class Item(NamedTuple):
    """One input before it has a seq. request_id: whom to tell after the commit; 0: nobody."""

    t_recv_ns: int
    source: str
    mark: Mark
    body: Input
    request_id: int = 0


class Inbox:
    """Bounded. Not thread-safe: belongs to the watch's event loop."""

    def __init__(self) -> None:
        self._people: deque[Item] = deque()
        self._notes: deque[Item] = deque()
        self._scans: deque[Item] = deque()
        self._rows = 0
        self._thinned: dict[str, list[int]] = {}  # sensor -> scans, detections
        self._marks: dict[str, Mark] = {}
        self.thinned_scans = 0
        self.refused_people = 0
        self.dropped_notes = 0

    def __len__(self) -> int:
        return len(self._people) + len(self._notes) + len(self._scans) + len(self._thinned)

    def put(self, item: Item) -> bool:
        """False: not taken, because PEOPLE_MAX inputs of people are waiting."""
        if isinstance(item.body, Observation):
            self._put_scan(item, item.body)
            return True
        if isinstance(item.body, OperatorSeen | SensorHeard | SensorLost | Fault):
            if len(self._notes) >= NOTES_MAX:
                self._notes.popleft()
                self.dropped_notes += 1
            self._notes.append(item)
            return True
        if len(self._people) >= PEOPLE_MAX:
            self.refused_people += 1
            return False
        self._people.append(item)
        return True

    def take(self, t_ns: int) -> Item | None:
        """The next input, or None. t_ns: now, for the report of what was thinned."""
        if self._people:
            return self._people.popleft()
        if self._thinned:
            sensor_id, (scans, detections) = self._thinned.popitem()
            body = Thinned(sensor_id=sensor_id, scans=scans, detections=detections)
            return Item(t_ns, "inbox", self._marks.pop(sensor_id), body)
        if self._notes and (
            not self._scans or self._notes[0].t_recv_ns <= self._scans[0].t_recv_ns
        ):
            return self._notes.popleft()
        if self._scans:
            item = self._scans.popleft()
            assert isinstance(item.body, Observation)
            self._rows -= len(item.body.scan)
            return item
        return None

    def _put_scan(self, item: Item, body: Observation) -> None:
        self._scans.append(item)
        self._rows += len(body.scan)
        while len(self._scans) > SCANS_MAX or self._rows > ROWS_MAX:
            old = self._scans.popleft()
            assert isinstance(old.body, Observation)
            rows = len(old.body.scan)
            self._rows -= rows
            counts = self._thinned.setdefault(old.body.sensor_id, [0, 0])
            counts[0] += 1
            counts[1] += rows
            self._marks[old.body.sensor_id] = old.mark
            self.thinned_scans += 1
