"""A first measurement -> the components a new track may have.

A range or a stated place gives one state, moving in each possible way; a lone bearing gives one
per plausible range, so that a second bearing from elsewhere, whenever it comes, picks the right
one. docs/track.md section 3.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.track.absorb import absorb
from vigia.track.imm import PRIOR, SIZE
from vigia.track.sense import AZ, EL, RNG, RNG_S, STAND_E, STAND_N, STAND_U, Z_N, E, N, U
from vigia.track.sense import rows_of as _rows_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.track.layout import Work

FAR_M = 20_000.0  # "anywhere" before the first measurement
HEIGHT_M = 60.0  # of a drone above whoever saw it, when nothing is known
HEIGHT_SIGMA_M = 60.0
CLIMB_SIGMA_MPS = 3.0
SPEED_SIGMA_MPS = 11.0  # of a drone of which only bearings are known
RANGE_SPREAD = 0.36  # 1-sigma of each plausible range, as a share: a factor of about two apart
PRESENT_SIGMA_M = 300.0  # "a drone is here", without a direction
BIRTH_SPEED = 6  # column of the table of models: 1-sigma of the velocity at birth
PARTS = 5


@inner
def at_range(
    g: NDArray[np.float64], z: NDArray[np.float64], speed_sigma_mps: float, w: Work
) -> float:
    """g becomes the state at z's direction and range; the log density of z is left in w.m[-1].

    -> how odd its height is, squared sigmas.
    """
    known = not math.isnan(z[EL])
    el = z[EL] if known else math.asin(min(HEIGHT_M / z[RNG], 0.7))
    flat = z[RNG] * math.cos(el)
    e, n = z[STAND_E] + flat * math.sin(z[AZ]), z[STAND_N] + flat * math.cos(z[AZ])
    u = z[STAND_U] + z[RNG] * math.sin(el)
    anywhere(g, e, n, u, FAR_M if known else HEIGHT_SIGMA_M, speed_sigma_mps)
    w.m[SIZE - 1] = _take(g, z, w)
    if not known:
        return 0.0
    # a weak word of the usual height, weak against any good elevation
    spread = g[18] + 4.0 * HEIGHT_SIGMA_M * HEIGHT_SIGMA_M
    return (u - z[STAND_U] - HEIGHT_M) * (u - z[STAND_U] - HEIGHT_M) / spread


@inner
def _take(g: NDArray[np.float64], z: NDArray[np.float64], w: Work) -> float:
    """-> log density of z, up to a constant."""
    for j in range(SIZE):
        w.tmp[0, j] = g[j]
    n = _rows_of(g, z, w.rows)
    nis, det = absorb(g, w.tmp[0], w.rows, n)
    return -0.5 * (nis + math.log(det))


@inner
def _weigh(
    g: NDArray[np.float64], m: int, models: NDArray[np.float64], odds: NDArray[np.float64]
) -> None:
    """Weights: how usual each way of moving is, and how well it explains the velocity."""
    top = odds[0]
    for k in range(1, m):
        top = max(top, odds[k])
    total = 0.0
    for k in range(m):
        g[k, 0] = models[k, PRIOR] * math.exp(odds[k] - top)
        total += g[k, 0]
    for k in range(m):
        g[k, 0] /= total


@inner
def anywhere(
    g: NDArray[np.float64], e: float, n: float, u: float, u_sigma_m: float, speed_sigma_mps: float
) -> None:
    for j in range(SIZE):
        g[j] = 0.0
    g[0] = 1.0
    g[1], g[2], g[3] = e, n, u
    g[7] = g[13] = FAR_M * FAR_M
    g[18] = u_sigma_m * u_sigma_m
    g[22] = g[25] = speed_sigma_mps * speed_sigma_mps
    g[27] = CLIMB_SIGMA_MPS * CLIMB_SIGMA_MPS


@inner
def born_ranged(
    g: NDArray[np.float64], m: int, z: NDArray[np.float64], models: NDArray[np.float64], w: Work
) -> None:
    """g (m, 28): one component for each way of moving, each with its own likely speed."""
    for k in range(m):
        at_range(g[k], z, models[k, BIRTH_SPEED], w)
        w.m[k] = w.m[SIZE - 1]
    _weigh(g, m, models, w.m)


@inner
def born_placed(
    g: NDArray[np.float64], m: int, z: NDArray[np.float64], models: NDArray[np.float64], w: Work
) -> None:
    for k in range(m):
        known = not math.isnan(z[U])
        u = z[U] if known else HEIGHT_M
        speed = models[k, BIRTH_SPEED]
        anywhere(g[k], z[E], z[N], u, FAR_M if known else HEIGHT_SIGMA_M, speed)
        w.m[k] = _take(g[k], z, w)
    _weigh(g, m, models, w.m)


@inner
def born_bearing(
    g: NDArray[np.float64], z: NDArray[np.float64], range_max_m: float, w: Work
) -> int:
    """g (PARTS, 28): one component per plausible range. range_max_m: the sensor's; NaN: a person.

    A person's plausible ranges: people see small drones at 245-307 m when told where to look
    (sensing research), wide. -> how many.
    """
    for j in range(Z_N):
        w.z[j] = z[j]
    total = 0.0
    for k in range(PARTS):
        r, share = _plausible(k, range_max_m)
        w.z[RNG] = r
        w.z[RNG_S] = RANGE_SPREAD * r
        odd = at_range(g[k], w.z, SPEED_SIGMA_MPS, w)
        g[k, 0] = share * math.exp(-0.5 * min(odd, 12.0))
        total += g[k, 0]
    for k in range(PARTS):
        g[k, 0] /= total
    return PARTS


@inner
def _plausible(k: int, range_max_m: float) -> tuple[float, float]:
    """The k-th plausible range [m] and its share."""
    if math.isnan(range_max_m):
        if k == 0:
            return 70.0, 0.15
        if k == 1:
            return 150.0, 0.25
        if k == 2:
            return 300.0, 0.30
        if k == 3:
            return 600.0, 0.20
        return 1_200.0, 0.10
    if k == 0:
        return 0.04 * range_max_m, 0.10
    if k == 1:
        return 0.09 * range_max_m, 0.20
    if k == 2:
        return 0.20 * range_max_m, 0.25
    if k == 3:
        return 0.42 * range_max_m, 0.25
    return 0.85 * range_max_m, 0.20


@inner
def born_present(g: NDArray[np.float64], e: float, n: float, u: float, sigma_m: float) -> None:
    """Somebody says a drone is here and gives no direction."""
    anywhere(g, e, n, u + HEIGHT_M, HEIGHT_SIGMA_M, SPEED_SIGMA_MPS)
    g[7] = g[13] = PRESENT_SIGMA_M * PRESENT_SIGMA_M + sigma_m * sigma_m
