"""The journal's database, read only -> the turns that the ledger needs, in order.

Scans, ticks and positions are skipped where they lie: they are most of the journal and matter
to nobody afterwards.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from vigia.events import Event
from vigia.ledger.remember import Missing, Unread
from vigia.ledger.times import AlertTimes, alert_times
from vigia.run.journal_reader import first_seq_since
from vigia.run.journal_tables import DATABASE, KEYS, Gap, associated, connect_read_only
from vigia.run.keys import ShiftKeys
from vigia.run.ledger_follower import LedgerFollower, Turn
from vigia.run.rows import Packed, unpack
from vigia.terms import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vigia.ledger.remember import Source

INPUTS = (
    "SettingsApplied",
    "PersonAdded",
    "DeviceEnrolled",
    "DeviceRevoked",
    "Sighting",
    "Acknowledged",
    "HandedOver",
    "AllClear",
    "AllClearReversed",
    "AlertRaised",
    "AttackReported",
    "MarkedFriendly",
    "ReportConfirmed",
    "TrackIdentified",
    "TrackJudged",
    "Undone",
    "ClockStepped",
    "Fault",
    "Thinned",
    "PositionErased",
    "Restarted",
    "WordReceived",
    "WordSettled",
    "PersonalRead",
    "PowerUsed",
    "SignedIn",
    "RecordKept",
    "DrillOrdered",
    "FlightAuthorised",
    "ToldByRadio",
)
DECISIONS = (
    *("SightingPlaced", "Alert", "Delivery", "Fault"),
    *("AllClearAsked", "CoverTold", "FriendlyEnded", "NotReached"),
)


WINDOW = 5_000  # inputs looked at by one query
_COLUMNS = "t_recv_ns, source, mark, kind, body, subject, key_id, sha"
_SELECT = (
    f"SELECT 'inputs', seq, -1, {_COLUMNS} FROM inputs"
    f" WHERE seq BETWEEN ? AND ? AND kind IN ({','.join('?' * len(INPUTS))})"
    f" UNION ALL SELECT 'decisions', seq, idx, {_COLUMNS} FROM decisions"
    f" WHERE seq BETWEEN ? AND ? AND kind IN ({','.join('?' * len(DECISIONS))})"
    # Lost inputs, told in the turn of the last of them, with the time of the next one kept.
    " UNION ALL SELECT 'gaps', last_seq, -2,"
    " (SELECT t_recv_ns FROM inputs WHERE seq >= last_seq ORDER BY seq LIMIT 1), '',"
    " (SELECT mark FROM inputs WHERE seq >= last_seq ORDER BY seq LIMIT 1), 'Missing',"
    " json_object('first_seq', first_seq, 'last_seq', last_seq, 'scans', scans,"
    " 'detections', detections, 'people', people, 'why', why), NULL, NULL, x''"
    " FROM gaps WHERE last_seq BETWEEN ? AND ?"
    " ORDER BY 2, 3"
)


class _Row(NamedTuple):
    table: str
    seq: int
    idx: int
    t_recv_ns: int
    source: str
    mark: str
    kind: str
    body: bytes  # a gap's: text
    subject: str | None
    key_id: bytes | None
    sha: bytes


class JournalFeed:
    """Belongs to the thread that made it. Raises sqlite3.Error, OSError, ValueError."""

    def __init__(self, folder: Path) -> None:
        self._db = connect_read_only(folder / DATABASE)
        self._folder = folder
        self._keys: ShiftKeys | None = None  # held during turns() only: keys are destroyed

    def turns(self, from_seq: int) -> Iterator[Turn]:
        """What was committed when the call began; the last turn tells how far that is."""
        (last_seq,) = self._db.execute("SELECT max(seq) FROM inputs").fetchone()
        if last_seq is None or last_seq < from_seq:
            return
        try:
            yield from self._turns(from_seq, last_seq)
        finally:
            self._drop_keys()

    def _turns(self, from_seq: int, last_seq: int) -> Iterator[Turn]:
        seq = -1
        events: list[Source] = []
        for row in self._rows(from_seq, last_seq):
            if row.seq != seq and events:
                yield Turn(seq, events)
                events = []
            seq = row.seq
            events.append(self._event(row))
        if events:
            yield Turn(seq, events)
        if seq != last_seq:
            yield Turn(last_seq, ())

    def first_seq_since(self, t_recv_ns: int) -> int | None:
        """The first input received at or after that moment; None: there is none."""
        return first_seq_since(self._db, t_recv_ns)

    def inputs_of(self, kind: str, from_seq: int, limit: int) -> list[Source]:
        """The newest of one kind since that input, oldest first."""
        rows = self._db.execute(
            f"SELECT 'inputs', seq, -1, {_COLUMNS} FROM inputs WHERE seq >= ? AND kind = ?"
            " ORDER BY seq DESC LIMIT ?",
            (from_seq, kind, limit),
        ).fetchall()
        try:
            return [self._event(_Row(*row)) for row in reversed(rows)]
        finally:
            self._drop_keys()

    def close(self) -> None:
        self._db.close()
        self._drop_keys()

    def _rows(self, first_seq: int, last_seq: int) -> Iterator[_Row]:
        """A window at a time: what is committed never changes, so no transaction need be held."""
        for begin in range(first_seq, last_seq + 1, WINDOW):
            end = min(begin + WINDOW - 1, last_seq)
            window = (begin, end)
            found = self._db.execute(_SELECT, (*window, *INPUTS, *window, *DECISIONS, *window))
            yield from (_Row(*row) for row in found.fetchall())

    def _event(self, row: _Row) -> Source:
        if row.table == "gaps":
            return _missing(row, msgspec.json.decode(row.body, type=Gap))
        try:
            body = self._plain(row)
            if body is None:
                return Unread(row.seq, row.t_recv_ns, row.mark, row.kind)
            told = unpack(Packed(row.kind, body, None))
            return Event(row.seq, row.t_recv_ns, row.source, Mark(row.mark), told)
        except (ValueError, TypeError):  # one damaged row must not end the ledger
            return Unread(row.seq, row.t_recv_ns, str(row.mark), row.kind, damaged=True)

    def _plain(self, row: _Row) -> bytes | None:
        """None: its key is destroyed. Raises ValueError: not what was written."""
        if sha256(row.body).digest() != row.sha:
            raise ValueError("its bytes are not those that were written")
        if row.key_id is None:
            return row.body
        aad = associated(row.table, row.seq, row.idx, row.t_recv_ns, row.kind, row.subject or "")
        if self._keys is None:
            self._keys = ShiftKeys.read(self._folder / KEYS)
        return self._keys.unseal(row.body, key_id=row.key_id, aad=aad)

    def _drop_keys(self) -> None:
        if self._keys is not None:
            self._keys.close()
            self._keys = None


def _missing(row: _Row, gap: Gap) -> Missing:
    return Missing(
        seq=row.seq,
        t_recv_ns=row.t_recv_ns,
        mark=row.mark,
        first_seq=gap.first_seq,
        scans=gap.scans,
        detections=gap.detections,
        people=gap.people,
        why=gap.why,
    )


def journal_feed(folder: Path) -> JournalFeed | None:
    """None: that folder holds no journal."""
    return JournalFeed(folder) if (folder / DATABASE).is_file() else None


def follow_journal(folder: Path) -> LedgerFollower:
    """The ledger of one data folder; not started. Waits for a journal that is not there yet."""

    def open_feed() -> JournalFeed:
        feed = journal_feed(folder)
        if feed is None:
            raise FileNotFoundError(f"{folder / DATABASE} is not there yet")
        return feed

    return LedgerFollower(open_feed, ledger=folder, keys=folder / KEYS)


def read_alert_times(folder: Path, *, since_ns: int) -> list[AlertTimes]:
    """T0 to T4 of every alert decided since then, newest first. Empty without a journal.

    Alerts whose keys are destroyed are left out; the ledger still has their times.
    """
    feed = journal_feed(folder)
    if feed is None:
        return []
    try:
        first = feed.first_seq_since(since_ns)
        if first is None:
            return []
        events = (e for turn in feed.turns(first) for e in turn.events if isinstance(e, Event))
        return alert_times(events, since_ns=since_ns)
    finally:
        feed.close()
