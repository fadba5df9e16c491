"""Receivers that speak binary forms, captures or XML: the messages of one moment."""

from __future__ import annotations

import math
import struct

from vigia.run.simulate.speak import Asked
from vigia.run.simulate.speak.drones import Drone, drones
from vigia.wire import cot, dji, dot11, mavlink, odid, odid_encode

RSSI_DBM = -66
STALE_NS = 30_000_000_000
CAPTURE_HEAD = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65_535, 105)  # pcap, ns, 802.11


def mavlink_odid(asked: Asked, t_s: float) -> list[bytes]:
    """A message pack of each drone, as a receiver passes it on."""
    return [
        mavlink.encode_pack(d.address, odid_encode.encode_pack(_messages(d, t_s))[3:], d.number)
        for d in drones(asked, t_s)
    ]


def remote_id(asked: Asked, t_s: float) -> list[bytes]:
    """A Wi-Fi capture, record by record."""
    return [
        _record(
            t_s,
            dot11.encode_beacon(
                address=d.address,
                counter=round(t_s),
                payload=odid_encode.encode_pack(_messages(d, t_s)),
            ),
        )
        for d in drones(asked, t_s)
    ]


def _messages(d: Drone, t_s: float) -> list[odid.Message]:
    where = odid.Location(
        status=odid.Status.AIRBORNE, lat_deg=d.lat_deg, lon_deg=d.lon_deg, alt_hae_m=d.alt_hae_m,
        height_m=d.height_m, speed_mps=d.speed_mps, course_deg_true=d.course_deg_true,
        sigma_m=4.0, since_hour_ds=max(1, round(t_s % 3_600 * 10)),
    )  # fmt: skip
    name = odid.BasicId(id_type=1, ua_type=2, uas_id=d.serial.encode().ljust(20, b"\0"))
    return [name, where]


def dji_beacon(asked: Asked, t_s: float) -> list[bytes]:
    """A Wi-Fi capture of beacons with DJI's vendor element, record by record."""
    return [
        _record(t_s, dot11.encode_vendor(d.address, dji.encode(_beacon(d), round(t_s))))
        for d in drones(asked, t_s)
    ]


def _beacon(d: Drone) -> dji.Beacon:
    return dji.Beacon(
        serial=d.serial, lat_deg=d.lat_deg, lon_deg=d.lon_deg, speed_mps=d.speed_mps,
        course_deg_true=d.course_deg_true, climb_mps=0.0, airborne=True, operator=d.operator,
    )  # fmt: skip


def _record(t_s: float, frame: bytes) -> bytes:
    whole = math.floor(t_s)
    return struct.pack("<4I", whole, int((t_s - whole) * 1e9), len(frame), len(frame)) + frame


def dji_antsdr(asked: Asked, t_s: float) -> list[bytes]:
    """Frames as an AntSDR's older firmware sends them."""
    return [_frame(d) for d in drones(asked, t_s)]


def _frame(d: Drone) -> bytes:
    course = math.radians(d.course_deg_true)
    body = struct.pack(
        "<64s64sB12dh", d.serial.encode(), b"simulated", 63, *d.operator, d.lat_deg, d.lon_deg,
        d.height_m, d.alt_hae_m, *d.operator, 5_756.5, d.speed_mps * math.sin(course),
        d.speed_mps * math.cos(course), 0.0, RSSI_DBM,
    )  # fmt: skip
    return b"\xaa\x55\x01" + struct.pack("<H", 5 + len(body)) + body


def dronecot(asked: Asked, t_s: float) -> list[bytes]:
    """An event of each drone and one of its operator."""
    t_ns = round(t_s * 1e9)
    return [event for d in drones(asked, t_s) for event in _events(d, t_ns)]


def _events(d: Drone, t_ns: int) -> tuple[bytes, bytes]:
    drone = cot.CotEvent(
        uid=f"RID.{d.serial}.uas", type="a-u-A-M-H-Q", how="m-g", t_ns=t_ns, t_start_ns=t_ns,
        t_stale_ns=t_ns + STALE_NS, lat_deg=d.lat_deg, lon_deg=d.lon_deg, alt_hae_m=d.alt_hae_m,
        ce_m=30.0, callsign=d.serial, speed_mps=d.speed_mps, course_deg_true=d.course_deg_true,
    )  # fmt: skip
    said = {
        "sensor_id": "simulated", "rssi": str(RSSI_DBM), "timestamp": str(t_ns // 1_000_000),
        "mac_address": d.mac, "rid_uas": d.serial,
    }  # fmt: skip
    pilot = cot.CotEvent(
        uid=f"op-{d.mac}", type="a-u-G", how="m-g", t_ns=t_ns, t_start_ns=t_ns,
        t_stale_ns=t_ns + STALE_NS, lat_deg=d.operator[0], lon_deg=d.operator[1],
        remarks=f"Remote ID: {d.serial} Oper: simulated MAC: {d.mac}",
    )  # fmt: skip
    return cot.render(drone, cot.element("__cuas", said)), cot.render(pilot)
