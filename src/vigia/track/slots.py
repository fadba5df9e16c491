"""Begin, show and end a track in its slot; a new position that a sector already told of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.track import layout as c
from vigia.track.fuse import MOVES, refresh, restart_ring
from vigia.track.imm import SIZE
from vigia.track.jit import inner
from vigia.track.living import (
    LLR_MAX,
    POSITION,
    SECTOR,
    first_belief,
    promote,
    settle_fix,
    witness,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

STANDS_APART_M = 30.0  # two observers nearer than this do not cross their bearings
ADOPT_NIS_MAX = 9.0  # a new fix this near (squared sigmas) to a sector is what the sector saw
ADOPT_AGE_S = 12.0
EXPIRED, FALSE, DEPARTED, MERGED = 1, 2, 3, 4  # values of ENDED: why
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
    trusted: bool,
) -> int:
    """A new track's slot, its components yet to be filled; -1: there is no room for it.

    At the limit a plot begins no track; a person or a stated place ends the weakest.
    """
    if cols.count[c.C_N] >= cols.count[c.C_LIMIT]:
        cols.count[c.C_DROPPED] += 1
        if not trusted:
            return -1
        _end_weakest(cols)
    if cols.count[c.C_FREE] == 0:
        return -1
    cols.count[c.C_FREE] -= 1
    slot = cols.free[cols.count[c.C_FREE]]
    cols.order[cols.count[c.C_N]] = slot
    cols.count[c.C_N] += 1
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
    for k in range(24):
        cols.serial[slot, k] = 0
    for k in range(c.KINDS_MAX):
        cols.kinds[slot, k] = 0
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
def _end_weakest(cols: Cols) -> None:
    worst = -1
    for k in range(cols.count[c.C_N]):
        slot = cols.order[k]
        if cols.i[slot, c.ENDED]:
            continue
        if worst < 0:
            worst = slot
            continue
        a, b = cols.i[slot, c.STATUS], cols.i[worst, c.STATUS]
        if a < b or (a == b and cols.f[slot, c.LLR] < cols.f[worst, c.LLR]):
            worst = slot
    if worst >= 0:
        end(cols, worst, EXPIRED)


@inner
def end(cols: Cols, slot: int, reason: int) -> None:
    """Hidden from now on; the next advance reports it and frees its slot."""
    cols.i[slot, c.ENDED] = reason
    for k in range(c.NAMES_MAX):
        cols.names[slot, k, 0] = cols.names[slot, k, 1] = 0


@inner
def sweep(cols: Cols) -> None:
    """Frees the slots of the ended; the order of the others stays."""
    n = 0
    for k in range(cols.count[c.C_N]):
        slot = cols.order[k]
        if cols.i[slot, c.ENDED]:
            cols.i[slot, c.LIVE] = 0
            cols.free[cols.count[c.C_FREE]] = slot
            cols.count[c.C_FREE] += 1
        else:
            cols.order[n] = slot
            n += 1
    cols.count[c.C_N] = n


@inner
def show(cols: Cols, slot: int, trusted: bool, w: Work) -> int:
    """Raises the status; a track shown first gets a number, or becomes the sector that already
    has one. -> its slot (another one if a sector adopted it)."""
    if promote(cols, slot, trusted):
        sector = _sector_of(cols, slot) if cols.i[slot, c.FIX] == POSITION else -1
        if sector >= 0:
            return _adopt(cols, sector, slot, w)
        cols.i[slot, c.NUMBER] = cols.count[c.C_NUMBER]
        cols.count[c.C_NUMBER] += 1
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
    for k in range(cols.count[c.C_N]):
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
    old[c.HITS] += new[c.HITS]
    old[c.T_LAST] = max(old[c.T_LAST], new[c.T_LAST])
    old[c.T_RANGED], old[c.T_CAUSE], old[c.LIFE] = new[c.T_RANGED], new[c.T_CAUSE], new[c.LIFE]
    old[c.FLAGS] |= new[c.FLAGS]
    for k in range(c.CLASSES):
        fo[c.CL_DRONE + k] = max(fo[c.CL_DRONE + k], fn[c.CL_DRONE + k])
    for k in range(c.KINDS_MAX):
        fo[c.CREDIT + k] += fn[c.CREDIT + k]
        cols.kinds[sector, k] |= cols.kinds[slot, k]
    for k in range(c.WITNESS_MAX):
        if cols.wit[slot, k, 0]:
            witness(cols, sector, cols.wit[slot, k, 0] - 1, cols.wit[slot, k, 1])
    for k in range(c.SEEN_MAX):
        cols.seen[sector, k, 0] = cols.seen[slot, k, 0]
        cols.seen[sector, k, 1] = cols.seen[slot, k, 1]
    for k in range(c.NAMES_MAX):
        cols.names[sector, k, 0] = cols.names[slot, k, 0]
        cols.names[sector, k, 1] = cols.names[slot, k, 1]
    for k in range(24):
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
    for k in range(24):
        cols.serial[slot, k] = name[k]


# ---- two tracks of one drone -----------------------------------------------------------------

SAME_NIS_MAX = 12.0  # squared sigmas of place and velocity between two tracks of one drone
SAME_M = 60.0
SAME_LOOKS = 3  # so many times in a row before they are one


@inner
def merge(cols: Cols, w: Work, t_ns: int) -> None:
    """Called once a second: two tracks of one drone become one, the one shown first.

    They are one when they stay where and as fast as each other allows, and no look of a sensor
    gave each a row of its own.
    """
    n = 0
    slots = np.empty(cols.count[c.C_N], np.int64)
    east = np.empty(cols.count[c.C_N])
    for k in range(cols.count[c.C_N]):
        slot = cols.order[k]
        i = cols.i[slot]
        if not i[c.ENDED] and i[c.STATUS] > 0 and i[c.IS_SECTOR] == 0 and i[c.FIX] == POSITION:
            slots[n] = slot
            dt = min((t_ns - i[c.T]) / 1e9, 5.0)
            east[n] = cols.f[slot, c.MEAN_E] + dt * cols.f[slot, c.MEAN_VE]
            n += 1
    order = np.argsort(east[:n], kind="mergesort")
    paired = np.full(n, -1, np.int64)  # the younger one's elder
    for a in range(n):
        for b in range(a + 1, n):
            p, q = order[a], order[b]
            if east[q] - east[p] > SAME_M:
                break
            if cols.i[slots[p], c.NUMBER] < cols.i[slots[q], c.NUMBER]:
                p, q = q, p
            if paired[p] < 0 and _same(cols, slots[p], slots[q], t_ns):
                paired[p] = q
    for a in range(n):
        younger = slots[a]
        if paired[a] < 0:
            cols.i[younger, c.TWINS] = 0
            continue
        cols.i[younger, c.TWINS] += 1
        elder = slots[paired[a]]
        if cols.i[younger, c.TWINS] >= SAME_LOOKS and not cols.i[elder, c.ENDED]:
            _unite(cols, elder, younger, w)


@inner
def _same(cols: Cols, a: int, b: int, t_ns: int) -> bool:
    ia, ib = cols.i[a], cols.i[b]
    if ia[c.MARK] != ib[c.MARK] or ia[c.T_SCAN] == ib[c.T_SCAN]:
        return False
    for j in range(c.NAMES_MAX):
        for k in range(c.NAMES_MAX):
            space = cols.names[a, j, 0]
            if space and space == cols.names[b, k, 0] and cols.names[a, j, 1] != cols.names[b, k, 1]:
                return False
    fa, fb = cols.f[a], cols.f[b]
    da, db = (t_ns - ia[c.T]) / 1e9, (t_ns - ib[c.T]) / 1e9
    da, db = max(min(da, 5.0), -5.0), max(min(db, 5.0), -5.0)
    de = fa[c.MEAN_E] + da * fa[c.MEAN_VE] - fb[c.MEAN_E] - db * fb[c.MEAN_VE]
    dn = fa[c.MEAN_N] + da * fa[c.MEAN_VN] - fb[c.MEAN_N] - db * fb[c.MEAN_VN]
    du = fa[c.MEAN_U] - fb[c.MEAN_U]
    dve, dvn = fa[c.MEAN_VE] - fb[c.MEAN_VE], fa[c.MEAN_VN] - fb[c.MEAN_VN]
    flat = de * de + dn * dn
    if flat + du * du > SAME_M * SAME_M:
        return False
    vp = 0.5 * (_var_at(fa, abs(da)) + _var_at(fb, abs(db)))
    vv = 0.5 * (fa[c.VAR_V] + fb[c.VAR_V]) + 4.0
    vu = fa[c.VAR_U] + fb[c.VAR_U] + 4.0
    return flat / vp + du * du / vu + (dve * dve + dvn * dvn) / vv <= SAME_NIS_MAX


@inner
def _var_at(f: NDArray[np.float64], dt_s: float) -> float:
    return f[c.VAR_P] + dt_s * (f[c.VAR_X] + dt_s * (f[c.VAR_V] + 5.0 * dt_s))


@inner
def _unite(cols: Cols, a: int, b: int, w: Work) -> None:
    """a, shown first, keeps its number and takes the better state."""
    ia, ib = cols.i[a], cols.i[b]
    if cols.f[b, c.VAR_P] < cols.f[a, c.VAR_P] and ib[c.T] >= ia[c.T]:
        for k in range(MOVES):
            for j in range(SIZE):
                cols.g[a, k, j] = cols.g[b, k, j]
        ia[c.T] = ib[c.T]
        restart_ring(cols, a)
        refresh(cols, a, w)
    cols.f[a, c.LLR] = max(cols.f[a, c.LLR], cols.f[b, c.LLR])
    ia[c.T_LAST], ia[c.T_CAUSE] = max(ia[c.T_LAST], ib[c.T_LAST]), max(ia[c.T_CAUSE], ib[c.T_CAUSE])
    ia[c.T_RANGED], ia[c.LIFE] = max(ia[c.T_RANGED], ib[c.T_RANGED]), max(ia[c.LIFE], ib[c.LIFE])
    ia[c.T_SCAN] = max(ia[c.T_SCAN], ib[c.T_SCAN])
    ia[c.STATUS] = max(ia[c.STATUS], ib[c.STATUS])
    ia[c.FLAGS] |= ib[c.FLAGS]
    ia[c.SAID] |= ib[c.SAID]
    ia[c.TWINS] = 0
    for k in range(c.KINDS_MAX):
        cols.f[a, c.CREDIT + k] += cols.f[b, c.CREDIT + k]
        cols.kinds[a, k] |= cols.kinds[b, k]
    for k in range(c.WITNESS_MAX):
        if cols.wit[b, k, 0]:
            witness(cols, a, cols.wit[b, k, 0] - 1, cols.wit[b, k, 1])
    for k in range(c.SEEN_MAX):
        if cols.seen[b, k, 0]:
            _seen_too(cols, a, cols.seen[b, k, 0], cols.seen[b, k, 1])
    for k in range(c.NAMES_MAX):
        if cols.names[b, k, 0]:
            for j in range(c.NAMES_MAX):
                if cols.names[a, j, 0] == 0:
                    cols.names[a, j, 0], cols.names[a, j, 1] = cols.names[b, k, 0], cols.names[b, k, 1]
                    break
    if cols.serial[a, 0] == 0:
        copy_name(cols, a, cols.serial[b])
    end(cols, b, MERGED)


@inner
def _seen_too(cols: Cols, slot: int, sensor: int, t_ns: int) -> None:
    spare = -1
    for k in range(c.SEEN_MAX):
        if cols.seen[slot, k, 0] == sensor:
            cols.seen[slot, k, 1] = max(cols.seen[slot, k, 1], t_ns)
            return
        if cols.seen[slot, k, 0] == 0:
            spare = k
    if spare >= 0:
        cols.seen[slot, spare, 0] = sensor
        cols.seen[slot, spare, 1] = t_ns
