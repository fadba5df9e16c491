"""Truth and what was delivered -> Arrivals: who was endangered, when, and the best possible lead.

Attackers that reach one person within GROUP_S of each other are one arrival: the first counts,
and a warning of any of them is a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.run.score.bound import Bound, bound, first_detection_s
from vigia.run.score.truth import first_within, last_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vigia.run.score.truth import Encounter, Truth
    from vigia.run.simulate.oracle import Received
    from vigia.run.simulate.world import World

GROUP_S = 60.0


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """bound: of the group, before its first arrival. t_detected_s: first true detection of one
    of them that was delivered; None: none was before it came."""

    person_id: str
    flyer_ids: tuple[str, ...]
    behaviour: str
    t_s: float
    bound: Bound
    t_detected_s: float | None


def arrivals_of(world: World, received: Sequence[Received], truth: Truth) -> list[Arrival]:
    """All arrivals of one run, person by person."""
    found: list[Arrival] = []
    for person_id in truth.people:
        mine = [e for e in truth.encounters if e.attacks and e.person_id == person_id]
        groups = grouped(mine, radius_m=truth.radius_m)
        found.extend(_arrival(world, received, group) for group in groups)
    return found


def grouped(
    encounters: Iterable[Encounter], *, radius_m: float
) -> list[list[tuple[float, Encounter]]]:
    """Encounters with one person -> groups of (arrival [s], encounter), in order of time."""
    met = [(t, e) for e in encounters if (t := first_within(e, radius_m)) is not None]
    met.sort(key=lambda pair: (pair[0], pair[1].flyer_id))
    groups: list[list[tuple[float, Encounter]]] = []
    until_s = float("-inf")
    for t, e in met:
        if t > until_s:
            groups.append([])
        groups[-1].append((t, e))
        until_s = max(until_s, last_within(e, radius_m) + GROUP_S)
    return groups


def _arrival(
    world: World, received: Sequence[Received], group: list[tuple[float, Encounter]]
) -> Arrival:
    flyers = {f.flyer_id: f for f in world.flyers}
    people = {p.person_id: p for p in world.people}
    t0, first = group[0]
    bounds: list[Bound] = []
    detected: list[float] = []
    for t, met in group:
        flyer = flyers[met.flyer_id]
        own = bound(
            world, received, flyer=flyer, person=people[met.person_id], met=met, t_arrive_s=t
        )
        bounds.append(earlier_by(own, t - t0))
        seen_s = first_detection_s(received, flyer)
        if seen_s is not None and seen_s < t0:
            detected.append(seen_s)
    return Arrival(
        person_id=first.person_id,
        flyer_ids=tuple(e.flyer_id for _, e in group),
        behaviour=first.behaviour,
        t_s=t0,
        bound=Bound(
            _best(b.cover_s for b in bounds),
            _best(b.warning_s for b in bounds),
            _best(b.danger_s for b in bounds),
        ),
        t_detected_s=min(detected, default=None),
    )


def earlier_by(b: Bound, s: float) -> Bound:
    """The same moments, as leads before an arrival s seconds earlier."""

    def cut(lead_s: float | None) -> float | None:
        return None if lead_s is None or lead_s <= s else lead_s - s

    return Bound(cut(b.cover_s), cut(b.warning_s), cut(b.danger_s))


def _best(leads_s: Iterable[float | None]) -> float | None:
    return max((v for v in leads_s if v is not None), default=None)
