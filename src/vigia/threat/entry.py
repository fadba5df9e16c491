"""All tracks and all targets -> the pairs that matter; the kernel that Python calls.

`kernels.py` compiles `judge` with one explicit signature; tests may run it as it stands.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.threat import cells
from vigia.threat.beliefs import (
    CONFIRMED,
    PLACE_MAX_M,
    POSITION,
    WEAK,
    belief,
    intent,
    is_strong,
    sound,
    wide,
    word_var,
)
from vigia.threat.jit import inner
from vigia.threat.motions import (
    DRIFT_MPS,
    HOMING_ODDS,
    MIX_N,
    RANGE_FAR_M,
    RANGE_REF_M,
    STILL_MPS,
    WAITING_ODDS,
    aim,
    arrived,
    mixture,
)
from vigia.threat.quantiles import quantiles
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

# limits, as Policy says
L_RADIUS, L_HORIZON, L_WATCH, L_WARN_P, L_WARN_S, L_DANGER_P, L_DANGER_S, L_TOP = range(8)
LIMITS = 8
WATCH_MAX = 8  # tracks at WATCH a target, the earliest; the rest is left out
NEAR_S = 10.0  # what could be here in this time is a WARNING
NEAR_P = 0.1  # unless it is plainly not coming
WORD_P = 0.5  # enough for DANGER where somebody says that it comes at him
LATE_S, LATE_P = 6.0, 0.7  # so near, half a chance is DANGER
HEIGHT_SURE_M = 40.0  # 1-sigma up to which a height is told
RANGE_SURE = 0.35  # 1-sigma of a range, of the range, up to which it is told
RANGE_SURE_M = 50.0  # or this
BEARING_SURE_DEG = 20.0  # 1-sigma of a direction up to which it is told
# positive evidence that it goes away
LEAVE_SIGMAS = 2.0
LEAVE_MPS = 3.0
LEAVE_SIGMA_M = 50.0
LEAVE_P = 0.1
P_TOLD_MIN = 1e-6  # less likely: no arrival to tell
NEVER = math.inf
COASTING = int(TrackFlag.COASTING)

# what is computed once a track
(
    T_E, T_N, T_VE, T_VN, T_SAFE, T_MID, T_MID_MPS, T_FAR, T_FAR_MPS, T_TOP,  # most pairs: no more
    T_SPEED, T_VAR_V, T_EE, T_EN, T_NN, T_BELIEF, T_ODDS, T_STRONG, T_SAID_E, T_SAID_N, T_SAID_VAR,
    T_UP, T_PROVED,
) = range(23)  # fmt: skip
TRACK_N = T_PROVED + 1
# columns of the answer
O_TRACK, O_TARGET, O_TIER, O_RANGE_SURE, O_BEARING_SURE, O_DEPARTING = range(6)
INT_N = O_DEPARTING + 1
(
    O_P, O_EARLIEST, O_P10, O_P50, O_P90, O_RANGE, O_BEARING, O_HEIGHT,
) = range(8)  # fmt: skip
FLOAT_N = O_HEIGHT + 1
# shortcuts: where the full answer can be no more than WATCH
FAR_SIGMAS = 5.0  # of the places
SAFE_P = 0.12  # odds of an attack that all of it together does not exceed
CONE_P = 0.06  # by homing
FAR_P = 0.04  # by waiting
CONE_STEPS = 48


@inner
def judge(
    states: NDArray[np.void],
    en: NDArray[np.float64],
    up: NDArray[np.float64],
    extent: NDArray[np.float64],
    sigma: NDArray[np.float64],
    limits: NDArray[np.float64],
    ints: NDArray[np.int64],
    floats: NDArray[np.float64],
) -> int:
    """states (n,) STATE_DTYPE; en (m, 2), up, extent, sigma (m,) as Targets; limits (LIMITS,).

    Fills ints (cap, INT_N) and floats (cap, FLOAT_N) target by target. -> rows there are, which may
    be more than fit.
    """
    index, tracks = _tracks(states, limits)
    if len(index) == 0 or len(en) == 0:
        return 0
    box, east, north = cells.spread(tracks[:, :2])
    starts, points = cells.fill(tracks[:, :2], box, east, north)
    tracks, index = tracks[points], index[points]  # side by side in memory
    m, near, watch = np.zeros(MIX_N), np.empty(WATCH_MAX), np.empty(WATCH_MAX, np.int64)
    found = np.empty((len(ints), 3), np.int64)
    rows, side, reach = 0, box[cells.BOX_SIDE], _reach(tracks, limits)
    # neighbours one after another: they look at the same tracks
    around = cells.fill(en, box, east, north)[1]
    for a in range(len(around)):
        g = int(around[a])
        e, n = en[g, 0], en[g, 1]
        if not (abs(e) <= PLACE_MAX_M and abs(n) <= PLACE_MAX_M and sigma[g] >= 0.0):
            continue
        radius, vague = limits[L_RADIUS] + extent[g], FAR_SIGMAS * sigma[g] + extent[g]
        far, kept, first = reach + vague, 0, rows
        j0 = cells.at(n - far - box[cells.BOX_N], side, north)
        j1 = cells.at(n + far - box[cells.BOX_N], side, north)
        for j in range(j0, j1 + 1):
            half = cells.half_width(n - box[cells.BOX_N], far, j, side, north)
            i0 = cells.at(e - half - box[cells.BOX_E], side, east)
            i1 = cells.at(e + half - box[cells.BOX_E], side, east)
            for k in range(starts[j * east + i0], starts[j * east + i1 + 1]):
                de, dn = e - tracks[k, T_E], n - tracks[k, T_N]
                r2 = de * de + dn * dn
                if r2 > far * far:
                    continue
                # most pairs end here: a bound says that they are no more than WATCH
                r = math.sqrt(r2)
                clear = r - vague
                along = tracks[k, T_VE] * de + tracks[k, T_VN] * dn
                if (
                    clear > tracks[k, T_SAFE]
                    or (clear > tracks[k, T_FAR] and along < tracks[k, T_FAR_MPS] * r)
                    or (clear > tracks[k, T_MID] and along < tracks[k, T_MID_MPS] * r)
                ):
                    tier = 1 if r <= limits[L_WATCH] else 0
                else:
                    tier = _tier(tracks[k], de, dn, r, radius, sigma[g], limits, m)
                if tier == 1:
                    soon = _earliest(r, radius, sigma[g], tracks[k, T_TOP])
                    if kept < WATCH_MAX or soon <= near[kept - 1]:
                        kept = _keep(k, soon, index, near, watch, kept)
                elif tier > 1:
                    rows = _note(found, rows, first, k, g, tier, index)
        for w in range(kept):
            rows = _note(found, rows, rows, watch[w], g, 1, index)
    kept = min(rows, len(ints))
    places = _places(found[:kept], len(en))
    for q in range(kept):
        k, g, at = int(found[q, O_TRACK]), int(found[q, O_TARGET]), int(places[q])
        ints[at, O_TRACK], ints[at, O_TARGET], ints[at, O_TIER] = index[k], g, found[q, O_TIER]
        _write(tracks[k], en[g, 0], en[g, 1], up[g], extent[g], sigma[g], limits, m,
               ints[at], floats[at])  # fmt: skip
    return rows


@inner
def _note(
    found: NDArray[np.int64],
    rows: int,
    first: int,
    k: int,
    g: int,
    tier: int,
    index: NDArray[np.int64],
) -> int:
    """One more row, among those from first on in the order of the states. -> how many there are."""
    at = rows
    if at < len(found):
        while at > first and index[found[at - 1, O_TRACK]] > index[k]:
            found[at, O_TRACK], found[at, O_TIER] = found[at - 1, O_TRACK], found[at - 1, O_TIER]
            at -= 1
        found[at, O_TRACK], found[rows, O_TARGET], found[at, O_TIER] = k, g, tier
    return rows + 1


@inner
def _places(found: NDArray[np.int64], targets: int) -> NDArray[np.int64]:
    """Where each row goes (k,), in the order of the targets."""
    free, out = np.zeros(targets + 1, np.int64), np.empty(len(found), np.int64)
    for q in range(len(found)):
        free[found[q, O_TARGET] + 1] += 1
    for g in range(targets):
        free[g + 1] += free[g]
    for q in range(len(found)):
        out[q] = free[found[q, O_TARGET]]
        free[found[q, O_TARGET]] += 1
    return out


@inner
def _reach(tracks: NDArray[np.float64], limits: NDArray[np.float64]) -> float:
    """Beyond it no pair matters [m]."""
    reach = limits[L_WATCH]
    for k in range(len(tracks)):
        reach = max(reach, tracks[k, T_SAFE])
    return min(reach, max(limits[L_TOP] * limits[L_HORIZON], limits[L_WATCH]))


@inner
def _tracks(
    states: NDArray[np.void], limits: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Those that can threaten: their places in states (k,), and (k, TRACK_N)."""
    index, out = np.empty(len(states), np.int64), np.empty((len(states), TRACK_N))
    k = 0
    for i in range(len(states)):
        row = states[i]
        believed = belief(row) if sound(row) else 0.0
        if believed <= 0.0:
            continue
        index[k] = i
        x, cov, t = row["x"], row["cov"], out[k]
        speed = math.sqrt(x[3] * x[3] + x[4] * x[4])
        t[T_E], t[T_N], t[T_VE], t[T_VN], t[T_SPEED] = x[0], x[1], x[3], x[4], speed
        t[T_VAR_V] = 0.5 * (cov[3, 3] + cov[4, 4])
        t[T_EE], t[T_EN], t[T_NN] = cov[0, 0], cov[0, 1], cov[1, 1]
        t[T_BELIEF], t[T_ODDS] = believed, intent(row)
        t[T_STRONG] = 1.0 if is_strong(row) else 0.0
        t[T_TOP] = max(limits[L_TOP], speed)
        t[T_UP] = x[2] if cov[2, 2] < HEIGHT_SURE_M * HEIGHT_SURE_M else math.nan
        t[T_PROVED] = 1.0 if _proved(row) else 0.0
        t[T_SAID_VAR] = word_var(row)
        azimuth = math.radians(wide(row["azimuth_deg_true"])) if t[T_SAID_VAR] >= 0.0 else 0.0
        t[T_SAID_E], t[T_SAID_N] = -math.sin(azimuth), -math.cos(azimuth)
        _shortcut(t, limits)
        k += 1
    return index[:k], out[:k]


