"""A track's slot and a measurement, early or late -> the slot with it.

Late measurements are used at their true time: the state after each of the last RING_MAX is kept,
so the filter goes back, takes the late one and the younger ones again. Older than that, or about
a sector: turned into a measurement of the present (imm.update_late). docs/track.md section 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track.imm import (
    NOTHING,
    PRIOR,
    SIZE,
    moments,
    predict,
    sound,
    update,
    update_late,
)
from vigia.track.sense import HEARD, IS_PLACE, RNG, SOUND_MPS, STAND_E, STAND_N, STAND_U, Z_N

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

PART_MIN = 2e-3  # a plausible range less probable than this is dropped
MOVES = 3  # ways of moving: the first rows of the table of models
SECTOR_MODEL = 3  # its row for a sector's parts
MISFIT = 1e300
ONE_SIGMA_M = 45.0  # plausible ranges that leave no more doubt than this are one place


@inner
def true_time(cols: Cols, slot: int, z: NDArray[np.float64], t_ns: int) -> int:
    """When the measurement was true of the source: sound was made before it was heard."""
    if z[HEARD] < 0.5:
        return t_ns
    dt = (t_ns - cols.i[slot, c.T]) / 1e9
    de = cols.f[slot, c.MEAN_E] + dt * cols.f[slot, c.MEAN_VE] - z[STAND_E]
    dn = cols.f[slot, c.MEAN_N] + dt * cols.f[slot, c.MEAN_VN] - z[STAND_N]
    du = cols.f[slot, c.MEAN_U] - z[STAND_U]
    far = min(math.sqrt(de * de + dn * dn + du * du), 5_000.0)
    return t_ns - int(far / SOUND_MPS * 1e9)


@inner
def attempt(
    cols: Cols, slot: int, z: NDArray[np.float64], t_ns: int, models: NDArray[np.float64], w: Work
) -> tuple[float, float]:
    """How z fits, without taking it: the components with it are left in w.g.

    -> log density, squared innovation.
    """
    m = cols.i[slot, c.PARTS]
    if cols.i[slot, c.IS_SECTOR]:
        copy_parts(cols.g[slot], w.g, m)
        return _sector(w.g, m, z, (t_ns - cols.i[slot, c.T]) / 1e9, models, w)
    t_ns = true_time(cols, slot, z, t_ns)
    dt = (t_ns - cols.i[slot, c.T]) / 1e9
    if dt >= 0.0:
        copy_parts(cols.g[slot], w.g, m)
        predict(w.g, m, dt, models, w.tmp)
        return update(w.g, m, z, w.tmp, w.rows)
    p = _place_in_ring(cols, slot, t_ns)
    if p == 0:
        copy_parts(cols.g[slot], w.g, m)
        return _late(w.g, m, z, -dt, models, w)
    at = cols.ring_o[slot, p - 1]
    copy_parts(cols.ring_g[slot, at], w.g, m)
    predict(w.g, m, (t_ns - cols.ring_t[slot, at]) / 1e9, models, w.tmp)
    return update(w.g, m, z, w.tmp, w.rows)


@inner
def take(
    cols: Cols, slot: int, z: NDArray[np.float64], t_ns: int, models: NDArray[np.float64], w: Work
) -> tuple[float, float]:
    """Takes z for good. A result that cannot be kept leaves the track as it was.

    -> log density, squared innovation (MISFIT: not taken).
    """
    odds, nis = attempt(cols, slot, z, t_ns, models, w)
    return settle(cols, slot, z, t_ns, models, w, odds, nis)


@inner
def settle(
    cols: Cols,
    slot: int,
    z: NDArray[np.float64],
    t_ns: int,
    models: NDArray[np.float64],
    w: Work,
    odds: float,
    nis: float,
) -> tuple[float, float]:
    """take, where attempt has left the components in w.g."""
    m = cols.i[slot, c.PARTS]
    if not (sound(w.g, m) and nis < MISFIT):
        return NOTHING, MISFIT
    if cols.i[slot, c.IS_SECTOR]:
        _keep_sector(cols, slot, m, t_ns, models, w, z[IS_PLACE] > 0.5 or not math.isnan(z[RNG]))
        return odds, nis
    t_ns = true_time(cols, slot, z, t_ns)
    late = t_ns < cols.i[slot, c.T]
    p = _place_in_ring(cols, slot, t_ns)
    if late and p == 0:
        copy_parts(w.g, cols.g[slot], m)
        last = cols.ring_o[slot, cols.i[slot, c.RING_LEN] - 1]
        copy_parts(w.g, cols.ring_g[slot, last], m)  # so that the next late one keeps it
        refresh(cols, slot, w)
        return odds, nis
    if not late:
        copy_parts(w.g, cols.g[slot], m)
        cols.i[slot, c.T] = t_ns
        _remember(cols, slot, p, t_ns, z, w.g, m)
        refresh(cols, slot, w)
        return odds, nis
    p = _remember(cols, slot, p, t_ns, z, w.g, m)
    _again_from(cols, slot, p, m, models, w)
    return odds, nis


@inner
def _again_from(
    cols: Cols, slot: int, p: int, m: int, models: NDArray[np.float64], w: Work
) -> None:
    """Takes the younger measurements of the ring again, after the one at place p."""
    at = cols.ring_o[slot, p]
    copy_parts(cols.ring_g[slot, at], w.g, m)
    t_ns = cols.ring_t[slot, at]
    for q in range(p + 1, cols.i[slot, c.RING_LEN]):
        at = cols.ring_o[slot, q]
        predict(w.g, m, (cols.ring_t[slot, at] - t_ns) / 1e9, models, w.tmp)
        t_ns = cols.ring_t[slot, at]
        copy_parts(w.g, w.h, m)
        update(w.g, m, cols.ring_z[slot, at], w.tmp, w.rows)
        if not sound(w.g, m):
            copy_parts(w.h, w.g, m)
        copy_parts(w.g, cols.ring_g[slot, at], m)
    copy_parts(w.g, cols.g[slot], m)
    refresh(cols, slot, w)


@inner
def _place_in_ring(cols: Cols, slot: int, t_ns: int) -> int:
    """How many of the ring are not younger than t_ns."""
    p = cols.i[slot, c.RING_LEN]
    while p > 0 and cols.ring_t[slot, cols.ring_o[slot, p - 1]] > t_ns:
        p -= 1
    return p


@inner
def _remember(
    cols: Cols,
    slot: int,
    p: int,
    t_ns: int,
    z: NDArray[np.float64],
    g: NDArray[np.float64],
    m: int,
) -> int:
    """Puts z and the state after it at place p of the ring; a full one forgets its oldest.

    -> the place it has now.
    """
    n = cols.i[slot, c.RING_LEN]
    order = cols.ring_o[slot]
    if n == c.RING_MAX:
        at = order[0]
        p -= 1
        for q in range(p):
            order[q] = order[q + 1]
    else:
        at = n
        for q in range(n, p, -1):
            order[q] = order[q - 1]
        cols.i[slot, c.RING_LEN] = n + 1
    order[p] = at
    cols.ring_t[slot, at] = t_ns
    for j in range(Z_N):
        cols.ring_z[slot, at, j] = z[j]
    copy_parts(g, cols.ring_g[slot, at], m)
    return p


@inner
def _sector(
    g: NDArray[np.float64],
    m: int,
    z: NDArray[np.float64],
    dt_s: float,
    models: NDArray[np.float64],
    w: Work,
) -> tuple[float, float]:
    """Every plausible range by itself, to the later of both times, weighed by how well it
    explains z. The log density of each is left in w.m."""
    if dt_s > 0.0:
        for k in range(m):
            predict(g[k : k + 1], 1, dt_s, models[SECTOR_MODEL:], w.tmp)
    least = MISFIT
    top = NOTHING
    for k in range(m):
        back = max(-dt_s, 0.0)
        if z[HEARD] > 0.5:
            de, dn, du = g[k, 1] - z[STAND_E], g[k, 2] - z[STAND_N], g[k, 3] - z[STAND_U]
            back += min(math.sqrt(de * de + dn * dn + du * du), 5_000.0) / SOUND_MPS
        odds, nis = update_late(g[k], z, back, models, SECTOR_MODEL, w.tmp, w.rows)
        w.m[k] = odds
        least = min(least, nis)
        top = max(top, odds)
    return _weigh(g, m, top, w), least


@inner
def _late(
    g: NDArray[np.float64],
    m: int,
    z: NDArray[np.float64],
    back_s: float,
    models: NDArray[np.float64],
    w: Work,
) -> tuple[float, float]:
    """A measurement of back_s ago into ways of moving."""
    least = MISFIT
    top = NOTHING
    for k in range(m):
        odds, nis = update_late(g[k], z, back_s, models, k, w.tmp, w.rows)
        w.m[k] = odds
        least = min(least, nis)
        top = max(top, odds)
    return _weigh(g, m, top, w), least


@inner
def _weigh(g: NDArray[np.float64], m: int, top: float, w: Work) -> float:
    """Weights by the log densities in w.m. -> log density of the mixture."""
    total = 0.0
    for k in range(m):
        w.m[k] = g[k, 0] * math.exp(max(w.m[k] - top, -700.0))
        total += w.m[k]
    for k in range(m):
        g[k, 0] = w.m[k] / total
    return top + math.log(total)


@inner
def _keep_sector(
    cols: Cols,
    slot: int,
    m: int,
    t_ns: int,
    models: NDArray[np.float64],
    w: Work,
    placed: bool,
) -> None:
    """The plausible ranges that are left, several that mean the same place as one; with a range or
    a stated place it becomes a state that moves in several ways."""
    n = 0
    total = 0.0
    for k in range(m):
        if w.g[k, 0] >= PART_MIN:
            for j in range(SIZE):
                cols.g[slot, n, j] = w.g[k, j]
            total += w.g[k, 0]
            n += 1
    for k in range(n):
        cols.g[slot, k, 0] /= total
    cols.i[slot, c.PARTS] = n
    cols.i[slot, c.T] = max(t_ns, cols.i[slot, c.T])
    refresh(cols, slot, w)
    if n > 1 and (placed or cols.f[slot, c.SIGMA_M] < ONE_SIGMA_M):
        moments(cols.g[slot], n, w.m)
        for j in range(1, SIZE):
            cols.g[slot, 0, j] = w.m[j]
        cols.g[slot, 0, 0] = 1.0
        cols.i[slot, c.PARTS] = 1
    if placed:
        set_moving(cols, slot, models)


@inner
def set_moving(cols: Cols, slot: int, models: NDArray[np.float64]) -> None:
    """The first component becomes one for each way of moving; the ring starts anew."""
    for k in range(MOVES):
        for j in range(1, SIZE):
            cols.g[slot, k, j] = cols.g[slot, 0, j]
    for k in range(MOVES):
        cols.g[slot, k, 0] = models[k, PRIOR]
    cols.i[slot, c.PARTS] = MOVES
    cols.i[slot, c.IS_SECTOR] = 0
    restart_ring(cols, slot)


@inner
def restart_ring(cols: Cols, slot: int) -> None:
    """The state as it is becomes the oldest that late measurements can go back to."""
    cols.i[slot, c.RING_LEN] = 1
    cols.ring_o[slot, 0] = 0
    cols.ring_t[slot, 0] = cols.i[slot, c.T]
    for j in range(Z_N):
        cols.ring_z[slot, 0, j] = 0.0
    copy_parts(cols.g[slot], cols.ring_g[slot, 0], MOVES)


@inner
def refresh(cols: Cols, slot: int, w: Work) -> None:
    """The columns that mirror the components' moments."""
    moments(cols.g[slot], cols.i[slot, c.PARTS], w.m)
    m, f = w.m, cols.f[slot]
    f[c.MEAN_E], f[c.MEAN_N], f[c.MEAN_U] = m[1], m[2], m[3]
    f[c.MEAN_VE], f[c.MEAN_VN], f[c.MEAN_VU] = m[4], m[5], m[6]
    f[c.VAR_P] = m[7] + m[13]
    f[c.VAR_X] = 2.0 * (abs(m[10]) + abs(m[16]))
    f[c.VAR_V] = m[22] + m[25]
    f[c.VAR_U] = m[18]
    f[c.VAR_E], f[c.COV_EN], f[c.VAR_N] = m[7], m[8], m[13]
    place: int = cols.place[slot]
    for k in range(c.G_T):
        cols.gate[place, k] = f[k]
    cols.gate[place, c.G_T] = float(cols.i[slot, c.T])
    half = 0.5 * (m[7] + m[13])
    root = math.sqrt(0.25 * (m[7] - m[13]) * (m[7] - m[13]) + m[8] * m[8])
    f[c.SIGMA_M] = math.sqrt(max(half + root, 0.0))


@inner
def copy_parts(source: NDArray[np.float64], target: NDArray[np.float64], m: int) -> None:
    for k in range(m):
        for j in range(SIZE):
            target[k, j] = source[k, j]
