"""COURAGEOUS log, JSON <-> typed records: how counter-drone trials write down what a system saw.

Schema 0.4.1 (COURAGEOUS-isf/format-website, schemas/v0.4.1.json; 0.4.0 has the same shape).
`detection` holds what was seen now and then, `tracks` what was followed. Strict in what is
written, lenient in what is read: members the schema does not know are ignored. Reading garbage
raises CourageousError and nothing else.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta, field

VERSION: Literal["0.4.1"] = "0.4.1"
LOG_MAX = 1 << 30  # bytes of one log that is read
TIME_MS_MAX = 9_000_000_000_000  # year 2255; later does not fit 64 bits of nanoseconds
ID_MAX = 2**64 - 1  # uint64 in the schema

Degrees: TypeAlias = Annotated[float, Meta(ge=-360.0, le=360.0)]
Elevation: TypeAlias = Annotated[float, Meta(ge=-90.0, le=90.0)]
Latitude: TypeAlias = Annotated[float, Meta(ge=-90.0, le=90.0)]
Longitude: TypeAlias = Annotated[float, Meta(ge=-180.0, le=180.0)]
Height: TypeAlias = Annotated[float, Meta(ge=-100_000.0, le=100_000.0)]
Speed: TypeAlias = Annotated[float, Meta(ge=-10_000.0, le=10_000.0)]
Distance: TypeAlias = Annotated[float, Meta(ge=0.0, le=1_000_000.0)]
Certainty: TypeAlias = Annotated[float, Meta(ge=0.0, le=1.0)]
TimeMs: TypeAlias = Annotated[int, Meta(ge=0, le=TIME_MS_MAX)]
Number: TypeAlias = Annotated[int, Meta(ge=0)]


class CourageousError(ValueError):
    """The log is not one. Says what, got, expected."""


class Classification(Enum):
    """GCS: a ground control station, so where a person is. Other: a bird, for example."""

    UNKNOWN = "Unknown"
    UAV = "UAV"
    GCS = "GCS"
    OTHER = "Other"


class Quarter(Enum):
    """A quarter of the compass."""

    NORTH = "North"
    EAST = "East"
    SOUTH = "South"
    WEST = "West"


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of all parts: an absent member and null are both unknown. gc: frozen parts hold no
    cycles, and a log has a million of them."""


class Place(_Part, frozen=True, kw_only=True):
    """WGS-84 degrees; height in metres above mean sea level (EGM96), not the ellipsoid."""

    lat_deg: Latitude = field(name="lat")
    lon_deg: Longitude = field(name="lon")
    height_amsl_m: Height = field(name="height_amsl")


class Arc(_Part, frozen=True, kw_only=True, tag_field="$type", tag="Arc"):
    """Somewhere between two directions from the system, clockwise from `from` to `to`."""

    from_deg_true: Degrees = field(name="from")
    to_deg_true: Degrees = field(name="to")


class Quad(_Part, frozen=True, kw_only=True, tag_field="$type", tag="Quad"):
    quarter: Quarter = field(name="quad")


class Bearing(_Part, frozen=True, kw_only=True, tag_field="$type", tag="Bearing"):
    bearing_deg_true: Degrees = field(name="bearing")


class Position2d(_Part, frozen=True, kw_only=True, tag_field="$type", tag="Position2d"):
    lat_deg: Latitude = field(name="lat")
    lon_deg: Longitude = field(name="lon")


class Position3d(Place, frozen=True, kw_only=True, tag_field="$type", tag="Position3d"):
    """A Place as the location of an aircraft."""


class BearingElevation(_Part, frozen=True, kw_only=True, tag_field="$type", tag="BearingElevation"):
    """elevation: above the horizon."""

    bearing_deg_true: Degrees = field(name="bearing")
    elevation_deg: Elevation = field(name="elevation")


class BearingElevationDistance(
    _Part, frozen=True, kw_only=True, tag_field="$type", tag="BearingElevationDistance"
):
    """distance: from the system to the aircraft, slant."""

    bearing_deg_true: Degrees = field(name="bearing")
    elevation_deg: Elevation = field(name="elevation")
    distance_m: Distance = field(name="distance")


Location: TypeAlias = (
    Arc | Quad | Bearing | Position2d | Position3d | BearingElevation | BearingElevationDistance
)


class Velocity(_Part, frozen=True, kw_only=True):
    """East, north, up at the aircraft."""

    east_mps: Speed = field(name="east")
    north_mps: Speed = field(name="north")
    up_mps: Speed = field(name="up")


class Alarm(_Part, frozen=True, kw_only=True):
    """Whether the operator was alerted, and how certain the system is of it."""

    active: bool
    certainty: Certainty


