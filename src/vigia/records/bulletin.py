"""An officer safety bulletin: what is known, what is not, what to do; in English and Spanish.

It is written by one person and released by another; every claim in it has its source and grade.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from vigia.records.common import (
    NAME_MAX,
    NOTE_MAX,
    SOURCES_MAX,
    Record,
    SourceRef,
    bounded,
    iso_time,
)
from vigia.terms import Lang, Role

LINES_MAX = 20  # of one list


class BulletinStatus(Enum):
    DRAFT = "draft"
    REVIEW = "review"  # handed to a releaser
    RELEASED = "released"
    RECALLED = "recalled"  # should not have been released; the reason is told to all who got it


class Tlp(Enum):
    """FIRST's Traffic Light Protocol 2.0."""

    RED = "TLP:RED"
    AMBER_STRICT = "TLP:AMBER+STRICT"
    AMBER = "TLP:AMBER"
    GREEN = "TLP:GREEN"
    CLEAR = "TLP:CLEAR"


class Likelihood(Enum):
    """Words of ICD 203; what each stands for is printed with it."""

    ALMOST_NO_CHANCE = "almost_no_chance"  # 1-5 %
    VERY_UNLIKELY = "very_unlikely"  # 5-20 %
    UNLIKELY = "unlikely"  # 20-45 %
    EVEN = "even"  # 45-55 %
    LIKELY = "likely"  # 55-80 %
    VERY_LIKELY = "very_likely"  # 80-95 %
    ALMOST_CERTAIN = "almost_certain"  # 95-99 %


class Both(msgspec.Struct, frozen=True, omit_defaults=True):
    """One text in both languages."""

    en: str = ""
    es: str = ""

    def __post_init__(self) -> None:
        bounded("text", self.en, NOTE_MAX)
        bounded("text", self.es, NOTE_MAX)

    def of(self, lang: Lang) -> str:
        return self.es if lang is Lang.ES else self.en


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is known, and who says so. source: index into Bulletin.sources."""

    text: Both
    source: int | None = None


class Recipients(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whoever fits all that is given; empty: everybody. area: (lat_deg, lon_deg, radius_m).

    outside: also to the other agencies that the site's CAP channels name.
    """

    agencies: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    area: tuple[float, float, float] | None = None
    outside: bool = False


class Bulletin(Record, frozen=True, kw_only=True, omit_defaults=True):
    """number: given at its first release. edition: 1 for the first release, 2 for a correction …;
    issued, effective, expires: ISO times with Z. reason: of a correction or a recall."""

    status: BulletinStatus
    title: Both
    summary: Both
    issuer: str
    number: str = ""
    edition: int = 0
    supersedes: str = ""  # number and edition
    issued: str = ""
    effective: str = ""
    expires: str = ""
    targeted: tuple[Both, ...] = ()
    known: tuple[Statement, ...] = ()
    unknown: tuple[Both, ...] = ()
    likelihood: Likelihood | None = None
    likelihood_of: Both = Both()
    do: tuple[Both, ...] = ()
    dont: tuple[Both, ...] = ()
    report_to: tuple[Both, ...] = ()
    tlp: Tlp = Tlp.AMBER
    handling: Both = Both()
    sources: tuple[SourceRef, ...] = ()
    recipients: Recipients = Recipients()
    released_by: str = ""  # name and office, as printed
    reason: Both = Both()
    mark: str = "actual"

    def __post_init__(self) -> None:
        for name in ("issuer", "number", "supersedes", "released_by"):
            bounded(name, getattr(self, name), NAME_MAX)
        for name in ("targeted", "known", "unknown", "do", "dont", "report_to"):
            if len(getattr(self, name)) > LINES_MAX:
                raise ValueError(f"{name}: need at most {LINES_MAX} lines")
        if len(self.sources) > SOURCES_MAX:
            raise ValueError(f"sources: need at most {SOURCES_MAX}")
        for name in ("issued", "effective", "expires"):
            if getattr(self, name):
                iso_time(getattr(self, name), name)
        for s in self.known:
            if s.source is not None and not 0 <= s.source < len(self.sources):
                raise ValueError(f"known: got source {s.source + 1} of {len(self.sources)}")


def text_pairs(b: Bulletin) -> list[tuple[str, Both]]:
    """Every text with its field's name; lists are numbered from 1."""
    pairs = [("title", b.title), ("summary", b.summary), ("handling", b.handling)]
    pairs += [("likelihood_of", b.likelihood_of), ("reason", b.reason)]
    for name in ("targeted", "unknown", "do", "dont", "report_to"):
        pairs += [(f"{name} {n}", line) for n, line in enumerate(getattr(b, name), 1)]
    pairs += [(f"known {n}", s.text) for n, s in enumerate(b.known, 1)]
    return pairs


def one_sided(b: Bulletin) -> list[str]:
    """Fields that stand in one language only; a bulletin is released with none."""
    return [name for name, both in text_pairs(b) if bool(both.en.strip()) != bool(both.es.strip())]


def unready(b: Bulletin) -> list[str]:
    """What keeps it from being released, as field names (and `name: why`)."""
    missing = [n for n in ("issuer", "effective", "expires") if not getattr(b, n)]
    missing += [n for n in ("title", "summary") if not getattr(b, n).en.strip()]
    missing += [n for n in ("do", "report_to", "known") if not getattr(b, n)]
    if (
        b.effective
        and b.expires
        and iso_time(b.expires, "expires") <= iso_time(b.effective, "effective")
    ):
        missing.append("expires: not after effective")
    if b.recipients.outside and b.tlp in (Tlp.RED, Tlp.AMBER_STRICT):
        missing.append("recipients: not outside with TLP:RED or TLP:AMBER+STRICT")
    missing += [f"known {n}: no source" for n, s in enumerate(b.known, 1) if s.source is None]
    ungraded = {s.source for s in b.known if s.source is not None}
    missing += [f"source {i + 1}: no grade" for i in sorted(ungraded) if b.sources[i].grade is None]
    return missing + [f"{name}: in one language only" for name in one_sided(b)]
