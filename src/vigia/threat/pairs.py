"""One track and one target -> its tier, and all that is told of the two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.threat import columns as c
from vigia.threat.attack import attack
from vigia.threat.motions import arrived, mixture
from vigia.threat.quantiles import quantiles
from vigia.threat.tracks import NEAR_S
from vigia.threats import NOW_P, NOW_S, SOON_P, SOON_S, WORD_P

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DANGER_LOOK_P = 0.3  # chance to come near, below which no attack is looked for
NEAR_P = 0.1  # what could be here in NEAR_S is a WARNING, unless it is plainly not coming
RANGE_SURE = 0.35  # 1-sigma of a range, of the range, up to which it is told
RANGE_SURE_M = 50.0  # or this
BEARING_SURE_DEG = 20.0  # 1-sigma of a direction up to which it is told
# positive evidence that it goes away
LEAVE_SIGMAS = 2.0
LEAVE_MPS = 3.0
LEAVE_P = 0.1
P_TOLD_MIN = 1e-6  # less likely: no arrival to tell


@inner
def tier_of(
    t: NDArray[np.float64],
    de: float,
    dn: float,
    above_m: float,
    r: float,
    radius: float,
    sigma: float,
    limits: NDArray[np.float64],
    m: NDArray[np.float64],
) -> int:
    """terms.Tier of one pair. A quantile is early enough when its share has arrived by then."""
    strong = t[c.T_MOST] > 1.0
    if not strong and r <= limits[c.L_WATCH]:
        return 1
    _mix(t, de, dn, radius, sigma, m)
    comes = arrived(m, limits[c.L_HORIZON])
    p = t[c.T_BELIEF] * comes
    near = strong and p >= NEAR_P and earliest(r, radius, sigma, t[c.T_TOP]) <= NEAR_S
    likely = strong and p >= limits[c.L_WARN_P]
    soon = likely and arrived(m, limits[c.L_WARN_S]) >= 0.1 * comes
    if strong and p >= DANGER_LOOK_P and is_danger(t, de, dn, above_m, radius, sigma, limits, m):
        return 3
    if near or soon:
        return 2
    return 1 if r <= limits[c.L_WATCH] or p >= limits[c.L_WARN_P] else 0


@inner
def is_danger(
    t: NDArray[np.float64],
    de: float,
    dn: float,
    above_m: float,
    radius: float,
    sigma: float,
    limits: NDArray[np.float64],
    m: NDArray[np.float64],
) -> bool:
    """So probably an attack (or, unless the policy asks for that: so probably near), and so soon.
    m: the mixture of coming near; left as that of what was asked."""
    believed = t[c.T_BELIEF]
    if limits[c.L_ATTACK] > 0.0:
        believed = attack(t, de, dn, above_m, radius, sigma, m)
    comes = arrived(m, limits[c.L_HORIZON])
    p = believed * comes
    needed = limits[c.L_DANGER_P]
    if t[c.T_SAID_VAR] >= 0.0:
        needed = min(needed, WORD_P)
    if p >= needed and arrived(m, limits[c.L_DANGER_S]) >= 0.1 * comes:
        return True
    if p >= SOON_P and arrived(m, SOON_S) >= 0.5 * comes:
        return True
    return p >= NOW_P and arrived(m, NOW_S) >= 0.5 * comes


@inner
def write(
    t: NDArray[np.float64],
    e: float,
    n: float,
    up: float,
    extent: float,
    sigma: float,
    limits: NDArray[np.float64],
    m: NDArray[np.float64],
    o: NDArray[np.int64],
    f: NDArray[np.float64],
) -> None:
    """Columns O_... of one pair, all but which it is and its tier."""
    de, dn, radius = e - t[c.T_E], n - t[c.T_N], limits[c.L_RADIUS] + extent
    r = math.sqrt(de * de + dn * dn)
    _mix(t, de, dn, radius, sigma, m)
    comes = arrived(m, limits[c.L_HORIZON])
    f[c.O_P] = min(t[c.T_BELIEF] * comes, 1.0)
    f[c.O_EARLIEST] = earliest(r, radius, sigma, t[c.T_TOP])
    if comes > P_TOLD_MIN:
        quantiles(m, limits[c.L_HORIZON], f[c.O_P10 : c.O_P90 + 1])
    else:
        f[c.O_P10 : c.O_P90 + 1] = math.nan
    f[c.O_RANGE] = r
    b = math.degrees(math.atan2(-de, -dn)) % 360.0
    f[c.O_BEARING] = 0.0 if b >= 360.0 else b
    f[c.O_HEIGHT] = t[c.T_UP] - up
    believed = attack(t, de, dn, t[c.T_UP] - up, radius, sigma, m)
    f[c.O_ATTACK] = min(believed * arrived(m, limits[c.L_HORIZON]), 1.0)
    along = across = 0.0
    if r >= 1.0:
        ue, un = de / r, dn / r
        along = ue * ue * t[c.T_EE] + 2.0 * ue * un * t[c.T_EN] + un * un * t[c.T_NN]
        across = un * un * t[c.T_EE] - 2.0 * ue * un * t[c.T_EN] + ue * ue * t[c.T_NN]
        along, across = math.sqrt(max(along, 0.0)) + sigma, math.sqrt(max(across, 0.0)) + sigma
    o[c.O_RANGE_SURE] = along <= RANGE_SURE * r or along <= RANGE_SURE_M
    o[c.O_BEARING_SURE] = math.degrees(math.atan2(across, r)) <= BEARING_SURE_DEG
    o[c.O_DEPARTING] = f[c.O_P] < LEAVE_P and _leaves(t, de, dn, r)


@inner
def earliest(r: float, radius: float, sigma: float, top: float) -> float:
    """Straight at top speed from the near edge of what is known of the target's place [s]."""
    return max(r - radius - 2.0 * sigma, 0.0) / top


@inner
def _mix(
    t: NDArray[np.float64],
    de: float,
    dn: float,
    radius: float,
    sigma: float,
    m: NDArray[np.float64],
) -> None:
    mixture(
        de, dn, radius, t[c.T_VE], t[c.T_VN], t[c.T_SPEED], t[c.T_VAR_V],
        t[c.T_EE], t[c.T_EN], t[c.T_NN], sigma * sigma, t[c.T_ODDS],
        t[c.T_SAID_E : c.T_SAID_VAR + 1], m,
    )  # fmt: skip


@inner
def _leaves(t: NDArray[np.float64], de: float, dn: float, r: float) -> bool:
    """Surely flying away, and proved enough to say so."""
    away = -(t[c.T_VE] * de + t[c.T_VN] * dn) / max(r, 1.0)
    return t[c.T_PROVED] != 0.0 and away >= max(LEAVE_MPS, LEAVE_SIGMAS * math.sqrt(t[c.T_VAR_V]))
