"""Many pairs of track and measurement at once -> the same answers as fit.fit, in columns.

The filter's arithmetic is kalman.flow and kalman.absorb themselves, given arrays for numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from vigia.scan import Flag
from vigia.track.fit import LOG_TURN, ROUNDS, STARTLING, WIDE, WILD_PRIOR, Fit
from vigia.track.kalman import (
    Q_M2_S3,
    QZ_M2_S3,
    SERIES_S,
    TAU_S,
    WILD,
    Motion,
    absorb,
    flow,
    seen_later,
)
from vigia.track.measure import NEAR_M, SOUND_MPS, TURN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigia.track.kalman import Packed, Rows
    from vigia.track.measure import Polar, Stand

Column: TypeAlias = NDArray[np.float64]
NUMBERS = slice(1, 9)  # the measured fields of a Polar


class Fits(NamedTuple):
    """Per pair: state (27, p), its time (p,), squared innovation (p,), log density (p,), how
    many rows it had (p,)."""

    g: Column
    t_ns: NDArray[np.int64]
    nis: Column
    log_density: Column
    size: NDArray[np.int64]

    def one(self, k: int) -> Fit:
        g: Packed = self.g[:, k].tolist()
        nis, odds = float(self.nis[k]), float(self.log_density[k])
        return Fit(g, int(self.t_ns[k]), nis, odds, int(self.size[k]), [], [])


def motions(dt_s: Column, times: float = 1.0) -> Motion:
    """kalman.motion of (p,) seconds, of either sign."""
    t = np.abs(dt_s)
    a = np.exp(-t / TAU_S)
    b = TAU_S * (1.0 - a)
    vv = 0.5 * TAU_S * (1.0 - a * a)
    pv = 0.5 * b * b
    pp = np.where(t < SERIES_S, t**3 / 3.0, TAU_S * TAU_S * (t - 2.0 * b + vv))
    sign = np.where(dt_s < 0.0, -1.0, 1.0)
    q, z = Q_M2_S3 * times, QZ_M2_S3 * times
    parts = (a, sign * b, q * pp, sign * q * pv, q * vv, z * pp, sign * z * pv, z * vv)
    # why the cast: flow and seen_later take a column wherever they take a number
    return Motion(*cast("tuple[float, ...]", parts))


def flowed(x: Column, dt_s: Column, times: float = 1.0) -> Column:
    """(27, p) states moved by (p,) seconds >= 0."""
    return np.array(flow(_packed(x), motions(dt_s, times)))


def fit_many(
    x: Column, t_ns: NDArray[np.int64], zs: Sequence[Polar], which: NDArray[np.intp], at: Stand
) -> Fits:
    """x (27, p), t_ns (p,): states; which (p,): the index in zs each is tried with."""
    calm = _fit_many(x, t_ns, zs, which, at, 1.0)
    ranged = np.array([z.range_m == z.range_m for z in zs])[which]
    t_z = np.array([z.t_ns for z in zs], dtype=np.int64)[which]
    odd = (calm.nis > np.array(STARTLING)[calm.size]) & ranged & (t_z > t_ns)
    if not odd.any():
        return calm
    wild = _fit_many(x[:, odd], t_ns[odd], zs, which[odd], at, WILD)
    better = wild.log_density + WILD_PRIOR > calm.log_density[odd]
    index = np.flatnonzero(odd)[better]
    calm.g[:, index] = wild.g[:, better]
    calm.nis[index] = wild.nis[better]
    calm.log_density[index] = wild.log_density[better] + WILD_PRIOR
    return calm


def _fit_many(
    x: Column,
    t_ns: NDArray[np.int64],
    zs: Sequence[Polar],
    which: NDArray[np.intp],
    at: Stand,
    times: float,
) -> Fits:
    z = np.array([q[NUMBERS] for q in zs])[which].T
    t_z = np.array([q.t_ns for q in zs], dtype=np.int64)[which]
    heard = np.array([bool(q.flags & int(Flag.HEARD)) for q in zs])[which]
    dt = (t_z - t_ns) / 1e9
    if heard.any():
        far = np.sqrt((x[0] - at.e_m) ** 2 + (x[1] - at.n_m) ** 2 + (x[2] - at.u_m) ** 2)
        dt = dt - np.where(heard, far / SOUND_MPS, 0.0)
    ahead = np.maximum(dt, 0.0)
    g = flowed(x, ahead, times)
    back = motions(np.minimum(dt, 0.0))
    late = bool((dt < 0.0).any())
    rows = _rows(_seen(g, back, late), z, at)
    known = ~np.isnan(z[[0, 2, 4, 6]])
    prior = _packed(g)
    new, nis, det = absorb(prior, prior, seen_later(rows, back) if late else rows)
    wide = z[1] > WIDE
    if wide.any():
        first = np.array(new)
        for _ in range(ROUNDS - 1):
            there = np.array(new)
            rows = _rows(_seen(there, back, late), z, at)
            new, _, _ = absorb(prior, _packed(there), seen_later(rows, back) if late else rows)
        new = _packed(np.where(wide, np.array(new), first))
    out = np.array(new)
    size = known.sum(axis=0)
    odds = -0.5 * (np.asarray(nis) + np.log(np.asarray(det)) + size * LOG_TURN)
    good = np.isfinite(out).all(axis=0) & (out[[6, 12, 17, 21, 24, 26]] > 0.0).all(axis=0)
    return Fits(
        out,
        t_ns + np.rint(ahead * 1e9).astype(np.int64),
        np.where(good, np.asarray(nis), math.inf),
        np.where(good, odds, -math.inf),
        size,
    )


def _packed(x: Column) -> Packed:
    # why the cast: the filter's arithmetic is the same for a number and for a column of numbers
    return cast("Packed", list(x))


def _seen(g: Column, back: Motion, late: bool) -> Column:
    """Means (6, p) at the times of the measurements."""
    if not late:
        return g[:6]
    a, b = np.asarray(back.a), np.asarray(back.b)
    return np.concatenate((g[:3] + b * g[3:6], a * g[3:6]))


def _rows(x: Column, z: Column, at: Stand) -> Rows:
    """measure.polar_rows in columns; an unknown component is a row that moves nothing."""
    az, az_sigma, el, el_sigma, rng, rng_sigma, rate, rate_sigma = z
    de, dn, du = x[0] - at.e_m, x[1] - at.n_m, x[2] - at.u_m
    rho2 = np.maximum(de * de + dn * dn, NEAR_M * NEAR_M)
    rho = np.sqrt(rho2)
    r2 = rho2 + du * du
    r = np.sqrt(r2)
    ve, vn, vu = x[3], x[4], x[5]
    slip = at.sigma_m * at.sigma_m + at.t_sigma_s * at.t_sigma_s * (ve * ve + vn * vn + vu * vu)
    zero = np.zeros_like(rho)
    resid = (az - np.arctan2(de, dn) + np.pi) % TURN - np.pi
    out = [_row((dn / rho2, -de / rho2, zero), zero, resid, az_sigma**2 + slip / rho2)]
    if not np.isnan(el).all():
        k = du / (rho * r2)
        h = (-k * de, -k * dn, rho / r2)
        out.append(_row(h, zero, el - np.arctan2(du, rho), el_sigma**2 + slip / r2))
    ue, un, uu = de / r, dn / r, du / r
    if not np.isnan(rng).all():
        out.append(_row((ue, un, uu), zero, rng - r, rng_sigma**2 + slip))
    if not np.isnan(rate).all():
        v = ue * ve + un * vn + uu * vu
        h = ((ve - v * ue) / r, (vn - v * un) / r, (vu - v * uu) / r)
        out.append(_row(h, (ue, un, uu), rate - v, rate_sigma**2 + zero))
    # why the cast: as in _packed
    return cast("Rows", out)


def _row(
    h: tuple[Column, Column, Column],
    hv: Column | tuple[Column, Column, Column],
    resid: Column,
    variance: Column,
) -> tuple[Column, ...]:
    known = ~np.isnan(resid)
    h3, h4, h5 = hv if isinstance(hv, tuple) else (hv, hv, hv)
    full = (*h, h3, h4, h5, resid)
    if known.all():
        return (*full, variance)
    return (*(np.where(known, c, 0.0) for c in full), np.where(known, variance, 1.0))
