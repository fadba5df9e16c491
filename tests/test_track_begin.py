"""How tracks begin, and measurements of theirs that come late, far, heard or from elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from track_numbers import (
    DEG,
    MODELS,
    MOVES,
    NAN,
    A,
    S,
    bearing,
    blend,
    born,
    place,
    polar,
    scratch,
    unpacked,
)
from vigia.track import begin, fuse, imm, layout, read, sense, slots
from vigia.track import layout as c

seeds = st.integers(0, 1_000_000)
HERE = (0.0, 0.0, 0.0)
SPEEDS = MODELS[:MOVES, begin.BIRTH_SPEED]


def ranged(z: A) -> A:
    g = np.full((MOVES, imm.SIZE), 1e30)
    begin.born_ranged(g, MOVES, z, MODELS, layout.empty_work(4, 64))
    return g


def sector(z: A, range_max_m: float) -> A:
    g = np.full((begin.PARTS, imm.SIZE), 1e30)
    assert begin.born_bearing(g, z, range_max_m, layout.empty_work(4, 64)) == begin.PARTS
    return g


def somewhere(rng: np.random.Generator, low_m: float = 60.0, high_m: float = 1_500.0) -> A:
    """A drone (6,) that far from the origin."""
    az, far = rng.uniform(0.0, 2.0 * math.pi), rng.uniform(low_m, high_m)
    v = rng.normal(size=2) * 8.0
    return np.array([far * math.sin(az), far * math.cos(az), rng.uniform(20, 120), *v, 0.0])


# ---- with a range ----------------------------------------------------------------------------


@given(seeds)
@settings(max_examples=30)
def test_a_plot_begins_a_track_where_it_points_with_its_errors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, at = somewhere(rng), rng.normal(size=3) * [30, 30, 3]
    z = polar(x, at)
    az, el, r = z[sense.AZ], z[sense.EL], z[sense.RNG]
    to = np.array([math.cos(el) * math.sin(az), math.cos(el) * math.cos(az), math.sin(el)])
    across = np.array([math.cos(az), -math.sin(az), 0.0])
    over = np.cross(across, to) * -1.0
    errors = (
        (z[sense.RNG_S] ** 2) * np.outer(to, to)
        + (r * math.cos(el) * z[sense.AZ_S]) ** 2 * np.outer(across, across)
        + (r * z[sense.EL_S]) ** 2 * np.outer(over, over)
    )
    g = ranged(z)
    for k in range(MOVES):
        mean, cov = unpacked(g[k])
        np.testing.assert_allclose(mean[:3], x[:3], atol=1e-3)
        np.testing.assert_allclose(cov[:3, :3], errors, rtol=1e-4, atol=1e-4 * errors.max())
        # its rate tells the velocity along the line of sight, nothing tells the rest
        v = np.diag([SPEEDS[k] ** 2] * 2 + [begin.CLIMB_SIGMA_MPS**2])
        s = float(to @ v @ to) + z[sense.RR_S] ** 2
        np.testing.assert_allclose(mean[3:], v @ to * z[sense.RR] / s, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(cov[3:, 3:], v - np.outer(v @ to, v @ to) / s, atol=1e-9)
        assert np.abs(cov[:3, 3:]).max() < 1e-9


def test_what_a_first_plot_says_of_itself_is_true() -> None:
    """Normalised squared errors over many drones and plots are chi-square."""
    rng = np.random.default_rng(11)
    n, found = 400, np.empty(400)
    for i in range(n):
        k = i % MOVES
        x = somewhere(rng, 150.0)
        x[3:] = rng.normal(size=3) * [SPEEDS[k], SPEEDS[k], begin.CLIMB_SIGMA_MPS]
        mean, cov = unpacked(ranged(polar(x, noise=rng.normal(size=4)))[k])
        found[i] = (mean - x) @ np.linalg.solve(cov, mean - x)
    assert abs(found.mean() - 6.0) < 3.0 * math.sqrt(12.0 / n)
    assert (found > 22.5).sum() <= 4  # 99.9 %


@pytest.mark.parametrize("rate_mps", [0.0, -2.0, 6.0, -25.0])
def test_the_first_speed_tells_how_it_moves(rate_mps: float) -> None:
    x = np.array([0.0, 500.0, 0.0, 0.0, rate_mps, 0.0])
    stated = np.full((MOVES, imm.SIZE), 1e30)
    begin.born_placed(stated, MOVES, place(x), MODELS, layout.empty_work(4, 64))
    for g, axes, sigma in ((ranged(polar(x)), [0], 0.5), (stated, [0, 0, 1], 0.5)):
        want = MODELS[:MOVES, imm.PRIOR].copy()
        for k, speed in enumerate(SPEEDS):
            spread = np.array([speed, begin.CLIMB_SIGMA_MPS])[axes] ** 2 + sigma**2
            seen = np.array([rate_mps, 0.0, 0.0])[: len(axes)]
            want[k] *= math.exp(-0.5 * float((seen**2 / spread).sum()))
            want[k] /= math.sqrt(float(spread.prod()))
        np.testing.assert_allclose(g[:, 0], want / want.sum(), rtol=1e-4)
    silent = ranged(polar(x, rr_s=None))
    np.testing.assert_allclose(silent[:, 0], MODELS[:MOVES, imm.PRIOR], rtol=1e-9)


def test_a_plot_without_elevation_knows_the_height_of_drones_only() -> None:
    x = np.array([300.0, 400.0, begin.HEIGHT_M, 0.0, 0.0, 0.0])
    mean, cov = unpacked(ranged(polar(x, el_s=None))[0])
    np.testing.assert_allclose(mean[:3], x[:3], atol=1.0)
    assert math.isclose(math.sqrt(cov[2, 2]), begin.HEIGHT_SIGMA_M, rel_tol=0.02)
    assert math.sqrt(np.linalg.eigvalsh(cov[:2, :2]).max()) < 12.0


def test_a_plot_nearer_than_a_drone_flies_begins_a_finite_track() -> None:
    g = ranged(polar(np.array([5.0, 5.0, 10.0, 0.0, 0.0, 0.0]), el_s=None))
    assert imm.sound(g, MOVES)
    assert np.linalg.norm(g[0, 1:4]) < 20.0


def test_a_stated_place_begins_a_track_there() -> None:
    x = np.array([250.0, -80.0, 95.0, 6.0, -3.0, 1.0])
    g = np.full((MOVES, imm.SIZE), 1e30)
    begin.born_placed(g, MOVES, place(x), MODELS, layout.empty_work(4, 64))
    for k in range(MOVES):
        mean, cov = unpacked(g[k])
        s = np.array([SPEEDS[k] ** 2] * 2 + [begin.CLIMB_SIGMA_MPS**2])
        np.testing.assert_allclose(mean[:3], x[:3], atol=1e-4)
        np.testing.assert_allclose(mean[3:], x[3:] * s / (s + 0.25))
        np.testing.assert_allclose(np.diag(cov), [25, 25, 64, *(s * 0.25 / (s + 0.25))], rtol=1e-5)


def test_a_stated_place_without_height_or_speed_leaves_them_open() -> None:
    g = np.full((MOVES, imm.SIZE), 1e30)
    z = place(np.array([250.0, -80.0, 95.0, 0, 0, 0]), u_s=None, v_s=None)
    begin.born_placed(g, MOVES, z, MODELS, layout.empty_work(4, 64))
    for k in range(MOVES):
        mean, cov = unpacked(g[k])
        np.testing.assert_allclose(mean, [250.0, -80.0, begin.HEIGHT_M, 0, 0, 0], atol=1e-4)
        want = [begin.HEIGHT_SIGMA_M, SPEEDS[k], SPEEDS[k], begin.CLIMB_SIGMA_MPS]
        np.testing.assert_allclose(np.sqrt(np.diag(cov)[2:]), want)


# ---- a lone bearing --------------------------------------------------------------------------


@pytest.mark.parametrize("range_max_m", [NAN, 1_000.0, 8_000.0])
def test_plausible_ranges_follow_each_other_without_a_gap(range_max_m: float) -> None:
    g = sector(bearing(np.array([0.0, 500.0, 0, 0, 0, 0]), HERE, el_s=DEG), range_max_m)
    far = np.linalg.norm(g[:, 1:4], axis=1)
    assert (np.diff(far) > 0.0).all()
    assert far[-1] > 8.0 * far[0]
    if not math.isnan(range_max_m):
        assert far[-1] < range_max_m < far[-1] * (1.0 + begin.RANGE_SPREAD)
    np.testing.assert_allclose(np.sqrt(g[:, 13]) / far, begin.RANGE_SPREAD, rtol=0.01)
    # the density by log range, between the nearest and the farthest
    r = np.geomspace(far[0], far[-1], 200)[:, None]
    spread = begin.RANGE_SPREAD * far
    each = g[:, 0] * np.exp(-0.5 * ((r - far) / spread) ** 2) / spread
    density = (each.sum(axis=1) * r[:, 0]).tolist()
    assert max(density) < 8.0 * min(density)


@given(seeds, st.sampled_from([NAN, 2_000.0]), st.booleans())
@settings(max_examples=40)
def test_plausible_ranges_lie_on_the_bearing_as_wide_as_it_is(
    seed: int, range_max_m: float, with_elevation: bool
) -> None:
    rng = np.random.default_rng(seed)
    x, at = somewhere(rng), rng.normal(size=3) * [30, 30, 3]
    sigma_deg = float(rng.uniform(1.0, 10.0))
    z = bearing(x, at, sigma_deg, el_s=2.0 * DEG if with_elevation else None)
    g = sector(z, range_max_m)
    assert math.isclose(g[:, 0].sum(), 1.0, rel_tol=1e-12)
    assert (g[:, 0] > 0.0).all()
    assert imm.sound(g, begin.PARTS)
    side = np.array([math.cos(z[sense.AZ]), -math.sin(z[sense.AZ])])
    for part in g:
        mean, cov = unpacked(part)
        flat = mean[:2] - at[:2]
        assert abs(flat @ side) < 1e-6 * np.linalg.norm(flat)
        assert math.atan2(*flat) % (2 * math.pi) == pytest.approx(z[sense.AZ])
        wide = np.linalg.norm(flat) * sigma_deg * DEG
        assert math.sqrt(side @ cov[:2, :2] @ side) == pytest.approx(wide, rel=1e-3)
        assert not mean[3:].any()
        if with_elevation:
            up = math.atan2(mean[2] - at[2], np.linalg.norm(flat))
            assert up == pytest.approx(z[sense.EL], abs=1e-9)


@pytest.mark.parametrize("range_max_m", [NAN, 3_000.0])
def test_the_steeper_a_bearing_the_nearer_the_drone(range_max_m: float) -> None:
    expected = []
    for el_deg in (4.0, 15.0, 30.0, 45.0, 70.0):
        x = np.array([0.0, 500.0, 500.0 * math.tan(el_deg * DEG), 0, 0, 0])
        g = sector(bearing(x, HERE, el_s=2.0 * DEG), range_max_m)
        expected.append(float(g[:, 0] @ np.linalg.norm(g[:, 1:4], axis=1)))
    assert expected == sorted(expected, reverse=True)
    assert expected[-1] < 0.6 * expected[0]


def test_a_drone_that_is_here_is_somewhere_around() -> None:
    g = np.full(imm.SIZE, 1e30)
    begin.born_present(g, 40.0, -30.0, 10.0, 25.0)
    mean, cov = unpacked(g)
    np.testing.assert_array_equal(mean, [40.0, -30.0, 10.0 + begin.HEIGHT_M, 0, 0, 0])
    want = math.hypot(begin.PRESENT_SIGMA_M, 25.0)
    np.testing.assert_allclose(np.sqrt(np.diag(cov)[:2]), [want, want])


def test_an_identifier_derives_from_content() -> None:
    words = np.array([5, -7, 123_456], np.int32)
    other = np.array([5, -7, 123_457], np.int32)
    found = {read.fingerprint(w, seed) for w in (words, other) for seed in (1, 2)}
    assert len(found) == 4
    assert read.fingerprint(words.copy(), 1) == read.fingerprint(words, 1)
    assert 0 < min(found) <= max(found) < 1 << 63


# ---- a slot: early and late ------------------------------------------------------------------

Row = tuple[int, A]  # when, what


def later(x: A, t_s: float) -> A:
    """The same drone (6,) t_s later, as fast as before."""
    return np.concatenate((x[:3] + x[3:] * t_s, x[3:]))


def flight(seed: int, n: int, gap_s: float = 0.7) -> list[Row]:
    """Plots, bearings and stated places of one drone from here and there, in order of time."""
    rng = np.random.default_rng(seed)
    x, there = somewhere(rng, 200.0, 700.0), rng.normal(size=3) * [200, 200, 2]
    out: list[Row] = []
    for k in range(n):
        t_s = gap_s * (k + (rng.uniform(-0.3, 0.3) if k else 0.0))
        now = later(x, t_s)
        noise = rng.normal(size=4)
        kind = 0 if k == 0 else int(rng.integers(0, 5))
        if kind < 2:
            z = polar(now, there if kind else HERE, noise=noise)
        elif kind == 2:
            z = bearing(now, there, 2.0, noise=noise)
        elif kind == 3:
            z = bearing(now, there, 8.0, noise=noise, HEARD=0.0)
        else:
            z = place(now + np.append(5.0 * noise[:3], np.zeros(3)), v_s=None)
        out.append((round(t_s * S), z))
    return out


def fed(rows: list[Row], order: list[int]) -> tuple[layout.Cols, layout.Work, int]:
    """A track begun by the first row, then the others in this order."""
    cols, w, slot = born(rows[0][1], rows[0][0])
    for k in order:
        _, nis = fuse.take(cols, slot, rows[k][1], rows[k][0], MODELS, w)
        assert nis < fuse.MISFIT
    return cols, w, slot


def same_track(one: layout.Cols, other: layout.Cols, slot: int) -> None:
    for name in ("g", "f"):
        a, b = getattr(one, name)[slot], getattr(other, name)[slot]
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    for column in (c.T, c.PARTS, c.IS_SECTOR, c.RING_LEN):
        assert one.i[slot, column] == other.i[slot, column]
    n = one.i[slot, c.RING_LEN]
    times = [cols.ring_t[slot, cols.ring_o[slot, :n]].tolist() for cols in (one, other)]
    assert times[0] == times[1] == sorted(times[0])


@given(seeds, st.permutations(range(1, 9)))
@settings(max_examples=15)
def test_the_order_in_which_measurements_come_means_nothing(seed: int, order: list[int]) -> None:
    rows = flight(seed, 9)
    in_order, _, slot = fed(rows, list(range(1, 9)))
    late, _, _ = fed(rows, order)
    same_track(in_order, late, slot)


@given(seeds)
@settings(max_examples=6)
def test_nor_does_it_when_the_oldest_are_long_forgotten(seed: int) -> None:
    n = 2 * c.RING_MAX
    rows = flight(seed, n, 0.4)
    late_by = np.random.default_rng(seed).uniform(0.0, 4.0, n)
    order = sorted(range(1, n), key=lambda k: (k + late_by[k], k))
    in_order, _, slot = fed(rows, list(range(1, n)))
    late, _, _ = fed(rows, order)
    assert in_order.i[slot, c.RING_LEN] == c.RING_MAX
    same_track(in_order, late, slot)


def test_trying_a_measurement_changes_nothing() -> None:
    rows = flight(5, 8)
    cols, w, slot = fed(rows, [1, 2, 3, 4, 5, 7])
    before = [a.copy() for a in cols]
    for t_ns, z in (rows[6], (rows[7][0] + S, rows[7][1]), (rows[0][0] - S, rows[0][1])):
        fuse.attempt(cols, slot, z, t_ns, MODELS, w)
    for a, b in zip(before, cols, strict=True):
        np.testing.assert_array_equal(a, b)


def test_taking_a_measurement_fits_as_well_as_trying_it() -> None:
    rows = flight(6, 8)
    for t_ns, z in (rows[3], rows[7], (rows[0][0] - S, rows[0][1])):
        cols, w, slot = fed(rows, [1, 2, 4, 5, 6])
        tried = fuse.attempt(cols, slot, z, t_ns, MODELS, w)
        assert fuse.take(cols, slot, z, t_ns, MODELS, w) == tried


def test_what_would_throw_a_track_out_of_the_world_is_not_taken() -> None:
    cols, w, slot = fed(flight(7, 4), [1, 2, 3])
    before = [a.copy() for a in cols]
    absurd = place(np.array([1e14, 0, 0, 0, 0, 0]))
    t_ns = int(cols.i[slot, c.T])
    _, nis = fuse.take(cols, slot, absurd, t_ns + S, MODELS, w)
    assert nis >= fuse.MISFIT
    for a, b in zip(before, cols, strict=True):
        np.testing.assert_array_equal(a, b)


def plots(seed: int, n: int) -> list[Row]:
    """A radar's plots of a drone, one a second."""
    rng = np.random.default_rng(seed)
    x = somewhere(rng, 200.0, 700.0)
    return [(k * S, polar(later(x, k), noise=rng.normal(size=4))) for k in range(n)]


