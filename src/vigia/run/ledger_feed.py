"""The journal's database, read only -> the turns that the ledger needs, in order.

Scans, ticks and positions are skipped where they lie: they are most of the journal and matter
to nobody afterwards.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from vigia.events import Event
from vigia.ledger.entry import Erased
from vigia.run.journal_tables import DATABASE, KEYS, associated, connect_read_only
from vigia.run.keys import ShiftKeys
from vigia.run.ledger_follower import Turn
from vigia.run.rows import Packed, unpack
from vigia.terms import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INPUTS = (
    "SettingsApplied",
    "PersonAdded",
    "DeviceEnrolled",
    "DeviceRevoked",
    "Sighting",
    "Acknowledged",
    "HandedOver",
    "AllClear",
    "TrackJudged",
    "ClockStepped",
    "Fault",
    "Thinned",
    "PositionErased",
    "Restarted",
)
DECISIONS = ("SightingPlaced", "Alert", "Delivery", "Fault")
TURN_MAX = 200_000  # decisions of one input that are read; a core never makes as many


class _Row(NamedTuple):
    table: str
    seq: int
    idx: int
    t_recv_ns: int
    source: str
    mark: str
    kind: str
    body: bytes
    subject: str | None
    key_id: bytes | None


class JournalFeed:
    """Belongs to the thread that made it. Raises sqlite3.Error, OSError, ValueError."""

    def __init__(self, folder: Path) -> None:
        self._db = connect_read_only(folder / DATABASE)
        self._keys = ShiftKeys(folder / KEYS, writable=False)

    def turns(self, from_seq: int) -> Iterator[Turn]:
        """What was committed when the call began; the last turn tells how far that is."""
        with closing(self._db.cursor()) as cursor:
            cursor.execute("BEGIN")
            try:
                (last_seq,) = cursor.execute("SELECT max(seq) FROM inputs").fetchone()
                if last_seq is None or last_seq < from_seq:
                    return
                seq = -1
                events: list[Event | Erased] = []
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
            finally:
                cursor.execute("ROLLBACK")

    def close(self) -> None:
        self._db.close()
        self._keys.close()

    def _rows(self, first_seq: int, last_seq: int) -> Iterator[_Row]:
        inputs, decisions = ",".join("?" * len(INPUTS)), ",".join("?" * len(DECISIONS))
        found = self._db.execute(
            "SELECT 'inputs', seq, -1 AS idx, t_recv_ns, source, mark, kind, body, subject, key_id"
            f" FROM inputs WHERE seq BETWEEN ? AND ? AND kind IN ({inputs})"
            " UNION ALL "
            "SELECT 'decisions', seq, idx, t_recv_ns, source, mark, kind, body, subject, key_id"
            f" FROM decisions WHERE seq BETWEEN ? AND ? AND kind IN ({decisions})"
            " ORDER BY 2, 3",
            (first_seq, last_seq, *INPUTS, first_seq, last_seq, *DECISIONS),
        )
        for row in found:
            yield _Row(*row)

    def _event(self, row: _Row) -> Event | Erased:
        body: bytes | None = row.body
        if row.key_id is not None:
            aad = associated(
                row.table, row.seq, row.idx, row.t_recv_ns, row.kind, row.subject or ""
            )
            body = self._keys.unseal(row.body, key_id=row.key_id, aad=aad)
        if not body:
            return Erased(row.seq, row.t_recv_ns, row.mark, row.kind)
        told = unpack(Packed(row.kind, body, None))
        return Event(row.seq, row.t_recv_ns, row.source, Mark(row.mark), told)


def journal_feed(folder: Path) -> JournalFeed | None:
    """None: that folder holds no journal."""
    return JournalFeed(folder) if (folder / DATABASE).is_file() else None
