"""Who looked, who used a power, who signed in -> the fields of one entry.

What was looked at and why are committed to, never written: both may name a person.
"""

from __future__ import annotations

from typing import TypeAlias

from vigia.events_access import PersonalRead, PowerUsed, SignedIn
from vigia.ledger.entry import Fields, Said, clip
from vigia.ledger.remember_acts import who

Access: TypeAlias = PersonalRead | PowerUsed | SignedIn
KIND_OF_ACCESS = {"PersonalRead": "read", "PowerUsed": "power", "SignedIn": "signed_in"}


def remember_access(body: Access) -> tuple[str, Fields]:
    match body:
        case PersonalRead():
            return "read", {
                "by": who(body.by_person_id),
                "what": clip(body.what),
                "about": Said(f"person/{body.by_person_id}", body.about),
                "reason": Said(f"person/{body.by_person_id}", body.reason),
                "count": body.count,
            }
        case PowerUsed():
            return "power", {
                "by": who(body.by_person_id),
                "act": clip(body.act),
                "about": Said(f"person/{body.by_person_id}", body.about),
                "reason": Said(f"person/{body.by_person_id}", body.reason),
            }
        case SignedIn():
            return "signed_in", {
                "person": who(body.person_id),
                "session": Said(f"person/{body.person_id}", body.session_id),
                "method": clip(body.method),
            }
