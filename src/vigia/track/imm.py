"""A track's components and a measurement -> the components with it, and its likelihood.

A track is a weighted mixture of Gaussian components (n, 28): one per way of moving (an
interacting-multiple-model filter, Blom & Bar-Shalom 1988), or one per plausible range while it is
a sector. Equations: docs/track.md sections 1 to 3.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.track.absorb import LOG_TURN, absorb
from vigia.track.motion import SERIES_S, flow
from vigia.track.sense import AZ, AZ_S, EL, IS_PLACE, RNG, RR, VE, VU, U, rows_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZE = 28  # numbers of one component
WIDE = math.radians(3.0)  # angles wider than this are linearised again at the better state
ROUNDS = 3
LATE_COST = 4.0  # the way back is taken for this much noisier: caution, see update_late
WEIGHT_MIN = 1e-4
# columns of the table of models
Q, TAU, QZ, TAU_Z, STAY_S, PRIOR = 0, 1, 2, 3, 4, 5
NOTHING = -1e300


@inner
def mixed(
    g: NDArray[np.float64],
    m: int,
    dt_s: float,
    models: NDArray[np.float64],
    tmp: NDArray[np.float64],
) -> None:
    """The IMM's interaction over dt_s: each model takes over what others may have switched to it.

    Leaving model j goes to k in proportion to k's PRIOR. tmp: (6, 28) scratch, m at most 3.
    """
    for j in range(m):
        for c in range(SIZE):
            tmp[j, c] = g[j, c]
        rest = 0.0
        for i in range(m):
            if i != j:
                rest += models[i, PRIOR]
        leave = 1.0 - math.exp(-dt_s / models[j, STAY_S])
        for k in range(m):
            share = 1.0 - leave if j == k else leave * models[k, PRIOR] / rest
            tmp[3 + j, k] = tmp[j, 0] * share
    for k in range(m):
        total = 0.0
        for j in range(m):
            total += tmp[3 + j, k]
        inv = 1.0 / total if total > 0.0 else 0.0
        g[k, 0] = total
        u = tmp[3, k] * inv
        for c in range(1, SIZE):
            g[k, c] = u * tmp[0, c]
        for j in range(1, m):
            u = tmp[3 + j, k] * inv
            for c in range(1, SIZE):
                g[k, c] += u * tmp[j, c]
        for j in range(m):
            spread(g[k], tmp[j], tmp[3 + j, k] * inv)


@inner
def spread(g: NDArray[np.float64], other: NDArray[np.float64], u: float) -> None:
    """Adds u times the outer product of other's mean about g's to g's covariance."""
    d0, d1, d2 = other[1] - g[1], other[2] - g[2], other[3] - g[3]
    d3, d4, d5 = other[4] - g[4], other[5] - g[5], other[6] - g[6]
    u0, u1, u2, u3, u4, u5 = u * d0, u * d1, u * d2, u * d3, u * d4, u * d5
    g[7] += u0 * d0
    g[8] += u0 * d1
    g[9] += u0 * d2
    g[10] += u0 * d3
    g[11] += u0 * d4
    g[12] += u0 * d5
    g[13] += u1 * d1
    g[14] += u1 * d2
    g[15] += u1 * d3
    g[16] += u1 * d4
    g[17] += u1 * d5
    g[18] += u2 * d2
    g[19] += u2 * d3
    g[20] += u2 * d4
    g[21] += u2 * d5
    g[22] += u3 * d3
    g[23] += u3 * d4
    g[24] += u3 * d5
    g[25] += u4 * d4
    g[26] += u4 * d5
    g[27] += u5 * d5


@inner
def predict(
    g: NDArray[np.float64],
    m: int,
    dt_s: float,
    models: NDArray[np.float64],
    tmp: NDArray[np.float64],
) -> None:
    """All components to dt_s later, in place."""
    if dt_s <= 0.0:
        return
    if m > 1:
        mixed(g, m, dt_s, models, tmp)
    for k in range(m):
        flow(g[k], dt_s, models[k, TAU], models[k, Q], models[k, TAU_Z], models[k, QZ])


