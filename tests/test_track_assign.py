"""The assignment is the best one; the coarse gate never loses a fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from track_numbers import DEG, MODELS, A, S, bearing, born, polar
from vigia.track import assign as assigning
from vigia.track import fuse, gate, imm, layout, sense
from vigia.track.assign import EXACT_MAX, assign
from vigia.track.order import order_by
from vigia.track.slots import EXPIRED, end

seeds = st.integers(0, 1_000_000)
Pairs = tuple[A, A, A]  # rows, columns, scores


def pairs_of(score: dict[tuple[int, int], float]) -> Pairs:
    at = np.array(list(score), np.int64).reshape(-1, 2)
    return at[:, 0].copy(), at[:, 1].copy(), np.array(list(score.values()), float)


def chosen(pairs: Pairs, n_rows: int, n_cols: int) -> dict[int, int]:
    """Row -> column; checks that each is had once, and only scored pairs."""
    rows, cols, _ = pairs
    work = layout.empty_work(max(n_cols, len(pairs[0])), max(n_rows, 1))
    got = assign(work, *pairs, n_rows, n_cols)
    assert got.shape == (n_rows,)
    out = {}
    for r, p in enumerate(got.tolist()):
        if p >= 0:
            assert rows[p] == r
            out[r] = int(cols[p])
    assert len(set(out.values())) == len(out)
    return out


def total(pairs: Pairs, got: dict[int, int]) -> float:
    score = {(r, c): s for r, c, s in zip(*(a.tolist() for a in pairs), strict=True)}
    return math.fsum(score[pair] for pair in got.items())


def best(pairs: Pairs, n_rows: int, n_cols: int) -> float:
    """SciPy's; a pair without a score is worth what being left out is: nothing."""
    dense = np.zeros((n_rows, n_cols))
    dense[pairs[0], pairs[1]] = pairs[2]
    return float(dense[linear_sum_assignment(dense, maximize=True)].sum())


def sparse(rng: np.random.Generator, n_rows: int, n_cols: int, share: float) -> Pairs:
    rows, cols = np.nonzero(rng.random((n_rows, n_cols)) < share)
    return rows, cols, rng.uniform(0.01, 30.0, len(rows))


def clusters(pairs: Pairs, n_rows: int, n_cols: int) -> int:
    """The most rows or columns that hang together."""
    root = list(range(n_rows + n_cols))
    for r, c in zip(pairs[0].tolist(), pairs[1].tolist(), strict=True):
        a, b = root[r], root[n_rows + c]
        root = [a if k == b else k for k in root]
    return max(max(root[:n_rows].count(k), root[n_rows:].count(k)) for k in set(root))


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 5), st.integers(0, 5)), st.floats(0.01, 30.0), max_size=16
    )
)
@settings(max_examples=80)
def test_no_other_assignment_scores_more(score: dict[tuple[int, int], float]) -> None:
    pairs = pairs_of(score)
    assert math.isclose(total(pairs, chosen(pairs, 6, 6)), best(pairs, 6, 6), rel_tol=1e-9)


@given(seeds, st.integers(1, 30), st.integers(1, 30), st.floats(0.01, 0.35))
@settings(max_examples=40)
def test_sparse_clusters_of_any_shape_are_assigned_best(
    seed: int, n_rows: int, n_cols: int, share: float
) -> None:
    pairs = sparse(np.random.default_rng(seed), n_rows, n_cols, share)
    got = total(pairs, chosen(pairs, n_rows, n_cols))
    assert math.isclose(got, best(pairs, n_rows, n_cols), rel_tol=1e-9)


@given(seeds)
@settings(max_examples=20)
def test_the_order_in_which_pairs_come_means_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = sparse(rng, 12, 12, 0.2)
    order = rng.permutation(len(pairs[0]))
    again = tuple(a[order] for a in pairs)
    assert chosen(again, 12, 12) == chosen(pairs, 12, 12)  # type: ignore[arg-type]


@given(seeds)
@settings(max_examples=20)
def test_with_equal_scores_too_it_is_a_best_one_and_always_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, cols, score = sparse(rng, 10, 10, 0.3)
    pairs = rows, cols, np.round(score / 10.0) + 1.0
    got = chosen(pairs, 10, 10)
    assert got == chosen(pairs, 10, 10)
    assert math.isclose(total(pairs, got), best(pairs, 10, 10), rel_tol=1e-12)


def test_equal_scores_go_to_the_earlier_row_and_column() -> None:
    assert chosen(pairs_of({(0, 0): 5.0, (1, 0): 5.0}), 2, 1) == {0: 0}
    assert chosen(pairs_of({(0, 0): 5.0, (0, 1): 5.0}), 1, 2) == {0: 0}


