"""Makes remoteid_web_ui.json: answers of a server twice, and what a node submits; all invented."""

from __future__ import annotations

import json
from pathlib import Path

NOW = "2026-01-01T00:11:{s:02}Z"  # T_NS of tests/test_sensors_contract.py is 00:11:40


def row(n: int, second: int, lat: float, **more: object) -> dict[str, object]:
    return {
        "id": 10 * n + second, "source": "Node-A", "timestamp": NOW.format(s=second),
        "mac_address": f"02:00:00:00:04:{n:02X}", "uas_id": f"TESTWEB{n:05}", "session_id": None,
        "latitude": lat, "longitude": -106.75, "altitude": 1290.0 + n, "operator_id": None,
        "operator_latitude": 31.8, "operator_longitude": -106.76, **more,
    }  # fmt: skip


def documents() -> list[object]:
    first = [row(1, 38, 31.79), row(2, 37, 31.78, operator_latitude=None), row(3, 33, 31.5)]
    again = [row(1, 39, 31.7901), *first, row(4, 34, 31.6)]
    submitted = [
        {"timestamp": "2026-01-01T00:11:39.5", "uas_id": "02:00:00:00:04:05", "latitude": 31.77,
         "longitude": -106.75, "altitude": 0},
        {"timestamp": "not a date", "uas_id": "TESTWEB00006", "latitude": 31.7},
        {"uas_id": "TESTWEB00007"},
        row(8, 39, 95.0),
        row(9, 39, 0.0, longitude=0.0),
    ]  # fmt: skip
    drones = [{**row(1, 39, 31.7902), "timestamp": "Thu, 01 Jan 2026 00:11:40 GMT"}]
    return [{"positions": first}, {"positions": again}, submitted, {"drones": drones}, {"ok": True}]


if __name__ == "__main__":
    text = "\n".join(json.dumps(d, indent=1) for d in documents())
    Path(__file__).with_name("remoteid_web_ui.json").write_bytes(text.encode())
