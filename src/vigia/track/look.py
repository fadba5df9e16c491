"""One frame of one sensor's plots and bearings -> tracks extended, begun, contradicted.

The best assignment to tracks that have a range or a stated place, then to others people see, then
to those nobody sees yet; what is left begins a track. docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.track import layout as c
from vigia.track import living as life
from vigia.track.assign import assign
from vigia.track.begin import born_bearing, born_ranged
from vigia.track.fuse import MISFIT, MOVES, attempt, take
from vigia.track.imm import width
from vigia.track.jit import inner
from vigia.track.sense import AZ, AZ_S, EL, EL_S, HEARD, NEAR_M, RNG, RNG_S, RR, SOUND_MPS, TURN
from vigia.track.slots import NOBODY, begin, filled, find, seen_from, show

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

AMBIGUOUS_NATS = 2.0  # a bearing that two tracks explain this nearly equally moves neither
BESIDE_NATS = 0.2  # a bearing proves little of a track that a radar should see
COARSE2 = 21.0  # coarse gate, on bounds of the covariance: never tighter than the fine one
DRIFT_S = 15.0  # a velocity is believed no longer than this
WILD_M2_S3 = 60.0  # strongest manoeuvres, for the coarse gate
FRAME_SLACK_M = 15.0  # what may change within a frame
MANOEUVRE_MPS = 25.0  # what a drone may do while its sound is under way
FIELD_RATE_MPS = 30.0  # range rates over which false rows lie
SOLID, SHOWN, HIDDEN = 0, 1, 2


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
    """Live tracks that could be seen from (e0, n0): slots, and per track azimuth, horizontal
    range, variance of its place, 1 where it is a sector."""
    n = cols.count[c.C_N]
    slots = np.empty(n, np.int64)
    at = np.empty((n, 4))
    k = 0
    for j in range(n):
        slot = cols.order[j]
        if cols.i[slot, c.ENDED] or cols.i[slot, c.MARK] != mark:
            continue
        f = cols.f[slot]
        b = (t_ns - cols.i[slot, c.T]) / 1e9
        b = max(min(b, DRIFT_S), -DRIFT_S)
        de = f[c.MEAN_E] + b * f[c.MEAN_VE] - e0
        dn = f[c.MEAN_N] + b * f[c.MEAN_VN] - n0
        b = abs(b)
        v = f[c.VAR_P] + b * (f[c.VAR_X] + b * (f[c.VAR_V] + WILD_M2_S3 * b))
        rho2 = max(de * de + dn * dn, NEAR_M * NEAR_M)
        far = max(math.sqrt(rho2) - reach_m, 0.0)
        if far * far > COARSE2 * (v + FRAME_SLACK_M * FRAME_SLACK_M):
            continue
        slots[k] = slot
        at[k, 0] = math.atan2(de, dn)
        at[k, 1] = math.sqrt(rho2)
        at[k, 2] = v + FRAME_SLACK_M * FRAME_SLACK_M
        at[k, 3] = float(cols.i[slot, c.IS_SECTOR])
        k += 1
    return slots[:k], at[:k]


@inner
def near(z: NDArray[np.float64], at: NDArray[np.float64]) -> bool:
    """The coarse gate: could z come from a track seen at azimuth, range, variance `at`?"""
    rho2 = at[1] * at[1]
    v = at[2]
    if z[HEARD] > 0.5:
        v += rho2 * (MANOEUVRE_MPS / SOUND_MPS) * (MANOEUVRE_MPS / SOUND_MPS)
    if at[3] > 0.5:
        v *= 2.0
    off = z[AZ] - at[0]
    off -= TURN * math.floor((off + math.pi) / TURN)
    if math.isnan(z[RNG]):
        if v > 0.1 * rho2:
            return True
        return off * off <= COARSE2 * (z[AZ_S] * z[AZ_S] + v / rho2)
    if at[3] > 0.5:
        return False  # a plot begins its own track; a confirmed one joins its sector
    spread = z[RNG] * z[RNG] * z[AZ_S] * z[AZ_S] + z[RNG_S] * z[RNG_S]
    flat = z[RNG]
    if math.isnan(z[EL]):
        spread += 0.09 * z[RNG] * z[RNG]  # the height bends slant range
    else:
        flat *= math.cos(z[EL])
        spread += z[RNG] * z[RNG] * z[EL_S] * z[EL_S]
    limit = COARSE2 * (v + spread)
    dr = flat - at[1]
    if dr * dr > limit:
        return False
    across2 = 2.0 * flat * at[1] * (1.0 - math.cos(off))
    return dr * dr + across2 <= limit


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
    slots, at = candidates(
        cols, mark, t[0], cols.sf[s, c.S_E], cols.sf[s, c.S_N], 1.3 * cols.sf[s, c.S_RANGE]
    )
    rank = np.empty(len(slots), np.int64)
    for k in range(len(slots)):
        i = cols.i[slots[k]]
        if i[c.STATUS] == 0:
            rank[k] = HIDDEN
        else:
            rank[k] = SOLID if i[c.SOLID] else SHOWN
    for turn in (SOLID, SHOWN, HIDDEN):
        if turn == HIDDEN:
            life.heard(cols, s, int(free.sum()), t[n - 1])
        _claim(
            cols, w, models, s, z, t, flags, p, mark, t_recv_ns, free, slots, at, rank, turn
        )
    for r in range(n):
        if free[r]:
            _begin(cols, w, models, s, z[r], t[r], flags[r], p[r], key[r], mark, t_recv_ns)


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
    mark: int,
    t_recv_ns: int,
    free: NDArray[np.bool_],
    slots: NDArray[np.int64],
    at: NDArray[np.float64],
    rank: NDArray[np.int64],
    turn: int,
) -> None:
    """Extends the tracks of this rank by the free rows that fit; those are free no more."""
    rows, tracks, score = _pairs(cols, w, models, s, z, t, free, slots, at, rank, turn)
    if len(rows) == 0:
        return
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
            _extend(cols, w, models, s, slots[tracks[q]], z[r], t[r], flags[r], p[r], score[q],
                    t_recv_ns, moves)  # fmt: skip
        elif bearing and not taken[tracks[q]] and score[q] > score[best] - AMBIGUOUS_NATS:
            _extend(cols, w, models, s, slots[tracks[q]], z[r], t[r], flags[r], p[r], score[q],
                    t_recv_ns, False)  # fmt: skip


@inner
def _rival(
    rows: NDArray[np.int64],
    tracks: NDArray[np.int64],
    score: NDArray[np.float64],
    taken: NDArray[np.bool_],
    r: int,
    best: int,
) -> bool:
    """Another track, with no row of its own, explains row r nearly as well."""
    for q in range(len(rows)):
        if rows[q] == r and q != best and not taken[tracks[q]]:
            if score[q] > score[best] - AMBIGUOUS_NATS:
                return True
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
    rank: NDArray[np.int64],
    turn: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of free rows and tracks of this rank that fit better than a false row would."""
    room = 64
    rows, tracks = np.empty(room, np.int64), np.empty(room, np.int64)
    score = np.empty(room)
    n = 0
    for r in range(len(t)):
        if not free[r]:
            continue
        ratio = cols.sf[s, c.S_LOG_PD] - log_false(cols, s, z[r])
        limit = gate_nis(width(z[r]))
        for k in range(len(slots)):
            if rank[k] != turn or cols.i[slots[k], c.ENDED] or not near(z[r], at[k]):
                continue
            odds, nis = attempt(cols, slots[k], z[r], t[r], models, w)
            if nis > limit or odds + ratio <= 0.0:
                continue
            if n == room:
                rows, tracks = _longer(rows), _longer(tracks)
                more = np.empty(2 * room)
                more[:room] = score
                score = more
                room *= 2
            rows[n], tracks[n], score[n] = r, k, odds + ratio
            n += 1
    return rows[:n], tracks[:n], score[:n]


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
) -> None:
    """One row of a machine for this track; moves False: it may be another's."""
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
        _, nis = take(cols, slot, z, t_ns, models, w)
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
    if find(cols, track) >= 0:
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
