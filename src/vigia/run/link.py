"""Messages between the watch process and its two clients, the gateway and the courier.

Frames on a Unix socket for each in the data folder: 4 bytes little-endian length, then one msgpack
message of these types. Bounded by FRAME_MAX; a larger or undecodable frame ends the link.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from vigia.events import (
    AgencyAdded,
    Alert,
    CoreSettings,
    CoverTold,
    Delivery,
    DeviceEnrolled,
    Event,
    Input,
    PersonAdded,
    Position,
)
from vigia.events_flight import FlightAuthorised
from vigia.events_reach import NotReached
from vigia.terms import Channel, Identity, Mark

FRAME_MAX = 16 * 1024 * 1024


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    pass


# ---- gateway -> watch --------------------------------------------------------------------------


class Submit(_Message, frozen=True, kw_only=True):
    """An input from people. Answered by Committed after the commit, or by Refused.

    request_id 0: no answer wanted (hand-over receipts, positions).
    """

    request_id: int
    source: str
    body: Input


# ---- watch -> gateway --------------------------------------------------------------------------


class Committed(_Message, frozen=True, kw_only=True):
    """The input is on disk. Only now may a reporter hear "received"."""

    request_id: int
    seq: int


class Refused(_Message, frozen=True, kw_only=True):
    request_id: int
    why: str


class Emit(_Message, frozen=True, kw_only=True):
    """An event as it happens: decisions, and the people's inputs the pages show."""

    event: Event


class Arrival(msgspec.Struct, frozen=True):
    """Per track: the target it reaches first."""

    track_id: str
    target_id: str
    p_hit: float
    t_earliest_ns: int
    t_p50_ns: int | None
    range_m: float
    bearing_deg_true: float


class Picture(_Message, frozen=True, kw_only=True):
    """Once a second, not journaled: what the console lists beside TracksPublished."""

    t_ns: int
    arrivals: tuple[Arrival, ...]
    people: tuple[PersonSpot, ...] = ()
    identities: tuple[tuple[str, Identity], ...] = ()  # by track; named persons' words only


class PersonSpot(msgspec.Struct, frozen=True):
    """A person on watch with a position; shown to watch officers only."""

    person_id: str
    position: Position
    t_obs_ns: int


class SensorHealth(msgspec.Struct, frozen=True):
    sensor_id: str
    kind: str
    state: str  # ok, silent, unproved, failed
    t_last_ns: int | None
    detections: int
    faults: int
    thinned: int
    last_fault: str = ""
    # learnt beside tracks that others measure; None: nothing yet. Each with its 1-sigma
    azimuth_error_deg: tuple[float, float] | None = None  # its azimuths are too large by this
    clock_error_s: tuple[float, float] | None = None  # its times are late by this
    rate_hz: float = 0.0  # detections a second, of the last RATE_S
    refused: tuple[tuple[str, int], ...] = ()  # why, and how often; the most frequent


class Status(_Message, frozen=True, kw_only=True):
    """The watch's heartbeat, once a second. Its absence is WATCH LOST."""

    t_ns: int
    mode: Mark
    state: str  # starting, ready, degraded
    journal: str  # ok, or what is wrong with it
    journal_lag_s: float
    sensors: tuple[SensorHealth, ...]
    counts: dict[str, int]


class Unsent(msgspec.Struct, frozen=True):
    """Given to a channel of the courier's and no receipt yet."""

    alert: Alert
    delivery: Delivery


class Call(msgspec.Struct, frozen=True):
    """One line of the radio desk's list."""

    alert: Alert
    told: NotReached


class State(_Message, frozen=True, kw_only=True):
    """First message on a new link: what the gateway, or the courier, must know to serve."""

    t_ns: int
    settings: CoreSettings
    agencies: tuple[AgencyAdded, ...]
    people: tuple[PersonAdded, ...]
    devices: tuple[DeviceEnrolled, ...]
    open_alerts: tuple[Alert, ...]
    cover: tuple[CoverTold, ...] = ()
    contacts: dict[str, tuple[Channel, ...]] = {}  # by person, as the core knows them
    calls: tuple[Call, ...] = ()
    unsent: tuple[Unsent, ...] = ()
    flights: tuple[FlightAuthorised, ...] = ()


ToWatch: TypeAlias = Submit
ToGateway: TypeAlias = Committed | Refused | Emit | Picture | Status | State