@pytest.mark.parametrize("seed", range(8))
def test_a_measurement_older_than_all_remembered_ones_is_used_and_proves_little(seed: int) -> None:
    n = c.RING_MAX + 3
    rows = plots(seed, n)
    others = list(range(2, n))
    without, _, slot = fed(rows, others)
    late, _, _ = fed(rows, [*others, 1])
    in_order, _, _ = fed(rows, [1, *others])
    assert late.i[slot, c.T] == without.i[slot, c.T]
    assert (late.g[slot, :MOVES, 1:4] != without.g[slot, :MOVES, 1:4]).all()
    (mean, cov), (_, had), (_, best) = (
        blend(cols.g[slot, :MOVES]) for cols in (late, without, in_order)
    )
    assert math.dist(mean[:2], blend(in_order.g[slot, :MOVES])[0][:2]) < 5.0
    sigma, sigma_had, sigma_best = (np.sqrt(np.diag(p)) for p in (cov, had, best))
    assert (sigma < sigma_had * 1.01).all()
    # the way back counts some of what is known twice (test_track_filter): so much and no more
    assert (sigma[:3] > 0.7 * sigma_best[:3]).all()
    assert (sigma[3:] > 0.55 * sigma_best[3:]).all()


# ---- sound -----------------------------------------------------------------------------------


