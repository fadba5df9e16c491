"""The whole tracker: rows a second, how the cost grows, the delay of one update, memory.

Scene: 500 drones, every kind of sensor (bench/tracking/scenes.py, s500). Peer: Stone Soup on the
same detections, sorted for it. Limit: a bare compiled predict and update of the same filter,
without gates, association, births, identities, late data or Python.
"""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from bench.tracking.scenes import RECIPES, Scene, generate, write
from bench.tracking.stonesoup_run import Setup
from bench.tracking.stonesoup_run import run as run_peer
from vigia.events import CoreSettings, Observation, SensorSite
from vigia.run.track_scene import read_scenario
from vigia.run.warm import warm
from vigia.scan import Layout, Scan, pack
from vigia.terms import Mark, Position
from vigia.track import imm, layout
from vigia.track.models import MODELS
from vigia.track.tracker import Tracker

ORIGIN = Position(31.79, -106.75, 1200.0)
T0_NS = 1_700_000_000_000_000_000
SEED = 2001
PEER_CPU_S = 20.0
SECOND_NS = 1_000_000_000
GROWTH = (10, 100, 1_000, 10_000)
DENSITY_M2 = 40_000.0  # one drone on so many square metres
SCANS = 8
SINGLES = 2_000


def main() -> None:
    warm()
    scene = generate(RECIPES["s500"], seed=SEED)
    rows = len(scene.detections["t"])
    limit = bare_rate()
    rate, p99_ms = scene_rate(scene)
    print(
        f"500 drones, all sensors: {rows} rows, {rate:,.0f} rows/s, p99 of one scan {p99_ms:.2f} ms"
    )
    print(f"bare predict and update: {limit:,.0f} rows/s; we reach {rate / limit:.0%} of it")
    peer = run_peer(
        scene.detections, scene.sensors, "gnn_ekf",
        Setup(kinds=("radar", "rid", "adsb"), accel_psd=15.0, cpu_max_s=PEER_CPU_S),
    )  # fmt: skip
    print(
        f"Stone Soup (GNN, EKF, {peer.scene_s:.0f} s of the scene): {peer.det_per_s:,.0f} rows/s; "
        f"we are {rate / peer.det_per_s:,.0f} x"
    )
    print("targets   rows/s, whole scans   one row: p50     p99   bytes a track (and ring)")
    for n in GROWTH:
        whole, p50, p99 = growth(n)
        own, ring = bytes_a_track()
        print(f"{n:7d}   {whole:19,.0f}   {p50:8.3f} {p99:7.3f} ms   {own} ({ring})")


def scene_rate(scene: Scene) -> tuple[float, float]:
    """(rows a second of CPU time, p99 of one event's time [ms])."""
    with tempfile.TemporaryDirectory() as there:
        write(scene, Path(there))
        read = read_scenario(Path(there) / "detections.parquet")
    tracker = Tracker(read.settings)
    due, spent, each = read.events[0][0], 0.0, list[float]()
    for t_ns, body, place in read.events:
        start = time.process_time()
        while t_ns > due:
            tracker.advance(due)
            due += SECOND_NS
        if isinstance(body, Observation):
            tracker.observe(body, t_recv_ns=t_ns, mark=Mark.EXERCISE)
        else:
            tracker.sight(body, t_recv_ns=t_ns, mark=Mark.EXERCISE, position=place)
        each.append(time.process_time() - start)
        spent += each[-1]
    return read.rows / spent, float(np.percentile(each, 99)) * 1e3


@numba.njit(error_model="numpy")
def _bare(g: Any, z: Any, models: Any, tmp: Any, rows: Any, n: int) -> None:
    """n times: the three ways of moving mixed, predicted over a second, updated by a plot."""
    for k in range(n):
        j = k % len(g)
        imm.predict(g[j], 3, 0.1, models, tmp)
        imm.update(g[j], 3, z, tmp, rows)


