"""Open Drone ID payload -> messages: ASTM F3411-22a / ASD-STAN EN 4709-002.

A message is 25 bytes: kind (high nibble) and protocol version (low nibble), then 24 bytes.
Little-endian. A pack is kind 0xF, message size (25), count (1-9), messages. Each field below
is given as: clause, step, "unknown" value. Unknown is None here; odid_reference.py keeps the
wire's own stand-ins. What the standard reserves or cannot mean (direction 400, latitude 120)
is None too: a spoofed number is no number.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import TypeAlias

import msgspec

from vigia.wire.advert import Refused

MESSAGE_SIZE = 25
PACK_MAX = 9  # F3411-22a 5.4.5.21, message pack
AUTH_PAGES_MAX = 16
UAS_ID_SIZE = 20
EPOCH_2019_S = 1_546_300_800  # 2019-01-01T00:00:00Z, base of the 32-bit times
HOUR_DS = 36_000

# Upper bounds of the accuracy classes, 95 %: F3411-22a table 6 after ADS-B's NACp and NACv.
# None: unknown (0) or reserved.
_NM_M = 1852.0
H_ACC_95_M: tuple[float | None, ...] = (
    *(None, 10 * _NM_M, 4 * _NM_M, 2 * _NM_M, _NM_M, 0.5 * _NM_M, 0.3 * _NM_M, 0.1 * _NM_M),
    *(0.05 * _NM_M, 30.0, 10.0, 3.0, 1.0, None, None, None),
)
V_ACC_95_M: tuple[float | None, ...] = (None, 150.0, 45.0, 25.0, 10.0, 3.0, 1.0, *[None] * 9)
SPEED_ACC_95_MPS: tuple[float | None, ...] = (None, 10.0, 3.0, 1.0, 0.3, *[None] * 11)
R95_PER_SIGMA = 2.4477  # radius that holds 95 % of a round two-dimensional normal
Z95_PER_SIGMA = 1.9600  # the same in one dimension


class Kind(IntEnum):
    BASIC_ID = 0
    LOCATION = 1
    AUTH = 2
    SELF_ID = 3
    SYSTEM = 4
    OPERATOR_ID = 5
    PACK = 15


class IdType(IntEnum):
    """F3411-22a 5.4.5.4. The same numbers as scan.IdKind."""

    NONE = 0
    SERIAL = 1  # ANSI/CTA-2063-A
    CAA = 2  # registration by the authority
    UTM = 3  # 16 bytes of UUID
    SESSION = 4  # first byte: kind of session identifier


class Status(IntEnum):
    """F3411-22a 5.4.5.5."""

    UNDECLARED = 0
    GROUND = 1
    AIRBORNE = 2
    EMERGENCY = 3
    SYSTEM_FAILURE = 4  # of the Remote ID system


class BasicId(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """5.4.5.4. uas_id: 20 bytes, filled up with zero; text for SERIAL and CAA, binary else."""

    id_type: int
    ua_type: int
    uas_id: bytes


class Location(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """5.4.5.5 to 5.4.5.13. Angles clockwise from true north.

    course: 1 degree, 0-179 plus 180 with the west bit; unknown 361. speed: 0.25 m/s, or with
    the multiplier bit 0.75 m/s above 63.75; unknown 255. climb: 0.5 m/s, signed, up positive,
    ±62; unknown 63. latitude, longitude: 1e-7 degree; unknown both 0. altitudes and height:
    0.5 m above -1000; unknown -1000. Accuracies: classes -> 1-sigma upper bounds; unknown 0.
    since_hour_ds: tenths of a second since the full UTC hour; unknown 0xFFFF.
    """

    status: int
    height_above_ground: bool = False  # else above take-off
    course_deg_true: float | None = None
    speed_mps: float | None = None
    climb_mps: float | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    alt_baro_m: float | None = None
    alt_hae_m: float | None = None
    height_m: float | None = None
    sigma_m: float | None = None
    alt_sigma_m: float | None = None
    baro_sigma_m: float | None = None
    speed_sigma_mps: float | None = None
    since_hour_ds: int | None = None
    since_hour_sigma_s: float | None = None


class Auth(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """5.4.5.14. One page. Page 0 also tells the last page, the length and when."""

    auth_type: int
    page: int
    data: bytes  # 17 bytes on page 0, 23 on the others
    last_page: int | None = None
    length: int | None = None
    t_s: int | None = None  # since 1970; unknown 0


class SelfId(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """5.4.5.15. 23 bytes of text: what the operator says of the flight."""

    description_type: int
    description: bytes


class System(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """5.4.5.16 to 5.4.5.19. Where the operator is: personal.

    latitude, longitude: 1e-7 degree; unknown both 0. radius: 10 m. altitudes: 0.5 m above
    -1000; unknown -1000. time: seconds since 2019; unknown 0.
    """

    operator_location_type: int  # 0 take-off, 1 live, 2 fixed
    classification_type: int
    category_eu: int
    class_eu: int
    area_count: int
    area_radius_m: float
    lat_deg: float | None = None
    lon_deg: float | None = None
    alt_hae_m: float | None = None
    area_ceiling_m: float | None = None
    area_floor_m: float | None = None
    t_s: int | None = None  # since 1970


class OperatorId(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """5.4.5.20. 20 bytes of text, given by the authority."""

    id_type: int
    operator_id: bytes


Message: TypeAlias = BasicId | Location | Auth | SelfId | System | OperatorId

# status, course, speed, climb, lat, lon, baro, hae, height, accuracies (2), time, accuracy
LOCATION_FORM = struct.Struct("<xBBBbiiHHHBBHBx")
SYSTEM_FORM = struct.Struct("<xBiiHBHHBHIx")


def split(payload: bytes) -> tuple[bytes, ...] | Refused:
    """One message or a pack -> its 25-byte messages. Bytes after the last are padding.

    As the reference decoder does, a pack is refused whole for a kind no standard knows and
    for two of one kind (of authentication pages and identifiers there may be more).
    """
    if not payload:
        return Refused(code="short", what="payload: got 0 bytes, need a message of 25")
    if payload[0] >> 4 != Kind.PACK:
        if len(payload) < MESSAGE_SIZE:
            return Refused(code="short", what=f"message: got {len(payload)} bytes, need 25")
        if payload[0] >> 4 > Kind.OPERATOR_ID:
            return Refused(code="kind", what=f"message: got kind {payload[0] >> 4}, need 0-5 or 15")
        return (payload[:MESSAGE_SIZE],)
    if len(payload) < 3:
        return Refused(code="short", what=f"pack: got {len(payload)} bytes, need 3 or more")
    size, count = payload[1], payload[2]
    if size != MESSAGE_SIZE:
        return Refused(code="message_size", what=f"pack: got message size {size}, need 25")
    if not 1 <= count <= PACK_MAX:
        return Refused(code="pack_count", what=f"pack: got {count} messages, need 1 to {PACK_MAX}")
    if len(payload) < 3 + count * MESSAGE_SIZE:
        what = f"pack: got {len(payload)} bytes, {count} messages need {3 + count * MESSAGE_SIZE}"
        return Refused(code="short", what=what)
    parts = tuple(payload[at : at + 25] for at in range(3, 3 + count * 25, 25))
    kinds = [part[0] >> 4 for part in parts]
    if max(kinds) > Kind.OPERATOR_ID:
        return Refused(code="kind", what=f"pack: got message kinds {kinds}, need each in 0-5")
    if any(kinds.count(kind) > (2 if kind == Kind.BASIC_ID else 1) for kind in {*kinds} - {2}):
        return Refused(code="repeated", what=f"pack: got message kinds {kinds}, need each once")
    return parts


def decode(payload: bytes) -> tuple[Message, ...] | Refused:
    """One message or a pack -> typed messages, in their order."""
    parts = split(payload)
    return parts if isinstance(parts, Refused) else tuple(decode_message(part) for part in parts)


def decode_message(data: bytes) -> Message:
    """data: 25 bytes of a kind from 0 to 5 (what split() gives)."""
    match data[0] >> 4:
        case Kind.BASIC_ID:
            return BasicId(id_type=data[1] >> 4, ua_type=data[1] & 15, uas_id=data[2:22])
        case Kind.LOCATION:
            return _location(data)
        case Kind.AUTH:
            return _auth(data)
        case Kind.SELF_ID:
            return SelfId(description_type=data[1], description=data[2:25])
        case Kind.SYSTEM:
            return _system(data)
        case Kind.OPERATOR_ID:
            return OperatorId(id_type=data[1], operator_id=data[2:22])
        case kind:
            raise ValueError(f"message: got kind {kind}, need 0 to 5; split() the payload first")


def text(field: bytes) -> str:
    """A zero-filled text field, up to its first zero; bytes beyond ASCII as Latin-1."""
    return field.split(b"\0", 1)[0].decode("latin-1")


def altitude_m(raw: int) -> float | None:
    return raw * 0.5 - 1000.0 if raw else None


def point_deg(lat: int, lon: int) -> tuple[float, float] | tuple[None, None]:
    """1e-7 degree -> degrees; both None for 0/0 and for what is not on the globe."""
    if (lat == 0 and lon == 0) or abs(lat) > 900_000_000 or abs(lon) > 1_800_000_000:
        return None, None
    return lat / 1e7, lon / 1e7


def course_deg(raw: int, *, west: bool) -> float | None:
    course = raw + 180 if west else raw
    return None if course > 360 else float(course % 360)


def speed_mps(raw: int, *, multiplied: bool) -> float | None:
    if not multiplied:
        return raw * 0.25
    return None if raw == 255 else raw * 0.75 + 63.75


def climb_mps(raw: int) -> float | None:
    return raw * 0.5 if abs(raw) <= 124 else None


def _sigma(bounds: tuple[float | None, ...], index: int, per_sigma: float) -> float | None:
    bound = bounds[index]
    return None if bound is None else bound / per_sigma


def _location(data: bytes) -> Location:
    """flags: bit 0 speed multiplier, 1 west, 2 height reference, 4-7 status."""
    (flags, course, speed, climb, lat_raw, lon_raw, *rest) = LOCATION_FORM.unpack(data)
    baro, hae, height, hv_acc, sb_acc, since_hour_ds, t_acc = rest
    lat_deg, lon_deg = point_deg(lat_raw, lon_raw)
    return Location(
        status=flags >> 4,
        height_above_ground=bool(flags & 4),
        course_deg_true=course_deg(course, west=bool(flags & 2)),
        speed_mps=speed_mps(speed, multiplied=bool(flags & 1)),
        climb_mps=climb_mps(climb),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        alt_baro_m=altitude_m(baro),
        alt_hae_m=altitude_m(hae),
        height_m=altitude_m(height),
        sigma_m=_sigma(H_ACC_95_M, hv_acc & 15, R95_PER_SIGMA),
        alt_sigma_m=_sigma(V_ACC_95_M, hv_acc >> 4, Z95_PER_SIGMA),
        baro_sigma_m=_sigma(V_ACC_95_M, sb_acc >> 4, Z95_PER_SIGMA),
        speed_sigma_mps=_sigma(SPEED_ACC_95_MPS, sb_acc & 15, R95_PER_SIGMA),
        since_hour_ds=since_hour_ds if since_hour_ds <= HOUR_DS else None,
        since_hour_sigma_s=(t_acc & 15) / 10 / Z95_PER_SIGMA or None,
    )


def _auth(data: bytes) -> Auth:
    auth_type, page = data[1] >> 4, data[1] & 15
    if page:
        return Auth(auth_type=auth_type, page=page, data=data[2:25])
    last_page, length, t_s = struct.unpack_from("<BBI", data, 2)
    return Auth(
        auth_type=auth_type,
        page=0,
        data=data[8:25],
        last_page=last_page,
        length=length,
        t_s=t_s + EPOCH_2019_S if t_s else None,
    )


def _system(data: bytes) -> System:
    """flags: bits 0-1 location type, 2-4 classification; eu: low nibble class, high category."""
    (flags, lat_raw, lon_raw, count, radius, ceiling, floor, eu, hae, t_s) = SYSTEM_FORM.unpack(
        data
    )
    lat_deg, lon_deg = point_deg(lat_raw, lon_raw)
    return System(
        operator_location_type=flags & 3,
        classification_type=flags >> 2 & 7,
        category_eu=eu >> 4,
        class_eu=eu & 15,
        area_count=count,
        area_radius_m=radius * 10.0,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        alt_hae_m=altitude_m(hae),
        area_ceiling_m=altitude_m(ceiling),
        area_floor_m=altitude_m(floor),
        t_s=t_s + EPOCH_2019_S if t_s else None,
    )
