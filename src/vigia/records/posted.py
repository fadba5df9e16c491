"""That a bulletin was handed to a channel for one person; kept once, by the machine."""

from __future__ import annotations

from enum import Enum
from hashlib import sha256

from vigia.records.common import NAME_MAX, Record, bounded

WHY_MAX = 200


class What(Enum):
    RELEASED = "released"  # an edition, whole or as far as the channel may tell it
    RECALLED = "recalled"
    SUPERSEDED = "superseded"  # to who got an earlier edition and is not meant by the newest
    REMINDED = "reminded"


class Posted(Record, frozen=True, kw_only=True, omit_defaults=True):
    """person_id: "" for the CAP feed, which is nobody's. failed: why it never got there.

    t_delivered_ms: the device's own word, where the channel has one. salt: random, so that the
    record's hash in the ledger does not tell who was written to.
    """

    bulletin_id: str
    edition: int
    what: What
    channel: str
    person_id: str
    t_ms: int
    salt: str
    failed: str = ""
    t_delivered_ms: int | None = None

    def __post_init__(self) -> None:
        for name in ("bulletin_id", "channel", "person_id", "salt"):
            bounded(name, getattr(self, name), NAME_MAX)
        bounded("failed", self.failed, WHY_MAX)


class Reminder(Record, frozen=True, kw_only=True):
    """Somebody at the desk asked those who have not read an edition once more."""

    edition: int
    t_ms: int


def posted_id(bulletin_id: str, edition: int, what: What, channel: str, person_id: str) -> str:
    """The same for the same hand-over, whoever makes it: it is on record once."""
    told = "\n".join((bulletin_id, str(edition), what.value, channel, person_id))
    return f"post-{sha256(told.encode()).hexdigest()[:32]}"


def read_id(bulletin_id: str, edition: int, person_id: str) -> str:
    """Of a person's receipt for an edition."""
    told = f"{bulletin_id}\n{edition}\n{person_id}"
    return f"read-{sha256(told.encode()).hexdigest()[:24]}"


def reminder_id(bulletin_id: str) -> str:
    return f"remind-{sha256(bulletin_id.encode()).hexdigest()[:24]}"
