"""A DroneScout receiver's messages (JSON over MQTT, LZMA) -> Observation, OperatorSeen, Fault.

The drone's data are in `UASdata`, the C struct ODID_UAS_Data of opendroneid-core-c in base64 (921
bytes), or as JSON fields of the same names. docs/sensors/dronescout.md tells the rest.
"""

from __future__ import annotations

import base64
import binascii
import lzma
import math
import struct
from typing import TYPE_CHECKING, Any

from vigia.scan import Flag
from vigia.wire import odid
from vigia.wire.advert import Refused
from vigia.wire.claims import (
    P_DRONE,
    Claim,
    Claims,
    Out,
    elements,
    members,
    named,
    number,
    position_of,
    within,
)
from vigia.wire.pieces import Overlong, Pieces
from vigia.wire.places import Place
from vigia.wire.receiver import Found, Receiver, json_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line

KIND = "remote_id"
PIECE_MAX = 1_000_000
UNPACKED_MAX = 1_000_000  # of an LZMA message
ITEMS_MAX = 1_000  # of one message
UAS_SIZE = 921
_BASIC = struct.Struct("<ii20s")
_LOCATION = struct.Struct("<ifffddffifiiiiif")
_OPERATOR = struct.Struct("<iidd")
_AT_LOCATION, _AT_SYSTEM, _AT_VALID = 64, 808, 892
_LZMA = (b"\xfd7zXZ\0", b"\x5d\0\0")


class Adapter(Receiver):
    """feed_message: one MQTT message; feed: their JSON one after another."""

    PIECE_MAX = PIECE_MAX
    VALUES = True

    def feed_message(self, data: bytes, t_recv_ns: int) -> list[Out]:
        if data.startswith(_LZMA):
            unpacked = _unpacked(data)
            if isinstance(unpacked, Refused):
                return self.claims.take([unpacked], t_recv_ns)
            data = unpacked
        return super().feed_message(data, t_recv_ns)

    def read(self, piece: bytes, t_recv_ns: int) -> Found:
        found = [
            item if isinstance(item, Refused) else _claim(item, self.claims, t_recv_ns)
            for item in _items(piece)
        ]
        return [one for one in found if one is not None]


def _unpacked(data: bytes) -> bytes | Refused:
    try:
        found = lzma.LZMADecompressor().decompress(data, max_length=UNPACKED_MAX)
    except lzma.LZMAError as e:
        return Refused(code="lzma", what=f"message: {e}")
    return found


def _items(piece: bytes) -> list[dict[str, object] | Refused]:
    found = json_of(piece)
    if isinstance(found, Refused):
        return [found]
    items = elements(found)
    items = [found] if items is None else items
    if len(items) > ITEMS_MAX:
        return [Refused(code="items", what=f"message: more than {ITEMS_MAX} items")]
    wrong = Refused(code="json", what="message: no JSON object")
    return [members(item) or wrong for item in items]


def _claim(item: dict[str, object], claims: Claims, t_recv_ns: int) -> Claim | Refused | None:
    """None: the receiver's own status."""
    head = members(item.get("data"))
    if head is None:
        return Refused(code="data", what="message: no data of a sensor")
    stamp = number(head.get("timestamp"))
    t_ns = None if math.isnan(stamp) or stamp <= 0 else round(stamp * 1e6)
    at_ns = claims.time_ns(t_ns, t_recv_ns)
    address = str(head.get("MAC address", ""))[:32]
    rssi = within(number(head.get("RSSI")), -200.0, 50.0)
    if "UASdata" in head:
        return _binary(str(head["UASdata"]), address, rssi, at_ns)
    if "Latitude" in item or "BasicID" in item:
        return _fields(item, address, rssi, at_ns)
    return None


def _binary(text: str, address: str, rssi: float, t_ns: int) -> Claim | Refused:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as e:
        return Refused(code="uasdata", what=f"UASdata: {e}")
    if len(data) != UAS_SIZE:
        return Refused(code="uasdata", what=f"UASdata: got {len(data)} bytes; need {UAS_SIZE}")
    valid = data[_AT_VALID:]
    ids: dict[int, str] = {}
    ua_type = 0
    for n in range(2):
        if valid[n]:
            kind_ua, kind, raw = _BASIC.unpack_from(data, 32 * n)
            ua_type = kind_ua if 0 <= kind_ua < 16 else ua_type
            ids[kind] = raw.split(b"\0")[0].decode("ascii", "replace")
    place = None
    if valid[2]:
        place = _LOCATION.unpack_from(data, _AT_LOCATION)
    operator = None
    if valid[20]:
        _, _, lat, lon = _OPERATOR.unpack_from(data, _AT_SYSTEM)
        operator = position_of(lat, lon)
    return _made(ids.get(1, ""), ids.get(2, ""), address, ua_type, place, operator, rssi, t_ns)


