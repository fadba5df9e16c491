"""A site's keys -> one file that only a passphrase opens, and back.

In it: what the site is known by (its CA, sessions, the ledger's signing key, and other keys beside
them). Never in it: keys that are destroyed to forget somebody (FORGETTING). A backup with those
would undo the forgetting.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from vigia.run.keys import NAME as SHIFT_KEYS
from vigia.run.ledger_keys import SALT_FILE

SEALED = "site-keys.sealed"
FORGETTING = (SHIFT_KEYS, SALT_FILE)
MAGIC = b"VIGIASEAL1"
FILES_MAX = 1_000
BYTES_MAX = 10_000_000
PASSPHRASE_MIN = 12  # characters
PASSPHRASE_BYTES_MAX = 10_000
_SALT_BYTES, _NONCE_BYTES = 16, 12
_N, _R, _P = 1 << 15, 8, 1  # scrypt: 32 MB and a tenth of a second a guess


class SealError(ValueError):
    """The operator's mistake or a damaged file; the text says what to do."""


def read_passphrase(path: Path) -> bytes:
    """The file's first line. Raises SealError."""
    try:
        data = path.read_bytes()[:PASSPHRASE_BYTES_MAX]
    except OSError as e:
        raise SealError(f"--passphrase-file {path}: cannot be read ({e.strerror})") from e
    words = data.splitlines()[0].strip() if data.strip() else b""
    if len(words) < PASSPHRASE_MIN:
        raise SealError(
            f"--passphrase-file {path}: got {len(words)} characters; need {PASSPHRASE_MIN} or more "
            "in its first line"
        )
    return words


def seal_keys(keys: Path, target: Path, passphrase: bytes) -> list[str]:
    """Names of the sealed files, relative to keys/. Raises OSError, SealError."""
    held: dict[str, bytes] = {}
    for path in sorted(keys.rglob("*")):
        name = str(path.relative_to(keys))
        if not path.is_file() or path.is_symlink() or path.name.startswith(FORGETTING):
            continue
        held[name] = path.read_bytes()
    if len(held) > FILES_MAX or sum(map(len, held.values())) > BYTES_MAX:
        raise SealError(f"{keys}: got {len(held)} files; need {FILES_MAX} and 10 MB at most")
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    plain = msgspec.msgpack.encode(held)
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, plain, MAGIC)
    fd = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(fd, "wb") as f:
        f.write(MAGIC + salt + nonce + sealed)
        f.flush()
        os.fsync(f.fileno())
    return list(held)


def open_keys(sealed: Path, keys: Path, passphrase: bytes) -> list[str]:
    """Writes them below keys/, readable by the owner only. Raises OSError, SealError."""
    data = sealed.read_bytes()
    head = len(MAGIC) + _SALT_BYTES + _NONCE_BYTES
    if not data.startswith(MAGIC) or len(data) < head:
        raise SealError(f"{sealed}: is no file of sealed keys; take another backup")
    salt = data[len(MAGIC) : len(MAGIC) + _SALT_BYTES]
    nonce = data[len(MAGIC) + _SALT_BYTES : head]
    try:
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, data[head:], MAGIC)
    except InvalidTag:
        raise SealError(
            f"{sealed}: the passphrase does not open it (or the file is damaged); give the one the "
            "backup was made with"
        ) from None
    held = msgspec.msgpack.decode(plain, type=dict[str, bytes])
    for name, content in held.items():
        path = (keys / name).resolve()
        if not path.is_relative_to(keys.resolve()):
            raise SealError(f"{sealed}: got a file named {name!r}; it is not one of ours")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(fd, "wb") as f:
            f.write(content)
    return list(held)


def _key(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase)
