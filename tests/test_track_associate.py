"""The assignment is the best one; the coarse gate never loses a fit."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vigia.track import associate, gate
from vigia.track.associate import assign
from vigia.track.fit import fit
from vigia.track.gate import near
from vigia.track.initiate import born_ranged
from vigia.track.kalman import flow, motion
from vigia.track.measure import NAN, Place, Polar, Stand
from vigia.track.table import Record, Table

S = 1_000_000_000

scores = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), st.floats(0.01, 30.0), max_size=12
)


def total(score: dict[tuple[int, int], float], chosen: dict[int, int]) -> float:
    return sum(score[pair] for pair in chosen.items())


def best_by_trying_all(score: dict[tuple[int, int], float]) -> float:
    best = 0.0
    for cols in itertools.product([None, *range(5)], repeat=5):
        used = [c for c in cols if c is not None]
        if len(used) == len(set(used)):
            pairs = [(r, c) for r, c in enumerate(cols) if c is not None]
            if all(p in score for p in pairs):
                best = max(best, sum(score[p] for p in pairs))
    return best


@given(scores)
@settings(max_examples=80, deadline=None)
def test_no_other_assignment_scores_more(score: dict[tuple[int, int], float]) -> None:
    chosen = assign(score)
    assert len(set(chosen.values())) == len(chosen)
    assert math.isclose(total(score, chosen), best_by_trying_all(score), rel_tol=1e-9)


def test_a_crowd_is_assigned_greedily_and_still_one_to_one() -> None:
    n = associate.EXACT_MAX + 5
    score = {(i, j): 1.0 + (i * 7 + j * 13) % 50 for i in range(n) for j in range(n)}
    chosen = assign(score)
    assert len(chosen) == n
    assert len(set(chosen.values())) == n


def test_equal_scores_go_to_the_earlier_row_and_track() -> None:
    assert assign({(0, 0): 5.0, (1, 0): 5.0}) == {0: 0}
    assert assign({(0, 1): 5.0, (0, 0): 5.0}) in ({0: 0}, {0: 1})
    assert assign({(0, 0): 5.0, (0, 1): 5.0}) == {0: 0}


def world(seed: int) -> tuple[Table, list[Polar | Place], Stand]:
    rng = np.random.default_rng(seed)
    at = Stand(*map(float, rng.normal(size=3) * 30), 3.0, 0.0)
    table = Table()
    zs: list[Polar | Place] = []
    for k in range(4):
        az, r = float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(50, 1500))
        z = Polar(0, az, 0.02, 0.1, 0.03, r, 6.0, float(rng.normal() * 8), 0.5)
        g = flow(born_ranged(z, at).g, motion(float(rng.uniform(0, 3))))
        record = Record(track_id=str(k), mark=0, t_first_ns=0, t_last_ns=0, t_cause_ns=0, life_ns=0)
        table.add(record, g, 2 * S)
        later = int(rng.integers(0, 5)) * S
        moved = z._replace(t_ns=later, az=(az + float(rng.normal() * 0.05)) % (2 * math.pi))
        zs.append(moved if rng.random() < 0.5 else moved._replace(range_m=NAN, rate_mps=NAN))
    return table, zs, at


@given(st.integers(0, 100_000))
@settings(max_examples=80, deadline=None)
def test_what_fits_passes_the_coarse_gate(seed: int) -> None:
    table, zs, at = world(seed)
    slots = np.arange(table.n)
    close = set(near(table, slots, zs, at))
    for i, z in enumerate(zs):
        for j in range(table.n):
            if fit(table.state(j), 2 * S, z, at).fits:
                assert (i, j) in close


@given(st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_the_gate_in_columns_loses_nothing_either(seed: int) -> None:
    table, zs, at = world(seed)
    zs = [z._replace(t_ns=3 * S) for z in zs]  # one frame
    slots = np.arange(table.n)
    places: list[Polar | Place] = [
        Place(S, 10.0 * k, 5.0, NAN, 10.0, 10.0, NAN, NAN, NAN, 1.0) for k in range(5)
    ]
    few, few_places = near(table, slots, zs, at), near(table, slots, places, at)
    limit = gate.FEW
    try:
        gate.FEW = 0
        many = near(table, slots, zs, at)
        assert set(few) <= set(many)
        assert many == sorted(many)
        assert near(table, slots, places, at) == few_places
    finally:
        gate.FEW = limit
