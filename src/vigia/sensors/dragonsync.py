"""DragonSync's messages (ZeroMQ or MQTT, JSON) -> Observation, OperatorSeen, SensorHeard, Fault.

Three forms: a list of Remote ID messages (droneid-go, dji_receiver), one object of them (ESP32),
and DragonSync's own flat object. 0 means unknown in all. docs/sensors/dragonsync.md tells the rest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.scan import Flag, IdKind
from vigia.wire.advert import Refused
from vigia.wire.claims import (
    P_DRONE,
    Claim,
    Claims,
    Near,
    elements,
    members,
    named,
    number,
    position_of,
    within,
)
from vigia.wire.places import Place
from vigia.wire.receiver import Found, Receiver, is_address, json_of, known, sigma_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line
    from vigia.terms import Position

KIND = "remote_id"
UNDATED = True  # but for its flat objects
PIECE_MAX = 1_000_000
ITEMS_MAX = 1_000  # of one message
ALERT = "drone-alert"  # its position is the kit's own: the drone said none that could be read
KIT = "wardragon-"  # the kit's word about itself
_BASIC, _PLACE, _SYSTEM, _RADIO = (
    "Basic ID",
    "Location/Vector Message",
    "System Message",
    "Frequency Message",
)
_NESTED = (_BASIC, _PLACE, _SYSTEM, _RADIO, "Operator ID Message", "Self-ID Message")
_TYPES = ("none", "aeroplane", "helicopter", "gyroplane", "hybrid", "ornithopter", "glider", "kite")


class Adapter(Receiver):
    """feed_message: one message; feed: their JSON one after another."""

    PIECE_MAX = PIECE_MAX
    VALUES = True

    def read(self, piece: bytes, t_recv_ns: int) -> Found:
        if piece in (b"online", b"offline"):  # MQTT availability
            return []
        value = json_of(piece)
        if isinstance(value, Refused):
            return [value]
        whole = members(value)
        if whole is not None:
            return _object(whole, self.claims, t_recv_ns)
        items = elements(value)
        if items is None:
            return [Refused(code="json", what="message: no JSON object or list")]
        if len(items) > ITEMS_MAX:
            return [Refused(code="items", what=f"message: more than {ITEMS_MAX} items")]
        parts = [part for part in map(members, items) if part is not None]
        if any(name in part for part in parts for name in _NESTED):
            return _nested(
                {k: v for part in parts for k, v in part.items()}, self.claims, t_recv_ns
            )
        return [one for part in parts for one in _object(part, self.claims, t_recv_ns)]


def _object(item: dict[str, object], claims: Claims, t_recv_ns: int) -> Found:
    if any(name in item for name in _NESTED):
        return _nested(item, claims, t_recv_ns)
    if "signal_type" in item:
        return _signal(item, claims, t_recv_ns)
    name = item.get("id")
    drone = "lat" in item and "lon" in item and isinstance(name, str) and name
    if not drone or str(name).startswith(KIT) or "icao" in item:
        return []  # the kit's status, an aircraft: the word of life of the receiver
    seconds = number(item.get("observed_at") or item.get("last_update_time"))
    t_ns = None if math.isnan(seconds) or seconds <= 0.0 else round(seconds * 1e9)
    if t_ns is not None and (old := claims.too_old(t_ns, t_recv_ns)) is not None:
        return [old]
    at_ns = claims.time_ns(t_ns, t_recv_ns)
    pilot = position_of(item.get("pilot_lat"), item.get("pilot_lon"))
    said = {**item, "alt_hae": item.get("alt")}
    return _told(str(name), str(item.get("id_type") or ""), said, pilot, at_ns)


def _nested(item: dict[str, object], claims: Claims, t_recv_ns: int) -> Found:
    """The messages of one drone. What DJI's own broadcast says of heights is left out: readers
    of it disagree about the unit."""
    basic, place = members(item.get(_BASIC)) or {}, members(item.get(_PLACE)) or {}
    system, advert = members(item.get(_SYSTEM)) or {}, members(item.get("AUX_ADV_IND")) or {}
    if not basic and not place and not system:
        return []
    extension = members(item.get("aext")) or {}
    address = str(basic.get("MAC") or item.get("MAC") or extension.get("AdvA") or "").split(" ")[0]
    pilot = position_of(
        system.get("operator_lat", system.get("latitude")),
        system.get("operator_lon", system.get("longitude")),
    )
    dji = _RADIO in item
    said = {
        "lat": place.get("latitude"),
        "lon": place.get("longitude"),
        "mac": address,
        "rssi": basic.get("RSSI", item.get("RSSI", advert.get("rssi"))),
        "ua_type": basic.get("ua_type"),
        "speed": place.get("speed"),
        "vspeed": place.get("vert_speed"),
        "direction": place.get("direction"),
        "ew_dir": place.get("ew_dir_segment"),
        "alt_hae": None if dji else place.get("geodetic_altitude"),
        "pressure_altitude": place.get("pressure_altitude"),
        "height": None if dji else place.get("height_agl"),
        "horizontal_accuracy": place.get("horizontal_accuracy"),
        "vertical_accuracy": place.get("vertical_accuracy"),
        "op_status": place.get("op_status"),
    }
    at_ns = claims.time_ns(None, t_recv_ns)
    return _told(str(basic.get("id") or ""), str(basic.get("id_type") or ""), said, pilot, at_ns)


def _told(
    name: str, id_type: str, said: dict[str, object], operator: Position | None, t_ns: int
) -> Found:
    """said: by the names of DragonSync's flat object, alt_hae apart."""
    rssi = within(number(said.get("rssi")), -200.0, -1.0)
    if name.startswith(ALERT):
        return [Claim(name[:64], None, operator, Near(t_ns, rssi))]
    identity, kind = _identity(name.removeprefix("drone-")[:64], id_type, said)
    known_as = identity.decode("ascii", "replace")
    lat, lon = number(said.get("lat")), number(said.get("lon"))
    if math.isnan(lat) or math.isnan(lon) or (lat == 0.0 and lon == 0.0):
        return [Claim(known_as, None, operator)]
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        return [Refused(code="place", what="location: no such place")]
    status = str(said.get("op_status") or "").lower()
    flags = Flag.EMERGENCY if "emergency" in status else Flag.AIRBORNE if "air" in status else 0
    sigma, alt_sigma = (
        sigma_of(said.get("horizontal_accuracy")),
        sigma_of(said.get("vertical_accuracy")),
    )
    place = Place(
        t_obs_ns=t_ns,
        lat_deg=lat,
        lon_deg=lon,
        alt_hae_m=known(said.get("alt_hae"), -999.0, 31_767.5),
        alt_baro_m=known(said.get("pressure_altitude"), -999.0, 31_767.5),
        height_m=known(said.get("height"), -999.0, 31_767.5),
        sigma_m=sigma,
        alt_sigma_m=alt_sigma,
        speed_mps=known(said.get("speed"), 0.0, 254.25),
        course_deg_true=_course(said),
        climb_mps=known(said.get("vspeed"), -62.0, 62.0),
        rssi_dbm=rssi,
        p_drone=P_DRONE,
        flags=int(flags),
        id_kind=kind,
        ua_type=_ua_type(said.get("ua_type")),
        identity=identity,
    )
    return [Claim(known_as, place, operator)]


