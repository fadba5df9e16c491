"""The same run's published tracks -> what a peer would have said: alert everyone within R of
any confirmed track.

That is what systems do that show a geofence around a track. It gets the same tracker, the same
classes (birds and crewed aircraft do not count), the same positions of people and a decent hold,
so that it neither flickers nor stays for ever. It has one tier, which counts as the top one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.events import PersonMoved, Tick, TracksPublished
from vigia.geo import Enu
from vigia.run.score.word import Word, Words
from vigia.run.simulate.paths import distance
from vigia.run.simulate.world import seconds
from vigia.terms import Role, Tier, TrackStatus
from vigia.tracktable import Fix, published_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vigia.run.simulate.driver import Run
    from vigia.run.simulate.world import World

RADII_M = (300.0, 500.0, 1000.0, 2000.0)
RADIUS_M = 1000.0  # of the table: the best of them, see docs/score.md
HOLD_S = 15.0  # an alert ends this long after the last track within R
P_DRONE_MIN = 0.1
SHOWN_S = 0.15  # from the picture to the page


class _Person:
    """Where the peer believes him, and what it told him last."""

    def __init__(self, person_id: str, at: Enu | None) -> None:
        self.person_id = person_id
        self.at = at
        self.t_near_s = -math.inf
        self.alerts = 0
        self.open = False


def baseline_words(run: Run, *, radius_m: float) -> Words:
    """One revision when a track comes within R, one when none has been for HOLD_S."""
    people = _people(run.world)
    said: list[Word] = []
    drones: list[Enu] = []
    t_s = 0.0
    for step in run.steps:
        t_s = seconds(step.event.t_recv_ns)
        body = step.event.body
        if isinstance(body, PersonMoved) and body.person_id in people:
            p = body.position
            people[body.person_id].at = run.world.site.to_enu(
                lat_deg=p.lat_deg, lon_deg=p.lon_deg, alt_hae_m=p.alt_hae_m or 0.0
            )
        for decision in step.decisions:
            if isinstance(decision.body, TracksPublished):
                drones = _drones(run.world, decision.body)
        if isinstance(body, Tick):  # no picture comes while there is nothing to show
            said += _all(people.values(), drones, radius_m=radius_m, t_s=t_s)
    said += _all(people.values(), [], radius_m=radius_m, t_s=t_s + HOLD_S)
    return Words(said=tuple(said), duplicates=0, endless=0, t_end_s=t_s)


def _all(
    people: Iterable[_Person], drones: list[Enu], *, radius_m: float, t_s: float
) -> list[Word]:
    return [w for p in people for w in _judge(p, drones, radius_m=radius_m, t_s=t_s)]


def _judge(p: _Person, drones: list[Enu], *, radius_m: float, t_s: float) -> list[Word]:
    if p.at is not None and any(distance(d, p.at) <= radius_m for d in drones):
        p.t_near_s = t_s
        if p.open:
            return []
        p.open, p.alerts = True, p.alerts + 1
        return [_say(p, Tier.DANGER, t_s)]
    if p.open and t_s - p.t_near_s >= HOLD_S:
        p.open = False
        return [_say(p, Tier.NONE, t_s)]
    return []


def _say(p: _Person, tier: Tier, t_s: float) -> Word:
    name = f"{p.person_id}.{p.alerts}"
    ended = tier is Tier.NONE
    return Word(t_s + SHOWN_S, p.person_id, name, name, tier, ended, False, not ended)


def _drones(world: World, body: TracksPublished) -> list[Enu]:
    """Where confirmed tracks are that may be drones."""
    rows = published_rows(body.data)
    keep = rows[
        (rows["status"] == TrackStatus.CONFIRMED)
        & (rows["fix"] == Fix.POSITION)
        & (rows["p_drone"] >= P_DRONE_MIN)
    ]
    return [
        world.site.to_enu(
            lat_deg=float(r["lat_deg"]),
            lon_deg=float(r["lon_deg"]),
            alt_hae_m=float(r["alt_hae_m"]),
        )
        for r in keep
    ]


def _people(world: World) -> dict[str, _Person]:
    at_post: dict[str, Enu] = {}
    for post in world.settings.posts:
        p = post.position
        at_post[post.post_id] = world.site.to_enu(
            lat_deg=p.lat_deg, lon_deg=p.lon_deg, alt_hae_m=p.alt_hae_m or 0.0
        )
    return {
        p.person_id: _Person(p.person_id, at_post.get(p.post_id or ""))
        for p in world.people
        if p.role is Role.AGENT
    }
