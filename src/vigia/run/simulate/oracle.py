"""Truth and what was delivered -> who was endangered, when, and what warning was possible.

Shares nothing with the judges it judges: no import from threat, alert, flow or track (an import
contract checks it). It knows where everything truly was, and which true detections arrived.
The thresholds say from when on a warning is demanded; docs/simulation.md argues for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.events import AllClear, PersonMoved
from vigia.run.simulate.paths import distance
from vigia.run.simulate.world import seconds
from vigia.terms import Role, Tier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vigia.run.simulate.emission import Emission, Look
    from vigia.run.simulate.world import Flyer, Span, Walker, World

STEP_S = 0.25
LEAD_S = 4.0  # evidence later than this before the arrival is too late to demand anything
TRACK_LOOKS, TRACK_WINDOW_S = 5, 10.0  # positions that make a drone plain to see
FRESH_LOOKS, FRESH_S = 3, 6.0  # and it is still being seen
CLOSING_S, CLOSING_MPS = 7.0, 5.0  # it comes straight and fast enough to be told from loitering
WATCH_LOOKS = 4
REPORT_S = 30.0  # a person's word counts this long
KNOWN_M = 30.0  # we know where somebody is when he is this near to where he last was for us
WORD_S = 3.0
REPORT_RANGE_M = 1200.0
UNPLACED = "nobody knew where he was"
PLACED = frozenset({"radar", "remote_id"})


class Received(msgspec.Struct, frozen=True):
    """An emission that was journaled, and when it came [s]."""

    t_s: float
    emission: Emission


class Danger(msgspec.Struct, frozen=True):
    """A drone truly came within the danger radius of a person. demanded: the least tier an
    honest watch must have given by then; NONE where nothing could be known in time."""

    person_id: str
    flyer_id: str
    behaviour: str
    t_arrive_s: float
    demanded: Tier
    evidence: str


def dangers(world: World, received: Sequence[Received], *, down: Span | None) -> Iterator[Danger]:
    """down: when the watch process was dead (nobody can warn then)."""
    looks = [(r.t_s, look) for r in received for look in r.emission.looks]
    cleared_s = min((r.t_s for r in received if _is_officers_word(world, r.emission)), default=None)
    for flyer in world.flyers:
        if flyer.target is None:
            continue
        seen = [(t, k) for t, k in looks if k.flyer_id == flyer.flyer_id and k.healthy]
        for person in world.people:
            t_arrive = arrival(world, flyer, person)
            if person.role is not Role.AGENT or t_arrive is None:
                continue
            demanded, why = _demand(world, flyer, person, t_arrive, seen)
            if not _known(world, person, t_arrive, received):
                demanded, why = Tier.NONE, UNPLACED
            elif down is not None and down[0] < t_arrive and t_arrive - LEAD_S - FRESH_S < down[1]:
                demanded, why = Tier.NONE, "the watch was down"
            elif _quiet_by_word(cleared_s, t_arrive, demanded):
                demanded, why = Tier.NONE, "a watch officer had said all clear"
            yield Danger(person.person_id, flyer.flyer_id, flyer.behaviour, t_arrive, demanded, why)


def arrival(world: World, flyer: Flyer, person: Walker) -> float | None:
    """When the flyer first is within the danger radius of the person [s]; None: never."""
    radius = world.settings.policy.danger_radius_m
    t, end = flyer.path.t_s[0], flyer.path.t_s[-1]
    while t <= end:
        if distance(flyer.path.at(t), person.path.at(t)) <= radius:
            return t
        t += STEP_S
    return None


def nearest_m(flyer: Flyer, person: Walker, *, t_from_s: float, t_to_s: float) -> float:
    """Nearest horizontal distance in a span [m]; inf when it does not fly then."""
    t, best = max(t_from_s, flyer.path.t_s[0]), float("inf")
    while t <= min(t_to_s, flyer.path.t_s[-1]):
        best = min(best, distance(flyer.path.at(t), person.path.at(t)))
        t += STEP_S
    return best


def _demand(
    world: World, flyer: Flyer, person: Walker, t_arrive: float, seen: Sequence[tuple[float, Look]]
) -> tuple[Tier, str]:
    t_late = t_arrive - LEAD_S
    placed = [k for t, k in seen if t <= t_late and k.kind in PLACED]
    recent = [k for k in placed if k.t_s >= t_late - TRACK_WINDOW_S]
    fresh = [k for k in placed if k.t_s >= t_late - FRESH_S]
    best = max((sum(k.sensor_id == s.sensor_id for k in recent) for s in world.sensors), default=0)
    if best >= TRACK_LOOKS and len(fresh) >= FRESH_LOOKS and _closes(flyer, person, t_arrive):
        return Tier.DANGER, f"{best} positions from one sensor, {len(fresh)} of them fresh"
    if len(recent) >= WATCH_LOOKS:
        return Tier.WATCH, f"{len(recent)} positions"
    by_id = {p.person_id: p for p in world.people}
    counts_s = min(REPORT_S, world.settings.policy.expire_s - LEAD_S)
    for t, k in seen:
        near = k.kind == "person" and _gap(by_id[k.sensor_id], person, k.t_s) <= REPORT_RANGE_M
        if near and t <= t_late and t >= t_arrive - counts_s:
            return Tier.WATCH, f"{k.sensor_id} reported it at {k.t_s:.1f} s"
    return Tier.NONE, "not enough was seen in time"


def _closes(flyer: Flyer, person: Walker, t_arrive: float) -> bool:
    """It came closer all the time, fast enough, for the last seconds."""
    t = t_arrive - LEAD_S - CLOSING_S
    while t < t_arrive:
        before, after = _away(flyer, person, t), _away(flyer, person, t + 1.0)
        if not flyer.path.exists(t) or before - after < CLOSING_MPS:
            return False
        t += 1.0
    return True


def _away(flyer: Flyer, person: Walker, t_s: float) -> float:
    return distance(flyer.path.at(t_s), person.path.at(t_s))


def _gap(a: Walker, b: Walker, t_s: float) -> float:
    return distance(a.path.at(t_s), b.path.at(t_s))


def _quiet_by_word(cleared_s: float | None, t_arrive_s: float, demanded: Tier) -> bool:
    """After an all clear only DANGER comes back, and that needs a look or two."""
    if cleared_s is None or cleared_s >= t_arrive_s:
        return False
    return demanded < Tier.DANGER or t_arrive_s - cleared_s < WORD_S


def _is_officers_word(world: World, emission: Emission) -> bool:
    body = emission.body
    return isinstance(body, AllClear) and any(
        p.person_id == body.by_person_id and p.role is Role.WATCH_OFFICER for p in world.people
    )


def _known(world: World, person: Walker, t_arrive: float, received: Sequence[Received]) -> bool:
    """Does the last position that came, or else his post, still say where he is?"""
    truly = person.path.at(t_arrive)
    fixes = [
        r.emission.body.t_obs_ns
        for r in received
        if isinstance(r.emission.body, PersonMoved)
        and r.emission.body.person_id == person.person_id
        and r.t_s <= t_arrive - LEAD_S
    ]
    if fixes:
        return distance(person.path.at(seconds(max(fixes))), truly) <= KNOWN_M
    for post in world.settings.posts:
        if post.post_id == person.post_id:
            p = post.position
            at = world.site.to_enu(
                lat_deg=p.lat_deg, lon_deg=p.lon_deg, alt_hae_m=p.alt_hae_m or 0.0
            )
            return distance(at, truly) <= KNOWN_M
    return False