def _identity(name: str, id_type: str, said: dict[str, object]) -> tuple[bytes, int]:
    address = str(said.get("mac") or "")[:32]
    caa = str(said.get("caa_id") or "")[:64]
    if id_type.startswith("CAA"):
        return named("", name, address)
    if is_address(name):
        return named("", caa, name)
    if not name or name == "unknown":
        return named("", caa, address) if caa or address else (b"", int(IdKind.NONE))
    return named(name, "", address)


def _course(said: dict[str, object]) -> float:
    """Of a course below 180 with the word "West" the bit that adds 180 was left out; 0 is unknown
    because DragonSync writes it where nothing was said."""
    course = known(said.get("direction"), 0.0, 360.0)
    west = str(said.get("ew_dir") or "").lower().startswith("west")
    return course + 180.0 if west and course < 180.0 else course % 360.0


def _ua_type(value: object) -> int:
    if isinstance(value, str):
        word = value.lower()
        return next((n for n, name in enumerate(_TYPES) if n and word.startswith(name)), 0)
    found = number(value)
    return int(found) if 0.0 <= found < 16.0 else 0


def _signal(item: dict[str, object], claims: Claims, t_recv_ns: int) -> Found:
    """A video transmitter is near the kit; its latitude and longitude are the kit's own."""
    seconds = number(item.get("observed_at"))
    t_ns = None if math.isnan(seconds) or seconds <= 0.0 else round(seconds * 1e9)
    if t_ns is not None and (old := claims.too_old(t_ns, t_recv_ns)) is not None:
        return [old]
    rssi = within(number(item.get("rssi")), -200.0, -1.0)
    near = Near(claims.time_ns(t_ns, t_recv_ns), rssi)
    return [Claim(f"signal {str(item.get('uid') or '')[:48]}", None, None, near)]


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    return Adapter("decode").lines(data, file)
