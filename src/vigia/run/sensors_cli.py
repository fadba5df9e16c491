"""`vigia sensors`: adapters, and each sensor of the vigia that runs on a data folder."""

from __future__ import annotations

import importlib
import ssl
from pathlib import Path
from typing import Any

import httpx
import msgspec

from vigia.run.decode import sensor_names
from vigia.run.kinds import kind_of
from vigia.run.plan import RunPlan, read_plan

ANSWER_S = 5.0


def main(folder: Path) -> int:
    """Exit code: 0; 1 when vigia runs there and does not answer."""
    print("adapters")
    for name in sensor_names():
        module = importlib.import_module(f"vigia.sensors.{name}")
        first = (module.__doc__ or "").splitlines()[0]
        off = getattr(module.Adapter, "NEEDS_AUTHORITY", False)
        print(f"  {name:<16} {kind_of(name):<12} {first}{' (needs authority)' if off else ''}")
    try:
        plan = read_plan(folder)
    except (OSError, msgspec.ValidationError):
        print(f"\nno vigia was started on {folder}; name its folder with --data")
        return 0
    answer = _ask(plan)
    if answer is None:
        print(f"\nno vigia answers for {folder}; start it, or name the right folder with --data")
        return 1
    print(f"\nsensors of {plan.site_name}")
    now_ms: int = answer["server_ms"]
    for sensor in answer["sensors"]:
        print(_line(sensor, now_ms))
        for why, count in sensor["refused"]:
            print(f"      refused {count:>6} x  {why}")
    return 0


def _line(sensor: dict[str, Any], now_ms: int) -> str:
    last = sensor["last_ms"]
    word = "never heard" if last is None else f"heard {max(0, now_ms - last) / 1000:.0f} s ago"
    trouble = f"  {sensor['last_fault']}" if sensor["state"] != "ok" else ""
    return (
        f"  {sensor['sensor_id']:<24} {sensor['kind']:<10} {sensor['state']:<9} {word:<16} "
        f"{sensor['rate_hz']:6.1f}/s  {sensor['detections']} in all{trouble}"
    )


def _ask(plan: RunPlan) -> dict[str, Any] | None:
    """None: nobody answers. Only this machine is asked, so its certificate proves nothing more."""
    port = plan.listen.address.rpartition(":")[2]
    unproved = ssl.create_default_context()
    unproved.check_hostname, unproved.verify_mode = False, ssl.CERT_NONE
    for scheme in ("http", "https"):
        try:
            with httpx.Client(verify=unproved, timeout=ANSWER_S, trust_env=False) as http:
                found = http.get(f"{scheme}://127.0.0.1:{port}/api/v1/sensors")
            if found.status_code == 200:
                return found.json()
        except httpx.HTTPError:
            continue
    return None
