"""Events of the core -> one folder that survives a crash, written behind the warning's back.

    <data>/journal.sqlite  inputs, decisions, snapshots      <data>/scans/*.seg  packed scans
    <data>/keys/shift.keys whoever's position it is          <data>/journal.lock one writer

append() hands the event to a queue and returns; one thread commits what waits in one transaction
(group commit). A disk that is full or hangs is said, retried and never felt by the caller.
docs/journal.md has the formats and what survives what.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from vigia.events import Event, PositionErased
from vigia.run.journal_queue import Forget, Item, JournalQueue, Stop
from vigia.run.journal_reader import (
    Damaged,
    Dropped,
    Erased,
    JournalReader,
    Recorded,
)
from vigia.run.journal_store import JournalStore
from vigia.run.journal_tables import DATABASE, LOCK, JournalError
from vigia.run.keys import ShiftKeys
from vigia.run.say import say
from vigia.run.segments import BUDGET_BYTES
from vigia.terms import Mark

__all__ = [
    "Damaged",
    "Dropped",
    "Erased",
    "Journal",
    "JournalError",
    "JournalReader",
    "Recorded",
]

LAST_TRIES_MAX = 3  # attempts on a failing disk once we are closing, so long apart
LAST_WAIT_S = 0.05
RETRY_S = (0.1, 0.3, 1.0, 3.0, 5.0)  # waits between attempts; the last one is repeated
HUNG_S = 3.0  # a commit taking longer is said
POLL_S = 0.5


class Journal:
    """append, put_snapshot and forget: one thread, the core's. Callbacks: see open()."""

    def __init__(
        self,
        store: JournalStore,
        lock_fd: int,
        *,
        queue: JournalQueue,
        on_committed: Callable[[int], None],
        on_trouble: Callable[[str | None], None],
        before_commit: Callable[[], None] | None,
    ) -> None:
        self._store = store
        self._lock_fd = lock_fd
        self._queue = queue
        self._on_committed = on_committed
        self._on_trouble = on_trouble
        self._before_commit = before_commit
        self._last_seq = store.last_seq
        self._erased_seq = -1  # of the last PositionErased
        self._failure: str | None = None  # the writer's
        self._told: str | None = None
        self._commits = 0
        self._retries = 0
        self._last_tries = 0
        self._ended = False
        self._hurry = threading.Event()  # close() is waiting
        self._thread = threading.Thread(target=self._run, name="vigia-journal", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        mode: Mark,
        keys: ShiftKeys,
        on_committed: Callable[[int], None],
        on_trouble: Callable[[str | None], None],
        scan_budget_bytes: int = BUDGET_BYTES,
        before_commit: Callable[[], None] | None = None,
        queue: JournalQueue | None = None,
        writer: str = "vigia watch",
    ) -> Journal:
        """Raises JournalError: a folder of another mode, a second writer, no journal of ours.

        on_committed(seq): every input taken up to seq is on disk; from the writer's thread.
        on_trouble(text or None for "well again"): from either thread; must not block.
        before_commit: for tests of slow and failing disks.
        """
        folder.mkdir(parents=True, exist_ok=True)
        lock_fd = _lock(folder)
        try:
            store = JournalStore(folder / DATABASE, keys, scan_budget_bytes=scan_budget_bytes)
            store.begin(mode=mode, writer=f"{writer}, pid {os.getpid()}", t_ns=time.time_ns())
        except JournalError:
            os.close(lock_fd)
            raise
        except (sqlite3.OperationalError, OSError) as e:
            os.close(lock_fd)
            raise JournalError(
                f"{folder}: {_plain(e)}; make room or check the disk, then start again"
            ) from e
        except (sqlite3.Error, ValueError) as e:
            os.close(lock_fd)
            raise JournalError(
                f"{folder / DATABASE}: cannot be opened as a journal ({e}); "
                "move it away, or name another folder with --data"
            ) from e
        return cls(
            store,
            lock_fd,
            queue=JournalQueue() if queue is None else queue,
            on_committed=on_committed,
            on_trouble=on_trouble,
            before_commit=before_commit,
        )

    # ---- the core's thread ---------------------------------------------------------------------

    def append(self, event: Event, decisions: Sequence[Event]) -> bool:
        """Never blocks. False: no room, it will not be on disk; counted, a Gap says so."""
        assert event.seq > self._last_seq, f"seq: got {event.seq} after {self._last_seq}"
        self._last_seq = event.seq
        if isinstance(event.body, PositionErased):
            self._erased_seq = event.seq
        taken = not self._ended and self._queue.append(event, decisions)
        if not taken or event.seq % 64 == 0:
            self._tell()
        return taken

    def put_snapshot(self, seq: int, t_ns: int, data: bytes) -> None:
        """The core's state after input seq. The last two are kept, each under its own key."""
        self._queue.snapshot(seq, t_ns, data)
        self._tell()

    def forget(self, person_id: str, shift: int | None) -> None:
        """Destroys the keys of what was appended so far; append PositionErased first, then take
        a snapshot, because every older one goes too. shift None: every shift."""
        clean = self._last_seq + (self._last_seq != self._erased_seq)
        self._queue.forget(Forget(person_id, shift, self._last_seq, clean))

    @property
    def lag_s(self) -> float:
        """Age of the oldest input that is not on disk."""
        return self._queue.lag_ns / 1e9

    @property
    def trouble(self) -> str | None:
        """What is wrong, in words for the console; None when all is well."""
        if self._ended and not self._hurry.is_set():
            return "journal: the writer stopped by a mistake of ours; nothing is recorded any more"
        if self._failure is not None:
            return self._failure
        if self.lag_s > HUNG_S:
            return (
                f"journal: the disk has not answered for {self.lag_s:.0f} s; "
                "warnings go on, reports wait for their receipt"
            )
        return None

    @property
    def counters(self) -> dict[str, int]:
        q = self._queue
        return {
            "commits": self._commits,
            "retries": self._retries,
            "waiting": len(q),
            "waiting_bytes": q.waiting_bytes,
            "scans_not_recorded": q.dropped_scans,
            "detections_not_recorded": q.dropped_detections,
            "inputs_not_recorded": q.dropped_people,
            **self._store.counters(),
        }

    def close(self, timeout: float) -> None:
        """Commits what waits, within timeout [s]; a disk that hangs is left behind."""
        self._hurry.set()
        self._queue.stop()
        self._thread.join(timeout)
        if self._thread.is_alive():
            say(f"journal: {len(self._queue)} entries not on disk after {timeout:.0f} s")

    def _tell(self) -> None:
        trouble = self.trouble
        # The seconds in a text change; only its kind is news.
        if (trouble and trouble[:30]) != (self._told and self._told[:30]):
            self._told = trouble
            self._on_trouble(trouble)

    # ---- the writer's thread -------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while True:
                batch = self._queue.batch(POLL_S)
                if batch and not self._keep_trying(batch):
                    return
                if batch and isinstance(batch[-1], Stop):
                    return
                self._tell()
        finally:
            self._ended = True
            self._store.close()
            os.close(self._lock_fd)
            if not self._hurry.is_set():
                self._tell()

    def _keep_trying(self, batch: list[Item]) -> bool:
        """False: closing, and the disk still refuses."""
        attempt = 0
        while True:
            try:
                if self._before_commit is not None:
                    self._before_commit()
                self._store.write(batch)
                break
            except (sqlite3.Error, OSError) as e:
                if not self._wait(e, attempt):
                    return False
            attempt += 1
        self._commits += 1
        self._queue.done(batch)
        self._on_committed(self._store.last_seq)
        while True:
            try:
                self._store.settle(batch)
                break
            except (sqlite3.Error, OSError) as e:
                if not self._wait(e, attempt):
                    return False
            attempt += 1
        self._failure = None
        return True

    def _wait(self, error: sqlite3.Error | OSError, attempt: int) -> bool:
        wait_s = RETRY_S[min(attempt, len(RETRY_S) - 1)]
        self._retries += 1
        self._failure = f"{_plain(error)}; it is tried again every {RETRY_S[-1]:.0f} s"
        self._tell()
        try:
            self._store.rollback()
        except (sqlite3.Error, OSError) as e:
            self._failure = _plain(e)
        if self._hurry.is_set():
            self._last_tries += 1
            time.sleep(LAST_WAIT_S)
            return self._last_tries <= LAST_TRIES_MAX
        self._hurry.wait(wait_s)
        return True


def _lock(folder: Path) -> int:
    """Held by the open file until the process ends, however it ends."""
    fd = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        os.close(fd)
        raise JournalError(
            f"{folder}: another vigia is writing here; stop it, or name another folder with --data"
        ) from e
    return fd


def _plain(error: sqlite3.Error | OSError) -> str:
    """What is wrong, what still works, what to do."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "disk is full" in str(error):
        what, remedy = "the disk is full", "make room on the disk of the data folder"
    else:
        what = f"the disk cannot be written ({error})"
        remedy = "check the disk of the data folder"
    return f"journal: {what}; nothing is recorded, warnings go on; {remedy}"
