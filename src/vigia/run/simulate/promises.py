"""Story -> where a promise of docs/alerts.md was broken: attack reports, cover, DANGER, words.

Knows places and sensors from the settings and the truth, not from alert/ or threat/.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from vigia.alert_terms import Via, Watched
from vigia.events import (
    Alert,
    AllClear,
    AllClearAsked,
    AttackReported,
    CoverTold,
    Observation,
    PersonMoved,
    SensorHeard,
    TrackEnded,
    Undone,
)
from vigia.run.simulate.oracle import PLACED, UNPLACED
from vigia.run.simulate.paths import distance
from vigia.run.simulate.world import ns, seconds
from vigia.terms import EndReason, Identity, MsgType, Tier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.events import SensorSite
    from vigia.geo import Enu
    from vigia.run.simulate.story import Said, Story
    from vigia.run.simulate.world import World
    from vigia.terms import Position

ATTACK_SLACK_M = 60.0  # positions are some metres off, and grow vague with age
REACH_M = 300.0  # nobody is released while an attacker that is seen is this near
AWAY_M, AWAY_S = 15.0, 10.0  # and has not gone away by so much in that time
SEEN_S = 4.0
COVER_SLACK_S = 2.5
RING_M = 500.0


def attack_reaches(story: Story) -> Iterator[str]:
    """ "Attack here" of an enrolled person puts everybody within 500 m at DANGER at once, and
    nobody far beyond; what is sent as a text message does not before the desk confirms it."""
    world, spots = story.run.world, _no_spots()
    known: set[str] = set()
    stands: dict[str, Alert] = {}  # what each alert said last
    for step in story.run.steps:
        body = step.event.body
        if isinstance(body, PersonMoved):
            spots[body.person_id] = body.position
        stood = {a.target_id for a in stands.values() if _at_danger(a)}
        said_now = [d.body for d in step.decisions if isinstance(d.body, Alert)]
        stands.update({a.alert_id: a for a in said_now})
        if not isinstance(body, AttackReported) or body.withdrawn or body.report_id in known:
            continue
        known.add(body.report_id)
        assert body.position is not None
        said = {d.body.target_id: d.body for d in step.decisions if isinstance(d.body, Alert)}
        if step.event.t_recv_ns - body.t_obs_ns >= world.settings.policy.expire_s * 1e9:
            continue
        for target, at in _where(world, spots).items():
            gap = distance(_enu(world, body.position), at)
            alert = said.get(target)
            if gap > world.settings.policy.attack_m + ATTACK_SLACK_M:
                continue
            near = gap < world.settings.policy.attack_m - ATTACK_SLACK_M
            if near and alert is None and target not in stood:
                yield f"attack {body.report_id}: {target} at {gap:.0f} m was told nothing"
            elif alert is not None and body.via is Via.PAGE and alert.tier < Tier.DANGER:
                yield f"attack {body.report_id}: {target} got {alert.tier.name}"
        far = [
            a.target_id
            for a in said.values()
            if _rests_on(a, body.report_id)
            and _gap(world, spots, body.position, a.target_id)
            > world.settings.policy.attack_m + 2.0 * ATTACK_SLACK_M
        ]
        if far:
            yield f"attack {body.report_id}: told {far}, who are far away"


def asks_before_all_clear(story: Story) -> Iterator[str]:
    """What is still tracked is named, and asked for, before an all clear ends its alerts."""
    for step in story.run.steps:
        word = step.event.body
        if not isinstance(word, AllClear):
            continue
        asked = [d.body for d in step.decisions if isinstance(d.body, AllClearAsked)]
        ends = [
            d.body
            for d in step.decisions
            if isinstance(d.body, Alert) and d.body.end_reason is EndReason.ALL_CLEAR
        ]
        at = f"all clear at {seconds(step.event.t_recv_ns):.1f} s"
        if asked and ends:
            yield f"{at}: asked back and given"
        for one in asked:
            if set(one.open) <= set(word.accepts):
                yield f"{at}: asked back although all was accepted"
        accepted = {name.removeprefix("track/") for name in word.accepts}
        drawn = _drawn(story, step.event.t_recv_ns)
        for alert in ends:
            live = drawn.intersection(alert.track_ids) - accepted
            if live and alert.action == "all_clear":
                yield f"{at}: {alert.alert_id} ended, {sorted(live)} tracked and not named"


def undo_corrects(story: Story) -> Iterator[str]:
    """Whoever was last told of a report or a raise hears at once that it was taken back."""
    last: dict[str, Alert] = {}
    for step in story.run.steps:
        body = step.event.body
        said = {d.body.alert_id: d.body for d in step.decisions if isinstance(d.body, Alert)}
        order_id = None
        if isinstance(body, Undone):
            order_id = body.order_id
        elif isinstance(body, AttackReported) and body.withdrawn:
            order_id = body.report_id
        if order_id is not None:
            for alert_id, alert in last.items():
                open_ = alert.msg_type is not MsgType.CANCEL
                if open_ and _rests_on(alert, order_id) and alert_id not in said:
                    yield f"alert {alert_id}: not told that {order_id} was taken back"
        last |= said


def _at_danger(alert: Alert) -> bool:
    """Another press of a report that stands rings nobody who is in cover already."""
    return alert.msg_type is not MsgType.CANCEL and alert.tier is Tier.DANGER


def _rests_on(alert: Alert, order_id: str) -> bool:
    return alert.grounds is not None and alert.grounds.order_id == order_id


def danger_holds(story: Story) -> Iterator[str]:
    """Nobody at DANGER is released by silence, nor while an attacker that is seen is within
    reach. Persons may release: by all clear, not a drone, undo."""
    by_word = {EndReason.ALL_CLEAR, EndReason.FALSE, EndReason.WITHDRAWN, EndReason.FRIENDLY}
    none = {
        d.body.track_id: step.event.t_recv_ns
        for step in story.run.steps
        for d in step.decisions
        if isinstance(d.body, TrackEnded) and d.body.reason is EndReason.FALSE
    }
    for alert_id, revisions in story.by_alert.items():
        for before, after in pairwise(revisions):
            a = after.alert
            if before.alert.tier is not Tier.DANGER or before.alert.msg_type is MsgType.CANCEL:
                continue
            ended = a.msg_type is MsgType.CANCEL
            if ended and a.end_reason in by_word | {EndReason.UNKNOWN_AFTER_RESTART}:
                continue
            if not ended and (a.tier is Tier.DANGER or _by_person(after)):
                continue
            if any(before.t_ns <= none.get(t, 0) <= after.t_ns for t in before.alert.track_ids):
                continue  # somebody said that it was no drone
            if ended and a.end_reason is EndReason.EXPIRED:
                if a.action != "not_confirmed_gone":
                    yield f"alert {alert_id}: DANGER expired with {a.action}"
                continue
            near = _near_and_seen(story, a.person_id, after.t_ns)
            if near is not None:
                how = f"fell to {a.tier.name}" if not ended else f"ended {a.end_reason}"
                yield f"alert {alert_id}: {how} at {seconds(after.t_ns):.1f} s, {near}"


def tells_how_posts_are_watched(story: Story) -> Iterator[str]:
    """A post of which no sensor has been heard for its time is told blind, one whose sensor is
    heard is not."""
    policy = story.run.world.settings.policy
    heard: dict[str, int] = {}
    told: dict[str, CoverTold] = {}
    slack = round(COVER_SLACK_S * 1e9)
    for step in story.run.steps:
        body, now = step.event.body, step.event.t_recv_ns
        if isinstance(body, Observation | SensorHeard):
            heard[body.sensor_id] = now
        for d in step.decisions:
            if isinstance(d.body, CoverTold):
                told[d.body.target_id] = d.body
        if now - ns(0.0) < 3 * slack or story.near_crash(now, margin_s=8.0):
            continue
        for post in story.run.world.settings.posts:
            known = told.get(f"post/{post.post_id}")
            if known is None:
                yield f"{post.name}: nothing said of how it is watched"
                return
            blind = known.watched not in {Watched.WATCHED, Watched.PARTLY}
            ages = [
                (now - heard.get(s.sensor_id, 0), _limit_ns(s, policy.prove_s))
                for s in _around(story.run.world, post.position)
            ]
            at = f"{post.name} at {seconds(now):.1f} s"
            if not blind and all(age > limit + slack for age, limit in ages):
                yield f"{at}: told {known.watched.value}, nothing heard"
                return
            sure = _around(story.run.world, post.position, sure=True)
            if blind and any(
                now - heard.get(s.sensor_id, 0) < _limit_ns(s, policy.prove_s) - slack
                for s in sure
                if slack < now - heard.get(s.sensor_id, 0)
            ):
                yield f"{at}: told {known.watched.value}, a sensor is heard"
                return


def machine_says_suspect_at_most(story: Story) -> Iterator[str]:
    """Hostile needs an attack report or a named person; friend is never the machine's word."""
    attacked = False
    for step in story.run.steps:
        attacked |= isinstance(step.event.body, AttackReported)
        for a in (d.body for d in step.decisions if isinstance(d.body, Alert)):
            if a.identity is Identity.FRIEND or (a.identity is Identity.HOSTILE and not attacked):
                yield f"alert {a.alert_id}.{a.revision}: calls it {a.identity.value}"


