"""Makes adsb.txt: three readsb documents and SBS-1 lines of invented aircraft."""

from __future__ import annotations

import json
from pathlib import Path

NOW = 1_767_226_300.0  # T_NS of tests/test_sensors_contract.py


def aircraft(n: int, seen_pos: float, **more: object) -> dict[str, object]:
    lat, lon = 31.79 + n * 0.01, -106.75 - n * 0.01
    base = {"hex": f"a{n:05x}", "type": "adsb_icao", "flight": f"TEST{n} ", "lat": lat, "lon": lon}
    return {**base, "seen_pos": seen_pos, "gs": 120.0, "track": 90.0 + n, "nac_p": 9, **more}


def documents() -> list[str]:
    plain = {"hex": "abc123", "seen": 3.0, "squawk": "1200"}
    helicopter = aircraft(1, 0.4, alt_geom=5200, alt_baro=5000, geom_rate=-640, category="A7")
    first = [
        helicopter,
        aircraft(2, 25.0, alt_baro=9000),
        aircraft(3, 1.0, alt_baro="ground"),
        plain,
    ]
    moved = {**helicopter, "lon": -106.7587, "seen_pos": 0.2}
    second = [
        moved,
        {"hex": "~2f0001", "lat": 31.7, "lon": -106.7, "seen_pos": 2, "alt_baro": 4000},
    ]
    wrong = [aircraft(4, 0.1, lat=95.0), aircraft(5, 0.1, alt_baro=400000), {"hex": 7, "lat": "x"}]
    jumped = {**moved, "lat": 45.0, "seen_pos": 0.0}
    third = [*wrong, jumped, aircraft(6, 0.5, category="B6", alt_geom=4400, squawk="7700")]
    times = (NOW - 4.0, NOW - 3.0, NOW - 2.0)
    return [
        json.dumps({"now": t, "messages": 9, "aircraft": part}, indent=1)
        for t, part in zip(times, (first, second, third), strict=True)
    ]


def lines() -> list[str]:
    day = "2026/01/01,{t},2026/01/01,{t}"
    stamps = [day.format(t=f"00:11:3{s}.250") for s in (4, 5, 6)]
    return [
        f"MSG,4,1,1,ADF7C8,1,{stamps[0]},,,95.0,271.0,,,-128,,,,,0",
        f"MSG,3,1,1,ADF7C8,1,{stamps[1]},,4375,,,31.81234,-106.70123,,,0,,0,0",
        f"MSG,3,1,1,ADF7C8,1,{stamps[2]},,4350,,,31.81235,-106.70171,,,0,,0,0",
        f"MSG,3,1,1,XYZ,1,{stamps[2]},,4350,,,31.8,-106.7,,,0,,0,0",
        "MSG,3,1,1,ADF7C8,1,,,,,",
        f"STA,,5,179,400AE7,10103,{stamps[2]},RM",
    ]


if __name__ == "__main__":
    text = "\n".join(documents()) + "\n" + "\r\n".join(lines()) + "\r\n"
    Path(__file__).with_name("adsb.txt").write_bytes(text.encode())
