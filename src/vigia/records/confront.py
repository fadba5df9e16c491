"""Claims and our own incidents -> which numbers agree, contradict, or count different things.

Nothing is averaged. Two numbers are compared only when they count the same thing; otherwise what
differs is said, because that is where most contradictions come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

from vigia.records.claim import Claim, Figure
from vigia.records.common import Span
from vigia.records.counts import Question, Sum, count
from vigia.records.incident import Cause, Incident, Status, Victims

EVERYBODY = frozenset(Victims) - {Victims.UNSAID}


class Verdict(Enum):
    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    AT_LEAST = "at_least"  # one is a part of the other, and is already larger than the whole
    FITS = "fits"  # one is a part of the other, and not larger
    OTHER_THING = "other_thing"  # they count different things: no comparison is honest
    OWN_RECORDS_THIN = "own_records_thin"  # ours hold less: they prove nothing against it


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Figure `index` of a claim against a figure of another, or (other_id "") our own records.

    differs: the fields in which they count different things.
    """

    claim_id: str
    index: int
    other_id: str
    other_index: int
    verdict: Verdict
    differs: tuple[str, ...] = ()
    ours: Sum | None = None


def confront(
    claim_id: str, claims: Mapping[str, Claim], incidents: Mapping[str, Incident]
) -> list[Comparison]:
    """Every figure of one claim against all others about the same, and against our records."""
    mine = claims[claim_id]
    out: list[Comparison] = []
    for index, figure in enumerate(mine.figures):
        out.append(_ours(claim_id, index, figure, incidents))
        for other_id, other in sorted(claims.items()):
            if other_id == claim_id or other.about != mine.about:
                continue
            if other.status in (Status.REJECTED, Status.MERGED):
                continue
            for other_index, theirs in enumerate(other.figures):
                if theirs.what != figure.what:
                    continue
                verdict, differs = compare(figure, theirs)
                out.append(
                    Comparison(
                        claim_id=claim_id,
                        index=index,
                        other_id=other_id,
                        other_index=other_index,
                        verdict=verdict,
                        differs=differs,
                    )
                )
    return out


def compare(a: Figure, b: Figure) -> tuple[Verdict, tuple[str, ...]]:
    """Order does not matter. Raises ValueError when they are not of one kind (`what`)."""
    if a.what != b.what:
        raise ValueError(f"compare: got {a.what} and {b.what}; need the same")
    differs = tuple(name for name in ("unit", "cause") if getattr(a, name) != getattr(b, name))
    scope = (_contains(a, b), _contains(b, a))
    same = scope == (True, True)
    if same and not differs:
        return (Verdict.AGREES if _overlap(a.value, b.value) else Verdict.CONTRADICTS), ()
    wider = a if scope[0] else b if scope[1] else None
    scopes = () if same else _scope_differs(a, b)
    if wider is None or not _part_by_cause(wider, b if wider is a else a, differs):
        return Verdict.OTHER_THING, (*differs, *scopes)
    part = b if wider is a else a
    top = wider.value.high  # None: open upwards, nothing is larger than that
    if top is not None and part.value.low > top:
        return Verdict.AT_LEAST, (*differs, *scopes)
    return Verdict.FITS, (*differs, *scopes)


def _part_by_cause(wider: Figure, part: Figure, differs: tuple[str, ...]) -> bool:
    """Harm by drones is a part of harm by explosives of every kind; units never contain others."""
    if "unit" in differs:
        return False
    if "cause" not in differs:
        return True
    return wider.cause is Cause.EXPLOSIVE and part.cause is Cause.DRONE


def _contains(a: Figure, b: Figure) -> bool:
    """All that b counts falls into what a counts, by period, place and victims."""
    period = a.since <= b.since and b.until <= a.until
    place = a.country in ("", b.country) and a.region in ("", b.region)
    return period and place and _victims(b) <= _victims(a)


def _victims(f: Figure) -> frozenset[Victims]:
    return frozenset(f.victims) if f.victims else EVERYBODY


def _scope_differs(a: Figure, b: Figure) -> tuple[str, ...]:
    found = {
        "period": (a.since, a.until) != (b.since, b.until),
        "place": (a.country, a.region) != (b.country, b.region),
        "victims": _victims(a) != _victims(b),
    }
    return tuple(name for name, is_so in found.items() if is_so)


def _overlap(a: Span, b: Span) -> bool:
    return (b.high is None or a.low <= b.high) and (a.high is None or b.low <= a.high)


def _ours(
    claim_id: str, index: int, figure: Figure, incidents: Mapping[str, Incident]
) -> Comparison:
    """Our records of what the figure counts. Having fewer proves nothing; having more does."""
    question = Question(
        since=figure.since,
        until=figure.until,
        units=() if figure.unit is None else (figure.unit,),
        countries=(figure.country,) if figure.country else (),
        regions=(figure.region,) if figure.region else (),
        victims=figure.victims,
        causes=() if figure.cause is Cause.UNSAID else _causes(figure.cause),
    )
    total = count(incidents, question).total
    ours = {"killed": total.killed, "injured": total.injured}.get(figure.what)
    if ours is None:
        unit = "" if figure.unit is None else figure.unit.value
        ours = total.amounts.get(unit, Sum())
    top = figure.value.high
    verdict = Verdict.OWN_RECORDS_THIN
    if top is not None and ours.low > top:
        verdict = Verdict.CONTRADICTS
    elif figure.value.low <= ours.low and ours.known:
        verdict = Verdict.AGREES
    return Comparison(
        claim_id=claim_id, index=index, other_id="", other_index=0, verdict=verdict, ours=ours
    )


def _causes(cause: Cause) -> tuple[Cause, ...]:
    return (Cause.DRONE, Cause.EXPLOSIVE) if cause is Cause.EXPLOSIVE else (cause,)
