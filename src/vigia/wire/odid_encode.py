"""messages -> Open Drone ID bytes; for our simulator, drills and test vectors.

The inverse of odid.decode: what was decoded encodes to bytes that decode to the same. A value
between two steps goes to the nearer one, a value beyond the field to its end.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, assert_never

from vigia.wire import odid

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSION = 2  # F3411-22a


def encode(message: odid.Message) -> bytes:
    """25 bytes. Raises ValueError for a text or page that does not fit."""
    match message:
        case odid.BasicId():
            head = bytes(
                [odid.Kind.BASIC_ID << 4 | _VERSION, message.id_type << 4 | message.ua_type]
            )
            return head + _filled(message.uas_id, odid.UAS_ID_SIZE) + bytes(3)
        case odid.Location():
            return _location(message)
        case odid.Auth():
            return _auth(message)
        case odid.SelfId():
            head = bytes([odid.Kind.SELF_ID << 4 | _VERSION, message.description_type])
            return head + _filled(message.description, 23)
        case odid.System():
            return _system(message)
        case odid.OperatorId():
            head = bytes([odid.Kind.OPERATOR_ID << 4 | _VERSION, message.id_type])
            return head + _filled(message.operator_id, 20) + bytes(3)
        case _:
            assert_never(message)


def encode_pack(messages: Sequence[odid.Message]) -> bytes:
    """Raises ValueError for none or more than nine."""
    if not 1 <= len(messages) <= odid.PACK_MAX:
        raise ValueError(f"pack: got {len(messages)} messages, need 1 to {odid.PACK_MAX}")
    head = bytes([odid.Kind.PACK << 4 | _VERSION, odid.MESSAGE_SIZE, len(messages)])
    return head + b"".join(encode(message) for message in messages)


def _filled(value: bytes, size: int) -> bytes:
    if len(value) > size:
        raise ValueError(f"text field: got {len(value)} bytes, need at most {size}")
    return value.ljust(size, b"\0")


def _location(m: odid.Location) -> bytes:
    course = 361 if m.course_deg_true is None else round(m.course_deg_true) % 360
    west = course >= 180
    speed, multiplied = _speed(m.speed_mps)
    climb = 126 if m.climb_mps is None else min(max(round(m.climb_mps * 2), -124), 124)
    flags = m.status << 4 | m.height_above_ground << 2 | west << 1 | multiplied
    lat_raw, lon_raw = _point(m.lat_deg, m.lon_deg)
    hv_acc = _class(m.sigma_m, odid.H_ACC_95_M, odid.R95_PER_SIGMA)
    hv_acc |= _class(m.alt_sigma_m, odid.V_ACC_95_M, odid.Z95_PER_SIGMA) << 4
    sb_acc = _class(m.speed_sigma_mps, odid.SPEED_ACC_95_MPS, odid.R95_PER_SIGMA)
    sb_acc |= _class(m.baro_sigma_m, odid.V_ACC_95_M, odid.Z95_PER_SIGMA) << 4
    t_acc = round((m.since_hour_sigma_s or 0.0) * 10 * odid.Z95_PER_SIGMA)
    body = odid.LOCATION_FORM.pack(
        *(flags, course - 180 if west else course, speed, climb, lat_raw, lon_raw),
        *(_altitude(m.alt_baro_m), _altitude(m.alt_hae_m), _altitude(m.height_m)),
        *(hv_acc, sb_acc, 0xFFFF if m.since_hour_ds is None else m.since_hour_ds, min(t_acc, 15)),
    )
    return bytes([odid.Kind.LOCATION << 4 | _VERSION]) + body[1:]


def _auth(m: odid.Auth) -> bytes:
    head = bytes([odid.Kind.AUTH << 4 | _VERSION, m.auth_type << 4 | m.page])
    if m.page:
        return head + _filled(m.data, 23)
    when = struct.pack("<BBI", m.last_page or 0, m.length or 0, _since_2019(m.t_s))
    return head + when + _filled(m.data, 17)


def _system(m: odid.System) -> bytes:
    lat_raw, lon_raw = _point(m.lat_deg, m.lon_deg)
    body = odid.SYSTEM_FORM.pack(
        *(m.operator_location_type | m.classification_type << 2, lat_raw, lon_raw, m.area_count),
        *(min(round(m.area_radius_m / 10), 255), _altitude(m.area_ceiling_m)),
        *(_altitude(m.area_floor_m), m.category_eu << 4 | m.class_eu),
        *(_altitude(m.alt_hae_m), _since_2019(m.t_s)),
    )
    return bytes([odid.Kind.SYSTEM << 4 | _VERSION]) + body[1:]


def _speed(speed_mps: float | None) -> tuple[int, bool]:
    if speed_mps is None:
        return 255, True
    if speed_mps <= 63.75:
        return max(round(speed_mps * 4), 0), False
    return min(round((speed_mps - 63.75) / 0.75), 254), True


def _point(lat_deg: float | None, lon_deg: float | None) -> tuple[int, int]:
    if lat_deg is None or lon_deg is None:
        return 0, 0
    return round(lat_deg * 1e7), round(lon_deg * 1e7)


def _altitude(alt_m: float | None) -> int:
    """0 is "unknown", so the lowest altitude there is, is -999.5 m."""
    return 0 if alt_m is None else min(max(round((alt_m + 1000.0) * 2), 1), 0xFFFF)


def _class(sigma: float | None, bounds: tuple[float | None, ...], per_sigma: float) -> int:
    """The tightest class that still contains the sigma; 0 when none does."""
    if sigma is None:
        return 0
    fitting = [
        (b, i) for i, b in enumerate(bounds) if b is not None and sigma <= b / per_sigma + 1e-9
    ]
    return min(fitting)[1] if fitting else 0


def _since_2019(t_s: int | None) -> int:
    return 0 if t_s is None else t_s - odid.EPOCH_2019_S
