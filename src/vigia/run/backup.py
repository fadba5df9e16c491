"""A data folder, in use or not -> a copy that nobody's position can be read from.

Copied: every database (by SQLite's own backup, so a running writer does no harm), scans, ledger,
settings. Left out: keys/ whole, locks, sockets and SQLite's -wal and -shm, which the copies of
the databases already contain.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

from vigia.run.journal_tables import KEYS

LEFT_OUT = (".sqlite-wal", ".sqlite-shm", ".sqlite-journal", ".lock", ".sock")


class BackupError(ValueError):
    """The operator's mistake; the text says what to do."""


class Backup(NamedTuple):
    files: int
    nbytes: int


def backup(data_dir: Path, target: Path) -> Backup:
    """Raises BackupError for folders that cannot serve, OSError and sqlite3.Error from the disk."""
    if not data_dir.is_dir():
        raise BackupError(f"backup: {data_dir} is no folder; name the data folder with --data")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupError(f"backup: {target} is not empty; name a new folder")
    if target.absolute().is_relative_to(data_dir.absolute()):
        raise BackupError(f"backup: {target} lies inside {data_dir}; name a folder elsewhere")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Databases first: what they refer to in the segments is on disk before they are.
    found = sorted(_files(data_dir), key=lambda path: (path.suffix != ".sqlite", path))
    files = nbytes = 0
    for path in found:
        copy = target / path.relative_to(data_dir)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            if path.suffix == ".sqlite":
                _copy_database(path, copy)
            else:
                shutil.copy2(path, copy)
        except FileNotFoundError:
            continue  # dropped by retention meanwhile; a replay says so
        files += 1
        nbytes += copy.stat().st_size
    return Backup(files, nbytes)


def _files(data_dir: Path) -> list[Path]:
    out: list[Path] = []
    for folder, folders, names in os.walk(data_dir):
        at = Path(folder)
        if at == data_dir and KEYS in folders:
            folders.remove(KEYS)
        for name in names:
            path = at / name
            if not name.endswith(LEFT_OUT) and path.is_file() and not path.is_symlink():
                out.append(path)
    return out


def _copy_database(path: Path, copy: Path) -> None:
    source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
