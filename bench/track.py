"""Detections through the tracker; limit: a bare NumPy predict, gate and update of the same scan.

Scenes: 500 drones seen by four radars (made here), single-row scans at 10 tracks, and recorded
scenarios where the shared data and pyarrow are present.
"""

from __future__ import annotations

import importlib.util
import math
import time

import numpy as np

from bench._recorded import feed, folder, load
from vigia.events import CoreSettings, Observation, SensorSite
from vigia.geo import Site
from vigia.scan import Layout, pack
from vigia.terms import Mark, Position
from vigia.track.columns import fit_many, flowed
from vigia.track.initiate import born_ranged
from vigia.track.measure import Polar, Stand
from vigia.track.tracker import Tracker

ORIGIN = Position(31.79, -106.75, 1200.0)
T0_NS = 1_700_000_000_000_000_000
DRONES = 500
HALF_M = 3_000.0
SECONDS = 12
FALSE_PER_SCAN = 20
RECORDED = ("s10", "raid30")


def _sensors() -> list[tuple[SensorSite, np.ndarray]]:
    site = Site(lat_deg=ORIGIN.lat_deg, lon_deg=ORIGIN.lon_deg, alt_hae_m=1200.0)
    out: list[tuple[SensorSite, np.ndarray]] = []
    for i, (e, n) in enumerate([(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)]):
        at = site.to_latlon(e_m=e * HALF_M / 2, n_m=n * HALF_M / 2, u_m=5.0)
        sensor = SensorSite(
            sensor_id=f"radar{i}",
            kind="radar",
            position=Position(at.lat_deg, at.lon_deg, at.alt_hae_m, 2.0),
            false_per_hour=FALSE_PER_SCAN * 3600.0,
        )
        out.append((sensor, np.array([e * HALF_M / 2, n * HALF_M / 2, 5.0])))
    return out


def _scan(
    p: np.ndarray, v: np.ndarray, stand: np.ndarray, t_ns: int, rng: np.random.Generator
) -> Observation | None:
    d = p - stand
    r = np.sqrt((d * d).sum(axis=1))
    seen = (r < 3_000.0) & (rng.random(len(p)) < 0.92)
    d, r, v = d[seen], r[seen], v[seen]
    k = len(d)
    az = np.degrees(np.arctan2(d[:, 0], d[:, 1])) + rng.normal(0.0, 0.7, k)
    el = np.degrees(np.arcsin(d[:, 2] / r)) + rng.normal(0.0, 1.0, k)
    rate = (d * v).sum(axis=1) / r + rng.normal(0.0, 0.5, k)
    f = FALSE_PER_SCAN
    columns = {
        "t_obs_ns": np.full(k + f, t_ns),
        "azimuth_deg_true": np.concatenate((az, rng.uniform(0, 360, f))) % 360.0,
        "elevation_deg": np.concatenate((el, rng.uniform(0, 25, f))),
        "range_m": np.concatenate((r + rng.normal(0, 5, k), 3_000 * np.sqrt(rng.random(f)))),
        "range_rate_mps": np.concatenate((rate, rng.normal(0, 8, f))),
        "azimuth_sigma_deg": np.full(k + f, 0.7),
        "elevation_sigma_deg": np.full(k + f, 1.0),
        "range_sigma_m": np.full(k + f, 5.0),
        "range_rate_sigma_mps": np.full(k + f, 0.5),
    }
    return Observation(sensor_id="", scan=pack(Layout.POLAR_1, columns))


def _swarm(drones: int) -> tuple[CoreSettings, list[tuple[int, Observation]]]:
    rng = np.random.default_rng(1)
    sensors = _sensors()
    p = rng.uniform(-HALF_M, HALF_M, (drones, 3))
    p[:, 2] = rng.uniform(30.0, 120.0, drones)
    v = rng.normal(0.0, 8.0, (drones, 3)) * [1.0, 1.0, 0.1]
    out: list[tuple[int, Observation]] = []
    for k in range(SECONDS):
        for i, (sensor, stand) in enumerate(sensors):
            t = k + 0.25 * i
            scan = _scan(p + v * t, v, stand, T0_NS + round(t * 1e9), rng)
            if scan is not None:
                body = Observation(sensor_id=sensor.sensor_id, scan=scan.scan)
                out.append((T0_NS + round((t + 0.2) * 1e9), body))
    settings = CoreSettings(mode=Mark.DEMO, origin=ORIGIN, sensors=tuple(s for s, _ in sensors))
    return settings, out


