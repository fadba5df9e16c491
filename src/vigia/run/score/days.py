"""Harmless days -> how often people were alarmed for nothing.

A day is 12 hours with 100 harmless flights. Playing 360 hours second by second would be idle:
flights are played in short worlds of FLIGHTS_TOGETHER, people and sensors drawn anew for each, and
the time between them is scaled up from idle windows in which only clutter is seen. docs/score.md
says what that leaves out.
"""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from vigia.run.score.baseline import RADIUS_M
from vigia.terms import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigia.run.score.measure import RunScore
    from vigia.run.score.play import Result
    from vigia.run.score.scene import Scene

FLIGHTS_TOGETHER = 2  # as many as are in the air at once at busy times
IDLE_WINDOWS = 4  # a day
IDLE_S = 300.0
SEGMENTS_MAX = 100  # of one day; a segment's seed is day * SEGMENTS_MAX + number


class DaysRow(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of many days; top: people told DANGER, each time counted."""

    days: int
    flights: int
    people: int
    person_hours: float
    played_hours: float
    idle_hours: float
    top: int
    top_per_person: float
    acting: int
    alerts: float
    rings: float
    flights_with_top: int
    about: dict[str, int]
    peer_m: float
    peer_top: int
    cpu_s: float


def segments(ordinary: Scene, day: int) -> list[tuple[Scene, int]]:
    """(scene, seed) of every short world of one day."""
    n = ordinary.flights_a_day // FLIGHTS_TOGETHER
    n = ordinary.flights_a_day // FLIGHTS_TOGETHER + IDLE_WINDOWS
    seeds = range(day * SEGMENTS_MAX, day * SEGMENTS_MAX + n)
    return [(segment(ordinary, seed), seed) for seed in seeds]


def segment(ordinary: Scene, seed: int) -> Scene:
    """The flights of one short world, drawn by their weights (`chance`); none in idle windows."""
    if is_idle(ordinary, seed):
        return replace(ordinary, flyers=(), after_s=IDLE_S)
    rng = Random(f"{ordinary.name}/{ordinary.version}/{seed}/flights")
    drawn = rng.choices(
        ordinary.flyers, weights=[f.chance for f in ordinary.flyers], k=FLIGHTS_TOGETHER
    )
    return replace(ordinary, flyers=tuple(replace(f, chance=1.0) for f in drawn))


def is_idle(ordinary: Scene, seed: int) -> bool:
    return seed % SEGMENTS_MAX >= ordinary.flights_a_day // FLIGHTS_TOGETHER


def sum_days(ordinary: Scene, results: Sequence[Result]) -> DaysRow:
    """Flights counted as they came, idle time scaled to what is left of each day."""
    busy = [r for r in results if not is_idle(ordinary, r.seed)]
    idle = [r for r in results if is_idle(ordinary, r.seed)]
    days = len({r.seed // SEGMENTS_MAX for r in results})
    people = max((r.vigia.people for r in results), default=0)
    played = sum(r.vigia.hours for r in busy)
    idle_hours = sum(r.vigia.hours for r in idle)
    scale = max(0.0, ordinary.hours * days - played) / idle_hours if idle_hours else 0.0
    top = round(sum(_top(r.vigia) for r in busy) + scale * sum(_top(r.vigia) for r in idle))
    return DaysRow(
        days=days,
        flights=FLIGHTS_TOGETHER * len(busy),
        people=people,
        person_hours=ordinary.hours * days * people,
        played_hours=played + idle_hours,
        idle_hours=idle_hours,
        top=top,
        top_per_person=top / people if people else 0.0,
        acting=round(
            sum(len(r.vigia.alarms) for r in busy) + scale * sum(len(r.vigia.alarms) for r in idle)
        ),
        alerts=sum(r.vigia.alerts for r in busy) + scale * sum(r.vigia.alerts for r in idle),
        rings=sum(r.vigia.rings for r in busy) + scale * sum(r.vigia.rings for r in idle),
        flights_with_top=sum(len(_flights(r.vigia)) for r in busy),
        about=dict(
            Counter(a.about for r in results for a in r.vigia.alarms if a.tier is Tier.DANGER)
        ),
        peer_m=RADIUS_M,
        peer_top=round(
            sum(_top(_peer(r)) for r in busy) + scale * sum(_top(_peer(r)) for r in idle)
        ),
        cpu_s=sum(r.cpu_s for r in results),
    )


def _flights(s: RunScore) -> set[str]:
    """What was nearest when somebody was told DANGER; a flock is one flight."""
    return {
        a.about if a.about == "flock_bird" else a.about_id
        for a in s.alarms
        if a.tier is Tier.DANGER and a.about_id is not None
    }


def _top(s: RunScore) -> int:
    return sum(a.tier is Tier.DANGER for a in s.alarms)


def _peer(r: Result) -> RunScore:
    return r.peers[f"{RADIUS_M:.0f}"]
