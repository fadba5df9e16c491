"""What records share: honest numbers, places, sources, canonical bytes.

Unknown is not zero: a Span whose best and high are None says "at least low".
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from enum import Enum
from hashlib import sha256
from typing import TypeVar

import msgspec

from vigia.terms import Grade

NAME_MAX = 200
NOTE_MAX = 4_000
URL_MAX = 2_000
SOURCES_MAX = 50
_T = TypeVar("_T")


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of what a RecordKept holds."""


class Precision(Enum):
    """How exactly a time is known."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Span(msgspec.Struct, frozen=True, omit_defaults=True):
    """A count as it is known: 0 <= low <= best <= high. best None: not known; high None: open."""

    low: int = 0
    best: int | None = None
    high: int | None = None

    def __post_init__(self) -> None:
        best = self.low if self.best is None else self.best
        high = best if self.high is None else self.high
        if not 0 <= self.low <= best <= high:
            raise ValueError(
                f"count: got low {self.low}, best {self.best}, high {self.high}; "
                "need 0 <= low <= best <= high"
            )

    @property
    def said(self) -> bool:
        """More than "at least": a best number, or a highest one ("3 to 5")."""
        return self.best is not None or self.high is not None


def together(parts: Sequence[Span]) -> Span:
    """One record's number over its parts; "at least" when there is none, or one is not said."""
    low = sum(p.low for p in parts)
    if not parts or any(not p.said for p in parts):
        return Span(low)
    bests, highs = [p.best for p in parts], [p.high for p in parts]
    best = None if None in bests else sum(b or 0 for b in bests)
    return Span(low, best, None if None in highs else sum(h or 0 for h in highs))


def exactly(n: int) -> Span:
    return Span(n, n, n)


class SourceRef(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who says so. sha256: of the document as it was read. published: ISO date."""

    title: str
    url: str = ""
    sha256: str = ""
    published: str = ""
    grade: Grade | None = None  # Admiralty; None: not graded yet

    def __post_init__(self) -> None:
        bounded("source's title", self.title, NAME_MAX, need=True)
        bounded("source's url", self.url, URL_MAX)
        if self.url and not self.url.startswith(("https://", "http://")):
            raise ValueError(f"source's url: got {self.url[:60]!r}; need http:// or https://")
        if self.published:
            iso_date(self.published, "source's published")


def bounded(what: str, text: str, longest: int, *, need: bool = False) -> None:
    """Raises ValueError."""
    if need and not text.strip():
        raise ValueError(f"{what}: got nothing; need a text")
    if len(text) > longest:
        raise ValueError(f"{what}: got {len(text)} characters; need at most {longest}")


def iso_date(text: str, what: str) -> datetime.date:
    """The day of an ISO date or time. Raises ValueError."""
    try:
        return datetime.date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(f"{what}: got {text[:30]!r}; need a date such as 2023-08-22") from None


def iso_time(text: str, what: str) -> datetime.datetime:
    """An ISO time with Z or an offset. Raises ValueError."""
    try:
        found = datetime.datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found
    except ValueError:
        pass
    raise ValueError(f"{what}: got {text[:40]!r}; need a time such as 2026-01-31T06:00:00Z")


def canonical(record: Record) -> bytes:
    """The bytes that are hashed and journaled: JSON, keys sorted, defaults left out."""
    return msgspec.json.encode(record, order="sorted")


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def read(content: bytes, kind: type[_T]) -> _T:
    """Raises ValueError that says what is wrong."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as e:
        raise ValueError(f"{kind.__name__.lower()}: {e}") from e
