"""States -> one row for each track that can threaten: what does not depend on the target.

Among it are the bounds by which most pairs are settled.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.jit import inner
from vigia.threat import columns as c
from vigia.threat.beliefs import (
    CONFIRMED,
    POSITION,
    WEAK,
    belief,
    drone,
    exists,
    intent,
    is_vague,
    most_tier,
    sound,
    wide,
    word_var,
)
from vigia.threat.motions import (
    DRIFT_MPS,
    HOMING_ODDS,
    RANGE_FAR_M,
    RANGE_REF_M,
    STILL_MPS,
    WAITING_ODDS,
    aim,
)
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR_S = 10.0  # what could be here in this time is looked at in full
HEIGHT_SURE_M = 40.0  # 1-sigma up to which a height is told
LEAVE_SIGMA_M = 50.0  # 1-sigma of a place up to which leaving is proved
PLACED_SIGMA_M = 25.0  # 1-sigma up to which its way is looked at, not only that it comes
COASTING = int(TrackFlag.COASTING)
NEVER = math.inf
# bounds: where the full answer can be no more than WATCH
FAR_SIGMAS = 5.0  # of the places
SAFE_P = 0.12  # odds of an attack that all of it together does not exceed
CONE_P = 0.06  # by homing
FAR_P = 0.04  # by waiting
CONE_STEPS = 48


@inner
def rows_of(
    states: NDArray[np.void], turns: NDArray[np.float64], limits: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Those that can threaten: their places in states (k,), and (k, TRACK_N)."""
    index, out = np.empty(len(states), np.int64), np.empty((len(states), c.TRACK_N))
    k = 0
    for i in range(len(states)):
        row = states[i]
        believed = belief(row) if sound(row) else 0.0
        if believed <= 0.0:
            continue
        index[k] = i
        x, cov, t = row["x"], row["cov"], out[k]
        speed = math.sqrt(x[3] * x[3] + x[4] * x[4])
        t[c.T_E], t[c.T_N], t[c.T_VE], t[c.T_VN], t[c.T_SPEED] = x[0], x[1], x[3], x[4], speed
        t[c.T_VAR_V] = 0.5 * (cov[3, 3] + cov[4, 4])
        t[c.T_EE], t[c.T_EN], t[c.T_NN] = cov[0, 0], cov[0, 1], cov[1, 1]
        t[c.T_BELIEF], t[c.T_ODDS] = believed, intent(row)
        t[c.T_MOST] = most_tier(row)
        t[c.T_TOP] = max(limits[c.L_TOP], speed)
        t[c.T_UP] = x[2] if cov[2, 2] < HEIGHT_SURE_M * HEIGHT_SURE_M else math.nan
        t[c.T_PROVED] = 1.0 if _proved(row) else 0.0
        t[c.T_EXISTS], t[c.T_DRONE], t[c.T_CLIMB] = exists(row), drone(row), x[5]
        t[c.T_TURN], t[c.T_VAGUE] = turns[i], 1.0 if is_vague(row) or not _placed(row) else 0.0
        t[c.T_COMPANY] = 0.0
        t[c.T_SAID_VAR] = word_var(row)
        azimuth = math.radians(wide(row["azimuth_deg_true"])) if t[c.T_SAID_VAR] >= 0.0 else 0.0
        t[c.T_SAID_E], t[c.T_SAID_N] = -math.sin(azimuth), -math.cos(azimuth)
        _shortcut(t, limits)
        k += 1
    return index[:k], out[:k]


@inner
def reach_of(tracks: NDArray[np.float64], limits: NDArray[np.float64]) -> float:
    """Beyond it no pair matters [m]."""
    reach = limits[c.L_WATCH]
    for k in range(len(tracks)):
        reach = max(reach, tracks[k, c.T_SAFE])
    return min(reach, max(limits[c.L_TOP] * limits[c.L_HORIZON], limits[c.L_WATCH]))


@inner
def _shortcut(t: NDArray[np.float64], limits: NDArray[np.float64]) -> None:
    """Where no pair of the track can be more than WATCH: beyond T_SAFE; beyond T_MID or T_FAR when
    it comes nearer at less than T_MID_MPS or T_FAR_MPS. The full answer decides all others."""
    place = FAR_SIGMAS * math.sqrt(max(t[c.T_EE], t[c.T_NN]))
    near = max(NEAR_S * t[c.T_TOP] + limits[c.L_RADIUS], place)
    var = (t[c.T_VAR_V] + DRIFT_MPS * DRIFT_MPS) / max(t[c.T_SPEED], STILL_MPS) ** 2
    best = aim(0.0, var) if t[c.T_SPEED] > STILL_MPS else 1.0
    if t[c.T_SAID_VAR] >= 0.0:
        best = max(best, aim(0.0, t[c.T_SAID_VAR]))
    t[c.T_SAFE] = max(near, _within(t[c.T_ODDS] * (HOMING_ODDS * best + WAITING_ODDS), SAFE_P))
    t[c.T_FAR] = max(near, _within(t[c.T_ODDS] * WAITING_ODDS, FAR_P))
    t[c.T_MID] = 2.0 * t[c.T_FAR]
    t[c.T_FAR_MPS], t[c.T_MID_MPS] = -NEVER, -NEVER
    if t[c.T_SPEED] > STILL_MPS and t[c.T_SAID_VAR] < 0.0:
        t[c.T_FAR_MPS] = t[c.T_SPEED] * _cone(t[c.T_ODDS], var, t[c.T_FAR])
        t[c.T_MID_MPS] = t[c.T_SPEED] * _cone(t[c.T_ODDS], var, t[c.T_MID])


@inner
def _within(odds: float, p: float) -> float:
    """Range up to which odds, as they are at RANGE_REF_M, are more than p."""
    r = RANGE_REF_M * math.sqrt(odds / p)
    return r if r < RANGE_FAR_M else NEVER


@inner
def _cone(odds: float, var: float, r: float) -> float:
    """Cosine of how far off its course, beyond r, an attack has odds of CONE_P at most."""
    near = RANGE_REF_M / min(r, RANGE_FAR_M)
    least = CONE_P / (odds * HOMING_ODDS * near * near)
    for i in range(CONE_STEPS):
        off = math.pi * i / CONE_STEPS
        # the place adds at most its share of the range
        if max(aim(off, var), aim(off, var + FAR_SIGMAS**-2.0)) <= least:
            return math.cos(off)
    return -2.0


@inner
def _placed(row: np.void) -> bool:
    """Well enough that its way past somebody tells an attack."""
    cov = row["cov"]
    return max(cov[0, 0], cov[1, 1]) <= PLACED_SIGMA_M * PLACED_SIGMA_M


@inner
def _proved(row: np.void) -> bool:
    """Confirmed, seen just now, well placed."""
    cov = row["cov"]
    return (
        int(row["status"]) == CONFIRMED
        and int(row["fix"]) == POSITION
        and int(row["flags"]) & (COASTING | WEAK) == 0
        and max(cov[0, 0], cov[1, 1]) <= LEAVE_SIGMA_M * LEAVE_SIGMA_M
    )
