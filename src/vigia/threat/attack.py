"""One track and one target -> is it an attack: what DANGER is decided by.

`motions` says how probable it is that something comes near; a bird, a pilot's circle and a level
overflight come near as well. Here only what flies at somebody counts, and what hangs above him.
docs/threat.md, section 3.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.threat import columns as c
from vigia.threat.beliefs import OTHER_WEIGHT_ATTACK
from vigia.threat.motions import (
    INSIDE,
    W_CRUISE,
    W_DASH,
    W_PASS,
    W_ROAM,
    W_WAIT,
    mix,
    mixture,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR_M = 130.0  # nearer, its range tells no more: everything that passes is near for a while
# a flight so high above somebody that keeps its height and speed passes him
HIGH_M = 100.0
HIGH_FULL_M = 120.0
HIGH_ODDS = 0.5
LEVEL_MPS = 1.0  # sinking faster is not level
CRUISE_MPS = 5.0  # slower is no flight past
# a flight that has turned one way for a while turns on
TURN_RAD_S = 0.05
TURN_S = 6.0  # of it counted ahead
TURN_GAIN = 2.0
SLOW_MPS = 4.0  # what is near and about as slow or slower hangs there
SLOW_SPREAD_MPS = 1.0
# three and more that fly alike side by side, and nothing says of this one that it is a drone
FLOCK_COMPANY = 2.0
FLOCK_DRONE = 0.85
FLOCK_ODDS = 0.02


@inner
def attack(
    t: NDArray[np.float64],
    de: float,
    dn: float,
    above_m: float,
    radius: float,
    sigma: float,
    m: NDArray[np.float64],
) -> float:
    """Fills m with what of it would be an attack; -> the belief that goes with it. above_m: of the
    track above the target, NaN: unknown."""
    said = t[c.T_SAID_E : c.T_SAID_VAR + 1]
    if t[c.T_VAGUE] != 0.0:  # what only people or bearings tell of is judged by what they say
        mixture(
            de, dn, radius, t[c.T_VE], t[c.T_VN], t[c.T_SPEED], t[c.T_VAR_V],
            t[c.T_EE], t[c.T_EN], t[c.T_NN], sigma * sigma, t[c.T_ODDS], said, m,
        )  # fmt: skip
        return t[c.T_BELIEF]
    gap = max(math.sqrt(de * de + dn * dn) - radius, 0.0)
    q = _drone(t)
    mix(
        de, dn, radius, t[c.T_VE], t[c.T_VN], t[c.T_SPEED], t[c.T_VAR_V],
        t[c.T_EE], t[c.T_EN], t[c.T_NN], sigma * sigma, t[c.T_ODDS] * q * _high(t, above_m),
        NEAR_M, _turn_var(t, gap), said, m,
    )  # fmt: skip
    homing = m[W_CRUISE] + m[W_DASH]
    meant = homing + m[W_WAIT]
    drone = meant + q * (1.0 - meant)  # also of those that do not attack
    slow = 1.0 / (1.0 + math.exp((t[c.T_SPEED] - SLOW_MPS) / SLOW_SPREAD_MPS))
    here = m[INSIDE] * max(drone * slow, meant)
    outside = (1.0 - m[INSIDE]) / max(1.0 - here, 1e-9)
    m[INSIDE] = here
    m[W_CRUISE] *= outside
    m[W_DASH] *= outside
    m[W_WAIT] *= outside
    m[W_ROAM] *= outside * q
    m[W_PASS] = 0.0
    return t[c.T_EXISTS]


@inner
def _drone(t: NDArray[np.float64]) -> float:
    """P(drone), doubt counted in full, and that birds fly in flocks."""
    p = t[c.T_DRONE]
    if p <= 0.0:
        return 0.0
    q = p / (p + OTHER_WEIGHT_ATTACK * (1.0 - p))
    if t[c.T_COMPANY] >= FLOCK_COMPANY and p < FLOCK_DRONE:
        q = q * FLOCK_ODDS / (q * FLOCK_ODDS + 1.0 - q)
    return q


@inner
def _high(t: NDArray[np.float64], above_m: float) -> float:
    """A factor of the odds; 1 where the height is not known."""
    if not above_m > HIGH_M or t[c.T_CLIMB] < -LEVEL_MPS or t[c.T_SPEED] < CRUISE_MPS:
        return 1.0
    share = min((above_m - HIGH_M) / (HIGH_FULL_M - HIGH_M), 1.0)
    return math.exp(share * math.log(HIGH_ODDS))


@inner
def _turn_var(t: NDArray[np.float64], gap: float) -> float:
    """Of the heading by when it would arrive [rad2]."""
    turn = abs(t[c.T_TURN])
    if turn < TURN_RAD_S:
        return 0.0
    by = TURN_GAIN * turn * min(gap / max(t[c.T_SPEED], CRUISE_MPS), TURN_S)
    return by * by
