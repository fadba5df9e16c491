"""An incident as it is kept: what happened, counted in which unit, how surely, who says so.

Fields follow what makes records comparable in ACLED, UCDP GED and GTD (docs/incidents.md).
"""

from __future__ import annotations

import datetime
from enum import Enum

import msgspec

from vigia.geo import LAT_MAX_DEG, LON_MAX_DEG
from vigia.records.common import (
    NAME_MAX,
    NOTE_MAX,
    SOURCES_MAX,
    Precision,
    Record,
    SourceRef,
    Span,
    bounded,
    iso_date,
)

LINKS_MAX = 500
MOMENTS_MAX = 80


class Status(Enum):
    CANDIDATE = "candidate"  # proposed by the machine, an import or a person; not checked
    VERIFIED = "verified"
    REJECTED = "rejected"
    MERGED = "merged"  # the same event as merged_into


class Unit(Enum):
    """What one of it is. Numbers of different units are never added up or compared."""

    ATTACK = "attack"
    SORTIE = "sortie"  # one flight of one drone
    MUNITION = "munition"  # one thing dropped or fired
    DEVICE_FOUND = "device_found"
    SIGHTING = "sighting"


class Kind(Enum):
    ATTACK = "attack"
    SURVEILLANCE = "surveillance"
    SMUGGLING = "smuggling"
    FINDING = "finding"  # a drone, bomb or workshop found
    CRASH = "crash"
    NEAR_MISS = "near_miss"
    OTHER = "other"


class Victims(Enum):
    AGENT = "agent"  # border and customs
    SOLDIER = "soldier"
    POLICE = "police"
    CIVILIAN = "civilian"
    SUSPECT = "suspect"  # members of the attacker's or a rival group
    UNSAID = "unsaid"  # the source does not say who


class Cause(Enum):
    """By what people came to harm."""

    DRONE = "drone"
    EXPLOSIVE = "explosive"  # of any kind, drones among them
    OTHER = "other"
    UNSAID = "unsaid"


class Confidence(Enum):
    CONFIRMED = "confirmed"
    LIKELY = "likely"
    CLAIMED = "claimed"
    UNKNOWN = "unknown"


class Harm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one class of victims."""

    victims: Victims
    killed: Span = Span()
    injured: Span = Span()


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """country: ISO 3166-1 alpha-2. radius_m: how far from the point it may have been."""

    name: str = ""
    region: str = ""
    country: str = ""
    lat_deg: float | None = None
    lon_deg: float | None = None
    radius_m: float | None = None

    def __post_init__(self) -> None:
        bounded("place's name", self.name, NAME_MAX)
        bounded("place's region", self.region, NAME_MAX)
        if self.country and not (len(self.country) == 2 and self.country.isupper()):
            raise ValueError(f"place's country: got {self.country!r}; need two letters such as MX")
        if (self.lat_deg is None) != (self.lon_deg is None):
            raise ValueError("place: got one of lat_deg and lon_deg; need both or none")
        if self.lat_deg is not None and self.lon_deg is not None:
            inside = abs(self.lat_deg) <= LAT_MAX_DEG and abs(self.lon_deg) <= LON_MAX_DEG
            if not inside:
                raise ValueError(f"place: got {self.lat_deg}, {self.lon_deg}; need degrees")


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the warnings of it got: people warned, and of these. One of several alerts counts."""

    people: int = 0
    delivered: int = 0
    seen: int = 0
    safe: int = 0
    not_reached: int = 0  # were on the radio desk's list


class Moment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of its timeline. what: a word of the catalogue's console.inc.moment.*; n: how many
    (0: not said). Nobody is named."""

    t_ms: int
    what: str
    n: int = 0
    place: str = ""


class Incident(Record, frozen=True, kw_only=True, omit_defaults=True):
    """begins, ends: ISO date, or time with Z. amount: how many of `unit` it was (33 drones)."""

    status: Status
    kind: Kind
    unit: Unit
    begins: str
    precision: Precision = Precision.DAY
    ends: str = ""
    place: Place = Place()
    amount: Span = Span(1, 1, 1)
    summary: str = ""
    actor: str = ""
    actor_confidence: Confidence = Confidence.UNKNOWN
    target: Victims = Victims.UNSAID
    target_note: str = ""
    effect: str = ""
    harm: tuple[Harm, ...] = ()
    cause: Cause = Cause.DRONE
    sources: tuple[SourceRef, ...] = ()
    merged_into: str = ""
    not_same_as: tuple[str, ...] = ()  # duplicates proposed and denied by a person
    episode: str = ""  # the alerts' incident_id it grew from
    alert_ids: tuple[str, ...] = ()
    report_ids: tuple[str, ...] = ()
    casualty_ids: tuple[str, ...] = ()
    tracks: tuple[int, ...] = ()  # numbers of the drones, as people called them
    told: Told | None = None
    timeline: tuple[Moment, ...] = ()
    agency_id: str = ""  # whose it is, where the machine made it and agencies are kept apart
    mark: str = "actual"
    reason: str = ""  # why this version differs from the one before
    origin: str = ""  # dataset and row it was imported from

    def __post_init__(self) -> None:
        first = iso_date(self.begins, "begins")
        if self.ends and iso_date(self.ends, "ends") < first:
            raise ValueError(f"ends: got {self.ends}, before it begins ({self.begins})")
        if (self.status is Status.MERGED) != bool(self.merged_into):
            raise ValueError("merged_into: need the other incident's id exactly when it is merged")
        bounded("summary", self.summary, NOTE_MAX)
        bounded("effect", self.effect, NOTE_MAX)
        for name in ("actor", "target_note", "reason", "origin"):
            bounded(name, getattr(self, name), NAME_MAX)
        classes = [h.victims for h in self.harm]
        if len(set(classes)) != len(classes):
            raise ValueError("harm: got a class of victims twice; need each once")
        if len(self.sources) > SOURCES_MAX:
            raise ValueError(f"sources: got {len(self.sources)}; need at most {SOURCES_MAX}")
        links = (self.not_same_as, self.alert_ids, self.report_ids, self.casualty_ids, self.tracks)
        if max(map(len, links)) > LINKS_MAX:
            raise ValueError(f"links: need at most {LINKS_MAX} of a kind")
        if len(self.timeline) > MOMENTS_MAX:
            raise ValueError(f"timeline: need at most {MOMENTS_MAX} moments")

    @property
    def unproved(self) -> bool:
        """The machine made it of warnings, and no person has verified it: never counted."""
        return bool(self.episode) and self.status is Status.CANDIDATE

    @property
    def day(self) -> datetime.date:
        return iso_date(self.begins, "begins")
