"""When a sensor looks, and what it means for a track that a look did not see it.

Log odds in nats. Sources of the numbers: docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track.fuse import copy_parts
from vigia.track.imm import predict

if TYPE_CHECKING:
    from vigia.track.layout import Cols, Work

STRAY_S = 30.0  # memory of the rate of rows nobody claims
MISSES_MAX = 8.0  # a sensor that no longer sees a track says so this often at most
MISS_SHARE = 0.95  # of p_detect: terrain and weather make looks fail together
STATED_SHARE = 0.3  # the same of a receiver of broadcasts
STATED_LATE = 3.0  # broadcasts come late and get lost: so many do not count as missed
SWEEPS_SURE, SWEEPS_MAX = 4, 8
NOTCH_MPS = 0.7  # slower along the line of sight than this a radar may not see it
NOTCH_SHARE = 0.35  # what is left of p_detect then
NOTCH_SOON, NOTCH_MOST = 0.01, 0.97  # no way of moving is surer than this
# of a sector, by its moments: the same, and that it began to hover since it was last seen
STILL_MPS, STILL_SOON, STILL_MOST = 0.8, 0.04, 0.95


@inner
def heard(cols: Cols, s: int, strays: int, t_ns: int) -> None:
    """A look at t_ns left so many rows that no track claimed."""
    before = cols.si[s, c.S_HEARD]
    if t_ns > before:
        gap_s = (t_ns - before) / 1e9 if before else 0.0
        cols.sf[s, c.S_STRAY] *= math.exp(-gap_s / STRAY_S)
        cols.si[s, c.S_HEARD] = t_ns
    cols.sf[s, c.S_STRAY] += strays / STRAY_S


@inner
def seen_again(cols: Cols, s: int, gap_s: float) -> None:
    """Follows the short gaps: long ones hold misses."""
    if gap_s < 0.05:
        return
    known = cols.sf[s, c.S_REVISIT]
    if known == 0.0:
        cols.sf[s, c.S_REVISIT] = gap_s
        return
    pull = 0.2 if gap_s < known else 0.01
    cols.sf[s, c.S_REVISIT] = known + pull * (gap_s - known)


@inner
def swept(cols: Cols, s: int, rows: int) -> None:
    """Does this sensor tell a whole sweep at once (then what it leaves out it did not see)?"""
    known = cols.si[s, c.S_SWEEPS]
    cols.si[s, c.S_SWEEPS] = min(known + 1, SWEEPS_MAX) if rows > 1 else max(known - 1, 0)


@inner
def looks_missed(cols: Cols, s: int, hit_ns: int, t_ns: int) -> float:
    """Looks since hit_ns that did not see the track; a sensor silent altogether has none."""
    revisit = cols.sf[s, c.S_REVISIT]
    if revisit == 0.0:
        return 0.0
    looks = (min(t_ns, cols.si[s, c.S_HEARD]) - hit_ns) / 1e9 / revisit
    if cols.si[s, c.S_STATED]:
        return max(looks - STATED_LATE, 0.0)
    if cols.si[s, c.S_SWEEPS] >= SWEEPS_SURE:
        return max(math.floor(looks + 0.25), 0.0)
    return max(looks - 0.6, 0.0)


@inner
def missed(cols: Cols, w: Work, slot: int, s: int, hit_ns: int, t_ns: int) -> float:
    """Nats against a track that s last saw at hit_ns; looks before another sensor's plot of it
    say nothing any more."""
    looks = looks_missed(cols, s, hit_ns, t_ns)
    if looks == 0.0:
        return 0.0
    before_s = (cols.i[slot, c.T_SCAN] - hit_ns) / 1e9
    past = max(math.floor(before_s / cols.sf[s, c.S_REVISIT] + 0.01), 0.0)
    looks = min(looks - past, MISSES_MAX)
    if looks <= 0.0:
        return 0.0
    pd = cols.sf[s, c.S_PD]
    if cols.si[s, c.S_STATED] or not cols.si[s, c.S_PLACED]:
        return -looks * math.log(1.0 - STATED_SHARE * pd)
    f = cols.f[slot]
    de, dn = f[c.MEAN_E] - cols.sf[s, c.S_E], f[c.MEAN_N] - cols.sf[s, c.S_N]
    du = f[c.MEAN_U] - cols.sf[s, c.S_U]
    r = math.sqrt(de * de + dn * dn + du * du) + 1.0
    far = r / cols.sf[s, c.S_RANGE]
    if far > 0.5:
        pd *= max(1.0 - 0.9 * (far - 0.5), 0.3) if far < 1.0 else 0.0
    if not cols.i[slot, c.IS_SECTOR] and cols.i[slot, c.SOLID]:
        return _one_by_one(cols, w, slot, s, hit_ns, past, looks, pd)
    rate = (de * f[c.MEAN_VE] + dn * f[c.MEAN_VN] + du * f[c.MEAN_VU]) / r
    spread = 0.5 * f[c.VAR_V] + 1.0
    still = 2.0 * STILL_MPS / math.sqrt(6.2832 * spread) * math.exp(-0.5 * rate * rate / spread)
    still = min(still + STILL_SOON, STILL_MOST)
    moving = math.exp(looks * math.log(1.0 - MISS_SHARE * pd))
    return -math.log(
        (1.0 - still) * moving + still * math.exp(looks * math.log(1.0 - NOTCH_SHARE * pd))
    )


@inner
def _one_by_one(
    cols: Cols, w: Work, slot: int, s: int, hit_ns: int, past: float, looks: float, pd: float
) -> float:
    """The looks after the first `past`, one after another: each way of moving is asked how
    likely it is in the radar's Doppler notch then, and a look that saw nothing makes those likelier
    that are."""
    m = cols.i[slot, c.PARTS]
    copy_parts(cols.g[slot], w.h, m)
    gap_s = cols.sf[s, c.S_REVISIT]
    at_s = (hit_ns - cols.i[slot, c.T]) / 1e9 + past * gap_s
    moved_s, nats = 0.0, 0.0
    while looks > 0.0:
        at_s += gap_s
        if at_s > moved_s:
            predict(w.h, m, at_s - moved_s, w.models, w.tmp)
            moved_s = at_s
        total = 0.0
        for k in range(m):
            notch = min(_in_notch(cols, w, k, s) + NOTCH_SOON, NOTCH_MOST)
            w.m[k] = (1.0 - notch) * (1.0 - MISS_SHARE * pd) + notch * (1.0 - NOTCH_SHARE * pd)
            total += w.h[k, 0] * w.m[k]
        for k in range(m):
            w.h[k, 0] *= w.m[k] / total
        nats -= min(looks, 1.0) * math.log(total)
        looks -= 1.0
    return nats


@inner
def _in_notch(cols: Cols, w: Work, k: int, s: int) -> float:
    """How likely component k of w.h comes and goes slower than NOTCH_MPS as seen from s."""
    g = w.h[k]
    de, dn, du = g[1] - cols.sf[s, c.S_E], g[2] - cols.sf[s, c.S_N], g[3] - cols.sf[s, c.S_U]
    r = math.sqrt(de * de + dn * dn + du * du) + 1.0
    de, dn, du = de / r, dn / r, du / r
    rate = g[4] * de + g[5] * dn + g[6] * du
    var = g[22] * de * de + 2.0 * g[23] * de * dn + g[25] * dn * dn + g[27] * du * du
    root = math.sqrt(2.0 * var)
    return 0.5 * (math.erf((NOTCH_MPS - rate) / root) + math.erf((NOTCH_MPS + rate) / root))


@inner
def missed_between(cols: Cols, w: Work, slot: int, s: int, last: int, t_ns: int) -> float:
    """Nats of the looks between two hits: the look of the second one is no miss."""
    revisit = cols.sf[s, c.S_REVISIT]
    if revisit == 0.0:
        return 0.0
    return missed(cols, w, slot, s, last, t_ns - int(revisit * 1e9))
