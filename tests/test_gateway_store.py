"""gateway.sqlite is opened by the gateway and by the command line, also both for the first time."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from vigia.run.gateway_store import NAME, opened

SCHEMA = "CREATE TABLE IF NOT EXISTS t(k INTEGER PRIMARY KEY);"


def test_the_first_two_users_of_the_file_wait_for_each_other(tmp_path: Path) -> None:
    """One holds the new file while the other wants to turn it to WAL, which waits for nobody."""
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        db = sqlite3.connect(tmp_path / NAME, isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        held.set()
        let_go.wait(5)
        db.execute("COMMIT")
        db.close()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(5)
    threading.Timer(0.2, let_go.set).start()
    with opened(tmp_path, SCHEMA) as db:
        db.execute("INSERT INTO t VALUES (1)")
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.join()
