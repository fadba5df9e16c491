"""Which measurement belongs to which track: coarse gate over columns, then the best assignment.

Deterministic: ties go to the earlier row, then the earlier track.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.scan import Flag
from vigia.track.kalman import Q_M2_S3, TAU_S, WILD
from vigia.track.measure import NEAR_M, SOUND_MPS, TURN, Place, Polar, Stand, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vigia.track.table import Table

GATE2 = 21.0  # coarse, on the trace of the covariance: never tighter than fit.GATE
FEW = 24  # pairs up to which plain numbers beat columns
EXACT_MAX = 40  # larger clusters are assigned greedily, best first
HEARD = int(Flag.HEARD)  # an int: operations on IntFlag cost a microsecond
FORBIDDEN = 1e9  # cost of a pair that does not fit
MANOEUVRE_MPS = 25.0  # what a drone may do while its sound is under way


def near(
    table: Table, slots: NDArray[np.intp], zs: Sequence[Polar | Place], at: Stand
) -> list[tuple[int, int]]:
    """Pairs (i, j): measurement i could come from the track in slots[j]. Generous, cheap."""
    if len(slots) * len(zs) > FEW:
        return _near_many(table, slots, zs, at)
    gate = table.gate[:, slots].T.tolist()
    times = table.t_ns[slots].tolist()
    out: list[tuple[int, int]] = []
    for i, z in enumerate(zs):
        for j, (row, t_ns) in enumerate(zip(gate, times, strict=True)):
            if _near_one(row, (z.t_ns - t_ns) / 1e9, z, at):
                out.append((i, j))
    return out


def _near_one(gate: Sequence[float], dt: float, z: Polar | Place, at: Stand) -> bool:
    """gate: one column of Table.gate. The variance is a bound: |travel| <= |dt|."""
    e, n, ve, vn, var, cov, var_v, many = gate
    b = max(min(dt, TAU_S), -TAU_S)
    e, n, b = e + b * ve, n + b * vn, abs(b)
    v = var + b * (cov + b * (var_v + 2.0 / 3.0 * WILD * Q_M2_S3 * b))
    if isinstance(z, Place):
        return (e - z.e_m) ** 2 + (n - z.n_m) ** 2 <= GATE2 * (v + 2.0 * z.sigma_m**2)
    de, dn = e - at.e_m, n - at.n_m
    rho2 = max(de * de + dn * dn, NEAR_M * NEAR_M)
    if z.flags & HEARD:
        v += rho2 * (MANOEUVRE_MPS / SOUND_MPS) ** 2
    if z.range_m == z.range_m:
        flat, spread = _reach(z)
        off2 = (de - flat * math.sin(z.az)) ** 2 + (dn - flat * math.cos(z.az)) ** 2
        return off2 <= GATE2 * (v + spread + at.sigma_m**2)
    v = v * (1.0 + many) + at.sigma_m**2
    off = wrap(math.atan2(de, dn) - z.az)
    return off * off <= GATE2 * (z.az_sigma**2 + v / rho2) or v > 0.1 * rho2


def _reach(z: Polar) -> tuple[float, float]:
    """Horizontal range and the variance of the place it means [m^2]."""
    spread = (z.range_m * z.az_sigma) ** 2 + z.range_sigma_m**2
    if z.el == z.el:
        return z.range_m * math.cos(z.el), spread + (z.range_m * z.el_sigma) ** 2
    return z.range_m, spread + (0.3 * z.range_m) ** 2  # the height bends slant range


def _near_many(
    table: Table, slots: NDArray[np.intp], zs: Sequence[Polar | Place], at: Stand
) -> list[tuple[int, int]]:
    """_near_one in columns (rows of zs x slots)."""
    e, n, ve, vn, var, cov, var_v, many = table.gate[:, slots]
    t = np.array([z.t_ns for z in zs], dtype=np.int64)[:, None]
    b = np.clip((t - table.t_ns[slots]) / 1e9, -TAU_S, TAU_S)
    e, n, b = e + b * ve, n + b * vn, np.abs(b)
    v = var + b * (cov + b * (var_v + 2.0 / 3.0 * WILD * Q_M2_S3 * b))
    if isinstance(zs[0], Place):
        where = np.array([(q.e_m, q.n_m, q.sigma_m) for q in zs if isinstance(q, Place)])
        off2 = (e - where[:, :1]) ** 2 + (n - where[:, 1:2]) ** 2
        return _pairs(off2 <= GATE2 * (v + 2.0 * where[:, 2:] ** 2))
    polar = [q for q in zs if isinstance(q, Polar)]
    de, dn = e - at.e_m, n - at.n_m
    rho2 = np.maximum(de * de + dn * dn, NEAR_M * NEAR_M)
    heard = np.array([[bool(q.flags & HEARD)] for q in polar])
    if heard.any():
        v = v + np.where(heard, rho2 * (MANOEUVRE_MPS / SOUND_MPS) ** 2, 0.0)
    az = np.array([[q.az, q.az_sigma] for q in polar])
    ranged = np.array([[q.range_m == q.range_m] for q in polar])
    out = np.zeros(v.shape, dtype=np.bool_)
    if ranged.any():
        reach = np.array([_reach(q) if q.range_m == q.range_m else (0.0, 0.0) for q in polar])
        flat, spread = reach[:, :1], reach[:, 1:]
        off2 = (de - flat * np.sin(az[:, :1])) ** 2 + (dn - flat * np.cos(az[:, :1])) ** 2
        out = ranged & (off2 <= GATE2 * (v + spread + at.sigma_m**2))
    if not ranged.all():
        v = v * (1.0 + many) + at.sigma_m**2
        off = (np.arctan2(de, dn) - az[:, :1] + np.pi) % TURN - np.pi
        close = (off * off <= GATE2 * (az[:, 1:] ** 2 + v / rho2)) | (v > 0.1 * rho2)
        out |= ~ranged & close
    return _pairs(out)


def _pairs(close: NDArray[np.bool_]) -> list[tuple[int, int]]:
    i, j = np.nonzero(close)
    return list(zip(i.tolist(), j.tolist(), strict=True))


def assign(score: Mapping[tuple[int, int], float]) -> dict[int, int]:
    """{(row, column): score > 0} -> {row: column} of the largest sum, a column at most once."""
    if len(score) == 1:
        ((row, col),) = score
        return {row: col}
    out: dict[int, int] = {}
    for rows, cols in _clusters(score):
        if len(rows) == 1:
            out[rows[0]] = max(cols, key=lambda c: score.get((rows[0], c), 0.0))
        elif max(len(rows), len(cols)) > EXACT_MAX:
            _greedy(score, rows, out)
        else:
            _exact(score, rows, cols, out)
    return out


def _clusters(score: Mapping[tuple[int, int], float]) -> list[tuple[list[int], list[int]]]:
    """Rows and columns that compete, directly or through others."""
    of_row: dict[int, list[int]] = {}
    of_col: dict[int, list[int]] = {}
    for i, j in score:
        of_row.setdefault(i, []).append(j)
        of_col.setdefault(j, []).append(i)
    seen: set[int] = set()
    out: list[tuple[list[int], list[int]]] = []
    for start in sorted(of_row):
        if start in seen:
            continue
        seen.add(start)
        rows, cols = [start], set[int]()
        for row in rows:  # grows while it is walked
            for col in of_row[row]:
                if col not in cols:
                    cols.add(col)
                    fresh = [r for r in of_col[col] if r not in seen]
                    seen.update(fresh)
                    rows.extend(fresh)
        out.append((sorted(rows), sorted(cols)))
    return out


def _greedy(score: Mapping[tuple[int, int], float], rows: list[int], out: dict[int, int]) -> None:
    """Best pair first."""
    mine = set(rows)
    taken: set[int] = set()
    for _, i, j in sorted((-s, i, j) for (i, j), s in score.items() if i in mine):
        if i not in out and j not in taken:
            out[i] = j
            taken.add(j)


def _exact(
    score: Mapping[tuple[int, int], float],
    rows: list[int],
    cols: list[int],
    out: dict[int, int],
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
                s = 0.0
                if j <= len(cols):
                    s = score.get((rows[i0 - 1], cols[j - 1]), -FORBIDDEN)
                cost = -s
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
        if i and (rows[i - 1], cols[j - 1]) in score:
            out[rows[i - 1]] = cols[j - 1]
