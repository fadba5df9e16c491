"""Scores of pairs -> who gets what: the largest sum, one to one.

Rows and columns that compete, directly or through others, form a cluster; each is solved by
itself. Deterministic: ties go to the earlier row, then the earlier column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigia.track.jit import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_MAX = 40  # larger clusters are assigned greedily, best first


@inner
def assign(
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    score: NDArray[np.float64],
    n_rows: int,
    n_cols: int,
) -> NDArray[np.int64]:
    """(p,) pairs with score > 0 -> (n_rows,) index of the pair each row gets, or -1."""
    out = np.full(n_rows, -1, np.int64)
    pairs = len(rows)
    if pairs == 0:
        return out
    root = np.arange(n_rows + n_cols)
    for p in range(pairs):
        _join(root, rows[p], n_rows + cols[p])
    group = np.empty(pairs, np.int64)
    for p in range(pairs):
        group[p] = _root(root, rows[p])
    order = np.argsort(group, kind="mergesort")
    start = 0
    while start < pairs:
        end = start + 1
        while end < pairs and group[order[end]] == group[order[start]]:
            end += 1
        _cluster(rows, cols, score, order[start:end], out)
        start = end
    return out


@inner
def _root(root: NDArray[np.int64], k: int) -> int:
    while root[k] != k:
        root[k] = root[root[k]]
        k = root[k]
    return k


@inner
def _join(root: NDArray[np.int64], a: int, b: int) -> None:
    a, b = _root(root, a), _root(root, b)
    if a < b:
        root[b] = a
    else:
        root[a] = b


@inner
def _cluster(
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    score: NDArray[np.float64],
    pairs: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    n = len(pairs)
    if n == 1:
        out[rows[pairs[0]]] = pairs[0]
        return
    one_row, one_col, best = True, True, pairs[0]
    for k in range(1, n):
        one_row = one_row and rows[pairs[k]] == rows[pairs[0]]
        one_col = one_col and cols[pairs[k]] == cols[pairs[0]]
        if score[pairs[k]] > score[best]:
            best = pairs[k]
    if one_row or one_col:
        out[rows[best]] = best
        return
    r = np.unique(rows[pairs])
    q = np.unique(cols[pairs])
    if max(len(r), len(q)) > EXACT_MAX:
        _greedy(rows, cols, score, pairs, out)
    else:
        _exact(rows, cols, score, pairs, r, q, out)


@inner
def _greedy(
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    score: NDArray[np.float64],
    pairs: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Best pair first."""
    order = np.argsort(-score[pairs], kind="mergesort")
    taken = np.full(len(pairs), -1, np.int64)
    n = 0
    for k in order:
        p = pairs[k]
        free = out[rows[p]] < 0
        for t in range(n):
            free = free and taken[t] != cols[p]
        if free:
            out[rows[p]] = p
            taken[n] = cols[p]
            n += 1


@inner
def _exact(
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    score: NDArray[np.float64],
    pairs: NDArray[np.int64],
    r: NDArray[np.int64],
    q: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Hungarian method with potentials; a private dummy column per row means "none", cost 0."""
    n, real = len(r), len(q)
    width = real + n
    cost = np.zeros((n + 1, width + 1))
    pair = np.full((n + 1, width + 1), -1, np.int64)
    for i in range(1, n + 1):
        for j in range(1, real + 1):
            cost[i, j] = 1e9
    for p in pairs:
        i = np.searchsorted(r, rows[p]) + 1
        j = np.searchsorted(q, cols[p]) + 1
        cost[i, j] = -score[p]
        pair[i, j] = p
    u, v = np.zeros(n + 1), np.zeros(width + 1)
    match, way = np.zeros(width + 1, np.int64), np.zeros(width + 1, np.int64)
    for i in range(1, n + 1):
        match[0] = i
        j0 = 0
        low, used = np.full(width + 1, np.inf), np.zeros(width + 1, np.bool_)
        while True:
            used[j0] = True
            i0, delta, j1 = match[j0], np.inf, 0
            for j in range(1, width + 1):
                if used[j]:
                    continue
                cur = cost[i0, j] - u[i0] - v[j]
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
            match[j0] = match[way[j0]]
            j0 = way[j0]
    for j in range(1, real + 1):
        i = match[j]
        if i and pair[i, j] >= 0:
            out[r[i - 1]] = pair[i, j]
