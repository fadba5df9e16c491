"""What clients said -> tak.sqlite, so that a restart and a returning client miss little of it.

A thread of its own writes what has gathered, in one transaction every COMMIT_S; nobody waits for
it, and what a full disk does not take is counted. Positions of people are never written: they are
shown while they are fresh, from memory. Kept for keep_h and within keep_mb, whichever is less.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from vigia.run.tak_server.item import Item, is_person
from vigia.wire.cot import CotEvent, parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "tak.sqlite"
COMMIT_S = 0.05
WAITING_MAX = 50_000  # events that wait for the disk; beyond it they are counted, not kept
TRIM_S = 60.0
LOAD_MAX = 20_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS said(
    id INTEGER PRIMARY KEY, t_recv_ns INTEGER NOT NULL, uid TEXT NOT NULL, type TEXT NOT NULL,
    t_stale_ns INTEGER NOT NULL, xml BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS said_uid ON said(uid, id);
"""
_INSERT = "INSERT INTO said(t_recv_ns, uid, type, t_stale_ns, xml) VALUES (?, ?, ?, ?, ?)"


class StoreHealth(msgspec.Struct):
    written: int = 0
    lost: int = 0
    trouble: str = ""


class Store:
    """put() never waits. Raises sqlite3.Error or OSError when it cannot be opened."""

    def __init__(
        self, folder: Path, *, keep_h: int, keep_mb: int, clock_ns: Callable[[], int]
    ) -> None:
        self.health = StoreHealth()
        self._path = folder / NAME
        self._keep_ns = keep_h * 3_600_000_000_000
        self._keep_bytes = keep_mb * 1_000_000
        self._clock_ns = clock_ns
        self._queue: queue.SimpleQueue[tuple[int, str, str, int, bytes] | None] = (
            queue.SimpleQueue()
        )
        self._thread = threading.Thread(target=self._run, name="tak-store", daemon=True)

    def start(self) -> list[Item]:
        """What is not stale yet, the newest of each uid; then writing begins."""
        found: list[Item] = []
        with closing(self._open()) as db:
            rows = db.execute(
                "SELECT xml FROM said WHERE id IN (SELECT max(id) FROM said GROUP BY uid)"
                " AND t_stale_ns > ? ORDER BY id DESC LIMIT ?",
                (self._clock_ns(), LOAD_MAX),
            ).fetchall()
        for (xml,) in reversed(rows):
            event = parse(xml)
            if isinstance(event, CotEvent):
                found.append(Item(xml, event))
        self._thread.start()
        return found

    def put(self, item: Item) -> None:
        event = item.event
        if is_person(event) or event.type.startswith("t-"):
            return
        if self._queue.qsize() >= WAITING_MAX:
            self.health.lost += 1
            return
        self._queue.put((self._clock_ns(), event.uid, event.type, event.t_stale_ns, item.xml))

    def stop(self, within_s: float) -> None:
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(within_s)

    # ---- the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        stop = threading.Event()
        trimmed_s = 0.0
        db: sqlite3.Connection | None = None
        while not stop.is_set():
            batch = self._gather(stop)
            try:
                if db is None:
                    db = self._open()
                if batch:
                    with db:
                        db.execute("BEGIN")
                        db.executemany(_INSERT, batch)
                    self.health.written += len(batch)
                trimmed_s += COMMIT_S
                if trimmed_s >= TRIM_S:
                    trimmed_s = 0.0
                    self._trim(db)
                self.health.trouble = ""
            except (sqlite3.Error, OSError) as error:
                self.health.lost += len(batch)
                self.health.trouble = f"{type(error).__name__}: {error}"
                if db is not None:
                    db.close()
                    db = None
        if db is not None:
            db.close()

    def _gather(self, stop: threading.Event) -> list[tuple[int, str, str, int, bytes]]:
        """Waits COMMIT_S, then takes what is there: one transaction for all of it."""
        stop.wait(COMMIT_S)
        batch: list[tuple[int, str, str, int, bytes]] = []
        while not self._queue.empty():
            row = self._queue.get()
            if row is None:
                stop.set()
                break
            batch.append(row)
        return batch

    def _open(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        db = sqlite3.connect(self._path, isolation_level=None, timeout=5.0)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        db.executescript(_SCHEMA)
        return db

    def _trim(self, db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM said WHERE t_recv_ns < ?", (self._clock_ns() - self._keep_ns,))
        while self._size(db) > self._keep_bytes:
            gone = db.execute(
                "DELETE FROM said WHERE id IN (SELECT id FROM said ORDER BY id LIMIT 5000)"
            ).rowcount
            if gone <= 0:
                break
        db.execute("PRAGMA incremental_vacuum")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _size(self, db: sqlite3.Connection) -> int:
        """Bytes in use, without pages that wait to be used again."""
        pages = int(db.execute("PRAGMA page_count").fetchone()[0])
        free = int(db.execute("PRAGMA freelist_count").fetchone()[0])
        size = int(db.execute("PRAGMA page_size").fetchone()[0])
        return (pages - free) * size
