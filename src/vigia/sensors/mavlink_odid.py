"""MAVLink 2 OPEN_DRONE_ID messages of a receiver -> Observation, OperatorSeen, SensorHeard, Fault.

Over UDP or a serial line, also where a console has damaged the line feeds of the binary stream.
docs/sensors/mavlink_odid.md tells the rest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.scan import Flag
from vigia.wire import mavlink, odid
from vigia.wire.advert import Refused
from vigia.wire.claims import P_DRONE, Claim, Claims, Out, named, position_of, within
from vigia.wire.places import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line

KIND = "remote_id"
UNDATED = True  # its rows are true when they are received
SENDERS_MAX = 10_000  # beyond it the longest silent is forgotten


class _Sender:
    __slots__ = ("registration", "serial", "ua_type")

    def __init__(self) -> None:
        self.serial = self.registration = ""
        self.ua_type = 0


class Adapter:
    NEEDS_AUTHORITY = True

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self._claims = Claims(sensor_id, t_shift_ns)
        self._t_shift_ns = t_shift_ns
        self._reader = mavlink.Reader()
        self._senders: dict[bytes, _Sender] = {}
        self._bad = 0

    def feed(self, data: bytes, t_recv_ns: int) -> list[Out]:
        return self._take(self._reader.feed(data), t_recv_ns)

    def finish(self, t_recv_ns: int) -> list[Out]:
        return [*self._take(self._reader.finish(), t_recv_ns), *self._claims.rest()]

    def tick(self, t_ns: int) -> list[Out]:
        return self._claims.due(t_ns)

    def _take(self, frames: list[mavlink.Frame], t_recv_ns: int) -> list[Out]:
        out: list[Out] = []
        for frame in frames:
            told = mavlink.said(frame)
            if told is None:
                out += self._claims.heard(t_recv_ns)
                continue
            out += self._claims.take(self._claim(told, t_recv_ns), t_recv_ns)
        while self._bad < self._reader.bad:
            self._bad += 1
            what = "frame: wrong checksum, also with its line feeds mended"
            out += self._claims.take([Refused(code="checksum", what=what)], t_recv_ns)
        return out

    def _claim(self, told: mavlink.Said, t_recv_ns: int) -> list[Claim | Refused]:
        sender = self._senders.pop(told.sender, None) or _Sender()
        self._senders[told.sender] = sender
        if len(self._senders) > SENDERS_MAX:
            del self._senders[next(iter(self._senders))]
        if told.basic is not None:
            _identify(sender, *told.basic)
        address = told.sender.hex()
        identity, id_kind = named(sender.serial, sender.registration, address)
        name = identity.decode()
        out: list[Claim | Refused] = []
        if told.operator is not None:
            out.append(Claim(name, None, position_of(*told.operator)))
        if told.location is not None:
            place = _place(told.location, t_recv_ns, identity, id_kind, sender.ua_type)
            out.append(place if isinstance(place, Refused) else Claim(name, place))
        if told.pack:
            out += self._packed(told.pack, sender, address, t_recv_ns)
        return out

    def _packed(
        self, pack: bytes, sender: _Sender, address: str, t_recv_ns: int
    ) -> list[Claim | Refused]:
        size = odid.MESSAGE_SIZE
        found = [odid.decode_message(pack[at : at + size]) for at in range(0, len(pack), size)]
        for one in found:
            if isinstance(one, odid.BasicId):
                _identify(sender, one.id_type, one.ua_type, one.uas_id)
        identity, id_kind = named(sender.serial, sender.registration, address)
        out: list[Claim | Refused] = []
        for one in found:
            if isinstance(one, Refused):
                out.append(one)
            elif isinstance(one, odid.System):
                where = position_of(one.lat_deg, one.lon_deg, one.alt_hae_m)
                out.append(Claim(identity.decode(), None, where))
            elif isinstance(one, odid.Location) and one.lat_deg is not None:
                place = _decoded(one, t_recv_ns, identity, id_kind, sender.ua_type)
                out.append(Claim(identity.decode(), place))
        return out


def _identify(sender: _Sender, kind: int, ua_type: int, raw: bytes) -> None:
    text = raw.split(b"\0")[0].decode("ascii", "replace").strip()
    sender.ua_type = ua_type
    if kind == odid.IdType.SERIAL:
        sender.serial = text
    elif kind == odid.IdType.CAA:
        sender.registration = text


def _place(
    fields: tuple[float, ...], t_ns: int, identity: bytes, id_kind: int, ua_type: int
) -> Place | Refused | None:
    """None: no fix. fields: mavlink.Said.location."""
    lat, lon, baro, geo, height, course, speed, climb, status, h, v, s = fields
    if lat == 0.0 and lon == 0.0:
        return None
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        return Refused(code="place", what="location: no such place")
    flags = Flag.AIRBORNE if status == 2 else Flag.EMERGENCY if status == 3 else Flag.NONE
    return Place(
        t_obs_ns=t_ns,
        lat_deg=lat,
        lon_deg=lon,
        alt_hae_m=within(geo, -999.0, 31_767.5),
        alt_baro_m=within(baro, -999.0, 31_767.5),
        height_m=within(height, -999.0, 31_767.5),
        sigma_m=_sigma(odid.H_ACC_95_M, h, odid.R95_PER_SIGMA),
        alt_sigma_m=_sigma(odid.V_ACC_95_M, v, odid.Z95_PER_SIGMA),
        speed_mps=within(speed, 0.0, 254.25),
        course_deg_true=within(course, 0.0, 360.0),
        climb_mps=within(climb, -62.0, 62.0),
        speed_sigma_mps=_sigma(odid.SPEED_ACC_95_MPS, s, odid.R95_PER_SIGMA),
        p_drone=P_DRONE,
        flags=int(flags),
        id_kind=id_kind,
        ua_type=ua_type,
        identity=identity,
    )


def _decoded(
    one: odid.Location, t_ns: int, identity: bytes, id_kind: int, ua_type: int
) -> Place | None:
    """A location of a pack, which odid.py has turned into values already."""
    if one.lat_deg is None or one.lon_deg is None:
        return None
    flags = Flag.AIRBORNE if one.status == 2 else Flag.EMERGENCY if one.status == 3 else Flag.NONE
    return Place(
        t_obs_ns=t_ns,
        lat_deg=one.lat_deg,
        lon_deg=one.lon_deg,
        alt_hae_m=_or_nan(one.alt_hae_m),
        alt_baro_m=_or_nan(one.alt_baro_m),
        height_m=_or_nan(one.height_m),
        sigma_m=_or_nan(one.sigma_m),
        alt_sigma_m=_or_nan(one.alt_sigma_m),
        speed_mps=_or_nan(one.speed_mps),
        course_deg_true=_or_nan(one.course_deg_true),
        climb_mps=_or_nan(one.climb_mps),
        speed_sigma_mps=_or_nan(one.speed_sigma_mps),
        p_drone=P_DRONE,
        flags=int(flags),
        id_kind=id_kind,
        ua_type=ua_type,
        identity=identity,
    )


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _sigma(table: tuple[float | None, ...], value: float, per_sigma: float) -> float:
    known = table[int(value)] if 0 <= value < len(table) else None
    return math.nan if known is None else known / per_sigma


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    reader = mavlink.Reader()
    frames = [*reader.feed(data), *reader.finish()]
    for n, frame in enumerate(frames, start=1):
        told = mavlink.said(frame)
        head: Line = {"file": file, "frame": n, "ok": True, "message": frame.kind}
        if told is None or told.location is None:
            yield head
        else:
            lat, lon, *_ = told.location
            yield {**head, "lat": lat, "lon": lon}
    if reader.bad:
        why = f"{reader.bad} frames with a wrong checksum"
        yield {"file": file, "frame": len(frames) + 1, "ok": False, "why": why}
