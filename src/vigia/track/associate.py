"""Scores of measurements and tracks -> who gets what: the largest sum, one to one.

Deterministic: ties go to the earlier row, then the earlier track.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EXACT_MAX = 40  # larger clusters are assigned greedily, best first
FORBIDDEN = 1e9  # cost of a pair that does not fit


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
