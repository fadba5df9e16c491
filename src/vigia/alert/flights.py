"""Flights that a watch officer has authorised: their drones warn nobody below DANGER.

A serial is a claim and counts for nothing alone. Time, place and height must agree too, a second
witness must see the drone where the claim says it is, and nothing may speak against it. DANGER is
never hushed, and what is in an alert already stays in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigia.terms import TrackStatus
from vigia.tracktable import Fix, TrackFlag

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vigia.alert.state import AlertState
    from vigia.events_flight import FlightAuthorised
    from vigia.terms import Position

FLIGHTS_MAX = 200
HOURS_MAX = 12.0
RADIUS_MIN_M, RADIUS_MAX_M = 50.0, 10_000.0
SERIAL_MIN, SERIAL_MAX = 4, 20  # characters, as Remote ID has them
WITNESSES = 2  # the receiver that heard the claim, and one that sees the drone
AGAINST = int(TrackFlag.ID_CONFLICT | TrackFlag.LOAD | TrackFlag.CLOSING | TrackFlag.WEAK)
HOUR_NS = 3_600_000_000_000


def authorise(state: AlertState, body: FlightAuthorised, t_ns: int) -> str | None:
    """Why it is refused, or None. The same flight_id again changes it."""
    wrong = _wrong(body, t_ns)
    if wrong is not None:
        return f"flight: {wrong}"
    _tidy(state, t_ns)
    if len(state.flights) >= FLIGHTS_MAX and body.flight_id not in state.flights:
        return f"flight: {FLIGHTS_MAX} are authorised already; end some first"
    state.flights[body.flight_id] = body
    return None


def _wrong(body: FlightAuthorised, t_ns: int) -> str | None:
    if not SERIAL_MIN <= len(body.serial) <= SERIAL_MAX or not body.serial.isascii():
        return f"serial: got {body.serial!r}; need {SERIAL_MIN} to {SERIAL_MAX} ASCII characters"
    if body.t_until_ns <= t_ns or body.t_until_ns <= body.t_from_ns:
        return "until: it is over before it begins"
    if body.t_until_ns - max(body.t_from_ns, t_ns) > HOURS_MAX * HOUR_NS:
        return f"until: got more than {HOURS_MAX:g} h; authorise it again then"
    if not RADIUS_MIN_M <= body.radius_m <= RADIUS_MAX_M:
        return f"radius: got {body.radius_m:g} m; need {RADIUS_MIN_M:g} to {RADIUS_MAX_M:g}"
    if body.ceiling_m is not None and not 0.0 < body.ceiling_m <= RADIUS_MAX_M:
        return f"ceiling: got {body.ceiling_m:g} m; need more than 0, or none"
    return None


def end(state: AlertState, flight_id: str) -> bool:
    """False: there is none."""
    return state.flights.pop(flight_id, None) is not None


def authorised(
    state: AlertState,
    states: NDArray[np.void],
    en_of: Callable[[Position], tuple[float, float]],
    t_ns: int,
) -> frozenset[str]:
    """Tracks that are in all what somebody vouched for. states: (n,) tracktable.STATE_DTYPE, up
    in metres above the site's ground."""
    running = [f for f in state.flights.values() if f.t_from_ns <= t_ns < f.t_until_ns]
    if not running or not len(states):
        return frozenset()
    sound = (
        (states["status"] == TrackStatus.CONFIRMED)
        & (states["fix"] == Fix.POSITION)
        & (states["witnesses"] >= WITNESSES)
        & (states["flags"] & AGAINST == 0)
    )
    found: set[str] = set()
    for flight in running:
        at = en_of(flight.center)
        named = sound & (states["serial"] == flight.serial.encode())
        for k in np.flatnonzero(named).tolist():
            east, north, up = states["x"][k, :3].tolist()
            low = flight.ceiling_m is None or up <= flight.ceiling_m
            if np.hypot(east - at[0], north - at[1]) <= flight.radius_m and low:
                found.add(states["track_id"][k].decode())
    return frozenset(found)


def _tidy(state: AlertState, t_ns: int) -> None:
    state.flights = {k: f for k, f in state.flights.items() if f.t_until_ns > t_ns}
