"""Lines of JSON of an ESP32 with drone-mesh-mapper's firmware -> Observation, OperatorSeen, Fault.

One line a drone: mac, rssi, drone_lat, drone_long, drone_altitude, pilot_lat, pilot_long, basic_id;
0 means unknown. docs/sensors/mesh_mapper.md tells the rest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

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
from vigia.wire.places import Place
from vigia.wire.receiver import Found, Receiver, json_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line

KIND = "remote_id"
LINE_MAX = 4_000
STARTS = (b"{", b"[{", b"[]")  # else it is the firmware's own words
DETECTIONS_MAX = 5_000  # of one document of the web server


class Adapter(Receiver):
    """feed: the serial console, line by line; feed_message: a line, or the mapper's HTTP answer."""

    PIECE_MAX = LINE_MAX

    def feed_message(self, data: bytes, t_recv_ns: int) -> list[Out]:
        return self._take(data, t_recv_ns)  # a web server's document is longer than a line

    def read(self, piece: bytes, t_recv_ns: int) -> Found:
        if not piece.startswith(STARTS):
            return []  # the firmware's own words
        found = [_claim(item, self.claims, t_recv_ns) for item in _items(piece)]
        return [one for one in found if one is not None]


def _items(line: bytes) -> list[object]:
    """One detection, a list of them, or the web server's {address: detection}."""
    found = json_of(line)
    if isinstance(found, Refused):
        return [found]
    whole = members(found)
    detections = list((whole or {}).values())
    if detections and all("mac" in (members(v) or {}) for v in detections):
        return detections[:DETECTIONS_MAX]
    many = elements(found)
    return [found] if many is None else many[:DETECTIONS_MAX]


def _claim(found: object, claims: Claims, t_recv_ns: int) -> Claim | Refused | None:
    """None: no detection, such as a heartbeat."""
    if isinstance(found, Refused):
        return found
    item = members(found)
    if item is None:
        return Refused(code="json", what="line: no JSON object")
    if "mac" not in item:
        return None
    identity, id_kind = named(str(item.get("basic_id") or "")[:64], "", str(item["mac"])[:32])
    name = identity.decode()
    operator = position_of(item.get("pilot_lat"), item.get("pilot_long"))
    lat, lon = number(item.get("drone_lat")), number(item.get("drone_long"))
    if math.isnan(lat) or math.isnan(lon) or (lat == 0.0 and lon == 0.0):
        return Claim(name, None, operator)
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        return Refused(code="place", what="line: no such place")
    stamp = number(item.get("last_update"))  # of the web server, seconds; the firmware has none
    t_ns = None if math.isnan(stamp) or stamp <= 0.0 else round(stamp * 1e9)
    if t_ns is not None and (old := claims.too_old(t_ns, t_recv_ns)) is not None:
        return old
    alt = number(item.get("drone_altitude"))
    place = Place(
        t_obs_ns=claims.time_ns(t_ns, t_recv_ns),
        lat_deg=lat,
        lon_deg=lon,
        alt_hae_m=math.nan if alt == 0.0 else within(alt, -999.0, 31_767.5),
        rssi_dbm=within(number(item.get("rssi")), -200.0, -1.0),
        p_drone=P_DRONE,
        id_kind=id_kind,
        identity=identity,
    )
    return Claim(name, place, operator)


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    claims = Claims("decode", 0)
    for n, line in enumerate(data.splitlines(), start=1):
        if not line.startswith(STARTS):
            continue
        for item in _items(line):
            one = _claim(item, claims, 0)
            head: Line = {"file": file, "frame": n}
            if isinstance(one, Refused):
                yield {**head, "ok": False, "why": one.what}
            elif one is None or one.place is None:
                yield {**head, "ok": True}
            else:
                place = one.place
                yield {
                    **head,
                    "ok": True,
                    "identity": one.identity,
                    "lat": place.lat_deg,
                    "lon": place.lon_deg,
                }
