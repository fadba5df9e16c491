"""A P-256 key in a file of the keys folder, made at first need, readable by the owner only."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from vigia.run.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

PEM_MAX = 100_000  # bytes of a key or certificate file that are read


def own_key(path: Path) -> EllipticCurvePrivateKey:
    """Made when it is not there; of two processes at once the first wins. Raises SettingsError."""
    try:
        if not path.exists():
            _make(path)
        return read_key(path)
    except OSError as e:
        raise SettingsError(f"{path}: got {e.strerror}; need a key file we can read") from e


def read_key(path: Path) -> EllipticCurvePrivateKey:
    """Raises SettingsError, or OSError when it is not there."""
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"{path}: others may read this key; do: chmod 600 {path}")
    try:
        key = load_pem_private_key(read_bounded(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        raise SettingsError(
            f"{path}: got no key ({e}); restore it from a backup, or move it away and a new one "
            "is made"
        ) from e
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SettingsError(f"{path}: got another kind of key; need one on P-256")
    return key


def read_bounded(path: Path) -> bytes:
    with path.open("rb") as f:
        return f.read(PEM_MAX)


def write_whole(path: Path, data: bytes, *, mode: int = 0o600) -> bool:
    """Whole or not at all, never readable by others for a moment. False: it was there already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    try:
        with os.fdopen(handle, "wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
            return True
        return False
    finally:
        draft.unlink()


def _make(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    write_whole(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
