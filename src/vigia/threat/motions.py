"""A drone and a target -> the mixture of motions between them, and when each arrives.

Five motions: it flies at this very target as it flies now; it does so and dashes; it flies on and
passes; it waits and then dashes; it roams where it is. docs/threat.md has the equations and where
each number comes from.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from vigia.jit import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

# odds of each motion against "flies on and passes", for a drone that nothing more is known of
HOMING_ODDS = 0.14  # at RANGE_REF_M; they grow with the square of its share in the range
WAITING_ODDS = 0.02
ROAMING_ODDS = 0.75
RANGE_REF_M = 400.0
RANGE_NEAR_M = 100.0  # nearer, odds grow no more
RANGE_FAR_M = 3_000.0  # farther, they fall no more
# how an attacker points at his target: most do it well, some weave
AIM_DEG = 4.0
WEAVE_DEG = 20.0
WEAVE_SHARE = 0.25
STILL_MPS = 0.1
DRIFT_MPS = 1.0  # a hovering drone's heading tells nothing
# speeds
CRUISE_MIN_MPS = 5.0  # one that comes does not come slower
CRUISE_SPREAD = 0.2
DASH_SHARE = 0.2
DASH_MIN_MPS = 18.0
DASH_GAIN = 1.3
DASH_SPREAD = 0.25
# a straight flight
WANDER_RAD = 0.06
WANDER_RAD_S = 0.02  # heading spread per second
STRAIGHT_S = 30.0  # chance to fly straight still: exp(-t / STRAIGHT_S)
# loiter, then dash
WAIT_S = 45.0
# roaming: spreads to ROAM_M with a time constant of ROAM_S
ROAM_M = 40.0
ROAM_S = 15.0
ROAM_SPEED_MPS = 12.0  # faster ones roam less

# farther, roaming does not reach; who roams farther still roams elsewhere, and there is no edge
# between: a drone is not suddenly likelier to attack for being farther away
ROAM_HERE_M = 200.0
ROAM_ELSEWHERE_M = 600.0
SHARE_MIN = 1e-9  # a motion less likely than this is not followed

# one pair's mixture
(
    INSIDE,  # chance that it is within the radius now
    GAP_M,  # mean distance to the radius, at least 0
    GAP_S2,  # its variance along the line [m2], at most the distance's square
    W_CRUISE,  # shares and speeds of the motions
    V_CRUISE,
    W_DASH,
    V_DASH,
    W_PASS,
    V_PASS,
    PASS_M,  # way to where it enters, flown straight
    PASS_S2,
    W_WAIT,
    T_DASH,  # how long the dash takes once it begins [s]
    W_ROAM,
) = range(14)
MIX_N = W_ROAM + 1
RAD2 = math.radians(1.0) ** 2
ROOT2PI = math.sqrt(2.0 * math.pi)


PHI_FAR, PHI_STEPS = 6.0, 128.0
PHI_N = 2.0 * PHI_FAR * PHI_STEPS - 1.0
PHI = np.array([NormalDist().cdf(k / PHI_STEPS - PHI_FAR) for k in range(int(PHI_N) + 2)])


@inner
def phi(x: float) -> float:
    """Normal distribution function, within 3e-6: a table costs a third of an exponential."""
    at = (x + PHI_FAR) * PHI_STEPS
    if at >= PHI_N:
        return 1.0
    if at < 0.0:
        return 0.0
    k = int(at)
    return PHI[k] + (at - k) * (PHI[k + 1] - PHI[k])


@inner
def on_circle(off: float, sigma: float) -> float:
    """Density of a normal cut at +-180 degrees, against an even one; 1 where sigma is wide."""
    off /= sigma
    return ROOT2PI / sigma * math.exp(-0.5 * off * off) / (2.0 * phi(math.pi / sigma) - 1.0)


@inner
def aim(off: float, var: float) -> float:
    """How much better than by chance a heading fits that is off by so much [rad], known to var."""
    narrow = min(math.sqrt(AIM_DEG * AIM_DEG * RAD2 + var), 6.0)
    weave = min(math.sqrt(WEAVE_DEG * WEAVE_DEG * RAD2 + var), 6.0)
    return (1.0 - WEAVE_SHARE) * on_circle(off, narrow) + WEAVE_SHARE * on_circle(off, weave)


@inner
def mixture(
    de: float,
    dn: float,
    radius: float,
    ve: float,
    vn: float,
    speed: float,
    var_v: float,
    ee: float,
    en: float,
    nn: float,
    target_var: float,
    odds: float,
    said: NDArray[np.float64],
    m: NDArray[np.float64],
) -> None:
    """As mix, where its range and heading count for what they are."""
    mix(
        de, dn, radius, ve, vn, speed, var_v, ee, en, nn, target_var, odds,
        RANGE_NEAR_M, 0.0, said, m,
    )  # fmt: skip


@inner
def mix(
    de: float,
    dn: float,
    radius: float,
    ve: float,
    vn: float,
    speed: float,
    var_v: float,
    ee: float,
    en: float,
    nn: float,
    target_var: float,
    odds: float,
    near_m: float,
    turn_var: float,
    said: NDArray[np.float64],
    m: NDArray[np.float64],
) -> None:
    """Fills m (MIX_N,). de, dn: from the drone to the target [m]; ee, en, nn: variance of its
    place; var_v: of its velocity, an axis; odds: of an attack, against a usual drone's.
    near_m: nearer, odds grow no more; turn_var: of a heading that turns on [rad2].
    said (3,): where somebody says that it flies: east, north, variance [rad2], below 0: nobody."""
    r = math.sqrt(de * de + dn * dn)
    ue, un = (de / r, dn / r) if r > 0.0 else (0.0, 1.0)
    along2 = max(ue * ue * ee + 2.0 * ue * un * en + un * un * nn, 0.0) + target_var
    across2 = max(un * un * ee - 2.0 * ue * un * en + ue * ue * nn, 0.0) + target_var
    along, across = math.sqrt(along2) + 1e-3, math.sqrt(across2) + 1e-3
    inside = (phi((radius - r) / along) - phi((-radius - r) / along)) * (
        2.0 * phi(radius / across) - 1.0
    )
    gap = max(r - radius, 0.0)
    reach = math.sqrt(r * r + along2 + across2)  # a vague place is rarely near
    near = RANGE_REF_M / min(max(reach, near_m), RANGE_FAR_M)
    told = math.sqrt(var_v + DRIFT_MPS * DRIFT_MPS) / max(speed, STILL_MPS)  # heading's spread
    place = min(across / max(r, 1.0), 1.5)
    towards, aside, aimed = 0.0, r, 1.0
    if speed > STILL_MPS:
        towards, aside = (ve * de + vn * dn) / speed, (ve * dn - vn * de) / speed
        aimed = aim(math.atan2(aside, towards), told * told + place * place + turn_var)
    if said[2] >= 0.0:
        off = math.atan2(said[0] * dn - said[1] * de, said[0] * de + said[1] * dn)
        aimed = max(aimed, aim(off, said[2] + place * place))
    homing = odds * HOMING_ODDS * near * near * aimed
    waiting = odds * WAITING_ODDS * near * near
    roaming = ROAMING_ODDS * math.exp(-speed / ROAM_SPEED_MPS) * _roams_here(gap)
    total = homing + waiting + roaming + 1.0
    dash = max(DASH_GAIN * speed, DASH_MIN_MPS)
    m[INSIDE], m[GAP_M], m[GAP_S2] = inside, gap, min(along2, gap * gap)
    m[W_CRUISE], m[V_CRUISE] = homing / total * (1.0 - DASH_SHARE), max(speed, CRUISE_MIN_MPS)
    m[W_DASH], m[V_DASH] = homing / total * DASH_SHARE, dash
    m[W_WAIT], m[T_DASH], m[W_ROAM] = waiting / total, gap / dash, roaming / total
    m[W_PASS], m[PASS_M], m[PASS_S2], m[V_PASS] = 0.0, towards, along2, speed
    if towards > 0.0:
        t = towards / speed
        turn = WANDER_RAD + WANDER_RAD_S * t
        s = math.sqrt(across2 + (told * told + turn * turn) * towards * towards) + 1e-3
        hits = phi((radius - aside) / s) - phi((-radius - aside) / s)
        m[W_PASS] = hits * math.exp(-t / STRAIGHT_S) / total
        half2 = radius * radius - aside * aside
        m[PASS_M] = max(towards - math.sqrt(half2), 0.0) if half2 > 0.0 else towards


@inner
def _roams_here(gap: float) -> float:
    """How far roaming about here is an explanation of it, 0 to 1."""
    share = (ROAM_ELSEWHERE_M - gap) / (ROAM_ELSEWHERE_M - ROAM_HERE_M)
    return min(max(share, 0.0), 1.0)


@inner
def comes(t: float, way: float, var: float, speed: float, spread: float) -> float:
    """P(it has flown the way by t): the way known to var [m2], the speed to a share of itself."""
    flown = speed * t
    s = math.sqrt(var + (spread * flown) ** 2)
    return phi((flown - way) / s) if s > 0.0 else (1.0 if flown >= way else 0.0)


@inner
def arrived(m: NDArray[np.float64], t: float) -> float:
    """P(within the radius by t), t >= 0 [s]; grows with t."""
    gap = m[GAP_M]
    p = 0.0
    if m[W_CRUISE] > SHARE_MIN:
        p += m[W_CRUISE] * comes(t, gap, m[GAP_S2], m[V_CRUISE], CRUISE_SPREAD)
        p += m[W_DASH] * comes(t, gap, m[GAP_S2], m[V_DASH], DASH_SPREAD)
    if m[W_PASS] > SHARE_MIN:
        p += m[W_PASS] * comes(t, m[PASS_M], m[PASS_S2], m[V_PASS], CRUISE_SPREAD)
    left = t - m[T_DASH]
    if left > 0.0:
        p += m[W_WAIT] * (1.0 - math.exp(-left / WAIT_S))
    if m[W_ROAM] > SHARE_MIN:
        roam = ROAM_M * math.sqrt(1.0 - math.exp(-t / ROAM_S))
        p += m[W_ROAM] * 2.0 * phi(-gap / roam) if roam > 0.0 else 0.0
    return m[INSIDE] + (1.0 - m[INSIDE]) * p
