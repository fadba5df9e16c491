"""What was understood of somebody's words -> inputs of the watch. Nothing is dropped: the words go
on record in any case, and what is no report waits for a person at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from vigia.alert_terms import Via
from vigia.event_base import TEXT_MAX
from vigia.events import AttackReported, Input, Sighting
from vigia.events_words import WordKind, WordReceived
from vigia.run.declination import declination_deg
from vigia.terms import Bearing
from vigia.textreport.parse import facts
from vigia.textreport.place import Named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigia.events import Post
    from vigia.textreport.parse import Understood

DAY_NS = 86_400_000_000_000
MINUTE_NS = 60_000_000_000
T_SIGMA_S = 30.0  # of a text's time: it was typed, sent, and perhaps read out
LATE_NS = 12 * 3_600_000_000_000


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The words and their sender. person_id: proved, or of a known number: then only his place
    is used, for text proves nobody's name."""

    word_id: str
    via: Via
    text: str
    t_obs_ns: int
    sender: str = ""
    person_id: str | None = None
    device_id: str | None = None


class Made(NamedTuple):
    """reply: catalogue key for the sender."""

    bodies: Sequence[Input]
    reply: str
    report_id: str | None


def inputs_of(report: Report, said: Understood, *, t_ns: int) -> Made:
    """t_ns: now. A report without any place is not counted: the desk asks back."""
    placed = said.position is not None or report.person_id is not None
    why = said.why_not or ("" if placed else "place")
    report_id = None if why else f"r-{report.word_id}"[:64]
    bodies: list[Input] = []
    if report_id is not None:
        bodies.append(_body(report, said, report_id, t_ns))
    bodies.append(
        WordReceived(
            word_id=report.word_id,
            t_obs_ns=report.t_obs_ns,
            via=report.via,
            kind=WordKind.TEXT,
            text=report.text[:TEXT_MAX],
            sender=report.sender[:TEXT_MAX],
            person_id=report.person_id,
            position=said.position,
            report_id=report_id,
            why=why,
        )
    )
    return Made(bodies, f"text.reply.{why or 'counted'}", report_id)


def _body(report: Report, said: Understood, report_id: str, t_ns: int) -> Input:
    t_obs_ns = _when(report, said, t_ns)
    text = report.text[:TEXT_MAX]
    if said.attack:
        return AttackReported(
            report_id=report_id,
            t_obs_ns=t_obs_ns,
            person_id=report.person_id,
            device_id=report.device_id,
            position=said.position,
            text=text,
            via=report.via,
        )
    return Sighting(
        report_id=report_id,
        t_obs_ns=t_obs_ns,
        t_sigma_s=T_SIGMA_S if report.via is Via.TEXT else 10.0,
        person_id=report.person_id,
        device_id=report.device_id,
        position=said.position,
        bearing=_true(said, t_obs_ns),
        sense=said.sense,
        kind=said.kind,
        count=said.count,
        load=said.load,
        motion=said.motion,
        text=text,
        via=report.via,
    )


def _when(report: Report, said: Understood, t_ns: int) -> int:
    """When it was seen, as far as the words say; never in the future, never half a day ago."""
    t_obs_ns = min(report.t_obs_ns, t_ns)
    if said.ago_s is not None:
        return t_obs_ns - int(said.ago_s * 1e9)
    if said.zulu_min is not None:
        at_ns = t_obs_ns // DAY_NS * DAY_NS + said.zulu_min * MINUTE_NS
        if at_ns > t_obs_ns:
            at_ns -= DAY_NS if at_ns - t_obs_ns > LATE_NS else 0
        return min(at_ns, t_obs_ns) if t_obs_ns - at_ns < LATE_NS else t_obs_ns
    return t_obs_ns


def _true(said: Understood, t_ns: int) -> Bearing | None:
    """A compass's own number becomes true where it was read."""
    bearing, at = said.bearing, said.position
    if bearing is None or not said.magnetic or at is None:
        return bearing
    east_deg = declination_deg(at.lat_deg, at.lon_deg, t_ns)
    return Bearing((bearing.azimuth_deg_true + east_deg) % 360.0, bearing.sigma_deg)


def named_places(posts: Sequence[Post]) -> tuple[Named, ...]:
    return tuple(Named(post.post_id, post.name, post.position) for post in posts)


def echo(said: Understood, words: Mapping[str, str], places: Sequence[Named]) -> str:
    """What was understood, in the reader's language, for him to correct."""
    names = {place.place_id: place.name for place in places}
    parts: list[str] = []
    for key, value in facts(said):
        word = words.get(key, key)
        point = words.get(f"alert.point.{value}", value)
        parts.append(
            word.replace("{n}", value)
            .replace("{point}", point)
            .replace("{name}", names.get(value, value))
        )
    return ", ".join(parts)
