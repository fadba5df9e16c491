"""Which measurements could come from which tracks: generous and cheap, never tighter than the
fit; and how a bearing fits a track by its moments alone.

docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track import living as life
from vigia.track.absorb import LOG_TURN
from vigia.track.fuse import MISFIT, true_time
from vigia.track.imm import NOTHING
from vigia.track.reach import (
    COARSE2,
    Q_ACROSS2,
    Q_ALONG2,
    Q_FLAT,
    Q_RISE,
    Q_SE,
    Q_SN,
    Q_UP2,
    RATE_SLACK_M2_S2,
    reachable,
)
from vigia.track.sense import (
    AZ,
    AZ_S,
    EL,
    EL_S,
    HEARD,
    NEAR_M,
    RNG,
    RNG_S,
    RR,
    RR_S,
    SOUND_MPS,
    STAND_E,
    STAND_N,
    STAND_S,
    STAND_U,
    TIME_S,
    TURN,
    wrap,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

CALM_M2_S3 = 5.0  # usual manoeuvres, a third of their strength
WILD_M2_S3 = 60.0  # the strongest, generously
CLIMB_MPS = 8.0
TELLS = 0.02  # a bearing this much wider than what is known tells nothing
PARTS = c.GROUPS - 1  # of the compass
GROUPS = c.GROUPS  # of candidates of one rank: the wide ones, and those of each part
WIDE_RAD = 0.2  # candidates whose gate is wider than this are tried with every row
DRIFT_S = 15.0  # a velocity is believed no longer than this
FRAME_SLACK_M2 = 60.0  # what may change within a frame
MANOEUVRE_MPS = 25.0  # what a drone may do while its sound is under way
FIELD_RATE_MPS = 30.0  # range rates over which false rows lie
LOOK_MAX_S = 5.0  # a look that takes longer is several
FAST_MPS = 40.0
STAND_WIDE_M = 20.0  # of a sensor that hardly knows where it stands
BACK2 = 2.4  # squared radians, less than a right angle: a gate narrower has nothing behind it
FEW = 12  # candidates up to which no window is worth its search
QUARTER = 1.5  # radians: a window this wide is all around
# columns of a candidate
A_E, A_N_, A_VAR, A_AGE, A_RHO2 = range(5)


@inner
def gate_nis(n: int) -> float:
    """99.95 % of chi-square with n degrees of freedom."""
    if n <= 1:
        return 12.1
    if n == 2:
        return 15.2
    if n == 3:
        return 17.7
    if n == 4:
        return 20.0
    if n == 5:
        return 22.1
    return 24.1


@inner
def candidates(
    cols: Cols, w: Work, mark: int, t_ns: int, e0: float, n0: float, reach_m: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Live tracks within reach of (e0, n0) at t_ns: slots, and per track the columns A_*. Good
    until the next call: they lie in w."""
    n = cols.tally[c.C_N]
    slots, at = w.slots, w.at
    now = float(t_ns)
    k = 0
    for j in range(n):
        f = cols.gate[j]
        b = (now - f[c.G_T]) * 1e-9
        if b > DRIFT_S:
            b = DRIFT_S
        elif b < -DRIFT_S:
            b = -DRIFT_S
        de = f[c.MEAN_E] + b * f[c.MEAN_VE] - e0
        dn = f[c.MEAN_N] + b * f[c.MEAN_VN] - n0
        b = abs(b)
        v = f[c.VAR_P] + b * (f[c.VAR_X] + b * (f[c.VAR_V] + WILD_M2_S3 * b)) + FRAME_SLACK_M2
        rho2 = de * de + dn * dn
        if rho2 > reach_m * reach_m:
            far = math.sqrt(rho2) - reach_m
            if far * far > COARSE2 * v:
                continue
        slot = cols.order[j]
        if cols.i[slot, c.MARK] != mark:
            continue
        slots[k] = slot
        at[k, A_E], at[k, A_N_], at[k, A_VAR], at[k, A_AGE] = de, dn, v, b
        at[k, A_RHO2] = max(rho2, NEAR_M * NEAR_M)
        k += 1
    return slots[:k], at[:k]


