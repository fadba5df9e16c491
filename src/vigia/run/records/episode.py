"""A warning that reached DANGER, or an attack report, and is over -> a candidate incident.

An officer signs for it with one press. The machine says only what it knows: when, where, which
alerts and reports, how many were hurt. That anybody was attacked is left to a person: without an
attack report, and nobody hit by a drone, it is a near miss.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from vigia.events import Alert, AttackReported, Event, Post
from vigia.events_desk import RecordKind
from vigia.records.casualty import Casualty, Mechanism
from vigia.records.common import Precision, Span
from vigia.records.incident import LINKS_MAX, Harm, Incident, Kind, Place, Status, Unit, Victims
from vigia.run.asgi import Answer, HttpError, Request, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private
from vigia.run.ledger_feed import journal_feed
from vigia.run.records.doors import keep_record, may_see
from vigia.run.records.first_aid import reports
from vigia.run.settings_access import Share
from vigia.terms import MsgType, Position, Tier

BACK_H = 24 * 31  # how far back an episode is looked for
HURT_AFTER_MS = 30 * 60_000  # a HIT so long after the end still belongs to it
POST_M = 300.0  # how far from its post a warning's place may be
SOURCES_TOLD = 4
BY_DRONE = (Mechanism.DRONE_BOMB, Mechanism.DRONE_IMPACT)


def grown(
    episode: str,
    alerts: Sequence[Alert],
    attacks: Mapping[str, AttackReported],
    casualties: Iterable[Casualty],
    posts: Mapping[str, Post],
) -> Incident | None:
    """alerts: all revisions of one incident_id, in order. attacks: by report id, of all time.

    None: it is not over, or it never reached DANGER and nobody reported an attack.
    """
    last = {a.alert_id: a for a in alerts}
    orders = {a.grounds.order_id or "" for a in alerts if a.grounds is not None}
    said = {i: a for i, a in attacks.items() if i in orders and not a.withdrawn}
    high = any(a.tier is Tier.DANGER for a in alerts)
    if not last or not (high or said):
        return None
    if any(a.msg_type is not MsgType.CANCEL for a in last.values()):
        return None
    begins_ms = min(a.t_cause_ns for a in alerts) // 1_000_000
    ends_ms = max(a.t_decided_ns for a in alerts) // 1_000_000
    hurt = [c for c in casualties if _belongs(c, begins_ms, ends_ms)]
    attack = bool(said) or any(c.mechanism in BY_DRONE for c in hurt)
    people = {a.person_id for a in alerts if a.person_id is not None}
    tracks = {n for a in alerts for n in a.track_numbers}
    where, name = _place(alerts, said, posts)
    return Incident(
        status=Status.CANDIDATE,
        kind=Kind.ATTACK if attack else Kind.NEAR_MISS,
        unit=Unit.ATTACK if attack else Unit.SIGHTING,
        begins=_iso(begins_ms),
        ends=_iso(ends_ms),
        precision=Precision.MINUTE,
        place=_placed(where, name, said=bool(said)),
        amount=Span(1, 1, 1) if attack else Span(max(1, len(tracks))),
        summary=_summary(len(people), len(tracks), said=bool(said), sources=_sources(alerts)),
        target=Victims.AGENT,
        harm=_harm(hurt),
        episode=episode,
        alert_ids=tuple(sorted(last))[:LINKS_MAX],
        report_ids=tuple(sorted(said))[:LINKS_MAX],
        mark=alerts[0].mark.value,
        reason="made from its warnings",
    )


def _belongs(c: Casualty, begins_ms: int, ends_ms: int) -> bool:
    return not c.withdrawn and begins_ms <= c.t_hit_ms <= ends_ms + HURT_AFTER_MS


def _harm(hurt: Sequence[Casualty]) -> tuple[Harm, ...]:
    """A report is at least one person; how many in all is known where every report says so. Who
    died is never guessed."""
    if not hurt:
        return ()
    low = sum(c.patients or 1 for c in hurt)
    every = all(c.patients is not None for c in hurt)
    return (Harm(victims=Victims.UNSAID, injured=Span(low, low, low) if every else Span(low)),)


def _place(
    alerts: Sequence[Alert], said: Mapping[str, AttackReported], posts: Mapping[str, Post]
) -> tuple[Position | None, str]:
    """Where an attack was reported, else the post that was warned highest, then first."""
    named = [p for a in alerts if (p := posts.get(a.target_id.removeprefix("post/")))]
    ranked = sorted(
        (a for a in alerts if a.target_id.removeprefix("post/") in posts),
        key=lambda a: (-int(a.tier), a.t_cause_ns),
    )
    post = posts[ranked[0].target_id.removeprefix("post/")] if ranked else None
    spot = next((a.position for a in said.values() if a.position is not None), None)
    if spot is None and post is not None:
        spot = post.position
    return spot, (post or named[0]).name if post or named else ""


def _placed(where: Position | None, name: str, *, said: bool) -> Place:
    if where is None:
        return Place(name=name)
    return Place(
        name=name,
        lat_deg=round(where.lat_deg, 5),
        lon_deg=round(where.lon_deg, 5),
        radius_m=None if said else POST_M,
    )


def _sources(alerts: Sequence[Alert]) -> list[str]:
    found = {s for a in alerts for s in a.sources}
    return sorted(s.removeprefix("sensor/") for s in found)[:SOURCES_TOLD]


def _summary(people: int, tracks: int, *, said: bool, sources: list[str]) -> str:
    """Plain facts; a person writes the story."""
    parts = [
        "An attack was reported." if said else "A drone came close enough for DANGER.",
        f"Drones tracked: {tracks}." if tracks else "",
        f"People warned: {people}." if people else "",
        f"Known by: {', '.join(sources)}." if sources else "",
    ]
    return " ".join(p for p in parts if p)


def _iso(t_ms: int) -> str:
    return datetime.fromtimestamp(t_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")


# ---- the door ------------------------------------------------------------------------------


def read_episode(
    folder: Path, episode: str, since_ns: int
) -> tuple[list[Alert], dict[str, AttackReported]]:
    """From the journal. Raises sqlite3.Error, OSError, ValueError."""
    feed = journal_feed(folder)
    if feed is None:
        return [], {}
    try:
        first = feed.first_seq_since(since_ns)
        alerts: list[Alert] = []
        attacks: dict[str, AttackReported] = {}
        for event in () if first is None else _events(feed.turns(first)):
            body = event.body
            if isinstance(body, Alert) and body.incident_id == episode:
                alerts.append(body)
            elif isinstance(body, AttackReported):
                attacks[body.report_id] = body
        return alerts, attacks
    finally:
        feed.close()


def _events(turns: Iterable[object]) -> Iterator[Event]:
    for turn in turns:
        for event in getattr(turn, "events", ()):
            if isinstance(event, Event):
                yield event


def record_id_of(episode: str) -> str:
    """One record an episode: two officers who press at once make one."""
    return f"ep-{sha256(episode.encode()).hexdigest()[:24]}"


async def from_episode(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """The candidate incident of an episode, made once; 200 with its id when it is there already."""
    episode = request.params["incident_id"]
    record_id = record_id_of(episode)
    had = gateway.records.versions(RecordKind.INCIDENT, record_id)
    if had:
        return json({"id": record_id, "version": had[-1].number, "made": False})
    since_ns = (gateway.now_ms() - BACK_H * 3_600_000) * 1_000_000
    try:
        alerts, attacks = await asyncio.to_thread(read_episode, gateway.folder, episode, since_ns)
    except (sqlite3.Error, OSError, ValueError) as e:
        raise HttpError(503, f"the journal cannot be read: {e}", fix="try again") from e
    seen = [a for a in alerts if _may_see(gateway, caller, a)]
    if not seen:
        raise HttpError(404, "episode", got=episode, expected="the incident_id of warnings of ours")
    settings = gateway.view.settings
    posts = {} if settings is None else {p.post_id: p for p in settings.posts}
    made = grown(episode, seen, attacks, _casualties(gateway, caller), posts)
    if made is None:
        raise HttpError(
            409,
            "episode",
            got=episode,
            expected="one that is over, of DANGER or attack",
        )
    seq = await keep_record(gateway, caller, RecordKind.INCIDENT, record_id, made, version=1)
    shown = msgspec.to_builtins(made)
    return json({"id": record_id, "version": 1, "made": True, "seq": seq, "record": shown})


def _casualties(gateway: Gateway, caller: Caller) -> list[Casualty]:
    return [
        c
        for i, c in reports(gateway).items()
        if may_see(gateway, caller, gateway.records.versions(RecordKind.CASUALTY, i)[0])
    ]


def _may_see(gateway: Gateway, caller: Caller, alert: Alert) -> bool:
    owner = gateway.eyes.whose_target(alert.target_id, alert.person_id)
    return gateway.eyes.may(caller.viewer, owner, Share.INCIDENTS)


EPISODES: dict[str, Private] = {"incident_from_episode": from_episode}
