"""What a sensor's rows say about tracks that others know -> its azimuth and clock errors.

Two scalar Kalman filters a sensor. A sensor learns only from tracks whose place does not rest on
itself: bearings from tracks that have a range, ranges from tracks that state their place.
docs/track.md section 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track.living import CONFIRMED, FRESH_NS
from vigia.track.sense import AZ, AZ_S, NEAR_M, STAND_E, STAND_N, wrap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.track.layout import Cols

BIAS_SIGMA = math.radians(1.0)  # of a surveyed sensor, before anything is learnt
COMPASS_SIGMA = math.radians(8.0)  # of a phone
CLOCK_SIGMA_S = 0.3
BIAS_DRIFT = math.radians(0.02) ** 2  # what a bias may change between two rows
CLOCK_DRIFT_S2 = 1e-5
SPEED_MIN_MPS = 4.0  # slower than this a track tells nothing about a clock
OUTLIER = 9.0


@inner
def kalman(
    value: float, var: float, seen: float, noise: float, drift: float
) -> tuple[float, float]:
    """One scalar step; an outlier changes nothing."""
    var += drift
    off = seen - value
    total = var + noise
    if off * off > OUTLIER * total:
        return value, var
    gain = var / total
    return value + gain * off, var * (1.0 - gain)


@inner
def azimuth_error(cols: Cols, slot: int, z: NDArray[np.float64], t_ns: int) -> tuple[float, float]:
    """What the azimuth of z is too large by if the track is right [rad], and how surely: variance.

    The variance is 0 where the track is no judge: nobody else knows its place.
    """
    i, f = cols.i[slot], cols.f[slot]
    if i[c.STATUS] != CONFIRMED or not i[c.SOLID] or t_ns - i[c.T_RANGED] > FRESH_NS:
        return 0.0, 0.0
    b = (t_ns - i[c.T]) / 1e9
    de = f[c.MEAN_E] + b * f[c.MEAN_VE] - z[STAND_E]
    dn = f[c.MEAN_N] + b * f[c.MEAN_VN] - z[STAND_N]
    rho2 = max(de * de + dn * dn, NEAR_M * NEAR_M)
    across = f[c.VAR_P] + abs(b) * (f[c.VAR_X] + abs(b) * f[c.VAR_V])
    return wrap(z[AZ] - math.atan2(de, dn)), z[AZ_S] * z[AZ_S] + across / rho2


@inner
def bearing(cols: Cols, s: int, slot: int, z: NDArray[np.float64], t_ns: int) -> None:
    """Before z is taken."""
    off, var = azimuth_error(cols, slot, z, t_ns)
    if var > 0.0:
        f = cols.sf[s]
        # z has been corrected by what is known already
        f[c.S_BIAS], f[c.S_BIAS_VAR] = kalman(
            f[c.S_BIAS], f[c.S_BIAS_VAR], off + f[c.S_BIAS], var, BIAS_DRIFT
        )


@inner
def clock(cols: Cols, s: int, slot: int, e: float, n: float, sigma_m: float, t_ns: int) -> None:
    """A place measured at t_ns beside the track's own: ahead of it along its way is late."""
    i, f = cols.i[slot], cols.f[slot]
    if i[c.STATUS] != CONFIRMED or not i[c.SOLID] or t_ns - i[c.T_RANGED] > FRESH_NS:
        return
    v2 = f[c.MEAN_VE] * f[c.MEAN_VE] + f[c.MEAN_VN] * f[c.MEAN_VN]
    if v2 < SPEED_MIN_MPS * SPEED_MIN_MPS:
        return
    b = (t_ns - i[c.T]) / 1e9
    de = e - f[c.MEAN_E] - b * f[c.MEAN_VE]
    dn = n - f[c.MEAN_N] - b * f[c.MEAN_VN]
    late_s = -(de * f[c.MEAN_VE] + dn * f[c.MEAN_VN]) / v2
    noise = (sigma_m * sigma_m + f[c.VAR_P] + b * b * f[c.VAR_V]) / v2
    k = cols.sf[s]
    k[c.S_CLOCK], k[c.S_CLOCK_VAR] = kalman(
        k[c.S_CLOCK], k[c.S_CLOCK_VAR], late_s, noise, CLOCK_DRIFT_S2
    )
