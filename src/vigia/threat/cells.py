"""Points -> square cells, so that what is near a place is found without looking at all of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.jit import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE_MIN_M = 500.0
ACROSS_MAX = 128  # cells along one side; farther apart they get larger
BOX_E, BOX_N, BOX_SIDE = range(3)


@inner
def spread(en: NDArray[np.float64]) -> tuple[NDArray[np.float64], int, int]:
    """en (n, 2), n > 0 -> the box: its corner and the side of a cell [m]; cells east, north."""
    e0 = e1 = en[0, 0]
    n0 = n1 = en[0, 1]
    for k in range(len(en)):
        e0, e1 = min(e0, en[k, 0]), max(e1, en[k, 0])
        n0, n1 = min(n0, en[k, 1]), max(n1, en[k, 1])
    side = max(SIDE_MIN_M, max(e1 - e0, n1 - n0) / ACROSS_MAX)
    box = np.empty(3)
    box[BOX_E], box[BOX_N], box[BOX_SIDE] = e0, n0, side
    return box, int((e1 - e0) / side) + 1, int((n1 - n0) / side) + 1


@inner
def fill(
    en: NDArray[np.float64], box: NDArray[np.float64], east: int, north: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """-> (cells + 1,) where each cell begins in (n,), the points cell by cell, in order."""
    starts = np.zeros(east * north + 1, np.int64)
    cell = np.empty(len(en), np.int64)
    for k in range(len(en)):
        i = at(en[k, 0] - box[BOX_E], box[BOX_SIDE], east)
        j = at(en[k, 1] - box[BOX_N], box[BOX_SIDE], north)
        cell[k] = j * east + i
        starts[cell[k] + 1] += 1
    for c in range(east * north):
        starts[c + 1] += starts[c]
    free, points = starts.copy(), np.empty(len(en), np.int64)
    for k in range(len(en)):
        points[free[cell[k]]] = k
        free[cell[k]] += 1
    return starts, points


@inner
def at(off_m: float, side_m: float, cells: int) -> int:
    """Which cell along one side; beyond the box the outermost, of no place (NaN) the first."""
    return int(min(off_m / side_m, cells - 1.0)) if off_m > 0.0 else 0


@inner
def half_width(n_m: float, far_m: float, row: int, side_m: float, rows: int) -> float:
    """Half of what a circle of far_m around n_m (from the box's corner) takes of a row of cells."""
    low = 0.0 if row == 0 else row * side_m - n_m  # the outermost rows hold all beyond
    high = 0.0 if row == rows - 1 else n_m - (row + 1) * side_m
    off = max(low, high, 0.0)
    return math.sqrt(max(far_m * far_m - off * off, 0.0))
