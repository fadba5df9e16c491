"""A journal's folder, read only -> its events again, and what cannot be read any more, by name.

Works in any process while the writer writes. What a reader cannot give back it says: Erased (the
key is destroyed), Dropped (retention or overload), Damaged (altered or broken).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from vigia.events import Event
from vigia.run.build import Build
from vigia.run.journal_tables import (
    CHAIN_START,
    DATABASE,
    KEYS,
    NO_BODY,
    SCANS,
    Gap,
    Header,
    associated,
    chained,
    connect_read_only,
)
from vigia.run.keys import ShiftKeys
from vigia.run.rows import Packed, unpack
from vigia.run.segments import Ref, SegmentFiles
from vigia.terms import Mark


class _Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    seq: int
    t_recv_ns: int
    source: str
    mark: Mark
    kind: str


class Erased(_Unreadable, frozen=True, kw_only=True):
    """Its key is destroyed. subject: whose whereabouts it told."""

    subject: str


class Dropped(_Unreadable, frozen=True, kw_only=True):
    """A scan's bytes are not kept. why: "retention" or "overload"."""

    why: str


class Damaged(_Unreadable, frozen=True, kw_only=True):
    """The row is not what was written. field: where it shows."""

    field: str
    why: str


Recorded: TypeAlias = Event | Erased | Dropped | Damaged


class Run(NamedTuple):
    """From first_seq on, this build wrote."""

    first_seq: int
    build: Build


class Decided(NamedTuple):
    """A recorded decision: its bytes, to compare, and what they mean."""

    idx: int
    packed: Packed | None  # None: not readable
    recorded: Recorded


class Lying(NamedTuple):
    """A row as it lies there: when and what, its body not read yet."""

    table: str
    row: _Row

    @property
    def t_ns(self) -> int:
        return self.row.t_recv_ns

    @property
    def kind(self) -> str:
        return self.row.kind


class _Row(NamedTuple):
    seq: int
    idx: int
    t_recv_ns: int
    source: str
    mark: str
    kind: str
    body: bytes
    subject: str | None
    key_id: bytes | None
    segment: int | None
    offset: int | None
    length: int | None
    sha: bytes
    chain: bytes


_COLUMNS = "t_recv_ns, source, mark, kind, body, subject, key_id, segment, offset, length, sha"
_WINDOW = 5_000  # inputs looked at by one query
_PAGE = 500  # rows of one query: no read transaction stays open while somebody computes


