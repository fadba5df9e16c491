"""Prediction and update against straightforward matrix algebra."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigia.track.kalman import (
    Q_M2_S3,
    QZ_M2_S3,
    TAU_S,
    Packed,
    Rows,
    absorb,
    flow,
    largest_sigma_m,
    motion,
    moved,
    seen_later,
    sound,
)

A6 = np.ndarray


def packed(mean: A6, cov: A6) -> Packed:
    return [*mean.tolist(), *cov[np.triu_indices(6)].tolist()]


def unpacked(g: Packed) -> tuple[A6, A6]:
    cov = np.zeros((6, 6))
    cov[np.triu_indices(6)] = g[6:]
    return np.array(g[:6]), cov + np.triu(cov, 1).T


def some_state(seed: int) -> Packed:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(6, 6)) * np.array([30, 30, 20, 8, 8, 3])[:, None]
    mean = rng.normal(size=6) * [500, 500, 50, 10, 10, 2]
    return packed(mean, root @ root.T + np.eye(6))


def by_integration(g: Packed, dt_s: float, steps: int = 4_000) -> tuple[A6, A6]:
    """The stochastic differential equation, integrated by small steps of the midpoint rule."""
    mean, cov = unpacked(g)
    a = np.zeros((6, 6))
    a[:3, 3:] = np.eye(3)
    a[3:, 3:] = -np.eye(3) / TAU_S
    q = np.diag([0, 0, 0, Q_M2_S3, Q_M2_S3, QZ_M2_S3])
    h = dt_s / steps
    step = np.eye(6) + a * h + a @ a * h * h / 2.0
    half = np.eye(6) + a * h / 2.0
    for _ in range(steps):
        mean = step @ mean
        cov = step @ cov @ step.T + half @ q @ half.T * h
    return mean, cov


@pytest.mark.parametrize("dt_s", [0.004, 0.3, 1.0, 8.0, 40.0])
def test_prediction_solves_the_stochastic_equation(dt_s: float) -> None:
    g = some_state(1)
    mean, cov = by_integration(g, dt_s)
    ours_mean, ours_cov = unpacked(flow(g, motion(dt_s)))
    np.testing.assert_allclose(ours_mean, mean, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(ours_cov, cov, rtol=2e-6, atol=1e-5)


@given(st.floats(0.001, 20.0), st.floats(0.001, 20.0), st.integers(0, 50))
@settings(max_examples=60, deadline=None)
def test_two_steps_are_one_long_step(one: float, two: float, seed: int) -> None:
    g = some_state(seed)
    both = flow(flow(g, motion(one)), motion(two))
    np.testing.assert_allclose(both, flow(g, motion(one + two)), rtol=1e-7, atol=1e-6)


def test_an_unobserved_velocity_settles_at_its_usual_spread() -> None:
    _, cov = unpacked(flow(some_state(3), motion(500.0)))
    assert math.isclose(cov[3, 3], Q_M2_S3 * TAU_S / 2.0, rel_tol=1e-9)
    assert math.isclose(cov[5, 5], QZ_M2_S3 * TAU_S / 2.0, rel_tol=1e-9)


def test_update_is_the_matrix_update() -> None:
    g = some_state(5)
    rng = np.random.default_rng(6)
    h, resid, r = rng.normal(size=(4, 6)), rng.normal(size=4) * 10, rng.uniform(0.1, 5, 4)
    rows: Rows = [(*map(float, h[i]), float(resid[i]), float(r[i])) for i in range(4)]  # type: ignore[misc]
    new, nis, det = absorb(g, g, rows)
    mean, cov = unpacked(g)
    s = h @ cov @ h.T + np.diag(r)
    k = cov @ h.T @ np.linalg.inv(s)
    joseph = np.eye(6) - k @ h
    want = joseph @ cov @ joseph.T + k @ np.diag(r) @ k.T
    got_mean, got_cov = unpacked(new)
    np.testing.assert_allclose(got_mean, mean + k @ resid, rtol=1e-8)
    np.testing.assert_allclose(got_cov, want, rtol=1e-6, atol=1e-8)
    assert math.isclose(nis, resid @ np.linalg.inv(s) @ resid, rel_tol=1e-8)
    assert math.isclose(det, float(np.linalg.det(s)), rel_tol=1e-8)


def test_a_row_about_the_past_is_the_row_through_the_step_back() -> None:
    back = motion(-2.0)
    g = some_state(7)
    h = np.array([0.3, -0.2, 0.5, 1.0, 0.4, -0.7])
    row = (*map(float, h), 3.0, 2.0)
    (later,) = seen_later([row], back)  # type: ignore[list-item]
    f = np.eye(6)
    f[:3, 3:] = np.eye(3) * back.b
    f[3:, 3:] = np.eye(3) * back.a
    q = np.zeros((6, 6))
    q[:3, :3] = np.diag([back.qpp, back.qpp, back.zpp])
    q[:3, 3:] = q[3:, :3] = np.diag([back.qpv, back.qpv, back.zpv])
    q[3:, 3:] = np.diag([back.qvv, back.qvv, back.zvv])
    np.testing.assert_allclose(later[:6], h @ f, rtol=1e-12)
    assert math.isclose(later[7], 2.0 + h @ q @ h, rel_tol=1e-12)
    np.testing.assert_allclose(moved(g, back)[:6], f @ np.array(g[:6]), rtol=1e-12)


def test_looking_back_costs_as_much_certainty_as_looking_ahead() -> None:
    ahead, back = motion(3.0), motion(-3.0)
    assert (ahead.a, ahead.qpp, ahead.qvv) == (back.a, back.qpp, back.qvv)
    assert (ahead.b, ahead.qpv) == (-back.b, -back.qpv)


@given(st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_the_covariance_stays_positive_through_a_long_life(seed: int) -> None:
    rng = np.random.default_rng(seed)
    g = some_state(seed)
    for _ in range(40):
        g = flow(g, motion(float(rng.exponential(1.0))))
        h = rng.normal(size=6) * rng.choice([1e-3, 1.0], size=6)
        row = (*map(float, h), float(rng.normal()), float(10 ** rng.uniform(-6, 2)))
        g, _, _ = absorb(g, g, [row])  # type: ignore[list-item]
    assert sound(g)
    _, cov = unpacked(g)
    assert np.linalg.eigvalsh(cov).min() > -1e-7 * np.linalg.eigvalsh(cov).max()


def test_the_largest_sigma_is_the_root_of_the_largest_eigenvalue() -> None:
    g = some_state(9)
    _, cov = unpacked(g)
    assert math.isclose(
        largest_sigma_m(g), math.sqrt(np.linalg.eigvalsh(cov[:2, :2]).max()), rel_tol=1e-9
    )
