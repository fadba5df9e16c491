"""Recorded multi-sensor scenarios made by others -> our input events, in order of arrival.

    python -m bench._recorded SCENARIO OUT.csv [--coasting]

runs the tracker over one and writes the confirmed positions it showed each second (t, track_id,
x, y, z, vx, vy, vz, t_emit, status) for an independent scorer; tracks without evidence for 2.5 s
only with --coasting. Needs pyarrow; the data is read from $VIGIA_CORPUS.
"""

from __future__ import annotations

import csv
import importlib
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

from vigia.events import CoreSettings, Observation, SensorSite, Sighting
from vigia.geo import Site
from vigia.scan import Flag, IdKind, Layout, pack
from vigia.terms import Bearing, Mark, Position
from vigia.track.tracker import Tracker
from vigia.tracktable import Fix, TrackFlag

T0_NS = 1_700_000_000_000_000_000
P_DRONE = {"drone": 0.8, "bird": 0.25, "aircraft": 0.05}
Input = tuple[int, Observation | Sighting, Position | None]


def folder(name: str) -> Path:
    """Of one scenario; does not exist unless VIGIA_CORPUS names the shared data."""
    return Path(os.environ.get("VIGIA_CORPUS", "no-corpus")) / "tracking" / name


def load(name: str) -> tuple[CoreSettings, list[Input]]:
    """Settings as the sensors declare themselves, and (t_recv_ns, event, reporter's place)."""
    there = folder(name)
    lat, lon, alt = json.loads((there / "scenario.json").read_text())["origin"]
    site = Site(lat_deg=lat, lon_deg=lon, alt_hae_m=alt)
    sensors: list[SensorSite] = []
    places: dict[str, Position] = {}
    with (there / "sensors.csv").open() as file:
        for row in csv.DictReader(file):
            at = site.to_latlon(e_m=float(row["x"]), n_m=float(row["y"]), u_m=float(row["z"]))
            place = Position(at.lat_deg, at.lon_deg, at.alt_hae_m, 5.0)
            places[row["sensor_id"]] = place
            sensors.append(
                SensorSite(
                    sensor_id=row["sensor_id"],
                    kind=row["kind"],
                    position=place,
                    p_detect=min(float(row["pd"]), 0.95),
                    false_per_hour=float(row["lam"]) / max(float(row["period"]), 1e-9) * 3600.0
                    if row["kind"] != "human"
                    else 5.0,
                    range_max_m=float(row["max_range"]),
                )
            )
    settings = CoreSettings(
        mode=Mark.EXERCISE, origin=Position(lat, lon, alt), sensors=tuple(sensors)
    )
    # why Any: pyarrow comes without types and only for this bench
    parquet: Any = importlib.import_module("pyarrow.parquet")
    rows: list[dict[str, Any]] = parquet.read_table(there / "detections.parquet").to_pylist()
    return settings, _events(rows, places, site)


def _events(rows: list[dict[str, Any]], places: dict[str, Position], site: Site) -> list[Input]:
    out: list[Input] = []
    scan: list[dict[str, Any]] = []
    for row in rows:
        key = (row["sensor_id"], row["scan"], row["t_arr"])
        if scan and key != (scan[0]["sensor_id"], scan[0]["scan"], scan[0]["t_arr"]):
            out.append(_event(scan, places, site))
            scan = []
        scan.append(row)
    if scan:
        out.append(_event(scan, places, site))
    return out


def _ns(t_s: float) -> int:
    return T0_NS + round(t_s * 1e9)


def _event(rows: list[dict[str, Any]], places: dict[str, Position], site: Site) -> Input:
    first = rows[0]
    sensor_id, kind, recv = str(first["sensor_id"]), first["kind"], _ns(first["t_arr"])
    if kind == "human":
        el = None if math.isnan(first["el"]) else first["el"]
        sighting = Sighting(
            report_id=f"d{first['det_id']}",
            person_id=sensor_id,
            t_obs_ns=_ns(first["t"]),
            bearing=Bearing(first["az"] % 360.0, first["s_az"], el, first["s_el"]),
        )
        return recv, sighting, places[sensor_id]
    t_obs = [_ns(r["t"]) for r in rows]
    hints = [P_DRONE.get(r["cls_hint"], math.nan) for r in rows]
    if kind in ("rid", "adsb"):
        at = [site.to_latlon(e_m=r["x"], n_m=r["y"], u_m=r["z"]) for r in rows]
        columns: dict[str, Any] = {
            "t_obs_ns": t_obs,
            "lat_deg": [a.lat_deg for a in at],
            "lon_deg": [a.lon_deg for a in at],
            "alt_hae_m": [a.alt_hae_m for a in at],
            "sigma_m": [r["s_xy"] for r in rows],
            "alt_sigma_m": [r["s_z"] for r in rows],
            "speed_mps": [math.hypot(r["vx"], r["vy"]) for r in rows],
            "course_deg_true": [math.degrees(math.atan2(r["vx"], r["vy"])) % 360 for r in rows],
            "climb_mps": [r["vz"] for r in rows],
            "id_kind": int(IdKind.SERIAL if kind == "rid" else IdKind.ICAO),
            "identity": [r["uid"].encode() for r in rows],
            "p_drone": hints,
        }
        return recv, Observation(sensor_id=sensor_id, scan=pack(Layout.PLACE_1, columns)), None
    columns = {
        "t_obs_ns": t_obs,
        "azimuth_deg_true": [r["az"] for r in rows],
        "azimuth_sigma_deg": [r["s_az"] for r in rows],
        "elevation_deg": [r["el"] for r in rows],
        "elevation_sigma_deg": [r["s_el"] for r in rows],
        "range_m": [r["rng"] for r in rows],
        "range_sigma_m": [r["s_rng"] for r in rows],
        "range_rate_mps": [r["rr"] for r in rows],
        "range_rate_sigma_mps": [r["s_rr"] for r in rows],
        "p_drone": hints,
        "flags": int(Flag.HEARD if kind == "acoustic" else 0),
    }
    return recv, Observation(sensor_id=sensor_id, scan=pack(Layout.POLAR_1, columns)), None


def feed(tracker: Tracker, event: Input) -> None:
    recv, body, place = event
    if isinstance(body, Sighting):
        tracker.sight(body, t_recv_ns=recv, mark=Mark.EXERCISE, position=place)
    else:
        tracker.observe(body, t_recv_ns=recv, mark=Mark.EXERCISE)


def main() -> None:
    name, path = sys.argv[1:3]
    coasting = "--coasting" in sys.argv
    settings, events = load(name)
    tracker = Tracker(settings)
    next_s, spent = 1, 0.0
    rows_in = sum(1 if isinstance(b, Sighting) else len(b.scan) for _, b, _ in events)
    with Path(path).open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["t", "track_id", "x", "y", "z", "vx", "vy", "vz", "t_emit", "status"])
        for event in events:
            while event[0] > T0_NS + next_s * 1_000_000_000:
                now = T0_NS + next_s * 1_000_000_000
                tracker.advance(now)
                for s in tracker.states(now):
                    fresh = coasting or not s["flags"] & TrackFlag.COASTING
                    if s["fix"] == Fix.POSITION and s["status"] == 2 and fresh:
                        x = [round(v, 3) for v in s["x"].tolist()]
                        out.writerow([next_s, s["track_id"].decode(), *x, next_s, "confirmed"])
                next_s += 1
            t = time.perf_counter()
            feed(tracker, event)
            spent += time.perf_counter() - t
    print(f"{name}: {rows_in} rows, {len(events)} events, {rows_in / spent:.0f} rows/s")


if __name__ == "__main__":
    main()
