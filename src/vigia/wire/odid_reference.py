"""Open Drone ID payload -> the line opendroneid-core-c's test program would print, as a dict.

For comparing decoders line by line, so unknown values keep the wire's stand-ins here and
nowhere else: direction 361, speed_h 255, speed_v 63, altitudes -1000, 0/0 positions, ts 65535.
`auth` is ours: the reference's lines leave authentication pages out. One thing is not copied:
the reference reads one byte past a text field that is full to its last byte.
"""

from __future__ import annotations

import struct
from typing import TypeAlias

from vigia.wire import odid
from vigia.wire.advert import Refused

Value: TypeAlias = "int | float | str | bool | dict[str, Value] | list[Value]"
BASIC_SLOTS = 2


def fields(payload: bytes) -> dict[str, Value] | Refused:
    """{"basic0": …, "location": …, …}: what a payload holds, in the reference's words."""
    parts = odid.split(payload)
    if isinstance(parts, Refused):
        return parts
    out: dict[str, Value] = {}
    slots: list[tuple[int, bytes]] = []
    pages: list[Value] = []
    for part in parts:
        match part[0] >> 4:
            case odid.Kind.BASIC_ID:
                _store_basic(slots, part)
            case odid.Kind.LOCATION:
                out["location"] = _location(part)
            case odid.Kind.AUTH:
                pages.append(_auth(part))
            case odid.Kind.SELF_ID:
                out["self_id"] = {"type": part[1], "desc": odid.text(part[2:25])}
            case odid.Kind.SYSTEM:
                out["system"] = _system(part)
            case _:
                out["operator_id"] = {"type": part[1], "id": odid.text(part[2:22])}
    basic: dict[str, Value] = {}
    for i, (id_type, part) in enumerate(slots):
        uas_id = odid.text(part[2:22])
        basic[f"basic{i}"] = {"id_type": id_type, "ua_type": part[1] & 15, "uas_id": uas_id}
    if pages:
        out["auth"] = pages
    return basic | out


def _store_basic(slots: list[tuple[int, bytes]], part: bytes) -> None:
    """The reference overwrites a slot of the same type, and any slot of type 0."""
    id_type = part[1] >> 4
    for i, (stored, _) in enumerate(slots):
        if stored in (0, id_type):
            slots[i] = (id_type, part)
            return
    if len(slots) < BASIC_SLOTS:
        slots.append((id_type, part))


def _location(part: bytes) -> dict[str, Value]:
    flags, course, speed, climb, lat, lon, *rest = odid.LOCATION_FORM.unpack(part)
    baro, hae, height, hv_acc, sb_acc, since_hour_ds, t_acc = rest
    return {
        "status": flags >> 4,
        "direction": course + 180 if flags & 2 else course,
        "speed_h": _number(speed * 0.75 + 63.75 if flags & 1 else speed * 0.25),
        "speed_v": _number(climb * 0.5),
        "lat": lat / 1e7,
        "lon": lon / 1e7,
        "alt_baro": _number(baro * 0.5 - 1000),
        "alt_geo": _number(hae * 0.5 - 1000),
        "height_type": flags >> 2 & 1,
        "height": _number(height * 0.5 - 1000),
        "h_acc": hv_acc & 15,
        "v_acc": hv_acc >> 4,
        "baro_acc": sb_acc >> 4,
        "speed_acc": sb_acc & 15,
        "ts_acc": t_acc & 15,
        "ts": 65535.0 if since_hour_ds == 0xFFFF else since_hour_ds / 10,
    }


def _auth(part: bytes) -> dict[str, Value]:
    page = part[1] & 15
    out: dict[str, Value] = {"type": part[1] >> 4, "page": page}
    if page == 0:
        last_page, length, t_s = struct.unpack_from("<BBI", part, 2)
        out |= {"last_page": last_page, "length": length, "ts": t_s}
    return out | {"data": part[8 if page == 0 else 2 : 25].hex()}


def _system(part: bytes) -> dict[str, Value]:
    flags, lat, lon, count, radius, ceiling, floor, eu, hae, t_s = odid.SYSTEM_FORM.unpack(part)
    return {
        "op_loc_type": flags & 3,
        "class_type": flags >> 2 & 7,
        "op_lat": lat / 1e7,
        "op_lon": lon / 1e7,
        "area_count": count,
        "area_radius": radius * 10,
        "area_ceiling": _number(ceiling * 0.5 - 1000),
        "area_floor": _number(floor * 0.5 - 1000),
        "cat_eu": eu >> 4,
        "class_eu": eu & 15,
        "op_alt": _number(hae * 0.5 - 1000),
        "ts": t_s,
    }


def _number(value: float) -> int | float:
    """As C's %g writes it: a whole number without a point."""
    return int(value) if value == int(value) else value
