"""Alert of a post -> CAP 1.2 message for other agencies, with English and Spanish blocks.

Only what may leave: the post's area, coarse; never a person, a name, a track or where a sensor is.
The tier becomes urgency, severity and certainty (docs/cap.md). An alert that merely expired is
no all clear, so it is sent as an Update that says so and not as a Cancel, which readers take for
one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from vigia.terms import EndReason, Lang, Mark, MsgType, Tier
from vigia.wire.cap import Area, CapMessage, Circle, Info, Reference, time_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigia.events import Alert, Post

AREA_STEP_DEG = 0.01  # a post is shown at the nearest crossing of such a grid: about a kilometre
AREA_LEAST_KM = 1.0
HEADLINE_MAX = 160  # 3.2.2: what a short display shows
LOST_S = 600  # how long "lost, not confirmed gone" stands
REFERENCES_MAX = 20
_KM_PER_DEG = 111.32
_LANGUAGES = {Lang.EN: "en-US", Lang.ES: "es-US"}
_LOST = frozenset({EndReason.EXPIRED, EndReason.UNKNOWN_AFTER_RESTART})
_RESPONSES = {
    "take_cover": "Shelter",
    "get_ready": "Prepare",
    "be_aware": "Monitor",
    "stay_in_cover": "Shelter",
    "not_confirmed_gone": "Shelter",
    "all_clear": "AllClear",
}


class CapSite(msgspec.Struct, frozen=True, kw_only=True):
    """What stays the same in all messages of a site."""

    sender: str
    sender_name: str
    scope: str = "Restricted"
    restriction: str = ""  # "": as the catalogue says
    codes: tuple[str, ...] = ()
    offset_min: int = 0  # local time minus UTC


def render(
    alert: Alert,
    *,
    site: CapSite,
    words: Mapping[Lang, Mapping[str, str]],
    texts: Mapping[Lang, str],
    target: str,
    area: Area | None,
    earlier: Sequence[Reference] = (),
) -> CapMessage | None:
    """texts: the alert in full, by language; each gets a block. target: name of the post. earlier:
    what we sent of this alert, newest last. None: nothing to say, because it ended
    before anybody was told, or because it is a person's."""
    if alert.person_id is not None:
        return None
    lost = alert.msg_type is MsgType.CANCEL and alert.end_reason in _LOST
    ends = alert.msg_type is MsgType.CANCEL and not lost
    if not earlier and alert.msg_type is MsgType.CANCEL:
        return None
    msg_type = "Cancel" if ends else "Update" if earlier else "Alert"
    restricted = site.restriction or _both(words, "cap.restriction")
    return CapMessage(
        identifier=identifier(alert),
        sender=site.sender,
        sent=time_text(alert.t_decided_ns, site.offset_min),
        status="Actual" if alert.mark is Mark.ACTUAL else "Exercise",
        msg_type=msg_type,
        source="vigia",
        scope=site.scope,
        restriction=restricted if site.scope == "Restricted" else None,
        codes=site.codes,
        note=_note(alert, words),
        references=tuple(earlier[-REFERENCES_MAX:]),
        incidents=(alert.incident_id,),
        infos=tuple(
            _info(alert, lang, words[lang], texts[lang], site=site, target=target, area=area)
            for lang in texts
        ),
    )


def identifier(alert: Alert) -> str:
    """The same for the same revision, whoever renders it and however often."""
    return f"vigia.{alert.alert_id}.{alert.revision}"


def post_area(post: Post, *, danger_radius_m: float) -> Area:
    """A circle about a rounded place that surely holds the post and its danger radius."""
    lat_deg = round(post.position.lat_deg / AREA_STEP_DEG) * AREA_STEP_DEG
    lon_deg = round(post.position.lon_deg / AREA_STEP_DEG) * AREA_STEP_DEG
    off_km = AREA_STEP_DEG / 2 * _KM_PER_DEG * math.sqrt(2.0)
    radius_km = off_km + (post.radius_m + danger_radius_m) / 1_000.0
    circle = Circle(
        round(lat_deg, 2), round(lon_deg, 2), max(AREA_LEAST_KM, math.ceil(radius_km * 10) / 10)
    )
    return Area(desc=post.name, circles=(circle,))


def _info(
    alert: Alert,
    lang: Lang,
    words: Mapping[str, str],
    text: str,
    *,
    site: CapSite,
    target: str,
    area: Area | None,
) -> Info:
    ends = alert.msg_type is MsgType.CANCEL
    lost = ends and alert.end_reason in _LOST
    urgency, severity, certainty = graded(alert)
    t_end_ns = alert.t_decided_ns + LOST_S * 1_000_000_000 if lost else alert.t_expires_ns
    return Info(
        language=_LANGUAGES[lang],
        event=_say(words, "cap.event"),
        responses=(_RESPONSES.get(alert.action, "Monitor"),),
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        effective=time_text(alert.t_decided_ns, site.offset_min),
        onset=None
        if ends or alert.t_earliest_ns is None
        else time_text(max(alert.t_earliest_ns, alert.t_decided_ns), site.offset_min),
        expires=time_text(max(t_end_ns, alert.t_decided_ns + 1_000_000_000), site.offset_min),
        sender_name=site.sender_name,
        headline=_headline(alert, words, target),
        description=text,
        instruction=_say(words, f"alert.detail.{alert.action}"),
        parameters=(
            ("vigia.tier", str(int(alert.tier))),
            ("vigia.mark", alert.mark.value),
            ("vigia.target", alert.target_id),
            ("vigia.alert", alert.alert_id),
            ("vigia.revision", str(alert.revision)),
        ),
        areas=(area if area is not None else Area(desc=target),),
    )


def graded(alert: Alert) -> tuple[str, str, str]:
    """Urgency, severity, certainty. An end is certain only where somebody saw it."""
    if alert.msg_type is MsgType.CANCEL:
        match alert.end_reason:
            case EndReason.ALL_CLEAR | EndReason.FALSE | EndReason.WITHDRAWN | EndReason.FRIENDLY:
                return "Past", "Minor", "Observed"
            case EndReason.DEPARTED:
                return "Past", "Unknown", "Likely"
            case _:
                return "Unknown", "Unknown", "Unknown"
    match alert.tier:
        case Tier.DANGER:
            return "Immediate", "Extreme", "Observed" if alert.confirmed else "Likely"
        case Tier.WARNING:
            return "Expected", "Severe", "Likely" if alert.confirmed else "Possible"
        case _:
            return "Future", "Moderate", "Possible"


def _headline(alert: Alert, words: Mapping[str, str], target: str) -> str:
    mark = "" if alert.mark is Mark.ACTUAL else f"{_say(words, f'alert.mark.{alert.mark.value}')}. "
    action = _say(words, f"alert.action.{alert.action}")
    return f"{mark}{action}: {_say(words, 'cap.event')}, {target}"[:HEADLINE_MAX]


def _note(alert: Alert, words: Mapping[Lang, Mapping[str, str]]) -> str | None:
    if alert.mark is Mark.ACTUAL:
        return None
    mark = _both(words, f"alert.mark.{alert.mark.value}")
    return f"{mark}. {_both(words, f'alert.mark_note.{alert.mark.value}')}"


def _both(words: Mapping[Lang, Mapping[str, str]], key: str) -> str:
    return " / ".join(dict.fromkeys(_say(one, key) for one in words.values()))


def _say(words: Mapping[str, str], key: str) -> str:
    """A word missing from the catalogue must not stop a warning: its key says it too."""
    return words.get(key, key)
