"""Tracks x targets: what one assessment costs, how it grows; beside NumPy and the limit of 1 s.

Judged: every pair settled, the ones that matter with p and the quantiles, in columns. Objects: the
same as a list of Threat. CPU time of one thread. Peer: the NumPy version before
(bench/_threat_numpy.py).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bench import _threat_numpy as peer
from vigia.events import CoreSettings, PersonAdded, PersonMoved, Policy
from vigia.geo import Site
from vigia.roster import Roster
from vigia.run.warm import warm
from vigia.terms import Mark, Position, Role, TrackStatus
from vigia.threat.assess import assess, judge, threats
from vigia.threat.columns import O_TIER
from vigia.threat.targets import TargetBook
from vigia.tracktable import STATE_DTYPE

ORIGIN = Position(31.79, -106.75, 1200.0)
SITE = Site(lat_deg=31.79, lon_deg=-106.75, alt_hae_m=1200.0)
SIZES = ((5, 10), (100, 100), (100, 1_000), (1_000, 5_000), (3_000, 15_000), (10_000, 50_000))
SPREAD_M = 20_000.0  # half the side of a sector; 40 km x 40 km
NEAR_M = 1_000.0  # of a small site
PEER_PAIRS_MAX = 100_000
LIMIT_S = 1.0
ROUNDS = 3


def states_of(n: int, half_m: float, rng: np.random.Generator) -> NDArray[np.void]:
    rows = np.zeros(n, dtype=STATE_DTYPE)
    rows["track_id"] = [f"{i:016x}".encode() for i in range(n)]
    rows["status"], rows["fix"] = TrackStatus.CONFIRMED, 1
    rows["x"][:, :2] = rng.uniform(-half_m, half_m, (n, 2))
    rows["x"][:, 3:5] = rng.normal(0.0, 10.0, (n, 2))
    rows["cov"] = np.diag([100.0] * 3 + [2.0] * 3)
    rows["p_exist"], rows["p_drone"] = 0.99, 0.9
    return rows


def roster_of(n: int, half_m: float, rng: np.random.Generator) -> Roster:
    roster = Roster()
    half = half_m / 111_000.0
    for i, (lat, lon) in enumerate(rng.uniform(-half, half, (n, 2))):
        person = f"p{i}"
        roster.admit(PersonAdded(person_id=person, name="", agency_id="a", role=Role.AGENT))
        at = Position(31.79 + float(lat), -106.75 + float(lon) / 0.85, 1200.0, 10.0)
        roster.move(PersonMoved(person_id=person, t_obs_ns=0, position=at))
    return roster


def best_s(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    best = math.inf
    for _ in range(rounds):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    warm()
    rng, policy = np.random.default_rng(1), Policy()
    print(
        "tracks x people    table   judged   objects   rows (above WATCH)   NumPy    ratio   limit"
    )
    for n, m in SIZES:
        half = NEAR_M if m <= 10 else SPREAD_M
        states, roster = states_of(n, half, rng), roster_of(m, half, rng)
        book = TargetBook(CoreSettings(mode=Mark.DEMO, origin=ORIGIN), SITE)
        targets = book.table(roster, 0)
        rounds = 200 if n * m <= 10_000 else ROUNDS
        table = best_s(lambda b=book, r=roster: b.table(r, 1), rounds)
        judged = best_s(lambda s=states, t=targets: judge(s, t, policy), rounds)
        pairs = judge(states, targets, policy)
        objects = best_s(lambda p=pairs, s=states, t=targets: threats(p, s, t), rounds)
        high = int((pairs.ints[:, O_TIER] > 1).sum())
        line = (
            f"{n:6d} x {m:6d}  {table * 1e3:7.3f}  {judged * 1e3:7.3f}  {objects * 1e3:8.3f} ms "
            f"{len(pairs.ints):8d} ({high:6d})"
        )
        if n * m <= PEER_PAIRS_MAX:
            before = best_s(lambda s=states, t=targets: peer.assess(s, t, policy), min(rounds, 20))
            ours = best_s(lambda s=states, t=targets: assess(s, t, policy), rounds)
            line += f"   {before * 1e3:8.2f} ms   {before / ours:4.0f} x"
        else:
            line += f"{'':24}"
        print(f"{line}   {judged / LIMIT_S:.4f}")


if __name__ == "__main__":
    main()
