"""Encoded entries and signed checkpoints <-> ledger.sqlite, a file of its own.

One writer (the follower's thread); any number of readers, also of other processes and of a copy
on a read-only medium. Leaves, the cursor into the journal and the checkpoint that signs them are
committed together, so a crash neither loses nor doubles an entry, and no leaf is ever unsigned.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from vigia.ledger.audit import Stored
from vigia.ledger.tree import leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FILE = "ledger.sqlite"
FORMAT = "1"
WAIT_S = 10.0  # for another process's lock
ROWS_MAX = 1_000  # entries given by one call to entries()
# What reading a damaged file may raise: SQLite's own message can be no UTF-8, a number a text.
DAMAGE = (sqlite3.Error, ValueError, TypeError, OverflowError)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS leaves(
    idx INTEGER PRIMARY KEY, seq INTEGER NOT NULL, n INTEGER NOT NULL,
    entry BLOB NOT NULL, hash BLOB NOT NULL, UNIQUE(seq, n));
CREATE TABLE IF NOT EXISTS checkpoints(
    size INTEGER PRIMARY KEY, t_ns INTEGER NOT NULL, note BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class LedgerError(Exception):
    """The ledger's file cannot be used; the message says what to do."""


class Leaf(msgspec.Struct, frozen=True):
    """seq: the journal's input that caused it; n: which of that input's entries."""

    seq: int
    n: int
    entry: bytes


class LedgerStore:
    """The writer. Belongs to the thread that made it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(folder / FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._db = sqlite3.connect(folder / FILE, timeout=WAIT_S, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)
        self._db.execute("INSERT OR IGNORE INTO meta VALUES('format', ?)", (FORMAT,))
        _need_format(self._db, folder)

    def leaf_hashes(self) -> Iterator[bytes]:
        for (found,) in self._db.execute("SELECT hash FROM leaves ORDER BY idx"):
            yield bytes(found)

    def next_seq(self) -> int:
        """The first input of the journal that has not been read."""
        return int(_meta(self._db, "next_seq") or 1)

    def append(
        self, leaves: Sequence[Leaf], *, size: int, next_seq: int, note: bytes, t_ns: int
    ) -> None:
        """In one transaction: the leaves behind the first `size`, the cursor, the checkpoint."""
        rows = [
            (size + i, leaf.seq, leaf.n, leaf.entry, leaf_hash(leaf.entry))
            for i, leaf in enumerate(leaves)
        ]
        with _transaction(self._db):
            self._db.executemany("INSERT INTO leaves VALUES(?, ?, ?, ?, ?)", rows)
            self._db.execute("INSERT OR REPLACE INTO meta VALUES('next_seq', ?)", (str(next_seq),))
            if rows:
                self._db.execute(
                    "INSERT INTO checkpoints VALUES(?, ?, ?)", (size + len(rows), t_ns, note)
                )

    def last_checkpoint(self) -> bytes | None:
        return _last_checkpoint(self._db)

    def close(self) -> None:
        self._db.close()


class LedgerReader:
    """Reads only; sees each commit whole. Belongs to the thread that made it."""

    def __init__(self, folder: Path) -> None:
        path = folder / FILE
        if not path.is_file():
            raise LedgerError(f"ledger: there is no {path}; the watch writes it when it runs")
        try:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_S
            )
            try:
                _need_format(self._db, folder)
            except sqlite3.OperationalError:
                # A medium that cannot be written cannot hold the lock file either; nobody
                # else writes there, so none is needed.
                self._db.close()
                self._db = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
                _need_format(self._db, folder)
        except DAMAGE as e:
            raise LedgerError(f"ledger: {path} cannot be read: {e}") from e

    def size(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM leaves").fetchone()[0])

    def next_seq(self) -> int:
        return int(_meta(self._db, "next_seq") or 1)

    def rows(self) -> Iterator[Stored]:
        """All of it by idx, for the auditor. A tampered file may hold anything."""
        found = self._db.execute("SELECT idx, seq, n, entry, hash FROM leaves ORDER BY idx")
        return (Stored(i, s, n, _bytes(e), _bytes(h)) for i, s, n, e, h in found)

    def by_seq(self) -> Iterator[tuple[int, list[tuple[int, bytes]]]]:
        """For each input of the journal: its entries, (idx, bytes), in order."""
        found = self._db.execute("SELECT seq, idx, entry FROM leaves ORDER BY seq, n")
        for seq, rows in groupby(found, key=itemgetter(0)):
            yield seq, [(idx, _bytes(entry)) for _, idx, entry in rows]

    def entries(self, begin: int, end: int) -> list[tuple[int, bytes]]:
        """Index and bytes of the leaves begin..end, at most ROWS_MAX."""
        found = self._db.execute(
            "SELECT idx, entry FROM leaves WHERE idx >= ? AND idx < ? ORDER BY idx LIMIT ?",
            (begin, end, ROWS_MAX),
        )
        return [(i, _bytes(e)) for i, e in found]

    def of_seq(self, seq: int) -> list[tuple[int, bytes]]:
        """Index and bytes of what one input of the journal caused."""
        found = self._db.execute("SELECT idx, entry FROM leaves WHERE seq = ? ORDER BY n", (seq,))
        return [(i, _bytes(e)) for i, e in found]

    def checkpoints(self) -> Iterator[bytes]:
        """Every signed note, smallest tree first."""
        found = self._db.execute("SELECT note FROM checkpoints ORDER BY size")
        return (_bytes(note) for (note,) in found)

    def checkpoint_count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM checkpoints").fetchone()[0])

    def last_checkpoint(self) -> bytes | None:
        return _last_checkpoint(self._db)

    def snapshot(self) -> None:
        """From now on every read sees this moment's state, until close()."""
        self._db.execute("BEGIN")
        self._db.execute("SELECT 1 FROM meta LIMIT 1").fetchone()

    def close(self) -> None:
        self._db.close()


class _transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")


def _meta(db: sqlite3.Connection, key: str) -> str | None:
    found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if found is None else str(found[0])


def _need_format(db: sqlite3.Connection, folder: Path) -> None:
    found = _meta(db, "format")
    if found != FORMAT:
        raise LedgerError(f"ledger: {folder / FILE} has format {found}, this vigia reads {FORMAT}")


def _last_checkpoint(db: sqlite3.Connection) -> bytes | None:
    found = db.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    return None if found is None else _bytes(found[0])


def _bytes(value: object) -> bytes:
    """A tampered file may hold any type in any column."""
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else repr(value).encode()