@inner
def aimed(z: NDArray[np.float64], q: NDArray[np.float64]) -> None:
    """Fills q (AIM_N,): along which line a row lies from its stand; of a plot also where, and how
    surely."""
    q[Q_SE], q[Q_SN] = math.sin(z[AZ]), math.cos(z[AZ])
    if math.isnan(z[RNG]):
        return
    rise, along2, up2, flat = 0.0, z[RNG_S] * z[RNG_S], 0.0, z[RNG]
    if math.isnan(z[EL]):
        along2 += 0.09 * flat * flat  # the height bends slant range
        rise = math.nan
    else:
        rise = flat * math.sin(z[EL])
        up2 = flat * flat * z[EL_S] * z[EL_S]
        along2 += rise * rise * z[EL_S] * z[EL_S]
        flat *= math.cos(z[EL])
    q[Q_FLAT], q[Q_RISE] = flat, rise
    q[Q_ALONG2], q[Q_ACROSS2], q[Q_UP2] = along2, z[RNG] * z[RNG] * z[AZ_S] * z[AZ_S], up2


@inner
def near_plots(
    cols: Cols,
    w: Work,
    z: NDArray[np.float64],
    q: NDArray[np.float64],
    t_ns: int,
    slots: NDArray[np.int64],
    at: NDArray[np.float64],
    spans: tuple[int, int, int, int, int, int],
) -> int:
    """The candidates of the spans of w.order that the plot z, aimed at in q, may come from:
    into w.key. The coarse gate is never tighter than the fine one: along the line of sight,
    across it, in height and in range rate. -> how many."""
    fs = cols.f
    has_rise, has_rate = not math.isnan(q[Q_RISE]), not math.isnan(z[RR])
    stand2, rate2 = z[STAND_S] * z[STAND_S], z[RR_S] * z[RR_S] + RATE_SLACK_M2_S2
    found = 0
    for j in range(spans[0] + spans[2] + spans[4]):
        k = w.order[nth(j, spans)]
        v, e, n = at[k, A_VAR] + stand2, at[k, A_E], at[k, A_N_]
        along = e * q[Q_SE] + n * q[Q_SN] - q[Q_FLAT]
        if along * along > COARSE2 * (v + q[Q_ALONG2]):
            continue
        across = e * q[Q_SN] - n * q[Q_SE]
        if across * across > COARSE2 * (v + q[Q_ACROSS2]):
            continue
        slot = slots[k]
        if has_rise:
            off = q[Q_RISE] - (fs[slot, c.MEAN_U] - z[STAND_U])
            climb = at[k, A_AGE] * CLIMB_MPS
            high = fs[slot, c.VAR_U] + climb * climb + q[Q_UP2]
            if off * off > COARSE2 * (high + FRAME_SLACK_M2):
                continue
        if has_rate:
            off = z[RR]
            off -= (e * fs[slot, c.MEAN_VE] + n * fs[slot, c.MEAN_VN]) / math.sqrt(at[k, A_RHO2])
            loose = fs[slot, c.VAR_V] * (1.0 + v / at[k, A_RHO2]) + WILD_M2_S3 * at[k, A_AGE]
            if off * off > COARSE2 * (loose + rate2):
                continue
        i = cols.i[slot]
        if i[c.ENDED] or (i[c.IS_SECTOR] and i[c.PARTS] > 1):
            continue  # a plot begins its own track; a confirmed one joins its sector
        if reachable(cols.g[slot], i[c.PARTS], z, q, (t_ns - i[c.T]) / 1e9):
            w.key[found] = k
            found += 1
    return found


@inner
def loose_of(z: NDArray[np.float64]) -> tuple[float, float]:
    """What a bearing's own stand and time add to the squared width of its gate: [m^2], and per
    squared range."""
    slip = z[TIME_S] * FAST_MPS
    share = MANOEUVRE_MPS / SOUND_MPS if z[HEARD] > 0.5 else 0.0
    return z[STAND_S] * z[STAND_S] + slip * slip, share * share


@inner
def near_bearing(
    q: NDArray[np.float64],
    az2: float,
    loose: tuple[float, float],
    at: NDArray[np.float64],
    k: int,
    sector: bool,
) -> bool:
    """The coarse gate of a bearing with variance az2, aimed at in q, against candidate k; never
    tighter than the fine one: the sine of an angle is not larger than the angle."""
    rho2 = at[k, A_RHO2]
    v = at[k, A_VAR] + loose[0] + loose[1] * rho2
    if sector:
        v *= 2.0
    if v > 0.1 * rho2:
        return True
    width2 = COARSE2 * (az2 * rho2 + v)
    e, n = at[k, A_E], at[k, A_N_]
    across = e * q[Q_SN] - n * q[Q_SE]
    if across * across > width2:
        return False
    return e * q[Q_SE] + n * q[Q_SN] >= 0.0 or width2 >= BACK2 * rho2


