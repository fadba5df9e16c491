"""A packed state and a span of time -> the state then: mean and covariance, with its noise.

A packed state is 28 numbers: its weight, then east, north, up [m], their rates [m/s], then the
upper triangle of the covariance row by row. The arithmetic is written out: no BLAS, the same
order of operations on every machine. Equations: docs/track.md section 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SERIES_S = 0.02  # below: the closed form of the noise loses digits


@inner
def flow(
    g: NDArray[np.float64],
    dt_s: float,
    tau_s: float,
    q_m2_s3: float,
    tau_z_s: float,
    q_z_m2_s3: float,
) -> None:
    """Moves g by dt_s >= 0 in place: Ornstein-Uhlenbeck velocity, horizontal and vertical."""
    a = math.exp(-dt_s / tau_s)
    b = tau_s * (1.0 - a)
    c = math.exp(-dt_s / tau_z_s)
    d = tau_z_s * (1.0 - c)
    vv = 0.5 * tau_s * (1.0 - a * a)
    zv = 0.5 * tau_z_s * (1.0 - c * c)
    if dt_s < SERIES_S:
        pp = dt_s * dt_s * dt_s / 3.0
        zp = pp
    else:
        pp = tau_s * tau_s * (dt_s - 2.0 * b + vv)
        zp = tau_z_s * tau_z_s * (dt_s - 2.0 * d + zv)
    qpp, qpv, qvv = q_m2_s3 * pp, q_m2_s3 * 0.5 * b * b, q_m2_s3 * vv
    zpp, zpv, zvv = q_z_m2_s3 * zp, q_z_m2_s3 * 0.5 * d * d, q_z_m2_s3 * zv
    c00, c01, c02, c03, c04, c05 = g[7], g[8], g[9], g[10], g[11], g[12]
    c11, c12, c13, c14, c15 = g[13], g[14], g[15], g[16], g[17]
    c22, c23, c24, c25 = g[18], g[19], g[20], g[21]
    c33, c34, c35, c44, c45, c55 = g[22], g[23], g[24], g[25], g[26], g[27]
    g[1] += b * g[4]
    g[2] += b * g[5]
    g[3] += d * g[6]
    g[4] *= a
    g[5] *= a
    g[6] *= c
    g[7] = c00 + b * (2.0 * c03 + b * c33) + qpp
    g[8] = c01 + b * (c04 + c13 + b * c34)
    g[9] = c02 + b * c23 + d * (c05 + b * c35)
    g[13] = c11 + b * (2.0 * c14 + b * c44) + qpp
    g[14] = c12 + b * c24 + d * (c15 + b * c45)
    g[18] = c22 + d * (2.0 * c25 + d * c55) + zpp
    g[10] = a * (c03 + b * c33) + qpv
    g[11] = a * (c04 + b * c34)
    g[12] = c * (c05 + b * c35)
    g[15] = a * (c13 + b * c34)
    g[16] = a * (c14 + b * c44) + qpv
    g[17] = c * (c15 + b * c45)
    g[19] = a * (c23 + d * c35)
    g[20] = a * (c24 + d * c45)
    g[21] = c * (c25 + d * c55) + zpv
    g[22] = a * a * c33 + qvv
    g[23] = a * a * c34
    g[24] = a * c * c35
    g[25] = a * a * c44 + qvv
    g[26] = a * c * c45
    g[27] = c * c * c55 + zvv
