"""`vigia backup`, `restore`, `upgrade`: words of the command line -> calls, errors -> one line."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from vigia.run.backup import backup
from vigia.run.backup_keys import read_passphrase
from vigia.run.restore import restore
from vigia.run.settings import SettingsError
from vigia.run.upgrade import upgrade


def run_backup(data: Path, target: Path, passphrase_file: Path | None) -> int:
    """Raises SettingsError."""

    def go() -> int:
        made = backup(data, target, passphrase=_passphrase(passphrase_file))
        print(f"backup: {made.files} files, {made.nbytes / 1e6:.1f} MB, in {target}")
        if made.keys:
            print(f"site keys: {made.keys} sealed under the passphrase; keep it elsewhere")
        else:
            print("site keys: none. With --passphrase-file FILE they come along sealed")
        print(
            "people's positions: none; their keys are never copied, so what is forgotten stays so"
        )
        return 0

    return _told("backup", go)


def run_restore(
    source: Path, data: Path, passphrase_file: Path | None, *, without_keys: bool
) -> int:
    """Raises SettingsError."""

    return _told(
        "restore",
        lambda: restore(
            source,
            data,
            passphrase=None if without_keys else _passphrase(passphrase_file),
            without_keys=without_keys,
            out=sys.stdout,
        ),
    )


def run_upgrade(data: Path, backup_to: Path | None, passphrase_file: Path | None) -> int:
    """Raises SettingsError."""
    return _told(
        "upgrade",
        lambda: upgrade(
            data, backup_to=backup_to, passphrase=_passphrase(passphrase_file), out=sys.stdout
        ),
    )


def _passphrase(path: Path | None) -> bytes | None:
    return None if path is None else read_passphrase(path)


def _told(word: str, call: Callable[[], int]) -> int:
    try:
        return call()
    except (OSError, ValueError, sqlite3.Error) as e:
        text = str(e)
        raise SettingsError(text if text.startswith(f"{word}:") else f"{word}: {text}") from e
