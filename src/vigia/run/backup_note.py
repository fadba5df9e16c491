"""When and where a data folder was last copied to: a small file in it, for `vigia doctor`."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

NAME = "last-backup.json"
BYTES_MAX = 10_000


class BackupNote(msgspec.Struct, frozen=True, kw_only=True):
    t_s: int
    target: str
    with_keys: bool = False


def write_note(folder: Path, note: BackupNote) -> None:
    """Raises OSError."""
    part = folder / f"{NAME}.part"
    part.write_bytes(msgspec.json.encode(note))
    os.replace(part, folder / NAME)


def read_note(folder: Path) -> BackupNote | None:
    """None: never, or the file is no note."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes()[:BYTES_MAX], type=BackupNote)
    except (OSError, msgspec.MsgspecError):
        return None
