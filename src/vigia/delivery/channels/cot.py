"""Alert or published track -> Cursor on Target bytes for a TAK endpoint.

The machine's word goes no further than unknown, neutral or suspect: on a TAK map "friendly"
protects an attacker and "hostile" invites shooting, also at our own drones. Hostile is written
only for an identity a named person gave. What is not real is marked four times: how, opex,
callsign and remarks, because each TAK client shows another of them.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vigia.terms import Identity, Mark, MsgType, Position, Tier
from vigia.tracktable import MARKS, Fix, TrackFlag
from vigia.wire.cot import CotEvent, Emergency, element, render

if TYPE_CHECKING:
    import numpy as np

    from vigia.events import Alert

TRACK_STALE_NS = 15_000_000_000  # after the last evidence; then TAK greys it out
TRACK_STALE_LEAST_NS = 3_000_000_000  # a coasting track still lives until the next picture
CANCEL_STALE_NS = 60_000_000_000

_EMERGENCIES = {
    Tier.DANGER: Emergency.ALERT_911,
    Tier.WARNING: Emergency.RING_THE_BELL,
    Tier.WATCH: Emergency.CUSTOM,
    Tier.NONE: Emergency.CUSTOM,
}
_AFFILIATIONS = {
    Identity.FRIEND: "n",
    Identity.ASSUMED_FRIEND: "n",
    Identity.NEUTRAL: "n",
    Identity.UNKNOWN: "u",
    Identity.SUSPECT: "s",
    Identity.HOSTILE: "h",
}
_RED = "-65536"  # ARGB as TAK writes it
_RED_THIN = "1157562368"
_OPEX = {Mark.ACTUAL: "o", Mark.EXERCISE: "e", Mark.DEMO: "s"}


def render_alert(alert: Alert, words: dict[str, str], *, position: Position | None) -> bytes:
    """One revision. The uid stays, so an update replaces and a cancel ends the same emergency.

    position: where to show it, of the post or the drone; never a person's.
    """
    cancelled = alert.msg_type is MsgType.CANCEL
    emergency = Emergency.CANCEL if cancelled else _EMERGENCIES[alert.tier]
    stale_ns = alert.t_decided_ns + CANCEL_STALE_NS if cancelled else alert.t_expires_ns
    event = CotEvent(
        uid=f"vigia.alert.{alert.alert_id}",
        type=emergency.value[0],
        how=_how(alert.mark),
        opex=_OPEX[alert.mark],
        t_ns=alert.t_decided_ns,
        t_start_ns=alert.t_decided_ns,
        t_stale_ns=max(stale_ns, alert.t_decided_ns),
        lat_deg=position.lat_deg if position else None,
        lon_deg=position.lon_deg if position else None,
        alt_hae_m=position.alt_hae_m if position else None,
        ce_m=position.sigma_m if position else None,
        callsign=_marked(alert.mark, words, _headline(alert, words)),
        remarks=_marked(alert.mark, words, " ".join(_sentences(alert, words))),
        emergency=emergency,
    )
    return render(event)


def render_track(
    row: np.void, words: dict[str, str], *, identity: Identity = Identity.UNKNOWN
) -> bytes | None:
    """row: of tracktable.PUBLISHED_DTYPE. None when it has no position to show."""
    lat_deg, lon_deg = _finite(row["lat_deg"]), _finite(row["lon_deg"])
    if row["fix"] != Fix.POSITION or lat_deg is None or lon_deg is None:
        return None
    mark, flags = Mark(MARKS[row["mark"]]), TrackFlag(int(row["flags"]))
    t_ns, t_last_ns = int(row["t_ns"]), int(row["t_last_ns"])
    event = CotEvent(
        uid=f"vigia.track.{track_name(row)}",
        type=track_type(identity, aircraft=TrackFlag.AIRCRAFT in flags),
        how=_how(mark),
        opex=_OPEX[mark],
        t_ns=t_ns,
        t_start_ns=t_last_ns if t_last_ns <= t_ns else t_ns,
        t_stale_ns=max(t_last_ns + TRACK_STALE_NS, t_ns + TRACK_STALE_LEAST_NS),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        alt_hae_m=_finite(row["alt_hae_m"]),
        ce_m=_finite(row["sigma_m"]),
        callsign=_marked(mark, words, f"T-{int(row['number']):03d}"),
        remarks=_marked(mark, words, _track_remarks(row, flags, words)),
        course_deg_true=_finite(row["course_deg_true"]),
        speed_mps=_finite(row["speed_mps"]),
    )
    return render(event)


def track_type(identity: Identity, *, aircraft: bool) -> str:
    """Rotary drone (2525 A-M-H-Q); an aircraft believed to have people on board is just air."""
    return f"a-{_AFFILIATIONS[identity]}-A" + ("" if aircraft else "-M-H-Q")


def track_name(row: np.void) -> str:
    """The track's identifier as text, whatever bytes it holds."""
    raw = bytes(row["track_id"])
    text = raw.decode("ascii", "replace")
    return text if text.isascii() and text.isprintable() else raw.hex()


