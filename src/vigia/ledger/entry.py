"""Event -> the entries that matter to people, as canonical bytes for the leaves of the tree.

In: alerts, deliveries, hand-overs, answers, reports, all clears, judgements, devices, settings,
and faults that cost something. Never: detections, and nobody's position, range or bearing; nor
what tells one together with other entries, such as arrival times.

Who it was stands as a commitment, HMAC-SHA256 under a salt of that person's own. With the salt
anybody can check the name; once the salt is destroyed nobody can, and every proof still holds.
"""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias, assert_never

import msgspec

from vigia.events import (
    ID_MAX,
    Acknowledged,
    AgencyAdded,
    Alert,
    AlertsHeld,
    AllClear,
    ClockStepped,
    Delivery,
    DeviceEnrolled,
    DeviceRevoked,
    Event,
    Fault,
    HandedOver,
    Observation,
    OperatorSeen,
    PersonAdded,
    PersonMoved,
    PositionErased,
    Reached,
    Restarted,
    SensorHeard,
    SessionClosed,
    SessionOpened,
    SettingsApplied,
    Sighting,
    SightingPlaced,
    Thinned,
    Tick,
    TrackEnded,
    TrackJudged,
    TracksPublished,
)

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
SALT_BYTES = 32
LOST = "lost"  # the kind of an entry that should have been another, see Unread
KIND_OF = {"Alert": "alert", "Sighting": "sighting"}  # bodies of which every one is remembered
ENTRY_MAX = 65_536  # bytes of one entry; a longer one is nobody's of ours


class Who(msgspec.Struct, frozen=True):
    """A person or device, written as a commitment. owner: whose device it is, if known."""

    subject: str  # person/<id> or device/<id>
    owner: str | None = None


class Said(msgspec.Struct, frozen=True):
    """A person's own words or another detail of theirs, written as a commitment."""

    subject: str
    text: str


Plain: TypeAlias = str | int | bool | None
Value: TypeAlias = Plain | Who | Said | tuple[str, ...] | tuple[int, ...]
Fields: TypeAlias = dict[str, Value]
Salt: TypeAlias = "Callable[[str, str | None], bytes | None]"  # subject, owner -> salt
UNKNOWN = ":?"  # ends a commitment that cannot be computed, its salt being unknown


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


class LedgerEntry(msgspec.Struct, frozen=True):
    """One thing to remember. seq: of the journal's input that caused it."""

    seq: int
    t_recv_ns: int
    mark: str
    kind: str
    fields: tuple[tuple[str, Value], ...]


class Head(msgspec.Struct, frozen=True):
    """What every entry says of itself; n numbers the entries of one seq."""

    v: int
    seq: int
    n: int
    t_ns: int
    mark: str
    kind: str


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


def encode_entry(entry: LedgerEntry, *, n: int, salt: Salt) -> bytes:
    """Canonical: UTF-8 JSON, keys sorted, no spaces, integers only."""
    out: dict[str, Plain | tuple[str, ...] | tuple[int, ...]] = {
        "v": VERSION,
        "seq": entry.seq,
        "n": n,
        "t_ns": entry.t_recv_ns,
        "mark": entry.mark,
        "kind": entry.kind,
    }
    for name, value in entry.fields:
        match value:
            case Who(subject=who, owner=owner):
                who = _utf8(who)
                out[name] = commit_who(salt(who, None if owner is None else _utf8(owner)), who)
            case Said(subject=who, text=text):
                said = f"text\n{entry.seq}\n{name}\n{_utf8(text)}"
                out[name] = _commit("t", salt(_utf8(who), None), said)
            case str():
                out[name] = _clip(value)
            case _:
                out[name] = value
    return msgspec.json.encode(out, order="sorted")


def commit_who(salt: bytes | None, subject: str) -> str:
    """The same person is the same commitment throughout, until the salt changes."""
    return _commit("p", salt, f"who\n{subject}")


_head_decoder = msgspec.json.Decoder(Head)
_fields_decoder = msgspec.json.Decoder(dict[str, str | int | bool | list[str | int] | None])


def decode_head(entry: bytes) -> Head:
    """Raises ValueError when the bytes are no entry."""
    return _head_decoder.decode(entry)


def decode_fields(entry: bytes) -> dict[str, str | int | bool | list[str | int] | None]:
    """All of an entry, to show it. Raises ValueError when the bytes are no entry."""
    return _fields_decoder.decode(entry)


def is_commitment(value: object) -> bool:
    return isinstance(value, str) and len(value) == 45 and value[:2] in ("p:", "t:")


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
            | AlertsHeld()
            | Tick()
            | TracksPublished()
            | TrackEnded()
            | Reached()  # follows from the answers
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
                "target": _named(body.target_id),
                "person": _person(body.person_id),
                "tier": int(body.tier),
                "action": body.action,
                "sound": body.sound,
                "confirmed": body.confirmed,
                "load": body.load,
                "tracks": body.track_numbers,
                "sources": tuple(_clip(s) for s in body.sources),
                "cause_ns": body.t_cause_ns,
                "decided_ns": body.t_decided_ns,
                "expires_ns": body.t_expires_ns,
                "end": None if body.end_reason is None else body.end_reason.value,
                "by": _person(body.by_person_id),
            }
        case Delivery():
            return "delivery", fields | {
                "delivery": body.delivery_id,
                "target": _named(body.target_id),
                "person": _person(body.person_id),
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
                "person": _person(body.person_id),
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
                "person": _person(body.person_id),
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
                "by": _person(body.by_person_id),
                "reason": Said(f"person/{body.by_person_id}", body.reason),
            }
        case TrackJudged():
            return "judged", {
                "track": body.track_id,
                "by": _person(body.by_person_id),
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
            return "person", {"person": _person(body.person_id), "role": body.role.value}
        case DeviceEnrolled():
            device = f"device/{body.device_id}"
            return "enrolled", {
                "device": Who(device, f"person/{body.person_id}"),
                "person": _person(body.person_id),
                "key": Said(device, sha256(body.public_key).hexdigest()),
            }
        case DeviceRevoked():
            return "revoked", {
                "device": Who(f"device/{body.device_id}"),
                "by": _person(body.by_person_id),
                "reason": Said(f"person/{body.by_person_id}", body.reason),
            }
        case PositionErased():
            return "erased", {"person": _person(body.person_id), "shift": body.shift}


def _remember_cost(body: Fault | Thinned | Restarted | ClockStepped) -> tuple[str, Fields] | None:
    match body:
        case Fault():  # a peer's bad bytes cost nobody anything; what was said may hold a place
            if body.whose == "peer":
                return None
            return "fault", {"where": _named(body.where), "whose": body.whose, "count": body.count}
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


def _person(person_id: str | None) -> Who | None:
    return None if person_id is None else Who(f"person/{person_id}")


def _named(name: str) -> Who | str:
    """A post or a part of the machine in clear; whoever is a person or a person's device not."""
    return Who(name) if name.startswith(("person/", "device/")) else name


def _clip(text: str) -> str:
    """A peer made some of these identifiers: bounded, and always UTF-8."""
    return _utf8(text[:ID_MAX])


def _utf8(text: str) -> str:
    """JSON may bring half a surrogate pair, which no database and no hash takes."""
    return text.encode("utf-8", "replace").decode()


def _commit(form: str, salt: bytes | None, message: str) -> str:
    if salt is None:
        return form + UNKNOWN
    mac = hmac.digest(salt, b"vigia ledger 1\n" + message.encode(), "sha256")
    return f"{form}:{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
