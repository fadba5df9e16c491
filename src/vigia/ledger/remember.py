"""Event -> the entries that matter to people afterwards.

In: alerts, deliveries, hand-overs, answers, reports, all clears, judgements, devices, settings,
and faults that cost something. Never: detections, and nobody's position, range or bearing; nor
what tells one together with other entries, such as arrival times.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TypeAlias, assert_never

import msgspec

from vigia.events import (
    Acknowledged,
    AgencyAdded,
    Alert,
    AlertRaised,
    AlertsHeld,
    AllClear,
    AllClearAsked,
    AllClearReversed,
    AttackReported,
    ClockStepped,
    CoverTold,
    Delivery,
    DeviceEnrolled,
    DeviceRevoked,
    Event,
    Fault,
    FlightAuthorised,
    FriendlyEnded,
    HandedOver,
    MarkedFriendly,
    Observation,
    OperatorSeen,
    PersonAdded,
    PersonalRead,
    PersonMoved,
    PositionErased,
    PowerUsed,
    RateFlagged,
    Reached,
    RecordKept,
    ReportConfirmed,
    Restarted,
    SensorHeard,
    SensorJoined,
    SensorLost,
    SessionClosed,
    SessionOpened,
    SettingsApplied,
    Sighting,
    SightingPlaced,
    SignedIn,
    Thinned,
    Tick,
    TrackEnded,
    TrackIdentified,
    TrackJudged,
    TracksPublished,
    Undone,
    WordReceived,
    WordSettled,
)
from vigia.events_reach import ContactSet, DrillOrdered, NotReached, ToldByRadio
from vigia.ledger.entry import Fields, LedgerEntry, Said, Who, clip
from vigia.ledger.remember_access import KIND_OF_ACCESS, remember_access
from vigia.ledger.remember_acts import (
    KIND_OF_ACT,
    named,
    remember_act,
    remember_record,
    remember_told,
    who,
)
from vigia.ledger.remember_words import KIND_OF_WORDS, remember_words
from vigia.terms import Role

LOST = "lost"  # the kind of an entry that should have been another, see Unread
# Bodies of which every one leaves exactly one entry, of this kind. Not faults: a peer's does not.
KIND_OF = (
    KIND_OF_ACT
    | KIND_OF_ACCESS
    | KIND_OF_WORDS
    | {
        "Alert": "alert",
        "Delivery": "delivery",
        "HandedOver": "handed",
        "Acknowledged": "answer",
        "Sighting": "sighting",
        "SightingPlaced": "placed",
        "AllClear": "all_clear",
        "TrackJudged": "judged",
        "SettingsApplied": "settings",
        "PersonAdded": "person",
        "DeviceEnrolled": "enrolled",
        "DeviceRevoked": "revoked",
        "PositionErased": "erased",
        "Thinned": "thinned",
        "Restarted": "restarted",
        "ClockStepped": "clock",
    }
)


class Unread(msgspec.Struct, frozen=True):
    """An event that cannot be read any more. was: its body's name. damaged: not by forgetting."""

    seq: int
    t_recv_ns: int
    mark: str
    was: str
    damaged: bool = False


class Missing(msgspec.Struct, frozen=True):
    """Inputs that the core saw and the journal never held. people: those that were no scans.

    t_recv_ns: of the next input that was kept.
    """

    seq: int  # of the last of them
    t_recv_ns: int
    mark: str
    first_seq: int
    scans: int
    detections: int
    people: int
    why: str


Source: TypeAlias = "Event | Unread | Missing"


def entries(event: Source) -> list[LedgerEntry]:
    """Pure. Most events matter to nobody afterwards and give none."""
    match event:
        case Unread(was=was):
            found: tuple[str, Fields] | None = None
            if was in KIND_OF:
                found = LOST, {"was": KIND_OF[was]}
        case Missing():
            found = _remember_gap(event)
        case Event():
            found = _remember(event)
    if found is None:
        return []
    kind, fields = found
    mark = event.mark if isinstance(event.mark, str) else event.mark.value
    return [LedgerEntry(event.seq, event.t_recv_ns, mark, kind, tuple(fields.items()))]


def _remember_gap(gap: Missing) -> tuple[str, Fields]:
    return "gap", {
        "first_seq": gap.first_seq,
        "last_seq": gap.seq,
        "scans": gap.scans,
        "detections": gap.detections,
        "people": gap.people,
        "why": gap.why,
    }


def _remember(event: Event) -> tuple[str, Fields] | None:
    body = event.body
    match body:
        case Alert() | Delivery() | HandedOver() | Acknowledged():
            return _remember_alert(body)
        case Sighting() | SightingPlaced() | AllClear() | TrackJudged():
            return _remember_report(body)
        case (
            AttackReported()
            | AllClearReversed()
            | AlertRaised()
            | ReportConfirmed()
            | Undone()
            | MarkedFriendly()
            | TrackIdentified()
            | DrillOrdered()
            | FlightAuthorised()
            | ToldByRadio()
        ):
            return remember_act(body)
        case RecordKept():
            return remember_record(body)
        case AllClearAsked() | CoverTold() | FriendlyEnded() | NotReached():
            return remember_told(body)
        case WordReceived() | WordSettled():
            return remember_words(body)
        case PersonalRead() | PowerUsed() | SignedIn():
            return remember_access(body)
        case (
            SettingsApplied()
            | PersonAdded()
            | DeviceEnrolled()
            | DeviceRevoked()
            | PositionErased()
        ):
            return _remember_trust(body)
        case Fault() | Thinned() | Restarted() | ClockStepped():
            return _remember_cost(body)
        case (
            AgencyAdded()
            | SessionOpened()
            | SessionClosed()
            | Observation()
            | PersonMoved()
            | OperatorSeen()
            | SensorHeard()
            | SensorJoined()
            | SensorLost()
            | AlertsHeld()
            | Tick()
            | TracksPublished()
            | TrackEnded()
            | Reached()  # follows from the answers
            | RateFlagged()  # follows from the alerts
            | ContactSet()  # which channels somebody has is nobody else's matter
        ):
            return None
        case _:
            assert_never(body)