@inner
def _shortcut(t: NDArray[np.float64], limits: NDArray[np.float64]) -> None:
    """Where no pair of the track can be more than WATCH: beyond T_SAFE; beyond T_MID or T_FAR when
    it comes nearer at less than T_MID_MPS or T_FAR_MPS. The full answer decides all others."""
    place = FAR_SIGMAS * math.sqrt(max(t[T_EE], t[T_NN]))
    near = max(NEAR_S * t[T_TOP] + limits[L_RADIUS], place)
    var = (t[T_VAR_V] + DRIFT_MPS * DRIFT_MPS) / max(t[T_SPEED], STILL_MPS) ** 2
    best = aim(0.0, var) if t[T_SPEED] > STILL_MPS else 1.0
    if t[T_SAID_VAR] >= 0.0:
        best = max(best, aim(0.0, t[T_SAID_VAR]))
    t[T_SAFE] = max(near, _within(t[T_ODDS] * (HOMING_ODDS * best + WAITING_ODDS), SAFE_P))
    t[T_FAR] = max(near, _within(t[T_ODDS] * WAITING_ODDS, FAR_P))
    t[T_MID] = 2.0 * t[T_FAR]
    t[T_FAR_MPS], t[T_MID_MPS] = -NEVER, -NEVER
    if t[T_SPEED] > STILL_MPS and t[T_SAID_VAR] < 0.0:
        t[T_FAR_MPS] = t[T_SPEED] * _cone(t[T_ODDS], var, t[T_FAR])
        t[T_MID_MPS] = t[T_SPEED] * _cone(t[T_ODDS], var, t[T_MID])


