"""The ledger's secrets in the keys folder: its signing key, and the salts of the commitments.

Both are made on first use, readable by the owner only. A salt is destroyed to forget a person:
the ledger's proofs still hold, but nobody can tell any more whom an entry names.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from typing import TYPE_CHECKING

from vigia.ledger.entry import SALT_BYTES, commit_who
from vigia.ledger.note import SEED_BYTES, Signer, SigType, parse_signer
from vigia.run.ledger_store import WAIT_S, LedgerError

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE = "ledger.key"
SALT_FILE = "ledger-salts.sqlite"
KEY_BYTES_MAX = 1_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS salts(subject TEXT PRIMARY KEY, owner TEXT, salt BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS forgotten(commitment TEXT PRIMARY KEY, t_ns INTEGER NOT NULL);
"""


def log_signer(keys: Path) -> Signer:
    """The log's own key. Raises LedgerError when it cannot be used."""
    return _signer(keys / KEY_FILE, kind="ledger", sig_type=SigType.ED25519)


def witness_signer(path: Path) -> Signer:
    """A witness's key; it belongs on another machine than the ledger."""
    return _signer(path, kind="witness", sig_type=SigType.COSIGNATURE)


class Salts:
    """Subject -> salt. Belongs to the thread that made it.

    What get() hands out is on disk only after flush(), and is forgotten in memory then, so that
    another process can destroy a salt.
    """

    def __init__(self, keys: Path) -> None:
        """keys: the folder. Raises sqlite3.Error or OSError when it cannot be used."""
        _private_folder(keys)
        path = keys / SALT_FILE
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._db = sqlite3.connect(path, timeout=WAIT_S)
        self._db.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten with zeros
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)
        self._held: dict[str, bytes] = {}
        self._new: list[tuple[str, str | None, bytes]] = []

    def get(self, subject: str, owner: str | None) -> bytes:
        salt = self.find(subject, owner)
        if salt is None:
            salt = self._held[subject] = secrets.token_bytes(SALT_BYTES)
            self._new.append((subject, owner, salt))
        return salt

    def find(self, subject: str, owner: str | None) -> bytes | None:
        """Makes none. owner is not needed; the form is that of get()."""
        salt = self._held.get(subject)
        if salt is None:
            found = self._db.execute(
                "SELECT salt FROM salts WHERE subject = ?", (subject,)
            ).fetchone()
            if found is not None:
                salt = self._held[subject] = bytes(found[0])
        return salt

    def flush(self) -> None:
        """Commit new salts; only then may an entry that needs them be committed."""
        if self._new:
            with self._db:
                self._db.executemany("INSERT INTO salts VALUES(?, ?, ?)", self._new)
        self.drop()

    def drop(self) -> None:
        """Forget what was handed out and never flushed."""
        self._new.clear()
        self._held.clear()

    def forget(self, person_id: str, *, t_ns: int) -> int:
        """Destroy the salts of a person and of the person's devices. Returns how many."""
        subject = f"person/{person_id}"
        with self._db:
            found = self._db.execute(
                "SELECT subject, salt FROM salts WHERE subject = ? OR owner = ?",
                (subject, subject),
            ).fetchall()
            self._db.executemany(
                "INSERT OR IGNORE INTO forgotten VALUES(?, ?)",
                [(commit_who(bytes(salt), str(name)), t_ns) for name, salt in found],
            )
            self._db.execute("DELETE FROM salts WHERE subject = ? OR owner = ?", (subject, subject))
        return len(found)

    def names(self) -> dict[str, str]:
        """Commitment -> subject, for everybody who is not forgotten."""
        found = self._db.execute("SELECT subject, salt FROM salts")
        return {commit_who(bytes(salt), str(name)): str(name) for name, salt in found}

    def forgotten(self) -> dict[str, int]:
        """Commitment -> when its salt was destroyed [ns]."""
        found = self._db.execute("SELECT commitment, t_ns FROM forgotten")
        return {str(commitment): int(t_ns) for commitment, t_ns in found}

    def close(self) -> None:
        self._db.close()


def has_salts(keys: Path) -> bool:
    return (keys / SALT_FILE).is_file()


def _signer(path: Path, *, kind: str, sig_type: SigType) -> Signer:
    try:
        if not path.exists():
            _make_key(path, kind=kind, sig_type=sig_type)
        if path.stat().st_mode & 0o077:
            raise LedgerError(f"{kind} key: others may read {path}; do: chmod 600 {path}")
        with path.open("rb") as f:
            signer = parse_signer(f.read(KEY_BYTES_MAX).decode())
    except (OSError, ValueError) as e:
        raise LedgerError(
            f"{kind} key: {path} cannot be used: {e}; restore it from a backup, or move it away "
            "and a new one is made (then every witness must be told the new key)"
        ) from e
    if signer.verifier.sig_type is not sig_type:
        raise LedgerError(f"{kind} key: {path} is a key of another kind")
    return signer


def _make_key(path: Path, *, kind: str, sig_type: SigType) -> None:
    """Whole or not at all; of two processes at once the first wins."""
    _private_folder(path.parent)
    seed = secrets.token_bytes(SEED_BYTES)
    mark = Signer("x", seed).verifier.public_key.hex()[:8]
    signer = Signer(f"vigia.{kind}/{mark}", seed, sig_type)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "w") as f:
            f.write(signer.secret_text() + "\n")
            f.flush()
            os.fsync(f.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _private_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
