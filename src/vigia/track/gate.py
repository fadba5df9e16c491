"""Which measurements could come from which tracks: generous and cheap, never tighter than the
fit; and how a bearing fits a track by its moments alone.

docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.track import layout as c
from vigia.track import living as life
from vigia.track.absorb import LOG_TURN
from vigia.track.fuse import true_time
from vigia.track.jit import inner
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

    from vigia.track.layout import Cols

COARSE2 = 21.0  # squared sigmas, on bounds of the covariance
CALM_M2_S3 = 5.0  # usual manoeuvres, a third of their strength
WILD_M2_S3 = 60.0  # the strongest
CLIMB_MPS = 8.0
RATE_SLACK_M2_S2 = 9.0
TELLS = 0.02  # a bearing this much wider than what is known tells nothing
WIDE_RAD = 0.2  # candidates whose gate is wider than this are tried with every row
DRIFT_S = 15.0  # a velocity is believed no longer than this
FRAME_SLACK_M2 = 60.0  # what may change within a frame
MANOEUVRE_MPS = 25.0  # what a drone may do while its sound is under way
FIELD_RATE_MPS = 30.0  # range rates over which false rows lie
LOOK_MAX_S = 5.0  # a look that takes longer is several
FAST_MPS = 40.0
STAND_WIDE_M = 20.0  # of a sensor that hardly knows where it stands
FEW = 12  # candidates up to which no window is worth its search
# columns of a candidate
A_E, A_N_, A_VAR, A_AGE, A_AZ, A_RHO = range(6)
A_N = 6
# columns of a plot
Q_SE, Q_SN, Q_FLAT, Q_RISE, Q_ALONG2, Q_ACROSS2, Q_UP2 = range(7)
Q_N = 7


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
    cols: Cols, mark: int, t_ns: int, e0: float, n0: float, reach_m: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Live tracks within reach of (e0, n0) at t_ns: slots, and per track the columns A_*."""
    n = cols.tally[c.C_N]
    slots = np.empty(n, np.int64)
    at = np.empty((n, A_N))
    now = float(t_ns)
    k = 0
    for j in range(n):
        slot = cols.order[j]
        f = cols.gate[slot]
        b = (now - f[c.T_FLOAT]) * 1e-9
        b = max(min(b, DRIFT_S), -DRIFT_S)
        de = f[c.MEAN_E] + b * f[c.MEAN_VE] - e0
        dn = f[c.MEAN_N] + b * f[c.MEAN_VN] - n0
        b = abs(b)
        v = f[c.VAR_P] + b * (f[c.VAR_X] + b * (f[c.VAR_V] + WILD_M2_S3 * b)) + FRAME_SLACK_M2
        rho2 = de * de + dn * dn
        if rho2 > reach_m * reach_m:
            far = math.sqrt(rho2) - reach_m
            if far * far > COARSE2 * v:
                continue
        if cols.i[slot, c.ENDED] or cols.i[slot, c.MARK] != mark:
            continue
        slots[k] = slot
        at[k, A_E], at[k, A_N_], at[k, A_VAR], at[k, A_AGE] = de, dn, v, b
        k += 1
    return slots[:k], at[:k]


@inner
def aim(at: NDArray[np.float64]) -> None:
    """Azimuth and horizontal range of each candidate."""
    for k in range(len(at)):
        de, dn = at[k, A_E], at[k, A_N_]
        at[k, A_AZ] = math.atan2(de, dn)
        at[k, A_RHO] = math.sqrt(max(de * de + dn * dn, NEAR_M * NEAR_M))


@inner
def plotted(z: NDArray[np.float64], q: NDArray[np.float64]) -> None:
    """Fills q (Q_N,): where a plot lies from its stand, along which line, and how surely."""
    rise, along2, up2, flat = 0.0, z[RNG_S] * z[RNG_S], 0.0, z[RNG]
    if math.isnan(z[EL]):
        along2 += 0.09 * flat * flat  # the height bends slant range
        rise = math.nan
    else:
        rise = flat * math.sin(z[EL])
        up2 = flat * flat * z[EL_S] * z[EL_S]
        along2 += rise * rise * z[EL_S] * z[EL_S]
        flat *= math.cos(z[EL])
    q[Q_SE], q[Q_SN] = math.sin(z[AZ]), math.cos(z[AZ])
    q[Q_FLAT], q[Q_RISE] = flat, rise
    q[Q_ALONG2], q[Q_ACROSS2], q[Q_UP2] = along2, z[RNG] * z[RNG] * z[AZ_S] * z[AZ_S], up2


