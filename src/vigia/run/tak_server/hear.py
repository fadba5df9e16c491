"""What TAK clients say -> inputs of the watch. Pure: the time and the people are given.

Believed is only what a client certificate proves. A name on a connection without one is a claim:
its reports count as those of an unknown person do (WARNING at most), its positions not at all
unless the site's settings map the callsign to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.events import Acknowledged, PersonMoved
from vigia.run.tak_server.item import is_person
from vigia.run.tak_server.talk import receipt_of
from vigia.terms import Position

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigia.events import Alert, Input
    from vigia.run.tak_server.who import Who
    from vigia.terms import AckKind
    from vigia.wire.cot import CotEvent

MOVE_NS = 2_000_000_000  # a person's point is told to the watch at most this often
FUTURE_NS = 2_000_000_000  # a client's clock ahead by more is not believed
PEOPLE_MAX = 10_000


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """Rules of the site. callsigns: of people whose clients prove nothing, to their person_id."""

    callsigns: dict[str, str] = {}


class Ear:
    """State: when each person's point was last told on, and who lets his be used."""

    def __init__(self, rules: Hearing, alert_of: Callable[[str], Alert | None]) -> None:
        self.rules = rules
        self.sharing: set[str] = set()  # people who let their positions be used
        self._alert_of = alert_of
        self._moved_ns: dict[str, int] = {}

    def inputs(self, event: CotEvent, who: Who, *, own: bool, t_ns: int) -> list[Input]:
        """own: the event is under the uid that the client gave itself."""
        if is_person(event):
            return self._moved(event, who, own=own, t_ns=t_ns)
        receipt = receipt_of(event)
        if receipt is not None:
            answer = self._answer(*receipt, who, t_ns)
            return [] if answer is None else [answer]
        return []

    # ---- positions -------------------------------------------------------------------------

    def _moved(self, event: CotEvent, who: Who, *, own: bool, t_ns: int) -> list[Input]:
        person_id = who.person_id if own else None
        if person_id is None and who.person_id is None:
            person_id = self.rules.callsigns.get(event.callsign or "")
        elif person_id not in self.sharing:
            return []
        if person_id is None or event.lat_deg is None or event.lon_deg is None:
            return []
        if t_ns - self._moved_ns.get(person_id, 0) < MOVE_NS:
            return []
        self._moved_ns.pop(person_id, None)
        self._moved_ns[person_id] = t_ns
        if len(self._moved_ns) > PEOPLE_MAX:
            del self._moved_ns[next(iter(self._moved_ns))]
        where = Position(event.lat_deg, event.lon_deg, event.alt_hae_m, event.ce_m)
        return [PersonMoved(person_id=person_id, t_obs_ns=seen_ns(event, t_ns), position=where)]

    # ---- answers ---------------------------------------------------------------------------

    def _answer(self, message_id: str, kind: AckKind, who: Who, t_ns: int) -> Input | None:
        """Only his own alert, and only from the client that proves to be his."""
        alert_id, _, revision = message_id.partition(".")
        alert = self._alert_of(alert_id)
        if alert is None or not (revision.isascii() and revision.isdigit() and len(revision) < 9):
            return None
        if who.person_id is None or who.device_id is None or alert.person_id != who.person_id:
            return None
        return Acknowledged(
            alert_id=alert_id,
            revision=min(int(revision), alert.revision),
            person_id=who.person_id,
            device_id=who.device_id,
            kind=kind,
            t_obs_ns=t_ns,
        )


def seen_ns(event: CotEvent, t_ns: int) -> int:
    """When it happened: the client's word, unless its clock is ahead of ours."""
    return event.t_ns if event.t_ns <= t_ns + FUTURE_NS else t_ns
