"""A backup -> a data folder that runs. Never over anything; what was altered is refused.

Everything is put beside the target first and gets its name last, so that a restore that fails
leaves nothing that looks whole.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import TextIO

import msgspec

from vigia.run.backup import FORMAT, MANIFEST, BackupError, Manifest, sha256
from vigia.run.backup_keys import SEALED, open_keys
from vigia.run.journal_tables import KEYS
from vigia.run.ledger_store import LedgerError
from vigia.run.ledger_verify import verify

LEDGER = "ledger.sqlite"
SOUND = (0, 3)  # of verify: holds; holds and is behind the journal, which it catches up with
LEDGER_BEFORE = "ledger-before-restore.sqlite"
MANIFEST_MAX = 10_000_000


def restore(
    source: Path,
    folder: Path,
    *,
    passphrase: bytes | None,
    out: TextIO,
    without_keys: bool = False,
) -> int:
    """0: restored and the ledger holds; 1: restored, but the ledger does not hold.

    Raises BackupError, SealError, OSError.
    """
    manifest = _manifest(source)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(
            f"restore: {folder} is not empty and nothing is ever overwritten; name a new folder "
            "with --data, or move the old one away"
        )
    if manifest.keys and passphrase is None and not without_keys:
        raise BackupError(
            f"restore: {source} holds the site's keys sealed; give --passphrase-file, or "
            "--without-keys to leave them out"
        )
    _check(source, manifest)
    part = folder.with_name(f"{folder.name}.part")
    if part.exists():
        raise BackupError(f"restore: {part} is left of an earlier try; remove it")
    part.mkdir(parents=True, mode=0o700)
    try:
        opened = _copy(source, part, manifest, passphrase)
        holds = _verify(part, manifest, out)
        if not opened and (part / LEDGER).exists():
            os.replace(part / LEDGER, part / LEDGER_BEFORE)
        if folder.exists():
            folder.rmdir()
        os.replace(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _say(folder, manifest, opened, out)
    return 0 if holds else 1


def _manifest(source: Path) -> Manifest:
    try:
        data = (source / MANIFEST).read_bytes()[:MANIFEST_MAX]
        found = msgspec.json.decode(data, type=Manifest)
    except (OSError, msgspec.MsgspecError) as e:
        raise BackupError(
            f"restore: {source} is no backup ({MANIFEST}: {e}); name one of vigia backup"
        ) from e
    if found.format > FORMAT:
        raise BackupError(
            f"restore: {source} was made by vigia {found.vigia} in format {found.format}; this one "
            f"reads up to {FORMAT}: install a newer vigia"
        )
    return found


def _check(source: Path, manifest: Manifest) -> None:
    root = source.resolve()
    for name, want in manifest.files.items():
        path = (source / name).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise BackupError(f"restore: {source / name} is missing; take another backup")
        if sha256(path) != want:
            raise BackupError(
                f"restore: {source / name} is not what was backed up (its hash differs); take "
                "another backup and keep this one: somebody or the disk altered it"
            )


def _copy(source: Path, part: Path, manifest: Manifest, passphrase: bytes | None) -> list[str]:
    for name in manifest.files:
        if name == SEALED:
            continue
        copy = part / name
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(source / name, copy)
        copy.chmod(0o600)
    if passphrase is None or not manifest.keys:
        return []
    return open_keys(source / SEALED, part / KEYS, passphrase)


def _verify(part: Path, manifest: Manifest, out: TextIO) -> bool:
    if not (part / LEDGER).exists() or not manifest.log_key:
        out.write("ledger: none in this backup\n")
        return True
    try:
        return (
            verify(part, key=manifest.log_key, witness=[], against_journal=True, out=out) in SOUND
        )
    except (LedgerError, sqlite3.Error) as e:
        out.write(f"ledger: cannot be verified: {e}\n")
        return False


def _say(folder: Path, manifest: Manifest, opened: list[str], out: TextIO) -> None:
    lines = [f"restored: {len(manifest.files)} files of vigia {manifest.vigia} in {folder}"]
    if opened:
        lines.append(f"site keys: {', '.join(opened)}; phones go on as before")
    else:
        lines.append(
            "site keys: none. A new CA is made at the start: every phone must trust it and the "
            f"record begins anew under a new key; the old one is kept as {LEDGER_BEFORE}"
        )
    lines.append("people's positions: not in any backup; they stay forgotten")
    out.write("\n".join(lines) + "\n")