@inner
def _within(odds: float, p: float) -> float:
    """Range up to which odds, as they are at RANGE_REF_M, are more than p."""
    r = RANGE_REF_M * math.sqrt(odds / p)
    return r if r < RANGE_FAR_M else NEVER


@inner
def _cone(odds: float, var: float, r: float) -> float:
    """Cosine of how far off its course, beyond r, an attack has odds of CONE_P at most."""
    near = RANGE_REF_M / min(r, RANGE_FAR_M)
    least = CONE_P / (odds * HOMING_ODDS * near * near)
    for i in range(CONE_STEPS):
        off = math.pi * i / CONE_STEPS
        # the place adds at most its share of the range
        if max(aim(off, var), aim(off, var + FAR_SIGMAS**-2.0)) <= least:
            return math.cos(off)
    return -2.0


@inner
def _earliest(r: float, radius: float, sigma: float, top: float) -> float:
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
        de, dn, radius, t[T_VE], t[T_VN], t[T_SPEED], t[T_VAR_V], t[T_EE], t[T_EN], t[T_NN],
        sigma * sigma, t[T_ODDS], t[T_SAID_E : T_SAID_VAR + 1], m,
    )  # fmt: skip


@inner
def _tier(
    t: NDArray[np.float64],
    de: float,
    dn: float,
    r: float,
    radius: float,
    sigma: float,
    limits: NDArray[np.float64],
    m: NDArray[np.float64],
) -> int:
    """terms.Tier of one pair. A quantile is early enough when its share has arrived by then."""
    strong = t[T_STRONG] != 0.0
    if not strong and r <= limits[L_WATCH]:
        return 1
    _mix(t, de, dn, radius, sigma, m)
    comes = arrived(m, limits[L_HORIZON])
    p = t[T_BELIEF] * comes
    needed = limits[L_DANGER_P]
    if t[T_SAID_VAR] >= 0.0:
        needed = min(needed, WORD_P)
    if strong and p >= needed and arrived(m, limits[L_DANGER_S]) >= 0.1 * comes:
        return 3
    if strong and p >= LATE_P and arrived(m, LATE_S) >= 0.5 * comes:
        return 3
    if strong and p >= limits[L_WARN_P] and arrived(m, limits[L_WARN_S]) >= 0.1 * comes:
        return 2
    if strong and p >= NEAR_P and _earliest(r, radius, sigma, t[T_TOP]) <= NEAR_S:
        return 2
    return 1 if r <= limits[L_WATCH] or p >= limits[L_WARN_P] else 0


