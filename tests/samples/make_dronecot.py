"""Makes dronecot.xml with dronecot's own functions, of invented drones and a receiver's beacon."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

NOW_MS = 1_767_226_300_000  # T_NS of tests/test_sensors_contract.py
HOST = {"COT_HOST_ID": "test", "SENSOR_ID": "scout"}


def told(n: int, lat: float, **more: Any) -> dict[str, Any]:
    """One drone, as dronecot's readers of Open Drone ID hand it on."""
    receiver = {"MAC address": f"02:00:00:00:05:{n:02X}", "RSSI": -60, "timestamp": NOW_MS - 500}
    receiver["sensor_id"] = "scout"
    return {
        "BasicID": f"TESTCOT{n:05}", "Latitude": lat, "Longitude": -106.75, "AltitudeGeo": 1290.0,
        "HorizAccuracy": 9, "VertAccuracy": 4, "SpeedHorizontal": 12.0, "Direction": 225.0,
        "OperatorLatitude": 31.8, "OperatorLongitude": -106.76, "OperatorID": "OP-TEST",
        "data": receiver, **more,
    }  # fmt: skip


def events() -> list[bytes]:
    import dronecot.functions as made  # pyright: ignore[reportMissingImports]

    nameless = told(2, 31.78)
    del nameless["BasicID"]
    out: list[bytes] = []
    for drone in (told(1, 31.79), nameless):
        functions = ("rid_uas_to_cot_xml", "rid_op_to_cot_xml")
        out += [made.xml_to_cot(drone, HOST, function) for function in functions]
    good = (
        "dji_O,2/3,5756.5,-72,DJI Mini 2(63),TESTDJICOT0001,-106.75,31.76,-106.76,31.8,"
        "-106.77,31.81,0.0|0.0,0.0|0.0|0.0,1;"
    )
    unplaced = good.replace("TESTDJICOT0001", "").replace("31.76", "931.76")
    parsed = made.dji_parse_text_line(good)
    parsed.update(uas_lat=31.76, uas_lon=-106.75, op_lat=31.8, op_lon=-106.76)
    out += made.dji_handle_parsed_data(parsed, HOST)
    without = {**made.dji_parse_text_line(unplaced), "uas_lat": None, "uas_lon": None}
    out += made.dji_handle_parsed_data({**without, "op_lat": None, "home_lat": None}, HOST)
    out.append(ET.tostring(made.gen_sensor_cot(HOST, 31.79, -106.75, 1200.0)))
    return out


def settled(event: bytes) -> bytes:
    """dronecot writes its own clock into the event: put the sample's there."""
    tree = ET.fromstring(event)
    for name, second in (("time", "40"), ("start", "40"), ("stale", "59")):
        tree.set(name, f"2026-01-01T00:11:{second}.000000Z")
    return ET.tostring(tree)


if __name__ == "__main__":
    other = (
        b'<event version="2.0" uid="ANDROID-1" type="a-f-G-U-C" how="m-g" '
        b'time="2026-01-01T00:11:40Z" start="2026-01-01T00:11:40Z" stale="2026-01-01T00:12:40Z">'
        b'<point lat="31.79" lon="-106.75" hae="1200" ce="10" le="10"/><detail/></event>'
    )
    data = b"\n".join([*map(settled, events()), other, b"garbage <event broken></event>"])
    Path(__file__).with_name("dronecot.xml").write_bytes(data + b"\n")
