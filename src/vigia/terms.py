"""The field's nouns as small value types; each has one meaning (docs/terms.md maps them)."""

from __future__ import annotations

from enum import Enum, IntEnum

import msgspec

from vigia.geo import LAT_MAX_DEG, LON_MAX_DEG


class Mark(Enum):
    """What an event is worth in the real world. It follows input through to every channel."""

    ACTUAL = "actual"
    EXERCISE = "exercise"  # drills, recordings played back, declared simulators
    DEMO = "demo"


class Tier(IntEnum):
    """How urgent an alert is for one person. NONE is "no alert", never "safe"."""

    NONE = 0
    WATCH = 1  # be aware
    WARNING = 2  # prepare, it is closing
    DANGER = 3  # take cover now


class Identity(Enum):
    """STANAG 1241 words. The machine assigns at most SUSPECT; HOSTILE is a person's word."""

    FRIEND = "friend"
    ASSUMED_FRIEND = "assumed_friend"
    NEUTRAL = "neutral"
    UNKNOWN = "unknown"
    SUSPECT = "suspect"
    HOSTILE = "hostile"


class Role(Enum):
    """What a person, or a service by its key, may do. Every endpoint names the roles it takes."""

    VIEWER = "viewer"  # looks at the console of his agency, is warned; changes nothing
    OFFICER = "officer"  # reports, is warned, acknowledges; "agent" in journals before 0.2
    WATCH_OFFICER = "watch_officer"  # acts on alerts at the console
    ANALYST = "analyst"  # reads ledger and history
    RELEASER = "releaser"  # releases what goes out under the agency's name
    SENSOR = "sensor"  # a service key: what its scope names, and nothing else
    ADMIN = "admin"  # invites, revokes, keys
    AGENT = "officer"  # the same as OFFICER, by its older name

    @classmethod
    def _missing_(cls, value: object) -> Role | None:
        """Older journals, snapshots and invitations say "agent"."""
        return cls.OFFICER if value == "agent" else None


class Lang(Enum):
    EN = "en"
    ES = "es"


class Sense(Enum):
    """How a person noticed the drone."""

    SEEN = "seen"
    HEARD = "heard"


class DroneKind(Enum):
    UNKNOWN = "unknown"
    MULTIROTOR = "multirotor"
    FIXED_WING = "fixed_wing"
    HELICOPTER = "helicopter"
    OTHER = "other"


class Motion(Enum):
    MOVING = "moving"
    HOVERING = "hovering"
    TOWARDS_ME = "towards_me"


class AckKind(Enum):
    """Three different things an answer can mean; in this order none replaces another."""

    DELIVERED = "delivered"  # T3: the device showed it
    SEEN = "seen"  # T4: the person answered "I see it"
    SAFE = "safe"  # T4: "I am in cover"


class Channel(Enum):
    """How an alert gets to somebody. The first six go to a person, the others to a place."""

    PAGE = "page"  # an open page of ours
    PUSH = "push"  # Web Push to a closed one
    NTFY = "ntfy"
    SMS = "sms"
    EMAIL = "email"
    RADIO = "radio"  # a watch officer calls him: the console's radio desk list
    COT = "cot"  # TAK
    CAP = "cap"
    WEBHOOK = "webhook"
    MQTT = "mqtt"
    SIREN = "siren"  # or a loudspeaker


class MsgType(Enum):
    """CAP 1.2 3.2.1 msgType."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"


class EndReason(Enum):
    """Why an alert ended. Expiry and loss are not all-clear."""

    ALL_CLEAR = "all_clear"  # a named person said so
    DEPARTED = "departed"  # positive evidence that it went away
    EXPIRED = "expired"  # no new evidence; not confirmed gone
    FALSE = "false"  # the track was no drone
    FRIENDLY = "friendly"  # a named person knows it; for ten minutes
    WITHDRAWN = "withdrawn"  # whoever raised or reported it took it back
    UNKNOWN_AFTER_RESTART = "unknown_after_restart"  # a device held it, the watch does not


class TrackStatus(IntEnum):
    POSSIBLE = 1  # one trusted report
    CONFIRMED = 2  # the sequential test is passed
    LOST = 3  # ended


class Position(msgspec.Struct, frozen=True, array_like=True):
    """A point on the WGS-84 ellipsoid. sigma_m: 1-sigma, horizontal; None is unknown."""

    lat_deg: float
    lon_deg: float
    alt_hae_m: float | None = None
    sigma_m: float | None = None

    def __post_init__(self) -> None:
        if not (abs(self.lat_deg) <= LAT_MAX_DEG and abs(self.lon_deg) <= LON_MAX_DEG):
            raise ValueError(
                f"position: got {self.lat_deg}, {self.lon_deg}; need latitude within "
                f"±{LAT_MAX_DEG:.0f} and longitude within ±{LON_MAX_DEG:.0f} degrees"
            )


class Bearing(msgspec.Struct, frozen=True, array_like=True):
    """A direction without a range. azimuth: clockwise from true north, 0 <= azimuth < 360."""

    azimuth_deg_true: float
    sigma_deg: float
    elevation_deg: float | None = None
    elevation_sigma_deg: float | None = None

    def __post_init__(self) -> None:
        if not (0.0 <= self.azimuth_deg_true < 360.0 and 0.0 < self.sigma_deg <= 180.0):
            raise ValueError(
                f"bearing: got azimuth {self.azimuth_deg_true}, sigma {self.sigma_deg}; "
                "need 0 <= azimuth < 360 and 0 < sigma <= 180 degrees"
            )


class Grade(msgspec.Struct, frozen=True, array_like=True):
    """Admiralty grade: reliability of the source A-F, credibility of the content 1-6."""

    reliability: str
    credibility: int

    def __post_init__(self) -> None:
        if self.reliability not in "ABCDEF" or not 1 <= self.credibility <= 6:
            raise ValueError(
                f"grade: got {self.reliability}{self.credibility}; need A-F and 1-6, such as B2"
            )