class _Record(_Part, frozen=True, kw_only=True):
    """record_number: unique within `detection` and within `tracks`. time: Unix, UTC.
    identification: free text. cuas_location: where the system stood then, if not as ever."""

    time_ms: TimeMs = field(name="time")
    record_number: Number
    classification: Classification
    velocity: Velocity | None = None
    identification: str | None = None
    cuas_location: Place | None = None

    def __post_init__(self) -> None:
        _check_id("record_number", self.record_number)


class DetectionRecord(_Record, frozen=True, kw_only=True):
    """location None: something is there, nobody knows where."""

    alarm: Alarm | None = None
    location: Location | None = None


class TrackRecord(_Record, frozen=True, kw_only=True):
    alarm: Alarm
    location: Location


class DetectionSet(_Part, frozen=True, kw_only=True):
    """uas_id: which aircraft all its records are of; None: nobody knows."""

    records: tuple[DetectionRecord, ...]
    uas_id: Number | None = None
    name: str | None = None
    uav_home_location: Place | None = None

    def __post_init__(self) -> None:
        _check_id("uas_id", self.uas_id)


class TrackSet(_Part, frozen=True, kw_only=True):
    """One unbroken track. The parts of a broken one have the same uas_id."""

    records: tuple[TrackRecord, ...]
    uas_id: Number
    name: str | None = None
    uav_home_location: Place | None = None

    def __post_init__(self) -> None:
        _check_id("uas_id", self.uas_id)


class Log(_Part, frozen=True, kw_only=True):
    """What one counter-drone system saw. static_cuas_location: where it stands."""

    version: Literal["0.4.0", "0.4.1"]
    vendor_name: str
    system_name: str
    static_cuas_location: Place
    detection: tuple[DetectionSet, ...]
    tracks: tuple[TrackSet, ...]


_decoder: msgspec.json.Decoder[Log] = msgspec.json.Decoder(Log)
_encoder = msgspec.json.Encoder()
_BOM = b"\xef\xbb\xbf"
_AT = re.compile(r"^(.*?) - at `\$\.?(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_SHOWN_MAX = 60  # characters of a wrong value in an error
# What a member that holds one word may say; the decoder's own complaint does not list it.
_WORDS = {
    "classification": "one of " + ", ".join(c.value for c in Classification),
    "quad": "one of " + ", ".join(q.value for q in Quarter),
    "$type": "one of Arc, Quad, Bearing, Position2d, Position3d, BearingElevation, "
    "BearingElevationDistance",
    "version": "0.4.1 or 0.4.0; convert the log with its vendor's tools",
}


def decode(data: bytes) -> Log:
    """One whole log. Raises CourageousError, nothing else."""
    if len(data) > LOG_MAX:
        raise CourageousError(f"log: got {len(data)} bytes, need at most {LOG_MAX}; split it")
    body = data.removeprefix(_BOM)
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as e:
        raise CourageousError(_explain(str(e), body)) from e
    except RecursionError as e:
        raise CourageousError("log: got JSON nested too deeply, need a COURAGEOUS log") from e
    except ValueError as e:  # msgspec's DecodeError, and text that is not UTF-8
        raise CourageousError(f"log: got no JSON ({e}), need a COURAGEOUS {VERSION} log") from e


def encode(log: Log) -> bytes:
    """UTF-8 JSON, one line. Raises ValueError for a log that decode() would refuse."""
    data = _encoder.encode(log)
    decode(data)
    return data


def _check_id(name: str, value: int | None) -> None:
    if value is not None and value > ID_MAX:
        raise ValueError(f"{name}: got {value}, need at most {ID_MAX}")


def _explain(text: str, data: bytes) -> str:
    """The decoder's complaint -> where, got, need."""
    found = _AT.match(text)
    why, path = (found[1], found[2]) if found else (text, "")
    where = path or "log"
    name = path.rpartition(".")[2]
    if why.startswith("Object missing"):
        return f"{where}: {why[0].lower()}{why[1:]}; schema {VERSION} needs it"
    if not why.startswith(("Expected", "Invalid", "Number")):
        return f"{where}: {why}"
    if why.startswith("Number"):
        return f"{where}: {why[0].lower()}{why[1:]}, need a finite number"
    need = _WORDS.get(name) or why.partition(", got")[0].removeprefix("Expected ").replace("`", "")
    return f"{where}: got {_value_at(data, path)}, need {need}"


def _value_at(data: bytes, path: str) -> str:
    """The wrong value as the log has it, shortened."""
    try:
        value: Any = msgspec.json.decode(data)
        for name, index in _STEP.findall(path):
            value = value[int(index)] if index else value[name]
    except (ValueError, LookupError, TypeError, RecursionError):  # such as a number too large
        return "something unreadable"
    shown = msgspec.json.encode(value).decode()
    return shown if len(shown) <= _SHOWN_MAX else shown[:_SHOWN_MAX] + "…"
