"""A drone's true state -> Remote ID bytes in a Wi-Fi beacon -> what the real adapter makes of it.

So that some worlds run the whole path of a receiver: pack, beacon, capture, decoder, scan.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from vigia.events import Observation, OperatorSeen
from vigia.sensors.remote_id import Adapter
from vigia.wire import odid
from vigia.wire.odid_encode import encode_pack
from vigia.wire.pcap import LINK_DOT11

if TYPE_CHECKING:
    from vigia.geo import LatLon

PCAP_HEAD = struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, LINK_DOT11)  # nanoseconds
BROADCAST = b"\xff" * 6
VENDOR_HEAD = b"\xfa\x0b\xbc\x0d"


class Fix:
    """What a drone's receiver tells its transmitter."""

    __slots__ = ("climb_mps", "course_deg", "height_m", "pilot", "place", "serial", "speed_mps")

    def __init__(
        self,
        *,
        serial: str,
        place: LatLon,
        height_m: float,
        speed_mps: float,
        course_deg: float,
        climb_mps: float,
        pilot: LatLon,
    ) -> None:
        self.serial, self.place, self.height_m = serial, place, height_m
        self.speed_mps, self.course_deg, self.climb_mps = speed_mps, course_deg, climb_mps
        self.pilot = pilot


class Receiver:
    """One Wi-Fi receiver on one channel; frames in the order of their time."""

    def __init__(self, sensor_id: str) -> None:
        self._adapter = Adapter(sensor_id)
        self._adapter.feed(PCAP_HEAD, 0)
        self._counter = 0

    def hear(self, fix: Fix, *, t_ns: int) -> list[Observation | OperatorSeen]:
        """t_ns: on the receiver's clock."""
        frame = self._beacon(fix)
        s, ns = divmod(t_ns, 1_000_000_000)
        record = struct.pack("<4I", s, ns, len(frame), len(frame)) + frame
        found = self._adapter.feed(record, t_ns)
        return [body for body in found if isinstance(body, Observation | OperatorSeen)]

    def _beacon(self, fix: Fix) -> bytes:
        self._counter = (self._counter + 1) % 256
        address = b"\x02" + fix.serial.encode()[-5:]  # locally administered, one a drone
        header = b"\x80\x00\x00\x00" + BROADCAST + address + address + b"\x00\x00"
        fixed = struct.pack("<QHH", 0, 100, 0x0400)
        value = VENDOR_HEAD + bytes([self._counter]) + encode_pack(_messages(fix))
        return header + fixed + b"\x00\x00" + bytes([221, len(value)]) + value


def _messages(fix: Fix) -> list[odid.Message]:
    standing = math.isclose(fix.speed_mps, 0.0, abs_tol=0.1)
    return [
        odid.BasicId(id_type=1, ua_type=2, uas_id=fix.serial.encode()),
        odid.Location(
            status=odid.Status.AIRBORNE,
            course_deg_true=None if standing else fix.course_deg,
            speed_mps=fix.speed_mps,
            climb_mps=fix.climb_mps,
            lat_deg=fix.place.lat_deg,
            lon_deg=fix.place.lon_deg,
            alt_hae_m=fix.place.alt_hae_m,
            height_m=fix.height_m,
            sigma_m=4.0,
            alt_sigma_m=4.0,
            speed_sigma_mps=0.5,
        ),
        odid.System(
            operator_location_type=0,
            classification_type=0,
            category_eu=0,
            class_eu=0,
            area_count=1,
            area_radius_m=0.0,
            lat_deg=fix.pilot.lat_deg,
            lon_deg=fix.pilot.lon_deg,
        ),
    ]
