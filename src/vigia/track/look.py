"""One frame of one sensor's plots and bearings -> tracks extended, begun, contradicted.

The best assignment to tracks that have a range or a stated place, then to others people see, then
to those nobody sees yet; what is left begins a track. docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.track import layout as c
from vigia.track import learn
from vigia.track import living as life
from vigia.track.assign import assign
from vigia.track.begin import born_bearing, born_ranged
from vigia.track.absorb import LOG_TURN
from vigia.track.fuse import MISFIT, MOVES, attempt, copy_parts, settle, take, true_time
from vigia.track.imm import SIZE, width
from vigia.track.jit import inner
from vigia.track.sense import (
    AZ,
    AZ_S,
    EL,
    EL_S,
    HEARD,
    NEAR_M,
    RNG,
    RNG_S,
    RR,
    RR_S,
    SOUND_MPS,
    STAND_E,
    STAND_N,
    STAND_S,
    STAND_U,
    TIME_S,
    TURN,
    wrap,
)
from vigia.track.slots import NOBODY, begin, filled, known_id, seen_from, show
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

AMBIGUOUS_NATS = 2.0  # a bearing that two tracks explain this nearly equally moves neither
BESIDE_NATS = 0.2  # a bearing proves little of a track that a radar should see
COARSE2 = 21.0  # coarse gate, on bounds of the covariance: never tighter than the fine one
CALM_M2_S3 = 5.0  # usual manoeuvres, a third of their strength
CLIMB_MPS = 8.0
TELLS = 0.04  # a bearing this much wider than what is known tells nothing
RATE_SLACK_M2_S2 = 9.0
WIDE_RAD = 0.2  # candidates whose gate is wider than this are tried with every row
DRIFT_S = 15.0  # a velocity is believed no longer than this
WILD_M2_S3 = 60.0  # strongest manoeuvres, for the coarse gate
FRAME_SLACK_M2 = 60.0  # what may change within a frame
MANOEUVRE_MPS = 25.0  # what a drone may do while its sound is under way
FIELD_RATE_MPS = 30.0  # range rates over which false rows lie
FRESH_NS = 3_000_000_000
UNSEEN_MAX = 8  # sweeps in which a stated place was not seen
UNSEEN_REACH, UNSEEN_NEAR_M = 0.4, 100.0
CONFLICT = int(TrackFlag.ID_CONFLICT)
SOLID, SHOWN, HIDDEN = 0, 1, 2
# columns of a candidate
A_E, A_N_, A_VAR, A_AGE, A_AZ, A_RHO = range(6)
A_N = 6


@inner
def gate_nis(n: int) -> float:
    """99.95 % of chi-square with n degrees of freedom."""
    if n <= 1:
        return 12.1
    if n == 2:
        return 15.2
    if n == 3:
        return 17.7
    if n == 4:
        return 20.0
    if n == 5:
        return 22.1
    return 24.1


@inner
def candidates(
    cols: Cols, mark: int, t_ns: int, e0: float, n0: float, reach_m: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Live tracks within reach of (e0, n0) at t_ns: slots, and per track the columns A_*."""
    n = cols.count[c.C_N]
    slots = np.empty(n, np.int64)
    at = np.empty((n, A_N))
    now = float(t_ns)
    k = 0
    for j in range(n):
        slot = cols.order[j]
        f = cols.f[slot]
        b = (now - f[c.T_FLOAT]) * 1e-9
        b = max(min(b, DRIFT_S), -DRIFT_S)
        de = f[c.MEAN_E] + b * f[c.MEAN_VE] - e0
        dn = f[c.MEAN_N] + b * f[c.MEAN_VN] - n0
        b = abs(b)
        v = f[c.VAR_P] + b * (f[c.VAR_X] + b * (f[c.VAR_V] + WILD_M2_S3 * b)) + FRAME_SLACK_M2
        rho2 = de * de + dn * dn
        if rho2 > reach_m * reach_m:
            far = math.sqrt(rho2) - reach_m
            if far * far > COARSE2 * v:
                continue
        if cols.i[slot, c.ENDED] or cols.i[slot, c.MARK] != mark:
            continue
        slots[k] = slot
        at[k, A_E], at[k, A_N_], at[k, A_VAR], at[k, A_AGE] = de, dn, v, b
        k += 1
    return slots[:k], at[:k]