def passing() -> tuple[layout.Cols, layout.Work, int, A]:
    """A well-known drone that passes a microphone at the origin, and where it is at 3 s."""
    x = np.array([343.0, -75.0, 0.0, 0.0, 25.0, 0.0])
    rows = [(k * S, polar(later(x, k), az_s=0.2 * DEG, rng_s=2.0)) for k in range(4)]
    return *fed(rows, [1, 2, 3]), later(x, 3.0)


def test_a_heard_bearing_points_to_where_the_sound_was_made() -> None:
    cols, w, slot, now = passing()
    then = later(now, -1.0)  # sound needs a second for 343 m
    seen = bearing(then, HERE, 1.0)
    heard = bearing(then, HERE, 1.0, HEARD=1.0)
    at = fuse.true_time(cols, slot, heard, 3 * S)
    assert abs(at - 2 * S) < 0.02 * S
    assert fuse.true_time(cols, slot, seen, 3 * S) == 3 * S
    assert fuse.attempt(cols, slot, heard, 3 * S, MODELS, w)[1] < 0.1
    assert fuse.attempt(cols, slot, seen, 3 * S, MODELS, w)[1] > 5.0


def test_a_heard_bearing_is_remembered_at_the_time_the_sound_was_made() -> None:
    cols, w, slot, now = passing()
    heard = bearing(later(now, -1.0), HERE, 1.0, HEARD=1.0)
    at = fuse.true_time(cols, slot, heard, 3 * S)
    fuse.take(cols, slot, heard, 3 * S, MODELS, w)
    n = cols.i[slot, c.RING_LEN]
    assert at in cols.ring_t[slot, :n].tolist()
    assert cols.i[slot, c.T] == 3 * S


