"""A track's components and a plot some time later -> could it have got there?

The second gate of a plot, before the full fit. docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.track.sense import NEAR_M, RNG, RR, RR_S, STAND_E, STAND_N, STAND_S

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COARSE2 = 21.0  # squared sigmas, on bounds of the covariance
RATE_SLACK_M2_S2 = 9.0
STRONG_M2_S3 = 14.0  # a third of the strongest in the table of models
STRONG_M2_S2 = 80.0  # what it adds to the variance of a speed, in the end
# columns of an aim: the direction of a row as a vector, and of a plot where it lies along it
Q_SE, Q_SN, Q_FLAT, Q_RISE, Q_ALONG2, Q_ACROSS2, Q_UP2 = range(7)


@inner
def reachable(
    g: NDArray[np.float64], m: int, z: NDArray[np.float64], q: NDArray[np.float64], age_s: float
) -> bool:
    """The second gate of a plot: could any of the components (m, 28) of age_s ago have got there,
    along the line of sight and across it, and be as fast along it? Costs a tenth of the fit and
    spares most of those that fail; never tighter than it. After mixing a component's mean lies
    among the means, moved on by anything between what a hovering and what a cruising drone would
    be; its covariance is at most the largest, with the spread of the means and the strongest
    manoeuvres added."""
    if age_s < 0.0:
        return True
    still = math.exp(-age_s)  # what is left of a hovering drone's speed
    more = STRONG_M2_S3 * age_s * age_s * age_s + z[STAND_S] * z[STAND_S]
    low, high, var, v_low, v_high, v_var = _hull(g, m, z, q[Q_SE], q[Q_SN], still, age_s)
    if _beyond(low, high, q[Q_FLAT], var + more + q[Q_ALONG2]):
        return False
    low, high, var, x_low, x_high, x_var = _hull(g, m, z, q[Q_SN], -q[Q_SE], still, age_s)
    if _beyond(low, high, 0.0, var + more + q[Q_ACROSS2]):
        return False
    if math.isnan(z[RR]) or math.isnan(q[Q_RISE]):
        return True
    # the line of sight may turn by as much as the place across it is unknown
    flat = max(q[Q_FLAT], NEAR_M)
    turn2 = COARSE2 * (var + more + q[Q_ACROSS2] + 0.25 * (high - low) * (high - low))
    turn2 = min(turn2 / (flat * flat), 1.0) * (max(x_low * x_low, x_high * x_high) + x_var)
    climb, up_var = 0.0, 0.0
    for k in range(m):
        climb = max(climb, abs(g[k, 6]))
        up_var = max(up_var, g[k, 27])
    steep = abs(q[Q_RISE]) / z[RNG]
    level = flat / z[RNG]
    slack = steep * climb
    more = STRONG_M2_S2 * (1.0 - math.exp(-0.5 * age_s)) + 2.0 * steep * steep * (up_var + 1.0)
    more += 2.0 * v_var + turn2 + z[RR_S] * z[RR_S] + RATE_SLACK_M2_S2
    return not _beyond(level * v_low - slack, level * v_high + slack, z[RR], more)


@inner
def _beyond(low: float, high: float, value: float, var: float) -> bool:
    """Is value farther from low .. high than the coarse gate allows?"""
    off = max(low - value, value - high, 0.0)
    wide = high - low
    return off * off > COARSE2 * (var + 0.25 * wide * wide)


@inner
def _hull(
    g: NDArray[np.float64],
    m: int,
    z: NDArray[np.float64],
    ue: float,
    un: float,
    still: float,
    age_s: float,
) -> tuple[float, float, float, float, float, float]:
    """Of the components, along the horizontal direction (ue, un) from z's stand, age_s later:
    least and greatest mean place and largest variance, then the same of the speed."""
    low, high, var, v_low, v_high, v_var = math.inf, -math.inf, 0.0, math.inf, -math.inf, 0.0
    ee, en, nn = ue * ue, ue * un, un * un
    slow_s = 1.0 - still
    for k in range(m):
        p = ue * (g[k, 1] - z[STAND_E]) + un * (g[k, 2] - z[STAND_N])
        v = ue * g[k, 4] + un * g[k, 5]
        near, far = p + slow_s * v, p + age_s * v
        low, high = min(low, near, far), max(high, near, far)
        v_low, v_high = min(v_low, v, still * v), max(v_high, v, still * v)
        pp = ee * g[k, 7] + 2.0 * en * g[k, 8] + nn * g[k, 13]
        pv = abs(ee * g[k, 10] + en * (g[k, 11] + g[k, 15]) + nn * g[k, 16])
        vv = ee * g[k, 22] + 2.0 * en * g[k, 23] + nn * g[k, 25]
        var = max(var, pp + age_s * (2.0 * pv + age_s * vv))
        v_var = max(v_var, vv)
    return low, high, var, v_low, v_high, v_var
