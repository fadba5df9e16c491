"""Tracks x targets: what one assessment costs, how it grows; limit: the bare distance matrix."""

from __future__ import annotations

import time

import numpy as np

from vigia.events import CoreSettings, PersonAdded, PersonMoved, Policy
from vigia.geo import Site
from vigia.roster import Roster
from vigia.terms import Mark, Position, Role, TrackStatus
from vigia.threat.assess import assess
from vigia.threat.targets import Targets, target_table
from vigia.tracktable import STATE_DTYPE

ORIGIN = Position(31.79, -106.75, 1200.0)
SIZES = ((10, 10), (10, 100), (100, 100), (100, 1_000), (300, 3_000))
SPREAD_M = 20_000.0  # a sector
ROUNDS = 5


def _states(n: int, rng: np.random.Generator) -> np.ndarray:
    rows = np.zeros(n, dtype=STATE_DTYPE)
    rows["track_id"] = [f"{i:016x}".encode() for i in range(n)]
    rows["status"] = TrackStatus.CONFIRMED
    rows["x"][:, :2] = rng.uniform(-SPREAD_M, SPREAD_M, (n, 2))
    rows["x"][:, 3:5] = rng.normal(0.0, 10.0, (n, 2))
    rows["cov"] = np.diag([100.0] * 3 + [2.0] * 3)
    rows["p_exist"] = 0.99
    rows["p_drone"] = 0.9
    return rows


def _targets(n: int, rng: np.random.Generator) -> Targets:
    roster = Roster()
    for i, (lat, lon) in enumerate(rng.uniform(-0.18, 0.18, (n, 2))):
        person = f"p{i}"
        roster.admit(PersonAdded(person_id=person, name="", agency_id="a", role=Role.AGENT))
        at = Position(31.79 + float(lat), -106.75 + float(lon), 1200.0, 10.0)
        roster.move(PersonMoved(person_id=person, t_obs_ns=0, position=at))
    settings = CoreSettings(mode=Mark.DEMO, origin=ORIGIN)
    return target_table(settings, roster, Site(lat_deg=31.79, lon_deg=-106.75, alt_hae_m=1200.0), 0)


def _best_ms(call: object) -> float:
    assert callable(call)
    best = float("inf")
    for _ in range(ROUNDS):
        t = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - t)
    return best * 1e3


def main() -> None:
    rng = np.random.default_rng(1)
    policy = Policy()
    print("tracks x people   assess ms   distances only ms   ratio   threats")
    for n, m in SIZES:
        states, targets = _states(n, rng), _targets(m, rng)

        def limit(x: np.ndarray = states["x"], y: np.ndarray = targets.en_m) -> object:
            return np.hypot(x[:, None, 0] - y[None, :, 0], x[:, None, 1] - y[None, :, 1])

        def full(s: np.ndarray = states, t: Targets = targets) -> object:
            return assess(s, t, policy)

        ours, bare = _best_ms(full), _best_ms(limit)
        threats = len(assess(states, targets, policy))
        print(f"{n:6d} x {m:6d}   {ours:9.2f}   {bare:17.3f}   {ours / bare:5.0f}   {threats:7d}")


if __name__ == "__main__":
    main()