def alert_words(alert: Alert, words: dict[str, str]) -> str:
    """What a person reads in chat: marked, the action first."""
    return _marked(alert.mark, words, " ".join(_sentences(alert, words)))


def render_area(
    alert: Alert, words: dict[str, str], *, position: Position, radius_m: float
) -> bytes:
    """The danger area of one alert of a post, as a circle that ends with it."""
    ended = alert.msg_type is MsgType.CANCEL
    event = CotEvent(
        uid=f"vigia.area.{alert.alert_id}",
        type="u-d-c-c",
        how=_how(alert.mark),
        opex=_OPEX[alert.mark],
        t_ns=alert.t_decided_ns,
        t_start_ns=alert.t_decided_ns,
        t_stale_ns=alert.t_decided_ns if ended else max(alert.t_expires_ns, alert.t_decided_ns),
        lat_deg=position.lat_deg,
        lon_deg=position.lon_deg,
        alt_hae_m=position.alt_hae_m,
        callsign=_marked(alert.mark, words, _headline(alert, words)),
        remarks=alert_words(alert, words),
    )
    radius = f"{radius_m:.1f}"
    ellipse = element("ellipse", {"major": radius, "minor": radius, "angle": "360"})
    colour = element("color", {"value": _RED})
    return render(
        event,
        element("shape", {}, ellipse)
        + element("strokeColor", {"value": _RED})
        + element("fillColor", {"value": _RED_THIN})
        + colour,
    )


def _finite(value: float) -> float | None:
    """A column's NaN, and whatever else is no number, is unknown."""
    return float(value) if math.isfinite(value) else None


def _how(mark: Mark) -> str:
    return "m-f" if mark is Mark.ACTUAL else "m-s"  # fused, or simulated


def _marked(mark: Mark, words: dict[str, str], text: str) -> str:
    return text if mark is Mark.ACTUAL else f"{_word(words, f'alert.mark.{mark.value}')} {text}"


def _word(words: dict[str, str], key: str) -> str:
    """A word missing from the catalogue must not stop a warning: its key says it too."""
    return words.get(key, key)


def _headline(alert: Alert, words: dict[str, str]) -> str:
    numbers = " ".join(f"T-{number:03d}" for number in alert.track_numbers[:3])
    target = "" if alert.person_id else alert.target_id.partition("/")[2]
    tier = _word(words, f"alert.tier.{int(alert.tier)}")
    if alert.msg_type is MsgType.CANCEL and alert.end_reason is not None:
        tier = _word(words, f"alert.end.{alert.end_reason.value}")
    return " ".join(part for part in (tier, target, numbers) if part)


def _sentences(alert: Alert, words: dict[str, str]) -> list[str]:
    """What a person must read, most important first."""
    out: list[str] = []
    if alert.mark is not Mark.ACTUAL:
        out.append(_word(words, f"alert.mark_note.{alert.mark.value}"))
    if alert.msg_type is MsgType.CANCEL:
        reason = "expired" if alert.end_reason is None else alert.end_reason.value
        out.append(_word(words, f"alert.end.{reason}"))
        return out
    out.append(_word(words, f"alert.tier.{int(alert.tier)}") + ":")
    out.append(_word(words, f"alert.action.{alert.action}") + ".")
    out.append(_word(words, f"alert.detail.{alert.action}"))
    if alert.from_point is not None:
        point = _word(words, f"alert.point.{alert.from_point}")
        where = _word(words, "alert.from").replace("{point}", point)
        out.append(where + (f", {alert.range_m:.0f} m." if alert.range_m is not None else "."))
    if alert.t_earliest_ns is not None:
        when = datetime.fromtimestamp(alert.t_earliest_ns // 1_000_000_000, tz=UTC)
        out.append(_word(words, "alert.as_soon_as") + when.strftime(" %H:%M:%SZ."))
    out.append(_word(words, "alert.confirmed" if alert.confirmed else "alert.unconfirmed") + ".")
    if alert.load:
        out.append(_word(words, "alert.load") + ".")
    if len(alert.track_numbers) > 1:
        out.append(_word(words, "alert.drones").replace("{n}", str(len(alert.track_numbers))) + ".")
    return out


def _track_remarks(row: np.void, flags: TrackFlag, words: dict[str, str]) -> str:
    mark = Mark(MARKS[row["mark"]])
    out = [] if mark is Mark.ACTUAL else [_word(words, f"alert.mark_note.{mark.value}")]
    confirmed = row["status"] == 2
    out.append(_word(words, "alert.confirmed" if confirmed else "alert.unconfirmed") + ".")
    if TrackFlag.LOAD in flags:
        out.append(_word(words, "alert.load") + ".")
    serial = bytes(row["serial"]).decode("ascii", "replace")
    if serial:
        out.append(f"Remote ID: {serial}")
    return " ".join(out)
