"""Measurement models, late and wide measurements, sectors; numbers against columns."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vigia.scan import Flag
from vigia.track.columns import fit_many
from vigia.track.fit import blend, fit, fit_parts
from vigia.track.initiate import born_bearing, born_ranged, track_id
from vigia.track.kalman import absorb, flow, largest_sigma_m, motion
from vigia.track.measure import NAN, SOUND_MPS, Place, Polar, Stand, place_rows, polar_rows, wrap

HERE = Stand(0.0, 0.0, 0.0)
DEG = math.pi / 180.0
S = 1_000_000_000


def plot(p: list[float], v: list[float], t_ns: int, at: Stand = HERE, flags: int = 0) -> Polar:
    """The exact polar measurement of a drone at p flying v."""
    de, dn, du = p[0] - at.e_m, p[1] - at.n_m, p[2] - at.u_m
    r = math.sqrt(de * de + dn * dn + du * du)
    rate = (de * v[0] + dn * v[1] + du * v[2]) / r
    az, el = math.atan2(de, dn) % (2 * math.pi), math.atan2(du, math.hypot(de, dn))
    return Polar(t_ns, az, 0.7 * DEG, el, DEG, r, 5.0, rate, 0.5, flags)


def bearing(p: list[float], t_ns: int, at: Stand, sigma_deg: float = 10.0) -> Polar:
    return plot(p, [0.0, 0.0, 0.0], t_ns, at)._replace(
        az_sigma=sigma_deg * DEG, el=NAN, range_m=NAN, rate_mps=NAN
    )


def test_polar_jacobian_is_the_derivative() -> None:
    x = [310.0, -120.0, 70.0, 6.0, -9.0, 1.5]
    at = Stand(40.0, 25.0, 3.0)
    z = plot([300.0, -100.0, 60.0], [5.0, -8.0, 1.0], 0, at)
    rows = polar_rows(x, z, at)
    for i in range(6):
        step = 1e-4
        up, down = list(x), list(x)
        up[i] += step
        down[i] -= step
        for k, row in enumerate(rows):
            slope = (polar_rows(down, z, at)[k][6] - polar_rows(up, z, at)[k][6]) / (2 * step)
            assert math.isclose(row[i], slope, rel_tol=1e-5, abs_tol=1e-8)


def test_an_exact_plot_has_no_residual() -> None:
    p, v = [-700.0, 900.0, 50.0], [3.0, 4.0, -1.0]
    for row in polar_rows([*p, *v], plot(p, v, 0), HERE):
        assert abs(row[6]) < 1e-9


def test_a_stated_place_measures_what_it_states_and_nothing_else() -> None:
    x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    z = Place(0, 10.0, 20.0, NAN, 4.0, 8.0, 7.0, 8.0, NAN, 0.5)
    assert [row[6] for row in place_rows(x, z)] == [9.0, 18.0, 3.0, 3.0]


def test_angles_wrap_at_north() -> None:
    assert math.isclose(wrap(359 * DEG - 2 * DEG), -3 * DEG)


def test_a_late_plot_moves_the_present_as_much_as_it_deserves() -> None:
    p, v = [800.0, 600.0, 80.0], [-10.0, 4.0, 0.0]
    there = [p[i] + 3.0 * v[i] for i in range(3)]
    first = born_ranged(plot(p, v, 0), HERE).g
    now = fit(first, 0, plot(there, v, 3 * S), HERE)
    late = plot([p[i] + 1.0 * v[i] for i in range(3)], v, 1 * S)
    with_late = fit(now.g, now.t_ns, late, HERE)
    assert with_late.t_ns == now.t_ns
    assert with_late.fits
    assert math.dist(with_late.g[:3], there) < 5.0
    assert largest_sigma_m(with_late.g) < largest_sigma_m(now.g)
    in_order = fit(first, 0, late, HERE)
    in_order = fit(in_order.g, in_order.t_ns, plot(there, v, 3 * S), HERE)
    # late is used, but never credited with more than the same plot in order
    assert largest_sigma_m(with_late.g) >= 0.98 * largest_sigma_m(in_order.g)


def test_a_heard_bearing_points_to_where_the_sound_was_made() -> None:
    v = [0.0, 25.0, 0.0]
    now = [343.0, 0.0, 0.0]
    then = [343.0, -25.0 * math.hypot(343.0, 25.0) / SOUND_MPS, 0.0]
    g = absorb(born_ranged(plot(now, v, 0), HERE).g, [*now, *v], [])[0]
    g[3:6] = v
    g = [*g[:6], *(0.04 * c for c in g[6:])]
    seen = bearing(then, 0, HERE, 1.0)
    heard = seen._replace(flags=int(Flag.HEARD))
    assert fit(g, 0, heard, HERE).nis < 0.05
    assert fit(g, 0, seen, HERE).nis > 1.0


def test_a_lone_bearing_is_wide_along_and_narrow_across() -> None:
    birth = born_bearing(bearing([0.0, 500.0, 60.0], 0, HERE, 5.0), HERE, range_max_m=None)
    assert math.sqrt(birth.g[12]) > 200.0
    assert math.sqrt(birth.g[6]) < 60.0
    assert 50.0 < birth.g[1] < 1_500.0
    assert abs(birth.g[0]) < 1.0


def test_crossing_bearings_find_the_place_at_any_range() -> None:
    for range_m in (90.0, 250.0, 700.0, 1_300.0):
        p = [0.3 * range_m, range_m, 60.0]
        other = Stand(1.2 * range_m, 0.1 * range_m, 0.0)
        birth = born_bearing(bearing(p, 0, HERE, 4.0), HERE, range_max_m=None)
        found = fit_parts(birth.parts, birth.weights, 0, bearing(p, S, other, 4.0), other)
        for k in range(2, 5):
            at = HERE if k % 2 else other
            z = bearing(p, k * S, at, 4.0)
            if found.parts:
                found = fit_parts(found.parts, found.weights, found.t_ns, z, at)
            else:
                found = fit(found.g, found.t_ns, z, at)
        sigma = largest_sigma_m(found.g)
        assert sigma < 0.35 * range_m + 30.0
        assert math.dist(found.g[:2], p[:2]) < 3.0 * sigma


def test_a_blend_keeps_mean_and_spread_of_its_parts() -> None:
    a, b = [0.0] * 27, [0.0] * 27
    a[0], b[0] = -10.0, 30.0
    a[6] = b[6] = 4.0
    g = blend([a, b], [0.75, 0.25])
    assert math.isclose(g[0], 0.0)
    assert math.isclose(g[6], 4.0 + 0.75 * 100.0 + 0.25 * 900.0)


def test_an_identifier_derives_from_content() -> None:
    assert track_id("north", 5, b"x") == track_id("north", 5, b"x")
    assert (
        len({track_id("north", 5, b"x"), track_id("north", 6, b"x"), track_id("n", 5, b"x")}) == 3
    )
    assert len(track_id("north", 5, b"x")) == 16


@given(st.integers(0, 1_000_000))
@settings(max_examples=60, deadline=None)
def test_columns_agree_with_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = Stand(*map(float, rng.normal(size=3) * 50), 5.0, 0.5)
    zs: list[Polar] = []
    states, times = [], []
    for _ in range(5):
        p = list(map(float, rng.normal(size=3) * [600, 600, 20] + [0, 0, 90]))
        v = list(map(float, rng.normal(size=3) * 8))
        z = plot(p, v, int(rng.integers(0, 4)) * S, at, int(rng.choice([0, int(Flag.HEARD)])))
        if rng.random() < 0.5:
            z = z._replace(range_m=NAN, rate_mps=NAN, az_sigma=float(rng.uniform(0.5, 15)) * DEG)
        if rng.random() < 0.3:
            z = z._replace(el=NAN)
        if rng.random() < 0.3:
            z = z._replace(rate_mps=NAN)
        zs.append(z)
        g = born_ranged(plot(p, v, 0, at), at).g
        states.append(flow(g, motion(1.0)))
        times.append(2 * S)
    which = np.array([4, 3, 2, 1, 0, 0, 1], dtype=np.intp)
    index = [0, 1, 2, 3, 4, 0, 1]
    many = fit_many(
        np.array([states[i] for i in index]).T, np.array([times[i] for i in index]), zs, which, at
    )
    for k, (i, j) in enumerate(zip(index, which.tolist(), strict=True)):
        one = fit(states[i], times[i], zs[j], at)
        np.testing.assert_allclose(many.g[:, k], one.g, rtol=1e-6, atol=1e-6)
        assert many.t_ns[k] == one.t_ns
        assert many.size[k] == one.size
        assert math.isclose(many.nis[k], one.nis, rel_tol=1e-6, abs_tol=1e-9)
        assert math.isclose(many.log_density[k], one.log_density, rel_tol=1e-6, abs_tol=1e-8)
