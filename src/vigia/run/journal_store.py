"""Batches -> rows, segments, keys and snapshots on disk, in one transaction each.

A batch is tried until it succeeds, so nothing here may change before the commit: the chain moves
on afterwards, segments and transaction are rolled back together.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from vigia.events import OPERATORS, AnyBody, Event, Fault, PositionErased, personal_subject
from vigia.run.build import FORMAT, Build, this_build
from vigia.run.journal_queue import Entry, Forget, Head, Item, Lost, Snapshot
from vigia.run.journal_tables import (
    CHAIN_START,
    NO_BODY,
    SCANS,
    SCHEMA,
    Gap,
    Header,
    JournalError,
    associated,
    chained,
    connect,
)
from vigia.run.keys import NO_SHIFT, ShiftKeys, shift_of
from vigia.run.rows import Packed, pack, unpack
from vigia.run.segments import BUDGET_BYTES, SEGMENT_BYTES_MAX, Segments
from vigia.terms import Mark

SNAPSHOTS_KEPT = 2
KEY_SHIFTS = 21  # a week
OPERATORS_SHIFTS_MAX = 3 * 180  # 180 days; the setting may say less (watch_main.py)
SNAPSHOT_SUBJECT = "snapshot"
RAW_SUBJECT = "raw"
_INPUT = f"INSERT INTO inputs VALUES({','.join('?' * 14)})"
_DECISION = f"INSERT INTO decisions VALUES({','.join('?' * 14)})"
_Row: TypeAlias = tuple[object, ...]


class _Sealed(NamedTuple):
    """What a row stores of a body."""

    body: bytes
    subject: str | None
    shift: int | None
    key_id: bytes | None
    segment: int | None
    offset: int | None
    length: int | None
    sha: bytes


_NOT_RECORDED = _Sealed(
    NO_BODY, None, None, None, None, None, None, hashlib.sha256(NO_BODY).digest()
)


class JournalStore:
    """Belongs to the writer's thread once opened. Raises sqlite3.Error and OSError."""

    def __init__(
        self,
        path: Path,
        keys: ShiftKeys,
        *,
        scan_budget_bytes: int = BUDGET_BYTES,
        segment_bytes_max: int = SEGMENT_BYTES_MAX,
        key_shifts: int = KEY_SHIFTS,
    ) -> None:
        """key_shifts: how many shifts, this one counted, a position stays readable."""
        self._key_shifts = key_shifts
        self._shift = 0  # the latest one seen
        self._path = path
        self._keys = keys
        self._db = connect(path)
        self._db.executescript(SCHEMA)
        self._segments = Segments(
            path.parent / SCANS,
            budget_bytes=scan_budget_bytes,
            segment_bytes_max=segment_bytes_max,
        )
        last = self._db.execute(
            "SELECT seq, chain FROM inputs ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        self.last_seq: int = last[0] if last else 0
        self._chain: bytes = last[1] if last else CHAIN_START
        self.unwritable = 0  # events that JSON could not hold: our fault, counted

    def begin(self, *, mode: Mark, writer: str, t_ns: int) -> None:
        """Header of a new journal, or the check that an old one is ours. Raises JournalError."""
        found = read_header(self._db)
        if found is None:
            header = Header(
                format=FORMAT, mode=mode, writer=writer, t_created_ns=t_ns, build=this_build()
            )
            text = msgspec.json.encode(header).decode()
            self._db.execute("INSERT INTO meta VALUES('header', ?)", (text,))
        elif found.mode is not mode:
            raise JournalError(
                f"{self._path.parent}: holds a journal of mode {found.mode.value}, got mode "
                f"{mode.value}; modes never share a folder, name another one with --data"
            )
        elif found.format != FORMAT:
            raise JournalError(
                f"{self._path}: got format {found.format}, expected {FORMAT}; "
                "open it with the version of vigia that wrote it"
            )
        self._begin_run(this_build())
        for seq, text in self._db.execute(
            "SELECT seq, body FROM inputs WHERE kind = 'PositionErased'"
        ).fetchall():
            body = unpack(Packed("PositionErased", text, None))
            if isinstance(body, PositionErased):
                # A crash may have come between the event and the end of its key.
                self._forget(Forget(body.person_id, body.shift, seq, seq))
        self._keys.keep_snapshots(
            {row[0] for row in self._db.execute("SELECT key_id FROM snapshots")}
        )

    def write(self, batch: Sequence[Item]) -> None:
        """All of it or nothing; may be called again with the same batch after an exception."""
        chain = self._chain
        inputs: list[_Row] = []
        decisions: list[_Row] = []
        for item in batch:
            if isinstance(item, Entry):
                made = self._input(item.head, item.event, chain)
                if made is not None:
                    row, chain = made
                    inputs.append(row)
                for idx, decision in enumerate(item.decisions):
                    found = self._decision(item.head.seq, idx, decision)
                    if found is not None:
                        decisions.append(found)
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(_INPUT, inputs)
        self._db.executemany(_DECISION, decisions)
        for item in batch:
            if isinstance(item, Snapshot) and item.data is not None:
                self._snapshot(item.seq, item.t_ns, item.data)
            elif isinstance(item, Lost):
                self._gap(item.gap)
        # In this order: what a row refers to is on disk before the row is.
        self._keys.commit()
        self._segments.sync()
        self._db.execute("COMMIT")
        self._chain = chain
        for item in batch:
            if isinstance(item, Entry):
                self.last_seq = item.head.seq

    def settle(self, batch: Sequence[Item]) -> None:
        """After the commit: destroy keys, drop old segments. May be called again."""
        for item in batch:
            if isinstance(item, Forget):
                self._forget(item)
            elif isinstance(item, Entry) and item.event is not None:
                body = item.event.body
                if isinstance(body, PositionErased):
                    self._forget(Forget(body.person_id, body.shift, item.head.seq, item.head.seq))
            elif isinstance(item, Snapshot):
                self._keep_snapshots(SNAPSHOTS_KEPT)
        self._segments.retain()
        self._expire(batch)

    def rollback(self) -> None:
        """After a failed write; a new connection, since the old one's state is unknown."""
        self._segments.rollback()
        self._db.close()
        self._db = connect(self._path)

    def counters(self) -> dict[str, int]:
        s = self._segments
        return {
            "segments_dropped": s.dropped_segments,
            "segment_bytes_dropped": s.dropped_bytes,
            "segment_bytes_cut": s.cut_bytes,
            "keys_expired_by_limit": self._keys.expired_by_limit,
            "unwritable": self.unwritable,
        }

    def close(self) -> None:
        self._segments.close()
        self._db.close()

    # ---- rows ----------------------------------------------------------------------------------

    def _input(self, head: Head, event: Event | None, chain: bytes) -> tuple[_Row, bytes] | None:
        """The row and the chain's new link; None: it cannot be written."""
        kind, sealed = "Observation", _NOT_RECORDED
        if event is not None:
            packed = self._pack(event.body)
            if packed is None:
                return None
            kind = packed.kind
            sealed = self._seal("inputs", head.seq, -1, event, packed)
        link = chained(
            chain,
            seq=head.seq,
            t_recv_ns=head.t_recv_ns,
            source=head.source,
            mark=head.mark.value,
            kind=kind,
            subject=sealed.subject,
            body=sealed.body,
            sha=sealed.sha,
        )
        row = (head.seq, head.t_recv_ns, head.source, head.mark.value, kind, *sealed, link)
        return row, link

    def _decision(self, seq: int, idx: int, event: Event) -> _Row | None:
        packed = self._pack(event.body)
        if packed is None:
            return None
        sealed = self._seal("decisions", seq, idx, event, packed)
        return (seq, idx, event.t_recv_ns, event.source, event.mark.value, packed.kind, *sealed)

    def _pack(self, body: AnyBody) -> Packed | None:
        try:
            return pack(body)
        except (TypeError, ValueError):  # our fault; one event must not stop the journal
            self.unwritable += 1
            return None

    def _seal(self, table: str, seq: int, idx: int, event: Event, packed: Packed) -> _Sealed:
        if packed.payload is not None:
            ref = self._segments.append(packed.payload)
            sha = hashlib.sha256(packed.payload).digest()
            return _Sealed(packed.body, None, None, None, *ref, sha)
        subject = _subject(event.body)
        if subject is None:
            sha = hashlib.sha256(packed.body).digest()
            return _Sealed(packed.body, None, None, None, None, None, None, sha)
        shift = shift_of(event.t_recv_ns)
        aad = associated(table, seq, idx, event.t_recv_ns, packed.kind, subject)
        key_id, body = self._keys.seal(packed.body, subject=subject, shift=shift, seq=seq, aad=aad)
        # Of the ciphertext: a hash of the text would let anyone try positions until one fits.
        sha = hashlib.sha256(body).digest()
        return _Sealed(body, subject, shift, key_id, None, None, None, sha)

    # ---- the rest of a batch -------------------------------------------------------------------

    def _begin_run(self, build: Build) -> None:
        text = msgspec.json.encode(build).decode()
        last = self._db.execute("SELECT build FROM runs ORDER BY rowid DESC LIMIT 1").fetchone()
        if last is None or last[0] != text:
            self._db.execute("INSERT INTO runs VALUES(?, ?)", (self.last_seq + 1, text))

    def _snapshot(self, seq: int, t_ns: int, data: bytes) -> None:
        subject = f"{SNAPSHOT_SUBJECT}/{seq}"
        key_id, sealed = self._keys.seal(
            data,
            subject=subject,
            shift=NO_SHIFT,
            seq=seq,
            aad=associated("snapshots", seq, 0, t_ns, "Snapshot", subject),
        )
        self._db.execute(
            "INSERT OR REPLACE INTO snapshots VALUES(?, ?, ?, ?)", (seq, t_ns, key_id, sealed)
        )

    def _gap(self, gap: Gap) -> None:
        row = (gap.first_seq, gap.last_seq, gap.scans, gap.detections, gap.people, gap.why)
        self._db.execute("INSERT INTO gaps VALUES(?, ?, ?, ?, ?, ?)", row)

    def _forget(self, forget: Forget) -> None:
        """Every snapshot of before holds that person's last position too."""
        if forget.shift is None:
            self._keys.destroy_all(forget.subject, before_seq=forget.before_seq + 1)
        else:
            self._keys.destroy(forget.subject, forget.shift, before_seq=forget.before_seq + 1)
        self._drop_snapshots("seq < ?", forget.snapshots_before)

    def _expire(self, batch: Sequence[Item]) -> None:
        """Once a shift: keys are short-lived even when nobody asks."""
        shift = max((shift_of(i.head.t_recv_ns) for i in batch if isinstance(i, Entry)), default=0)
        if shift > self._shift:
            longest = {OPERATORS: shift + 1 - OPERATORS_SHIFTS_MAX}
            self._keys.expire(shift + 1 - self._key_shifts, own=longest)
            self._shift = shift

    def _keep_snapshots(self, count: int) -> None:
        self._drop_snapshots(
            "seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)", count
        )

    def _drop_snapshots(self, where: str, value: int) -> None:
        for seq, key_id in self._db.execute(
            f"SELECT seq, key_id FROM snapshots WHERE {where}", (value,)
        ).fetchall():
            self._keys.destroy_key(key_id)
            self._db.execute("DELETE FROM snapshots WHERE seq = ?", (seq,))


def _subject(body: AnyBody) -> str | None:
    """Whose key seals it. Raw bytes of anything may hold a position that nobody decoded."""
    subject = personal_subject(body)
    if subject is None and isinstance(body, Fault) and body.raw:
        return f"{RAW_SUBJECT}/{body.where}"
    return subject


def read_header(db: sqlite3.Connection) -> Header | None:
    """None: a journal that was never begun. Raises ValueError when it is no header."""
    row = db.execute("SELECT value FROM meta WHERE name = 'header'").fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=Header)
