"""RecordKept events -> the newest version of every record, and all earlier ones.

Memory only; the journal is the store. Of two versions with one number the first on record counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from vigia.events import Event
from vigia.events_desk import RecordKept, RecordKind
from vigia.records.approval import Approval
from vigia.records.bulletin import Bulletin
from vigia.records.cap_received import CapReceived
from vigia.records.casualty import Word
from vigia.records.claim import Claim
from vigia.records.common import Record, read
from vigia.records.handover import Handover
from vigia.records.incident import Incident
from vigia.records.posted import Posted, Reminder
from vigia.records.readiness import Check, Kit
from vigia.records.receipt import Receipt
from vigia.run.journal_tables import DATABASE, KEYS, associated, connect_read_only
from vigia.run.keys import ShiftKeys
from vigia.run.records.drafts import Drafts
from vigia.run.rows import Packed, unpack
from vigia.terms import Mark

TYPES: dict[RecordKind, type[Record]] = {
    RecordKind.INCIDENT: Incident,
    RecordKind.CLAIM: Claim,
    RecordKind.BULLETIN: Bulletin,
    RecordKind.RECEIPT: Receipt,
    RecordKind.CAP: CapReceived,
    RecordKind.POSTED: Posted,
    RecordKind.REMINDER: Reminder,
    RecordKind.KIT: Kit,
    RecordKind.CHECK: Check,
    RecordKind.CASUALTY: Word,
    RecordKind.APPROVAL: Approval,
    RecordKind.HANDOVER: Handover,
}
EARLY_MAX = 10_000  # versions that come live while the past is read
_T = TypeVar("_T", bound=Record)


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """seq: of the journal's input, by which the ledger's entry is found."""

    seq: int
    t_ns: int
    mark: str
    kept: RecordKept

    @property
    def number(self) -> int:
        return self.kept.version


class RecordBook:
    """All on one event loop. on_kept: told of each version that counts."""

    def __init__(self) -> None:
        self._versions: dict[tuple[RecordKind, str], list[Version]] = {}
        self._read: dict[tuple[RecordKind, str], Record] = {}
        self._early: list[tuple[Event, RecordKept]] | None = []  # None: the past is known
        self.drafts = Drafts()
        self.unreadable = 0  # of a kind or shape that this build does not know
        self.on_kept: Callable[[Version, Record], None] = lambda _version, _record: None

    @property
    def ready(self) -> bool:
        return self._early is None

    def recall(self, past: Sequence[Event]) -> None:
        """What the journal holds, in order; those that came live meanwhile follow."""
        early, self._early = self._early or [], None
        for event in past:
            if isinstance(event.body, RecordKept):
                self.take(event, event.body)
        for event, body in early:
            self.take(event, body)

    def take(self, event: Event, body: RecordKept) -> bool:
        """False: it does not count (a version we have, a gap, or unreadable), or not yet."""
        if self._early is not None:
            self._early.append((event, body))
            del self._early[:-EARLY_MAX]
            return False
        key = (body.kind, body.record_id)
        versions = self._versions.get(key, [])
        if body.version != len(versions) + 1:
            return False
        kind = TYPES.get(body.kind)
        try:
            if kind is None:
                raise ValueError(f"kind: {body.kind.value} is not known here")
            record = read(body.content, kind)
        except ValueError:
            self.unreadable += 1
            return False
        version = Version(seq=event.seq, t_ns=event.t_recv_ns, mark=event.mark.value, kept=body)
        self._versions[key] = [*versions, version]
        self._read[key] = record
        self.on_kept(version, record)
        return True

    def versions(self, kind: RecordKind, record_id: str) -> list[Version]:
        return self._versions.get((kind, record_id), [])

    def newest(self, kind: RecordKind) -> dict[str, Version]:
        return {key[1]: v[-1] for key, v in self._versions.items() if key[0] is kind}

    def all_of(self, kind: RecordKind, shape: type[_T]) -> dict[str, _T]:
        """The newest version of each, decoded. shape: TYPES[kind]."""
        return {
            key[1]: record
            for key, record in self._read.items()
            if key[0] is kind and isinstance(record, shape)
        }

    def next_version(self, kind: RecordKind, record_id: str) -> int:
        return len(self._versions.get((kind, record_id), [])) + 1


_SELECT = (
    "SELECT seq, t_recv_ns, source, mark, kind, body, subject, key_id FROM inputs"
    " WHERE kind = 'RecordKept' ORDER BY seq"
)


def read_records(folder: Path) -> Iterator[Event]:
    """From the journal, in order; those whose key is destroyed or that are damaged are left out.

    Raises sqlite3.Error, OSError or ValueError. Belongs to one thread.
    """
    if not (folder / DATABASE).exists():
        return
    db = connect_read_only(folder / DATABASE)
    keys: ShiftKeys | None = None
    try:
        for seq, t_ns, source, mark, kind, body, subject, key_id in db.execute(_SELECT):
            if key_id is not None:
                keys = keys or ShiftKeys.read(folder / KEYS)
                aad = associated("inputs", seq, -1, t_ns, kind, subject or "")
                body = keys.unseal(body, key_id=key_id, aad=aad)
                if body is None:
                    continue
            try:
                found = unpack(Packed(kind, body, None))
            except (ValueError, TypeError):
                continue
            yield Event(seq=seq, t_recv_ns=t_ns, source=source, mark=Mark(mark), body=found)
    finally:
        if keys is not None:
            keys.close()
        db.close()
