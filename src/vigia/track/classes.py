"""What sensors say and how a track flies -> what it is: drone, bird, crewed aircraft, our own.

Log beliefs up to a common constant. docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.scan import Flag
from vigia.track import layout as c
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from vigia.track.layout import Cols

SURE_CLASS = 0.55
SURE_DRONE = 0.8  # who is told "drone" looks for one: a bird seen a few times wrongly is none yet
CLASS_NS = 1_000_000_000
SPEED_WEIGHT = 0.1  # of a second of flight: the next one looks much the same
BIRD_MPS, BIRD_SIGMA_MPS = 15.0, 4.0  # few birds fly faster than this for long
BELIEF_MAX = 12.0
CLASS_MAX = 6.0
P_MIN = 0.05  # classifiers err one time in five, whatever they say of themselves
REPEAT_WEIGHT = 0.15  # class evidence of one sensor is nearly the same every time
R_LOAD, R_EMERGENCY = int(Flag.LOAD), int(Flag.EMERGENCY)
R_CLOSING, R_WEAK = int(Flag.CLOSING), int(Flag.WEAK)
T_LOAD, T_EMERGENCY = int(TrackFlag.LOAD), int(TrackFlag.EMERGENCY)
T_CLOSING, T_WEAK = int(TrackFlag.CLOSING), int(TrackFlag.WEAK)


@inner
def p_drone(cols: Cols, slot: int) -> float:
    """Drones, own ones among them, against everything else."""
    f = cols.f[slot]
    top = max(f[c.CL_DRONE], f[c.CL_BIRD], f[c.CL_AIR], f[c.CL_OWN])
    drone = math.exp(f[c.CL_DRONE] - top) + math.exp(f[c.CL_OWN] - top)
    other = math.exp(f[c.CL_BIRD] - top) + math.exp(f[c.CL_AIR] - top)
    return drone / (drone + other)


@inner
def most_likely(cols: Cols, slot: int) -> int:
    """Index into tracktable.CLASSES; 0 (unknown) where no class has enough of the belief."""
    f = cols.f[slot]
    best, total = 0, 0.0
    for k in range(c.CLASSES):
        total += math.exp(f[c.CL_DRONE + k])
        if f[c.CL_DRONE + k] > f[c.CL_DRONE + best]:
            best = k
    sure = SURE_DRONE if best == 0 else SURE_CLASS
    return best + 1 if math.exp(f[c.CL_DRONE + best]) >= sure * total else 0


@inner
def kinematics(cols: Cols, slot: int, t_ns: int) -> None:
    """How fast and how high it flies, once a second: birds and small drones look alike, crewed
    aircraft do not."""
    i, f = cols.i[slot], cols.f[slot]
    if t_ns - i[c.T_CLASS] < CLASS_NS:
        return
    i[c.T_CLASS] = t_ns
    if f[c.VAR_V] > 400.0 or f[c.VAR_U] > 10_000.0:
        return
    speed = math.sqrt(f[c.MEAN_VE] * f[c.MEAN_VE] + f[c.MEAN_VN] * f[c.MEAN_VN])
    high = f[c.MEAN_U]
    # height says little: who means harm flies as high as he likes
    small = _normal(speed, 12.0, 10.0) + _normal(high, 100.0, 200.0)
    air = _normal(speed, 60.0, 25.0) + _normal(high, 500.0, 300.0)
    # The same for a bird, but that few fly so fast: a slow drone must not become one by flying on.
    too_fast = max(speed - BIRD_MPS, 0.0) / BIRD_SIGMA_MPS
    f[c.CL_DRONE] += SPEED_WEIGHT * small
    f[c.CL_OWN] += SPEED_WEIGHT * small
    f[c.CL_BIRD] += SPEED_WEIGHT * (small - 0.5 * min(too_fast * too_fast, 16.0))
    f[c.CL_AIR] += SPEED_WEIGHT * air
    _bound_beliefs(cols, slot)


@inner
def _normal(x: float, mean: float, sigma: float) -> float:
    """Log density, with a floor: a model of a class is never that sure."""
    off = (x - mean) / sigma
    return -0.5 * min(off * off, 16.0) - math.log(sigma)


@inner
def _bound_beliefs(cols: Cols, slot: int) -> None:
    """The best is 0, none is lower than -BELIEF_MAX: later evidence always counts."""
    f = cols.f[slot]
    top = max(max(f[c.CL_DRONE], f[c.CL_BIRD]), max(f[c.CL_AIR], f[c.CL_OWN]))
    for k in range(c.CLASSES):
        f[c.CL_DRONE + k] = max(f[c.CL_DRONE + k] - top, -BELIEF_MAX)


@inner
def first_belief(cols: Cols, slot: int) -> None:
    """Nothing known: an even chance of a drone."""
    f = cols.f[slot]
    f[c.CL_DRONE], f[c.CL_OWN] = math.log(0.45), math.log(0.05)
    f[c.CL_BIRD], f[c.CL_AIR] = math.log(0.3), math.log(0.2)


@inner
def lean(cols: Cols, slot: int, nats: float) -> None:
    """Towards drone (or away from it, below zero); bounded, so that later evidence counts."""
    p = p_drone(cols, slot)
    now = math.log(p / (1.0 - p)) if 0.0 < p < 1.0 else (40.0 if p > 0.5 else -40.0)
    nats = max(min(now + nats, CLASS_MAX), -CLASS_MAX) - now
    cols.f[slot, c.CL_DRONE] += nats
    cols.f[slot, c.CL_OWN] += nats


@inner
def believe(cols: Cols, slot: int, p: float, row_flags: int, share: float) -> None:
    """Class and flags from one machine row; p NaN says nothing. share: of its word, where it may
    be of something else."""
    if not math.isnan(p):
        p = min(max(p, P_MIN), 1.0 - P_MIN)
        weight = REPEAT_WEIGHT if cols.i[slot, c.HITS] > 1 else 1.0
        lean(cols, slot, share * weight * math.log(p / (1.0 - p)))
    i = cols.i[slot]
    if row_flags & R_LOAD:
        i[c.FLAGS] |= T_LOAD
    if row_flags & R_EMERGENCY:
        i[c.FLAGS] |= T_EMERGENCY
    if row_flags & R_CLOSING:
        i[c.FLAGS] |= T_CLOSING
    if not row_flags & R_WEAK:
        i[c.FLAGS] &= ~T_WEAK
