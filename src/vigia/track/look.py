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
from vigia.track.extend import begin_with, extend
from vigia.track.fuse import MOVES, attempt, copy_parts
from vigia.track.gate import (
    A_AZ,
    A_E,
    A_N_,
    A_RHO,
    A_VAR,
    COARSE2,
    Q_N,
    WIDE_RAD,
    aim,
    bearing_odds,
    candidates,
    gate_nis,
    log_false,
    near_bearing,
    near_plot,
    nth,
    plotted,
    window,
)
from vigia.track.imm import SIZE, width
from vigia.track.jit import inner
from vigia.track.sense import RNG
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

AMBIGUOUS_NATS = 2.0  # a bearing that two tracks explain this nearly equally moves neither
RIVALS_MAX, RIVAL_NATS = 4, 5.0  # tracks that a bearing may be of, and how much less likely
FRESH_NS = 3_000_000_000
UNSEEN_NS = 6_000_000_000
UNSEEN_MAX = 8  # sweeps in which a stated place was not seen
UNSEEN_REACH, UNSEEN_NEAR_M = 0.4, 100.0
CONFLICT = int(TrackFlag.ID_CONFLICT)
SOLID, SHOWN, HIDDEN = 0, 1, 2
REACH = 1.3  # of a sensor's range: tracks beyond are no candidates


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
    reach = REACH * cols.sf[s, c.S_RANGE]
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
            begin_with(cols, w, models, s, z[r], t[r], flags[r], p[r], key[r], mark, t_recv_ns)


@inner
def _unseen(
    cols: Cols, s: int, t_ns: int, slots: NDArray[np.int64], at: NDArray[np.float64]
) -> None:
    """A whole sweep: who states a place well within reach and moves, and is not seen there again
    and again, contradicts the sensor."""
    for k in range(len(slots)):
        i, f = cols.i[slots[k]], cols.f[slots[k]]
        if (
            i[c.T_SCAN] > t_ns - UNSEEN_NS
            or i[c.STATUS] == 0
            or not i[c.SOLID]
            or i[c.T_RANGED] < t_ns - FRESH_NS
        ):
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
        r: int = rows[q]
        k: int = tracks[q]
        slot: int = slots[k]
        t_ns: int = t[r]
        flag: int = flags[r]
        belief: float = p[r]
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
            extend(cols, w, models, s, slot, z[r], t_ns, flag, belief, score[q], t_recv_ns, moves,
                   known)  # fmt: skip
        elif bearing and not taken[tracks[q]] and score[q] > score[best] - AMBIGUOUS_NATS:
            extend(cols, w, models, s, slot, z[r], t_ns, flag, belief, score[q], t_recv_ns, False,
                   False)  # fmt: skip


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
    room, n = 64, 0
    rows, tracks, score = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
    ready = np.full(len(t), -1, np.int64)
    parts = np.empty((len(t), MOVES, SIZE))
    az = at[mine[wide:], A_AZ]
    plot = np.empty(Q_N)
    for r in range(len(t)):
        if not free[r]:
            continue
        ratio = cols.sf[s, c.S_LOG_PD] - log_false(cols, s, z[r])
        limit = gate_nis(width(z[r]))
        row = z[r]
        bearing = math.isnan(row[RNG])
        if not bearing:
            plotted(row, plot)
        spans = window(row, az, wide)
        before = n
        for q in range(spans[0] + spans[1] + spans[3]):
            k: int = mine[nth(q, spans)]
            slot: int = slots[k]
            if not bearing and not near_plot(row, plot, cols.f, slot, at, k):
                continue
            sector = cols.i[slot, c.IS_SECTOR] == 1
            if bearing and not near_bearing(row, at, k, sector):
                continue
            many = sector and cols.i[slot, c.PARTS] > 1
            if cols.i[slot, c.ENDED] or (many and not bearing):
                continue  # a plot begins its own track; a confirmed one joins its sector
            if sector or not bearing:
                odds, nis = attempt(cols, slot, row, t[r], models, w)
            else:
                odds, nis = bearing_odds(cols, slot, row, t[r])
            if nis > limit or odds + ratio <= 0.0:
                continue
            if n == room:
                rows, tracks, score = _longer(rows), _longer(tracks), _longer_floats(score)
                room *= 2
            rows[n], tracks[n], score[n] = r, k, odds + ratio
            if not bearing and (ready[r] < 0 or score[ready[r]] < score[n]):
                ready[r] = n
                copy_parts(w.g, parts[r], MOVES)
            n += 1
        if bearing:
            n = _likeliest(tracks, score, before, n)
    return rows[:n], tracks[:n], score[:n], ready, parts


@inner
def _likeliest(tracks: NDArray[np.int64], score: NDArray[np.float64], start: int, end: int) -> int:
    """Of the pairs of one bearing, start to end, the few that matter come first. -> the new end."""
    kept = start
    while kept < end and kept - start < RIVALS_MAX:
        best = kept
        for q in range(kept + 1, end):
            if score[q] > score[best]:
                best = q
        if score[best] < score[start] - RIVAL_NATS:
            break
        tracks[kept], tracks[best] = tracks[best], tracks[kept]
        score[kept], score[best] = score[best], score[kept]
        kept += 1
    return kept


@inner
def _longer_floats(a: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.empty(2 * len(a))
    out[: len(a)] = a
    return out


@inner
def _longer(a: NDArray[np.int64]) -> NDArray[np.int64]:
    out = np.empty(2 * len(a), np.int64)
    out[: len(a)] = a
    return out
