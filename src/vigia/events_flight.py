"""Events of flights that somebody has authorised."""

from __future__ import annotations

from vigia.event_base import Body
from vigia.terms import Position


class FlightAuthorised(Body, frozen=True, kw_only=True):
    """A watch officer vouches for one drone, at one place, for a while. It hushes nothing but that
    drone's track while all of it agrees (alert/flights.py). Ended by Undone(order_id=flight_id).

    serial: as its Remote ID broadcasts it. radius_m: around center. ceiling_m: above the ground of
    the site; None: any height. whose: for people, such as "Sheriff's search, callsign Hawk".
    """

    flight_id: str
    by_person_id: str
    serial: str
    t_from_ns: int
    t_until_ns: int
    center: Position
    radius_m: float
    ceiling_m: float | None = None
    whose: str = ""
    reason: str = ""
