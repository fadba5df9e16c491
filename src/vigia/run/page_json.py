"""What the pages and the gateway say to each other, as types: docs/web-protocol.md in Python.

Times are milliseconds since 1970 on the server's clock, angles degrees, lengths metres; unknown
is None.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from vigia.event_base import ALERTS_HELD_MAX, ID_MAX, TEXT_MAX
from vigia.events import Grounds
from vigia.run.page_acts import CallsOut, CoverOut, LooksIn
from vigia.run.page_records import BulletinsOut, RecordsOut
from vigia.terms import AckKind, DroneKind, Lang, Mark, Motion, MsgType, Role, Sense

NAME_MAX = 80
COUNT_MAX = 10_000  # drones in one report
T_MS_MAX = 4_102_444_800_000  # the year 2100
KEY_TEXT_MAX = 400  # a P-256 SPKI is 124 characters

Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_MAX)]
Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=TEXT_MAX)]
Reason: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX)]
Ms: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=T_MS_MAX)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]  # what JavaScript counts
Lat: TypeAlias = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Lon: TypeAlias = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Azimuth: TypeAlias = Annotated[float, msgspec.Meta(ge=0, lt=360)]
Sigma: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=180)]
Height: TypeAlias = Annotated[float, msgspec.Meta(ge=-1_000, le=100_000)]
Metres: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]


# ---- page -> gateway, HTTP ---------------------------------------------------------------------


class EnrolIn(msgspec.Struct, frozen=True, kw_only=True):
    token: Annotated[str, msgspec.Meta(min_length=8, max_length=512)]
    public_key: Annotated[str, msgspec.Meta(min_length=8, max_length=KEY_TEXT_MAX)]


class ChallengeIn(msgspec.Struct, frozen=True, kw_only=True):
    device_id: Id


class SessionIn(msgspec.Struct, frozen=True, kw_only=True):
    device_id: Id
    challenge: Annotated[str, msgspec.Meta(max_length=200)]
    signature: Annotated[str, msgspec.Meta(max_length=200)]


class PositionIn(msgspec.Struct, frozen=True, kw_only=True):
    lat_deg: Lat
    lon_deg: Lon
    alt_hae_m: Height | None = None
    sigma_m: Metres | None = None


class BearingIn(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two azimuths; a phone knows the magnetic one."""

    azimuth_deg_true: Azimuth | None = None
    azimuth_deg_magnetic: Azimuth | None = None
    sigma_deg: Sigma | None = None
    elevation_deg: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    elevation_sigma_deg: Sigma | None = None


class SightingIn(msgspec.Struct, frozen=True, kw_only=True):
    report_id: Id
    t_ms: Ms
    position: PositionIn | None = None
    bearing: BearingIn | None = None
    sense: Sense = Sense.SEEN
    kind: DroneKind = DroneKind.UNKNOWN
    count: Annotated[int, msgspec.Meta(ge=1, le=COUNT_MAX)] | None = None
    load: bool | None = None
    motion: Motion | None = None
    refines: Id | None = None
    withdrawn: bool = False
    attack: bool = False  # "attack here", held for a second
    text: Text | None = None


class InvitationIn(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_MAX)]
    role: Role = Role.AGENT
    lang: Lang = Lang.EN
    post_id: Id | None = None
    agency_id: Id | None = None
    person_id: Id | None = None  # another device for somebody who is known


class RevokeIn(msgspec.Struct, frozen=True, kw_only=True):
    reason: Reason


# ---- page -> gateway, socket -------------------------------------------------------------------


class HoldsIn(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="holds"):
    alert_ids: Annotated[tuple[Id, ...], msgspec.Meta(max_length=ALERTS_HELD_MAX)]


class AckIn(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="ack"):
    alert_id: Id
    revision: Count
    kind: AckKind
    t_ms: Ms
    sig: Annotated[str, msgspec.Meta(max_length=200)] = ""  # run/signed.py


class OnWatchIn(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="on_watch"):
    on: bool
    siren: bool = False
    quiet: bool = False  # a shift in hiding: it shakes instead


class SpotIn(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="position"):
    t_ms: Ms
    lat_deg: Lat
    lon_deg: Lon
    alt_hae_m: Height | None = None
    sigma_m: Metres | None = None


class PingIn(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="ping"):
    n: Count


FromPage: TypeAlias = HoldsIn | AckIn | OnWatchIn | SpotIn | PingIn | LooksIn


# ---- gateway -> page ---------------------------------------------------------------------------


class PersonOut(msgspec.Struct, frozen=True):
    person_id: str
    name: str
    role: Role
    lang: Lang
    post_id: str | None


class PostOut(msgspec.Struct, frozen=True):
    post_id: str
    name: str
    lat_deg: float
    lon_deg: float
    radius_m: float


class PointOut(msgspec.Struct, frozen=True):
    lat_deg: float
    lon_deg: float


class ReachedTimes(msgspec.Struct):
    """When each kind of answer came; of the alert's own person."""

    delivered_ms: int | None = None
    seen_ms: int | None = None
    safe_ms: int | None = None


