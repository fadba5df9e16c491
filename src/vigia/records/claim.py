"""A published sentence as a claim: its numbers, each with what exactly it counts."""

from __future__ import annotations

import msgspec

from vigia.records.common import (
    NOTE_MAX,
    SOURCES_MAX,
    Record,
    SourceRef,
    Span,
    bounded,
    iso_date,
)
from vigia.records.incident import Cause, Status, Unit, Victims

FIGURES_MAX = 50


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number of it. what: incidents (then unit says of what), killed or injured (then victims
    says whose; empty: the source does not say). since, until: ISO dates, both included."""

    what: str
    value: Span
    since: str
    until: str
    unit: Unit | None = None
    victims: tuple[Victims, ...] = ()
    cause: Cause = Cause.UNSAID
    country: str = ""
    region: str = ""
    note: str = ""  # what the source says of how it counted

    def __post_init__(self) -> None:
        if self.what not in ("incidents", "killed", "injured"):
            raise ValueError(f"what: got {self.what!r}; need incidents, killed or injured")
        if (self.what == "incidents") != (self.unit is not None):
            raise ValueError("unit: need it for incidents, and for nothing else")
        if iso_date(self.until, "until") < iso_date(self.since, "since"):
            raise ValueError(f"until: got {self.until}, before since ({self.since})")
        bounded("note", self.note, NOTE_MAX)


class Claim(Record, frozen=True, kw_only=True, omit_defaults=True):
    """sentence: word for word. about: claims with one word here are set beside each other."""

    sentence: str
    figures: tuple[Figure, ...]
    sources: tuple[SourceRef, ...]
    about: str = ""
    status: Status = Status.CANDIDATE
    note: str = ""
    reason: str = ""  # why this version differs from the one before
    mark: str = "actual"

    def __post_init__(self) -> None:
        bounded("sentence", self.sentence, NOTE_MAX, need=True)
        bounded("note", self.note, NOTE_MAX)
        if not 1 <= len(self.figures) <= FIGURES_MAX:
            raise ValueError(f"figures: got {len(self.figures)}; need 1 to {FIGURES_MAX}")
        if not 1 <= len(self.sources) <= SOURCES_MAX:
            raise ValueError(f"sources: got {len(self.sources)}; need 1 to {SOURCES_MAX}")
