"""A packed state and linearised scalar rows -> the state with them, and how well they fit.

Rows: h (6), residual at the point of linearisation, variance. Independent rows taken one after
another are the exact joint update. The arithmetic is written out: no BLAS, one order of
operations on every machine. Equations: docs/track.md section 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOG_TURN = math.log(2.0 * math.pi)


@inner
def absorb(
    g: NDArray[np.float64],
    at: NDArray[np.float64],
    rows: NDArray[np.float64],
    n: int,
) -> tuple[float, float]:
    """Updates g in place by rows[:n] linearised at the mean `at` (28,).

    -> squared normalised innovation, determinant of its covariance.
    """
    x0, x1, x2, x3, x4, x5 = g[1], g[2], g[3], g[4], g[5], g[6]
    c00, c01, c02, c03, c04, c05 = g[7], g[8], g[9], g[10], g[11], g[12]
    c11, c12, c13, c14, c15 = g[13], g[14], g[15], g[16], g[17]
    c22, c23, c24, c25 = g[18], g[19], g[20], g[21]
    c33, c34, c35 = g[22], g[23], g[24]
    c44, c45 = g[25], g[26]
    c55 = g[27]
    nis, det = 0.0, 1.0
    for k in range(n):
        h0, h1, h2 = rows[k, 0], rows[k, 1], rows[k, 2]
        h3, h4, h5 = rows[k, 3], rows[k, 4], rows[k, 5]
        p0 = c00 * h0 + c01 * h1 + c02 * h2 + c03 * h3 + c04 * h4 + c05 * h5
        p1 = c01 * h0 + c11 * h1 + c12 * h2 + c13 * h3 + c14 * h4 + c15 * h5
        p2 = c02 * h0 + c12 * h1 + c22 * h2 + c23 * h3 + c24 * h4 + c25 * h5
        p3 = c03 * h0 + c13 * h1 + c23 * h2 + c33 * h3 + c34 * h4 + c35 * h5
        p4 = c04 * h0 + c14 * h1 + c24 * h2 + c34 * h3 + c44 * h4 + c45 * h5
        p5 = c05 * h0 + c15 * h1 + c25 * h2 + c35 * h3 + c45 * h4 + c55 * h5
        s = h0 * p0 + h1 * p1 + h2 * p2 + h3 * p3 + h4 * p4 + h5 * p5 + rows[k, 7]
        y = rows[k, 6] - h0 * (x0 - at[1]) - h1 * (x1 - at[2]) - h2 * (x2 - at[3])
        y = y - h3 * (x3 - at[4]) - h4 * (x4 - at[5]) - h5 * (x5 - at[6])
        w = 1.0 / s
        gain = y * w
        nis += y * gain
        det *= s
        x0 += p0 * gain
        x1 += p1 * gain
        x2 += p2 * gain
        x3 += p3 * gain
        x4 += p4 * gain
        x5 += p5 * gain
        w0, w1, w2, w3, w4, w5 = p0 * w, p1 * w, p2 * w, p3 * w, p4 * w, p5 * w
        c00 -= w0 * p0
        c01 -= w0 * p1
        c02 -= w0 * p2
        c03 -= w0 * p3
        c04 -= w0 * p4
        c05 -= w0 * p5
        c11 -= w1 * p1
        c12 -= w1 * p2
        c13 -= w1 * p3
        c14 -= w1 * p4
        c15 -= w1 * p5
        c22 -= w2 * p2
        c23 -= w2 * p3
        c24 -= w2 * p4
        c25 -= w2 * p5
        c33 -= w3 * p3
        c34 -= w3 * p4
        c35 -= w3 * p5
        c44 -= w4 * p4
        c45 -= w4 * p5
        c55 -= w5 * p5
    g[1], g[2], g[3], g[4], g[5], g[6] = x0, x1, x2, x3, x4, x5
    g[7], g[8], g[9], g[10], g[11], g[12] = c00, c01, c02, c03, c04, c05
    g[13], g[14], g[15], g[16], g[17] = c11, c12, c13, c14, c15
    g[18], g[19], g[20], g[21] = c22, c23, c24, c25
    g[22], g[23], g[24] = c33, c34, c35
    g[25], g[26] = c44, c45
    g[27] = c55
    return nis, det