def bare_rate() -> float:
    g = np.zeros((500, 3, imm.SIZE))
    g[:, :, 0] = 1.0 / 3.0
    g[:, :, 1:4] = (500.0, 600.0, 60.0)
    for k in (7, 13, 18):
        g[:, :, k] = 100.0
    for k in (22, 25, 27):
        g[:, :, k] = 10.0
    z = np.array([0.69, 0.012, 0.08, 0.017, 783.0, 5.0, 7.0, 0.5] + [0.0] * 8)
    tmp, rows = np.zeros((6, imm.SIZE)), np.zeros((6, 8))
    _bare(g, z, MODELS, tmp, rows, 1)
    best, n = math.inf, 100_000
    for _ in range(5):
        start = time.process_time()
        _bare(g, z, MODELS, tmp, rows, n)
        best = min(best, time.process_time() - start)
    return n / best


def growth(n: int) -> tuple[float, float, float]:
    """(rows/s of whole scans once tracked, p50 and p99 [ms] of a scan of one row) at n targets."""
    half = 0.5 * math.sqrt(n * DENSITY_M2)
    rng = np.random.default_rng(n)
    p = rng.uniform(-half, half, (n, 3))
    p[:, 2] = rng.uniform(30.0, 120.0, n)
    v = rng.normal(0.0, 8.0, (n, 3)) * [1.0, 1.0, 0.1]
    reach = max(3_000.0, 3.0 * half)
    radar = SensorSite(sensor_id="r", kind="radar", position=ORIGIN, range_max_m=reach)
    tracker = Tracker(CoreSettings(mode=Mark.DEMO, origin=ORIGIN, sensors=(radar,)))
    spent, rows = 0.0, 0
    for k in range(SCANS):
        scan = _plots(p + v * k, v, T0_NS + k * SECOND_NS, rng)
        start = time.process_time()
        _observe(tracker, scan, T0_NS + k * SECOND_NS + 200_000_000)
        tracker.advance(T0_NS + k * SECOND_NS + 300_000_000)
        if k >= SCANS // 2:
            spent += time.process_time() - start
            rows += len(scan)
    each: list[float] = []
    for k in range(SINGLES):
        t_s = SCANS + 1e-3 * k
        j = int(rng.integers(n))
        there = (p[j] + v[j] * t_s)[None]
        scan = _plots(there, v[j][None], T0_NS + round(t_s * 1e9), rng)
        start = time.perf_counter()
        _observe(tracker, scan, T0_NS + round(t_s * 1e9))
        each.append(time.perf_counter() - start)
    p50, p99 = np.percentile(each, (50, 99)) * 1e3
    return rows / spent, float(p50), float(p99)


def _observe(tracker: Tracker, scan: Scan, t_recv_ns: int) -> None:
    body = Observation(sensor_id="r", scan=scan)
    tracker.observe(body, t_recv_ns=t_recv_ns, mark=Mark.DEMO)


def _plots(
    p: NDArray[np.float64], v: NDArray[np.float64], t_ns: int, rng: np.random.Generator
) -> Scan:
    r = np.sqrt((p * p).sum(axis=1))
    k = len(p)
    columns = {
        "t_obs_ns": np.full(k, t_ns),
        "azimuth_deg_true": (np.degrees(np.arctan2(p[:, 0], p[:, 1])) + rng.normal(0, 0.3, k))
        % 360,
        "elevation_deg": np.degrees(np.arcsin(p[:, 2] / r)) + rng.normal(0, 0.5, k),
        "range_m": r + rng.normal(0, 5, k),
        "range_rate_mps": (p * v).sum(axis=1) / r + rng.normal(0, 0.5, k),
        "azimuth_sigma_deg": np.full(k, 0.3),
        "elevation_sigma_deg": np.full(k, 0.5),
        "range_sigma_m": np.full(k, 5.0),
        "range_rate_sigma_mps": np.full(k, 0.5),
    }
    return pack(Layout.POLAR_1, columns)


def bytes_a_track() -> tuple[int, int]:
    """(state, ring for late data)."""
    one, two = layout.empty_cols(1, 1), layout.empty_cols(2, 1)
    own = (n for n in one._fields if n != "serial")  # which lies in i
    grown = {n: getattr(two, n).nbytes - getattr(one, n).nbytes for n in own}
    ring = sum(b for n, b in grown.items() if n.startswith("ring"))
    return sum(grown.values()) - ring, ring


if __name__ == "__main__":
    main()
