"""Which measurement belongs to which track: coarse gate over columns, then the best assignment.

Deterministic: ties go to the earlier row, then the earlier track.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.scan import Flag
from vigia.track.kalman import Q_M2_S3, TAU_S
from vigia.track.measure import NEAR_M, SOUND_MPS, Place, Polar, Stand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vigia.track.table import Table

GATE2 = 21.0  # coarse, on the trace of the covariance: never tighter than fit.GATE
EXACT_MAX = 40  # larger clusters are assigned greedily, best first
MANOEUVRE_MPS = 25.0  # what a drone may do while its sound is under way


def near(
    table: Table, slots: NDArray[np.intp], zs: Sequence[Polar | Place], at: Stand
) -> NDArray[np.bool_]:
    """(m, k): could measurement i come from the track in slots[j]? Generous, cheap."""
    x = table.x[:, slots]
    t = np.array([z.t_ns for z in zs], dtype=np.int64)[:, None]
    dt = (t - table.t_ns[slots]) / 1e9
    b = np.clip(dt, -TAU_S, TAU_S)  # |travel| <= |dt|
    pe, pn = x[0] + b * x[3], x[1] + b * x[4]
    b = np.abs(b)
    var = x[6] + x[12] + b * (2.0 * (np.abs(x[9]) + np.abs(x[15])) + b * (x[21] + x[24]))
    var = var + (2.0 / 3.0 * Q_M2_S3) * b**3
    out = np.empty(dt.shape, dtype=np.bool_)
    v: NDArray[np.float64]
    for i, z in enumerate(zs):
        e, n, v = pe[i], pn[i], var[i]
        if isinstance(z, Place):
            out[i] = (e - z.e_m) ** 2 + (n - z.n_m) ** 2 <= GATE2 * (v + 2.0 * z.sigma_m**2)
            continue
        de, dn = e - at.e_m, n - at.n_m
        rho2 = np.maximum(de * de + dn * dn, NEAR_M * NEAR_M)
        if z.flags & Flag.HEARD:
            v = v + rho2 * (MANOEUVRE_MPS / SOUND_MPS) ** 2
        if z.range_m == z.range_m:
            flat = z.range_m * math.cos(z.el) if z.el == z.el else z.range_m
            spread = (z.range_m * z.az_sigma) ** 2 + z.range_sigma_m**2
            if z.el == z.el:
                spread += (z.range_m * z.el_sigma) ** 2
            else:
                v = v + (0.3 * z.range_m) ** 2  # the height bends slant range
            off2 = (de - flat * math.sin(z.az)) ** 2 + (dn - flat * math.cos(z.az)) ** 2
            out[i] = off2 <= GATE2 * (v + spread + at.sigma_m**2)
        else:
            off = np.abs((np.arctan2(de, dn) - z.az + np.pi) % (2.0 * np.pi) - np.pi)
            v = np.where(table.many[slots], 2.0 * v, v) + at.sigma_m**2
            out[i] = (off * off <= GATE2 * (z.az_sigma**2 + v / rho2)) | (v > 0.1 * rho2)
    return out


def assign(score: Sequence[Sequence[float]]) -> list[int]:
    """Rows to columns so that the sum of scores is largest; -1: none. Only scores above zero
    are used; a column at most once."""
    m = len(score)
    out = [-1] * m
    for rows, cols in _clusters(score):
        if len(rows) == 1:
            best = max(cols, key=lambda c: score[rows[0]][c])
            out[rows[0]] = best
        elif max(len(rows), len(cols)) > EXACT_MAX:
            _greedy(score, rows, cols, out)
        else:
            _exact(score, rows, cols, out)
    return out


def _clusters(score: Sequence[Sequence[float]]) -> list[tuple[list[int], list[int]]]:
    """Rows and columns that compete, directly or through others; rows with nothing left out."""
    of_col: dict[int, list[int]] = {}
    for i, row in enumerate(score):
        for j, s in enumerate(row):
            if s > 0.0:
                of_col.setdefault(j, []).append(i)
    seen_rows: set[int] = set()
    out: list[tuple[list[int], list[int]]] = []
    for i, row in enumerate(score):
        if i in seen_rows:
            continue
        rows, cols, todo = [i], {j: None for j, s in enumerate(row) if s > 0.0}, [i]
        seen_rows.add(i)
        while todo:
            r = todo.pop()
            for j, s in enumerate(score[r]):
                if s <= 0.0:
                    continue
                cols[j] = None
                for other in of_col[j]:
                    if other not in seen_rows:
                        seen_rows.add(other)
                        rows.append(other)
                        todo.append(other)
        if cols:
            out.append((sorted(rows), sorted(cols)))
    return out


def _greedy(
    score: Sequence[Sequence[float]], rows: list[int], cols: list[int], out: list[int]
) -> None:
    pairs = sorted((-score[i][j], i, j) for i in rows for j in cols if score[i][j] > 0.0)
    taken: set[int] = set()
    for _, i, j in pairs:
        if out[i] < 0 and j not in taken:
            out[i] = j
            taken.add(j)


def _exact(
    score: Sequence[Sequence[float]], rows: list[int], cols: list[int], out: list[int]
) -> None:
    """Hungarian method with potentials; a private dummy column per row means "none", cost 0."""
    n, width = len(rows), len(cols) + len(rows)
    inf = math.inf
    u, v = [0.0] * (n + 1), [0.0] * (width + 1)
    match, way = [0] * (width + 1), [0] * (width + 1)
    for i in range(1, n + 1):
        match[0], j0 = i, 0
        low, used = [inf] * (width + 1), [False] * (width + 1)
        while True:
            used[j0] = True
            i0, delta, j1 = match[j0], inf, 0
            for j in range(1, width + 1):
                if used[j]:
                    continue
                s = score[rows[i0 - 1]][cols[j - 1]] if j <= len(cols) else 0.0
                cost = -s if j > len(cols) or s > 0.0 else 1e9
                cur = cost - u[i0] - v[j]
                if cur < low[j]:
                    low[j], way[j] = cur, j0
                if low[j] < delta:
                    delta, j1 = low[j], j
            for j in range(width + 1):
                if used[j]:
                    u[match[j]] += delta
                    v[j] -= delta
                else:
                    low[j] -= delta
            j0 = j1
            if match[j0] == 0:
                break
        while j0:
            match[j0], j0 = match[way[j0]], way[j0]
    for j in range(1, len(cols) + 1):
        i = match[j]
        if i and score[rows[i - 1]][cols[j - 1]] > 0.0:
            out[rows[i - 1]] = cols[j - 1]
