"""Who looked at personal data, who used a power, who signed in: the audit's own events.

Inputs of the gateway. No decision depends on them; they are journaled, and the ledger commits to
them (docs/ledger.md).
"""

from __future__ import annotations

from vigia.event_base import Body


class PersonalRead(Body, frozen=True, kw_only=True):
    """Personal data were shown to somebody. what: operators, alerts, sightings, people, sessions.

    about: whose or which, in the reader's own words or an identifier; "" is all he may see.
    """

    by_person_id: str
    what: str
    about: str = ""
    reason: str = ""
    count: int = 0  # records shown


class PowerUsed(Body, frozen=True, kw_only=True):
    """Somebody changed who may do what. act: a word with a dot, such as sessions.end, key.make.

    by_person_id "command line": whoever may write the data folder.
    """

    by_person_id: str
    act: str
    about: str = ""
    reason: str = ""


class SignedIn(Body, frozen=True, kw_only=True):
    """A session began without a device's key. method: password, passkey, recovery, oidc."""

    person_id: str
    session_id: str
    method: str
