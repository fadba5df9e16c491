"""Begin, show and end a track in its slot; a new position that a sector already told of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track.classes import first_belief
from vigia.track.fuse import MOVES, refresh, restart_ring
from vigia.track.imm import SIZE
from vigia.track.living import (
    CONFIRMED,
    LLR_MAX,
    POSITION,
    SECTOR,
    promote,
    settle_fix,
    witness,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

STANDS_APART_M = 30.0  # two observers nearer than this do not cross their bearings
ADOPT_NIS_MAX = 9.0  # a new fix this near (squared sigmas) to a sector is what the sector saw
ADOPT_AGE_S = 12.0
EXPIRED, FALSE, DEPARTED, MERGED = 1, 2, 3, 4  # values of ENDED: why
PLOT, STATED, PERSONS = 0, 1, 2  # who begins a track: who may displace whom
NOBODY = -1.0  # whose stand: a machine's


@inner
def known_id(cols: Cols, track: int) -> bool:
    """Is a live track of this id the last that began at its place of the index?"""
    at = (track >> 13) & (c.INDEX_SLOTS - 1)
    slot = cols.begun[at]
    same = cols.i[slot, c.LIVE] == 1 and cols.i[slot, c.ID] == track
    return same and not cols.i[slot, c.ENDED]


@inner
def begin(
    cols: Cols,
    w: Work,
    track: int,
    mark: int,
    t_obs_ns: int,
    t_recv_ns: int,
    llr: float,
    rank: int,
) -> int:
    """A new track's slot, its components yet to be filled; -1: there is no room for it.

    At the limit a plot begins no track; a stated place or a person ends the weakest that is not
    confirmed; where all are, a person's word takes a spare slot.
    """
    if cols.tally[c.C_FREE] == 0:
        cols.tally[c.C_DROPPED] += 1
        return -1
    if cols.tally[c.C_N] >= cols.tally[c.C_LIMIT]:
        cols.tally[c.C_DROPPED] += 1
        if rank == PLOT or (not _end_weakest(cols) and rank != PERSONS):
            return -1
    cols.tally[c.C_FREE] -= 1
    last: int = cols.tally[c.C_FREE]
    slot: int = cols.free[last]
    last = cols.tally[c.C_N]
    cols.order[last], cols.place[slot] = slot, last
    cols.tally[c.C_N] += 1
    for j in range(c.I_N):
        cols.i[slot, j] = 0
    for j in range(c.F_N):
        cols.f[slot, j] = 0.0
    for k in range(c.SEEN_MAX):
        cols.seen[slot, k, 0] = cols.seen[slot, k, 1] = 0
    for k in range(c.WITNESS_MAX):
        cols.wit[slot, k, 0] = cols.wit[slot, k, 1] = 0
    for k in range(c.NAMES_MAX):
        cols.names[slot, k, 0] = cols.names[slot, k, 1] = 0
    i = cols.i[slot]
    i[c.T] = i[c.T_FIRST] = i[c.T_LAST] = i[c.LIFE] = t_obs_ns
    i[c.T_CAUSE] = t_recv_ns
    i[c.ID] = track
    i[c.MARK] = mark
    i[c.FIX] = SECTOR
    i[c.LIVE] = 1
    cols.begun[(track >> 13) & (c.INDEX_SLOTS - 1)] = slot
    cols.f[slot, c.LLR] = llr
    cols.f[slot, c.AZ_DEG], cols.f[slot, c.AZ_SIGMA_DEG] = math.nan, 180.0
    cols.f[slot, c.STATED_E] = cols.f[slot, c.STATED_N] = math.nan
    first_belief(cols, slot)
    return slot


@inner
def filled(cols: Cols, slot: int, parts: int, is_sector: bool, w: Work) -> None:
    """The components of a new track are in place."""
    cols.i[slot, c.PARTS] = parts
    cols.i[slot, c.IS_SECTOR] = 1 if is_sector else 0
    if not is_sector:
        restart_ring(cols, slot)
    refresh(cols, slot, w)
    settle_fix(cols, slot)


@inner
def _end_weakest(cols: Cols) -> bool:
    """False: every track is confirmed."""
    worst = -1
    for k in range(cols.tally[c.C_N]):
        slot = cols.order[k]
        if cols.i[slot, c.ENDED] or cols.i[slot, c.STATUS] == CONFIRMED:
            continue
        if worst < 0:
            worst = slot
            continue
        a, b = cols.i[slot, c.STATUS], cols.i[worst, c.STATUS]
        if a < b or (a == b and cols.f[slot, c.LLR] < cols.f[worst, c.LLR]):
            worst = slot
    if worst >= 0:
        end(cols, worst, EXPIRED)
    return worst >= 0


@inner
def end(cols: Cols, slot: int, reason: int) -> None:
    """Hidden from now on; the next advance reports it and frees its slot."""
    cols.i[slot, c.ENDED] = reason
    cols.gate[cols.place[slot], c.MEAN_E] = math.inf  # no candidate any more
    for k in range(c.NAMES_MAX):
        cols.names[slot, k, 0] = cols.names[slot, k, 1] = 0


@inner
def sweep(cols: Cols) -> None:
    """Frees the slots of the ended; the order of the others stays."""
    n = 0
    for k in range(cols.tally[c.C_N]):
        slot = cols.order[k]
        if cols.i[slot, c.ENDED]:
            cols.i[slot, c.LIVE] = 0
            cols.free[cols.tally[c.C_FREE]] = slot
            cols.tally[c.C_FREE] += 1
        else:
            if n < k:
                cols.order[n], cols.place[slot] = slot, n
                for j in range(c.GATE_N):
                    cols.gate[n, j] = cols.gate[k, j]
            n += 1
    cols.tally[c.C_N] = n


@inner
def show(cols: Cols, slot: int, trusted: bool, w: Work) -> int:
    """Raises the status; a track shown first gets a number, or becomes the sector that already
    has one. -> its slot (another one if a sector adopted it)."""
    if promote(cols, slot, trusted):
        sector = _sector_of(cols, slot) if cols.i[slot, c.FIX] == POSITION else -1
        if sector >= 0:
            return _adopt(cols, sector, slot, w)
        cols.i[slot, c.NUMBER] = cols.tally[c.C_NUMBER]
        cols.tally[c.C_NUMBER] += 1
    return slot


@inner
def seen_from(cols: Cols, slot: int, e: float, n: float, whose: float) -> None:
    """Remembers where a bearing was taken; a second place far enough makes it a crossing."""
    have = cols.i[slot, c.STANDS]
    for k in range(have):
        de, dn = cols.stands[slot, k, 0] - e, cols.stands[slot, k, 1] - n
        if de * de + dn * dn < STANDS_APART_M * STANDS_APART_M:
            return
    if have < c.STANDS_MAX:
        cols.stands[slot, have, 0] = e
        cols.stands[slot, have, 1] = n
        cols.stands[slot, have, 2] = whose
        cols.i[slot, c.STANDS] = have + 1
        if have >= 1:
            cols.i[slot, c.RANGED] = 1


@inner
def _sector_of(cols: Cols, slot: int) -> int:
    """The one shown sector whose bearings the new position explains; -1: none or several."""
    found = -1
    for k in range(cols.tally[c.C_N]):
        other = cols.order[k]
        i = cols.i[other]
        if other == slot or i[c.ENDED] or i[c.STATUS] == 0 or i[c.FIX] != SECTOR:
            continue
        if i[c.MARK] != cols.i[slot, c.MARK] or cols.names[other, 0, 0]:
            continue
        if _explains(cols, slot, other):
            if found >= 0:
                return -1
            found = other
    return found


@inner
def _explains(cols: Cols, slot: int, sector: int) -> bool:
    """Does the position lie where the sector says its drone is?"""
    dt = (cols.i[sector, c.T] - cols.i[slot, c.T]) / 1e9
    if abs(dt) > ADOPT_AGE_S:
        return False
    f = cols.f[slot]
    e, n = f[c.MEAN_E] + dt * f[c.MEAN_VE], f[c.MEAN_N] + dt * f[c.MEAN_VN]
    more = 0.5 * (f[c.VAR_P] + dt * dt * f[c.VAR_V])
    for k in range(cols.i[sector, c.PARTS]):
        g = cols.g[sector, k]
        de, dn = e - g[1], n - g[2]
        a, b, d = g[7] + more, g[8], g[13] + more
        det = a * d - b * b
        nis = d * de * de - 2.0 * b * de * dn + a * dn * dn
        if det > 0.0 and nis <= ADOPT_NIS_MAX * det:
            return True
    return False


@inner
def _adopt(cols: Cols, sector: int, slot: int, w: Work) -> int:
    """The sector takes over the new track's state and evidence; the new one vanishes unseen."""
    old, new = cols.i[sector], cols.i[slot]
    fo, fn = cols.f[sector], cols.f[slot]
    fo[c.LLR] = min(max(fo[c.LLR], 0.0) + max(fn[c.LLR], 0.0), LLR_MAX)
    old[c.UNSEEN] = max(old[c.UNSEEN], new[c.UNSEEN])
    old[c.HITS] += new[c.HITS]
    old[c.T_LAST] = max(old[c.T_LAST], new[c.T_LAST])
    old[c.T_RANGED], old[c.T_CAUSE] = new[c.T_RANGED], new[c.T_CAUSE]
    old[c.T_SCAN], old[c.LIFE] = new[c.T_SCAN], max(old[c.LIFE], new[c.LIFE])
    old[c.FLAGS] |= new[c.FLAGS]
    old[c.KINDS] |= new[c.KINDS]
    for k in range(c.CLASSES):
        fo[c.CL_DRONE + k] = max(fo[c.CL_DRONE + k], fn[c.CL_DRONE + k])
    for k in range(c.KINDS_MAX):
        fo[c.CREDIT + k] += fn[c.CREDIT + k]
    for k in range(c.WITNESS_MAX):
        if cols.wit[slot, k, 0]:
            witness(cols, sector, cols.wit[slot, k, 0] - 1, cols.wit[slot, k, 1])
    for k in range(c.SEEN_MAX):
        cols.seen[sector, k, 0] = cols.seen[slot, k, 0]
        cols.seen[sector, k, 1] = cols.seen[slot, k, 1]
    for k in range(c.NAMES_MAX):
        cols.names[sector, k, 0] = cols.names[slot, k, 0]
        cols.names[sector, k, 1] = cols.names[slot, k, 1]
    for k in range(c.SERIAL_N):
        cols.serial[sector, k] = cols.serial[slot, k]
    fo[c.STATED_E], fo[c.STATED_N] = fn[c.STATED_E], fn[c.STATED_N]
    old[c.RANGED] = old[c.SOLID] = 1
    old[c.FIX] = POSITION
    end(cols, slot, EXPIRED)
    for k in range(MOVES):
        for j in range(SIZE):
            cols.g[sector, k, j] = cols.g[slot, k, j]
    old[c.T] = new[c.T]
    old[c.PARTS], old[c.IS_SECTOR] = MOVES, 0
    restart_ring(cols, sector)
    promote(cols, sector, True)
    refresh(cols, sector, w)
    return sector


@inner
def copy_name(cols: Cols, slot: int, name: NDArray[np.uint8]) -> None:
    """The stated identity that people read."""
    for k in range(c.SERIAL_N):
        cols.serial[slot, k] = name[k]
