"""Who looked at personal data through which door: on record once in a while, in nobody's way.

Pages ask again and again; one entry for each person and door every AGAIN_S says as much. It is
queued and not waited for: an officer who looks at his alerts must not wait for a disk. What is
shown only with a reason (operators' positions, other people's sessions) is put on record first,
by http_doors.looked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.events_access import PersonalRead
from vigia.run.roles import READERS

if TYPE_CHECKING:
    from vigia.run.gateway import Gateway
    from vigia.run.http_doors import Caller

AGAIN_S = 600
KEPT_MAX = 10_000
PICTURE = "picture"  # the console's live one: people, alerts, sightings, tracks

# handler -> what was shown there. Doors that tell a person only his own are not here.
DOORS: dict[str, str] = {
    "alerts": "alerts",
    "sightings": "sightings",
    "read_words": "words",
    "devices": "devices",
    "reach": "reach",
    "drills": "drills",
    "timeline": "timeline",
    "handovers": "handover notes",
    "contacts": "contacts",
    "casualties": "casualties",
    "ready_board": "readiness",
    "bulletin_desk": "bulletin readers",
}


class Looking:
    """Of one gateway."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], int] = {}

    def note(self, gateway: Gateway, caller: Caller, what: str) -> None:
        """Of officers and upwards: who is nobody's superior sees his own only."""
        person = caller.person
        if person.role not in READERS:
            return
        key, now_s = (person.person_id, what), gateway.now_ms() // 1000
        if now_s - self._told.get(key, -AGAIN_S) < AGAIN_S:
            return
        if len(self._told) >= KEPT_MAX:
            self._told.clear()
        self._told[key] = now_s
        read = PersonalRead(by_person_id=person.person_id, what=what)
        gateway.link.submit_nowait(read, caller.source)
