"""Two tracks with a plot each that might as well be the other way round: both states take both
plots, each in its share. docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track.fuse import MISFIT, attempt, copy_parts
from vigia.track.imm import SIZE, spread
from vigia.track.sense import RNG

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

SWAP_NATS = 4.0  # a swap less likely than this, one in 55, is not weighed


@inner
def swap(
    w: Work, pairs: int, taken: NDArray[np.bool_], z: NDArray[np.float64], r: int, q: int
) -> tuple[int, float]:
    """Row r goes to a track by pair q. -> the plot that another track has got and that might be
    this one's, if r were the other's; by how many nats that is less likely (inf: there is none).

    w.row_got: the pair of each row; w.row_spare: its first; w.group: the row that a track has."""
    rows, tracks, score = w.pair_row[:pairs], w.pair_track[:pairs], w.pair_score[:pairs]
    best, least = -1, math.inf
    p: int = w.row_spare[r]
    while p < pairs and rows[p] == r:
        rival: int = tracks[p]
        if p != q and taken[rival]:
            other: int = w.group[rival]
            k: int = w.row_spare[other]
            while k < pairs and rows[k] == other and not math.isnan(z[other, RNG]):
                if tracks[k] == tracks[q]:
                    off = score[q] + score[w.row_got[other]] - score[p] - score[k]
                    if off < least:
                        best, least = other, off
                k += 1
        p += 1
    return best, least


@inner
def blend(cols: Cols, w: Work, slot: int, z: NDArray[np.float64], t_ns: int, share: float) -> None:
    """w.g, the components with one plot -> with that one in this share, and with z in the rest."""
    m = cols.i[slot, c.PARTS]
    copy_parts(w.g, w.soft, m)
    _, nis = attempt(cols, slot, z, t_ns, w.models, w)
    if nis >= MISFIT:
        copy_parts(w.soft, w.g, m)
        return
    for k in range(m):
        a, b = share * w.soft[k, 0], (1.0 - share) * w.g[k, 0]
        u = a / (a + b)
        for j in range(SIZE):
            w.tmp[0, j] = w.g[k, j]
            w.g[k, j] = u * w.soft[k, j] + (1.0 - u) * w.tmp[0, j]
        spread(w.g[k], w.soft[k], u)
        spread(w.g[k], w.tmp[0], 1.0 - u)
        w.g[k, 0] = a + b
