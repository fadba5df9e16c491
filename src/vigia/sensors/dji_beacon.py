"""A capture with DJI's vendor beacons (Wi-Fi) -> Observation, OperatorSeen, SensorHeard, Fault.

What a drone of that maker broadcasts beside Remote ID: serial, position, motion, operator. Only
whole beacons of a capture are read; nothing is demodulated. docs/sensors/dji_beacon.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.events import Fault
from vigia.scan import Flag
from vigia.terms import Position
from vigia.wire import dji, dot11, pcap
from vigia.wire.advert import BAD_CRC, Refused
from vigia.wire.claims import P_DRONE, Claim, Claims, Out, named
from vigia.wire.places import Place
from vigia.wire.receiver import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line

KIND = "remote_id"
LINKS = (pcap.LINK_DOT11, pcap.LINK_RADIOTAP)


class Adapter:
    """A capture in any split, or its records one by one for paced playback."""

    NEEDS_AUTHORITY = True

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self.sensor_id = sensor_id
        self._t_shift_ns = t_shift_ns
        self._claims = Claims(sensor_id, t_shift_ns)
        self._reader = pcap.Reader()
        self._fed = False  # records given one by one have a reader, and its damage, elsewhere

    def feed(self, data: bytes, t_recv_ns: int) -> list[Out]:
        self._fed = True
        return [b for item in self._reader.feed(data) for b in self._item(item, t_recv_ns)]

    def feed_record(self, record: pcap.Record, t_recv_ns: int) -> list[Out]:
        return self._item(record, t_recv_ns)

    def finish(self, t_recv_ns: int) -> list[Out]:
        damage = self._reader.finish() if self._fed else None
        out = [] if damage is None else self._item(damage, t_recv_ns)
        return [*out, *self._claims.rest()]

    def _item(self, item: pcap.Record | pcap.Damage, t_recv_ns: int) -> list[Out]:
        if isinstance(item, pcap.Damage):
            what = f"{item.what} (at byte {item.offset}); start the capture again"
            where = f"sensor/{self.sensor_id}"
            return [Fault(where=where, whose="peer", what=what, raw=item.raw[:16])]
        t_ns = t_recv_ns if item.t_ns is None else item.t_ns + self._t_shift_ns
        found = claims_of(item, t_ns)
        return self._claims.take(found, t_ns) if found else self._claims.heard(t_ns)


def claims_of(record: pcap.Record, t_ns: int) -> list[Claim | Refused]:
    """Of one frame; other people's traffic gives none and is kept nowhere."""
    if record.linktype not in LINKS:
        what = f"link type: got {record.linktype}, need one of {LINKS}"
        return [Refused(code="linktype", what=what)]
    tapped = record.linktype == pcap.LINK_RADIOTAP
    out: list[Claim | Refused] = []
    for element in dot11.vendor_elements(record.frame, radiotap=tapped):
        if not dji.is_beacon(element.value):
            continue
        if element.bad_crc or element.cut:
            out.append(BAD_CRC if element.bad_crc else Refused(code="cut", what="beacon: cut off"))
            continue
        said = dji.parse(element.value)
        if isinstance(said, Refused):
            out.append(said)
        elif said is not None:
            out.append(claim(said, f"wifi-{element.address.hex()}", element.rssi_dbm, t_ns))
    return out


def claim(said: dji.Beacon, address: str, rssi_dbm: float | None, t_ns: int) -> Claim:
    identity, kind = named(said.serial, "", address)
    name = identity.decode("ascii", "replace")
    operator = None if said.operator is None else Position(*said.operator, None)
    if said.lat_deg is None or said.lon_deg is None:
        return Claim(name, None, operator)
    place = Place(
        t_obs_ns=t_ns,
        lat_deg=said.lat_deg,
        lon_deg=said.lon_deg,
        speed_mps=_nan(said.speed_mps),
        course_deg_true=_nan(said.course_deg_true),
        climb_mps=_nan(said.climb_mps),
        rssi_dbm=_nan(rssi_dbm),
        p_drone=P_DRONE,
        flags=int(Flag.AIRBORNE if said.airborne else Flag.NONE),
        id_kind=kind,
        identity=identity,
    )
    return Claim(name, place, operator)


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    reader = pcap.Reader()
    items = reader.feed(data)
    if (last := reader.finish()) is not None:
        items.append(last)
    frame = 0
    for item in items:
        if isinstance(item, pcap.Damage):
            why = f"{item.what} (at byte {item.offset})"
            yield {"file": file, "frame": frame + 1, "ok": False, "damaged": True, "why": why}
            return
        frame = item.number
        for one in claims_of(item, 0):
            yield line_of({"file": file, "frame": frame}, one)
