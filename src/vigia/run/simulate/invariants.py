"""Story -> Violations: what must hold in every world. docs/simulation.md says why each rule.

A rule is a function that yields what is wrong in words; RULES lists them by name.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from vigia.events import (
    Alert,
    AlertsHeld,
    AttackReported,
    Delivery,
    MarkedFriendly,
    SightingPlaced,
    TrackJudged,
    Undone,
)
from vigia.run.simulate.heard import (
    acknowledgements_count,
    judged,
    reports_used,
    says_why_it_ended,
)
from vigia.run.simulate.likeness import (
    arrives_as_said,
    drones_in_picture,
    points_the_right_way,
    tells_when_it_was_seen,
)
from vigia.run.simulate.promises import (
    asks_before_all_clear,
    attack_reaches,
    danger_holds,
    machine_says_suspect_at_most,
    tells_how_posts_are_watched,
    undo_corrects,
)
from vigia.run.simulate.reaching import reached_or_called, same_people
from vigia.run.simulate.story import stands
from vigia.run.simulate.world import ns, seconds
from vigia.terms import EndReason, Mark, MsgType, Tier
from vigia.tracktable import MARKS, TrackFlag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vigia.run.simulate.story import Said, Story
    from vigia.run.simulate.world import World

EXPIRY_SLACK_S = 12.0  # a drone that shows itself for a moment between two updates
TWO_AT_ONCE_S = 4.0  # a returning page is told to drop the old one
PICTURE_S = 2.5
ALERTS_AN_INCIDENT_MAX = 3


# what a person says may lower a tier at once
_WORDS = (TrackJudged, AttackReported, Undone, MarkedFriendly)


class Violation(msgspec.Struct, frozen=True):
    rule: str
    what: str


def check(story: Story) -> list[Violation]:
    """Every rule on one world; empty when all hold."""
    return [Violation(name, what) for name, rule in RULES.items() for what in rule(story)]


# ---- nobody goes unwarned ------------------------------------------------------------------------


def warned(story: Story) -> Iterator[str]:
    """Who could be warned stands warned when the drone arrives."""
    for danger in story.dangers:
        if danger.demanded is Tier.NONE:
            continue
        last = story.last_before(danger.person_id, ns(danger.t_arrive_s))
        if stands(last) < danger.demanded:
            got = "nothing" if last is None else f"{last.alert.msg_type.name} {stands(last).name}"
            yield (
                f"{danger.person_id}: {danger.behaviour} {danger.flyer_id} arrived at "
                f"{danger.t_arrive_s:.1f} s ({danger.evidence}): got {got}, need "
                f"{danger.demanded.name}"
            )
        elif last is not None and not any(d.person_id == danger.person_id for d in last.deliveries):
            yield f"{danger.person_id}: alert {last.alert.alert_id} left without a delivery"


def ends(story: Story) -> Iterator[str]:
    """No alert without end, none open past its own expiry."""
    slack = round(EXPIRY_SLACK_S * 1e9)
    for alert_id, revisions in story.by_alert.items():
        last = revisions[-1]
        if last.alert.msg_type is not MsgType.CANCEL:
            yield f"alert {alert_id}: still open at the end ({last.alert.tier.name})"
        for before, after in pairwise(s for s in revisions if not _adopted(s)):
            late = after.t_ns - before.alert.t_expires_ns
            if late > slack and not story.near_crash(before.alert.t_expires_ns, margin_s=10.0):
                yield f"alert {alert_id}: went on {late / 1e9:.1f} s after its expiry"


# ---- once, to the right people -------------------------------------------------------------------


def delivered_once(story: Story) -> Iterator[str]:
    counts = Counter(
        d.body.delivery_id
        for s in story.run.steps
        if not isinstance(s.event.body, AlertsHeld)
        for d in s.decisions
        if isinstance(d.body, Delivery)
    )
    for delivery_id, n in counts.items():
        if n > 1:
            yield f"delivery {delivery_id}: ordered {n} times"
    for phone in story.run.phones:
        fresh = Counter((s.alert.alert_id, s.alert.revision) for s in phone.log if not s.copy)
        for key, n in fresh.items():
            if n > 1:
                yield f"{phone.device_id}: showed {key} {n} times"


def one_alert_at_a_time(story: Story) -> Iterator[str]:
    """A page never shows two alerts of one mark for long: a raid is one alert."""
    for phone in story.run.phones:
        held: dict[str, tuple[Mark, int]] = {}
        for shown in phone.log:
            alert = shown.alert
            if alert.msg_type is MsgType.CANCEL:
                held.pop(alert.alert_id, None)
            else:
                held.setdefault(alert.alert_id, (alert.mark, shown.t_ns))
            _, since = held.get(alert.alert_id, (alert.mark, shown.t_ns))
            others = [t for a, (m, t) in held.items() if a != alert.alert_id and m is alert.mark]
            if not others or story.near_crash(shown.t_ns, margin_s=TWO_AT_ONCE_S):
                continue
            if shown.t_ns - max(max(others), since) > TWO_AT_ONCE_S * 1e9:
                at = f"{seconds(shown.t_ns):.1f} s"
                yield f"{phone.device_id}: two alerts at {at}: {sorted(held)}"


def pages_agree(story: Story) -> Iterator[str]:
    """In the end an open page shows what the watch holds, and nothing else."""
    for phone in story.run.phones:
        if not phone.online:
            continue
        mine = {
            alert_id
            for alert_id, revisions in story.by_alert.items()
            if revisions[-1].alert.msg_type is not MsgType.CANCEL
            and revisions[-1].alert.person_id == phone.owner.person_id
        }
        for alert_id in set(phone.held) - mine:
            yield f"{phone.device_id}: still shows {alert_id}, which has ended"


# ---- content -------------------------------------------------------------------------------------


def marked(story: Story) -> Iterator[str]:
    """What derives from simulated input says so, on every alert, delivery and track; and nothing
    real is mixed with it. The cancel of an alert that nobody knows any more derives from what
    the page said, not from a track."""
    world = story.run.world
    beside_real = world.input_mark is not world.output_mark
    for step in story.run.steps:
        if beside_real and isinstance(step.event.body, AlertsHeld):
            continue
        marks = {d.body.alert_id: d.body for d in step.decisions if isinstance(d.body, Alert)}
        for a in marks.values():
            if a.mark is not _mark_due(world, "person" in a.sources, a.sources):
                yield f"alert {a.alert_id}.{a.revision}: {a.sources} marked {a.mark.value}"
        for d in step.decisions:
            a = marks.get(d.body.alert_id) if isinstance(d.body, Alert | Delivery) else None
            if a is not None and d.mark is not a.mark:
                yield f"{type(d.body).__name__} in seq {d.seq}: envelope marked {d.mark.value}"
            if isinstance(d.body, SightingPlaced) and d.mark is not world.input_mark:
                yield f"SightingPlaced in seq {d.seq}: envelope marked {d.mark.value}"
    for t_ns, rows in story.pictures:
        for row in rows:
            human = bool(int(row["flags"]) & TrackFlag.HUMAN)
            due = _mark_due(world, human, ())
            if MARKS[int(row["mark"])] != due.value:
                yield f"picture at {seconds(t_ns):.1f} s: a track of {due.value} marked otherwise"


def _mark_due(world: World, human: bool, sources: tuple[str, ...]) -> Mark:
    """Beside real people, simulated sensors are an exercise and what people see is actual."""
    if world.input_mark is world.output_mark or not human:
        return world.output_mark
    return world.input_mark if sources in ((), ("person",)) else world.output_mark


def tiers_move_as_said(story: Story) -> Iterator[str]:
    """Rises ring and come at once; revisions only go up. A fall waits hold_s, unless the evidence
    is as old as it may get or the watch officer knows better."""
    policy = story.run.world.settings.policy
    words = [s.event.t_recv_ns for s in story.run.steps if isinstance(s.event.body, _WORDS)]
    for alert_id, revisions in story.by_alert.items():
        own = [s for s in revisions if not _adopted(s)]
        if not own:
            continue
        first = own[0].alert
        if not (first.msg_type is MsgType.ALERT and first.sound):
            yield f"alert {alert_id}: began with {first.msg_type.name}, sound {first.sound}"
        t_high, cause = own[0].t_ns, first.t_cause_ns
        for before, after in pairwise(own):
            b, a = before.alert, after.alert
            if a.revision <= b.revision:
                yield f"alert {alert_id}: revision {a.revision} after {b.revision}"
            if b.msg_type is MsgType.CANCEL:
                yield f"alert {alert_id}: goes on after its cancel"
            if a.msg_type is MsgType.CANCEL:
                continue
            held_s = (after.t_ns - t_high) / 1e9
            if a.tier > b.tier:
                t_high, cause = after.t_ns, a.t_cause_ns
                if not a.sound:
                    yield f"alert {alert_id}: rose to {a.tier.name} in silence"
            elif a.tier < b.tier and held_s < policy.hold_s:
                expired = after.t_ns - cause >= policy.expire_s * 1e9
                if not expired and not any(t_high <= t <= after.t_ns for t in words):
                    yield f"alert {alert_id}: fell to {a.tier.name} after {held_s:.1f} s"


def no_flapping(story: Story) -> Iterator[str]:
    """The same drone does not begin alert after alert for one person."""
    begun: dict[tuple[str, str], int] = {}
    for said in story.said:
        a = said.alert
        if a.msg_type is MsgType.ALERT:
            key = (a.target_id, a.incident_id)
            begun[key] = begun.get(key, 0) + 1
    for (target, incident), n in begun.items():
        if n > ALERTS_AN_INCIDENT_MAX:
            yield f"{target}: {n} alerts of incident {incident}"


def times_in_order(story: Story) -> Iterator[str]:
    for said in story.said:
        a = said.alert
        if not a.t_cause_ns <= a.t_decided_ns <= a.t_expires_ns:
            yield (
                f"alert {a.alert_id}.{a.revision}: T0 {seconds(a.t_cause_ns):.2f}, "
                f"T1 {seconds(a.t_decided_ns):.2f}, expires {seconds(a.t_expires_ns):.2f}"
            )
        if a.t_decided_ns != said.t_ns:
            yield f"alert {a.alert_id}.{a.revision}: T1 is not when it was decided"


def live_tracks(story: Story) -> Iterator[str]:
    """An alert refers to tracks that live and are in the picture."""
    for said in story.said:
        a = said.alert
        silent = a.grounds is not None and a.grounds.rule == "overdue"  # and says so
        fresh = a.action in {"be_aware", "get_ready", "take_cover"} and not silent
        if a.msg_type is MsgType.CANCEL or not fresh:
            continue
        if not a.track_ids and not (a.grounds is not None and a.grounds.order_id):
            yield f"alert {a.alert_id}.{a.revision}: no track"
        if story.near_crash(said.t_ns, margin_s=PICTURE_S):
            continue
        window = round(PICTURE_S * 1e9)
        drawn = {
            bytes(row).decode()
            for t, rows in story.pictures
            if abs(t - said.t_ns) <= window
            for row in rows["track_id"]
        }
        for track_id in a.track_ids:
            t_end = story.ended.get(track_id)
            if t_end is not None and t_end < said.t_ns:
                yield f"alert {a.alert_id}.{a.revision}: track {track_id} had ended"
            short = t_end is not None and t_end - said.t_ns <= window  # over before it was drawn
            if track_id not in drawn and not short:
                yield f"alert {a.alert_id}.{a.revision}: track {track_id} is in no picture"


def _adopted(said: Said) -> bool:
    """Only tells a returning page that its alert is unknown or over."""
    return said.alert.end_reason is EndReason.UNKNOWN_AFTER_RESTART


RULES: dict[str, Callable[[Story], Iterator[str]]] = {
    rule.__name__: rule
    for rule in (
        warned, ends, delivered_once, one_alert_at_a_time, same_people, pages_agree, marked,
        tiers_move_as_said, no_flapping, times_in_order, says_why_it_ended, judged, live_tracks,
        reports_used, acknowledgements_count, points_the_right_way, arrives_as_said,
        drones_in_picture, tells_when_it_was_seen, attack_reaches, asks_before_all_clear,
        undo_corrects, danger_holds, tells_how_posts_are_watched, machine_says_suspect_at_most,
        reached_or_called,
    )
}  # fmt: skip
