"""A packed state and what was measured -> the state after it: prediction and update.

One packed state is 27 numbers: east, north, up [m], their rates [m/s], then the upper triangle
of the covariance row by row. The arithmetic is written out, once, and serves a number and a
column of numbers alike (columns.py): no BLAS, the same order of operations on every machine.
Equations: docs/track.md sections 1 and 2.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

TAU_S = 15.0  # velocity forgets itself in this time
Q_M2_S3 = 15.0  # horizontal strength of manoeuvres, most of the time
WILD = 6.0  # times that while it turns hard or brakes
QZ_M2_S3 = 2.0  # vertical
SIZE = 27
SPEED_SIGMA_MPS = math.sqrt(Q_M2_S3 * TAU_S / 2.0)  # of a drone nothing is known about
CLIMB_SIGMA_MPS = math.sqrt(QZ_M2_S3 * TAU_S / 2.0)
SERIES_S = 0.01  # below: the closed form of the noise loses digits

Packed: TypeAlias = list[float]
Row: TypeAlias = tuple[float, float, float, float, float, float, float, float]  # h (6), resid, R
Rows: TypeAlias = list[Row]


class Motion(NamedTuple):
    """Factors of one step: velocity damping a, travel b [s], noise pp, pv, vv, and the vertical."""

    a: float
    b: float
    qpp: float
    qpv: float
    qvv: float
    zpp: float
    zpv: float
    zvv: float


def motion(dt_s: float, times: float = 1.0) -> Motion:
    """Ornstein-Uhlenbeck velocity over dt_s, its noise taken so many times. Negative: back in
    time, where it is the same process (it is reversible), so looking back also costs certainty
    and never runs away."""
    t = abs(dt_s)
    a = math.exp(-t / TAU_S)
    b = TAU_S * (1.0 - a)
    vv = 0.5 * TAU_S * (1.0 - a * a)
    pv = 0.5 * b * b
    pp = t**3 / 3.0 if t < SERIES_S else TAU_S * TAU_S * (t - 2.0 * b + vv)
    if dt_s < 0.0:
        b, pv = -b, -pv
    q, z = Q_M2_S3 * times, QZ_M2_S3 * times
    return Motion(a, b, q * pp, q * pv, q * vv, z * pp, z * pv, z * vv)


def flow(g: Packed, m: Motion) -> Packed:
    """The state moved by m: mean and covariance, with its process noise."""
    x0, x1, x2, x3, x4, x5 = g[:6]
    c00, c01, c02, c03, c04, c05, c11, c12, c13, c14, c15 = g[6:17]
    c22, c23, c24, c25, c33, c34, c35, c44, c45, c55 = g[17:]
    a, b, qpp, qpv, qvv, zpp, zpv, zvv = m
    aa = a * a
    ab = a * b
    c00 = c00 + b * (2.0 * c03 + b * c33) + qpp
    c01 = c01 + b * (c04 + c13 + b * c34)
    c02 = c02 + b * (c05 + c23 + b * c35)
    c11 = c11 + b * (2.0 * c14 + b * c44) + qpp
    c12 = c12 + b * (c15 + c24 + b * c45)
    c22 = c22 + b * (2.0 * c25 + b * c55) + zpp
    c03 = a * c03 + ab * c33 + qpv
    c04 = a * c04 + ab * c34
    c05 = a * c05 + ab * c35
    c13 = a * c13 + ab * c34
    c14 = a * c14 + ab * c44 + qpv
    c15 = a * c15 + ab * c45
    c23 = a * c23 + ab * c35
    c24 = a * c24 + ab * c45
    c25 = a * c25 + ab * c55 + zpv
    c33 = aa * c33 + qvv
    c34 = aa * c34
    c35 = aa * c35
    c44 = aa * c44 + qvv
    c45 = aa * c45
    c55 = aa * c55 + zvv
    x0, x1, x2 = x0 + b * x3, x1 + b * x4, x2 + b * x5
    x3, x4, x5 = a * x3, a * x4, a * x5
    return [
        x0, x1, x2, x3, x4, x5,
        c00, c01, c02, c03, c04, c05, c11, c12, c13, c14, c15,
        c22, c23, c24, c25, c33, c34, c35, c44, c45, c55,
    ]  # fmt: skip


def absorb(g: Packed, at: Packed, rows: Rows) -> tuple[Packed, float, float]:
    """Kalman update by scalar rows linearised at `at`, one after another (exact for independent
    rows). -> state, squared normalised innovation, determinant of its covariance.
    """
    x0, x1, x2, x3, x4, x5 = g[:6]
    c00, c01, c02, c03, c04, c05, c11, c12, c13, c14, c15 = g[6:17]
    c22, c23, c24, c25, c33, c34, c35, c44, c45, c55 = g[17:]
    z0, z1, z2, z3, z4, z5 = at[:6]
    nis, det = 0.0, 1.0
    for h0, h1, h2, h3, h4, h5, resid, r in rows:
        p0 = c00 * h0 + c01 * h1 + c02 * h2 + c03 * h3 + c04 * h4 + c05 * h5
        p1 = c01 * h0 + c11 * h1 + c12 * h2 + c13 * h3 + c14 * h4 + c15 * h5
        p2 = c02 * h0 + c12 * h1 + c22 * h2 + c23 * h3 + c24 * h4 + c25 * h5
        p3 = c03 * h0 + c13 * h1 + c23 * h2 + c33 * h3 + c34 * h4 + c35 * h5
        p4 = c04 * h0 + c14 * h1 + c24 * h2 + c34 * h3 + c44 * h4 + c45 * h5
        p5 = c05 * h0 + c15 * h1 + c25 * h2 + c35 * h3 + c45 * h4 + c55 * h5
        s = h0 * p0 + h1 * p1 + h2 * p2 + h3 * p3 + h4 * p4 + h5 * p5 + r
        dp = h0 * (x0 - z0) + h1 * (x1 - z1) + h2 * (x2 - z2)
        y = resid - dp - h3 * (x3 - z3) - h4 * (x4 - z4) - h5 * (x5 - z5)
        w = 1.0 / s
        k = y * w
        nis += y * k
        det *= s
        x0, x1, x2 = x0 + p0 * k, x1 + p1 * k, x2 + p2 * k
        x3, x4, x5 = x3 + p3 * k, x4 + p4 * k, x5 + p5 * k
        w0, w1, w2, w3, w4, w5 = p0 * w, p1 * w, p2 * w, p3 * w, p4 * w, p5 * w
        c00 = c00 - w0 * p0
        c01 = c01 - w0 * p1
        c02 = c02 - w0 * p2
        c03 = c03 - w0 * p3
        c04 = c04 - w0 * p4
        c05 = c05 - w0 * p5
        c11 = c11 - w1 * p1
        c12 = c12 - w1 * p2
        c13 = c13 - w1 * p3
        c14 = c14 - w1 * p4
        c15 = c15 - w1 * p5
        c22 = c22 - w2 * p2
        c23 = c23 - w2 * p3
        c24 = c24 - w2 * p4
        c25 = c25 - w2 * p5
        c33 = c33 - w3 * p3
        c34 = c34 - w3 * p4
        c35 = c35 - w3 * p5
        c44 = c44 - w4 * p4
        c45 = c45 - w4 * p5
        c55 = c55 - w5 * p5
    state = [
        x0, x1, x2, x3, x4, x5,
        c00, c01, c02, c03, c04, c05, c11, c12, c13, c14, c15,
        c22, c23, c24, c25, c33, c34, c35, c44, c45, c55,
    ]  # fmt: skip
    return state, nis, det


def seen_later(rows: Rows, m: Motion) -> Rows:
    """Rows about the past (m: the step back) -> the same rows about the present: H F, and the
    noise of the way back added to R. Cautious: what the filter learnt since is not credited."""
    a, b, qpp, qpv, qvv, zpp, zpv, zvv = m
    out: Rows = []
    for h0, h1, h2, h3, h4, h5, resid, r in rows:
        more = (
            (h0 * h0 + h1 * h1) * qpp
            + 2.0 * (h0 * h3 + h1 * h4) * qpv
            + (h3 * h3 + h4 * h4) * qvv
            + h2 * h2 * zpp
            + 2.0 * h2 * h5 * zpv
            + h5 * h5 * zvv
        )
        g3, g4, g5 = b * h0 + a * h3, b * h1 + a * h4, b * h2 + a * h5
        out.append((h0, h1, h2, g3, g4, g5, resid, r + more))
    return out


def moved(g: Packed, m: Motion) -> Packed:
    """Only the mean of g moved by m (the first six numbers)."""
    a, b = m.a, m.b
    e, n, u, ve, vn, vu = g[:6]
    return [e + b * ve, n + b * vn, u + b * vu, a * ve, a * vn, a * vu]


def largest_sigma_m(g: Packed) -> float:
    """Largest horizontal 1-sigma."""
    a, b, d = g[6], g[7], g[12]
    half = 0.5 * (a + d)
    return math.sqrt(max(half + math.sqrt(0.25 * (a - d) ** 2 + b * b), 0.0))


def sound(g: Packed) -> bool:
    """Finite, within the world, with variances above zero: fit to be kept."""
    return (
        all(-1e12 < v < 1e12 for v in g)
        and g[6] > 0.0
        and g[12] > 0.0
        and g[17] > 0.0
        and g[21] > 0.0
        and g[24] > 0.0
        and g[26] > 0.0
    )