@pytest.mark.parametrize("t_s", [1, 0, -2])
def test_sound_from_each_plausible_range_was_made_at_its_own_time(t_s: int) -> None:
    x = np.array([200.0, 400.0, 60.0, 0, 0, 0])
    cols, w, slot = born(bearing(x, HERE, 5.0), 0)
    there = (150.0, 0.0, 0.0)
    heard = bearing(x, there, 3.0, HEARD=1.0)
    before = cols.g[slot].copy()
    fuse.attempt(cols, slot, heard, t_s * S, MODELS, w)
    odds = np.empty(begin.PARTS)
    for k in range(begin.PARTS):
        part = before[k : k + 1].copy()
        imm.predict(part, 1, max(t_s, 0.0), MODELS[fuse.SECTOR_MODEL :], scratch()[0])
        back_s = math.dist(part[0, 1:4], there) / sense.SOUND_MPS + max(-t_s, 0.0)
        odds[k], _ = imm.update_late(part[0], heard, back_s, MODELS, fuse.SECTOR_MODEL, *scratch())
        np.testing.assert_allclose(w.g[k, 1:], part[0, 1:], rtol=1e-12)
    weights = before[:, 0] * np.exp(odds - odds.max())
    np.testing.assert_allclose(w.g[:, 0], weights / weights.sum(), rtol=1e-9)


