"""Who signs in by name: passwords, passkeys and recovery codes of a person, in gateway.sqlite."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from vigia.run.gateway_store import opened
from vigia.run.passwords import code_sha, make_codes

PASSKEYS_MAX = 10  # of one person
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,63}")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts(
    login TEXT PRIMARY KEY, person_id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recovery(
    person_id TEXT NOT NULL, sha BLOB NOT NULL, PRIMARY KEY (person_id, sha)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passkeys(
    credential_id BLOB PRIMARY KEY, person_id TEXT NOT NULL, public_key BLOB NOT NULL,
    sign_count INTEGER NOT NULL, name TEXT NOT NULL
) WITHOUT ROWID;
"""


class Account(msgspec.Struct, frozen=True):
    login: str
    person_id: str
    hash: str


class Passkey(msgspec.Struct, frozen=True):
    credential_id: bytes
    person_id: str
    public_key: bytes
    sign_count: int
    name: str

    @property
    def passkey_id(self) -> str:
        """To name it in an address: credential ids may be a kilobyte."""
        return hashlib.sha256(self.credential_id).hexdigest()[:16]


class Accounts:
    """Every call waits for the disk. Raises OSError or sqlite3.Error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, login: str) -> Account | None:
        with opened(self._folder, _SCHEMA) as db:
            row = db.execute("SELECT * FROM accounts WHERE login = ?", (normal(login),)).fetchone()
        return None if row is None else Account(*row)

    def of_person(self, person_id: str) -> Account | None:
        with opened(self._folder, _SCHEMA) as db:
            row = db.execute("SELECT * FROM accounts WHERE person_id = ?", (person_id,)).fetchone()
        return None if row is None else Account(*row)

    def put(self, login: str, person_id: str, kept: str) -> list[str] | None:
        """A new or a changed account, with new recovery codes. None: the name is another's."""
        with opened(self._folder, _SCHEMA) as db:
            row = db.execute("SELECT person_id FROM accounts WHERE login = ?", (login,)).fetchone()
            if row is not None and row[0] != person_id:
                return None
            db.execute("DELETE FROM accounts WHERE person_id = ?", (person_id,))
            db.execute("INSERT INTO accounts VALUES (?, ?, ?)", (login, person_id, kept))
            db.execute("DELETE FROM recovery WHERE person_id = ?", (person_id,))
            codes = make_codes()
            db.executemany(
                "INSERT INTO recovery VALUES (?, ?)",
                [(person_id, code_sha(person_id, c)) for c in codes],
            )
        return codes

    def recover(self, login: str, code: str, kept: str) -> Account | None:
        """Spends one code and sets a new password. None: no such name, or no such code of it."""
        with opened(self._folder, _SCHEMA) as db:
            row = db.execute("SELECT * FROM accounts WHERE login = ?", (normal(login),)).fetchone()
            if row is None:
                return None
            account = Account(*row)
            spent = db.execute(
                "DELETE FROM recovery WHERE person_id = ? AND sha = ?",
                (account.person_id, code_sha(account.person_id, code)),
            ).rowcount
            if not spent:
                return None
            db.execute("UPDATE accounts SET hash = ? WHERE login = ?", (kept, account.login))
        return msgspec.structs.replace(account, hash=kept)

    def codes_left(self, person_id: str) -> int:
        with opened(self._folder, _SCHEMA) as db:
            ask = "SELECT count(*) FROM recovery WHERE person_id = ?"
            return db.execute(ask, (person_id,)).fetchone()[0]

    # ---- passkeys --------------------------------------------------------------------------

    def add_passkey(self, passkey: Passkey) -> bool:
        """False: the person has as many as one may have, or the passkey is known."""
        with opened(self._folder, _SCHEMA) as db:
            count = "SELECT count(*) FROM passkeys WHERE person_id = ?"
            if db.execute(count, (passkey.person_id,)).fetchone()[0] >= PASSKEYS_MAX:
                return False
            return bool(
                db.execute(
                    "INSERT OR IGNORE INTO passkeys VALUES (?, ?, ?, ?, ?)",
                    msgspec.structs.astuple(passkey),
                ).rowcount
            )

    def passkey(self, credential_id: bytes) -> Passkey | None:
        with opened(self._folder, _SCHEMA) as db:
            ask = "SELECT * FROM passkeys WHERE credential_id = ?"
            row = db.execute(ask, (credential_id,)).fetchone()
        return None if row is None else Passkey(*row)

    def passkeys_of(self, person_id: str) -> list[Passkey]:
        with opened(self._folder, _SCHEMA) as db:
            ask = "SELECT * FROM passkeys WHERE person_id = ?"
            return [Passkey(*row) for row in db.execute(ask, (person_id,))]

    def remove_passkey(self, person_id: str, passkey_id: str) -> Passkey | None:
        """None: he has none of that name."""
        found = next((p for p in self.passkeys_of(person_id) if p.passkey_id == passkey_id), None)
        if found is not None:
            with opened(self._folder, _SCHEMA) as db:
                db.execute("DELETE FROM passkeys WHERE credential_id = ?", (found.credential_id,))
        return found

    def used_passkey(self, credential_id: bytes, sign_count: int) -> None:
        with opened(self._folder, _SCHEMA) as db:
            db.execute(
                "UPDATE passkeys SET sign_count = ? WHERE credential_id = ?",
                (sign_count, credential_id),
            )


def normal(login: str) -> str:
    return login.strip().lower()
