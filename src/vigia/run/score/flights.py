"""A goal and what the scene says of a flight -> its path. Extends simulate/paths.py.

Every maker has the same shape, so that a scene file names it. Attacks end at or above the goal;
the others come as near as `miss_m` and no nearer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import TypeAlias

import msgspec

from vigia.geo import Enu
from vigia.run.simulate import paths
from vigia.run.simulate.paths import Path

STEP_S = 1.0
START_S = 1.0  # nothing flies before
DIVE_SLOPE = 1.0  # metres down for each metre ahead
DIVE_FASTER = 1.4
LOITER_MPS = 12.0  # on the way to where it circles


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """goal: where the target is at t_s. az [rad]: the direction it comes from, seen from there."""

    goal: Enu
    az: float
    t_s: float
    flies_s: float
    speed_mps: float
    height_m: float
    miss_m: float
    stay_s: float

    @property
    def t_start_s(self) -> float:
        return max(START_S, self.t_s - self.flies_s)


Maker: TypeAlias = Callable[[Random, Aim], Path]


def sampled(t_start_s: float, t_end_s: float, where: Callable[[float], Enu]) -> Path:
    n = max(1, math.ceil((t_end_s - t_start_s) / STEP_S))
    times = tuple(t_start_s + (t_end_s - t_start_s) * k / n for k in range(n + 1))
    return Path(times, tuple(where(t) for t in times))


def polar(centre: Enu, *, r_m: float, az: float, u_m: float) -> Enu:
    """az [rad], clockwise from north."""
    return Enu(centre.e_m + r_m * math.sin(az), centre.n_m + r_m * math.cos(az), u_m)


# ---- attacks -------------------------------------------------------------------------------------


def run_in(_rng: Random, aim: Aim) -> Path:
    """Straight, the last seconds a descent onto the target."""

    def where(t: float) -> Enu:
        left = aim.t_s - t
        u = 2.0 + (aim.height_m - 2.0) * min(1.0, left / paths.DESCENT_S)
        return polar(aim.goal, r_m=aim.speed_mps * left, az=aim.az, u_m=u)

    return sampled(aim.t_start_s, aim.t_s, where)


def weave(rng: Random, aim: Aim) -> Path:
    return paths.weaving(rng, aim.goal, t_start_s=aim.t_start_s, t_hit_s=aim.t_s, az=aim.az)


def loiter_dash(rng: Random, aim: Aim) -> Path:
    """Comes from afar, circles some hundred metres off for half a round or one and a half, then
    dashes. aim.speed_mps: of the dash."""
    dash_s = rng.uniform(18.0, 30.0)
    near_m, ring = aim.speed_mps * dash_s, rng.uniform(50.0, 110.0)
    omega = rng.choice((-1.0, 1.0)) * rng.uniform(0.1, 0.18)
    t_dash = aim.t_s - dash_s
    t_ring = t_dash - (rng.choice((0, 1)) + 0.5) * 2.0 * math.pi / abs(omega)
    centre = polar(aim.goal, r_m=near_m + ring, az=aim.az, u_m=aim.height_m)

    def where(t: float) -> Enu:
        if t < t_ring:
            far = near_m + 2.0 * ring + LOITER_MPS * (t_ring - t)
            return polar(aim.goal, r_m=far, az=aim.az, u_m=aim.height_m)
        if t < t_dash:
            a = aim.az + math.pi + omega * (t - t_dash)
            return polar(centre, r_m=ring, az=a, u_m=aim.height_m)
        left = aim.t_s - t
        u = 2.0 + (aim.height_m - 2.0) * min(1.0, left / paths.DESCENT_S)
        return polar(aim.goal, r_m=aim.speed_mps * left, az=aim.az, u_m=u)

    return sampled(max(START_S, t_ring - aim.flies_s), aim.t_s, where)


def pop_up(rng: Random, aim: Aim) -> Path:
    return paths.pop_up(rng, aim.goal, t_start_s=aim.t_start_s, t_hit_s=aim.t_s, az=aim.az)


def dive(_rng: Random, aim: Aim) -> Path:
    """High overhead traffic until it tips over, then down at 45 degrees, faster."""
    fast = aim.speed_mps * DIVE_FASTER
    tip_m = aim.height_m / DIVE_SLOPE
    t_tip = aim.t_s - tip_m / fast

    def where(t: float) -> Enu:
        left = aim.t_s - t
        if t < t_tip:
            r = tip_m + aim.speed_mps * (t_tip - t)
            return polar(aim.goal, r_m=r, az=aim.az, u_m=aim.height_m)
        return polar(aim.goal, r_m=fast * left, az=aim.az, u_m=2.0 + DIVE_SLOPE * fast * left)

    return sampled(aim.t_start_s, aim.t_s, where)


def drop_and_go(_rng: Random, aim: Aim) -> Path:
    """Comes above the target, hangs there, drops, goes home the way it came."""
    t_leave = aim.t_s + aim.stay_s

    def where(t: float) -> Enu:
        away = max(0.0, aim.t_s - t) + max(0.0, t - t_leave)
        return polar(aim.goal, r_m=aim.speed_mps * away, az=aim.az, u_m=aim.height_m)

    return sampled(aim.t_start_s, t_leave + aim.flies_s, where)


# ---- no attack -----------------------------------------------------------------------------------


def turn_back(_rng: Random, aim: Aim) -> Path:
    """Flies like an attack and turns round miss_m short of the target: a decoy."""

    def where(t: float) -> Enu:
        away = abs(aim.t_s - t) * aim.speed_mps
        return polar(aim.goal, r_m=aim.miss_m + away, az=aim.az, u_m=aim.height_m)

    return sampled(aim.t_start_s, aim.t_s + aim.flies_s, where)


def look_on(_rng: Random, aim: Aim) -> Path:
    """Comes to miss_m, hangs there and watches, goes home."""
    t_leave = aim.t_s + aim.stay_s

    def where(t: float) -> Enu:
        away = max(0.0, aim.t_s - t) + max(0.0, t - t_leave)
        return polar(aim.goal, r_m=aim.miss_m + aim.speed_mps * away, az=aim.az, u_m=aim.height_m)

    return sampled(aim.t_start_s, t_leave + aim.flies_s, where)


def pass_over(rng: Random, aim: Aim) -> Path:
    """Straight on, miss_m beside the goal (0: right above it), and away."""
    side = aim.az + rng.choice((-1.0, 1.0)) * math.pi / 2.0
    abeam = polar(aim.goal, r_m=aim.miss_m, az=side, u_m=aim.height_m)

    def where(t: float) -> Enu:
        return polar(abeam, r_m=aim.speed_mps * (aim.t_s - t), az=aim.az, u_m=aim.height_m)

    return sampled(aim.t_start_s, aim.t_s + aim.flies_s, where)


def rounds(rng: Random, aim: Aim) -> Path:
    """A pilot's circles; the nearest point of the circle is miss_m from the goal."""
    ring = rng.uniform(40.0, 140.0)
    omega = rng.choice((-1.0, 1.0)) * aim.speed_mps / ring
    centre = polar(aim.goal, r_m=aim.miss_m + ring, az=aim.az, u_m=0.0)

    def where(t: float) -> Enu:
        a = aim.az + math.pi + omega * (t - aim.t_s)
        return polar(centre, r_m=ring, az=a, u_m=aim.height_m)

    return sampled(aim.t_start_s, aim.t_s + aim.stay_s, where)


