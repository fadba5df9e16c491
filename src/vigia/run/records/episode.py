"""The journal and the casualty reports -> what is on record of one episode, and its incident.

Made by itself when the warnings are over (grower.py), or at once by a person's press.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vigia.events import Alert, AttackReported, Event, Sighting, SightingPlaced
from vigia.events_desk import RecordKind
from vigia.events_reach import NotReached
from vigia.ledger.times import AlertTimes, alert_times
from vigia.records.casualty import Casualty
from vigia.records.growing import Answer as Answered
from vigia.records.growing import Story, grown
from vigia.run.asgi import Answer, HttpError, Request, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private
from vigia.run.ledger_feed import journal_feed
from vigia.run.records.doors import keep_record, may_see
from vigia.run.records.first_aid import reports
from vigia.run.settings_access import Share

BACK_H = 24 * 31  # how far back an episode is looked for
SIGHTINGS_MAX = 10_000  # reports that are held while an episode is read


def read_episode(folder: Path, episode: str, since_ns: int) -> Story:
    """All of it, whoever may see it. Raises sqlite3.Error, OSError, ValueError."""
    feed = journal_feed(folder)
    if feed is None:
        return Story(alerts=())
    try:
        first = feed.first_seq_since(since_ns)
        return _story([] if first is None else _events(feed.turns(first)), episode)
    finally:
        feed.close()


def _story(events: Iterable[Event], episode: str) -> Story:
    alerts: list[Alert] = []
    attacks: dict[str, AttackReported] = {}
    seen: dict[str, int] = {}
    placed: dict[str, str] = {}
    missed: list[NotReached] = []
    timed: list[Event] = []
    for event in events:
        match event.body:
            case Alert() as body if body.incident_id == episode:
                alerts.append(body)
                timed.append(event)
            case AttackReported() as body:
                attacks[body.report_id] = body
            case Sighting() as body if len(seen) < SIGHTINGS_MAX:
                seen[body.report_id] = body.t_obs_ns // 1_000_000
            case SightingPlaced() as body if body.track_id is not None:
                placed[body.report_id] = body.track_id
            case NotReached() as body:
                missed.append(body)
            case _:
                timed.append(event)
    ids = {a.alert_id for a in alerts}
    tracks = {t for a in alerts for t in a.track_ids}
    return Story(
        alerts=alerts,
        attacks=attacks,
        sightings={r: seen[r] for r, t in placed.items() if t in tracks and r in seen},
        answers=[_answered(t) for t in alert_times(timed) if t.alert_id in ids and t.person],
        missed=frozenset(m.person_id for m in missed if m.alert_id in ids),
    )


def _answered(times: AlertTimes) -> Answered:
    def first(name: str) -> int | None:
        found = [t for r in times.revisions if (t := getattr(r, f"{name}_ns")) is not None]
        return min(found) // 1_000_000 if found else None

    return Answered(delivered_ms=first("delivered"), seen_ms=first("seen"), safe_ms=first("safe"))


def _events(turns: Iterable[object]) -> Iterator[Event]:
    for turn in turns:
        for event in getattr(turn, "events", ()):
            if isinstance(event, Event):
                yield event


def record_id_of(episode: str, agency_id: str = "") -> str:
    """One record an episode, and agency where these are apart: pressed twice it is one."""
    told = f"{episode}\n{agency_id}" if agency_id else episode
    return f"ep-{sha256(told.encode()).hexdigest()[:24]}"


def part_of(gateway: Gateway, story: Story, agency_id: str) -> Story:
    """Of the alerts that are that agency's ("": everybody's), with posts and casualties."""

    def theirs(owner: str) -> bool:
        return not agency_id or owner == agency_id

    eyes = gateway.eyes
    alerts = [a for a in story.alerts if theirs(eyes.whose_target(a.target_id, a.person_id))]
    settings = gateway.view.settings
    hurt = {
        i: c
        for i, c in reports(gateway).items()
        if theirs(eyes.whose_person(_first_by(gateway, i)))
    }
    return replace(
        story,
        alerts=alerts,
        posts={} if settings is None else {p.post_id: p for p in settings.posts},
        casualties=hurt,
        agency_id=agency_id,
    )


def _first_by(gateway: Gateway, casualty_id: str) -> str | None:
    return gateway.records.versions(RecordKind.CASUALTY, casualty_id)[0].kept.by_person_id


async def from_episode(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """The candidate incident of an episode, made once; 200 with its id when it is there already."""
    episode = request.params["incident_id"]
    for agency_id in ("", caller.person.agency_id):
        record_id = record_id_of(episode, agency_id)
        had = gateway.records.versions(RecordKind.INCIDENT, record_id)
        if had and may_see(gateway, caller, had[0]):
            return json({"id": record_id, "version": had[-1].number, "made": False})
    since_ns = (gateway.now_ms() - BACK_H * 3_600_000) * 1_000_000
    try:
        story = await asyncio.to_thread(read_episode, gateway.folder, episode, since_ns)
    except (sqlite3.Error, OSError, ValueError) as e:
        raise HttpError(503, f"the journal cannot be read: {e}", fix="try again") from e
    seen = [a for a in story.alerts if _may_see(gateway, caller, a)]
    if not seen:
        raise HttpError(404, "episode", got=episode, expected="the incident_id of warnings of ours")
    agency_id = caller.person.agency_id if gateway.eyes.apart else ""
    whole = replace(part_of(gateway, story, ""), alerts=seen, agency_id=agency_id)
    made = grown(episode, replace(whole, casualties=_casualties(gateway, caller)))
    if made is None:
        raise HttpError(
            409,
            "episode",
            got=episode,
            expected="one that is over, of DANGER or attack",
        )
    record_id = record_id_of(episode, agency_id)
    seq = await keep_record(gateway, caller, RecordKind.INCIDENT, record_id, made, version=1)
    shown = msgspec.to_builtins(made)
    return json({"id": record_id, "version": 1, "made": True, "seq": seq, "record": shown})


def _casualties(gateway: Gateway, caller: Caller) -> dict[str, Casualty]:
    return {
        i: c
        for i, c in reports(gateway).items()
        if may_see(gateway, caller, gateway.records.versions(RecordKind.CASUALTY, i)[0])
    }


def _may_see(gateway: Gateway, caller: Caller, alert: Alert) -> bool:
    owner = gateway.eyes.whose_target(alert.target_id, alert.person_id)
    return gateway.eyes.may(caller.viewer, owner, Share.INCIDENTS)


def agencies_of(gateway: Gateway, alerts: Sequence[Alert]) -> list[str]:
    """For whom a record of its own is made; [""] where agencies are not apart."""
    if not gateway.eyes.apart:
        return [""]
    return sorted({gateway.eyes.whose_target(a.target_id, a.person_id) for a in alerts})


EPISODES: dict[str, Private] = {"incident_from_episode": from_episode}