@inner
def near_bearings(
    cols: Cols,
    w: Work,
    z: NDArray[np.float64],
    q: NDArray[np.float64],
    slots: NDArray[np.int64],
    at: NDArray[np.float64],
    spans: tuple[int, int, int, int, int, int],
) -> int:
    """near_plots for a bearing."""
    az2, loose = z[AZ_S] * z[AZ_S], loose_of(z)
    found = 0
    for j in range(spans[0] + spans[2] + spans[4]):
        k = w.order[nth(j, spans)]
        i = cols.i[slots[k]]
        if near_bearing(q, az2, loose, at, k, i[c.IS_SECTOR] == 1) and not i[c.ENDED]:
            w.key[found] = k
            found += 1
    return found


@inner
def bearing_odds(
    cols: Cols,
    slot: int,
    z: NDArray[np.float64],
    q: NDArray[np.float64],
    t_ns: int,
    limit: float,
    top: float,
    least: float,
) -> tuple[float, float]:
    """How a bearing, aimed at in q, fits a track of known place, by its moments: enough to
    choose by. top: bearing_top of it; least: a log density that is of no use.

    -> log density, squared innovation (MISFIT: beyond the limit by its azimuth, or of no use).
    """
    f = cols.f[slot]
    b = (true_time(cols, slot, z, t_ns) - cols.i[slot, c.T]) / 1e9
    b = max(min(b, DRIFT_S), -DRIFT_S)
    de = f[c.MEAN_E] + b * f[c.MEAN_VE] - z[STAND_E]
    dn = f[c.MEAN_N] + b * f[c.MEAN_VN] - z[STAND_N]
    du = f[c.MEAN_U] + b * f[c.MEAN_VU] - z[STAND_U]
    b = abs(b)
    rho2 = max(de * de + dn * dn, NEAR_M * NEAR_M)
    more = b * (0.5 * f[c.VAR_X] + b * (0.5 * f[c.VAR_V] + CALM_M2_S3 * b))
    more += z[STAND_S] * z[STAND_S]
    speed2 = f[c.MEAN_VE] * f[c.MEAN_VE] + f[c.MEAN_VN] * f[c.MEAN_VN]
    more += z[TIME_S] * z[TIME_S] * speed2
    p = (dn * dn * f[c.VAR_E] - 2.0 * de * dn * f[c.COV_EN] + de * de * f[c.VAR_N]) / rho2
    var = z[AZ_S] * z[AZ_S] + (p + more) / rho2
    across, ahead = de * q[Q_SN] - dn * q[Q_SE], de * q[Q_SE] + dn * q[Q_SN]
    if across * across > limit * var * rho2 or (ahead < 0.0 and limit * var < BACK2):
        return NOTHING, MISFIT
    if top - 0.5 * across * across / (var * rho2) <= least:
        return NOTHING, MISFIT  # before its angle is known: a sine is no larger
    off = wrap(z[AZ] - math.atan2(de, dn))
    nis, det, n = off * off / var, var, 1
    if not math.isnan(z[EL]):
        rho = math.sqrt(rho2)
        along = (
            de * de * f[c.VAR_E] + 2.0 * de * dn * f[c.COV_EN] + dn * dn * f[c.VAR_N]
        ) / rho2 + more
        r2 = rho2 + du * du
        var = z[EL_S] * z[EL_S]
        var += ((f[c.VAR_U] + more) * rho2 + along * du * du) / (r2 * r2)
        off = z[EL] - math.atan2(du, rho)
        nis += off * off / var
        det *= var
        n = 2
    return -0.5 * (nis + math.log(det) + n * LOG_TURN), nis


@inner
def bearing_top(z: NDArray[np.float64]) -> float:
    """No log density of bearing_odds is higher: the bearing's own variance is a part of all."""
    top = -0.5 * LOG_TURN - math.log(z[AZ_S])
    return top if math.isnan(z[EL]) else top - 0.5 * LOG_TURN - math.log(z[EL_S])


