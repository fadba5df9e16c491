"""Truth samples and track samples -> the pairs near each other, and the best one-to-one choice.

Only pairs closer than the cutoff can matter to any of the measures, so nothing here is a full
matrix: pairs are found with one k-d tree over all steps at once, and each cluster of pairs that
share an object is solved on its own.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.tracking.sampling import Bools, Floats, Ints, Samples

# why Any: SciPy's own annotations are partial
_optimize: Any = importlib.import_module("scipy.optimize")
_spatial: Any = importlib.import_module("scipy.spatial")
_sparse: Any = importlib.import_module("scipy.sparse")
_csgraph: Any = importlib.import_module("scipy.sparse.csgraph")


@dataclass(frozen=True, slots=True)
class Pairs:
    """truth, track: (n,) numbers of samples of one step, off_m < cutoff apart; by truth, track."""

    truth: Ints
    track: Ints
    off_m: Floats

    def __getitem__(self, which: Bools | slice) -> Pairs:
        return Pairs(self.truth[which], self.track[which], self.off_m[which])


def near_pairs(truths: Samples, tracks: Samples, cutoff_m: float) -> Pairs:
    if not len(truths.who) or not len(tracks.who):
        nothing = np.empty(0, dtype=np.int64)
        return Pairs(nothing, nothing, np.empty(0))
    # Steps lie four cutoffs apart in one more dimension: never near each other.
    trees = (
        _spatial.cKDTree(np.column_stack((s.at_m, s.step * (4.0 * cutoff_m))))
        for s in (truths, tracks)
    )
    truth_tree, track_tree = trees
    reach_m = cutoff_m * (1.0 + 1e-9)
    found: Any = truth_tree.sparse_distance_matrix(track_tree, reach_m, output_type="ndarray")
    truth, track = found["i"].astype(np.int64), found["j"].astype(np.int64)
    off_m = np.sqrt(((truths.at_m[truth] - tracks.at_m[track]) ** 2).sum(axis=1))
    order = np.lexsort((track, truth))
    order = order[off_m[order] < cutoff_m]
    return Pairs(truth[order], track[order], off_m[order])


def nearest_truth(pairs: Pairs, n_tracks: int) -> Ints:
    """For each track sample the nearest truth sample within the cutoff, or -1."""
    out = np.full(n_tracks, -1, dtype=np.int64)
    order = np.lexsort((pairs.truth, pairs.off_m))[::-1]
    out[pairs.track[order]] = pairs.truth[order]  # the last assignment of equals stays: the nearest
    return out


def best_matching(pairs: Pairs, cost: Floats, unmatched: float) -> Bools:
    """Which of the pairs to choose: each sample once at most, least total cost.

    cost: (n,); every truth or track of the smaller side left alone costs `unmatched`.
    """
    if not len(cost):
        return np.empty(0, dtype=np.bool_)
    settled, chosen = _stars(pairs.truth, pairs.track, cost)
    settled_too, chosen_too = _stars(pairs.track, pairs.truth, cost)
    chosen |= chosen_too
    rest = np.flatnonzero(~(settled | settled_too))
    if not rest.size:
        return chosen
    truths, a = np.unique(pairs.truth[rest], return_inverse=True)
    tracks, b = np.unique(pairs.track[rest], return_inverse=True)
    for members in _clusters(a, b, len(truths), len(tracks)):
        chosen[rest[members[_solve(a[members], b[members], cost[rest[members]], unmatched)]]] = True
    return chosen


def most_in_common(hits: Floats) -> float:
    """Of a table (n, k): the greatest sum with one of each row and column at most."""
    if not hits.size:
        return 0.0
    rows, columns = _optimize.linear_sum_assignment(-hits)
    return float(hits[rows, columns].sum())


def _stars(centre: Ints, leaf: Ints, cost: Floats) -> tuple[Bools, Bools]:
    """Pairs whose centre has only partners without another: they are settled, the cheapest of each
    centre is chosen. Most pairs are such, and need no solver."""
    c, p = centre - centre.min(), leaf - leaf.min()
    shared = np.bincount(p)[p] > 1
    settled = np.bincount(c, shared)[c] == 0
    order = np.lexsort((cost, c))
    chosen = np.zeros(len(c), dtype=np.bool_)
    chosen[order[np.append(True, np.diff(c[order]) > 0)]] = True
    return settled, settled & chosen


def _clusters(a: Ints, b: Ints, n_a: int, n_b: int) -> list[Ints]:
    """Pairs that hang together through shared ends, as lists of their numbers."""
    ends = (np.ones(len(a), dtype=np.int8), (a, n_a + b))
    graph: Any = _sparse.coo_matrix(ends, shape=(n_a + n_b, n_a + n_b))
    _, label = _csgraph.connected_components(graph, directed=False)
    mine = label[a]
    order = np.argsort(mine, kind="stable")
    cuts = np.flatnonzero(np.diff(mine[order])) + 1
    return [c.astype(np.int64) for c in np.split(order, cuts)]


def _solve(a: Ints, b: Ints, cost: Floats, unmatched: float) -> Ints:
    """Numbers of the chosen pairs of one cluster."""
    rows, i = np.unique(a, return_inverse=True)
    columns, j = np.unique(b, return_inverse=True)
    matrix = np.full((len(rows), len(columns)), unmatched)
    number = np.full(matrix.shape, -1, dtype=np.int64)
    matrix[i, j] = cost
    number[i, j] = np.arange(len(cost))
    picked = number[_optimize.linear_sum_assignment(matrix)]
    return picked[picked >= 0]
