"""Story -> where the words or the picture differ from the truth: places, directions, times.

Tolerances are wide (sensors err honestly); a wrong sign, unit or axis is far outside them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.events import Observation, Sighting
from vigia.geo import angle_diff_deg, bearing_deg_true
from vigia.run.simulate.oracle import PLACED
from vigia.run.simulate.paths import distance
from vigia.run.simulate.world import ns, seconds
from vigia.terms import MsgType, Tier
from vigia.tracktable import Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from vigia.run.simulate.oracle import Danger
    from vigia.run.simulate.story import Said, Story
    from vigia.run.simulate.world import Flyer, Walker

RANGING = frozenset({"sensor/radar", "sensor/remote_id"})  # others give no distance
DIRECTION_DEG = 35.0
RANGE_SHARE, RANGE_SLACK_M = 0.35, 80.0
FAR_M = 120.0  # nearer, directions mean little
SETTLED_NS = 3_000_000_000  # an alert from its first plots may still turn
COASTED_NS = 3_000_000_000  # a place extrapolated this long may be elsewhere by now
PICTURE_LOOKS, PICTURE_S, PICTURE_M = 5, 5.0, 120.0
COURSE_MPS, COURSE_S = 18.0, 8.0  # a drone that flew straight so long is drawn flying so
ALONE_M = 150.0
ARRIVAL_SLACK_S = 3.0


def points_the_right_way(story: Story) -> Iterator[str]:
    """A WARNING or DANGER about a plain drone names the direction and range of something true."""
    told: set[tuple[str, int]] = set()
    for danger, said in _about_plain(story):
        a = said.alert
        young = said.t_ns - story.by_alert[a.alert_id][0].t_ns < SETTLED_NS
        if young or (a.alert_id, a.revision) in told:
            continue
        if a.bearing_deg_true is None or a.range_m is None or a.range_m < FAR_M:
            continue
        if said.t_ns - a.t_cause_ns > COASTED_NS:
            continue
        person = _person(story, danger)
        t = seconds(said.t_ns)
        here = person.path.at(t)
        best: list[str] = []
        for flyer in story.run.world.flyers:
            at = flyer.path.at(t)
            true_m = distance(here, at)
            true_deg = bearing_deg_true(de_m=at.e_m - here.e_m, dn_m=at.n_m - here.n_m)
            off = abs(angle_diff_deg(a.bearing_deg_true, true_deg))
            near = abs(a.range_m - true_m) <= RANGE_SHARE * true_m + RANGE_SLACK_M
            if off <= DIRECTION_DEG and near:
                break
            best.append(f"{flyer.flyer_id} {true_deg:.0f}°/{true_m:.0f} m")
        else:
            told.add((a.alert_id, a.revision))
            yield (
                f"alert {a.alert_id}.{a.revision} at {t:.1f} s: says "
                f"{a.bearing_deg_true:.0f}°/{a.range_m:.0f} m, true are {', '.join(best)}"
            )


def arrives_as_said(story: Story) -> Iterator[str]:
    """The announced earliest arrival is never later than the true one."""
    slack = round(ARRIVAL_SLACK_S * 1e9)
    for danger, said in _about_plain(story):
        a = said.alert
        late = (a.t_earliest_ns or 0) - ns(danger.t_arrive_s)
        if said.t_ns > ns(danger.t_arrive_s - 6.0) and late > slack:
            yield (
                f"alert {a.alert_id}.{a.revision}: earliest {seconds(a.t_earliest_ns or 0):.1f} s, "
                f"came at {danger.t_arrive_s:.1f} s"
            )


def drones_in_picture(story: Story) -> Iterator[str]:
    """A drone that sensors just saw several times is drawn near where it is, hovering or not."""
    looks = [
        (r.t_s, look)
        for r in story.received
        for look in r.emission.looks
        if look.kind in PLACED and look.healthy
    ]
    for flyer in story.run.world.flyers:
        if flyer.kind != "drone":
            continue
        own = [(t, k) for t, k in looks if k.flyer_id == flyer.flyer_id]
        for t_ns, rows in story.pictures:
            t = seconds(t_ns)
            recent = {k.t_s for got, k in own if got <= t - 0.2 and k.t_s >= t - PICTURE_S}
            if len(recent) < PICTURE_LOOKS or story.near_crash(t_ns, margin_s=PICTURE_S):
                continue
            near = min(rows, key=lambda row: _miss(story, flyer, row), default=None)
            name = f"{flyer.flyer_id} ({flyer.behaviour})"
            if near is None or _miss(story, flyer, near) > PICTURE_M:
                yield f"picture at {t:.1f} s: {name} drawn far off or not at all"
            elif (
                _wrong_mps(flyer, near) > COURSE_MPS
                and flyer.path.steady(t, COURSE_S)
                and _alone(story, flyer, t)
            ):
                off = _wrong_mps(flyer, near)
                yield f"picture at {t:.1f} s: {name} drawn with a velocity {off:.0f} m/s off"


def tells_when_it_was_seen(story: Story) -> Iterator[str]:
    """A track's last observation is one that was given, at its own time: completing a report
    later, or receiving it late, makes no newer observation."""
    given: set[int] = set()
    known: set[str] = set()
    for step in story.run.steps:
        body = step.event.body
        if isinstance(body, Observation):
            t_recv = step.event.t_recv_ns  # a clock ahead of ours is set back to it
            given.update(min(int(t), t_recv) for t in body.scan.rows()["t_obs_ns"])
        elif isinstance(body, Sighting):
            if body.refines not in known:  # an addition that overtook its report is one
                given.add(min(body.t_obs_ns, step.event.t_recv_ns))
            known.add(body.report_id)
    told: set[int] = set()
    for t_ns, rows in story.pictures:
        for row in rows:
            t_last = int(row["t_last_ns"])
            if t_last not in given and t_last not in told:
                told.add(t_last)
                at = f"{seconds(t_ns):.1f} s"
                yield f"picture at {at}: a track last seen at {seconds(t_last):.3f} s"


def _about_plain(story: Story) -> Iterator[tuple[Danger, Said]]:
    """Revisions for people before the arrival of a drone that was plain to see."""
    for danger in story.dangers:
        if danger.demanded is not Tier.DANGER:
            continue
        for said in story.said:
            a = said.alert
            before = ns(danger.t_arrive_s) - said.t_ns
            if (
                a.person_id == danger.person_id
                and a.msg_type is not MsgType.CANCEL
                and a.tier >= Tier.WARNING
                and a.confirmed
                and not RANGING.isdisjoint(a.sources)
                and 0 < before < 40e9
            ):
                yield danger, said


def _person(story: Story, danger: Danger) -> Walker:
    return next(p for p in story.run.world.people if p.person_id == danger.person_id)


def _miss(story: Story, flyer: Flyer, row: np.void) -> float:
    if int(row["fix"]) != Fix.POSITION:
        return math.inf
    at = story.run.world.site.to_enu(
        lat_deg=float(row["lat_deg"]),
        lon_deg=float(row["lon_deg"]),
        alt_hae_m=float(row["alt_hae_m"]),
    )
    return distance(at, flyer.path.at(seconds(int(row["t_ns"]))))


def _alone(story: Story, flyer: Flyer, t_s: float) -> bool:
    """Nothing else near: where paths cross, an honest tracker may take one for the other."""
    here = flyer.path.at(t_s)
    return all(
        distance(here, other.path.at(t_s)) > ALONE_M
        for other in story.run.world.flyers
        if other is not flyer
    )


def _wrong_mps(flyer: Flyer, row: np.void) -> float:
    v = flyer.path.velocity(seconds(int(row["t_ns"])))
    course, speed = math.radians(float(row["course_deg_true"])), float(row["speed_mps"])
    return math.hypot(speed * math.sin(course) - v.e_m, speed * math.cos(course) - v.n_m)
