"""One frame of one sensor's plots and bearings -> tracks extended, begun, contradicted.

The best assignment to tracks that have a range or a stated place, then to others people see, then
to those nobody sees yet; what is left begins a track. docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track import living as life
from vigia.track.assign import assign
from vigia.track.extend import begin_with, extend
from vigia.track.fuse import MOVES, attempt, copy_parts
from vigia.track.gate import (
    A_E,
    A_N_,
    A_RHO2,
    A_VAR,
    COARSE2,
    GROUPS,
    WIDE_RAD,
    aimed,
    bearing_odds,
    bearing_top,
    candidates,
    gate_nis,
    log_false,
    near_bearings,
    near_plots,
    part,
    parts_of,
    window,
)
from vigia.track.imm import width
from vigia.track.misses import heard, swept
from vigia.track.sense import RNG
from vigia.track.soft import SWAP_NATS, blend, swap
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

AMBIGUOUS_NATS = 2.0  # a bearing that two tracks explain this nearly equally moves neither
RIVALS_MAX, RIVAL_NATS = 4, 5.0  # tracks that a bearing may be of, and how much less likely
UNSEEN_NS = 6_000_000_000
UNSEEN_MAX = 4  # sweeps in which a stated place was not seen
UNSEEN_REACH, UNSEEN_NEAR_M = 0.4, 100.0
UNSEEN_MPS = 2.4  # slower along the line of sight a radar may not see it
UNSEEN_UP_M = 20.0  # lower than this above the sensor the ground may hide it
CONFLICT = int(TrackFlag.ID_CONFLICT)
SOLID, SHOWN, HIDDEN = 0, 1, 2
FEW_ROWS = 4  # up to which all candidates are tried with each row
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
    swept(cols, s, n)
    free = w.row_free[:n]
    for r in range(n):
        free[r] = True
    left = n
    reach = REACH * cols.sf[s, c.S_RANGE]
    slots, at = candidates(cols, w, mark, t[0], cols.sf[s, c.S_E], cols.sf[s, c.S_N], reach)
    _by_rank(cols, w, slots, at, n)
    _aim(w, z, n)
    for turn in (SOLID, SHOWN, HIDDEN):
        if turn == HIDDEN:
            heard(cols, s, left, t[n - 1])
        if left and w.ends[(turn + 1) * GROUPS - 1] > (w.ends[turn * GROUPS - 1] if turn else 0):
            pairs = _pairs(cols, w, models, s, z, t, free, slots, at, turn)
            if pairs:
                _claim(cols, w, models, s, z, t, flags, p, t_recv_ns, free, slots, pairs)
            left = 0
            for r in range(n):
                if free[r]:
                    left += 1
    if n > 1 and not math.isnan(z[0, RNG]):
        _unseen(cols, s, t[0], slots, at)
    for r in range(n):
        if free[r]:
            begin_with(cols, w, models, s, z[r], t[r], flags[r], p[r], key[r], mark, t_recv_ns)


@inner
def _aim(w: Work, z: NDArray[np.float64], n: int) -> None:
    """Where each row points, once for all ranks."""
    for r in range(n):
        aimed(z[r], w.row_aim[r])
        w.row_low[r] = w.row_high[r] = -1
        if n > FEW_ROWS:
            w.row_low[r], w.row_high[r] = parts_of(z[r], w.row_aim[r])


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
            or i[c.T_RANGED] < t_ns - life.FRESH_NS
        ):
            continue
        if f[c.MEAN_U] - cols.sf[s, c.S_U] < UNSEEN_UP_M:
            continue
        rho = math.sqrt(at[k, A_RHO2])
        if rho > UNSEEN_REACH * cols.sf[s, c.S_RANGE] or rho < UNSEEN_NEAR_M:
            continue
        rate = (at[k, A_E] * f[c.MEAN_VE] + at[k, A_N_] * f[c.MEAN_VN]) / rho
        if abs(rate) < UNSEEN_MPS:
            continue
        i[c.UNSEEN] += 1
        if i[c.UNSEEN] >= UNSEEN_MAX:
            i[c.FLAGS] |= CONFLICT
            i[c.UNSEEN] = t_ns


@inner
def _by_rank(
    cols: Cols, w: Work, slots: NDArray[np.int64], at: NDArray[np.float64], rows: int
) -> None:
    """Candidates into w.order by group: by rank, within it the wide ones first, then the others
    by their part of the compass; w.ends: where each group ends. For a few rows all count as wide:
    looking at all of them costs less than the parts."""
    n, ends = len(slots), w.ends
    for group in range(3 * GROUPS):
        ends[group] = 0
    for k in range(n):
        i = cols.i[slots[k]]
        group = HIDDEN * GROUPS
        if i[c.STATUS]:
            group = SOLID * GROUPS if i[c.SOLID] else SHOWN * GROUPS
        if (
            rows > FEW_ROWS
            and not i[c.IS_SECTOR]
            and COARSE2 * at[k, A_VAR] <= WIDE_RAD * WIDE_RAD * at[k, A_RHO2]
        ):
            group += 1 + part(at[k, A_E], at[k, A_N_])
        w.group[k] = group
        ends[group] += 1
    start = 0
    for group in range(3 * GROUPS):
        many = ends[group]
        ends[group] = start
        start += many
    for k in range(n):
        group = w.group[k]
        w.order[ends[group]] = k
        ends[group] += 1


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
    pairs: int,
) -> None:
    """Extends the tracks by the rows that fit; those are free no more."""
    rows, tracks, score = w.pair_row[:pairs], w.pair_track[:pairs], w.pair_score[:pairs]
    got = assign(w, rows, tracks, score, len(t), len(slots))
    taken = w.taken[: len(slots)]
    for k in range(len(slots)):
        taken[k] = False
    for r in range(len(t)):
        if got[r] >= 0:
            taken[tracks[got[r]]] = True
            w.group[tracks[got[r]]] = r
    for q in range(len(rows) - 1, -1, -1):
        w.row_spare[rows[q]] = q
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
            known = w.row_ready[r] == q
            if known:
                copy_parts(w.row_parts[r], w.g, MOVES)
            if not bearing:
                other, off = swap(w, pairs, taken, z, r, q)
                if off < SWAP_NATS:
                    if not known:
                        attempt(cols, slot, z[r], t_ns, models, w)
                    blend(cols, w, slot, z[other], t[other], 1.0 / (1.0 + math.exp(-off)))
                    known = True
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
    rank: int,
) -> int:
    """Pairs of free rows and of candidates of this rank that fit better than a false row would:
    w.pair_row, w.pair_track and w.pair_score. In w.row_ready per row of the look its best pair if
    it has a range, in
    w.row_parts the components that its track would have with it. -> how many pairs."""
    n = 0
    for r in range(len(t)):
        w.row_ready[r] = -1
        if not free[r]:
            continue
        row = z[r]
        bearing = math.isnan(row[RNG])
        aim = w.row_aim[r]
        spans = window(w.row_low[r], w.row_high[r], w, rank)
        if bearing:
            near = near_bearings(cols, w, row, aim, slots, at, spans)
        else:
            near = near_plots(cols, w, row, aim, t[r], slots, at, spans)
        if near == 0:
            continue
        ratio = cols.sf[s, c.S_LOG_PD] - log_false(cols, s, row)
        limit = gate_nis(width(row))
        before = n
        if bearing:
            n += _few(cols, w, models, r, row, t[r], slots, near, ratio, limit, before)
            continue
        for q in range(near):
            k: int = w.key[q]
            slot: int = slots[k]
            odds, nis = attempt(cols, slot, row, t[r], models, w)
            if nis > limit or odds + ratio <= 0.0:
                continue
            w.pair_row[n], w.pair_track[n], w.pair_score[n] = r, k, odds + ratio
            best = w.row_ready[r]
            if best < 0 or w.pair_score[best] < odds + ratio:
                w.row_ready[r] = n
                copy_parts(w.g, w.row_parts[r], MOVES)
            n += 1
        if n - before > c.PAIRS_A_ROW:
            n = _likeliest(w, before, n, c.PAIRS_A_ROW)
            w.row_ready[r] = before
    return n


@inner
def _few(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    r: int,
    z: NDArray[np.float64],
    t_ns: int,
    slots: NDArray[np.int64],
    near: int,
    ratio: float,
    limit: float,
    start: int,
) -> int:
    """The pairs of bearing r with the first `near` of w.key, only the few that matter: best first
    from place start on. Most bearings fit dozens of tracks, so whoever cannot be among the few is
    left before his angle is computed. -> how many pairs."""
    aim, top = w.row_aim[r], bearing_top(z)
    tracks, score = w.pair_track, w.pair_score
    kept = 0
    for q in range(near):
        k: int = w.key[q]
        slot: int = slots[k]
        least = -ratio  # at which a false row is as likely
        if kept:
            least = max(least, score[start] - RIVAL_NATS - ratio)
        if kept == RIVALS_MAX:
            least = max(least, score[start + kept - 1] - ratio)
        if cols.i[slot, c.IS_SECTOR] == 1:
            odds, nis = attempt(cols, slot, z, t_ns, models, w)
        else:
            odds, nis = bearing_odds(cols, slot, z, aim, t_ns, limit, top, least)
        fits = odds + ratio
        if nis > limit or fits <= 0.0:
            continue
        if kept == RIVALS_MAX:
            if fits <= score[start + kept - 1]:
                continue
            kept -= 1
        p = start + kept
        while p > start and score[p - 1] < fits:
            score[p], tracks[p] = score[p - 1], tracks[p - 1]
            p -= 1
        score[p], tracks[p] = fits, k
        kept += 1
    while kept > 1 and score[start + kept - 1] < score[start] - RIVAL_NATS:
        kept -= 1
    for p in range(start, start + kept):
        w.pair_row[p] = r
    return kept


@inner
def _likeliest(w: Work, start: int, end: int, most: int) -> int:
    """Of the pairs of one row, start to end, the likeliest come first. -> the new end."""
    tracks, score = w.pair_track, w.pair_score
    kept = start
    while kept < end and kept - start < most:
        best = kept
        for q in range(kept + 1, end):
            if score[q] > score[best]:
                best = q
        tracks[kept], tracks[best] = tracks[best], tracks[kept]
        score[kept], score[best] = score[best], score[kept]
        kept += 1
    return kept
