"""Incidents and a question -> counts that say what was counted, how, and what is not known.

No sum mixes units. A place too vague for the polygons asked for is counted apart, as "maybe". A
sum's best is over the records that know a number; how many do not is told beside it, so that "0" is
only ever said of records that all say 0.
"""

from __future__ import annotations

import datetime
import itertools
from collections import Counter
from collections.abc import Mapping
from enum import Enum

import msgspec
from msgspec.structs import replace

from vigia.records.areas import Area, Where, where
from vigia.records.common import Precision, Span, iso_date, together
from vigia.records.incident import Cause, Incident, Kind, Status, Unit, Victims

MAYBE = "maybe"  # why one is counted apart


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
    VICTIMS = "victims"  # a record of several classes stands in each; the total has it once
    AREA = "area"  # likewise
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
    areas: tuple[Area, ...] = ()  # polygons: what is in none of them is left out
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
    maybe: int = 0  # more records that may belong here: their place is known too vaguely


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """question: as asked. total: of everything; lines: by question.by, sorted."""

    question: Question
    total: Line
    lines: tuple[Line, ...]
    left_out: dict[str, int]  # by why


def count(incidents: Mapping[str, Incident], question: Question) -> Answer:
    """Pure. incidents: the newest version of each, by id."""
    chosen: list[Incident] = []
    vague: list[Incident] = []
    left_out: Counter[str] = Counter()
    for incident in incidents.values():
        why = _why_not(incident, question)
        if why is None:
            chosen.append(incident)
        elif why == MAYBE:
            vague.append(incident)
        else:
            left_out[why] += 1
    groups: dict[tuple[str, ...], list[Incident]] = {}
    for incident in chosen:
        for key in _keys(incident, question, Where.INSIDE):
            groups.setdefault(key, []).append(incident)
    maybe = Counter(key for i in (*chosen, *vague) for key in _keys(i, question, Where.MAYBE))
    lines = tuple(
        _line(key, groups.get(key, []), question, maybe[key])
        for key in sorted({*groups, *maybe})
        if question.by
    )
    return Answer(
        question=question,
        total=_line((), chosen, question, len(vague)),
        lines=lines,
        left_out=dict(sorted(left_out.items())),
    )


def fitting(incidents: Mapping[str, Incident], question: Question) -> dict[str, Incident]:
    """Those that are counted, and those that may lie in its areas."""
    return {i: one for i, one in incidents.items() if _why_not(one, question) in (None, MAYBE)}


def _keys(incident: Incident, q: Question, fits: Where) -> list[tuple[str, ...]]:
    """The groups it stands in, or may stand in: of several where classes or areas are asked for."""
    asks_area = By.AREA in q.by
    if fits is Where.MAYBE and not (asks_area or q.areas):
        return []
    names = {By.AREA: [a.name for a in q.areas if where(incident.place, a) is fits]}
    names[By.VICTIMS] = sorted({h.victims.value for h in incident.harm}) or ["?"]
    if fits is Where.MAYBE and not asks_area:  # in one of the areas, nobody knows which
        sure = any(where(incident.place, a) is Where.INSIDE for a in q.areas)
        vague = any(where(incident.place, a) is Where.MAYBE for a in q.areas)
        if sure or not vague:
            return []
    parts = [names[b] if b in names else [group_of(incident, b)] for b in q.by]
    return list(itertools.product(*parts))


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
        case By.VICTIMS | By.AREA:
            raise AssertionError("several groups: _keys")


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
    )
    why = next((name for name, fits in wanted if not fits), None)
    if why is not None or not q.areas:
        return why
    found = {where(i.place, a) for a in q.areas}
    if Where.INSIDE in found:
        return None
    return MAYBE if Where.MAYBE in found else "area"


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


def _line(group: tuple[str, ...], found: list[Incident], q: Question, maybe: int) -> Line:
    if By.VICTIMS in q.by and group:  # the harm of that class alone
        name = group[q.by.index(By.VICTIMS)]
        only = () if name == "?" else (Victims(name),)
        q = replace(q, victims=only or q.victims)
    units = sorted({i.unit for i in found}, key=lambda u: u.value)
    return Line(
        group=group,
        records=len(found),
        amounts={u.value: add_up([i.amount for i in found if i.unit is u]) for u in units},
        killed=_harm(found, q, killed=True),
        injured=_harm(found, q, killed=False),
        verified=sum(i.status is Status.VERIFIED for i in found),
        ungraded=sum(all(s.grade is None for s in i.sources) for i in found),
        maybe=maybe,
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
