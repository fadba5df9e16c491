"""Story -> where a person's word was lost or had the wrong effect: reports, answers, judgements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.events import (
    Acknowledged,
    Alert,
    AllClear,
    AllClearAsked,
    Fault,
    Reached,
    Sighting,
    SightingPlaced,
    TrackEnded,
    TrackJudged,
)
from vigia.run.simulate.officer import OFFICER
from vigia.run.simulate.world import seconds
from vigia.terms import EndReason, MsgType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.run.simulate.story import Story


def reports_used(story: Story) -> Iterator[str]:
    """Each report is answered once, however late; a bearing from an enrolled person counts."""
    known: dict[str, str | None] = {}
    for step in story.run.steps:
        body = step.event.body
        if not isinstance(body, Sighting):
            continue
        answers = [d.body for d in step.decisions if isinstance(d.body, SightingPlaced)]
        if len(answers) != 1 or answers[0].report_id != body.report_id:
            yield f"report {body.report_id}: {len(answers)} answers"
            continue
        placed = answers[0]
        repeat = body.report_id in known
        if placed.repeat != repeat:
            yield f"report {body.report_id}: repeat is {placed.repeat}, need {repeat}"
        enrolled = body.bearing is not None and body.person_id is not None
        if placed.track_id is None and enrolled and not repeat:
            late_s = (step.event.t_recv_ns - body.t_obs_ns) / 1e9
            yield f"report {body.report_id}: came {late_s:.1f} s late and was not used"
        first = known.get(body.refines or "")
        if first is not None and not repeat and placed.track_id is None:
            yield f"report {body.report_id}: completes {body.refines} and was not used"
        known.setdefault(body.report_id, placed.track_id)


def acknowledgements_count(story: Story) -> Iterator[str]:
    seen: set[tuple[str, str, str]] = set()
    for step in story.run.steps:
        body = step.event.body
        if not isinstance(body, Acknowledged):
            continue
        key = (body.alert_id, body.person_id, body.kind.value)
        got = [d.body for d in step.decisions if isinstance(d.body, Reached)]
        if len(got) != (key not in seen):
            yield f"acknowledgement {key}: {len(got)} decisions, need {int(key not in seen)}"
        for r in got:
            if (r.alert_id, r.person_id, r.kind.value) != key or r.t_obs_ns != body.t_obs_ns:
                yield f"acknowledgement {key}: reached {r.alert_id} {r.person_id} {r.kind.value}"
        seen.add(key)


def says_why_it_ended(story: Story) -> Iterator[str]:
    """Expiry is never all clear; an all clear has an author; and it ends everything at once."""
    open_now: dict[str, Alert] = {}
    for step in story.run.steps:
        word = step.event.body if isinstance(step.event.body, AllClear) else None
        if word is not None and word.by_person_id != OFFICER:  # not a watch officer
            word = None
            if not any(isinstance(d.body, Fault) for d in step.decisions):
                yield "an agent's all clear was not refused"
        if any(isinstance(d.body, AllClearAsked) for d in step.decisions):
            word = None  # asked back: he has not given it
        for a in (d.body for d in step.decisions if isinstance(d.body, Alert)):
            if a.msg_type is not MsgType.CANCEL:
                open_now[a.alert_id] = a
                continue
            open_now.pop(a.alert_id, None)
            clear = a.end_reason is EndReason.ALL_CLEAR
            if a.end_reason is None or clear != (a.action == "all_clear"):
                yield f"alert {a.alert_id}: ended by {a.end_reason} with action {a.action}"
            if clear != (word is not None and a.by_person_id == word.by_person_id):
                yield f"alert {a.alert_id}: all clear by {a.by_person_id}"
        if word is not None and open_now:
            yield f"all clear at {seconds(step.event.t_recv_ns):.1f} s left {sorted(open_now)} open"


def judged(story: Story) -> Iterator[str]:
    """What the watch officer calls no drone ends at once, with the alerts that rest on it."""
    open_now: dict[str, Alert] = {}
    ever: dict[str, set[str]] = {}  # all tracks an alert rested on; it may fear one it lost
    gone: set[str] = set()
    for step in story.run.steps:
        body = step.event.body
        for a in (d.body for d in step.decisions if isinstance(d.body, Alert)):
            if gone.intersection(a.track_ids) and a.msg_type is not MsgType.CANCEL:
                yield f"alert {a.alert_id}.{a.revision}: rests on what was judged no drone"
            ever.setdefault(a.alert_id, set()).update(a.track_ids)
            open_now[a.alert_id] = a
            if a.msg_type is MsgType.CANCEL:
                del open_now[a.alert_id]
        if isinstance(body, TrackJudged):
            gone.add(body.track_id)
            ended = [d.body for d in step.decisions if isinstance(d.body, TrackEnded)]
            if [(e.track_id, e.reason) for e in ended] != [(body.track_id, EndReason.FALSE)]:
                yield f"judged {body.track_id}: ended {ended}"
            for a in open_now.values():
                if ever[a.alert_id] == {body.track_id}:
                    yield f"alert {a.alert_id}: goes on although its track was no drone"
