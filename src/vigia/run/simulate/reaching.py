"""Story -> where a promise of docs/reach.md was broken: channels, answers in time, the radio desk.

Works from settings, inputs and deliveries alone; nothing here knows delivery/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.events import Acknowledged, Alert, Delivery, HandedOver
from vigia.events_reach import NotReached
from vigia.run.simulate.channels import OF_PEOPLE
from vigia.run.simulate.world import seconds
from vigia.terms import Channel, EndReason, MsgType, Tier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.run.simulate.driver import Step
    from vigia.run.simulate.story import Story

SLACK_S = 1.5  # the core looks once a second


def same_people(story: Story) -> Iterator[str]:
    """Every revision goes to a person's own pages; his position to no channel that others read.
    An update or an end goes to other channels only if they were given the alert before, and an
    end to all that took it."""
    took = _took(story)
    exists = set(story.run.world.settings.channels) | {Channel.RADIO}
    for alert_id, revisions in story.by_alert.items():
        given: set[Channel] = set()
        for said in revisions:
            a, got = said.alert, [d.channel for d in said.deliveries]
            if a.person_id is not None and a.target_id != f"person/{a.person_id}":
                yield f"alert {alert_id}: target {a.target_id} but person {a.person_id}"
            name = f"alert {alert_id}.{a.revision}"
            theirs = {Channel.PAGE, Channel.RADIO, *OF_PEOPLE}
            wrong = [c for c in got if (c in theirs) is (a.person_id is None) or c not in exists]
            if wrong or any(d.person_id != a.person_id for d in said.deliveries):
                yield f"{name}: delivered by {[c.value for c in got]} to {a.target_id}"
            if len(set(got)) != len(got):
                yield f"{name}: twice to one channel"
            if a.person_id is not None and Channel.PAGE not in got:
                yield f"{name}: not to his page"
            if a.person_id is None and Channel.COT in exists and Channel.COT not in got:
                yield f"{name}: not to TAK"
            if a.msg_type is MsgType.CANCEL and len(revisions) > 1:
                late = set(got) - given - {Channel.PAGE}
                # An end after a restart may go anywhere: the courier knows who was given what.
                if late and a.end_reason is not EndReason.UNKNOWN_AFTER_RESTART:
                    yield f"{name}: ends where it never was: {sorted(c.value for c in late)}"
                had = {c for t, c in took.get(alert_id, ()) if t < said.t_ns}
                missed = had - set(got) - {Channel.PAGE}
                if missed:
                    yield f"{name}: not ended for {sorted(c.value for c in missed)}"
            given |= set(got) | _between(story, alert_id)
        if len({s.alert.target_id for s in revisions}) > 1:
            yield f"alert {alert_id}: changed its target"


class _Owed(msgspec.Struct):
    """One alert that needs an answer, from the revision on that first said so."""

    tier: Tier
    revision: int
    t_ns: int


def reached_or_called(story: Story) -> Iterator[str]:
    """Without an answer for answer_s, a warned person is on the radio desk's list, and every
    channel that he has was tried before nobody tries any more."""
    reach = story.run.world.settings.reach
    limit_ns = round((reach.answer_s + SLACK_S) * 1e9)
    owed: dict[str, _Owed] = {}
    for step in story.run.steps:
        now = step.event.t_recv_ns
        for alert_id, one in list(owed.items()):
            if now - one.t_ns > limit_ns:
                del owed[alert_id]
                if not story.near_crash(now, margin_s=reach.answer_s + SLACK_S):
                    t = seconds(one.t_ns)
                    yield f"alert {alert_id}.{one.revision} of {t:.1f} s: no answer, nobody calls"
        _settle(step, owed)


def _settle(step: Step, owed: dict[str, _Owed]) -> None:
    body = step.event.body
    if isinstance(body, Acknowledged):
        one = owed.get(body.alert_id)
        if one is not None and body.revision >= one.revision:
            one.t_ns = 1 << 62  # answered; a higher tier asks again
    for d in step.decisions:
        match d.body:
            case Alert(person_id=str()) as a:
                known = owed.get(a.alert_id)
                if a.msg_type is MsgType.CANCEL or a.tier < Tier.WARNING:
                    owed.pop(a.alert_id, None)
                elif known is None or a.tier > known.tier:
                    owed[a.alert_id] = _Owed(a.tier, a.revision, step.event.t_recv_ns)
            case NotReached(over=False) as n:
                if n.alert_id in owed:
                    owed[n.alert_id].t_ns = 1 << 62
            case _:
                pass


def _took(story: Story) -> dict[str, list[tuple[int, Channel]]]:
    """When which channel took an alert. To be told by radio is another matter."""
    found: dict[str, list[tuple[int, Channel]]] = {}
    for step in story.run.steps:
        body = step.event.body
        if isinstance(body, HandedOver) and body.failed is None:
            channel = Channel(body.delivery_id.rpartition(".")[2])
            if channel is not Channel.RADIO:
                found.setdefault(body.alert_id, []).append((step.event.t_recv_ns, channel))
    return found


def _between(story: Story, alert_id: str) -> set[Channel]:
    """Channels it was given to later than with a revision: for want of an answer."""
    return {
        d.body.channel
        for step in story.run.steps
        for d in step.decisions
        if isinstance(d.body, Delivery) and d.body.alert_id == alert_id
    }
