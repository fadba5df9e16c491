"""DJI's vendor beacon ("DroneID") as receivers hand it on -> what it says; and back, for tests.

The layout is public knowledge of others: Kismet's parser, RemoteIDReceiver and the paper "Drone
Security and the Mysterious Case of DJI's DroneID" (NDSS 2023) agree on it. They disagree about the
unit of the two heights (tenths of a metre, feet), so heights are not read.
"""

from __future__ import annotations

import math
import struct

import msgspec

from vigia.wire.advert import Refused

OUIS = (b"\x26\x37\x12", b"\x60\x60\x1f", b"\x48\x1c\xb9", b"\x34\xd2\x62")
MARK = b"\x58\x62\x13"
FLIGHT, PURPOSE = 0x10, 0x11
SPEED_MAX_MPS = 80.0  # a faster one is a damaged or invented one: unknown
AIRBORNE = 0x20  # of the state
# seq u16, state u16, serial, lon, lat, altitude, height, north, east, up (cm/s)
_HEAD = struct.Struct("<HH16siihhhhh")
_V1_REST = struct.Struct("<hhhiiBB")  # pitch, roll, yaw, home lon, lat, product, name length
_V2_REST = struct.Struct("<hQiiiiBB")  # yaw, time, operator lat, lon, home lon, lat, product, …
_PER_DEGREE = 1e7 * math.pi / 180.0  # coordinates are radians x 10^7


class Beacon(msgspec.Struct, frozen=True, kw_only=True):
    """serial "": none said. operator: latitude and longitude in degrees, None: not said.
    Where it took off is not read: it is where its operator was."""

    serial: str
    lat_deg: float | None
    lon_deg: float | None
    speed_mps: float | None
    course_deg_true: float | None
    climb_mps: float | None
    airborne: bool
    operator: tuple[float, float] | None = None


def is_beacon(value: bytes) -> bool:
    """A vendor element of DJI's DroneID."""
    return value[:3] in OUIS and value[3:6] == MARK


def parse(value: bytes) -> Beacon | Refused | None:
    """A vendor element from its organisation on. None: it says nothing of a flight."""
    if len(value) < 8:
        return Refused(code="short", what=f"beacon: got {len(value)} bytes")
    kind, version = value[6], value[7]
    if kind == PURPOSE:
        return None  # texts of the user
    if kind != FLIGHT or version not in (1, 2):
        what = f"beacon: kind {kind:#x} version {version}: no published layout"
        return Refused(code="version", what=what)
    rest = _V1_REST if version == 1 else _V2_REST
    if len(value) < 8 + _HEAD.size + rest.size:
        need = 8 + _HEAD.size + rest.size
        return Refused(code="short", what=f"beacon: got {len(value)} bytes; need {need}")
    _, state, raw, lon, lat, _, _, north, east, up = _HEAD.unpack_from(value, 8)
    operator = None
    if version == 2:
        _, _, op_lat, op_lon, *_ = _V2_REST.unpack_from(value, 8 + _HEAD.size)
        operator = _place(op_lat, op_lon)
    where = _place(lat, lon)
    if where is None and (lat or lon):
        return Refused(code="place", what="beacon: no such place")
    speed, course = speed_of(east / 100.0, north / 100.0)
    climb = up / 100.0
    return Beacon(
        serial=text_of(raw),
        lat_deg=None if where is None else where[0],
        lon_deg=None if where is None else where[1],
        speed_mps=speed,
        course_deg_true=course,
        climb_mps=climb if abs(climb) <= 62.0 else None,
        airborne=bool(state & AIRBORNE),
        operator=operator,
    )


def speed_of(east_mps: float, north_mps: float) -> tuple[float | None, float | None]:
    """Speed and course. No motion says no course, and an impossible one nothing at all."""
    speed = math.hypot(east_mps, north_mps)
    if not speed <= SPEED_MAX_MPS:
        return None, None
    if speed < 0.1:
        return speed, None
    return speed, math.degrees(math.atan2(east_mps, north_mps)) % 360.0


def text_of(raw: bytes) -> str:
    """A serial number; "" where it is no text, such as an encrypted one."""
    text = raw.split(b"\0")[0].strip()
    return text.decode() if text.isascii() and text.decode().isprintable() else ""


def _place(lat: int, lon: int) -> tuple[float, float] | None:
    found = lat / _PER_DEGREE, lon / _PER_DEGREE
    real = abs(found[0]) <= 90.0 and abs(found[1]) <= 180.0 and (lat or lon)
    return found if real else None


def encode(beacon: Beacon, seq: int = 0) -> bytes:
    """Version 2, heights zero; for simulators and tests."""
    course = math.radians(beacon.course_deg_true or 0.0)
    speed = 100.0 * (beacon.speed_mps or 0.0)
    head = _HEAD.pack(
        seq & 0xFFFF, 0x1F | (AIRBORNE if beacon.airborne else 0), beacon.serial.encode()[:16],
        _raw(beacon.lon_deg), _raw(beacon.lat_deg), 0, 0, round(speed * math.cos(course)),
        round(speed * math.sin(course)), round(100.0 * (beacon.climb_mps or 0.0)),
    )  # fmt: skip
    operator = beacon.operator or (0.0, 0.0)
    rest = _V2_REST.pack(0, 0, _raw(operator[0]), _raw(operator[1]), 0, 0, 63, 0)
    return OUIS[0] + MARK + bytes((FLIGHT, 2)) + head + rest + bytes(20)


def _raw(degrees: float | None) -> int:
    return 0 if degrees is None else round(degrees * _PER_DEGREE)
