"""Everything that happens and everything decided: one envelope, one closed union of bodies.

Inputs are what the shell feeds to the core; decisions are what the core gives back. A journal
of the inputs is enough to compute the decisions again. Bodies are journaled as JSON by field
name, so a new field needs a default and old journals stay readable; scans and published
tracks are packed bytes.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from vigia.alert_terms import DroneClass, FriendlyEnd, Via, Watched
from vigia.event_base import Body
from vigia.events_access import PersonalRead, PowerUsed, SignedIn
from vigia.events_desk import RecordKept
from vigia.events_flight import FlightAuthorised
from vigia.events_nodes import SensorJoined
from vigia.events_reach import ContactSet, DrillOrdered, NotReached, ReachPolicy, ToldByRadio
from vigia.events_words import WordReceived, WordSettled
from vigia.scan import Scan
from vigia.terms import (
    AckKind,
    Bearing,
    Channel,
    DroneKind,
    EndReason,
    Grade,
    Identity,
    Lang,
    Mark,
    Motion,
    MsgType,
    Position,
    Role,
    Sense,
    Tier,
)

# ---- settings (an event, so that a replay is exact) -----------------------------------------


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A protected place. People without a position of their own are assessed here."""

    post_id: str
    name: str
    position: Position
    radius_m: float = 0.0  # extent; added to the danger radius
    agency_id: str = ""  # whose it is; "": the whole site's


class SensorSite(msgspec.Struct, frozen=True, kw_only=True):
    """One sensor as the core knows it."""

    sensor_id: str
    kind: str  # adapter's name: remote_id, radar, camera, rf, acoustic
    position: Position | None = None  # needed for polar scans
    link: str = ""  # sensors on one link are one witness; "" is a link of its own
    simulated: bool = False  # declared a simulator: accepted in ACTUAL mode, marked EXERCISE
    grade: Grade = Grade("B", 2)
    p_detect: float = 0.9
    false_per_hour: float = 5.0
    range_max_m: float = 3_000.0
    silent_after_s: float | None = None  # None: silence proves nothing (Remote ID)
    covers: DroneClass | None = None  # None: as its kind says (alert/cover.py)
    view_deg_true: float | None = None  # middle of its field of view; None: all around
    view_width_deg: float = 360.0


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of the alert policy (docs/alerts.md explains each)."""

    danger_radius_m: float = 50.0  # an explosive drone within this is an attack
    horizon_s: float = 120.0
    watch_radius_m: float = 3_000.0  # any drone nearer than this is worth a WATCH
    warning_p: float = 0.15
    warning_s: float = 90.0
    danger_p: float = 0.8
    danger_s: float = 45.0
    top_speed_mps: float = 35.0
    expire_s: float = 180.0  # without new evidence
    hold_s: float = 15.0  # a tier falls only after this long at the lower one
    clear_s: float = 120.0  # after an all clear, its tracks raise nothing below DANGER
    repeat_s: float = 5.0  # an update that does not escalate is sent at most this often
    forget_position_s: float = 600.0  # a person's last point
    hold_m: float = 300.0  # DANGER is not left while another of its drones is this near and comes
    fall_share: float = 0.7  # of warning_p and danger_p: a tier is not left above it
    leave_m: float = 50.0  # DANGER falls only for a drone that went this much farther away
    blind_s: float = 1800.0  # how long, at most, a blind area stops the clock of expiry
    prove_s: float = 60.0  # a sensor is proved by a heartbeat or traffic younger than this
    attack_m: float = 500.0  # "attack here" reaches everybody within
    friendly_s: float = 600.0  # then "mark friendly" ends
    danger_asks_attack: bool = True  # DANGER by the chance of an attack (docs/threat.md, 3)
    flood_rings: int = 10  # audible alerts of one person in ten minutes: a flood


class CoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All that the core's decisions depend on besides the events."""

    mode: Mark
    origin: Position  # of the site's local frame
    posts: tuple[Post, ...] = ()
    sensors: tuple[SensorSite, ...] = ()
    policy: Policy = Policy()
    person_sigma_deg: float = 15.0  # assumed compass error of a person who gives none
    false_tracks_per_hour: float = 1.0  # confirmed, of one sensor: how sure a track must be
    own_serials: tuple[str, ...] = ()  # of our own drones: a claim, believed where position agrees
    channels: tuple[Channel, ...] = (Channel.PAGE,)  # those that exist at this site
    agencies: tuple[str, ...] = ()  # tenants that are kept apart; none: one team
    reach: ReachPolicy = ReachPolicy()


