"""Two incidents -> are they the same event? Proposed by the machine, decided by a person."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping
from math import cos, hypot, radians

import msgspec

from vigia.records.common import Precision
from vigia.records.incident import Incident, Status

DAYS_MAX = 3  # apart, when both are known to the day
FAR_KM = 30.0  # apart, beyond how exactly both places are known
LIKE = 0.6  # and above: proposed
PAIRS_MAX = 500
_DEG_KM = 111.2


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """a < b. score: 0 to 1. grounds: what agrees, most telling first."""

    a: str
    b: str
    score: float
    grounds: tuple[str, ...]


def duplicates(incidents: Mapping[str, Incident]) -> list[Likeness]:
    """Pairs worth a look, likest first, at most PAIRS_MAX. Pairs a person has denied are left out.

    Only incidents whose first days lie near each other are compared.
    """
    live = sorted(
        ((i.day, incident_id, i) for incident_id, i in incidents.items() if _open(i)),
        key=lambda row: (row[0], row[1]),
    )
    out: list[Likeness] = []
    for n, (day, one_id, one) in enumerate(live):
        for other_day, other_id, other in live[n + 1 :]:
            if (other_day - day).days > _slack_days(one) + 31:
                break
            a, b = sorted((one_id, other_id))
            if b in incidents[a].not_same_as or a in incidents[b].not_same_as:
                continue
            found = likeness(one, other)
            if found is not None:
                out.append(Likeness(a=a, b=b, score=round(found[0], 3), grounds=found[1]))
    return sorted(out, key=lambda p: (-p.score, p.a, p.b))[:PAIRS_MAX]


def likeness(one: Incident, other: Incident) -> tuple[float, tuple[str, ...]] | None:
    """Score and grounds; None when they cannot be one event, or are not like enough."""
    apart = abs((one.day - other.day) // datetime.timedelta(days=1))
    slack = max(_slack_days(one), _slack_days(other))
    if apart > slack or one.unit is not other.unit:
        return None
    place = _place(one, other)
    if place is None:
        return None
    parts = {
        "source": (0.45, _same_source(one, other)),
        "place": (0.3, place),
        "day": (0.2, 1.0 - apart / (slack + 1)),
        "words": (0.25, _words_alike(one.summary, other.summary)),
        "actor": (0.1, _names_alike(one.actor, other.actor)),
        "numbers": (0.1, _same_numbers(one, other)),
    }
    score = min(1.0, sum(weight * value for weight, value in parts.values()))
    if score < LIKE:
        return None
    told = sorted(parts.items(), key=lambda p: -p[1][0] * p[1][1])
    return score, tuple(name for name, (_, value) in told if value >= 0.5)


def _same_numbers(one: Incident, other: Incident) -> float:
    """1 when both know how many came to harm and say the same."""
    known = any(h.killed.best is not None or h.injured.best is not None for h in one.harm)
    return float(known and one.harm == other.harm)


def _open(i: Incident) -> bool:
    return i.status in (Status.CANDIDATE, Status.VERIFIED)


def _slack_days(i: Incident) -> int:
    return {Precision.MONTH: 31, Precision.YEAR: 366}.get(i.precision, DAYS_MAX)


def _same_source(one: Incident, other: Incident) -> float:
    urls = {s.url.rstrip("/").lower() for s in one.sources if s.url}
    return float(any(s.url.rstrip("/").lower() in urls for s in other.sources if s.url))


def _place(one: Incident, other: Incident) -> float | None:
    """0 to 1; None: too far apart, or in two countries."""
    a, b = one.place, other.place
    if a.country and b.country and a.country != b.country:
        return None
    named = _names_alike(a.name, b.name) if a.name and b.name else 0.5
    if a.lat_deg is None or a.lon_deg is None or b.lat_deg is None or b.lon_deg is None:
        return named
    north = (a.lat_deg - b.lat_deg) * _DEG_KM
    east = (a.lon_deg - b.lon_deg) * _DEG_KM * cos(radians(a.lat_deg))
    apart_km = hypot(north, east)
    slack_km = FAR_KM + ((a.radius_m or 0.0) + (b.radius_m or 0.0)) / 1000
    if apart_km > slack_km and named < 0.9:
        return None
    near = max(0.0, 1.0 - apart_km / slack_km)
    return max(named, near) if named >= 0.5 else min(named + 0.2, near)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in folded if not unicodedata.combining(c))


def _tokens(text: str) -> set[str]:
    return {w for w in re.findall(r"[a-z0-9]+", _plain(text)) if len(w) > 3}


def _words_alike(one: str, other: str) -> float:
    """Share of the shorter one's longer words that the other has too (an excerpt is alike)."""
    a, b = _tokens(one), _tokens(other)
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def _names_alike(one: str, other: str) -> float:
    a, b = set(re.findall(r"\w+", _plain(one))), set(re.findall(r"\w+", _plain(other)))
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0