class AlertBody(msgspec.Struct, frozen=True, kw_only=True):
    alert_id: str
    revision: int
    msg_type: MsgType
    incident_id: str
    target_id: str
    person_id: str | None
    person_name: str | None
    tier: int
    mark: Mark
    action: str
    sound: bool
    cause_ms: int
    decided_ms: int
    expires_ms: int
    track_ids: tuple[str, ...]
    track_numbers: tuple[int, ...]
    confirmed: bool
    p_hit: float | None
    earliest_ms: int | None
    p10_ms: int | None
    p50_ms: int | None
    p90_ms: int | None
    bearing_deg_true: float | None
    from_point: str | None
    range_m: float | None
    height_m: float | None
    load: bool
    sources: tuple[str, ...]
    end_reason: str | None
    by_name: str | None
    reached: ReachedTimes
    identity: str = "unknown"
    grounds: Grounds | None = None
    text: str = ""


class Beat(msgspec.Struct, frozen=True, tag_field="t", tag="beat"):
    server_ms: int
    state: str  # starting, ready, degraded, lost
    since_ms: int
    why: str


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="hello"):
    server_ms: int
    mode: Mark
    person: PersonOut
    posts: tuple[PostOut, ...]
    origin: PointOut
    danger_radius_m: float
    watch: Beat
    alerts: tuple[AlertBody, ...]
    cover: tuple[CoverOut, ...] = ()
    ground_call: str = ""  # whom to call about a drone on the ground


class AlertOut(msgspec.Struct, frozen=True, tag_field="t", tag="alert"):
    alert: AlertBody


class ArrivalOut(msgspec.Struct, frozen=True, kw_only=True):
    target_id: str
    p_hit: float
    earliest_ms: int
    p50_ms: int | None
    range_m: float
    bearing_deg_true: float


class TrackOut(msgspec.Struct, frozen=True, kw_only=True):
    track_id: str
    number: int
    status: str
    mark: str
    fix: str
    witnesses: int
    flags: tuple[str, ...]
    t_ms: int
    last_ms: int
    lat_deg: float | None
    lon_deg: float | None
    height_m: float | None
    speed_mps: float | None
    course_deg_true: float | None
    climb_mps: float | None
    sigma_m: float | None
    p_exist: float | None
    p_drone: float | None
    azimuth_deg_true: float | None
    azimuth_sigma_deg: float | None
    serial: str | None
    arrival: ArrivalOut | None
    given: str | None = None  # identity by a named person's word


class SpotOut(msgspec.Struct, frozen=True):
    person_id: str
    lat_deg: float
    lon_deg: float
    sigma_m: float | None
    t_ms: int


class PictureOut(msgspec.Struct, frozen=True, tag_field="t", tag="picture"):
    t_ms: int
    tracks: tuple[TrackOut, ...]
    people: tuple[SpotOut, ...]


class PositionOut(msgspec.Struct, frozen=True):
    lat_deg: float
    lon_deg: float
    alt_hae_m: float | None
    sigma_m: float | None


class BearingOut(msgspec.Struct, frozen=True):
    azimuth_deg_true: float
    sigma_deg: float
    elevation_deg: float | None
    elevation_sigma_deg: float | None


class SightingOut(msgspec.Struct, kw_only=True, tag_field="t", tag="sighting"):
    """Not frozen: the track's number comes later."""

    report_id: str
    t_ms: int
    received_ms: int
    person_id: str | None
    name: str | None
    position: PositionOut | None
    bearing: BearingOut | None
    sense: Sense
    kind: DroneKind
    count: int | None
    load: bool | None
    motion: Motion | None
    track_id: str | None = None
    track_number: int | None = None
    refines: str | None
    withdrawn: bool
    text: str
    mark: Mark


class PlacedOut(msgspec.Struct, frozen=True, tag_field="t", tag="placed"):
    """warned: people warned of that track. verdict: what a named person says it is."""

    report_id: str
    track_id: str | None
    track_number: int | None
    confirmed: bool = False
    warned: int = 0
    verdict: str | None = None  # not_a_drone, friendly


class ReachedOut(msgspec.Struct, frozen=True, tag_field="t", tag="reached"):
    alert_id: str
    person_id: str
    kind: AckKind
    t_ms: int


class SensorOut(msgspec.Struct, frozen=True):
    sensor_id: str
    kind: str
    state: str
    last_ms: int | None
    detections: int
    faults: int
    thinned: int
    last_fault: str
    azimuth_error_deg: tuple[float, float] | None  # and its 1-sigma, as in link.SensorHealth
    clock_error_s: tuple[float, float] | None
    rate_hz: float = 0.0
    refused: tuple[tuple[str, int], ...] = ()


class HealthOut(msgspec.Struct, frozen=True, tag_field="t", tag="health"):
    sensors: tuple[SensorOut, ...]
    journal: str
    journal_lag_s: float
    counts: dict[str, int]


class AckedOut(msgspec.Struct, frozen=True, tag_field="t", tag="acked"):
    alert_id: str
    revision: int
    kind: AckKind


class PongOut(msgspec.Struct, frozen=True, tag_field="t", tag="pong"):
    n: int
    server_ms: int


class RefusedOut(msgspec.Struct, frozen=True, tag_field="t", tag="refused"):
    """The page said something that it may not say, or that cannot be read."""

    error: ErrorOut


class ErrorOut(msgspec.Struct, frozen=True):
    what: str
    got: str
    expected: str
    fix: str


ToPage: TypeAlias = (
    Hello
    | Beat
    | AlertOut
    | PictureOut
    | SightingOut
    | PlacedOut
    | ReachedOut
    | HealthOut
    | AckedOut
    | PongOut
    | RefusedOut
    | CoverOut
    | BulletinsOut
    | RecordsOut
    | CallsOut
)
