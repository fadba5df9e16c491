"""A data folder, in use or not -> a copy that nobody's position can be read from.

Copied: every database (by SQLite's own backup, so a running writer does no harm), scans, ledger,
settings. Left out: keys/ (with a passphrase the site's own keys come along sealed, never those that
are destroyed to forget somebody), locks, sockets and SQLite's -wal and -shm, which the copies of
the databases already contain. backup.json names every file with its hash.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from vigia import __version__
from vigia.run.backup_keys import SEALED, seal_keys
from vigia.run.backup_note import NAME as NOTE
from vigia.run.backup_note import BackupNote, write_note
from vigia.run.journal_tables import KEYS
from vigia.run.ledger_keys import log_signer
from vigia.run.ledger_store import LedgerError

MANIFEST = "backup.json"
FORMAT = 1
CHUNK = 1 << 20
LEFT_OUT = (".sqlite-wal", ".sqlite-shm", ".sqlite-journal", ".lock", ".sock")


class BackupError(ValueError):
    """The operator's mistake; the text says what to do."""


class Backup(NamedTuple):
    files: int
    nbytes: int
    keys: int = 0  # sealed


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """log_key: the ledger's public key, so that a restore can verify without the secret one."""

    format: int
    vigia: str
    t_s: int
    files: dict[str, str]  # SHA-256 by name
    log_key: str = ""
    keys: tuple[str, ...] = ()  # names of the sealed ones


def backup(data_dir: Path, target: Path, *, passphrase: bytes | None = None) -> Backup:
    """Raises BackupError for folders that cannot serve, OSError and sqlite3.Error from the disk."""
    if not data_dir.is_dir():
        raise BackupError(f"backup: {data_dir} is no folder; name the data folder with --data")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackupError(f"backup: {target} is not empty; name a new folder")
    if target.absolute().is_relative_to(data_dir.absolute()):
        raise BackupError(f"backup: {target} lies inside {data_dir}; name a folder elsewhere")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The ledger first: it follows the journal, so its copy must not be ahead. Databases before the
    # rest: what they refer to in the segments is on disk before they are.
    found = sorted(
        _files(data_dir),
        key=lambda path: (path.name != "ledger.sqlite", path.suffix != ".sqlite", path),
    )
    files = nbytes = 0
    hashes: dict[str, str] = {}
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
        hashes[str(path.relative_to(data_dir))] = sha256(copy)
    keys: list[str] = []
    if passphrase is not None and (data_dir / KEYS).is_dir():
        keys = seal_keys(data_dir / KEYS, target / SEALED, passphrase)
        hashes[SEALED] = sha256(target / SEALED)
    now_s = int(time.time())
    manifest = Manifest(
        format=FORMAT,
        vigia=__version__,
        t_s=now_s,
        files=hashes,
        log_key=_log_key(data_dir),
        keys=tuple(keys),
    )
    (target / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    write_note(data_dir, BackupNote(t_s=now_s, target=str(target.absolute()), with_keys=bool(keys)))
    return Backup(files, nbytes, len(keys))


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as f:
        while chunk := f.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _log_key(data_dir: Path) -> str:
    """Empty: this folder has no ledger yet."""
    if not (data_dir / KEYS / "ledger.key").is_file():
        return ""
    try:
        return log_signer(data_dir / KEYS).verifier.text()
    except LedgerError:
        return ""


def _files(data_dir: Path) -> list[Path]:
    out: list[Path] = []
    for folder, folders, names in os.walk(data_dir):
        at = Path(folder)
        if at == data_dir and KEYS in folders:
            folders.remove(KEYS)
        for name in names:
            path = at / name
            if (
                name not in (NOTE, MANIFEST)
                and not name.endswith(LEFT_OUT)
                and path.is_file()
                and not path.is_symlink()
            ):
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
