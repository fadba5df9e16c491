"""Behaviours of flyers and people -> paths: where each is at any time, as pure functions.

Local east-north-up [m]; t_s counts from the start of the world. Speeds and heights follow the
profiles in docs/simulation.md.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING

import msgspec

from vigia.geo import Enu

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

STEP_S = 1.0  # between the corners of a curved path
WEAVE_MPS2 = 5.0  # sideways acceleration of a small quad that swerves hard
DESCENT_S = 6.0  # an attacker leaves its cruise height this long before it arrives


class Path(msgspec.Struct, frozen=True):
    """A polyline in time; t_s strictly increasing, one point for each."""

    t_s: tuple[float, ...]
    points: tuple[Enu, ...]

    def exists(self, t_s: float) -> bool:
        return self.t_s[0] <= t_s <= self.t_s[-1]

    def at(self, t_s: float) -> Enu:
        """Clamped to the ends."""
        k = self._leg(t_s)
        (a, b), (p, q) = self.t_s[k : k + 2], self.points[k : k + 2]
        f = min(1.0, max(0.0, (t_s - a) / (b - a)))
        return Enu(
            p.e_m + f * (q.e_m - p.e_m), p.n_m + f * (q.n_m - p.n_m), p.u_m + f * (q.u_m - p.u_m)
        )

    def velocity(self, t_s: float) -> Enu:
        """[m/s]; zero outside."""
        if not self.exists(t_s):
            return Enu(0.0, 0.0, 0.0)
        k = self._leg(t_s)
        dt = self.t_s[k + 1] - self.t_s[k]
        p, q = self.points[k], self.points[k + 1]
        return Enu((q.e_m - p.e_m) / dt, (q.n_m - p.n_m) / dt, (q.u_m - p.u_m) / dt)

    def steady(self, t_s: float, for_s: float) -> bool:
        """Did it fly straight and evenly for that long, until now?"""
        if not (self.exists(t_s - for_s) and self.exists(t_s + 0.5)):
            return False
        now = self.velocity(t_s)
        return all(
            math.hypot(v.e_m - now.e_m, v.n_m - now.n_m) < 1.0
            for v in (self.velocity(t_s - k * for_s / 8.0) for k in range(1, 9))
        )

    def _leg(self, t_s: float) -> int:
        return min(max(bisect_right(self.t_s, t_s) - 1, 0), len(self.t_s) - 2)


def distance(a: Enu, b: Enu) -> float:
    """Horizontal [m]: a grenade falls, so height protects nobody."""
    return math.hypot(a.e_m - b.e_m, a.n_m - b.n_m)


def _sampled(t_start_s: float, t_end_s: float, where: Callable[[float], Enu]) -> Path:
    n = max(1, math.ceil((t_end_s - t_start_s) / STEP_S))
    times = tuple(t_start_s + (t_end_s - t_start_s) * k / n for k in range(n + 1))
    return Path(times, tuple(where(t) for t in times))


def _polar(centre: Enu, *, r_m: float, az: float, u_m: float) -> Enu:
    """az [rad], clockwise from north."""
    return Enu(centre.e_m + r_m * math.sin(az), centre.n_m + r_m * math.cos(az), u_m)


# ---- attackers: goal is where the target will be at t_hit_s --------------------------------------


def direct(rng: Random, goal: Enu, *, t_start_s: float, t_hit_s: float, az: float) -> Path:
    """Straight run-in, the last seconds a descent."""
    speed, cruise = rng.uniform(10.0, 28.0), rng.uniform(25.0, 100.0)

    def where(t: float) -> Enu:
        left = t_hit_s - t
        u = 2.0 + (cruise - 2.0) * min(1.0, left / DESCENT_S)
        return _polar(goal, r_m=speed * left, az=az, u_m=u)

    return _sampled(t_start_s, t_hit_s, where)


def weaving(rng: Random, goal: Enu, *, t_start_s: float, t_hit_s: float, az: float) -> Path:
    """Towards the target in a wavy line that straightens at the end."""
    speed, cruise = rng.uniform(10.0, 22.0), rng.uniform(20.0, 80.0)
    period = rng.uniform(10.0, 20.0)
    swing = WEAVE_MPS2 * rng.uniform(0.5, 1.0) * (period / (2.0 * math.pi)) ** 2

    def where(t: float) -> Enu:
        left = t_hit_s - t
        side = swing * math.sin(2.0 * math.pi * left / period) * min(1.0, speed * left / 300.0)
        u = 2.0 + (cruise - 2.0) * min(1.0, left / DESCENT_S)
        at = _polar(goal, r_m=speed * left, az=az, u_m=u)
        return Enu(at.e_m + side * math.cos(az), at.n_m - side * math.sin(az), u)

    return _sampled(t_start_s, t_hit_s, where)


def loiter_dash(rng: Random, goal: Enu, *, t_start_s: float, t_hit_s: float, az: float) -> Path:
    """Circles some hundred metres off, then dashes."""
    dash, cruise = rng.uniform(15.0, 26.0), rng.uniform(40.0, 110.0)
    t_dash = max(t_start_s + 5.0, t_hit_s - rng.uniform(18.0, 30.0))
    start = _polar(goal, r_m=dash * (t_hit_s - t_dash), az=az, u_m=cruise)
    ring, omega = rng.uniform(50.0, 110.0), rng.choice((-1.0, 1.0)) * rng.uniform(0.08, 0.16)
    centre = _polar(start, r_m=ring, az=az, u_m=cruise)

    def where(t: float) -> Enu:
        if t < t_dash:
            return _polar(centre, r_m=ring, az=az + math.pi + omega * (t - t_dash), u_m=cruise)
        left = t_hit_s - t
        u = 2.0 + (cruise - 2.0) * min(1.0, left / DESCENT_S)
        return _polar(goal, r_m=dash * left, az=az, u_m=u)

    return _sampled(t_start_s, t_hit_s, where)


def hover_drop(rng: Random, goal: Enu, *, t_start_s: float, t_hit_s: float, az: float) -> Path:
    """Flies above the target, hangs there, drops, goes back. t_hit_s: above the target."""
    speed, height = rng.uniform(7.0, 14.0), rng.uniform(30.0, 90.0)
    t_leave = t_hit_s + rng.uniform(8.0, 15.0)

    def where(t: float) -> Enu:
        gone = max(0.0, t - t_leave)
        return _polar(goal, r_m=speed * (max(0.0, t_hit_s - t) + gone), az=az, u_m=height)

    return _sampled(t_start_s, t_leave + 20.0, where)


def pop_up(rng: Random, goal: Enu, *, t_start_s: float, t_hit_s: float, az: float) -> Path:
    """Creeps below the horizon of the sensors, climbs late, comes fast."""
    dash = rng.uniform(12.0, 24.0)
    t_pop = max(t_start_s + 3.0, t_hit_s - rng.uniform(16.0, 28.0))

    def where(t: float) -> Enu:
        left = t_hit_s - t
        far = dash * (t_hit_s - t_pop) + 4.0 * max(0.0, t_pop - t)
        r = far if t < t_pop else dash * left
        u = 3.0 if t < t_pop else min(3.0 + 8.0 * (t - t_pop), 30.0, 2.0 + 5.0 * left)
        return _polar(goal, r_m=r, az=az, u_m=u)

    return _sampled(t_start_s, t_hit_s, where)


# ---- those that never were a threat --------------------------------------------------------------


def fly_by(rng: Random, near: Enu, *, t_start_s: float, t_end_s: float) -> Path:
    """Passes at a distance."""
    az, side = rng.uniform(0.0, 2.0 * math.pi), rng.choice((-1.0, 1.0))
    miss, speed, height = (
        rng.uniform(200.0, 600.0),
        rng.uniform(8.0, 20.0),
        rng.uniform(30.0, 110.0),
    )
    t_mid = rng.uniform(0.3, 0.7) * (t_start_s + t_end_s)
    abeam = _polar(near, r_m=miss, az=az + side * math.pi / 2.0, u_m=height)

    def where(t: float) -> Enu:
        return _polar(abeam, r_m=speed * (t - t_mid), az=az, u_m=height)

    return _sampled(t_start_s, t_end_s, where)


def go_home(rng: Random, near: Enu, *, t_start_s: float, t_end_s: float) -> Path:
    """Comes closer, looks, returns."""
    az, nearest = rng.uniform(0.0, 2.0 * math.pi), rng.uniform(250.0, 600.0)
    speed, height = rng.uniform(7.0, 16.0), rng.uniform(30.0, 110.0)
    t_turn = rng.uniform(0.4, 0.6) * (t_start_s + t_end_s)
    hang = rng.uniform(3.0, 8.0)

    def where(t: float) -> Enu:
        away = max(0.0, t_turn - t) + max(0.0, t - t_turn - hang)
        return _polar(near, r_m=nearest + speed * away, az=az, u_m=height)

    return _sampled(t_start_s, t_end_s, where)


def circling(rng: Random, near: Enu, *, t_start_s: float, t_end_s: float) -> Path:
    """A hobby pilot's rounds, some hundred metres away."""
    centre = _polar(near, r_m=rng.uniform(500.0, 1300.0), az=rng.uniform(0.0, 6.28), u_m=0.0)
    ring, omega = rng.uniform(40.0, 140.0), rng.choice((-1.0, 1.0)) * rng.uniform(0.05, 0.12)
    phase, height = rng.uniform(0.0, 6.28), rng.uniform(20.0, 90.0)

    def where(t: float) -> Enu:
        return _polar(centre, r_m=ring, az=phase + omega * t, u_m=height)

    return _sampled(t_start_s, t_end_s, where)


