"""Run -> Words: what each person's page showed and when; and what was sent twice or left open.

Reads only what left the core: alerts, deliveries, pages. New fields and end reasons pass.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from vigia.events import Alert, AlertsHeld, Delivery
from vigia.run.score.word import Word, Words
from vigia.run.simulate.world import seconds
from vigia.terms import Channel, EndReason, MsgType, Tier

if TYPE_CHECKING:
    from vigia.run.simulate.driver import Run


def words_of(run: Run) -> Words:
    """What the core said. A person's first page counts; his second shows the same."""
    said: list[Word] = []
    for phone in run.phones:
        if phone.device_id != phone.owner.device_id:
            continue
        said += [
            _word(seconds(shown.t_ns), phone.owner.person_id, shown.alert)
            for shown in phone.log
            if not shown.copy and shown.alert.person_id == phone.owner.person_id
        ]
    said.sort(key=lambda w: (w.t_s, w.person_id))
    last: dict[str, Alert] = {
        d.body.alert_id: d.body
        for step in run.steps
        for d in step.decisions
        if isinstance(d.body, Alert)
    }
    return Words(
        said=tuple(said),
        duplicates=_ordered_twice(run) + _shown_twice(run),
        endless=sum(a.msg_type is not MsgType.CANCEL for a in last.values()),
        t_end_s=seconds(run.t_end_ns),
    )


def _word(t_s: float, person_id: str, alert: Alert) -> Word:
    ended = alert.msg_type is MsgType.CANCEL
    return Word(
        t_s=t_s,
        person_id=person_id,
        alert_id=alert.alert_id,
        incident_id=alert.incident_id,
        tier=Tier.NONE if ended else alert.tier,
        ended=ended,
        by_officer=ended and alert.end_reason is EndReason.ALL_CLEAR,
        rings=alert.sound,
    )


def _ordered_twice(run: Run) -> int:
    """A returning page is given again what it had; that is no duplicate."""
    counts = Counter(
        d.body.delivery_id
        for s in run.steps
        if not isinstance(s.event.body, AlertsHeld)
        for d in s.decisions
        if isinstance(d.body, Delivery) and d.body.channel is Channel.PAGE
    )
    return sum(n - 1 for n in counts.values())


def _shown_twice(run: Run) -> int:
    found = 0
    for phone in run.phones:
        counts = Counter((s.alert.alert_id, s.alert.revision) for s in phone.log if not s.copy)
        found += sum(n - 1 for n in counts.values())
    return found