def _run(settings: CoreSettings, scans: list[tuple[int, Observation]]) -> tuple[float, int]:
    """Rows a second over the last half, when every drone has its track; and the tracks shown."""
    tracker = Tracker(settings)
    rows, spent, tick = 0, 0.0, scans[0][0]
    for i, (recv, body) in enumerate(scans):
        start = time.process_time()
        tracker.observe(body, t_recv_ns=recv, mark=Mark.DEMO)
        if recv - tick >= 1_000_000_000:
            tracker.advance(recv)
            tick = recv
        if i >= len(scans) // 2:
            spent += time.process_time() - start
            rows += len(body.scan)
    return rows / spent, len(tracker.states(scans[-1][0]))


def _bare(drones: int) -> float:
    """Rows a second of predict all, one distance gate, one update of each: nothing else."""
    rng = np.random.default_rng(2)
    at = Stand(0.0, 0.0, 0.0)
    zs = [
        Polar(0, float(a), 0.012, 0.05, 0.017, float(r), 5.0, 0.0, 0.5)
        for a, r in zip(rng.uniform(0, 6.28, drones), rng.uniform(100, 3000, drones), strict=True)
    ]
    x = np.array([born_ranged(z, at).g for z in zs]).T
    t = np.zeros(drones, dtype=np.int64)
    where = np.array([(z.range_m * math.sin(z.az), z.range_m * math.cos(z.az)) for z in zs])
    which = np.arange(drones)
    best = math.inf
    for _ in range(5):
        start = time.process_time()
        g = flowed(x, np.full(drones, 1.0))
        close = (g[0] - where[:, :1]) ** 2 + (g[1] - where[:, 1:]) ** 2 < 2_500.0
        close.any(axis=1)
        fit_many(g, t, zs, which, at)
        best = min(best, time.process_time() - start)
    return drones / best


def main() -> None:
    print("scene                      rows/s   tracks   of the bare kernel")
    bare = _bare(DRONES)
    rate, tracks = _run(*_swarm(DRONES))
    print(f"{DRONES} drones, 4 radars    {rate:9.0f}   {tracks:6d}   {rate / bare:6.0%}")
    settings, scans = _swarm(10)
    single = [
        (recv, Observation(sensor_id=b.sensor_id, scan=type(b.scan)(b.scan.layout, row)))
        for recv, b in scans
        for row in _each(b)[:10]
    ]
    rate, tracks = _run(settings, single)
    print(f"10 drones, single rows   {rate:9.0f}   {tracks:6d}   {1e6 / rate:.0f} us a scan")
    print(f"bare NumPy kernel        {bare:9.0f}")
    if importlib.util.find_spec("pyarrow") is None or not folder(RECORDED[0]).exists():
        print("recorded scenarios: left out (need pyarrow and the shared data, VIGIA_CORPUS)")
        return
    for name in RECORDED:
        where, events = load(name)
        tracker = Tracker(where)
        rows = sum(len(b.scan) if isinstance(b, Observation) else 1 for _, b, _ in events)
        start = time.process_time()
        for i, event in enumerate(events):
            feed(tracker, event)
            if i % 20 == 0:
                tracker.advance(event[0])
        rate = rows / (time.process_time() - start)
        print(f"recorded {name:<15} {rate:9.0f}   {tracker.states(events[-1][0]).size:6d}")


def _each(body: Observation) -> list[bytes]:
    size = body.scan.rows().dtype.itemsize
    return [body.scan.data[i : i + size] for i in range(0, len(body.scan.data), size)]


if __name__ == "__main__":
    main()
