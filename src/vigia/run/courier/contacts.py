"""Who is reached at which address: a store of its own in the data folder, read by admins only.

Addresses never get into the core, the journal or the ledger. The gateway and the command line
write, the courier reads; `version` tells it that something changed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from vigia.run.courier.door import ADDRESS_MAX
from vigia.run.gateway_store import to_wal
from vigia.terms import Channel

DATABASE = "contacts.sqlite"
CONTACTS_MAX = 200_000
OF_ONE_MAX = 16  # addresses of one person on one channel
BUSY_MS = 2_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts(
    person_id TEXT NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL,
    device_id TEXT NOT NULL DEFAULT '', t_set_ns INTEGER NOT NULL,
    PRIMARY KEY(person_id, channel, address)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proofs(
    person_id TEXT NOT NULL, channel TEXT NOT NULL, t_ns INTEGER NOT NULL,
    PRIMARY KEY(person_id, channel)) WITHOUT ROWID;
"""


class Contact(NamedTuple):
    person_id: str
    channel: Channel
    address: str
    device_id: str = ""


class ContactError(ValueError):
    """What was given is no address; the text says what, got, expected."""


class Contacts:
    """One connection; not for several threads at once. Raises sqlite3.Error and OSError."""

    def __init__(self, folder: Path) -> None:
        path = folder / DATABASE
        if not path.exists():  # nobody but us, from the first byte on
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        to_wal(self._db)
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA secure_delete=ON")  # a withdrawn address is gone
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    @property
    def version(self) -> int:
        """Changes when another connection changed something."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def put(self, contacts: Iterable[Contact], t_ns: int) -> int:
        """Adds; a known one stays. All or nothing. Returns how many. Raises ContactError."""
        n = 0
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            for contact in contacts:
                _check(contact)
                n += 1
                self._db.execute(
                    "INSERT OR REPLACE INTO contacts VALUES (?, ?, ?, ?, ?)",
                    (
                        *(contact.person_id, contact.channel.value, contact.address),
                        *(contact.device_id, t_ns),
                    ),
                )
            self._check_bounds()
        return n

    def replace(
        self, person_id: str, channel: Channel, addresses: Iterable[str], t_ns: int
    ) -> None:
        """These and no others. Raises ContactError."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "DELETE FROM contacts WHERE person_id=? AND channel=?", (person_id, channel.value)
            )
            for address in addresses:
                _check(Contact(person_id, channel, address))
                self._db.execute(
                    "INSERT OR REPLACE INTO contacts VALUES (?, ?, ?, '', ?)",
                    (person_id, channel.value, address, t_ns),
                )
            self._check_bounds()

    def drop(self, person_id: str, channel: Channel, address: str) -> None:
        self._db.execute(
            "DELETE FROM contacts WHERE person_id=? AND channel=? AND address=?",
            (person_id, channel.value, address),
        )

    def drop_device(self, device_id: str) -> None:
        """A lost phone is not rung any more."""
        if device_id:
            self._db.execute("DELETE FROM contacts WHERE device_id=?", (device_id,))

    def forget(self, person_id: str) -> None:
        """Everything about one person."""
        self._db.execute("DELETE FROM contacts WHERE person_id=?", (person_id,))
        self._db.execute("DELETE FROM proofs WHERE person_id=?", (person_id,))

    def of(self, person_id: str, channel: Channel) -> list[Contact]:
        rows = self._db.execute(
            "SELECT person_id, channel, address, device_id FROM contacts"
            " WHERE person_id=? AND channel=? ORDER BY t_set_ns, address",
            (person_id, channel.value),
        )
        return [Contact(p, Channel(c), a, d) for p, c, a, d in rows]

    def all(self) -> list[Contact]:
        rows = self._db.execute(
            "SELECT person_id, channel, address, device_id FROM contacts ORDER BY 1, 2, 3"
        )
        return [Contact(p, Channel(c), a, d) for p, c, a, d in rows]

    # ---- proofs --------------------------------------------------------------------------------

    def prove(self, person_id: str, channel: Channel, t_ns: int) -> None:
        """Something came back from him by this channel."""
        self._db.execute(
            "INSERT INTO proofs VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
            " SET t_ns=max(t_ns, excluded.t_ns)",
            (person_id, channel.value, t_ns),
        )

    def proofs(self) -> dict[tuple[str, Channel], int]:
        rows = self._db.execute("SELECT person_id, channel, t_ns FROM proofs")
        return {(p, Channel(c)): t for p, c, t in rows}

    def _check_bounds(self) -> None:
        n = self._db.execute("SELECT count(*) FROM contacts").fetchone()[0]
        if n > CONTACTS_MAX:
            raise ContactError(f"contacts: got {n}; need {CONTACTS_MAX} at most")
        most = self._db.execute(
            "SELECT person_id, channel, count(*) AS n FROM contacts GROUP BY 1, 2"
            " HAVING n > ? LIMIT 1",
            (OF_ONE_MAX,),
        ).fetchone()
        if most is not None:
            raise ContactError(
                f"contacts of {most[0]}: got {most[2]} on {most[1]}; need {OF_ONE_MAX} at most"
            )


def _check(contact: Contact) -> None:
    address = contact.address
    if not 0 < len(address) <= ADDRESS_MAX or not address.isprintable():
        raise ContactError(
            f"contact of {contact.person_id} on {contact.channel.value}: got {len(address)} "
            f"characters; need 1 to {ADDRESS_MAX} that can be printed"
        )
