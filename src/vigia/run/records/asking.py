"""Words of the command line -> a question to the records. Raises ValueError that names the word."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TypeVar

from vigia.records.areas import Area, read_areas
from vigia.records.counts import By, Question
from vigia.records.incident import Cause, Status, Unit, Victims
from vigia.run.records.asked import Asked

AREA_BYTES_MAX = 32 * 1024 * 1024
_E = TypeVar("_E", bound=Enum)


def question_of(asked: Asked) -> Question:
    """Raises OSError, ValueError."""
    areas: tuple[Area, ...] = ()
    if asked.area is not None:
        if asked.area.stat().st_size > AREA_BYTES_MAX:
            raise ValueError(f"{asked.area}: got more than {AREA_BYTES_MAX} bytes; simplify it")
        areas = read_areas(asked.area.read_bytes())
    by = _named("--by", By, asked.by)
    if By.AREA in by and not areas:
        raise ValueError("--by area: need --area FILE, a GeoJSON of named polygons")
    return Question(
        since=asked.since,
        until=asked.until,
        countries=tuple(c.upper() for c in asked.country or ()),
        units=_named("--unit", Unit, asked.unit),
        causes=_named("--cause", Cause, asked.cause),
        victims=_named("--victims", Victims, asked.victims),
        areas=areas,
        by=by,
        statuses=(Status.VERIFIED,) if asked.verified else (Status.CANDIDATE, Status.VERIFIED),
        marks=tuple(asked.mark or ("actual",)),
    )


def _named(option: str, kind: type[_E], words: Sequence[str] | None) -> tuple[_E, ...]:
    known = {e.value: e for e in kind}
    for word in words or ():
        if word not in known:
            raise ValueError(f"{option}: got {word!r}; need one of {', '.join(known)}")
    return tuple(known[w] for w in words or ())