def test_nothing_scored_is_nothing_assigned() -> None:
    assert chosen(pairs_of({}), 3, 2) == {}
    assert chosen(pairs_of({(1, 1): 2.0}), 3, 2) == {1: 1}


def test_two_good_pairs_go_before_one_very_good_one() -> None:
    score = {(0, 0): 10.0, (0, 1): 6.0, (1, 0): 7.0}
    assert chosen(pairs_of(score), 2, 2) == {0: 1, 1: 0}


def greedy(pairs: Pairs) -> dict[int, int]:
    """Best first, by the book."""
    out: dict[int, int] = {}
    for r, c, _ in sorted(zip(*(a.tolist() for a in pairs), strict=True), key=lambda p: -p[2]):
        if r not in out and c not in out.values():
            out[r] = c
    return out


def crowd(n: int, seed: int = 3) -> Pairs:
    """n rows and columns that all compete, each with its neighbours."""
    rng = np.random.default_rng(seed)
    score = {(r, (r + k) % n): float(rng.uniform(1, 30)) for r in range(n) for k in range(3)}
    return pairs_of(score)


def test_a_cluster_as_large_as_allowed_is_assigned_best() -> None:
    n = EXACT_MAX
    pairs = crowd(n)
    assert clusters(pairs, n, n) == n
    assert math.isclose(total(pairs, chosen(pairs, n, n)), best(pairs, n, n), rel_tol=1e-9)


def test_a_larger_one_is_assigned_greedily_and_still_one_to_one() -> None:
    n = EXACT_MAX + 1
    pairs = crowd(n)
    assert clusters(pairs, n, n) == n
    got = chosen(pairs, n, n)
    assert got == greedy(pairs)
    assert total(pairs, got) >= 0.5 * best(pairs, n, n)


def test_a_crowd_elsewhere_does_not_make_a_small_cluster_greedy() -> None:
    n = EXACT_MAX + 1
    rows, cols, score = crowd(n)
    few = pairs_of({(n, n): 10.0, (n, n + 1): 6.0, (n + 1, n): 7.0})
    pairs = (
        np.concatenate((few[0], rows)),
        np.concatenate((few[1], cols)),
        np.concatenate((few[2], score)),
    )
    got = chosen(pairs, n + 2, n + 2)
    assert (got.pop(n), got.pop(n + 1)) == (n + 1, n)
    assert got == greedy((rows, cols, score))


@pytest.mark.parametrize("limit", [0, EXACT_MAX])
def test_the_limit_alone_decides_between_best_and_greedy(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assigning, "EXACT_MAX", limit)
    pairs = pairs_of({(0, 0): 10.0, (0, 1): 6.0, (1, 0): 7.0})
    assert chosen(pairs, 2, 2) == ({0: 1, 1: 0} if limit else {0: 0})


# ---- the coarse gate before it -----------------------------------------------------------------

FAR_M = 3_000.0


def passes(cols: Any, w: Any, z: Any, t_ns: int, slots: Any, seen: Any) -> bool:
    gate.aimed(z, w.aim)
    w.order[0] = 0
    spans = (1, 0, 0, 0, 0, 0)
    if math.isnan(z[sense.RNG]):
        return gate.near_bearings(cols, w, z, w.aim, slots, seen, spans) == 1
    return gate.near_plots(cols, w, z, w.aim, t_ns, slots, seen, spans) == 1


@pytest.mark.parametrize("is_sector", [True, False])
def test_what_fits_passes_the_coarse_gate(is_sector: bool) -> None:
    fits, lost = 0, 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        at = rng.normal(size=3) * [30, 30, 2]
        az, away = rng.uniform(0, 2 * math.pi), 10 ** rng.uniform(2.2, 3.2)
        x = np.zeros(6)
        x[:3] = at + np.array([away * math.sin(az), away * math.cos(az), rng.uniform(5, 120)])
        x[3:5] = rng.normal(size=2) * 8
        cols, w, slot = born(bearing(x, at, 6.0) if is_sector else polar(x, at), 0)
        t_ns = int(rng.integers(-2, 6)) * S
        x[:3] += x[3:] * t_ns / S + rng.normal(size=3) * [20, 20, 10] * rng.choice([0.2, 1.0, 3.0])
        rows = [
            bearing(x, at, float(rng.uniform(0.5, 15)), noise=rng.normal(size=4)),
            bearing(x, at, 3.0, el_s=2.0 * DEG, HEARD=1.0, noise=rng.normal(size=4)),
        ]
        if not is_sector:  # a sector takes no plot
            rows.append(polar(x, at, noise=rng.normal(size=4)))
            rows.append(polar(x, at, el_s=None, noise=rng.normal(size=4)))
        slots, seen = gate.candidates(cols, w, 0, t_ns, float(at[0]), float(at[1]), FAR_M)
        for z in rows:
            _, nis = fuse.attempt(cols, slot, z, t_ns, MODELS, w)
            if nis <= gate.gate_nis(imm.width(z)):
                fits += 1
                lost += not (len(slots) and passes(cols, w, z, t_ns, slots, seen))
    assert fits > 100
    assert lost == 0


