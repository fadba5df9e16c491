"""The journal's last hours -> a short mark of each thing that a timeline draws. Read once, kept.

Backwards in time, so that what is near is there at once; a look is bounded in time and says from
when on it knows.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from vigia.events import (
    Alert,
    AllClear,
    AllClearReversed,
    AttackReported,
    CoverTold,
    Event,
    MarkedFriendly,
    ReportConfirmed,
    Restarted,
    SettingsApplied,
    Sighting,
    TrackIdentified,
    TrackJudged,
    Undone,
)
from vigia.events_reach import DrillOrdered
from vigia.run.journal_reader import JournalReader, Recorded
from vigia.run.past.ask import HOURS_MAX
from vigia.terms import MsgType

HOUR_NS = 3_600_000_000_000
KEPT_NS = (HOURS_MAX + 1) * HOUR_NS
WINDOW = 5_000  # inputs of one look back
LOOK_S = 3.0  # of one answer
MARKS_MAX = 300_000  # the oldest go first
ACTS = {
    "AllClear": "all_clear",
    "AllClearReversed": "reversed",
    "AlertRaised": "raised",
    "AttackReported": "attack",
    "MarkedFriendly": "friendly",
    "ReportConfirmed": "confirmed",
    "TrackIdentified": "identified",
    "TrackJudged": "judged",
    "Undone": "undone",
    "DrillOrdered": "drill",
    "FlightAuthorised": "flight",
}
INPUTS = ("Sighting", "SettingsApplied", "Restarted", *ACTS)
DECISIONS = ("Alert", "CoverTold")


class Mark(NamedTuple):
    """name: of the alert, the target, the act. what: Alert, Sighting, CoverTold, an act's name…"""

    t_ns: int
    seq: int
    idx: int
    what: str
    name: str = ""
    tier: int = 0
    open: bool = False
    incident_id: str = ""
    target_id: str = ""
    person_id: str | None = None
    mark: str = ""
    body: CoverTold | SettingsApplied | None = None  # few, and needed for a moment long after


class Marks:
    """In order of the journal. Belongs to one thread."""

    def __init__(self) -> None:
        self._marks: list[Mark] = []
        self._low = 0  # everything from here
        self._high = 0  # to here, not included, is known
        self.known_from_ns = 0
        self.whole = False  # the journal's begin, or the limit, was reached
        self.left_out = 0

    def look(self, reader: JournalReader, since_ns: int) -> None:
        """What came, then backwards until since_ns or for LOOK_S."""
        until_s = time.monotonic() + LOOK_S
        last = reader.last_seq
        if self._high == 0:
            self._low = self._high = last + 1
            self.known_from_ns = reader.last_t_recv_ns
        if last >= self._high:
            self._marks += self._read(reader, self._high, last)
            self._high = last + 1
        first = reader.first_seq_since(since_ns) or last + 1
        while self._low > first and time.monotonic() < until_s:
            begin = max(first, self._low - WINDOW)
            older = self._read(reader, begin, self._low - 1)
            self._marks[:0] = older
            self._low = begin
            at = next(iter(reader.inputs(begin)), None)
            self.known_from_ns = since_ns if at is None else at.t_recv_ns
        self.whole = self._low <= first
        if self.whole:
            self.known_from_ns = min(self.known_from_ns, since_ns)
        self._forget()

    def between(self, from_ns: int, until_ns: int) -> list[Mark]:
        low = bisect_left(self._marks, from_ns, key=_time)
        return self._marks[low : bisect_right(self._marks, until_ns, key=_time)]

    def open_at(self, t_ns: int) -> list[Mark]:
        """The newest word of each alert that was open then."""
        newest: dict[str, Mark] = {}
        for mark in self.between(0, t_ns):
            if mark.what == "Alert":
                newest[mark.name] = mark
        return [mark for mark in newest.values() if mark.open]

    def cover_at(self, t_ns: int) -> dict[str, CoverTold]:
        return {m.name: m.body for m in self.between(0, t_ns) if isinstance(m.body, CoverTold)}

    def settings_at(self, t_ns: int) -> SettingsApplied | None:
        found = [m.body for m in self.between(0, t_ns) if isinstance(m.body, SettingsApplied)]
        return found[-1] if found else None

    def _read(self, reader: JournalReader, first: int, last: int) -> list[Mark]:
        found: list[Mark] = []
        for lying in reader.of_kinds(first, last, inputs=INPUTS, decisions=DECISIONS):
            mark = mark_of(reader.read(lying), lying.row.seq, lying.row.idx)
            if mark is None:
                self.left_out += 1
            else:
                found.append(mark)
        return found

    def _forget(self) -> None:
        """Too many, or too old: the oldest go."""
        over = len(self._marks) - MARKS_MAX
        if over > 0:
            self.known_from_ns = self._marks[over].t_ns
            self._low = self._marks[over].seq
            del self._marks[:over]
        if self._marks:
            old = bisect_left(self._marks, self._marks[-1].t_ns - KEPT_NS, key=_time)
            if old:
                self._low = self._marks[old].seq
                del self._marks[:old]


def _time(mark: Mark) -> int:
    return mark.t_ns


def mark_of(recorded: Recorded, seq: int, idx: int) -> Mark | None:
    """None: it cannot be read any more."""
    if not isinstance(recorded, Event):
        return None
    t_ns, body = recorded.t_recv_ns, recorded.body
    match body:
        case Alert():
            return Mark(
                t_ns, seq, idx, "Alert", body.alert_id, body.tier.value,
                body.msg_type is not MsgType.CANCEL, body.incident_id, body.target_id,
                body.person_id, body.mark.value,
            )  # fmt: skip
        case CoverTold():
            return Mark(t_ns, seq, idx, "CoverTold", body.target_id, body=body)
        case SettingsApplied():
            return Mark(t_ns, seq, idx, "SettingsApplied", body=body)
        case Sighting():
            return Mark(
                t_ns, seq, idx, "Sighting", body.sense.value, person_id=body.person_id,
                open=not body.withdrawn and body.refines is None,
            )  # fmt: skip
        case Restarted():
            return Mark(t_ns, seq, idx, "Restarted")
        case AttackReported():
            return Mark(t_ns, seq, idx, "act", "attack", person_id=body.person_id)
        case (
            AllClear() | AllClearReversed() | MarkedFriendly() | ReportConfirmed()
            | TrackIdentified() | TrackJudged() | Undone() | DrillOrdered()
        ):  # fmt: skip
            kind = ACTS[type(body).__name__]
            return Mark(t_ns, seq, idx, "act", kind, person_id=body.by_person_id)
        case _:
            by = getattr(body, "by_person_id", None)
            return Mark(t_ns, seq, idx, "act", ACTS.get(type(body).__name__, ""), person_id=by)