@inner
def aim(at: NDArray[np.float64]) -> None:
    """Azimuth and horizontal range of each candidate."""
    for k in range(len(at)):
        de, dn = at[k, A_E], at[k, A_N_]
        at[k, A_AZ] = math.atan2(de, dn)
        at[k, A_RHO] = math.sqrt(max(de * de + dn * dn, NEAR_M * NEAR_M))


@inner
def near(
    z: NDArray[np.float64], f: NDArray[np.float64], at: NDArray[np.float64], sector: bool
) -> bool:
    """The coarse gate: could z come from this candidate? Never tighter than the fine one."""
    rho, v = at[A_RHO], at[A_VAR]
    if z[HEARD] > 0.5:
        slip = rho * (MANOEUVRE_MPS / SOUND_MPS)
        v += slip * slip
    if sector:
        v *= 2.0
    off = z[AZ] - at[A_AZ]
    off -= TURN * math.floor((off + math.pi) / TURN)
    if math.isnan(z[RNG]):
        rho2 = rho * rho
        return v > 0.1 * rho2 or off * off <= COARSE2 * (z[AZ_S] * z[AZ_S] + v / rho2)
    if sector or abs(off) > 0.5 * math.pi and rho > z[RNG_S] + 0.5 * z[RNG]:
        return False  # a plot begins its own track; a confirmed one joins its sector
    return _near_range(z, f, at, v)


@inner
def _near_range(
    z: NDArray[np.float64], f: NDArray[np.float64], at: NDArray[np.float64], v: float
) -> bool:
    """Along the line of sight, across it, in height and in range rate."""
    flat, along_s = z[RNG], z[RNG_S] * z[RNG_S]
    if math.isnan(z[EL]):
        along_s += 0.09 * flat * flat  # the height bends slant range
    else:
        rise = flat * math.sin(z[EL])
        lift = flat * z[EL_S]
        off = rise - (f[c.MEAN_U] - z[STAND_U])
        high = f[c.VAR_U] + at[A_AGE] * at[A_AGE] * CLIMB_MPS * CLIMB_MPS + lift * lift
        if off * off > COARSE2 * (high + FRAME_SLACK_M2):
            return False
        bend = rise * z[EL_S]
        along_s += bend * bend
        flat *= math.cos(z[EL])
    se, sn = math.sin(z[AZ]), math.cos(z[AZ])
    de, dn = at[A_E] - flat * se, at[A_N_] - flat * sn
    along, across = de * se + dn * sn, de * sn - dn * se
    if along * along > COARSE2 * (v + along_s):
        return False
    wide = z[RNG] * z[AZ_S]
    if across * across > COARSE2 * (v + wide * wide):
        return False
    if math.isnan(z[RR]):
        return True
    rate = (at[A_E] * f[c.MEAN_VE] + at[A_N_] * f[c.MEAN_VN]) / at[A_RHO]
    off = z[RR] - rate
    loose = f[c.VAR_V] * (1.0 + v / (at[A_RHO] * at[A_RHO])) + WILD_M2_S3 * at[A_AGE]
    return off * off <= COARSE2 * (loose + z[RR_S] * z[RR_S] + RATE_SLACK_M2_S2)