def test_a_track_out_of_reach_or_under_another_mark_is_no_candidate() -> None:
    cols, w, slot = born(polar(np.array([0.0, 5_000.0, 80.0, 0, 0, 0])), 0)
    assert gate.candidates(cols, w, 0, 0, 0.0, 0.0, 4_900.0)[0].tolist() == [slot]
    assert gate.candidates(cols, w, 0, 0, 0.0, 0.0, 2_000.0)[0].tolist() == []
    assert gate.candidates(cols, w, 1, 0, 0.0, 0.0, 4_900.0)[0].tolist() == []
    end(cols, slot, EXPIRED)
    assert gate.candidates(cols, w, 0, 0, 0.0, 0.0, 4_900.0)[0].tolist() == []


@pytest.mark.parametrize("el_s", [None, 2.0 * DEG])
def test_a_bearing_left_out_early_would_have_been_of_no_use(el_s: float | None) -> None:
    left = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = np.array([rng.normal() * 400, rng.normal() * 400, 60.0, *rng.normal(size=3) * 5])
        cols, w, slot = born(polar(x, np.zeros(3)), 0)
        z = bearing(x, np.zeros(3), 6.0, el_s=el_s, noise=rng.normal(size=4) * 2)
        gate.aimed(z, w.aim)
        top = gate.bearing_top(z)
        odds, _ = gate.bearing_odds(cols, slot, z, w.aim, 0, 1e9, top, -1e9)
        assert odds <= top
        for least in rng.uniform(-8.0, 3.0, 20):
            again, _ = gate.bearing_odds(cols, slot, z, w.aim, 0, 1e9, top, least)
            left += again != odds
            assert again == odds or odds <= least
    assert left > 100


# ---- which candidates a row is tried with ---------------------------------------------------


def test_every_candidate_in_the_direction_of_a_row_is_tried() -> None:
    rng = np.random.default_rng(5)
    n = 300
    w = layout.empty_work(n, 8)
    turn = rng.uniform(-math.pi, math.pi, n)
    group = np.array([1 + gate.part(math.sin(a), math.cos(a)) for a in turn])
    group[rng.random(n) < 0.1] = 0  # wide ones
    group += layout.GROUPS * rng.integers(0, 3, n)
    order = np.argsort(group, kind="stable")
    w.order[:n] = order
    w.ends[:] = np.searchsorted(group[order], np.arange(3 * layout.GROUPS), side="right")
    for az in (0.0, 0.01, 1.57, 3.1, 3.15, 4.7, 6.27, *rng.uniform(0, 6.28, 20)):
        for sigma in (0.2, 3.0, 10.0, 40.0):
            z = bearing(np.array([math.sin(az), math.cos(az), 0, 0, 0, 0]), np.zeros(3), sigma)
            gate.aimed(z, w.aim)
            half = math.sqrt(gate.COARSE2) * sigma * DEG + gate.WIDE_RAD
            for rank in range(3):
                spans = gate.window(*gate.parts_of(z, w.aim), w, rank)
                tried = [order[gate.nth(q, spans)] for q in range(spans[0] + spans[2] + spans[4])]
                assert len(set(tried)) == len(tried)
                assert {int(g) // layout.GROUPS for g in group[tried]} <= {rank}
                off = np.abs([sense.wrap(float(a) - az) for a in turn])
                due = (group // layout.GROUPS == rank) & (
                    (off <= half) | (group % layout.GROUPS == 0)
                )
                assert set(np.flatnonzero(due)) <= set(tried)


def test_parts_of_the_compass_follow_the_azimuth() -> None:
    parts = [gate.part(math.sin(a), math.cos(a)) for a in np.linspace(0.0, 6.283, 2_000)]
    assert parts == sorted(parts)
    assert (parts[0], parts[-1]) == (0, gate.PARTS - 1)
    assert gate.part(0.0, 0.0) == 0


@pytest.mark.parametrize("n", [0, 1, 11, 12, 13, 100, 1_000])
def test_rows_come_by_two_keys(n: int) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.integers(-5, 5, n), rng.integers(-9, 9, n)
    out, spare = np.zeros(n, np.int64), np.zeros(n, np.int64)
    order_by(a, b, n, out, spare)
    assert out.tolist() == np.lexsort((np.arange(n), b, a)).tolist()