def bird(rng: Random, near: Enu, *, t_start_s: float, t_end_s: float) -> Path:
    """Wheels and drifts."""
    speed, heading = rng.uniform(7.0, 14.0), rng.uniform(0.0, 6.28)
    at = _polar(near, r_m=rng.uniform(100.0, 900.0), az=rng.uniform(0.0, 6.28), u_m=0.0)
    e, n, u, turn = at.e_m, at.n_m, rng.uniform(15.0, 150.0), 0.0
    times: list[float] = []
    points: list[Enu] = []
    for k in range(max(2, int((t_end_s - t_start_s) / 2.0) + 1)):
        times.append(t_start_s + 2.0 * k)
        points.append(Enu(e, n, u))
        turn = 0.7 * turn + rng.gauss(0.0, 0.25)
        heading += turn
        e, n = e + 2.0 * speed * math.sin(heading), n + 2.0 * speed * math.cos(heading)
        u = max(8.0, u + rng.gauss(0.0, 2.0))
    return Path(tuple(times), tuple(points))


def aircraft(rng: Random, near: Enu, *, t_start_s: float, t_end_s: float) -> Path:
    """A friendly helicopter or light aeroplane on a straight line."""
    az, speed = rng.uniform(0.0, 6.28), rng.uniform(45.0, 70.0)
    side, height = rng.uniform(-1500.0, 1500.0), rng.uniform(250.0, 800.0)
    t_mid = rng.uniform(t_start_s, t_end_s)
    abeam = _polar(near, r_m=side, az=az + math.pi / 2.0, u_m=height)

    def where(t: float) -> Enu:
        return _polar(abeam, r_m=speed * (t - t_mid), az=az, u_m=height)

    return Path((t_start_s, t_end_s), (where(t_start_s), where(t_end_s)))


def standing(at: Enu, *, t_end_s: float) -> Path:
    return Path((0.0, t_end_s), (at, at))


def walking(rng: Random, start: Enu, *, t_end_s: float) -> Path:
    """A patrol on foot, with halts."""
    times, points = [0.0], [start]
    while times[-1] < t_end_s:
        dt, speed, az = rng.uniform(8.0, 20.0), rng.choice((0.0, 1.0, 1.4)), rng.uniform(0.0, 6.28)
        points.append(_polar(points[-1], r_m=speed * dt, az=az, u_m=start.u_m))
        times.append(times[-1] + dt)
    return Path(tuple(times), tuple(points))