class SettingsApplied(Body, frozen=True, kw_only=True):
    settings: CoreSettings


# ---- who -------------------------------------------------------------------------------------


class AgencyAdded(Body, frozen=True, kw_only=True):
    agency_id: str
    name: str


class PersonAdded(Body, frozen=True, kw_only=True):
    """A person, or a change of what we know of one (the last event counts)."""

    person_id: str
    name: str
    agency_id: str
    role: Role
    lang: Lang = Lang.EN
    post_id: str | None = None


class DeviceEnrolled(Body, frozen=True, kw_only=True):
    """A browser's key pair, bound to a person by a one-time link. public_key: SPKI DER."""

    device_id: str
    person_id: str
    public_key: bytes


class DeviceRevoked(Body, frozen=True, kw_only=True):
    device_id: str
    by_person_id: str
    reason: str


class SessionOpened(Body, frozen=True, kw_only=True):
    """A device proved its key and holds an open page."""

    session_id: str
    device_id: str
    person_id: str
    on_watch: bool = False  # siren unlocked, screen held: this page will ring


class SessionClosed(Body, frozen=True, kw_only=True):
    session_id: str


# ---- what is observed ------------------------------------------------------------------------


class Observation(Body, frozen=True, kw_only=True):
    """One sensor's scan. Journaled in a segment beside the database."""

    sensor_id: str
    scan: Scan


class Sighting(Body, frozen=True, kw_only=True):
    """What a person reports; a bearing without a range is normal.

    report_id: made by the device, so that a retry is harmless. refines: the report that this
    one completes (a second press after sending); its time and bearing stay those of the first
    unless given. t_obs_ns: when the button was pressed, on server-corrected time.
    """

    report_id: str
    t_obs_ns: int
    person_id: str | None = None  # None: not enrolled; such a report is weak
    device_id: str | None = None
    position: Position | None = None
    bearing: Bearing | None = None
    sense: Sense = Sense.SEEN
    kind: DroneKind = DroneKind.UNKNOWN
    count: int | None = None
    load: bool | None = None
    motion: Motion | None = None
    t_sigma_s: float = 1.0
    refines: str | None = None
    withdrawn: bool = False  # undo
    text: str = ""
    via: Via = Via.PAGE


class AttackReported(Body, frozen=True, kw_only=True):
    """ "Attack here", held for a second: a drone attacks where the reporter stands, or at position.

    Reaches everybody within Policy.attack_m at once. report_id as in Sighting. withdrawn: undo.
    """

    report_id: str
    t_obs_ns: int
    person_id: str | None = None  # None: not enrolled; WARNING at most until it is confirmed
    device_id: str | None = None
    position: Position | None = None
    withdrawn: bool = False
    text: str = ""
    via: Via = Via.PAGE


class PersonMoved(Body, frozen=True, kw_only=True):
    """An officer's position, opt-in while on watch; only the last one is kept."""

    person_id: str
    t_obs_ns: int
    position: Position


class OperatorSeen(Body, frozen=True, kw_only=True):
    """Where a Remote ID sender says its operator is. Personal; no decision uses it."""

    sensor_id: str
    uas_id: str
    t_obs_ns: int
    position: Position


class SensorHeard(Body, frozen=True, kw_only=True):
    """A sensor is alive although it saw nothing: a heartbeat, or ambient traffic."""

    sensor_id: str
    t_obs_ns: int


class SensorLost(Body, frozen=True, kw_only=True):
    """The way to a sensor is gone; undone by the next word from it."""

    sensor_id: str
    t_obs_ns: int
    why: str


# ---- what people and devices answer ----------------------------------------------------------


