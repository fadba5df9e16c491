"""Kind of flyer and a generator of chance -> one flight: its path and velocities at DT_S.

Drones and birds wander between goals in legs (straight, turn, hover, climb, dive) with limited
acceleration; aircraft fly straight. The order of the draws is part of the format: the same seed
gives the same flight for ever. Plain floats on purpose: no BLAS, the same on every machine.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

DT_S = 0.1
SETTLE_S = 0.7  # how fast the velocity follows what the pilot wants
FLOOR_M, CEILING_M = 4.0, 300.0
CRUISE_M = 60.0
GOAL_REACHED_M = 60.0
P_FAST = 0.35
Kind = Literal["drone", "own", "bird", "aircraft"]
Leg = Literal["transit", "turn", "hover", "climb", "dive"]
Floats = NDArray[np.float64]
Path = tuple[float, Floats, Floats]
DRONE_LEGS: dict[Leg, float] = {
    "transit": 0.45,
    "turn": 0.25,
    "hover": 0.15,
    "climb": 0.1,
    "dive": 0.05,
}
BIRD_LEGS: dict[Leg, float] = {"transit": 0.6, "turn": 0.4}


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """What rng.uniform(low, high) gives, a good deal faster."""
    return low + (high - low) * rng.random()


def fly(
    rng: np.random.Generator, kind: Kind, *, length_s: float, half_m: float, raid: bool
) -> Path:
    """Start [s], positions (n, 3) [m] and velocities (n, 3) [m/s], one each DT_S.

    Ends early where a diving drone hits the ground. raid: comes from afar to the middle.
    """
    if kind == "aircraft":
        return _cross(rng, length_s=length_s, half_m=half_m)
    fast = kind == "drone" and rng.random() < P_FAST
    t0_s = 0.0 if rng.random() < 0.3 else between(rng, 0, length_s * 0.5)
    t1_s = min(length_s, t0_s + between(rng, 0.4 * length_s, length_s))
    edge = rng.random() < 0.6
    bearing = between(rng, 0, 2 * math.pi)
    away_m = half_m * (0.95 if edge else between(rng, 0.05, 0.9))
    up_m = between(rng, 30, 120)
    if raid:
        t0_s, t1_s = between(rng, 0, length_s * 0.25), length_s
        bearing = rng.normal(0.8, 0.35) + (0, 2.4)[rng.integers(2)]
        away_m = half_m * between(rng, 0.8, 1.0)
        up_m = between(rng, 30, 120)
    pilot = _Pilot(rng, kind, fast=fast, raid=raid, half_m=half_m)
    start = math.cos(bearing) * away_m, math.sin(bearing) * away_m, up_m
    return t0_s, *_wander(pilot, start, steps=int((t1_s - t0_s) / DT_S) + 1)


def _cross(rng: np.random.Generator, *, length_s: float, half_m: float) -> Path:
    t0_s = between(rng, 0, length_s * 0.5)
    course, speed = between(rng, 0, 2 * math.pi), between(rng, 45, 80)
    up_m = between(rng, 250, 900)
    aside = [between(rng, -half_m * 0.4, half_m * 0.4) for _ in "en"]
    at = np.array(
        [
            -math.cos(course) * half_m * 1.2 + aside[0],
            -math.sin(course) * half_m * 1.2 + aside[1],
            up_m,
        ]
    )
    v = np.array([math.cos(course) * speed, math.sin(course) * speed, between(rng, -1, 1)])
    flown_s: Floats = np.arange(int((length_s - t0_s) / DT_S) + 1, dtype=np.float64) * DT_S
    path: Floats = at + flown_s[:, None] * v
    return t0_s, path, np.repeat(v[None], len(flown_s), axis=0)


@dataclass(slots=True)
class _Pilot:
    """What the flyer wants: the leg it is on, and the velocity that leg asks for."""

    rng: np.random.Generator
    kind: Kind
    fast: bool = field(kw_only=True)
    raid: bool = field(kw_only=True)
    half_m: float = field(kw_only=True)
    goal: tuple[float, float] = (0.0, 0.0)
    leg: Leg = "transit"
    left_s: float = 0.0
    speed_mps: float = 0.0
    heading: float = 0.0
    turn_radps: float = 0.0
    accel_max: float = 6.0
    legs: tuple[Leg, ...] = ()
    cumulative: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        self.accel_max = 12.0 if self.fast else (5.0 if self.kind == "bird" else 6.0)
        weights = BIRD_LEGS if self.kind == "bird" else DRONE_LEGS
        self.legs = tuple(weights)
        sums = tuple(itertools.accumulate(weights.values()))
        self.cumulative = tuple(s / sums[-1] for s in sums)
        self.goal = self._spot(spread_m=60.0, share=0.4)

    def _spot(self, *, spread_m: float, share: float) -> tuple[float, float]:
        """Raiders' goals lie about the middle, the others' anywhere in a share of the field."""
        rng = self.rng
        if self.raid:
            return rng.normal(0, spread_m), rng.normal(0, spread_m)
        reach_m = self.half_m * share
        return between(rng, -reach_m, reach_m), between(rng, -reach_m, reach_m)

    def choose(self, east_m: float, north_m: float) -> None:
        """The next leg. All four lengths are drawn whichever is used: part of the format."""
        rng = self.rng
        self.leg = self.legs[bisect_right(self.cumulative, rng.random())]
        lengths: dict[Leg, float] = {
            "transit": between(rng, 4, 20),
            "turn": between(rng, 2, 8),
            "hover": between(rng, 4, 20),
            "climb": between(rng, 3, 8),
            "dive": 30.0,
        }
        self.left_s = lengths[self.leg]
        low, high = (20, 40) if self.fast else ((6, 15) if self.kind == "bird" else (5, 20))
        self.speed_mps = between(rng, low, high)
        if math.hypot(self.goal[0] - east_m, self.goal[1] - north_m) < GOAL_REACHED_M:
            self.goal = self._spot(spread_m=150.0, share=0.8)
        toward = math.atan2(self.goal[1] - north_m, self.goal[0] - east_m)
        self.heading = toward + rng.normal(0, 0.35)
        side = (-1, 1)[rng.integers(2)]
        self.turn_radps = side * min(
            between(rng, 0.15, 1.0), 0.8 * self.accel_max / max(self.speed_mps, 1)
        )

    def wanted(self, up_m: float) -> tuple[float, float, float]:
        if self.leg == "hover":
            return 0.0, 0.0, 0.0
        if self.leg == "turn":
            self.heading += self.turn_radps * DT_S
        e = math.cos(self.heading) * self.speed_mps
        n = math.sin(self.heading) * self.speed_mps
        if self.leg == "climb":
            return e * 0.5, n * 0.5, 4.0
        if self.leg == "dive":
            return e * 0.7, n * 0.7, -12.0 if self.fast else -6.0
        flutter = self.rng.normal(0, 0.3) if self.kind == "bird" else 0.0
        return e, n, min(max(CRUISE_M - up_m, -2.0), 2.0) * 0.2 + flutter


def _wander(
    pilot: _Pilot, start: tuple[float, float, float], *, steps: int
) -> tuple[Floats, Floats]:
    x, y, z = start
    vx = vy = vz = 0.0
    out: list[tuple[float, float, float, float, float, float]] = []
    for _ in range(steps):
        if pilot.left_s <= 0:
            pilot.choose(x, y)
        pilot.left_s -= DT_S
        wx, wy, wz = pilot.wanted(z)
        ax, ay, az = (wx - vx) / SETTLE_S, (wy - vy) / SETTLE_S, (wz - vz) / SETTLE_S
        size = math.sqrt(ax * ax + ay * ay + az * az)
        if size > pilot.accel_max:
            share = pilot.accel_max / size
            ax, ay, az = ax * share, ay * share, az * share
        vx, vy, vz = vx + ax * DT_S, vy + ay * DT_S, vz + az * DT_S
        x, y, z = x + vx * DT_S, y + vy * DT_S, z + vz * DT_S
        if z < FLOOR_M:
            diving = pilot.leg == "dive"
            if diving and pilot.kind == "drone" and pilot.rng.random() < 0.5:
                out.append((x, y, z, vx, vy, vz))
                break
            z, vz = FLOOR_M, max(vz, 0.0)
            pilot.left_s = 0.0 if diving else pilot.left_s
        if z > CEILING_M:
            z, vz = CEILING_M, min(vz, 0.0)
        out.append((x, y, z, vx, vy, vz))
    rows = np.array(out)
    return rows[:, :3], rows[:, 3:]
