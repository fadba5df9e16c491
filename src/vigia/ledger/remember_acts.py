"""A named person's act, or what the watch asked or told him -> the fields of one entry.

Reasons are committed to, never written (docs/ledger.md).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TypeAlias

from vigia.events import (
    AlertRaised,
    AllClearAsked,
    AllClearReversed,
    AttackReported,
    CoverTold,
    FlightAuthorised,
    FriendlyEnded,
    MarkedFriendly,
    RecordKept,
    ReportConfirmed,
    TrackIdentified,
    Undone,
)
from vigia.events_reach import DrillOrdered, NotReached, ToldByRadio
from vigia.ledger.entry import Fields, Said, Who

Act: TypeAlias = (
    AttackReported
    | AllClearReversed
    | AlertRaised
    | ReportConfirmed
    | Undone
    | MarkedFriendly
    | TrackIdentified
    | DrillOrdered
    | FlightAuthorised
    | ToldByRadio
)
Told: TypeAlias = AllClearAsked | CoverTold | FriendlyEnded | NotReached

KIND_OF_ACT = {
    "AttackReported": "attack",
    "AllClearReversed": "reversed",
    "AlertRaised": "raised",
    "ReportConfirmed": "confirmed",
    "Undone": "undone",
    "MarkedFriendly": "friendly",
    "TrackIdentified": "identified",
    "AllClearAsked": "asked",
    "CoverTold": "cover",
    "FriendlyEnded": "friendly_ended",
    "RecordKept": "record",
    "DrillOrdered": "drill",
    "FlightAuthorised": "flight",
    "ToldByRadio": "told_by_radio",
    "NotReached": "not_reached",
}


def remember_act(body: Act) -> tuple[str, Fields]:
    if isinstance(body, AttackReported):
        return "attack", {
            "report": body.report_id,
            "person": who(body.person_id),
            "pressed_ns": body.t_obs_ns,
            "via": body.via.value,
            "withdrawn": body.withdrawn,
        }
    if isinstance(body, ToldByRadio):
        return "told_by_radio", {
            "alert": body.alert_id,
            "revision": body.revision,
            "person": who(body.person_id),
            "by": who(body.by_person_id),
            "answered_ns": body.t_obs_ns,
        }
    by: Fields = {
        "by": who(body.by_person_id),
        "reason": Said(f"person/{body.by_person_id}", body.reason),
    }
    match body:
        case AllClearReversed():
            return "reversed", {"clear": body.clear_id} | by
        case AlertRaised():
            return "raised", {
                "order": body.raise_id,
                "tier": int(body.tier),
                "incident": body.incident_id,
                "radius_m": round(body.radius_m),
            } | by
        case ReportConfirmed():
            return "confirmed", {"report": body.report_id} | by
        case Undone():
            return "undone", {"order": body.order_id} | by
        case MarkedFriendly():
            return "friendly", {"track": body.track_id} | by
        case DrillOrdered():
            return "drill", {"order": body.drill_id, "tier": int(body.tier)} | by
        case FlightAuthorised():
            return "flight", {
                "order": body.flight_id,
                "serial": Said(f"person/{body.by_person_id}", body.serial),
                "from_ns": body.t_from_ns,
                "until_ns": body.t_until_ns,
                "radius_m": round(body.radius_m),
            } | by
        case TrackIdentified():
            return "identified", {"track": body.track_id, "identity": body.identity.value} | by


def remember_told(body: Told) -> tuple[str, Fields]:
    match body:
        case AllClearAsked():
            return "asked", {
                "clear": body.clear_id,
                "by": who(body.by_person_id),
                "incident": body.incident_id,
                "tracks": body.track_numbers,
                "open": len(body.open),
            }
        case CoverTold():
            return "cover", {
                "target": named(body.target_id),
                "watched": body.watched.value,
                "since_ns": body.t_since_ns,
            }
        case NotReached():
            return "not_reached", {
                "alert": body.alert_id,
                "revision": body.revision,
                "person": who(body.person_id),
                "tried": tuple(c.value for c in body.tried),
                "failed": tuple(c.value for c in body.failed),
                "over": body.over,
            }
        case FriendlyEnded():
            return "friendly_ended", {
                "track": body.track_id,
                "by": who(body.by_person_id),
                "why": body.why.value,
            }


def remember_record(body: RecordKept) -> tuple[str, Fields]:
    """A version of a record by its hash; a personal one's under the salt of whom it is about."""
    told = sha256(body.content).hexdigest()
    return "record", {
        "record": body.record_id,
        "of": body.kind.value,
        "version": body.version,
        "content": told if body.subject is None else Said(body.subject, told),
        "by": who(body.by_person_id),
    }


def who(person_id: str | None) -> Who | None:
    return None if person_id is None else Who(f"person/{person_id}")


def named(name: str) -> Who | str:
    """A post or a part of the machine in clear; whoever is a person or a person's device not."""
    return Who(name) if name.startswith(("person/", "device/")) else name