@inner
def bearing_odds(
    cols: Cols, slot: int, z: NDArray[np.float64], t_ns: int
) -> tuple[float, float]:
    """How a bearing fits a track of known place, by its moments: enough to choose by.

    -> log density, squared innovation.
    """
    f = cols.f[slot]
    b = (true_time(cols, slot, z, t_ns) - cols.i[slot, c.T]) / 1e9
    b = max(min(b, DRIFT_S), -DRIFT_S)
    de = f[c.MEAN_E] + b * f[c.MEAN_VE] - z[STAND_E]
    dn = f[c.MEAN_N] + b * f[c.MEAN_VN] - z[STAND_N]
    du = f[c.MEAN_U] + b * f[c.MEAN_VU] - z[STAND_U]
    b = abs(b)
    rho2 = max(de * de + dn * dn, NEAR_M * NEAR_M)
    more = b * (0.5 * f[c.VAR_X] + b * (0.5 * f[c.VAR_V] + CALM_M2_S3 * b))
    more += z[STAND_S] * z[STAND_S]
    speed2 = f[c.MEAN_VE] * f[c.MEAN_VE] + f[c.MEAN_VN] * f[c.MEAN_VN]
    more += z[TIME_S] * z[TIME_S] * speed2
    p = (dn * dn * f[c.VAR_E] - 2.0 * de * dn * f[c.COV_EN] + de * de * f[c.VAR_N]) / rho2
    var = z[AZ_S] * z[AZ_S] + (p + more) / rho2
    off = wrap(z[AZ] - math.atan2(de, dn))
    nis, det, n = off * off / var, var, 1
    if not math.isnan(z[EL]):
        rho = math.sqrt(rho2)
        along = (
            de * de * f[c.VAR_E] + 2.0 * de * dn * f[c.COV_EN] + dn * dn * f[c.VAR_N]
        ) / rho2 + more
        r2 = rho2 + du * du
        var = z[EL_S] * z[EL_S]
        var += ((f[c.VAR_U] + more) * rho2 + along * du * du) / (r2 * r2)
        off = z[EL] - math.atan2(du, rho)
        nis += off * off / var
        det *= var
        n = 2
    return -0.5 * (nis + math.log(det) + n * LOG_TURN), nis


@inner
def tells(cols: Cols, slot: int, z: NDArray[np.float64], t_ns: int) -> bool:
    """Would a bearing narrow the track's place at all? Of a solid track most do not, and what
    tells nothing can only do harm when it is another's."""
    i, f = cols.i[slot], cols.f[slot]
    if not i[c.SOLID]:
        return True
    b = abs((t_ns - i[c.T]) / 1e9)
    de, dn = f[c.MEAN_E] - z[STAND_E], f[c.MEAN_N] - z[STAND_N]
    rho2 = max(de * de + dn * dn, NEAR_M * NEAR_M)
    wide = z[AZ_S] * z[AZ_S] * rho2 + z[STAND_S] * z[STAND_S]
    known = f[c.VAR_P] + b * (f[c.VAR_X] + b * (f[c.VAR_V] + CALM_M2_S3 * b))
    if known > TELLS * wide:
        return True
    high = f[c.VAR_U] + b * b * CLIMB_MPS
    return not math.isnan(z[EL]) and high > TELLS * z[EL_S] * z[EL_S] * rho2


@inner
def log_false(cols: Cols, s: int, z: NDArray[np.float64]) -> float:
    """Log density of false rows where z is: uniform over the sensor's field, per look."""
    per_s = max(cols.sf[s, c.S_FALSE], cols.sf[s, c.S_STRAY], 3e-7)
    density = per_s / TURN
    if not math.isnan(z[EL]):
        density /= life.FIELD_EL
    if not math.isnan(z[RNG]):
        density *= 2.0 * max(z[RNG], 50.0) / (cols.sf[s, c.S_RANGE] * cols.sf[s, c.S_RANGE])
    if not math.isnan(z[RR]):
        density /= FIELD_RATE_MPS
    return math.log(density)


@inner
def look(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    s: int,
    z: NDArray[np.float64],
    t: NDArray[np.int64],
    flags: NDArray[np.int64],
    p: NDArray[np.float64],
    key: NDArray[np.int64],
    mark: int,
    t_recv_ns: int,
) -> None:
    """One frame: rows (n, Z_N) of sensor s at nearly one time, each from another object."""
    n = len(t)
    life.swept(cols, s, n)
    free = np.ones(n, np.bool_)
    reach = 1.3 * cols.sf[s, c.S_RANGE]
    slots, at = candidates(cols, mark, t[0], cols.sf[s, c.S_E], cols.sf[s, c.S_N], reach)
    aim(at)
    order, ends, wide = _by_rank(cols, slots, at)
    for turn in (SOLID, SHOWN, HIDDEN):
        if turn == HIDDEN:
            life.heard(cols, s, int(free.sum()), t[n - 1])
        mine = order[ends[turn] : ends[turn + 1]]
        rows, tracks, score, best, parts = _pairs(
            cols, w, models, s, z, t, free, slots, at, mine, wide[turn]
        )
        if len(rows):
            _claim(cols, w, models, s, z, t, flags, p, t_recv_ns, free, slots, rows, tracks, score,
                   best, parts)  # fmt: skip
    if n > 1 and not math.isnan(z[0, RNG]):
        _unseen(cols, s, t[0], slots, at)
    for r in range(n):
        if free[r]:
            _begin(cols, w, models, s, z[r], t[r], flags[r], p[r], key[r], mark, t_recv_ns)


