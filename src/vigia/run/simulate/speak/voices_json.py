"""Receivers that speak JSON: the messages of one moment, as the real ones write them."""

from __future__ import annotations

import base64
import json
import struct
from datetime import UTC, datetime

from vigia.run.simulate.speak import Asked
from vigia.run.simulate.speak.drones import Drone, drones

SERIAL = "Serial Number (ANSI/CTA-2063-A)"
RSSI_DBM = -66
_UAS = 921  # bytes of ODID_UAS_Data


def dragonsync(asked: Asked, t_s: float) -> list[bytes]:
    """As droneid-go publishes over ZeroMQ."""
    return [_dumped(_nested(d)) for d in drones(asked, t_s)]


def _nested(d: Drone) -> list[dict[str, object]]:
    return [
        {
            "Basic ID": {
                "id_type": SERIAL, "id": d.serial, "ua_type": 2, "MAC": d.mac, "RSSI": RSSI_DBM,
            }
        },
        {
            "Location/Vector Message": {
                "latitude": d.lat_deg, "longitude": d.lon_deg, "speed": round(d.speed_mps, 2),
                "vert_speed": 0.0, "geodetic_altitude": round(d.alt_hae_m, 1),
                "height_agl": round(d.height_m, 1), "direction": round(d.course_deg_true),
                "horizontal_accuracy": "<10 m", "op_status": "Airborne",
            }
        },
        {"System Message": {"latitude": d.operator[0], "longitude": d.operator[1]}},
    ]  # fmt: skip


def mesh_mapper(asked: Asked, t_s: float) -> list[bytes]:
    """As an ESP32 writes lines to its console."""
    return [
        _dumped(
            {
                "mac": d.mac.lower(), "rssi": RSSI_DBM, "drone_lat": d.lat_deg,
                "drone_long": d.lon_deg, "drone_altitude": round(d.alt_hae_m),
                "pilot_lat": d.operator[0], "pilot_long": d.operator[1], "basic_id": d.serial,
            }
        )
        + b"\r\n"
        for d in drones(asked, t_s)
    ]  # fmt: skip


def remoteid_web_ui(asked: Asked, t_s: float) -> list[bytes]:
    """As its server answers /api/drones."""
    stamp = datetime.fromtimestamp(t_s, UTC).isoformat()
    rows = [
        {
            "uas_id": d.serial, "latitude": d.lat_deg, "longitude": d.lon_deg,
            "altitude": round(d.alt_hae_m, 1), "timestamp": stamp, "operator_id": None,
            "operator_latitude": d.operator[0], "operator_longitude": d.operator[1],
            "source": "simulated", "computed_session_id": None,
        }
        for d in drones(asked, t_s)
    ]  # fmt: skip
    return [_dumped({"drones": rows})]


def dronescout(asked: Asked, t_s: float) -> list[bytes]:
    """As a DroneScout receiver publishes over MQTT."""
    return [
        _dumped(
            {
                "protocol": 1.0,
                "data": {
                    "sensor ID": "simulated", "RSSI": RSSI_DBM, "channel": 6,
                    "timestamp": round(t_s * 1_000), "MAC address": d.mac, "type": "WiFi beacon",
                    "UASdata": base64.b64encode(_uas_data(d)).decode(),
                },
            }
        )
        for d in drones(asked, t_s)
    ]  # fmt: skip


def _uas_data(d: Drone) -> bytes:
    """The C struct of opendroneid-core-c."""
    out = bytearray(_UAS)
    struct.pack_into("<ii20s", out, 0, 2, 1, d.serial.encode())
    struct.pack_into("<ifff", out, 64, 2, d.course_deg_true, d.speed_mps, 0.0)
    struct.pack_into("<dd", out, 80, d.lat_deg, d.lon_deg)
    struct.pack_into("<ffif", out, 96, -1_000.0, d.alt_hae_m, 1, d.height_m)
    struct.pack_into("<iiii", out, 112, 10, 4, 0, 3)
    struct.pack_into("<iidd", out, 808, 0, 0, *d.operator)
    out[892] = out[894] = out[912] = 1
    return bytes(out)


def observations(asked: Asked, t_s: float) -> list[bytes]:
    """vigia's own form, for POST /api/v1/observations."""
    rows = [
        {
            "t_ms": round(t_s * 1_000), "lat_deg": d.lat_deg, "lon_deg": d.lon_deg,
            "alt_hae_m": round(d.alt_hae_m, 1), "sigma_m": 5.0, "p_drone": 0.9,
            "speed_mps": round(d.speed_mps, 2), "course_deg_true": round(d.course_deg_true, 1),
            "identity": d.serial, "id_kind": "node",
        }
        for d in drones(asked, t_s)
    ]  # fmt: skip
    return [_dumped({"sensor_id": asked.sensor_id, "positions": rows})]


def readsb(asked: Asked, t_s: float) -> list[bytes]:
    """aircraft.json of crewed aircraft, high and fast."""
    aircraft = [
        {
            "hex": f"{0xA00000 + d.number:06x}", "type": "adsb_icao", "lat": d.lat_deg,
            "lon": d.lon_deg, "seen_pos": 0.1, "seen": 0.1, "gs": round(d.speed_mps * 19.4, 1),
            "track": round(d.course_deg_true, 1), "alt_geom": round(6_000 + 10 * d.height_m),
            "category": "A1", "nac_p": 9,
        }
        for d in drones(asked, t_s)
    ]  # fmt: skip
    return [_dumped({"now": round(t_s, 1), "messages": 1, "aircraft": aircraft})]


def _dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
