"""A measurement and the mean of a state -> linearised scalar rows.

A measurement is a row of Z_N numbers (columns below); unknown is NaN. Angles in radians from the
stand. Equations: docs/track.md section 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# columns of a measurement
AZ, AZ_S, EL, EL_S, RNG, RNG_S, RR, RR_S = 0, 1, 2, 3, 4, 5, 6, 7
E, N, U, POS_S, U_S, VE, VN, VU, V_S = 0, 1, 2, 3, 4, 5, 6, 7, 8  # the same, of a stated place
STAND_E, STAND_N, STAND_U, STAND_S, TIME_S = 9, 10, 11, 12, 13  # where from; how well known; when
IS_PLACE = 14  # 1: a stated place
HEARD = 15  # 1: the angle points where the sound was made
Z_N = 16

NEAR_M = 3.0  # nearer than this to a sensor its angles mean nothing
SOUND_MPS = 343.0
TURN = 2.0 * math.pi
ROWS_MAX = 6


@inner
def wrap(angle: float) -> float:
    """Into -pi <= a < pi."""
    return angle - TURN * math.floor((angle + math.pi) / TURN)


@inner
def rows_of(x: NDArray[np.float64], z: NDArray[np.float64], rows: NDArray[np.float64]) -> int:
    """Fills rows (ROWS_MAX, 8) linearised at the mean of x (28,); -> how many."""
    if z[IS_PLACE] > 0.5:
        return _place_rows(x, z, rows)
    return _polar_rows(x, z, rows)


@inner
def _polar_rows(x: NDArray[np.float64], z: NDArray[np.float64], rows: NDArray[np.float64]) -> int:
    """The unknown place of the observer and the unknown time widen the angles by what they mean
    at this range: (sigma / range)^2 and (t_sigma speed / range)^2."""
    de, dn, du = x[1] - z[STAND_E], x[2] - z[STAND_N], x[3] - z[STAND_U]
    rho2 = max(de * de + dn * dn, NEAR_M * NEAR_M)
    rho = math.sqrt(rho2)
    r2 = rho2 + du * du
    r = math.sqrt(r2)
    ve, vn, vu = x[4], x[5], x[6]
    slip = z[STAND_S] * z[STAND_S] + z[TIME_S] * z[TIME_S] * (ve * ve + vn * vn + vu * vu)
    k = 0
    if not math.isnan(z[AZ]):
        _row(rows, k, dn / rho2, -de / rho2, 0.0, wrap(z[AZ] - math.atan2(de, dn)))
        rows[k, 7] = z[AZ_S] * z[AZ_S] + slip / rho2
        k += 1
    if not math.isnan(z[EL]):
        f = du / (rho * r2)
        _row(rows, k, -f * de, -f * dn, rho / r2, z[EL] - math.atan2(du, rho))
        rows[k, 7] = z[EL_S] * z[EL_S] + slip / r2
        k += 1
    ue, un, uu = de / r, dn / r, du / r
    if not math.isnan(z[RNG]):
        _row(rows, k, ue, un, uu, z[RNG] - r)
        rows[k, 7] = z[RNG_S] * z[RNG_S] + slip
        k += 1
    if not math.isnan(z[RR]):
        rate = ue * ve + un * vn + uu * vu
        _row(
            rows,
            k,
            (ve - rate * ue) / r,
            (vn - rate * un) / r,
            (vu - rate * uu) / r,
            z[RR] - rate,
        )
        rows[k, 3], rows[k, 4], rows[k, 5] = ue, un, uu
        rows[k, 7] = z[RR_S] * z[RR_S]
        k += 1
    return k


@inner
def _place_rows(x: NDArray[np.float64], z: NDArray[np.float64], rows: NDArray[np.float64]) -> int:
    """What a sender states about itself: linear, so exact anywhere."""
    speed2 = x[4] * x[4] + x[5] * x[5] + x[6] * x[6]
    v = z[POS_S] * z[POS_S] + z[TIME_S] * z[TIME_S] * speed2
    _row(rows, 0, 1.0, 0.0, 0.0, z[E] - x[1])
    rows[0, 7] = v
    _row(rows, 1, 0.0, 1.0, 0.0, z[N] - x[2])
    rows[1, 7] = v
    k = 2
    if not math.isnan(z[U]):
        _row(rows, k, 0.0, 0.0, 1.0, z[U] - x[3])
        rows[k, 7] = z[U_S] * z[U_S]
        k += 1
    w = z[V_S] * z[V_S]
    if not math.isnan(z[VE]):
        _row(rows, k, 0.0, 0.0, 0.0, z[VE] - x[4])
        rows[k, 3] = 1.0
        rows[k, 7] = w
        k += 1
        _row(rows, k, 0.0, 0.0, 0.0, z[VN] - x[5])
        rows[k, 4] = 1.0
        rows[k, 7] = w
        k += 1
    if not math.isnan(z[VU]):
        _row(rows, k, 0.0, 0.0, 0.0, z[VU] - x[6])
        rows[k, 5] = 1.0
        rows[k, 7] = w
        k += 1
    return k


@inner
def _row(
    rows: NDArray[np.float64], k: int, h0: float, h1: float, h2: float, residual: float
) -> None:
    rows[k, 0], rows[k, 1], rows[k, 2] = h0, h1, h2
    rows[k, 3] = rows[k, 4] = rows[k, 5] = 0.0
    rows[k, 6] = residual
