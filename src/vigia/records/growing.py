"""Warnings that are over, an attack report, a HIT -> a candidate incident; pure.

The machine says only what it knows: when, where, which alerts and reports, who was told and who
answered, how many were hurt. That anybody was attacked is left to a person: without an attack
report, and nobody hit by a drone, it is a near miss; and none of it is counted before a person
has verified it (counts.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from vigia.events import Alert, AttackReported, Post
from vigia.records.casualty import Casualty, Mechanism
from vigia.records.common import NAME_MAX, Precision, Span
from vigia.records.incident import (
    LINKS_MAX,
    MOMENTS_MAX,
    Harm,
    Incident,
    Kind,
    Moment,
    Place,
    Status,
    Told,
    Unit,
    Victims,
)
from vigia.terms import MsgType, Position, Tier

HURT_AFTER_MS = 30 * 60_000  # a HIT so long after the end still belongs to it
POST_M = 300.0  # how far from its post a warning's place may be
SOURCES_TOLD = 4
BY_DRONE = (Mechanism.DRONE_BOMB, Mechanism.DRONE_IMPACT)
HIT = "hit/"  # an episode of a casualty that no warning came before
_TIER_WORD = {Tier.WATCH: "watch", Tier.WARNING: "warning", Tier.DANGER: "danger"}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How far one alert got with one person [ms]; None: it did not."""

    delivered_ms: int | None = None
    seen_ms: int | None = None
    safe_ms: int | None = None


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What is on record of one episode. alerts: all revisions, in order. attacks: by report id, of
    all time. sightings: report id -> when [ms], of those that went to one of its drones.
    answers: one for each alert and person. missed: persons on the radio desk's list."""

    alerts: Sequence[Alert]
    attacks: Mapping[str, AttackReported] = {}
    casualties: Mapping[str, Casualty] = {}
    posts: Mapping[str, Post] = {}
    sightings: Mapping[str, int] = {}
    answers: Sequence[Answer] = ()
    missed: frozenset[str] = frozenset()
    agency_id: str = ""


def grown(episode: str, story: Story) -> Incident | None:
    """None: it is not over, or it never reached DANGER and nobody reported an attack."""
    alerts = story.alerts
    last = {a.alert_id: a for a in alerts}
    orders = {a.grounds.order_id or "" for a in alerts if a.grounds is not None}
    said = {i: a for i, a in story.attacks.items() if i in orders and not a.withdrawn}
    high = any(a.tier is Tier.DANGER for a in alerts)
    if not last or not (high or said):
        return None
    if any(a.msg_type is not MsgType.CANCEL for a in last.values()):
        return None
    begins_ms = min(a.t_cause_ns for a in alerts) // 1_000_000
    ends_ms = max(a.t_decided_ns for a in alerts) // 1_000_000
    hurt = {i: c for i, c in story.casualties.items() if _belongs(c, begins_ms, ends_ms)}
    attack = bool(said) or any(c.mechanism in BY_DRONE for c in hurt.values())
    people = {a.person_id for a in alerts if a.person_id is not None}
    tracks = sorted({n for a in alerts for n in a.track_numbers})
    where, name = _place(alerts, said, story.posts)
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
        harm=_harm(list(hurt.values())),
        episode=episode,
        alert_ids=tuple(sorted(last))[:LINKS_MAX],
        report_ids=tuple(sorted({*said, *story.sightings}))[:LINKS_MAX],
        casualty_ids=tuple(sorted(hurt))[:LINKS_MAX],
        tracks=tuple(tracks)[:LINKS_MAX],
        told=_told(story, len(people)),
        timeline=_timeline(story, said, hurt),
        agency_id=story.agency_id,
        mark=alerts[0].mark.value,
        reason="made from its warnings",
    )


