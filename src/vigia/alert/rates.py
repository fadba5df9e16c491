"""Audible alerts -> how many each person gets: EEMUA 191, reported, never used to suppress.

At most one in ten minutes on average; ten in ten minutes are a flood.
"""

from __future__ import annotations

import msgspec

from vigia.events import Alert, Policy, RateFlagged
from vigia.terms import MsgType

WINDOW_S = 600.0
HOUR_S = 3600.0
MEAN_MAX = 6  # in an hour: one in ten minutes
RINGS_MAX = 64  # remembered of one person
PEOPLE_MAX = 50_000  # the one who rang longest ago is forgotten


class Rings(msgspec.Struct):
    """t_ns of the audible alerts of the last hour, and what was flagged of them."""

    t_ns: list[int] = []
    flood_ns: int = 0
    often_ns: int = 0


class RateState(msgspec.Struct):
    people: dict[str, Rings] = {}


def count(state: RateState, alert: Alert, policy: Policy) -> RateFlagged | None:
    """One more revision that was said; a flag at most once in WINDOW_S for each kind."""
    if not alert.sound or alert.person_id is None or alert.msg_type is MsgType.CANCEL:
        return None
    t_ns, person_id = alert.t_decided_ns, alert.person_id
    rings = state.people.pop(person_id, None) or Rings()
    state.people[person_id] = rings
    if len(state.people) > PEOPLE_MAX:
        state.people.pop(next(iter(state.people)))
    young = [t for t in rings.t_ns if t_ns - t < HOUR_S * 1e9]
    rings.t_ns = [*young[1 - RINGS_MAX :], t_ns]
    window_ns = int(WINDOW_S * 1e9)
    recent = rings_within(rings, t_ns)
    if recent >= policy.flood_rings and t_ns - rings.flood_ns >= window_ns:
        rings.flood_ns = t_ns
        return RateFlagged(person_id=person_id, rings=recent, flood=True)
    if len(rings.t_ns) > MEAN_MAX and t_ns - rings.often_ns >= HOUR_S * 1e9:
        rings.often_ns = t_ns
        return RateFlagged(person_id=person_id, rings=recent, flood=False)
    return None


def rings_within(rings: Rings, t_ns: int, *, window_s: float = WINDOW_S) -> int:
    return sum(t_ns - t < window_s * 1e9 for t in rings.t_ns)
