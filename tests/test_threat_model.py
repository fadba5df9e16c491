"""The arrivals and the kernel: against sampling, brute force, the interpreter, odd numbers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from threat_world import POLICY, at, scene, track
from vigia.threat import cells, columns, entry, kernels, motions
from vigia.threat import pairs as pairs_
from vigia.threat import tracks as tracks_
from vigia.threat.assess import assess, judge
from vigia.threat.columns import O_TARGET, O_TIER, O_TRACK
from vigia.threat.flock import count_company
from vigia.threat.motions import MIX_N, arrived, comes, mixture, phi
from vigia.threat.quantiles import quantiles
from vigia.tracktable import TrackFlag

NOBODY = np.array([0.0, 0.0, -1.0])


def mixed(de: float, dn: float, ve: float, vn: float, *, var: float = 25.0) -> NDArray[np.float64]:
    """The mixture of a drone known to var [m2] and 1 m/s, and a target de, dn away."""
    m = np.zeros(MIX_N)
    mixture(de, dn, 50.0, ve, vn, math.hypot(ve, vn), 1.0, var, 0.0, var, 25.0, 1.0, NOBODY, m)
    return m


def test_the_table_of_the_normal_distribution_is_right() -> None:
    x = np.linspace(-8.0, 8.0, 3_001)
    true = np.array([0.5 * math.erfc(-v / math.sqrt(2.0)) for v in x])
    assert np.abs(np.array([phi(v) for v in x]) - true).max() < 5e-6


def test_the_way_flown_in_time_is_what_sampling_says() -> None:
    rng = np.random.default_rng(1)
    way, sigma, speed, spread = 400.0, 40.0, 14.0, 0.2
    flown_m = rng.normal(way, sigma, 200_000)
    speeds = speed * (1.0 + spread * rng.standard_normal(200_000))
    for t in (0.0, 15.0, 25.0, 30.0, 45.0, 90.0):
        sampled = float(np.mean(speeds * t >= flown_m))
        assert comes(t, way, sigma**2, speed, spread) == pytest.approx(sampled, abs=0.005)


@pytest.mark.parametrize("miss", [0.0, 40.0, 90.0, 200.0, 400.0])
def test_who_passes_comes_as_near_as_sampling_says(miss: float) -> None:
    rng = np.random.default_rng(2)
    n, way, speed = 200_000, 450.0, 15.0
    told = math.sqrt(1.0 + motions.DRIFT_MPS**2) / speed
    turn = motions.WANDER_RAD + motions.WANDER_RAD_S * way / speed
    side = rng.normal(miss, math.sqrt(25.0 + 25.0), n)
    side += way * rng.normal(0.0, math.hypot(told, turn), n)
    m = mixed(way, miss, speed, 0.0)
    others = 1.0 - m[motions.W_CRUISE] - m[motions.W_DASH] - m[motions.W_WAIT] - m[motions.W_ROAM]
    straight = math.exp(-way / speed / motions.STRAIGHT_S)
    sampled = float(np.mean(np.abs(side) <= 50.0))
    assert m[motions.W_PASS] / (others * straight) == pytest.approx(sampled, abs=0.02)


def test_quantiles_are_where_the_share_has_arrived() -> None:
    rng, q = np.random.default_rng(3), np.zeros(3)
    for _ in range(300):
        off = rng.normal(0.0, 0.6)
        speed = rng.uniform(0.5, 28.0)
        m = mixed(rng.uniform(10.0, 2_500.0), 0.0, speed * math.cos(off), speed * math.sin(off))
        total = arrived(m, 120.0)
        if total < 0.02:  # nobody is told when
            continue
        quantiles(m, 120.0, q)
        assert 0.0 <= q[0] <= q[1] <= q[2] <= 120.0
        for share, t in zip((0.1, 0.5, 0.9), q, strict=True):
            soon, late = arrived(m, max(t - 1.5, 0.0)), arrived(m, t + 1.5)
            assert soon <= share * total + 1e-12 or t == 0.0
            assert late >= share * total - 1e-12


def test_arrival_never_gets_less_likely_with_time() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        m = mixed(*rng.normal(0.0, 600.0, 2), *rng.normal(0.0, 12.0, 2), var=rng.uniform(1, 9e4))
        p = [arrived(m, t) for t in np.linspace(0.0, 120.0, 60)]
        assert all(b >= a - 1e-9 for a, b in pairwise(p))
        assert 0.0 <= p[0] <= p[-1] <= 1.0 + 1e-9


# ---- the kernel ----------------------------------------------------------------------------------


def test_the_interpreter_decides_as_the_compiled_kernel_does() -> None:
    states, targets = scene(5, tracks=40, people=25, half_m=2_500.0)
    compiled = judge(states, targets, POLICY)
    kernels.install(kernels.INTERPRETED)
    try:
        plain = judge(states, targets, POLICY)
    finally:
        kernels.withdraw()
    np.testing.assert_array_equal(plain.ints, compiled.ints)
    np.testing.assert_array_equal(plain.order, compiled.order)
    np.testing.assert_allclose(plain.floats, compiled.floats, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_the_shortcuts_decide_as_the_full_answer_does(seed: int) -> None:
    states, targets = scene(seed, tracks=120, people=60, half_m=4_000.0)
    pairs = judge(states, targets, POLICY)
    said = {(int(r[O_TRACK]), int(r[O_TARGET])): int(r[O_TIER]) for r in pairs.ints}
    limits = np.array([getattr(POLICY, n) for n in (
        "danger_radius_m", "horizon_s", "watch_radius_m", "warning_p", "warning_s", "danger_p",
        "danger_s", "top_speed_mps", "danger_asks_attack",
    )])  # fmt: skip
    index, tracks = tracks_.rows_of(states, np.zeros(len(states)), limits)
    box, east, north = cells.spread(tracks[:, :2])
    starts, points = cells.fill(tracks[:, :2], box, east, north)
    tracks, index = tracks[points], index[points]
    count_company(tracks, box, starts, east, north)
    m = np.zeros(MIX_N)
    for t, k in zip(tracks, index, strict=True):
        for g, (e, n) in enumerate(targets.en_m):
            de, dn = e - t[columns.T_E], n - t[columns.T_N]
            radius = 50.0 + targets.extent_m[g]
            full = pairs_.tier_of(
                t, de, dn, t[columns.T_UP] - targets.up_m[g], math.hypot(de, dn), radius,
                targets.sigma_m[g], limits, m,
            )  # fmt: skip
            tier = said.get((int(k), g), 0)
            assert tier == full or (full == 1 and tier == 0)  # of WATCH only the earliest


def test_of_watch_the_earliest_are_told_and_of_the_rest_all() -> None:
    far = [track(0.0, 1_000.0 + 50.0 * i, vn=12.0) for i in range(20)]
    near = [track(60.0 + i, 60.0, vn=-3.0) for i in range(12)]
    rows = np.concatenate([*far, *near])
    rows["number"] = np.arange(32)
    found = assess(rows, at((0.0, 0.0)), POLICY)
    watch = [t.number for t in found if t.tier == 1]
    assert watch == list(range(entry.WATCH_MAX))
    assert sorted(t.number for t in found if t.tier > 1) == list(range(20, 32))


def test_more_rows_than_there_is_room_for_are_found_on_a_second_look() -> None:
    rows = np.concatenate([track(30.0, 40.0, sigma_m=3.0) for _ in range(60)])
    targets = at(*[(float(i), 0.0) for i in range(40)])
    assert len(assess(rows, targets, POLICY)) == 60 * 40


def test_nothing_compiles_once_the_kernel_is_ready() -> None:
    ready = kernels.in_use().judge
    states, targets = scene(6, tracks=4, people=4, half_m=500.0)
    assess(states, targets, POLICY)
    assess(states[::2], targets._replace(en_m=targets.en_m[:, ::-1]), POLICY)
    frozen = states.copy()
    frozen.flags.writeable = False
    assess(frozen, targets, POLICY)
    assert len(ready.signatures) == 1
    with pytest.raises(TypeError):
        ready("no such argument")


def test_a_changed_number_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = kernels.fingerprint()
    assert before == kernels.fingerprint()
    monkeypatch.setattr(motions, "AIM_DEG", 5.0)
    assert kernels.fingerprint() != before


# ---- what must hold of every pair ----------------------------------------------------------------

metres = st.floats(-3e7, 3e7)
speeds = st.floats(-500.0, 500.0)
sigmas = st.floats(0.0, 1e7)


@given(metres, metres, speeds, speeds, sigmas, sigmas, st.floats(0.0, 1e6), st.integers(0, 511),
       st.floats(0.0, 1.0), st.integers(1, 2))  # fmt: skip
def test_finite_numbers_give_numbers(
    e: float, n: float, ve: float, vn: float, place: float, sigma_v: float, target: float,
    flags: int, p: float, fix: int,
) -> None:  # fmt: skip
    row = track(e, n, ve, vn, sigma_m=place, sigma_v=sigma_v, p_drone=p)
    row["flags"], row["fix"] = flags, fix
    targets = at((0.0, 0.0), (e, n), sigma_m=target)
    for t in assess(row, targets, POLICY):
        assert t.tier in (1, 2, 3)
        assert 0.0 <= t.p_hit <= 1.0
        assert 0.0 <= t.earliest_s < math.inf
        assert 0.0 <= t.range_m < math.inf
        assert 0.0 <= t.bearing_deg_true < 360.0
        if t.p10_s is not None:
            assert t.p50_s is not None
            assert t.p90_s is not None
            assert 0.0 <= t.p10_s <= t.p50_s <= t.p90_s <= POLICY.horizon_s


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e300])
@pytest.mark.parametrize("column", [0, 1, 3, 4])
def test_a_state_that_is_no_place_threatens_nobody_and_harms_no_other(
    bad: float, column: int
) -> None:
    rows = np.concatenate([track(0.0, 500.0, vn=-15.0), track(0.0, 500.0, vn=-15.0)])
    rows["x"][0, column] = bad
    assert len(assess(rows, at((0.0, 0.0)), POLICY)) == 1
    assert len(assess(rows[1:], at((bad, 0.0), (0.0, 0.0)), POLICY)) == 1


@given(st.floats(0.0, 6.28), st.floats(-5e4, 5e4), st.floats(-5e4, 5e4), st.integers(0, 9))
def test_turning_and_shifting_the_world_changes_nothing(
    turn: float, east: float, north: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    p, v = rng.normal(0.0, 500.0, 2), rng.normal(0.0, 12.0, 2)
    c, s = math.cos(turn), math.sin(turn)
    r = np.array([[c, -s], [s, c]])
    here = track(*p, *v)
    here["cov"][0, :2, :2] = np.diag([400.0, 25.0])
    there = track(*(r @ p + (east, north)), *(r @ v))
    there["cov"][0, :2, :2] = r @ np.diag([400.0, 25.0]) @ r.T
    [a] = assess(here, at((0.0, 0.0)), POLICY)
    [b] = assess(there, at((east, north)), POLICY)
    assert a.tier == b.tier
    assert a.p_hit == pytest.approx(b.p_hit, rel=1e-5, abs=1e-7)
    assert a.earliest_s == pytest.approx(b.earliest_s, abs=1e-5)
    if a.p10_s is not None and b.p10_s is not None:
        assert a.p10_s == pytest.approx(b.p10_s, abs=0.01)


def p_of(row: NDArray[np.void]) -> float:
    return assess(row, at((0.0, 0.0)), POLICY)[0].p_hit


@given(st.floats(60.0, 1_500.0), st.floats(1.05, 2.0), st.floats(5.0, 25.0))
def test_nearer_is_not_less_urgent(r: float, farther: float, speed: float) -> None:
    [near] = assess(track(0.0, r, vn=-speed), at((0.0, 0.0)), POLICY)
    [far] = assess(track(0.0, farther * r, vn=-speed), at((0.0, 0.0)), POLICY)
    assert near.p_hit >= far.p_hit - 1e-6
    assert near.tier >= far.tier
    assert near.earliest_s <= far.earliest_s


@given(st.floats(200.0, 1_500.0), st.floats(5.0, 25.0), st.floats(0.0, 3.0), st.floats(0.02, 1.0))
def test_better_aimed_is_not_less_urgent(r: float, speed: float, off: float, more: float) -> None:
    def flown(angle: float) -> NDArray[np.void]:
        return track(0.0, r, speed * math.sin(angle), -speed * math.cos(angle))

    # far off its course it is soon past, and less time is left to turn: a thousandth at most
    assert p_of(flown(off)) >= p_of(flown(min(off + more, math.pi))) - 2e-3


@pytest.mark.parametrize("flag", [TrackFlag.LOAD, TrackFlag.CLOSING, TrackFlag.ID_CONFLICT])
def test_evidence_of_intent_makes_it_worse(flag: TrackFlag) -> None:
    assert p_of(track(0, 700, vn=-15, flags=flag)) > p_of(track(0, 700, vn=-15)) + 0.02


def test_faster_comes_earlier() -> None:
    p50 = [assess(track(0, 600, vn=-v), at((0, 0)), POLICY)[0].p50_s for v in (6, 10, 15, 20, 25)]
    assert p50 == sorted(p50, key=lambda t: -(t or 0.0))