def grown_from_hit(
    casualty_id: str, c: Casualty, *, post: Post | None, agency_id: str, mark: str
) -> Incident | None:
    """Somebody was hurt and no warning came before: that is to be looked into. None: withdrawn."""
    if c.withdrawn:
        return None
    attack = c.mechanism in BY_DRONE
    where = c.position
    if where is None and post is not None:
        where = post.position
    name = post.name if post is not None else c.unit
    return Incident(
        status=Status.CANDIDATE,
        kind=Kind.ATTACK if attack else Kind.OTHER,
        unit=Unit.ATTACK,
        begins=_iso(c.t_hit_ms),
        precision=Precision.MINUTE,
        place=_placed(where, name, said=c.position is not None),
        amount=Span(1, 1, 1) if attack else Span(0, None, 1),
        summary="Somebody was reported hurt. No warning came before. / "
        "Se informó de un herido. Ningún aviso llegó antes.",
        harm=_harm([c]),
        episode=f"{HIT}{casualty_id}",
        casualty_ids=(casualty_id,),
        timeline=(Moment(t_ms=c.t_hit_ms, what="hit", n=c.patients or 0),),
        agency_id=agency_id,
        mark=mark,
        reason="made from a HIT",
    )


def belongs_to(c: Casualty, alerts: Sequence[Alert]) -> bool:
    """By time: within the episode, or soon after its end."""
    begins_ms = min(a.t_cause_ns for a in alerts) // 1_000_000
    ends_ms = max(a.t_decided_ns for a in alerts) // 1_000_000
    return _belongs(c, begins_ms, ends_ms)


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


def _told(story: Story, people: int) -> Told:
    answers = story.answers
    return Told(
        people=people,
        delivered=sum(a.delivered_ms is not None for a in answers),
        seen=sum(a.seen_ms is not None or a.safe_ms is not None for a in answers),
        safe=sum(a.safe_ms is not None for a in answers),
        not_reached=len(story.missed),
    )


def _timeline(
    story: Story, said: Mapping[str, AttackReported], hurt: Mapping[str, Casualty]
) -> tuple[Moment, ...]:
    """What happened when; nobody is named. The highest tier's rise, not each person's revision."""
    found: list[Moment] = []
    high = Tier.NONE
    for alert in story.alerts:
        if alert.tier > high and alert.msg_type is not MsgType.CANCEL:
            high = alert.tier
            word = _TIER_WORD.get(alert.tier, "watch")
            found.append(
                Moment(
                    t_ms=alert.t_decided_ns // 1_000_000,
                    what=f"tier.{word}",
                    place=_post_name(alert, story.posts),
                )
            )
    found += [Moment(t_ms=t, what="sighting") for t in story.sightings.values()]
    found += [Moment(t_ms=a.t_obs_ns // 1_000_000, what="attack") for a in said.values()]
    found += [Moment(t_ms=c.t_hit_ms, what="hit", n=c.patients or 0) for c in hurt.values()]
    for what in ("delivered", "seen", "safe"):
        times = [t for a in story.answers if (t := getattr(a, f"{what}_ms")) is not None]
        if times:
            found.append(Moment(t_ms=min(times), what=f"first_{what}", n=len(times)))
    ends = [a for a in story.alerts if a.msg_type is MsgType.CANCEL]
    if ends:
        end = max(ends, key=lambda a: a.t_decided_ns)
        why = "expired" if end.end_reason is None else end.end_reason.value
        found.append(Moment(t_ms=end.t_decided_ns // 1_000_000, what=f"end.{why}"))
    found.sort(key=lambda m: (m.t_ms, m.what))
    if len(found) > MOMENTS_MAX:  # the beginning and the end tell most
        half = MOMENTS_MAX // 2
        found = found[:half] + found[-half:]
    return tuple(found)


def _post_name(alert: Alert, posts: Mapping[str, Post]) -> str:
    post = posts.get(alert.target_id.removeprefix("post/"))
    return "" if post is None else post.name[:NAME_MAX]


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
    """Plain facts in both languages; a person writes the story."""
    known = ", ".join(sources)
    english = [
        "An attack was reported." if said else "A drone came close enough for DANGER.",
        f"Drones tracked: {tracks}." if tracks else "",
        f"People warned: {people}." if people else "",
        f"Known by: {known}." if known else "",
    ]
    spanish = [
        "Se informó de un ataque." if said else "Un dron se acercó lo bastante para PELIGRO.",
        f"Drones seguidos: {tracks}." if tracks else "",
        f"Personas avisadas: {people}." if people else "",
        f"Conocido por: {known}." if known else "",
    ]
    return " / ".join(" ".join(p for p in parts if p) for parts in (english, spanish))


def _iso(t_ms: int) -> str:
    return datetime.fromtimestamp(t_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")
