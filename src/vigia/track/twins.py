"""Two tracks of one drone -> one, under the number shown first.

docs/track.md section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track.fuse import MOVES, refresh, restart_ring
from vigia.track.imm import SIZE
from vigia.track.living import POSITION, witness
from vigia.track.slots import MERGED, copy_name, end

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

SAME_NIS_MAX = 12.0  # squared sigmas of place and velocity between two tracks of one drone
SAME_M = 60.0
APART_NS = 500_000_000  # seen this near in time, each had a row of its own
SAME_LOOKS = 3  # so many times in a row before they are one


@inner
def merge(cols: Cols, w: Work, t_ns: int) -> None:
    """Called once a second: two tracks of one drone become one, the one shown first.

    They are one when they stay where and as fast as each other allows, and no look of a sensor
    gave each a row of its own.
    """
    n = 0
    slots = np.empty(cols.tally[c.C_N], np.int64)
    east = np.empty(cols.tally[c.C_N])
    for k in range(cols.tally[c.C_N]):
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
            p: int = order[a]
            q: int = order[b]
            if east[q] - east[p] > SAME_M:
                break
            if cols.i[slots[p], c.NUMBER] < cols.i[slots[q], c.NUMBER]:
                p, q = q, p
            one: int = slots[p]
            other: int = slots[q]
            if paired[p] < 0 and _same(cols, one, other, t_ns):
                paired[p] = q
    for a in range(n):
        younger: int = slots[a]
        if paired[a] < 0:
            cols.i[younger, c.TWINS] = 0
            continue
        at: int = paired[a]
        elder: int = slots[at]
        cols.i[younger, c.TWINS] += _looked(cols, younger, elder, t_ns)
        if cols.i[younger, c.TWINS] >= SAME_LOOKS and not cols.i[elder, c.ENDED]:
            _unite(cols, elder, younger, w)


@inner
def _looked(cols: Cols, a: int, b: int, t_ns: int) -> int:
    """1 when there was a look since the last time they were compared; seconds, where none looks."""
    ia, ib = cols.i[a], cols.i[b]
    newest: int = max(ia[c.T_SCAN], ib[c.T_SCAN])
    if newest == 0:
        newest = t_ns
    if newest <= ia[c.T_TWIN]:
        return 0
    ia[c.T_TWIN] = newest
    return 1


@inner
def _same(cols: Cols, a: int, b: int, t_ns: int) -> bool:
    ia, ib = cols.i[a], cols.i[b]
    scanned = ia[c.T_SCAN] != 0 and ib[c.T_SCAN] != 0
    apart = scanned and abs(ia[c.T_SCAN] - ib[c.T_SCAN]) < APART_NS
    if ia[c.MARK] != ib[c.MARK] or apart:
        return False
    if not scanned and max(cols.f[a, c.SIGMA_M], cols.f[b, c.SIGMA_M]) > SAME_M:
        return False  # so uncertain that two drones may well be there
    for j in range(c.NAMES_MAX):
        for k in range(c.NAMES_MAX):
            space = cols.names[a, j, 0]
            if (
                space
                and space == cols.names[b, k, 0]
                and cols.names[a, j, 1] != cols.names[b, k, 1]
            ):
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
    ia[c.UNSEEN] = max(ia[c.UNSEEN], ib[c.UNSEEN])
    ia[c.SAID] |= ib[c.SAID]
    ia[c.TWINS] = 0
    ia[c.DRONES] = max(ia[c.DRONES], ib[c.DRONES])
    ib[c.T_TWIN] = ia[c.ID]
    ia[c.KINDS] |= ib[c.KINDS]
    for k in range(c.CLASSES):
        cols.f[a, c.CL_DRONE + k] = max(cols.f[a, c.CL_DRONE + k], cols.f[b, c.CL_DRONE + k])
    for k in range(c.KINDS_MAX):
        cols.f[a, c.CREDIT + k] += cols.f[b, c.CREDIT + k]
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
                    cols.names[a, j, 0], cols.names[a, j, 1] = (
                        cols.names[b, k, 0],
                        cols.names[b, k, 1],
                    )
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
