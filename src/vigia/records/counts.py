"""Incidents and a question -> counts that say what was counted, how, and what is not known.

No sum mixes units. A sum's best is over the records that know a number; how many do not is told
beside it, so that "0" is only ever said of records that all say 0.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from enum import Enum

import msgspec

from vigia.records.common import Precision, Span, iso_date, together
from vigia.records.incident import Cause, Incident, Kind, Status, Unit, Victims

Ring = tuple[tuple[float, float], ...]  # (lon_deg, lat_deg), GeoJSON's order


class By(Enum):
    YEAR = "year"
    MONTH = "month"
    COUNTRY = "country"
    REGION = "region"
    UNIT = "unit"
    KIND = "kind"
    ACTOR = "actor"
    TARGET = "target"
    STATUS = "status"
    HOUR = "hour"
    WEEKDAY = "weekday"


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which incidents. Dates are ISO, both included; empty tuples let everything through."""

    since: str = ""
    until: str = ""
    statuses: tuple[Status, ...] = (Status.CANDIDATE, Status.VERIFIED)
    kinds: tuple[Kind, ...] = ()
    units: tuple[Unit, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    targets: tuple[Victims, ...] = ()
    victims: tuple[Victims, ...] = ()  # whose harm is added up; empty: everybody's
    causes: tuple[Cause, ...] = ()
    marks: tuple[str, ...] = ("actual",)
    area: tuple[Ring, ...] = ()  # polygons
    by: tuple[By, ...] = ()


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """low, best, high over `known` records; `unknown` more say nothing of it."""

    low: int = 0
    best: int = 0
    high: int | None = 0  # None: a record is open upwards
    known: int = 0
    unknown: int = 0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One group. amounts: by unit, never added up across units."""

    group: tuple[str, ...]
    records: int
    amounts: dict[str, Sum]
    killed: Sum
    injured: Sum
    verified: int
    ungraded: int  # without any graded source


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """question: as asked. total: of everything; lines: by question.by, sorted."""

    question: Question
    total: Line
    lines: tuple[Line, ...]
    left_out: dict[str, int]  # by why


def count(incidents: Mapping[str, Incident], question: Question) -> Answer:
    """Pure. incidents: the newest version of each, by id."""
    chosen: list[Incident] = []
    left_out: Counter[str] = Counter()
    for incident in incidents.values():
        why = _why_not(incident, question)
        if why is None:
            chosen.append(incident)
        else:
            left_out[why] += 1
    groups: dict[tuple[str, ...], list[Incident]] = {}
    for incident in chosen:
        groups.setdefault(tuple(group_of(incident, b) for b in question.by), []).append(incident)
    lines = tuple(
        _line(key, found, question) for key, found in sorted(groups.items()) if question.by
    )
    return Answer(
        question=question,
        total=_line((), chosen, question),
        lines=lines,
        left_out=dict(sorted(left_out.items())),
    )


def group_of(incident: Incident, by: By) -> str:
    """The name of its group; "?" where it is not known well enough."""
    day, exact = incident.day, incident.precision
    match by:
        case By.YEAR:
            return str(day.year)
        case By.MONTH:
            return "?" if exact is Precision.YEAR else f"{day:%Y-%m}"
        case By.WEEKDAY:
            return "?" if exact in (Precision.YEAR, Precision.MONTH) else str(day.isoweekday())
        case By.HOUR:
            known = exact in (Precision.HOUR, Precision.MINUTE) and len(incident.begins) >= 13
            return incident.begins[11:13] if known else "?"
        case By.COUNTRY:
            return incident.place.country or "?"
        case By.REGION:
            return incident.place.region or "?"
        case By.UNIT:
            return incident.unit.value
        case By.KIND:
            return incident.kind.value
        case By.ACTOR:
            return incident.actor or "?"
        case By.TARGET:
            return incident.target.value
        case By.STATUS:
            return incident.status.value


def inside(lon_deg: float, lat_deg: float, ring: Ring) -> bool:
    """Even-odd rule on plain degrees; a ring must not cross the antimeridian."""
    found = False
    for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], *ring[:1]), strict=True):
        if (y1 > lat_deg) != (y2 > lat_deg):
            found ^= lon_deg < (x2 - x1) * (lat_deg - y1) / (y2 - y1) + x1
    return found


def _why_not(i: Incident, q: Question) -> str | None:
    """Why an incident is not counted; None: it is."""
    wanted: tuple[tuple[str, bool], ...] = (
        ("mark", i.mark in q.marks),
        ("status", i.status in q.statuses),
        ("unproved", not i.unproved),
        ("kind", not q.kinds or i.kind in q.kinds),
        ("unit", not q.units or i.unit in q.units),
        ("country", not q.countries or i.place.country in q.countries),
        ("region", not q.regions or i.place.region in q.regions),
        ("target", not q.targets or i.target in q.targets),
        ("cause", not q.causes or i.cause in q.causes),
        ("period", _in_period(i, q)),
        ("area", not q.area or _in_area(i, q)),
    )
    return next((name for name, fits in wanted if not fits), None)


def _in_period(i: Incident, q: Question) -> bool:
    """By its first day. One known to the year only counts where the whole year is asked for."""
    first, last = i.day, i.day
    if i.precision is Precision.YEAR:
        first, last = datetime.date(first.year, 1, 1), datetime.date(first.year, 12, 31)
    elif i.precision is Precision.MONTH:
        first = first.replace(day=1)
        last = (first + datetime.timedelta(days=32)).replace(day=1) - datetime.timedelta(days=1)
    after = not q.since or first >= iso_date(q.since, "since")
    return after and (not q.until or last <= iso_date(q.until, "until"))


def _in_area(i: Incident, q: Question) -> bool:
    lat, lon = i.place.lat_deg, i.place.lon_deg
    return lat is not None and lon is not None and any(inside(lon, lat, r) for r in q.area)


def _line(group: tuple[str, ...], found: list[Incident], q: Question) -> Line:
    units = sorted({i.unit for i in found}, key=lambda u: u.value)
    return Line(
        group=group,
        records=len(found),
        amounts={u.value: add_up([i.amount for i in found if i.unit is u]) for u in units},
        killed=_harm(found, q, killed=True),
        injured=_harm(found, q, killed=False),
        verified=sum(i.status is Status.VERIFIED for i in found),
        ungraded=sum(all(s.grade is None for s in i.sources) for i in found),
    )


def _harm(found: list[Incident], q: Question, *, killed: bool) -> Sum:
    """One Sum over records: a record's classes are added up first, and a record counts as
    unknown when it says nothing, or one of its classes is not said."""
    spans: list[Span] = []
    for incident in found:
        counted = [h for h in incident.harm if not q.victims or h.victims in q.victims]
        parts = [h.killed if killed else h.injured for h in counted]
        spans.append(together(parts))
    return add_up(spans)


def add_up(spans: list[Span]) -> Sum:
    """An unknown one still counts with its low, and leaves the sum open upwards."""
    known = [s for s in spans if s.said]
    opened = any(s.high is None for s in spans)
    return Sum(
        low=sum(s.low for s in spans),
        best=sum(s.low if s.best is None else s.best for s in spans),
        high=None if opened else sum(s.high or 0 for s in spans),
        known=len(known),
        unknown=len(spans) - len(known),
    )