def _no_spots() -> dict[str, Position]:
    return {}


def _by_person(said: Said) -> bool:
    """An undo, a judgement or a mark caused this very revision."""
    return type(said.step.event.body).__name__ in {
        "Undone", "AttackReported", "TrackJudged", "MarkedFriendly", "Sighting",
    }  # fmt: skip


def _near_and_seen(story: Story, person_id: str | None, t_ns: int) -> str | None:
    person = next((p for p in story.run.world.people if p.person_id == person_id), None)
    if person is None:
        return None
    t = seconds(t_ns)
    seen = {
        k.flyer_id
        for r in story.received
        for k in r.emission.looks
        if k.kind in PLACED and k.healthy and t - SEEN_S <= k.t_s <= t
    }
    for flyer in story.run.world.flyers:
        his = flyer.target == person_id  # others may fly by
        if (person_id, flyer.flyer_id) in _unplaced(story):
            continue
        if not his or flyer.flyer_id not in seen or not flyer.path.exists(t):
            continue
        gap = distance(flyer.path.at(t), person.path.at(t))
        before = distance(flyer.path.at(t - AWAY_S), person.path.at(t - AWAY_S))
        if gap < REACH_M and gap - before < AWAY_M:
            return f"{flyer.flyer_id} {gap:.0f} m away, {before:.0f} m before"
    return None


