"""What people sent in words, and what became of it: kept whether it was understood or not."""

from __future__ import annotations

from enum import Enum

from vigia.alert_terms import Via
from vigia.event_base import Body
from vigia.terms import Position


class WordKind(Enum):
    """What the desk sees it as."""

    TEXT = "text"  # free text, of a message, the radio desk or a chat
    EMERGENCY = "emergency"  # an emergency of a TAK client, or its end
    CASEVAC = "casevac"


class WordReceived(Body, frozen=True, kw_only=True):
    """Somebody's words as they came. report_id: the sighting or attack that was made of them;
    None: nothing was, and a person must look at it. why: what kept it from being one (none,
    negated, question, place), or "" when nothing did.

    word_id: made by the door, so that a retry is harmless. sender: as he calls himself, or his
    number; a claim. person_id: proved, or None.
    """

    word_id: str
    t_obs_ns: int
    via: Via
    kind: WordKind
    text: str
    sender: str = ""
    person_id: str | None = None
    position: Position | None = None
    report_id: str | None = None
    why: str = ""


class WordSettled(Body, frozen=True, kw_only=True):
    """A watch officer has dealt with it: it leaves the desk's list, not the record."""

    word_id: str
    by_person_id: str
    reason: str
