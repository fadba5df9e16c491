"""The outbox on disk: SQLite in the data folder, WAL and FULL, so that a power cut loses nothing.

One thread of its own writes, many changes in one commit; whoever must know that something is on
disk waits for `kept`. Rows whose fate is known lose their alert's bytes at once (secure_delete),
for these tell where somebody is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from vigia.events import Alert
from vigia.run.courier.outbox import Fate, Item

DATABASE = "outbox.sqlite"
QUEUE_MAX = 200_000  # changes that wait for the disk; beyond it they are counted as lost
RETRY_S = 1.0
CLOSE_S = 2.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs(
    n INTEGER PRIMARY KEY, name TEXT NOT NULL, delivery_id TEXT NOT NULL, address TEXT NOT NULL,
    alert_id TEXT NOT NULL, revision INTEGER NOT NULL, ends INTEGER NOT NULL, t_ns INTEGER NOT NULL,
    person_id TEXT, device_id TEXT NOT NULL, rank INTEGER NOT NULL, attempts INTEGER NOT NULL,
    t_next_ns INTEGER NOT NULL, fate TEXT NOT NULL, why TEXT NOT NULL, alert BLOB,
    UNIQUE(name, delivery_id, address));
"""
_PUT = """
INSERT INTO jobs(name, delivery_id, address, alert_id, revision, ends, t_ns, person_id, device_id,
    rank, attempts, t_next_ns, fate, why, alert) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT DO UPDATE SET attempts=excluded.attempts, t_next_ns=excluded.t_next_ns,
    fate=excluded.fate, why=excluded.why, alert=excluded.alert
"""
_encode = msgspec.msgpack.encode
_alert = msgspec.msgpack.Decoder(Alert).decode


class Store:
    """Raises sqlite3.Error and OSError when it cannot be opened; later trouble is only told."""

    def __init__(self, folder: Path) -> None:
        path = folder / DATABASE
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.executescript(SCHEMA)
        self._pool = ThreadPoolExecutor(1, "outbox")
        self._rows: list[tuple[object, ...]] = []
        self._work: list[Callable[[sqlite3.Connection], None]] = []
        self._n_put = self._n_kept = 0  # rows so far
        self._waits: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._wake = asyncio.Event()
        self.trouble: str | None = None
        self.lost = 0

    def items(self) -> Iterator[tuple[str, Item]]:
        """Name of the channel and item, in the order of putting; before run()."""
        rows = self._db.execute(
            "SELECT name, delivery_id, address, alert_id, revision, ends, t_ns, person_id,"
            " device_id, rank, attempts, t_next_ns, fate, why, alert FROM jobs ORDER BY n"
        )
        for name, delivery, address, alert_id, revision, ends, t_ns, person, device, *more in rows:
            rank, attempts, t_next_ns, fate, why, data = more
            yield (
                name,
                Item(
                    delivery_id=delivery,
                    address=address,
                    alert_id=alert_id,
                    revision=revision,
                    ends=bool(ends),
                    t_ns=t_ns,
                    person_id=person,
                    alert=None if data is None else _alert(data),
                    device_id=device,
                    rank=rank,
                    attempts=attempts,
                    t_next_ns=t_next_ns,
                    fate=Fate(fate),
                    why=why,
                ),
            )

    def put(self, name: str, items: Iterable[Item]) -> None:
        """As they are now; on disk with the next commit."""
        for i in items:
            if len(self._rows) >= QUEUE_MAX:
                self.lost += 1
                continue
            alert = None if i.alert is None else _encode(i.alert)
            self._rows.append(
                (
                    *(name, i.delivery_id, i.address, i.alert_id, i.revision, int(i.ends), i.t_ns),
                    *(i.person_id, i.device_id, i.rank, i.attempts, i.t_next_ns, i.fate.value),
                    *(i.why, alert),
                )
            )
            self._n_put += 1
        self._wake.set()

    def forget(self, before_ns: int) -> None:
        sql = "DELETE FROM jobs WHERE t_ns < ? AND fate != 'waiting'"
        self._work.append(lambda db: db.execute(sql, (before_ns,)) and None)
        self._wake.set()

    def forget_person(self, person_id: str) -> None:
        sql = "DELETE FROM jobs WHERE person_id=? AND fate != 'waiting'"
        self._work.append(lambda db: db.execute(sql, (person_id,)) and None)
        self._wake.set()

    async def kept(self, within_s: float) -> bool:
        """Everything put so far is on disk. False: not in time, and the alert goes first."""
        if self._n_kept >= self._n_put:
            return True
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waits.append((self._n_put, done))
        try:
            await asyncio.wait_for(done, within_s)
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Commits what comes, until cancelled; trouble with the disk is told and tried again."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            rows, self._rows = self._rows, []
            work, self._work = self._work, []
            if not rows and not work:
                continue
            try:
                await loop.run_in_executor(self._pool, self._commit, rows, work)
            except sqlite3.Error as e:
                self.trouble = f"{type(e).__name__}: {e}"
                self._rows, self._work = rows + self._rows, work + self._work
                await asyncio.sleep(RETRY_S)
                self._wake.set()
                continue
            self.trouble = None
            self._n_kept += len(rows)
            while self._waits and self._waits[0][0] <= self._n_kept:
                _, done = self._waits.popleft()
                if not done.done():
                    done.set_result(None)

    def _commit(
        self,
        rows: list[tuple[object, ...]],
        work: list[Callable[[sqlite3.Connection], None]],
    ) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(_PUT, rows)
            for one in work:
                one(self._db)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """What still waits is written; called after run() has ended."""
        with contextlib.suppress(sqlite3.Error, TimeoutError):  # the core asks for it again
            self._pool.submit(self._commit, self._rows, self._work).result(CLOSE_S)
        self._pool.shutdown(wait=False)
        self._db.close()