def _fields(item: dict[str, object], address: str, rssi: float, t_ns: int) -> Claim | Refused:
    names = (
        "Status", "Direction", "SpeedHorizontal", "SpeedVertical", "Latitude", "Longitude",
        "AltitudeBaro", "AltitudeGeo", "HeightType", "Height", "HorizAccuracy", "VertAccuracy",
        "BaroAccuracy", "SpeedAccuracy", "TSAccuracy",
    )  # fmt: skip
    values = tuple(number(item.get(name)) for name in names)
    text, kind = str(item.get("BasicID", ""))[:64], number(item.get("IDType"))
    serial, registration = (text, "") if kind == 1 else ("", text if kind == 2 else "")
    ua = number(item.get("UAType"))
    ua_type = int(ua) if 0 <= ua < 16 else 0
    operator = position_of(item.get("OperatorLatitude"), item.get("OperatorLongitude"))
    return _made(serial, registration, address, ua_type, values, operator, rssi, t_ns)


def _made(
    serial: str,
    registration: str,
    address: str,
    ua_type: int,
    values: tuple[Any, ...] | None,
    operator: Any,
    rssi: float,
    t_ns: int,
) -> Claim | Refused:
    """values: the fields of ODID_Location_data in their order; Any: numbers of both forms."""
    identity, id_kind = named(serial, registration, address)
    name = identity.decode()
    if values is None:
        return Claim(name, None, operator)
    status, course, speed, climb, lat, lon, baro, geo, _, height, h, v, _, s, *_ = values
    if math.isnan(lat) or math.isnan(lon) or (lat == 0.0 and lon == 0.0):
        return Claim(name, None, operator)
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        return Refused(code="place", what="location: no such place")
    flags = Flag.AIRBORNE if status == 2 else Flag.EMERGENCY if status == 3 else Flag.NONE
    place = Place(
        t_obs_ns=t_ns,
        lat_deg=lat,
        lon_deg=lon,
        alt_hae_m=_altitude(geo),
        alt_baro_m=_altitude(baro),
        height_m=_altitude(height),
        sigma_m=_sigma(odid.H_ACC_95_M, h, odid.R95_PER_SIGMA),
        alt_sigma_m=_sigma(odid.V_ACC_95_M, v, odid.Z95_PER_SIGMA),
        speed_mps=within(speed, 0.0, 254.25),
        course_deg_true=within(course, 0.0, 360.0),
        climb_mps=within(climb, -62.0, 62.0),
        speed_sigma_mps=_sigma(odid.SPEED_ACC_95_MPS, s, odid.R95_PER_SIGMA),
        rssi_dbm=rssi,
        p_drone=P_DRONE,
        flags=int(flags),
        id_kind=id_kind,
        ua_type=ua_type,
        identity=identity,
    )
    return Claim(name, place, operator)


def _altitude(value: float) -> float:
    return within(value, -999.0, 31_767.5)


def _sigma(table: tuple[float | None, ...], value: float, per_sigma: float) -> float:
    known = table[int(value)] if 0 <= value < len(table) else None
    return math.nan if known is None else known / per_sigma


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    pieces = Pieces(PIECE_MAX, values=True)
    claims = Claims("decode", 0)
    found: list[bytes | Overlong] = pieces.feed(data)
    if last := pieces.finish():
        found.append(last)
    for n, piece in enumerate(found, start=1):
        head: Line = {"file": file, "frame": n}
        long = [Refused(code="overlong", what="too long")]
        for item in long if isinstance(piece, Overlong) else _items(piece):
            one = item if isinstance(item, Refused) else _claim(item, claims, 0)
            if isinstance(one, Refused):
                yield {**head, "ok": False, "why": one.what}
            elif one is None or one.place is None:
                yield {**head, "ok": True}
            else:
                row = {k: v for k, v in one.place._asdict().items() if v == v and k != "t_obs_ns"}
                row["identity"] = one.identity
                yield {**head, "ok": True, **row}
