"""Makes dragonsync.json: invented messages in the three forms of DragonSync and its feeders."""

from __future__ import annotations

import json
from pathlib import Path

SERIAL = "Serial Number (ANSI/CTA-2063-A)"


def listed(n: int, lat: float, **place: object) -> list[dict[str, object]]:
    """As droneid-go publishes Remote ID."""
    mac = f"02:00:00:00:01:{n:02X}"
    where = {
        "latitude": lat, "longitude": -106.75, "speed": 11.5, "vert_speed": -1.0,
        "geodetic_altitude": 1290.0, "height_agl": 85.0, "direction": 140,
        "ew_dir_segment": "East", "horizontal_accuracy": "<10 m", "op_status": "Airborne", **place,
    }  # fmt: skip
    basic = {
        "id_type": SERIAL, "id": f"TESTDS{n:08}", "ua_type": 2, "MAC": mac, "RSSI": -66
    }  # fmt: skip
    system = {"latitude": 31.8, "longitude": -106.76}
    return [{"Basic ID": basic}, {"Location/Vector Message": where}, {"System Message": system}]


def dji(name: str, lat: float, lon: float) -> list[dict[str, object]]:
    """As dji_receiver publishes a vendor beacon; of one it cannot read: the kit's own place."""
    basic = {"id_type": SERIAL, "id": name, "description": "DJI Mini 2", "RSSI": -71}
    where = {
        "latitude": lat, "longitude": lon, "geodetic_altitude": 900.0, "height_agl": 40.0,
        "speed": 9.0, "vert_speed": 0.0,
    }  # fmt: skip
    return [
        {"Basic ID": basic},
        {"Location/Vector Message": where},
        {"Self-ID Message": {"text": "DJI Mini 2"}},
        {"Frequency Message": {"frequency": 5756.5}},
    ]


def esp32() -> dict[str, object]:
    return {
        "index": 42, "runtime": 12345, "AUX_ADV_IND": {"rssi": -68},
        "aext": {"AdvA": "02:00:00:00:02:01 (Random)"},
        "Basic ID": {"id_type": "CAA Assigned Registration ID", "id": "TESTCAA1", "ua_type": 2},
        "Location/Vector Message": {
            "latitude": 31.77, "longitude": -106.74, "geodetic_altitude": 0, "height_agl": 75.0,
            "speed": "10.0 m/s", "vert_speed": 0.5, "direction": 20, "ew_dir_segment": "West",
        },
        "System Message": {"operator_lat": 31.771, "operator_lon": -106.741},
    }  # fmt: skip


def flat(name: str, lat: float) -> dict[str, object]:
    """As DragonSync publishes over MQTT."""
    return {
        "id": name, "id_type": SERIAL, "mac": "02:00:00:00:03:01", "track_type": "drone",
        "lat": lat, "lon": -106.73, "alt": 1305.0, "height": 90.0, "speed": 14.0, "vspeed": 0.0,
        "direction": 0, "pilot_lat": 0.0, "pilot_lon": 0.0, "home_lat": 31.7, "home_lon": -106.7,
        "ua_type": 2, "ua_type_name": "Helicopter or Multirotor", "rssi": -75.0,
        "horizontal_accuracy": "", "observed_at": None, "seen_by": "wardragon-test",
    }  # fmt: skip


def messages() -> list[object]:
    kit = {"id": "wardragon-test", "latitude": 31.79, "longitude": -106.75, "cpu_usage": 12.0}
    aircraft = {"icao": "ABC123", "id": "x", "lat": 31.9, "lon": -106.9, "track_type": "aircraft"}
    signal = {
        "uid": "fpv-5800", "signal_type": "fpv", "center_hz": 5.8e9, "rssi": -52.0, "lat": 31.79,
        "lon": -106.75,
    }  # fmt: skip
    return [
        listed(1, 31.79), listed(2, 31.78, latitude=0, longitude=0), listed(1, 31.7901),
        dji("TESTDJI0000001", 31.76, -106.75), dji("drone-alert-1a2b", 31.79, -106.75), esp32(),
        flat("drone-TESTDS00000009", 31.75),
        kit, aircraft, signal, listed(3, 95.0), "text", 7,
    ]  # fmt: skip


if __name__ == "__main__":
    text = "\n".join(json.dumps(m) for m in messages()) + '\nonline\n{"Basic ID": \n'
    Path(__file__).with_name("dragonsync.json").write_bytes(text.encode())