@inner
def _keep(
    k: int,
    soon: float,
    index: NDArray[np.int64],
    near: NDArray[np.float64],
    watch: NDArray[np.int64],
    kept: int,
) -> int:
    """The WATCH_MAX earliest, earliest first; of equals the first of the states. -> how many."""
    if kept == WATCH_MAX and not _before(
        soon, int(index[k]), near[kept - 1], int(index[watch[kept - 1]])
    ):
        return kept
    at = min(kept, WATCH_MAX - 1)
    while at > 0 and _before(soon, int(index[k]), near[at - 1], int(index[watch[at - 1]])):
        near[at], watch[at] = near[at - 1], watch[at - 1]
        at -= 1
    near[at], watch[at] = soon, k
    return min(kept + 1, WATCH_MAX)


@inner
def _before(a: float, i: int, b: float, j: int) -> bool:
    return a < b or (a == b and i < j)


@inner
def _write(
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
    de, dn, radius = e - t[T_E], n - t[T_N], limits[L_RADIUS] + extent
    r = math.sqrt(de * de + dn * dn)
    _mix(t, de, dn, radius, sigma, m)
    comes = arrived(m, limits[L_HORIZON])
    f[O_P] = min(t[T_BELIEF] * comes, 1.0)
    f[O_EARLIEST] = _earliest(r, radius, sigma, t[T_TOP])
    if comes > P_TOLD_MIN:
        quantiles(m, limits[L_HORIZON], f[O_P10 : O_P90 + 1])
    else:
        f[O_P10 : O_P90 + 1] = math.nan
    f[O_RANGE] = r
    b = math.degrees(math.atan2(-de, -dn)) % 360.0
    f[O_BEARING] = 0.0 if b >= 360.0 else b
    f[O_HEIGHT] = t[T_UP] - up
    along = across = 0.0
    if r >= 1.0:
        ue, un = de / r, dn / r
        along = ue * ue * t[T_EE] + 2.0 * ue * un * t[T_EN] + un * un * t[T_NN]
        across = un * un * t[T_EE] - 2.0 * ue * un * t[T_EN] + ue * ue * t[T_NN]
        along, across = math.sqrt(max(along, 0.0)) + sigma, math.sqrt(max(across, 0.0)) + sigma
    o[O_RANGE_SURE] = along <= RANGE_SURE * r or along <= RANGE_SURE_M
    o[O_BEARING_SURE] = math.degrees(math.atan2(across, r)) <= BEARING_SURE_DEG
    o[O_DEPARTING] = f[O_P] < LEAVE_P and _leaves(t, de, dn, r)


@inner
def _leaves(t: NDArray[np.float64], de: float, dn: float, r: float) -> bool:
    """Surely flying away, and proved enough to say so."""
    away = -(t[T_VE] * de + t[T_VN] * dn) / max(r, 1.0)
    return t[T_PROVED] != 0.0 and away >= max(LEAVE_MPS, LEAVE_SIGMAS * math.sqrt(t[T_VAR_V]))


@inner
def _proved(row: np.void) -> bool:
    """Confirmed, seen just now, well placed."""
    cov = row["cov"]
    return (
        int(row["status"]) == CONFIRMED
        and int(row["fix"]) == POSITION
        and int(row["flags"]) & (COASTING | WEAK) == 0
        and max(cov[0, 0], cov[1, 1]) <= LEAVE_SIGMA_M * LEAVE_SIGMA_M
    )