@inner
def update(
    g: NDArray[np.float64],
    m: int,
    z: NDArray[np.float64],
    tmp: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> tuple[float, float]:
    """Takes z into every component, in place. -> log density of z, smallest squared innovation."""
    top, least = NOTHING, 1e300
    wide = z[IS_PLACE] < 0.5 and not math.isnan(z[AZ]) and z[AZ_S] > WIDE
    for k in range(m):
        n = rows_of(g[k], z, rows)
        if wide:
            nis, det = _again(g[k], z, tmp, rows, n)
        else:
            for c in range(1, 7):
                tmp[0, c] = g[k, c]
            nis, det = absorb(g[k], tmp[0], rows, n)
        odds = -0.5 * (nis + math.log(det) + n * LOG_TURN)
        tmp[1, k] = odds
        least = min(least, nis)
        top = max(top, odds)
    total = 0.0
    for k in range(m):
        tmp[1, k] = g[k, 0] * math.exp(tmp[1, k] - top)
        total += tmp[1, k]
    share = 0.0
    for k in range(m):
        g[k, 0] = max(tmp[1, k] / total, WEIGHT_MIN)
        share += g[k, 0]
    for k in range(m):
        g[k, 0] /= share
    return top + math.log(total), least


@inner
def width(z: NDArray[np.float64]) -> int:
    """How many scalars z holds."""
    if z[IS_PLACE] > 0.5:
        n = 2 if math.isnan(z[U]) else 3
        if not math.isnan(z[VE]):
            n += 2
        return n if math.isnan(z[VU]) else n + 1
    n = 0
    for c in (AZ, EL, RNG, RR):
        if not math.isnan(z[c]):
            n += 1
    return n


@inner
def update_late(
    g: NDArray[np.float64],
    z: NDArray[np.float64],
    back_s: float,
    models: NDArray[np.float64],
    k: int,
    tmp: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> tuple[float, float]:
    """One component with a measurement of back_s ago, turned into one of the present: H F, and
    the noise of the way back added to R. A stationary Ornstein-Uhlenbeck process is the same
    backwards in time. What the filter learnt since is not credited, and because it has learnt
    (only a stationary prior would be exact) the noise counts LATE_COST times.

    -> log density, squared innovation.
    """
    tau, tau_z = models[k, TAU], models[k, TAU_Z]
    a = math.exp(-back_s / tau)
    b = tau * (1.0 - a)
    c = math.exp(-back_s / tau_z)
    d = tau_z * (1.0 - c)
    q, qz = LATE_COST * models[k, Q], LATE_COST * models[k, QZ]
    vv, zv = 0.5 * tau * (1.0 - a * a), 0.5 * tau_z * (1.0 - c * c)
    if back_s < SERIES_S:
        pp = back_s * back_s * back_s / 3.0
        zp = pp
    else:
        pp = tau * tau * (back_s - 2.0 * b + vv)
        zp = tau_z * tau_z * (back_s - 2.0 * d + zv)
    pv, zpv = -0.5 * b * b, -0.5 * d * d
    for j in range(SIZE):
        tmp[2, j] = g[j]
    rounds = ROUNDS if not math.isnan(z[AZ]) and z[AZ_S] > WIDE and z[IS_PLACE] < 0.5 else 1
    nis, det, n = 0.0, 1.0, 0
    for again in range(rounds):
        for j in range(SIZE):
            tmp[0, j] = g[j]
            tmp[3, j] = g[j]
            g[j] = tmp[2, j]
        tmp[3, 1] -= b * tmp[0, 4]
        tmp[3, 2] -= b * tmp[0, 5]
        tmp[3, 3] -= d * tmp[0, 6]
        tmp[3, 4] *= a
        tmp[3, 5] *= a
        tmp[3, 6] *= c
        n = rows_of(tmp[3], z, rows)
        for r in range(n):
            h0, h1, h2 = rows[r, 0], rows[r, 1], rows[r, 2]
            h3, h4, h5 = rows[r, 3], rows[r, 4], rows[r, 5]
            rows[r, 7] += q * (
                (h0 * h0 + h1 * h1) * pp + 2.0 * (h0 * h3 + h1 * h4) * pv + (h3 * h3 + h4 * h4) * vv
            )
            rows[r, 7] += qz * (h2 * h2 * zp + 2.0 * h2 * h5 * zpv + h5 * h5 * zv)
            rows[r, 3], rows[r, 4], rows[r, 5] = a * h3 - b * h0, a * h4 - b * h1, c * h5 - d * h2
        one, two = absorb(g, tmp[0], rows, n)
        if again == 0:
            nis, det = one, two
    return -0.5 * (nis + math.log(det) + n * LOG_TURN), nis


@inner
def sound(g: NDArray[np.float64], m: int) -> bool:
    """Finite, within the world, with variances above zero: fit to be kept."""
    for k in range(m):
        for c in range(SIZE):
            if not -1e12 < g[k, c] < 1e12:
                return False
        for c in (7, 13, 18, 22, 25, 27):
            if not g[k, c] > 0.0:
                return False
    return True


@inner
def _again(
    g: NDArray[np.float64],
    z: NDArray[np.float64],
    tmp: NDArray[np.float64],
    rows: NDArray[np.float64],
    n: int,
) -> tuple[float, float]:
    """Iterated update: linearised ROUNDS times, each time at the better state."""
    for c in range(SIZE):
        tmp[2, c] = g[c]  # the prior
        tmp[0, c] = g[c]  # where it is linearised
    nis, det = absorb(g, tmp[0], rows, n)
    nis0, det0 = nis, det
    for _ in range(ROUNDS - 1):
        for c in range(SIZE):
            tmp[0, c] = g[c]
            g[c] = tmp[2, c]
        n = rows_of(tmp[0], z, rows)
        nis, det = absorb(g, tmp[0], rows, n)
    return nis0, det0


@inner
def moments(g: NDArray[np.float64], m: int, out: NDArray[np.float64]) -> None:
    """Mean and covariance of the mixture into out (28,)."""
    for c in range(SIZE):
        out[c] = 0.0
    for k in range(m):
        w = g[k, 0]
        out[0] += w
        for c in range(1, SIZE):
            out[c] += w * g[k, c]
    if m > 1:
        for k in range(m):
            spread(out, g[k], g[k, 0])
