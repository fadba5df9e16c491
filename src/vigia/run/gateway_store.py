"""gateway.sqlite: what only the gateway needs to remember. One connection a call, durable.

Invitations, sessions, accounts and service keys live in it; the command line writes it too. Every
call waits for the disk: call it from a thread of its own. Secrets are in it as hashes only.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

NAME = "gateway.sqlite"
WAIT_S = 2.0
AGAIN_S = 0.02


@contextmanager
def opened(folder: Path, schema: str) -> Generator[sqlite3.Connection]:
    """Committed at the end of the block, rolled back when it raises. Raises OSError, sqlite3.Error.

    schema: CREATE ... IF NOT EXISTS of whoever asks.
    """
    path = folder / NAME
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with closing(sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)) as db:
        path.chmod(0o600)
        to_wal(db)
        db.execute("PRAGMA synchronous=FULL")
        db.executescript(schema)
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


def to_wal(db: sqlite3.Connection) -> None:
    """The file's first two users may both want to turn it; the busy timeout does not hold for
    that, and the second would be refused at once. Raises sqlite3.OperationalError after WAIT_S."""
    end_s = time.monotonic() + WAIT_S
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end_s:
                raise
            time.sleep(AGAIN_S)
        else:
            return