class Acknowledged(Body, frozen=True, kw_only=True):
    """t_obs_ns: when it happened on the device, on server-corrected time."""

    alert_id: str
    revision: int
    person_id: str
    device_id: str
    kind: AckKind
    t_obs_ns: int


class AlertsHeld(Body, frozen=True, kw_only=True):
    """A returning page lists what it still shows; unknown ones are adopted or cancelled."""

    device_id: str
    person_id: str
    alert_ids: tuple[str, ...]


class HandedOver(Body, frozen=True, kw_only=True):
    """T2: the channel took it. failed: why it did not."""

    delivery_id: str
    alert_id: str
    revision: int
    t_handed_ns: int
    failed: str | None = None


class AllClear(Body, frozen=True, kw_only=True):
    """A named person ends alerts. incident_id None: all of them."""

    by_person_id: str
    reason: str
    incident_id: str | None = None
    clear_id: str = ""  # made by the page, so that it can be reversed
    accepts: tuple[str, ...] = ()  # what he was shown and ends it all the same: AllClearAsked.open


class AllClearReversed(Body, frozen=True, kw_only=True):
    """Warns the same people again. clear_id None: the last all clear."""

    by_person_id: str
    reason: str
    clear_id: str | None = None


class AlertRaised(Body, frozen=True, kw_only=True):
    """A watch officer raises and widens with one act. Whom: everybody within radius_m of those
    whom the incident warns; without an incident the named targets; with neither everybody."""

    raise_id: str
    by_person_id: str
    reason: str
    tier: Tier
    incident_id: str | None = None
    target_ids: tuple[str, ...] = ()
    radius_m: float = 0.0


class ReportConfirmed(Body, frozen=True, kw_only=True):
    """The desk vouches for an attack report of somebody who is not enrolled."""

    report_id: str
    by_person_id: str
    reason: str


class Undone(Body, frozen=True, kw_only=True):
    """A watch officer takes back a raise or an attack report: all who were alerted are told."""

    order_id: str  # report_id or raise_id
    by_person_id: str
    reason: str


class MarkedFriendly(Body, frozen=True, kw_only=True):
    """A watch officer knows whose drone it is: below DANGER it warns nobody for a while."""

    track_id: str
    by_person_id: str
    reason: str


class TrackIdentified(Body, frozen=True, kw_only=True):
    """A named person says what a track is. It changes no tier."""

    track_id: str
    identity: Identity
    by_person_id: str
    reason: str


class TrackJudged(Body, frozen=True, kw_only=True):
    """A named person says a track is no drone (identity is a later matter)."""

    track_id: str
    by_person_id: str
    is_drone: bool
    reason: str


# ---- the machine itself ----------------------------------------------------------------------


class Tick(Body, frozen=True, kw_only=True):
    """Time passed and nothing else; injected at Watch.deadline()."""


class ClockStepped(Body, frozen=True, kw_only=True):
    """The wall clock jumped; t_recv_ns goes on without it."""

    step_ns: int


class Fault(Body, frozen=True, kw_only=True):
    """Something was refused or failed. whose: peer, world or us (an operator gets an error)."""

    where: str
    whose: str
    what: str
    raw: bytes = b""  # bounded by RAW_MAX; the offending bytes
    person_id: str | None = None  # set when raw may hold this person's position
    count: int = 1


class Thinned(Body, frozen=True, kw_only=True):
    """Overload: scans that were never looked at. People's reports are never thinned."""

    sensor_id: str
    scans: int
    detections: int


class PositionErased(Body, frozen=True, kw_only=True):
    """The keys of this person's positions are destroyed; shift None: of every shift."""

    person_id: str
    shift: int | None = None


class Restarted(Body, frozen=True, kw_only=True):
    """The watch came back from a snapshot and its journal."""

    snapshot_seq: int
    lost_after_seq: int | None = None


# ---- decisions -------------------------------------------------------------------------------


class TracksPublished(Body, frozen=True, kw_only=True):
    """The picture, at most once a second. data: rows of tracktable.PUBLISHED_DTYPE."""

    version: str
    data: bytes


class TrackEnded(Body, frozen=True, kw_only=True):
    track_id: str
    reason: EndReason


