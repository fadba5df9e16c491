"""Whom of the TAK clients an event may reach where agencies share a server: run/sharing.py's rule.

A client with a certificate is of its person's agency. A plain one is a tool on this machine and
sees everything, as whoever runs the machine does. What another server or the mesh says is of
nobody known: it stays with the plain ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.run.settings_access import Access, Share
from vigia.run.sharing import NOBODY, SITE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigia.events import PersonAdded
    from vigia.run.tak_server.item import Item
    from vigia.run.tak_server.who import Who


class Apart:
    """people: by id, as the watch last said; shared with the service. Without agencies in the
    settings everybody is one team."""

    def __init__(self, access: Access, people: Mapping[str, PersonAdded]) -> None:
        self.people = people
        self.on = bool(access.agencies)
        self._sees = {
            (viewer, owner): frozenset(what)
            for viewer, owners in access.sharing.items()
            for owner, what in owners.items()
        }

    def owners(self, who: Who) -> frozenset[str] | None:
        """Whose a client's words are; None: the whole site's."""
        if not self.on:
            return None
        if who.person_id is None:
            return frozenset((NOBODY,)) if who.upstream else None
        person = self.people.get(who.person_id)
        return frozenset((NOBODY if person is None else person.agency_id,))

    def sees(self, who: Who | None, item: Item) -> bool:
        if not self.on or item.owners is None:
            return True
        if who is None:
            return False
        if who.person_id is None:
            return True
        person = self.people.get(who.person_id)
        if person is None:
            return False
        return not item.owners or any(
            self._may(person.agency_id, owner, item.what) for owner in item.owners
        )

    def _may(self, viewer: str, owner: str, what: Share) -> bool:
        if owner in (SITE, viewer):
            return True
        return what in self._sees.get((viewer, owner), frozenset())