@inner
def near_plot(
    z: NDArray[np.float64],
    q: NDArray[np.float64],
    fs: NDArray[np.float64],
    slot: int,
    ats: NDArray[np.float64],
    k: int,
) -> bool:
    """The coarse gate of a plot against candidate k in this slot, never tighter than the fine
    one: along the line of sight, across it, in height and in range rate. Whole arrays and places
    in them: a view of each would cost more than the gate."""
    v, e, n = ats[k, A_VAR] + z[STAND_S] * z[STAND_S], ats[k, A_E], ats[k, A_N_]
    along = e * q[Q_SE] + n * q[Q_SN] - q[Q_FLAT]
    if along * along > COARSE2 * (v + q[Q_ALONG2]):
        return False
    across = e * q[Q_SN] - n * q[Q_SE]
    if across * across > COARSE2 * (v + q[Q_ACROSS2]):
        return False
    if not math.isnan(q[Q_RISE]):
        off = q[Q_RISE] - (fs[slot, c.MEAN_U] - z[STAND_U])
        climb = ats[k, A_AGE] * CLIMB_MPS
        high = fs[slot, c.VAR_U] + climb * climb + q[Q_UP2]
        if off * off > COARSE2 * (high + FRAME_SLACK_M2):
            return False
    if math.isnan(z[RR]):
        return True
    rho = math.sqrt(max(e * e + n * n, NEAR_M * NEAR_M))
    off = z[RR] - (e * fs[slot, c.MEAN_VE] + n * fs[slot, c.MEAN_VN]) / rho
    loose = fs[slot, c.VAR_V] * (1.0 + v / (rho * rho)) + WILD_M2_S3 * ats[k, A_AGE]
    return off * off <= COARSE2 * (loose + z[RR_S] * z[RR_S] + RATE_SLACK_M2_S2)


@inner
def near_bearing(z: NDArray[np.float64], ats: NDArray[np.float64], k: int, sector: bool) -> bool:
    """The coarse gate of a bearing against candidate k, never tighter than the fine one."""
    rho2 = ats[k, A_RHO] * ats[k, A_RHO]
    slip = z[TIME_S] * FAST_MPS
    v = ats[k, A_VAR] + z[STAND_S] * z[STAND_S] + slip * slip
    if z[HEARD] > 0.5:
        v += rho2 * (MANOEUVRE_MPS / SOUND_MPS) * (MANOEUVRE_MPS / SOUND_MPS)
    if sector:
        v *= 2.0
    if v > 0.1 * rho2:
        return True
    off = z[AZ] - ats[k, A_AZ]
    off -= TURN * math.floor((off + math.pi) / TURN)
    return off * off <= COARSE2 * (z[AZ_S] * z[AZ_S] + v / rho2)


@inner
def bearing_odds(cols: Cols, slot: int, z: NDArray[np.float64], t_ns: int) -> tuple[float, float]:
    """How a bearing fits a track of known place, by its moments: enough to choose by.

    -> log density, squared innovation.
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
def window(
    z: NDArray[np.float64], az: NDArray[np.float64], wide: int
) -> tuple[int, int, int, int, int]:
    """Which places in `mine` z is tried with: the `wide` first ones, `many` from `first` on, and
    `more` from `rest` on (what wraps around). -> wide, many, first, more, rest."""
    half = math.sqrt(COARSE2) * z[AZ_S] + WIDE_RAD
    if z[HEARD] > 0.5:
        half += 2.0 * MANOEUVRE_MPS / SOUND_MPS
    n = len(az)
    if half >= math.pi or n < FEW or z[STAND_S] > STAND_WIDE_M:
        return wide, n, wide, 0, 0
    middle = wrap(z[AZ])
    low, high = middle - half, middle + half
    a = _rank(az, low)
    b = _rank(az, high)
    if low < -math.pi:
        rest = _rank(az, low + TURN)
        return wide, b - a, wide + a, n - rest, wide + rest
    if high > math.pi:
        return wide, b - a, wide + a, _rank(az, high - TURN), wide
    return wide, b - a, wide + a, 0, 0


@inner
def _rank(az: NDArray[np.float64], limit: float) -> int:
    """How many of az, in order, are below the limit."""
    low, high = 0, len(az)
    while low < high:
        middle = (low + high) // 2
        if az[middle] < limit:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def nth(q: int, spans: tuple[int, int, int, int, int]) -> int:
    """The q-th of the places that window means."""
    if q < spans[0]:
        return q
    q -= spans[0]
    if q < spans[1]:
        return spans[2] + q
    return spans[4] + q - spans[1]