class SightingPlaced(Body, frozen=True, kw_only=True):
    """What became of a report: the track it supports, or why none."""

    report_id: str
    person_id: str | None
    track_id: str | None
    number: int | None
    repeat: bool = False  # a retry of one we have


class Grounds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a revision says its tier: the rule, what it needs, and what there was.

    rule: arrives, soon, word (somebody says that it comes at him), beside (it attacks somebody
    near him, and comes near him too), overdue (it fell silent on its way here), near, in_area,
    held (the tier waits to fall), lost, attack, raised, reversed.
    """

    rule: str
    p_min: float | None = None  # p_hit needed; for DANGER p_attack, but beside
    p_attack: float | None = None
    within_s: float | None = None  # and p10 of the arrival, at most
    p10_s: float | None = None
    range_max_m: float | None = None
    witnesses: int = 0  # independent; 0: not counted
    weak: bool = False
    order_id: str | None = None  # the report or the raise it rests on
    reason: str = ""  # a person's
    blind: bool = False  # the clock of expiry stands still


class Alert(Body, frozen=True, kw_only=True):
    """One alert for one target and one incident, one revision of it. Updates in place.

    CAP 1.2: alert_id/revision = identifier, msg_type = msgType, mark = status,
    tier = urgency/severity, action = responseType. Words come from the catalogue (action,
    from_point are keys). Times are absolute, on t_recv's clock; arrivals are None when there
    is no honest number.
    """

    alert_id: str
    revision: int  # 1, 2, ...
    msg_type: MsgType
    incident_id: str
    target_id: str  # "person/<id>" or "post/<id>"
    person_id: str | None  # None: a post without anybody's name
    tier: Tier
    mark: Mark
    action: str  # catalogue key: take_cover, get_ready, be_aware, stay_in_cover, all_clear, ...
    sound: bool  # ring again: first, higher, earlier or from elsewhere
    t_cause_ns: int  # T0: the deciding input was received
    t_decided_ns: int  # T1, on the core's clock
    t_expires_ns: int
    track_ids: tuple[str, ...] = ()
    track_numbers: tuple[int, ...] = ()
    confirmed: bool = False
    p_hit: float | None = None
    t_earliest_ns: int | None = None  # at top speed, straight
    t_p10_ns: int | None = None
    t_p50_ns: int | None = None
    t_p90_ns: int | None = None
    bearing_deg_true: float | None = None  # from the target to the drone
    from_point: str | None = None  # n ne e se s sw w nw
    range_m: float | None = None
    height_m: float | None = None
    load: bool = False
    sources: tuple[str, ...] = ()  # "sensor/<kind>" or "person": who says so
    end_reason: EndReason | None = None
    by_person_id: str | None = None  # author of an all clear, a raise or an attack report
    identity: Identity = Identity.UNKNOWN  # of the leading track; independent of the tier
    grounds: Grounds | None = None


class AllClearAsked(Body, frozen=True, kw_only=True):
    """Not given yet: something is still tracked, or a place is not watched. Given when the same
    person says it again with all of `open` in accepts."""

    clear_id: str
    by_person_id: str
    incident_id: str | None
    open: tuple[str, ...]  # "track/<id>" and "blind/<post>"
    track_numbers: tuple[int, ...] = ()


class ClassCover(msgspec.Struct, frozen=True, kw_only=True):
    """One class of drones at one place. points: compass points that are covered now."""

    drones: DroneClass
    watched: Watched
    points: tuple[str, ...]
    kinds: tuple[str, ...]  # of sensors declared for it


class CoverTold(Body, frozen=True, kw_only=True):
    """How a post, or a person at a place of his own, is watched from now on. LOST: WATCH LOST."""

    target_id: str
    person_id: str | None
    watched: Watched
    t_since_ns: int
    classes: tuple[ClassCover, ...] = ()


class FriendlyEnded(Body, frozen=True, kw_only=True):
    track_id: str
    by_person_id: str  # who had marked it
    why: FriendlyEnd


class RateFlagged(Body, frozen=True, kw_only=True):
    """EEMUA 191: so many audible alerts for one person in ten minutes. Suppresses nothing."""

    person_id: str
    rings: int
    flood: bool  # else: more than one in ten minutes on average of the last hour


class Delivery(Body, frozen=True, kw_only=True):
    """Give this revision to this person by this channel. rank: 0 is the most endangered."""

    delivery_id: str
    alert_id: str
    revision: int
    target_id: str
    person_id: str | None
    channel: Channel
    rank: int


class Reached(Body, frozen=True, kw_only=True):
    """How far an alert got with one person; decided from acknowledgements."""

    alert_id: str
    person_id: str
    kind: AckKind
    t_obs_ns: int


Input: TypeAlias = (
    SettingsApplied
    | AgencyAdded
    | PersonAdded
    | DeviceEnrolled
    | DeviceRevoked
    | SessionOpened
    | SessionClosed
    | Observation
    | Sighting
    | PersonMoved
    | AttackReported
    | OperatorSeen
    | SensorHeard
    | SensorJoined
    | SensorLost
    | Acknowledged
    | AlertsHeld
    | HandedOver
    | AllClear
    | AllClearReversed
    | AlertRaised
    | ReportConfirmed
    | Undone
    | MarkedFriendly
    | TrackIdentified
    | TrackJudged
    | Tick
    | ClockStepped
    | Fault
    | Thinned
    | WordReceived
    | WordSettled
    | PositionErased
    | Restarted
    | PersonalRead
    | PowerUsed
    | SignedIn
    | RecordKept
    | ContactSet
    | ToldByRadio
    | DrillOrdered
    | FlightAuthorised
)
Decided: TypeAlias = (
    TracksPublished
    | TrackEnded
    | SightingPlaced
    | Alert
    | Delivery
    | Reached
    | AllClearAsked
    | CoverTold
    | FriendlyEnded
    | RateFlagged
    | NotReached
)
Decision: TypeAlias = Decided | Fault
# The same as classes, for isinstance.
DECIDED: Final = (
    TracksPublished,
    TrackEnded,
    SightingPlaced,
    Alert,
    Delivery,
    Reached,
    AllClearAsked,
    CoverTold,
    FriendlyEnded,
    RateFlagged,
    NotReached,
)
AnyBody: TypeAlias = Input | Decided
# Inputs that are journaled and nothing else: no decision depends on them.
KEPT = (
    OperatorSeen,
    WordReceived,
    WordSettled,
    ClockStepped,
    Fault,
    Thinned,
    PersonalRead,
    PowerUsed,
    SignedIn,
    RecordKept,
)


class Event(msgspec.Struct, frozen=True):
    """The one envelope. seq: the order the shell gave the inputs, from 1; a decision bears the
    seq of the input that caused it. t_recv_ns: when we learned it, the core's only clock; never
    decreases. source: sensor, device or part that spoke ("core" for decisions)."""

    seq: int
    t_recv_ns: int
    source: str
    mark: Mark
    body: AnyBody


OPERATORS = "operators"  # the one subject of all drones' operators


def personal_subject(body: AnyBody) -> str | None:
    """Whose whereabouts a body tells, directly or by what it measures from them; None: nobody's.

    Such bodies are journaled encrypted under a key per subject and shift.
    """
    match body:
        case PersonMoved() | Alert() | Fault() | CoverTold():
            return body.person_id
        case Sighting() | AttackReported():
            return body.person_id or f"report/{body.report_id}"
        case RecordKept():
            return body.subject
        case SensorJoined():
            return f"sensor/{body.sensor_id}" if body.person else None
        case WordReceived():
            return body.person_id or f"report/{body.word_id}"
        case OperatorSeen():
            # One for all: whoever forges identifiers must not be able to fill the key store.
            return OPERATORS
        case _:
            return None


encode_body = msgspec.json.Encoder().encode
_body_decoder: msgspec.json.Decoder[AnyBody] = msgspec.json.Decoder(AnyBody)


def decode_body(data: bytes) -> AnyBody:
    """Raises msgspec.ValidationError or DecodeError naming the field."""
    return _body_decoder.decode(data)
