"""Packed states, measurements and tracks by hand; the same algebra in plain matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vigia.track import begin, layout, sense, slots
from vigia.track.fuse import MOVES
from vigia.track.imm import SIZE
from vigia.track.models import MODELS

A = np.ndarray
S = 1_000_000_000
NAN = math.nan
DEG = math.pi / 180.0
UPPER = np.triu_indices(6)
SCALE = np.array([30.0, 30.0, 20.0, 8.0, 8.0, 3.0])  # usual 1-sigma of a state


def packed(mean: A, cov: A, weight: float = 1.0) -> A:
    return np.array([weight, *mean, *cov[UPPER]])


def unpacked(g: A) -> tuple[A, A]:
    cov = np.zeros((6, 6))
    cov[UPPER] = g[7:]
    return g[1:7].copy(), cov + np.triu(cov, 1).T


def some_cov(rng: np.random.Generator) -> A:
    root = rng.normal(size=(6, 6)) * SCALE[:, None]
    return root @ root.T + np.eye(6)


def some_state(rng: np.random.Generator) -> A:
    return packed(rng.normal(size=6) * [500, 500, 50, 10, 10, 2], some_cov(rng))


def some_mixture(rng: np.random.Generator, n: int, apart: float = 1.0) -> A:
    """(n, 28): components around one state, `apart` usual sigmas from each other."""
    g = np.array([some_state(rng) for _ in range(n)])
    g[:, 1:7] = g[0, 1:7] + rng.normal(size=(n, 6)) * SCALE * apart
    g[:, 0] = rng.dirichlet(np.ones(n))
    return g


def blend(g: A) -> tuple[A, A]:
    """Mean and covariance of a mixture, by the book."""
    w, both = g[:, 0], [unpacked(part) for part in g]
    mean = sum(w[k] * m for k, (m, _) in enumerate(both))
    cov = sum(w[k] * (p + np.outer(m - mean, m - mean)) for k, (m, p) in enumerate(both))
    return np.asarray(mean), np.asarray(cov)


def scratch() -> tuple[A, A]:
    """tmp and rows, as filters want them; full of rubbish, because nothing may rely on it."""
    return np.full((6, SIZE), 1e30), np.full((6, 8), 1e30)


def heard_of(x: A, at: A) -> tuple[float, float, float, float]:
    """Azimuth, elevation, range, range rate of a state (6,) from a stand, by the book."""
    d = np.asarray(x[:3]) - at
    r = float(np.linalg.norm(d))
    az = math.atan2(d[0], d[1]) % (2.0 * math.pi)
    return az, math.asin(d[2] / r), r, float(d @ x[3:]) / r


def polar(
    x: A,
    at: A | tuple[float, float, float] = (0.0, 0.0, 0.0),
    *,
    az_s: float = 0.7 * DEG,
    el_s: float | None = 1.0 * DEG,
    rng_s: float | None = 5.0,
    rr_s: float | None = 0.5,
    noise: A | None = None,
    **more: float,
) -> A:
    """The plot (Z_N,) of a state from a stand; exact, or off by `noise` sigmas; None: unknown."""
    where = np.asarray(at, float)
    values = heard_of(np.asarray(x, float), where)
    z = np.full(sense.Z_N, NAN)
    for k, (value, sigma) in enumerate(zip(values, (az_s, el_s, rng_s, rr_s), strict=True)):
        if sigma is not None:
            z[2 * k] = value + (0.0 if noise is None else sigma * noise[k])
            z[2 * k + 1] = sigma
    z[sense.STAND_E : sense.STAND_U + 1] = where
    z[sense.STAND_S] = z[sense.TIME_S] = z[sense.IS_PLACE] = z[sense.HEARD] = 0.0
    for name, value in more.items():
        z[getattr(sense, name)] = value
    return z


def bearing(x: A, at: A | tuple[float, float, float], sigma_deg: float = 5.0, **more: Any) -> A:
    return polar(x, at, az_s=sigma_deg * DEG, **{"el_s": None, "rng_s": None, "rr_s": None, **more})


def place(
    x: A, *, sigma_m: float = 5.0, u_s: float | None = 8.0, v_s: float | None = 0.5, **more: float
) -> A:
    """What a sender at the state x (6,) states; None: it does not say."""
    z = np.full(sense.Z_N, NAN)
    z[sense.E], z[sense.N], z[sense.POS_S] = x[0], x[1], sigma_m
    if u_s is not None:
        z[sense.U], z[sense.U_S] = x[2], u_s
    if v_s is not None:
        z[sense.VE], z[sense.VN], z[sense.VU], z[sense.V_S] = x[3], x[4], x[5], v_s
    z[sense.STAND_E : sense.TIME_S + 1] = 0.0
    z[sense.IS_PLACE], z[sense.HEARD] = 1.0, 0.0
    for name, value in more.items():
        z[getattr(sense, name)] = value
    return z


def born(z: A, t_ns: int) -> tuple[layout.Cols, layout.Work, int]:
    """Columns with one track, begun by z: a plot with a range, or a lone bearing of a person."""
    cols, w = layout.empty_cols(4, 1), layout.empty_work(4, 64)
    cols.tally[layout.C_LIMIT] = 4
    slot = slots.begin(cols, w, 7, 0, t_ns, t_ns, 0.5, True)
    if math.isnan(z[sense.RNG]):
        slots.filled(cols, slot, begin.born_bearing(cols.g[slot], z, NAN, w), True, w)
    else:
        begin.born_ranged(cols.g[slot], MOVES, z, MODELS, w)
        slots.filled(cols, slot, MOVES, False, w)
    return cols, w, slot