# ---- bearings that cross -----------------------------------------------------------------------


@pytest.mark.parametrize("range_m", [90.0, 250.0, 600.0])
@pytest.mark.parametrize("seed", range(4))
def test_bearings_that_cross_make_one_place_near_the_truth(range_m: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.array([0.3 * range_m, range_m, 60.0, 0, 0, 0])
    stands = (HERE, (1.2 * range_m, 0.1 * range_m, 0.0))
    cols, w, slot = born(bearing(x, HERE, 3.0, noise=rng.normal(size=4)), 0)
    assert cols.i[slot, c.IS_SECTOR]
    for k in range(1, 12):
        z = bearing(x, stands[k % 2], 3.0, noise=rng.normal(size=4))
        fuse.take(cols, slot, z, k * S, MODELS, w)
        if cols.i[slot, c.PARTS] == 1:
            break
    assert cols.i[slot, c.PARTS] == 1  # one place, and still only bearings: one way of moving
    assert cols.i[slot, c.IS_SECTOR]
    mean, cov = blend(cols.g[slot, :1])
    off = mean[:2] - x[:2]
    assert off @ np.linalg.solve(cov[:2, :2], off) < 13.8  # 99.9 %
    assert cols.f[slot, c.SIGMA_M] <= fuse.ONE_SIGMA_M
    np.testing.assert_allclose(cols.f[slot, [c.MEAN_E, c.MEAN_N]], mean[:2])


def test_far_bearings_that_cross_stay_a_sector_but_know_the_range() -> None:
    rng = np.random.default_rng(2)
    x = np.array([400.0, 1_300.0, 60.0, 0, 0, 0])
    cols, w, slot = born(bearing(x, HERE, 8.0), 0)
    lone_m = cols.f[slot, c.SIGMA_M]
    for k, at in enumerate(((1_500.0, 100.0, 0.0), HERE, (1_500.0, 100.0, 0.0)), start=1):
        fuse.take(cols, slot, bearing(x, at, 8.0, noise=rng.normal(size=4)), k * S, MODELS, w)
    mean, cov = blend(cols.g[slot, : cols.i[slot, c.PARTS]])
    assert cols.i[slot, c.IS_SECTOR]
    assert cols.f[slot, c.SIGMA_M] < 0.7 * lone_m
    assert (mean - x)[:2] @ np.linalg.solve(cov[:2, :2], (mean - x)[:2]) < 13.8


def test_a_late_bearing_from_elsewhere_crosses_too() -> None:
    x = np.array([100.0, 300.0, 60.0, 0, 0, 0])
    for order in ((1, 2), (2, 1)):
        cols, w, slot = born(bearing(x, HERE, 3.0), 0)
        for k in order:
            at = (350.0, 50.0, 0.0) if k == 1 else HERE
            fuse.take(cols, slot, bearing(x, at, 3.0), k * S, MODELS, w)
        assert cols.i[slot, c.T] == 2 * S
        mean, _ = blend(cols.g[slot, : cols.i[slot, c.PARTS]])
        assert math.dist(mean[:2], x[:2]) < 2.0 * cols.f[slot, c.SIGMA_M] < 130.0


def test_bearings_from_one_place_never_tell_the_range() -> None:
    x = np.array([100.0, 300.0, 60.0, 0, 0, 0])
    cols, w, slot = born(bearing(x, HERE, 3.0), 0)
    first_m = cols.f[slot, c.SIGMA_M]
    for k in range(1, 6):
        fuse.take(cols, slot, bearing(x, HERE, 3.0), k * S, MODELS, w)
    assert cols.i[slot, c.IS_SECTOR]
    assert cols.f[slot, c.SIGMA_M] > 0.8 * first_m


@pytest.mark.parametrize("sigma_m", [5.0, 200.0])
def test_a_stated_place_turns_a_sector_into_a_moving_state_at_once(sigma_m: float) -> None:
    x = np.array([100.0, 300.0, 60.0, 4.0, 0, 0])
    cols, w, slot = born(bearing(x, HERE, 5.0), 0)
    fuse.take(cols, slot, place(x, sigma_m=sigma_m), S, MODELS, w)
    assert not cols.i[slot, c.IS_SECTOR]
    assert cols.i[slot, c.PARTS] == MOVES
    assert math.dist(cols.f[slot, [c.MEAN_E, c.MEAN_N]], x[:2]) < sigma_m
    assert cols.f[slot, c.SIGMA_M] < 1.2 * sigma_m


def test_the_largest_sigma_is_the_root_of_the_largest_eigenvalue() -> None:
    cols, _, slot = fed(flight(9, 5), [1, 2, 3, 4])
    _, cov = blend(cols.g[slot, :MOVES])
    largest = math.sqrt(np.linalg.eigvalsh(cov[:2, :2]).max())
    assert math.isclose(cols.f[slot, c.SIGMA_M], largest, rel_tol=1e-9)
    assert math.isclose(cols.f[slot, c.VAR_P], cov[0, 0] + cov[1, 1])
    assert math.isclose(cols.f[slot, c.VAR_V], cov[3, 3] + cov[4, 4])


# ---- slots -------------------------------------------------------------------------------------


def test_a_new_track_takes_a_clean_slot() -> None:
    cols, w, slot = born(bearing(np.array([9.0, 99.0, 60, 0, 0, 0]), HERE), 5 * S)
    assert cols.order[: cols.tally[c.C_N]].tolist() == [slot]
    assert cols.i[slot, [c.T, c.T_FIRST, c.T_LAST]].tolist() == [5 * S] * 3
    slots.end(cols, slot, slots.EXPIRED)
    slots.sweep(cols)
    assert cols.tally[c.C_N] == 0
    cols.f[slot], cols.wit[slot], cols.names[slot] = 9.0, 9, 9
    again = slots.begin(cols, w, 8, 2, 6 * S, 7 * S, 0.25, False)
    assert again == slot
    assert cols.f[slot, c.LLR] == 0.25
    assert not cols.wit[slot].any()
    assert not cols.names[slot].any()
    assert (cols.i[slot, c.MARK], cols.i[slot, c.T_CAUSE]) == (2, 7 * S)


def test_at_the_limit_a_plot_begins_nothing_and_a_person_ends_the_weakest() -> None:
    cols, w = layout.empty_cols(4, 1), layout.empty_work(4, 64)
    cols.tally[c.C_LIMIT] = 2
    strong = slots.begin(cols, w, 1, 0, S, S, 2.0, True)
    weak = slots.begin(cols, w, 2, 0, S, S, 1.0, True)
    assert slots.begin(cols, w, 3, 0, S, S, 5.0, False) == -1
    assert cols.i[[strong, weak], c.ENDED].tolist() == [0, 0]
    assert slots.begin(cols, w, 4, 0, S, S, 0.0, True) >= 0
    assert cols.i[strong, c.ENDED] == 0
    assert cols.i[weak, c.ENDED] == slots.EXPIRED
    assert cols.tally[c.C_DROPPED] == 2
