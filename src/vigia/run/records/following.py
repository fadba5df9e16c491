"""The bulletins as a process beside the gateway knows them: from the journal, then live.

For whoever carries them by a channel: the courier and the TAK process. Only what that needs is
kept in memory.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vigia.events import Event
from vigia.events_desk import RecordKept, RecordKind
from vigia.records.bulletin import Bulletin
from vigia.records.common import canonical
from vigia.records.posted import Posted, Reminder, posted_id, reminder_id
from vigia.records.posting import Desk, Letter
from vigia.records.receipt import Receipt
from vigia.run.records.book import RecordBook, read_records

KINDS = frozenset({RecordKind.BULLETIN, RecordKind.RECEIPT, RecordKind.POSTED, RecordKind.REMINDER})
MADE_MAX = 100_000  # hand-overs of this life that are not yet seen on record
_bulletin = msgspec.json.Decoder(Bulletin).decode


class BulletinBook:
    """On one event loop. changed: counts up with every record, so that a look can be spared."""

    def __init__(self) -> None:
        self._book = RecordBook()
        self._made: dict[str, Posted] = {}
        self.changed = 0

    @property
    def ready(self) -> bool:
        return self._book.ready

    async def recall(self, folder: Path) -> None:
        """Raises sqlite3.Error, OSError, ValueError: the journal cannot be read now."""
        self._book.recall(await asyncio.to_thread(_past, folder))
        self.changed += 1

    def take(self, event: Event) -> None:
        if isinstance(event.body, RecordKept) and event.body.kind in KINDS:
            self._book.take(event, event.body)
            self._made.pop(event.body.record_id, None)
            self.changed += 1

    def desk(self) -> Desk:
        reminders = self._book.all_of(RecordKind.REMINDER, Reminder)
        past = {
            i: [_bulletin(v.kept.content) for v in self._book.versions(RecordKind.BULLETIN, i)]
            for i in self._book.newest(RecordKind.BULLETIN)
        }
        posted = self._book.all_of(RecordKind.POSTED, Posted)
        newest = {i: r for i in past if (r := reminders.get(reminder_id(i))) is not None}
        return Desk(
            past=past,
            posted=[*posted.values(), *self._made.values()],
            read=self._read(),
            reminded={i: (r.edition, r.t_ms) for i, r in newest.items()},
        )

    def kept_of(self, letter: Letter, *, channel: str, t_ms: int, failed: str = "") -> RecordKept:
        """The record of a hand-over; counted as done here until it comes back from the journal."""
        b = letter.bulletin
        record_id = posted_id(letter.bulletin_id, b.edition, letter.what, channel, letter.person_id)
        posted = Posted(
            bulletin_id=letter.bulletin_id,
            edition=b.edition,
            what=letter.what,
            channel=channel,
            person_id=letter.person_id,
            t_ms=t_ms,
            salt=secrets.token_hex(8),
            failed=failed[:200],
        )
        if len(self._made) < MADE_MAX:
            self._made[record_id] = posted
        self.changed += 1
        return self._kept(record_id, posted)

    def delivered(self, record_id: str, *, t_ms: int) -> RecordKept | None:
        """The device said that it has it; None: not known, or said already."""
        posted = self.posted(record_id)
        if posted is None or posted.t_delivered_ms is not None:
            return None
        told = replace(posted, t_delivered_ms=t_ms)
        first = not self._book.versions(RecordKind.POSTED, record_id)
        if first:  # the hand-over itself is still on its way to the journal
            self._made[record_id] = told
        return self._kept(record_id, told, later=int(first))

    def posted(self, record_id: str) -> Posted | None:
        made = self._made.get(record_id)
        if made is not None:
            return made
        found = self._book.versions(RecordKind.POSTED, record_id)
        return msgspec.json.decode(found[-1].kept.content, type=Posted) if found else None

    def has_read(self, receipt_id: str) -> bool:
        return bool(self._book.versions(RecordKind.RECEIPT, receipt_id))

    def _kept(self, record_id: str, posted: Posted, *, later: int = 0) -> RecordKept:
        return RecordKept(
            record_id=record_id,
            kind=RecordKind.POSTED,
            version=self._book.next_version(RecordKind.POSTED, record_id) + later,
            content=canonical(posted),
        )

    def _read(self) -> frozenset[tuple[str, int, str]]:
        found: list[tuple[str, int, str]] = []
        for record_id, receipt in self._book.all_of(RecordKind.RECEIPT, Receipt).items():
            first = self._book.versions(RecordKind.RECEIPT, record_id)[0].kept
            found.append((receipt.bulletin_id, receipt.edition, first.by_person_id or ""))
        return frozenset(found)


def _past(folder: Path) -> list[Event]:
    try:
        return [
            e
            for e in read_records(folder)
            if isinstance(e.body, RecordKept) and e.body.kind in KINDS
        ]
    except sqlite3.OperationalError as e:
        if "no such table" in str(e):  # the watch has only just made the file
            return []
        raise
