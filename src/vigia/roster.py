"""Who events -> who there is, which devices they hold, and where they were last.

Shared by threat (where) and flow (who may). Positions are forgotten after
Policy.forget_position_s; nothing here keeps a history.
"""

from __future__ import annotations

import msgspec

from vigia.events import (
    AgencyAdded,
    DeviceEnrolled,
    DeviceRevoked,
    PersonAdded,
    PersonMoved,
    SessionClosed,
    SessionOpened,
)
from vigia.terms import Position, Role

PEOPLE_MAX = 50_000
SIGNED_IN = "web-"  # begins the device_id of a page whose person signed in without a device's key
SESSIONS_MAX = 100_000


class Spot(msgspec.Struct, frozen=True):
    """Where somebody was last."""

    position: Position
    t_obs_ns: int


class Roster(msgspec.Struct):
    """State: snapshot by encoding it. Order is order of arrival, so it is deterministic."""

    agencies: dict[str, AgencyAdded] = {}
    people: dict[str, PersonAdded] = {}
    devices: dict[str, DeviceEnrolled] = {}
    sessions: dict[str, SessionOpened] = {}
    spots: dict[str, Spot] = {}

    def admit(
        self,
        body: AgencyAdded
        | PersonAdded
        | DeviceEnrolled
        | DeviceRevoked
        | SessionOpened
        | SessionClosed,
    ) -> str | None:
        """Apply; returns why it was refused, None when it was not."""
        match body:
            case AgencyAdded():
                self.agencies[body.agency_id] = body
            case PersonAdded():
                if body.person_id not in self.people and len(self.people) >= PEOPLE_MAX:
                    return f"people: got one more than {PEOPLE_MAX}; remove some first"
                self.people[body.person_id] = body
            case DeviceEnrolled():
                if body.person_id not in self.people:
                    return f"device {body.device_id}: its person {body.person_id} is unknown"
                self.devices[body.device_id] = body
            case DeviceRevoked():
                self.devices.pop(body.device_id, None)
                for session_id in [
                    s.session_id for s in self.sessions.values() if s.device_id == body.device_id
                ]:
                    del self.sessions[session_id]
            case SessionOpened():
                known = body.person_id in self.people and body.device_id.startswith(SIGNED_IN)
                if body.device_id not in self.devices and not known:
                    return f"session: its device {body.device_id} is not enrolled"
                if len(self.sessions) >= SESSIONS_MAX:
                    self.sessions.pop(next(iter(self.sessions)))
                self.sessions[body.session_id] = body
            case SessionClosed():
                self.sessions.pop(body.session_id, None)
        return None

    def move(self, body: PersonMoved) -> str | None:
        """Keep the newest position; an older one that arrives late changes nothing."""
        if body.person_id not in self.people:
            return f"position: its person {body.person_id} is unknown"
        last = self.spots.get(body.person_id)
        if last is None or body.t_obs_ns >= last.t_obs_ns:
            self.spots[body.person_id] = Spot(body.position, body.t_obs_ns)
        return None

    def forget(self, person_id: str) -> None:
        self.spots.pop(person_id, None)

    def forget_older(self, t_ns: int) -> None:
        for person_id in [p for p, s in self.spots.items() if s.t_obs_ns < t_ns]:
            del self.spots[person_id]

    def may(self, person_id: str, *roles: Role) -> bool:
        person = self.people.get(person_id)
        return person is not None and (person.role in roles or person.role is Role.ADMIN)
