"""Scores of pairs -> who gets what: the largest sum, one to one.

Rows and columns that compete, directly or through others, form a cluster; each is solved by
itself. Deterministic: ties go to the earlier row, then the earlier column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigia.jit import inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.layout import Work

EXACT_MAX = 40  # larger clusters are assigned greedily, best first


@inner
def assign(
    w: Work,
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    score: NDArray[np.float64],
    n_rows: int,
    n_cols: int,
) -> NDArray[np.int64]:
    """(p,) pairs with score > 0 -> (n_rows,) index of the pair each row gets, or -1; in w."""
    out = w.row_got[:n_rows]
    for r in range(n_rows):
        out[r] = -1
    count, rest, n = w.counts, w.pair_rest, 0
    for k in range(n_rows + n_cols):
        count[k] = 0
    for p in range(len(rows)):
        count[rows[p]] += 1
        count[n_rows + cols[p]] += 1
    for p in range(len(rows)):
        if count[rows[p]] == 1 and count[n_rows + cols[p]] == 1:
            out[rows[p]] = p  # neither competes
        else:
            rest[n] = p
            n += 1
    if n:
        _clusters(w, rows, cols, score, n, n_rows, n_rows + n_cols, out)
    return out


@inner
def _clusters(
    w: Work,
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    score: NDArray[np.float64],
    n: int,
    n_rows: int,
    total: int,
    out: NDArray[np.int64],
) -> None:
    """The first n pairs of w.pair_rest: those joined by rows or columns are assigned together."""
    root, count, rest, placed = w.root, w.counts, w.pair_rest, w.pair_placed
    for k in range(total):
        root[k] = k
        count[k] = 0
    for k in range(n):
        p: int = rest[k]
        _join(root, rows[p], n_rows + cols[p])
    for k in range(n):
        p: int = rest[k]
        count[_root(root, rows[p])] += 1
    start = 0
    for k in range(total):
        many = count[k]
        count[k] = start
        start += many
    for k in range(n):
        p: int = rest[k]
        mine = _root(root, rows[p])
        placed[count[mine]] = p
        count[mine] += 1
    start = 0
    while start < n:
        p: int = placed[start]
        end = count[_root(root, rows[p])]
        _cluster(w, rows, cols, score, placed[start:end], out)
        start = end


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
    w: Work,
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
    r, q = _distinct(rows, pairs, w.some_rows), _distinct(cols, pairs, w.some_cols)
    if max(r, q) > EXACT_MAX:
        _greedy(rows, cols, score, pairs, out)
    else:
        _exact(rows, cols, score, pairs, w.some_rows[:r], w.some_cols[:q], out)


@inner
def _distinct(values: NDArray[np.int64], pairs: NDArray[np.int64], out: NDArray[np.int64]) -> int:
    """The different values of the pairs into out, in order. -> how many; more than EXACT_MAX
    are not counted further."""
    n = 0
    for p in pairs:
        value = values[p]
        at = n
        while at > 0 and out[at - 1] > value:
            at -= 1
        if at > 0 and out[at - 1] == value:
            continue
        if n >= EXACT_MAX:
            return n + 1
        for k in range(n, at, -1):
            out[k] = out[k - 1]
        out[at] = value
        n += 1
    return n


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