@inner
def tells(cols: Cols, slot: int, z: NDArray[np.float64], t_ns: int) -> bool:
    """Would a bearing narrow the track's place at all? Of a solid track most do not, and what
    tells nothing can only do harm when it is another's."""
    i, f = cols.i[slot], cols.f[slot]
    if not i[c.SOLID]:
        return True
    b = abs((t_ns - i[c.T]) / 1e9)
    de, dn = f[c.MEAN_E] - z[STAND_E], f[c.MEAN_N] - z[STAND_N]
    rho2 = max(de * de + dn * dn, NEAR_M * NEAR_M)
    wide = z[AZ_S] * z[AZ_S] * rho2 + z[STAND_S] * z[STAND_S]
    known = f[c.VAR_P] + b * (f[c.VAR_X] + b * (f[c.VAR_V] + CALM_M2_S3 * b))
    if known > TELLS * wide:
        return True
    high = f[c.VAR_U] + b * b * CLIMB_MPS
    return not math.isnan(z[EL]) and high > TELLS * z[EL_S] * z[EL_S] * rho2


@inner
def log_false(cols: Cols, s: int, z: NDArray[np.float64]) -> float:
    """Log density of false rows where z is: uniform over the sensor's field, per look."""
    look_s = cols.sf[s, c.S_REVISIT]
    look_s = min(look_s, LOOK_MAX_S) if look_s > 0.0 else 1.0
    density = look_s * max(cols.sf[s, c.S_FALSE], cols.sf[s, c.S_STRAY], 3e-7) / TURN
    if not math.isnan(z[EL]):
        density /= life.FIELD_EL
    if not math.isnan(z[RNG]):
        density *= 2.0 * max(z[RNG], 50.0) / (cols.sf[s, c.S_RANGE] * cols.sf[s, c.S_RANGE])
    if not math.isnan(z[RR]):
        density /= FIELD_RATE_MPS
    return math.log(density)


@inner
def part(e: float, n: float) -> int:
    """Which of PARTS parts of the compass, clockwise from north, the direction (e, n) is in; they
    are not equally wide, and no angle is computed."""
    total = abs(e) + abs(n)
    if total == 0.0:
        return 0
    along = n / total
    turn = 1.0 - along if e >= 0.0 else 3.0 + along
    return min(int(turn * (PARTS / 4)), PARTS - 1)


@inner
def parts_of(z: NDArray[np.float64], q: NDArray[np.float64]) -> tuple[int, int]:
    """First and last of the parts of the compass, clockwise, in which a candidate of the row z,
    aimed at in q, may lie whose gate is not wide; -1: any."""
    half = math.sqrt(COARSE2) * z[AZ_S] + WIDE_RAD
    if z[HEARD] > 0.5:
        half += 2.0 * MANOEUVRE_MPS / SOUND_MPS
    if half >= QUARTER or z[STAND_S] > STAND_WIDE_M:
        return -1, -1
    sh, ch = math.sin(half), math.cos(half)
    se, sn = q[Q_SE], q[Q_SN]
    return part(se * ch - sn * sh, sn * ch + se * sh), part(se * ch + sn * sh, sn * ch - se * sh)


@inner
def window(low: int, high: int, w: Work, rank: int) -> tuple[int, int, int, int, int, int]:
    """Which places of w.order a row that may mean the parts low to high is tried with: the wide
    ones of this rank, and those of these parts, which may be two stretches.

    -> how many wide ones; how many from where; how many more from where.
    """
    first = rank * GROUPS
    start = w.ends[first - 1] if first else 0
    wide, end = w.ends[first], w.ends[first + GROUPS - 1]
    if low < 0 or end - wide < FEW:
        return wide - start, start, end - wide, wide, 0, 0
    low, high = first + 1 + low, first + 1 + high
    if low <= high:
        return wide - start, start, w.ends[high] - w.ends[low - 1], w.ends[low - 1], 0, 0
    return wide - start, start, end - w.ends[low - 1], w.ends[low - 1], w.ends[high] - wide, wide


@inner
def nth(q: int, spans: tuple[int, int, int, int, int, int]) -> int:
    """The q-th of the places that window means."""
    if q < spans[0]:
        return spans[1] + q
    q -= spans[0]
    if q < spans[2]:
        return spans[3] + q
    return spans[5] + q - spans[2]