@inner
def _unseen(
    cols: Cols, s: int, t_ns: int, slots: NDArray[np.int64], at: NDArray[np.float64]
) -> None:
    """A whole sweep: who states a place well within reach and moves, and is not seen there again
    and again, contradicts the sensor."""
    for k in range(len(slots)):
        i, f = cols.i[slots[k]], cols.f[slots[k]]
        if i[c.T_SCAN] or i[c.STATUS] == 0 or not i[c.SOLID] or i[c.T_RANGED] < t_ns - FRESH_NS:
            continue
        if at[k, A_RHO] > UNSEEN_REACH * cols.sf[s, c.S_RANGE] or at[k, A_RHO] < UNSEEN_NEAR_M:
            continue
        rate = (at[k, A_E] * f[c.MEAN_VE] + at[k, A_N_] * f[c.MEAN_VN]) / at[k, A_RHO]
        if abs(rate) < 3.0 * life.NOTCH_MPS:
            continue
        i[c.UNSEEN] += 1
        if i[c.UNSEEN] >= UNSEEN_MAX:
            i[c.FLAGS] |= CONFLICT


@inner
def _by_rank(
    cols: Cols, slots: NDArray[np.int64], at: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Candidates by rank, and within it the wide ones first, then the others by azimuth.

    -> order, where each rank begins (and the last ends), how many wide ones each has.
    """
    n = len(slots)
    key = np.empty(n)
    ends, wide = np.zeros(4, np.int64), np.zeros(3, np.int64)
    for k in range(n):
        i = cols.i[slots[k]]
        rank = HIDDEN
        if i[c.STATUS]:
            rank = SOLID if i[c.SOLID] else SHOWN
        rho = at[k, A_RHO]
        if i[c.IS_SECTOR] or COARSE2 * at[k, A_VAR] > WIDE_RAD * WIDE_RAD * rho * rho:
            key[k] = 100.0 * rank
            wide[rank] += 1
        else:
            key[k] = 100.0 * rank + 10.0 + at[k, A_AZ]
        ends[rank + 1] += 1
    for rank in range(3):
        ends[rank + 1] += ends[rank]
    return np.argsort(key, kind="mergesort"), ends, wide


@inner
def _claim(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    s: int,
    z: NDArray[np.float64],
    t: NDArray[np.int64],
    flags: NDArray[np.int64],
    p: NDArray[np.float64],
    t_recv_ns: int,
    free: NDArray[np.bool_],
    slots: NDArray[np.int64],
    rows: NDArray[np.int64],
    tracks: NDArray[np.int64],
    score: NDArray[np.float64],
    ready: NDArray[np.int64],
    parts: NDArray[np.float64],
) -> None:
    """Extends the tracks by the rows that fit; those are free no more."""
    got = assign(rows, tracks, score, len(t), len(slots))
    taken = np.zeros(len(slots), np.bool_)
    for r in range(len(t)):
        if got[r] >= 0:
            taken[tracks[got[r]]] = True
    for q in range(len(rows)):
        r = rows[q]
        bearing = math.isnan(z[r, RNG])
        if bearing:
            free[r] = False  # explained, even if another row of this look explains it better
        best = got[r]
        if best < 0:
            continue
        free[r] = False
        if best == q:
            moves = not (bearing and _rival(rows, tracks, score, taken, r, q))
            known = ready[r] == q
            if known:
                copy_parts(parts[r], w.g, MOVES)
            _extend(cols, w, models, s, slots[tracks[q]], z[r], t[r], flags[r], p[r], score[q],
                    t_recv_ns, moves, known)  # fmt: skip
        elif bearing and not taken[tracks[q]] and score[q] > score[best] - AMBIGUOUS_NATS:
            _extend(cols, w, models, s, slots[tracks[q]], z[r], t[r], flags[r], p[r], score[q],
                    t_recv_ns, False, False)  # fmt: skip


@inner
def _rival(
    rows: NDArray[np.int64],
    tracks: NDArray[np.int64],
    score: NDArray[np.float64],
    taken: NDArray[np.bool_],
    r: int,
    best: int,
) -> bool:
    """Another track, with no row of its own, explains row r nearly as well. Pairs of a row are
    side by side."""
    for step in (-1, 1):
        q = best + step
        while 0 <= q < len(rows) and rows[q] == r:
            if not taken[tracks[q]] and score[q] > score[best] - AMBIGUOUS_NATS:
                return True
            q += step
    return False


@inner
def _pairs(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    s: int,
    z: NDArray[np.float64],
    t: NDArray[np.int64],
    free: NDArray[np.bool_],
    slots: NDArray[np.int64],
    at: NDArray[np.float64],
    mine: NDArray[np.int64],
    wide: int,
) -> tuple[
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.float64],
    NDArray[np.int64],
    NDArray[np.float64],
]:
    """Pairs of free rows and of candidates `mine` (the first `wide` of them wide, the others by
    azimuth) that fit better than a false row would.

    -> row, candidate and score of each; per row of the look its best pair if it has a range, and
    the components that its track would have with it.
    """
    room = 64
    rows, tracks = np.empty(room, np.int64), np.empty(room, np.int64)
    score = np.empty(room)
    n = 0
    ready = np.full(len(t), -1, np.int64)
    parts = np.empty((len(t), MOVES, SIZE))
    az = at[mine[wide:], A_AZ]
    for r in range(len(t)):
        if not free[r]:
            continue
        ratio = cols.sf[s, c.S_LOG_PD] - log_false(cols, s, z[r])
        limit = gate_nis(width(z[r]))
        for q in _window(z[r], az, wide):
            k = mine[q]
            slot = slots[k]
            sector = cols.i[slot, c.IS_SECTOR] == 1
            if cols.i[slot, c.ENDED] or not near(z[r], cols.f[slot], at[k], sector):
                continue
            if sector or not math.isnan(z[r, RNG]):
                odds, nis = attempt(cols, slot, z[r], t[r], models, w)
            else:
                odds, nis = bearing_odds(cols, slot, z[r], t[r])
            if nis > limit or odds + ratio <= 0.0:
                continue
            if n == room:
                rows, tracks = _longer(rows), _longer(tracks)
                more = np.empty(2 * room)
                more[:room] = score
                score = more
                room *= 2
            rows[n], tracks[n], score[n] = r, k, odds + ratio
            ranged = not (sector or math.isnan(z[r, RNG]))
            if ranged and (ready[r] < 0 or score[ready[r]] < score[n]):
                ready[r] = n
                copy_parts(w.g, parts[r], MOVES)
            n += 1
    return rows[:n], tracks[:n], score[:n], ready, parts


@inner
def _window(
    z: NDArray[np.float64], az: NDArray[np.float64], wide: int
) -> NDArray[np.int64]:
    """Places in `mine` of all wide candidates and of those whose azimuth may be z's."""
    half = math.sqrt(COARSE2) * z[AZ_S] + WIDE_RAD
    if z[HEARD] > 0.5:
        half += 2.0 * MANOEUVRE_MPS / SOUND_MPS
    middle = wrap(z[AZ])
    low, high = middle - half, middle + half
    n = len(az)
    if half >= math.pi:
        return np.arange(wide + n)
    a, b = np.searchsorted(az, low), np.searchsorted(az, high, side="right")
    first, last = 0, 0  # what wraps around comes after, before
    if low < -math.pi:
        first = n - np.searchsorted(az, low + TURN)
    if high > math.pi:
        last = np.searchsorted(az, high - TURN, side="right")
    out = np.empty(wide + b - a + first + last, np.int64)
    for k in range(wide):
        out[k] = k
    k = wide
    for q in range(last):
        out[k] = wide + q
        k += 1
    for q in range(a, b):
        out[k] = wide + q
        k += 1
    for q in range(n - first, n):
        out[k] = wide + q
        k += 1
    return out


@inner
def _longer(a: NDArray[np.int64]) -> NDArray[np.int64]:
    out = np.empty(2 * len(a), np.int64)
    out[: len(a)] = a
    return out


@inner
def _extend(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    s: int,
    slot: int,
    z: NDArray[np.float64],
    t_ns: int,
    flags: int,
    p: float,
    nats: float,
    t_recv_ns: int,
    moves: bool,
    known: bool,
) -> None:
    """One row of a machine for this track; moves False: it may be another's. known: w.g holds
    the components with it."""
    i = cols.i[slot]
    if i[c.ENDED]:
        return
    ranged = not math.isnan(z[RNG])
    if ranged:
        i[c.T_RANGED] = max(i[c.T_RANGED], t_ns)
        i[c.T_SCAN] = max(i[c.T_SCAN], t_ns)
    if moves:
        if ranged and not i[c.SOLID]:
            i[c.RANGED] = i[c.SOLID] = 1
            life.forget_seen(cols, slot)  # from now on only sensors with a range may miss it
        elif not ranged:
            seen_from(cols, slot, cols.sf[s, c.S_E], cols.sf[s, c.S_N], NOBODY)
        if known:
            _, nis = settle(cols, slot, z, t_ns, models, w, 0.0, 0.0)
        elif ranged or tells(cols, slot, z, t_ns):
            if not ranged:
                learn.bearing(cols, s, slot, z, t_ns)
            _, nis = take(cols, slot, z, t_ns, models, w)
        else:
            nis = 0.0
        if nis >= MISFIT:
            return
        life.settle_fix(cols, slot)
    else:
        nats *= 0.5
    if not ranged and i[c.SOLID]:
        nats = min(nats, BESIDE_NATS)
    cols.f[slot, c.AZ_DEG] = math.degrees(z[AZ])
    cols.f[slot, c.AZ_SIGMA_DEG] = math.degrees(z[AZ_S])
    if ranged or not i[c.SOLID]:
        life.hit(cols, slot, s, t_ns)
    span = life.earned_s(cols, slot, life.LIFE_RANGED_S if ranged else life.LIFE_BEARING_S)
    if not moves:
        span = 0.0  # it may be the other's: no reason to live longer
    credit(cols, slot, s, t_ns, t_recv_ns, nats, span, p, flags)
    if ranged:
        life.kinematics(cols, slot, t_ns)
        i[c.UNSEEN] = 0
    show(cols, slot, False, w)


@inner
def credit(
    cols: Cols,
    slot: int,
    s: int,
    t_ns: int,
    t_recv_ns: int,
    nats: float,
    life_s: float,
    p: float,
    flags: int,
) -> None:
    """What a machine's row is worth to a track."""
    life.support(cols, slot, t_ns, t_recv_ns, nats, life_s)
    life.witness(cols, slot, cols.si[s, c.S_LINK], t_ns)
    cols.kinds[slot, cols.si[s, c.S_KIND]] = 1
    cols.f[slot, c.CREDIT + cols.si[s, c.S_KIND]] += nats
    life.believe(cols, slot, p, flags)


@inner
def _begin(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    s: int,
    z: NDArray[np.float64],
    t_ns: int,
    flags: int,
    p: float,
    key: int,
    mark: int,
    t_recv_ns: int,
) -> None:
    track = cols.si[s, c.S_HASH] ^ key
    if known_id(cols, track):
        return
    slot = begin(cols, w, track, mark, t_ns, t_recv_ns, life.birth_llr(cols, s, z), False)
    if slot < 0:
        return
    i = cols.i[slot]
    if math.isnan(z[RNG]):
        parts = born_bearing(cols.g[slot], z, cols.sf[s, c.S_RANGE], w)
        seen_from(cols, slot, cols.sf[s, c.S_E], cols.sf[s, c.S_N], NOBODY)
        filled(cols, slot, parts, True, w)
    else:
        born_ranged(cols.g[slot], MOVES, z, models, w)
        i[c.RANGED] = i[c.SOLID] = 1
        i[c.T_RANGED] = i[c.T_SCAN] = t_ns
        filled(cols, slot, MOVES, False, w)
    cols.f[slot, c.AZ_DEG] = math.degrees(z[AZ])
    cols.f[slot, c.AZ_SIGMA_DEG] = math.degrees(z[AZ_S])
    life.hit(cols, slot, s, t_ns)
    credit(cols, slot, s, t_ns, t_recv_ns, 0.0, life.LIFE_TENTATIVE_S, p, flags)
