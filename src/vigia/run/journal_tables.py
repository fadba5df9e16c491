"""The journal's tables: how a row is laid out, hashed into the chain and named to the cipher."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import struct
from typing import TYPE_CHECKING

import msgspec

from vigia.run.build import Build
from vigia.terms import Mark

if TYPE_CHECKING:
    from pathlib import Path

DATABASE = "journal.sqlite"
SCANS = "scans"
KEYS = "keys"
LOCK = "journal.lock"
CHAIN_START = bytes(32)
NO_BODY = b""  # an input whose scan was not recorded: overload

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs(first_seq INTEGER NOT NULL, build TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS inputs(
    seq INTEGER PRIMARY KEY, t_recv_ns INTEGER NOT NULL, source TEXT NOT NULL,
    mark TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
    subject TEXT, shift INTEGER, key_id BLOB,
    segment INTEGER, offset INTEGER, length INTEGER,
    sha BLOB NOT NULL, chain BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS decisions(
    seq INTEGER NOT NULL, idx INTEGER NOT NULL, t_recv_ns INTEGER NOT NULL, source TEXT NOT NULL,
    mark TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
    subject TEXT, shift INTEGER, key_id BLOB,
    segment INTEGER, offset INTEGER, length INTEGER,
    sha BLOB, PRIMARY KEY(seq, idx)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshots(
    seq INTEGER PRIMARY KEY, t_ns INTEGER NOT NULL, key_id BLOB NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS gaps(
    first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, scans INTEGER NOT NULL,
    detections INTEGER NOT NULL, people INTEGER NOT NULL, why TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS erasures ON inputs(seq) WHERE kind = 'PositionErased';
CREATE INDEX IF NOT EXISTS records ON inputs(seq) WHERE kind = 'RecordKept';
"""


class JournalError(ValueError):
    """This folder cannot be used as it is; the text says what to do."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Of the whole journal; each start of the watch adds its Build to the table runs."""

    format: int
    mode: Mark
    writer: str
    t_created_ns: int
    build: Build


class Gap(msgspec.Struct, kw_only=True):
    """Inputs the core saw and the journal does not hold."""

    first_seq: int
    last_seq: int
    scans: int = 0
    detections: int = 0
    people: int = 0  # inputs that were no scans
    why: str


def connect(path: Path) -> sqlite3.Connection:
    """For the one writer. Power-safe: every commit is on disk when it returns."""
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o600))  # names are in it
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA wal_autocheckpoint=4000")  # pages: 16 MB
    db.execute("PRAGMA journal_size_limit=67108864")
    return db


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Also from a medium that cannot be written, when no WAL waits to be read there."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    db = sqlite3.connect(uri, uri=True, isolation_level=None)
    try:
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        db.close()
        wal = path.with_name(f"{path.name}-wal")
        if wal.exists() and wal.stat().st_size:
            raise
        db = sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None)
    db.execute("PRAGMA query_only=ON")
    return db


def associated(table: str, seq: int, idx: int, t_recv_ns: int, kind: str, subject: str) -> bytes:
    """What a sealed body is bound to, so that it cannot be moved to another row."""
    return f"vigia.1|{table}|{seq}|{idx}|{t_recv_ns}|{kind}|{subject}".encode()


def chained(
    previous: bytes,
    *,
    seq: int,
    t_recv_ns: int,
    source: str,
    mark: str,
    kind: str,
    subject: str | None,
    body: bytes,
    sha: bytes,
) -> bytes:
    """SHA-256 over the previous link and everything an input row says but where its scan lies."""
    words = f"{source}\0{mark}\0{kind}\0{subject or ''}\0".encode()
    head = struct.pack("<qqII", seq, t_recv_ns, len(words), len(body))
    return hashlib.sha256(previous + head + words + body + sha).digest()