def _unplaced(story: Story) -> set[tuple[str, str]]:
    """People the watch thought to be elsewhere when this drone came."""
    return {(d.person_id, d.flyer_id) for d in story.dangers if d.evidence == UNPLACED}


def _drawn(story: Story, t_ns: int) -> set[str]:
    """Tracks of the last picture before, if it is fresh."""
    last = [(t, rows) for t, rows in story.pictures if t < t_ns and t_ns - t <= 1_200_000_000]
    ended = {k for k, t in story.ended.items() if t <= t_ns}
    if not last:
        return set()
    return {bytes(row).decode() for row in last[-1][1]["track_id"]} - ended


def _limit_ns(sensor: SensorSite, prove_s: float) -> int:
    limit_s = prove_s if sensor.silent_after_s is None else sensor.silent_after_s
    return round(limit_s * 1e9)


def _around(world: World, at: Position, *, sure: bool = False) -> list[SensorSite]:
    """Sensors that may reach a place; sure: in all directions, whatever ring is meant."""
    here = _enu(world, at)
    return [
        s
        for s in world.settings.sensors
        if s.position is not None
        and distance(_enu(world, s.position), here) <= s.range_max_m + (-RING_M if sure else RING_M)
    ]


def _where(world: World, spots: dict[str, Position]) -> dict[str, Enu]:
    posts = {p.post_id: _enu(world, p.position) for p in world.settings.posts}
    found = {f"post/{k}": at for k, at in posts.items()}
    for person in world.people:
        if person.person_id in spots:
            found[f"person/{person.person_id}"] = _enu(world, spots[person.person_id])
        elif person.post_id in posts:
            found[f"person/{person.person_id}"] = posts[person.post_id]
    return found


def _gap(world: World, spots: dict[str, Position], at: Position, target_id: str) -> float:
    there = _where(world, spots).get(target_id)
    return math.inf if there is None else distance(_enu(world, at), there)


def _enu(world: World, p: Position) -> Enu:
    return world.site.to_enu(lat_deg=p.lat_deg, lon_deg=p.lon_deg, alt_hae_m=p.alt_hae_m or 0.0)
