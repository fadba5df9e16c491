"""Marks and a viewer -> what his timeline shows."""

from __future__ import annotations

from vigia.alert_terms import Watched
from vigia.events import CoverTold
from vigia.run.past.ask import (
    ActOut,
    EpisodeOut,
    LostOut,
    SeenOut,
    Step,
    TimelineAsk,
    TimelineOut,
)
from vigia.run.past.marks import Mark, Marks
from vigia.run.past.span import view_of
from vigia.run.settings_access import Share
from vigia.run.sharing import Eyes, Viewer
from vigia.run.view import View

EPISODES_MAX = 2_000
SIGHTINGS_MAX = 5_000
ACTS_MAX = 2_000
STEPS_MAX = 100


def timeline(marks: Marks, ask: TimelineAsk) -> TimelineOut:
    asker = ask.asker
    view = view_of(asker, marks, ask.now_ns)
    eyes = Eyes(view, asker.access)
    found = marks.between(ask.since_ns, ask.now_ns)
    seen = [
        SeenOut(m.t_ns // 1_000_000, m.name)
        for m in found
        if m.what == "Sighting" and m.open and _may(eyes, asker.viewer, m, Share.SIGHTINGS)
    ]
    return TimelineOut(
        since_ms=ask.since_ns // 1_000_000,
        now_ms=ask.now_ns // 1_000_000,
        known_from_ms=max(ask.since_ns, marks.known_from_ns) // 1_000_000,
        alerts=_episodes(eyes, asker.viewer, marks.open_at(ask.since_ns), found)[-EPISODES_MAX:],
        sightings=seen[-SIGHTINGS_MAX:],
        lost=_lost(eyes, view, asker.viewer, marks.cover_at(ask.since_ns), found),
        acts=_acts(eyes, view, asker.viewer, found)[-ACTS_MAX:],
        restarts=[m.t_ns // 1_000_000 for m in found if m.what == "Restarted"],
        left_out=marks.left_out,
    )


def _may(eyes: Eyes, viewer: Viewer, mark: Mark, what: Share) -> bool:
    if mark.person_id is None and not mark.target_id:
        return True
    owner = (
        eyes.whose_target(mark.target_id, mark.person_id)
        if mark.target_id
        else eyes.whose_person(mark.person_id)
    )
    return eyes.may(viewer, owner, what)


def _episodes(
    eyes: Eyes, viewer: Viewer, before: list[Mark], found: list[Mark]
) -> list[EpisodeOut]:
    """By incident: from the first word to the last end, with the level as it went."""
    made: dict[str, EpisodeOut] = {}
    tiers: dict[str, dict[str, int]] = {}
    for m in (*before, *(m for m in found if m.what == "Alert")):
        if not _may(eyes, viewer, m, Share.INCIDENTS):
            continue
        t_ms = m.t_ns // 1_000_000
        held = tiers.setdefault(m.incident_id, {})
        if m.open:
            held[m.name] = m.tier
        else:
            held.pop(m.name, None)
        top = max(held.values(), default=0)
        episode = made.get(m.incident_id)
        if episode is None:
            if not top:
                continue
            episode = EpisodeOut(
                incident_id=m.incident_id, tier=top, begin_ms=t_ms, end_ms=None, mark=m.mark,
                steps=[Step(t_ms, top)],
            )  # fmt: skip
            made[m.incident_id] = episode
        episode.tier = max(episode.tier, top)
        episode.end_ms = None if top else t_ms
        if episode.steps[-1].tier != top and len(episode.steps) < STEPS_MAX:
            episode.steps.append(Step(t_ms, top))
    return sorted(made.values(), key=lambda e: e.begin_ms)


def _lost(
    eyes: Eyes, view: View, viewer: Viewer, before: dict[str, CoverTold], found: list[Mark]
) -> list[LostOut]:
    posts = {f"post/{p.post_id}": p.name for p in eyes.posts(viewer, view.posts())}
    made: list[LostOut] = []
    open_: dict[str, LostOut] = {}
    told = [*before.values(), *(m.body for m in found if isinstance(m.body, CoverTold))]
    for body in told:
        name = posts.get(body.target_id)
        if name is None:
            continue
        held = open_.pop(body.target_id, None)
        t_ms = body.t_since_ns // 1_000_000
        if body.watched is Watched.LOST:
            open_[body.target_id] = held or LostOut(
                target_id=body.target_id, name=name, from_ms=t_ms, to_ms=None
            )
            if held is None:
                made.append(open_[body.target_id])
        elif held is not None:
            held.to_ms = t_ms
    return made


def _acts(eyes: Eyes, view: View, viewer: Viewer, found: list[Mark]) -> list[ActOut]:
    acts: list[ActOut] = []
    for m in found:
        if m.what != "act" or not _may(eyes, viewer, m, Share.INCIDENTS):
            continue
        named = m.person_id is not None and eyes.people(viewer, [m.person_id])
        person = view.people.get(m.person_id or "") if named else None
        acts.append(ActOut(m.t_ns // 1_000_000, m.name, None if person is None else person.name))
    return acts