class JournalReader:
    """Belongs to one thread. Raises FileNotFoundError, sqlite3.Error, ValueError when the file is
    no journal at all."""

    def __init__(self, folder: Path, keys: ShiftKeys | None = None) -> None:
        path = folder / DATABASE
        if not path.is_file():
            raise FileNotFoundError(f"{folder}: holds no journal ({DATABASE} is missing)")
        self._db = connect_read_only(path)
        self._own_keys = keys is None
        self._keys = ShiftKeys.read(folder / KEYS) if keys is None else keys
        self._files = SegmentFiles(folder / SCANS)
        row = self._db.execute("SELECT value FROM meta WHERE name = 'header'").fetchone()
        if row is None:
            raise ValueError(f"{path}: has no header; it was never begun")
        self.header = msgspec.json.decode(row[0], type=Header)

    @property
    def last_seq(self) -> int:
        """0: no inputs."""
        return self._db.execute("SELECT ifnull(max(seq), 0) FROM inputs").fetchone()[0]

    @property
    def last_t_recv_ns(self) -> int:
        row = self._db.execute("SELECT t_recv_ns FROM inputs ORDER BY seq DESC LIMIT 1").fetchone()
        return 0 if row is None else row[0]

    def count(self, from_seq: int = 0) -> int:
        return self._db.execute(
            "SELECT count(*) FROM inputs WHERE seq >= ?", (from_seq,)
        ).fetchone()[0]

    def runs(self) -> list[Run]:
        rows = self._db.execute("SELECT first_seq, build FROM runs ORDER BY rowid").fetchall()
        return [Run(seq, msgspec.json.decode(text, type=Build)) for seq, text in rows]

    def gaps(self) -> list[Gap]:
        rows = self._db.execute("SELECT * FROM gaps ORDER BY first_seq").fetchall()
        return [
            Gap(first_seq=a, last_seq=b, scans=s, detections=d, people=p, why=why)
            for a, b, s, d, p, why in rows
        ]

    def inputs(self, from_seq: int = 0, *, proven: bool = False) -> Iterator[Recorded]:
        """In order. proven: the hash chain is checked too, and a broken link is Damaged."""
        link: bytes | None = CHAIN_START if from_seq <= 1 else None
        for row in self._rows(from_seq):
            recorded = self._recorded("inputs", row)[1]
            if proven:
                recorded, link = _prove(row, link, recorded)
            yield recorded

    def decisions(self, seq: int) -> list[Decided]:
        """Of one input, in order."""
        out: list[Decided] = []
        for values in self._db.execute(
            f"SELECT seq, idx, {_COLUMNS}, x'' FROM decisions WHERE seq = ? ORDER BY idx", (seq,)
        ):
            row = _Row(*values)
            packed, recorded = self._recorded("decisions", row)
            out.append(Decided(row.idx, packed, recorded))
        return out

    def alerts(self, *, since_ns: int, until_ns: int) -> list[Event]:
        """Recorded alert revisions of a span that can still be read, in order."""
        rows = self._db.execute(
            f"SELECT seq, idx, {_COLUMNS}, x'' FROM decisions "
            "WHERE kind = 'Alert' AND t_recv_ns BETWEEN ? AND ? ORDER BY seq, idx",
            (since_ns, until_ns),
        )
        found = (self._recorded("decisions", _Row(*values))[1] for values in rows)
        return [recorded for recorded in found if isinstance(recorded, Event)]

    def first_seq_since(self, t_recv_ns: int) -> int | None:
        """The first input received at or after that moment; None: there is none."""
        return first_seq_since(self._db, t_recv_ns)

    def of_kinds(
        self, first_seq: int, last_seq: int, *, inputs: Sequence[str], decisions: Sequence[str]
    ) -> Iterator[Lying]:
        """In order, as they lie there. Ask read() for what one says."""
        marks = ",".join("?" * len(inputs)), ",".join("?" * len(decisions))
        select = (
            f"SELECT 'inputs', seq, -1, {_COLUMNS}, x'' FROM inputs"
            f" WHERE seq BETWEEN ? AND ? AND kind IN ({marks[0]})"
            f" UNION ALL SELECT 'decisions', seq, idx, {_COLUMNS}, x'' FROM decisions"
            f" WHERE seq BETWEEN ? AND ? AND kind IN ({marks[1]}) ORDER BY 2, 3"
        )
        for begin in range(first_seq, last_seq + 1, _WINDOW):
            window = (begin, min(begin + _WINDOW - 1, last_seq))
            for table, *values in self._db.execute(
                select, (*window, *inputs, *window, *decisions)
            ).fetchall():
                yield Lying(table, _Row(*values))

    def decision(self, seq: int, idx: int) -> Recorded | None:
        """That one; None: there is none."""
        values = self._db.execute(
            f"SELECT seq, idx, {_COLUMNS}, x'' FROM decisions WHERE seq = ? AND idx = ?",
            (seq, idx),
        ).fetchone()
        return None if values is None else self._recorded("decisions", _Row(*values))[1]

    def read(self, lying: Lying) -> Recorded:
        return self._recorded(lying.table, lying.row)[1]

    def decisions_without_input(self) -> list[int]:
        """Their seqs; a whole journal has none but those of inputs that found no room."""
        return [
            row[0]
            for row in self._db.execute(
                "SELECT DISTINCT seq FROM decisions WHERE seq NOT IN (SELECT seq FROM inputs)"
            )
        ]

    def snapshots(self) -> list[tuple[int, int, bytes | None]]:
        """(seq, t_ns, data), newest first; data None: forgotten, or damaged."""
        out: list[tuple[int, int, bytes | None]] = []
        for seq, t_ns, key_id, sealed in self._db.execute(
            "SELECT seq, t_ns, key_id, data FROM snapshots ORDER BY seq DESC"
        ):
            aad = associated("snapshots", seq, 0, t_ns, "Snapshot", f"snapshot/{seq}")
            try:
                data = self._keys.unseal(sealed, key_id=key_id, aad=aad)
            except ValueError:
                data = None
            out.append((seq, t_ns, data))
        return out

    def latest_snapshot(self) -> tuple[int, int, bytes] | None:
        """The newest that can be read."""
        for seq, t_ns, data in self.snapshots():
            if data is not None:
                return seq, t_ns, data
        return None

    def close(self) -> None:
        self._db.close()
        self._files.close()
        if self._own_keys:
            self._keys.close()

    def _rows(self, from_seq: int) -> Iterator[_Row]:
        while True:
            page = self._db.execute(
                f"SELECT seq, -1, {_COLUMNS}, chain FROM inputs WHERE seq >= ? "
                f"ORDER BY seq LIMIT {_PAGE}",
                (from_seq,),
            ).fetchall()
            if not page:
                return
            for values in page:
                yield _Row(*values)
            from_seq = page[-1][0] + 1

    def _recorded(self, table: str, row: _Row) -> tuple[Packed | None, Recorded]:
        try:
            packed = self._packed(table, row)
            if isinstance(packed, Packed):
                mark = Mark(row.mark)
                return packed, Event(row.seq, row.t_recv_ns, row.source, mark, unpack(packed))
            return None, packed
        except ValueError as e:
            return None, _damaged(row, "body", str(e))

    def _packed(self, table: str, row: _Row) -> Packed | Recorded:
        if row.segment is not None:
            payload = self._files.read(Ref(row.segment, row.offset or 0, row.length or 0))
            if payload is None:
                return _dropped(row, "retention")
            if hashlib.sha256(payload).digest() != row.sha:
                return _damaged(row, "scan", "its bytes are not those that were written")
            return Packed(row.kind, row.body, payload)
        if row.body == NO_BODY:
            return _dropped(row, "overload")
        if hashlib.sha256(row.body).digest() != row.sha:
            return _damaged(row, "body", "its bytes are not those that were written")
        if row.key_id is None:
            return Packed(row.kind, row.body, None)
        subject = row.subject or ""
        aad = associated(table, row.seq, row.idx, row.t_recv_ns, row.kind, subject)
        plain = self._keys.unseal(row.body, key_id=row.key_id, aad=aad)
        if plain is None:
            return Erased(
                seq=row.seq,
                t_recv_ns=row.t_recv_ns,
                source=row.source,
                mark=Mark(row.mark),
                kind=row.kind,
                subject=subject,
            )
        return Packed(row.kind, plain, None)


