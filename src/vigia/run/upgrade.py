"""A data folder of an earlier vigia -> checked, backed up, and brought to this release's formats.

Journals are read by field name and every earlier format stays readable, so most releases change
nothing; what would change is a step of STEPS, in order, and done only on a folder nobody runs on.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from vigia import __version__
from vigia.run.backup import BackupError, backup
from vigia.run.build import FORMAT
from vigia.run.journal_reader import Damaged, Dropped, Erased, JournalReader
from vigia.run.ledger_store import LedgerError
from vigia.run.ledger_verify import verify
from vigia.run.restore import LEDGER, SOUND
from vigia.run.start import lock_folder

STEPS: dict[int, Callable[[Path], None]] = {}  # by the format they bring a folder to


def upgrade(folder: Path, *, backup_to: Path | None, passphrase: bytes | None, out: TextIO) -> int:
    """0: good to start; 1: something in it does not hold. Raises BackupError, OSError."""
    if not folder.is_dir():
        raise BackupError(f"upgrade: {folder} is no folder; name the data folder with --data")
    lock = lock_folder(folder)
    if lock is None:
        raise BackupError(f"upgrade: vigia runs on {folder}; stop it first")
    try:
        return _upgrade(folder, backup_to, passphrase, out)
    finally:
        os.close(lock)


def _upgrade(folder: Path, backup_to: Path | None, passphrase: bytes | None, out: TextIO) -> int:
    try:
        reader = JournalReader(folder)
    except (OSError, ValueError, sqlite3.Error) as e:
        raise BackupError(f"upgrade: {folder}: its journal cannot be read: {e}") from e
    try:
        header, runs = reader.header, reader.runs()
        if header.format > FORMAT:
            raise BackupError(
                f"upgrade: {folder} has journal format {header.format}; this vigia "
                f"{__version__} reads up to {FORMAT}: install a newer vigia"
            )
        last = runs[-1].build.vigia if runs else header.build.vigia
        target = backup_to or folder.with_name(f"{folder.name}-before-{__version__}-from-{last}")
        made = backup(folder, target, passphrase=passphrase)
        out.write(f"backup: {made.files} files, {made.keys} keys sealed, in {target}\n")
        for number in range(header.format + 1, FORMAT + 1):
            STEPS[number](folder)
            out.write(f"brought to format {number}\n")
        kinds = _read_all(reader)
    finally:
        reader.close()
    out.write(
        f"journal: format {header.format}, begun by {header.build.vigia}, last written by {last}; "
        f"{kinds.total()} inputs read, {kinds['damaged']} damaged, {kinds['dropped']} scans not "
        f"kept, {kinds['erased']} forgotten\n"
    )
    return 0 if _ledger_holds(folder, out) and not kinds["damaged"] else 1


def _read_all(reader: JournalReader) -> Counter[str]:
    kinds: Counter[str] = Counter()
    for recorded in reader.inputs(proven=True):
        match recorded:
            case Damaged():
                kinds["damaged"] += 1
            case Dropped():
                kinds["dropped"] += 1
            case Erased():
                kinds["erased"] += 1
            case _:
                kinds["read"] += 1
    return kinds


def _ledger_holds(folder: Path, out: TextIO) -> bool:
    if not (folder / LEDGER).exists():
        out.write("ledger: none yet\n")
        return True
    try:
        return verify(folder, key=None, witness=[], against_journal=True, out=out) in SOUND
    except (LedgerError, sqlite3.Error) as e:
        out.write(f"ledger: cannot be verified: {e}\n")
        return False