def _remember_alert(
    body: Alert | Delivery | HandedOver | Acknowledged,
) -> tuple[str, Fields]:
    fields: Fields = {"alert": body.alert_id, "revision": body.revision}
    match body:
        case Alert():
            return "alert", fields | {
                "what": body.msg_type.value,
                "incident": body.incident_id,
                "target": named(body.target_id),
                "person": who(body.person_id),
                "tier": int(body.tier),
                "action": body.action,
                "sound": body.sound,
                "confirmed": body.confirmed,
                "load": body.load,
                "tracks": body.track_numbers,
                "sources": tuple(clip(s) for s in body.sources),
                "cause_ns": body.t_cause_ns,
                "decided_ns": body.t_decided_ns,
                "expires_ns": body.t_expires_ns,
                "end": None if body.end_reason is None else body.end_reason.value,
                "by": who(body.by_person_id),
            }
        case Delivery():
            return "delivery", fields | {
                "delivery": body.delivery_id,
                "target": named(body.target_id),
                "person": who(body.person_id),
                "channel": body.channel.value,
                "rank": body.rank,
            }
        case HandedOver():  # why it failed may name a host or a person: the journal has it
            return "handed", fields | {
                "delivery": body.delivery_id,
                "handed_ns": body.t_handed_ns,
                "failed": body.failed is not None,
            }
        case Acknowledged():
            return "answer", fields | {
                "person": who(body.person_id),
                "device": Who(f"device/{body.device_id}", f"person/{body.person_id}"),
                "answer": body.kind.value,
                "answered_ns": body.t_obs_ns,
            }


def _remember_report(
    body: Sighting | SightingPlaced | AllClear | TrackJudged,
) -> tuple[str, Fields]:
    match body:
        case Sighting():
            return "sighting", {
                "report": body.report_id,
                "person": who(body.person_id),
                "pressed_ns": body.t_obs_ns,
                "sense": body.sense.value,
                "drone": body.kind.value,
                "count": body.count,
                "load": body.load,
                "motion": None if body.motion is None else body.motion.value,
                "refines": body.refines,
                "withdrawn": body.withdrawn,
            }
        case SightingPlaced():
            return "placed", {
                "report": body.report_id,
                "track": body.number,
                "repeat": body.repeat,
            }
        case AllClear():
            return "all_clear", {
                "incident": body.incident_id,
                "by": who(body.by_person_id),
                "reason": Said(f"person/{body.by_person_id}", body.reason),
            }
        case TrackJudged():
            return "judged", {
                "track": body.track_id,
                "by": who(body.by_person_id),
                "is_drone": body.is_drone,
                "reason": Said(f"person/{body.by_person_id}", body.reason),
            }


def _remember_trust(
    body: SettingsApplied | PersonAdded | DeviceEnrolled | DeviceRevoked | PositionErased,
) -> tuple[str, Fields]:
    match body:
        case SettingsApplied():  # proves later which settings held, without telling them
            told = sha256(msgspec.json.encode(body.settings, order="sorted")).hexdigest()
            return "settings", {
                "mode": body.settings.mode.value,
                "settings": Said("site/settings", told),
            }
        case PersonAdded():
            return "person", {"person": who(body.person_id), "role": _role(body.role)}
        case DeviceEnrolled():
            device = f"device/{body.device_id}"
            return "enrolled", {
                "device": Who(device, f"person/{body.person_id}"),
                "person": who(body.person_id),
                "key": Said(device, sha256(body.public_key).hexdigest()),
            }
        case DeviceRevoked():
            return "revoked", {
                "device": Who(f"device/{body.device_id}"),
                "by": who(body.by_person_id),
                "reason": Said(f"person/{body.by_person_id}", body.reason),
            }
        case PositionErased():
            return "erased", {"person": who(body.person_id), "shift": body.shift}


def _remember_cost(body: Fault | Thinned | Restarted | ClockStepped) -> tuple[str, Fields] | None:
    match body:
        case Fault():  # a peer's bad bytes cost nobody anything; what was said may hold a place
            if body.whose == "peer":
                return None
            return "fault", {"where": named(body.where), "whose": body.whose, "count": body.count}
        case Thinned():
            return "thinned", {
                "sensor": body.sensor_id,
                "scans": body.scans,
                "detections": body.detections,
            }
        case Restarted():
            return "restarted", {
                "snapshot_seq": body.snapshot_seq,
                "lost_after_seq": body.lost_after_seq,
            }
        case ClockStepped():
            return "clock", {"step_ns": body.step_ns}


def _role(role: Role) -> str:
    """The ledger's word stays that of its first version, so that old leaves can be made again."""
    return "agent" if role is Role.OFFICER else role.value