def deliver(_rng: Random, aim: Aim) -> Path:
    """Straight to a door miss_m from the goal, down a line, and back up and home."""
    t_leave = aim.t_s + aim.stay_s
    door = polar(aim.goal, r_m=aim.miss_m, az=aim.az + math.pi / 2.0, u_m=0.0)

    def where(t: float) -> Enu:
        away = max(0.0, aim.t_s - t) + max(0.0, t - t_leave)
        return polar(door, r_m=aim.speed_mps * away, az=aim.az, u_m=aim.height_m)

    return sampled(aim.t_start_s, t_leave + aim.flies_s, where)


def bird(rng: Random, aim: Aim) -> Path:
    return paths.bird(rng, aim.goal, t_start_s=aim.t_start_s, t_end_s=aim.t_s + aim.stay_s)


def flock_bird(rng: Random, aim: Aim) -> Path:
    """One of a flock that crosses: the flock's line is the scene's, its place in it chance."""
    off = Enu(rng.gauss(0.0, 25.0), rng.gauss(0.0, 25.0), rng.gauss(0.0, 6.0))
    beat, phase = rng.uniform(0.15, 0.3), rng.uniform(0.0, 6.28)

    def where(t: float) -> Enu:
        at = polar(aim.goal, r_m=aim.speed_mps * (aim.t_s - t), az=aim.az, u_m=aim.height_m)
        side = aim.miss_m + 8.0 * math.sin(beat * t + phase)
        return Enu(
            at.e_m + off.e_m + side * math.cos(aim.az),
            at.n_m + off.n_m - side * math.sin(aim.az),
            max(5.0, at.u_m + off.u_m),
        )

    return sampled(aim.t_start_s, aim.t_s + aim.stay_s, where)


def crop_rows(_rng: Random, aim: Aim) -> Path:
    """Low and fast up and down a field miss_m from the goal, a steep turn at each end."""
    row_m, turn_s = 600.0, 12.0
    lap_s = row_m / aim.speed_mps + turn_s
    corner = polar(aim.goal, r_m=aim.miss_m, az=aim.az, u_m=0.0)

    def where(t: float) -> Enu:
        lap, into = divmod(t - aim.t_start_s, lap_s)
        done = min(1.0, into / (lap_s - turn_s))
        u = aim.height_m
        if into > lap_s - turn_s:  # up, round and down again
            u += 50.0 * math.sin(math.pi * (into - lap_s + turn_s) / turn_s)
        along = row_m * (done if int(lap) % 2 == 0 else 1.0 - done)
        at = polar(corner, r_m=20.0 * (lap + max(0.0, into / lap_s)), az=aim.az, u_m=u)
        return polar(at, r_m=along - row_m / 2.0, az=aim.az + math.pi / 2.0, u_m=u)

    return sampled(aim.t_start_s, aim.t_s + aim.stay_s, where)


def patrol(rng: Random, aim: Aim) -> Path:
    """A helicopter that follows the line of posts, hovers near miss_m, and flies on."""
    t_leave = aim.t_s + aim.stay_s
    beside = polar(aim.goal, r_m=aim.miss_m, az=aim.az + rng.choice((-1.5, 1.5)), u_m=0.0)

    def where(t: float) -> Enu:
        along = max(0.0, aim.t_s - t) - max(0.0, t - t_leave)
        return polar(beside, r_m=aim.speed_mps * along, az=aim.az, u_m=aim.height_m)

    return sampled(aim.t_start_s, t_leave + aim.flies_s, where)


MAKERS: dict[str, Maker] = {
    "run_in": run_in,
    "weave": weave,
    "loiter_dash": loiter_dash,
    "pop_up": pop_up,
    "dive": dive,
    "drop_and_go": drop_and_go,
    "turn_back": turn_back,
    "look_on": look_on,
    "pass_over": pass_over,
    "rounds": rounds,
    "deliver": deliver,
    "bird": bird,
    "flock_bird": flock_bird,
    "crop_rows": crop_rows,
    "patrol": patrol,
}