def first_seq_since(db: sqlite3.Connection, t_recv_ns: int) -> int | None:
    """The first input received at or after that moment; None: there is none."""
    low, high = db.execute("SELECT min(seq), max(seq) FROM inputs").fetchone()
    if low is None:
        return None
    high += 1
    while low < high:  # t_recv_ns never decreases with seq
        middle = (low + high) // 2
        seq, t_ns = db.execute(
            "SELECT seq, t_recv_ns FROM inputs WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)
        ).fetchone()
        low, high = (seq + 1, high) if t_ns < t_recv_ns else (low, middle)
    last = db.execute("SELECT max(seq) FROM inputs").fetchone()[0]
    return low if low <= last else None


def _dropped(row: _Row, why: str) -> Dropped:
    return Dropped(
        seq=row.seq,
        t_recv_ns=row.t_recv_ns,
        source=row.source,
        mark=Mark(row.mark),
        kind=row.kind,
        why=why,
    )


def _damaged(row: _Row, field: str, why: str) -> Damaged:
    mark = Mark(row.mark) if row.mark in {m.value for m in Mark} else Mark.ACTUAL
    return Damaged(
        seq=row.seq,
        t_recv_ns=row.t_recv_ns,
        source=row.source,
        mark=mark,
        kind=row.kind,
        field=field,
        why=why,
    )


def _prove(row: _Row, previous: bytes | None, recorded: Recorded) -> tuple[Recorded, bytes]:
    """Checks one link. previous None: begun in the middle, this row's link is believed."""
    if previous is None:
        return recorded, row.chain
    link = chained(
        previous,
        seq=row.seq,
        t_recv_ns=row.t_recv_ns,
        source=row.source,
        mark=row.mark,
        kind=row.kind,
        subject=row.subject,
        body=row.body,
        sha=row.sha,
    )
    if link != row.chain and not isinstance(recorded, Damaged):
        recorded = _damaged(
            row,
            "chain",
            "seq, t_recv_ns, source, mark, kind, subject or body was altered, or rows before it "
            "were removed",
        )
    return recorded, row.chain
