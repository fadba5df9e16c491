"""Which measurements could come from which tracks: generous, cheap, never tighter than the fit.

Few pairs go in plain numbers, many in columns; ranges in columns are looked up in order of east.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from vigia.scan import Flag
from vigia.track.kalman import Q_M2_S3, TAU_S, WILD
from vigia.track.measure import NEAR_M, SOUND_MPS, TURN, Place, Polar, Stand, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vigia.track.table import Table

    Pairs: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp]]
    Column: TypeAlias = NDArray[np.float64]

GATE2 = 21.0  # coarse, on the trace of the covariance: never tighter than fit.GATE
FEW = 48  # pairs up to which plain numbers beat columns
FRAME_S = 0.25  # rows tried together are this near in time at most
SPEED_MPS = 60.0  # what may change within FRAME_S
NARROW = 0.9  # share of tracks that are looked up; the widest are tried with every row
HEARD = int(Flag.HEARD)  # an int: operations on IntFlag cost a microsecond
MANOEUVRE_MPS = 25.0  # what a drone may do while its sound is under way


def near(
    table: Table, slots: NDArray[np.intp], zs: Sequence[Polar | Place], at: Stand
) -> list[tuple[int, int]]:
    """Pairs (i, j) in order: measurement i could come from the track in slots[j]."""
    if len(slots) * len(zs) > FEW:
        return _near_many(table, slots, zs, at)
    gate = table.gate[:, slots].T.tolist()
    times = table.t_ns[slots].tolist()
    out: list[tuple[int, int]] = []
    for i, z in enumerate(zs):
        for j, (row, t_ns) in enumerate(zip(gate, times, strict=True)):
            if _near_one(row, (z.t_ns - t_ns) / 1e9, z, at):
                out.append((i, j))
    return out


def _near_one(gate: Sequence[float], dt: float, z: Polar | Place, at: Stand) -> bool:
    """gate: one column of Table.gate. The variance is a bound: |travel| <= |dt|."""
    e, n, ve, vn, var, cov, var_v, many = gate
    b = max(min(dt, TAU_S), -TAU_S)
    e, n, b = e + b * ve, n + b * vn, abs(b)
    v = var + b * (cov + b * (var_v + 2.0 / 3.0 * WILD * Q_M2_S3 * b))
    if isinstance(z, Place):
        return (e - z.e_m) ** 2 + (n - z.n_m) ** 2 <= GATE2 * (v + 2.0 * z.sigma_m**2)
    de, dn = e - at.e_m, n - at.n_m
    rho2 = max(de * de + dn * dn, NEAR_M * NEAR_M)
    if z.flags & HEARD:
        v += rho2 * (MANOEUVRE_MPS / SOUND_MPS) ** 2
    if z.range_m == z.range_m:
        flat, spread = _reach(z)
        off2 = (de - flat * math.sin(z.az)) ** 2 + (dn - flat * math.cos(z.az)) ** 2
        return off2 <= GATE2 * (v + spread + at.sigma_m**2)
    v = v * (1.0 + many) + at.sigma_m**2
    off = wrap(math.atan2(de, dn) - z.az)
    return off * off <= GATE2 * (z.az_sigma**2 + v / rho2) or v > 0.1 * rho2


def _reach(z: Polar) -> tuple[float, float]:
    """Horizontal range and the variance of the place it means [m^2]."""
    spread = (z.range_m * z.az_sigma) ** 2 + z.range_sigma_m**2
    if z.el == z.el:
        return z.range_m * math.cos(z.el), spread + (z.range_m * z.el_sigma) ** 2
    return z.range_m, spread + (0.3 * z.range_m) ** 2  # the height bends slant range


def _near_many(
    table: Table, slots: NDArray[np.intp], zs: Sequence[Polar | Place], at: Stand
) -> list[tuple[int, int]]:
    """_near_one in columns."""
    places = [i for i, z in enumerate(zs) if isinstance(z, Place)]
    polar = [(i, z) for i, z in enumerate(zs) if isinstance(z, Polar)]
    ranged = [(i, z) for i, z in polar if z.range_m == z.range_m]
    bearing = [(i, z) for i, z in polar if z.range_m != z.range_m]
    gate, times = table.gate[:, slots], table.t_ns[slots]
    out: list[tuple[int, int]] = []
    if ranged:
        rows = np.array([i for i, _ in ranged], dtype=np.intp)
        i, j = _near_ranged(gate, times, [z for _, z in ranged], at)
        out += zip(rows[i].tolist(), j.tolist(), strict=True)
    if bearing:
        rows = np.array([i for i, _ in bearing], dtype=np.intp)
        i, j = np.nonzero(_near_bearing(gate, times, [z for _, z in bearing], at))
        out += zip(rows[i].tolist(), j.tolist(), strict=True)
    for i in places:
        z = zs[i]
        assert isinstance(z, Place)
        e, n, v = _ahead(gate, times, z.t_ns)
        close = (e - z.e_m) ** 2 + (n - z.n_m) ** 2 <= GATE2 * (v + 2.0 * z.sigma_m**2)
        out += [(i, j) for j in np.flatnonzero(close).tolist()]
    out.sort()
    return out


def _ahead(gate: Column, times: NDArray[np.int64], t_ns: int) -> tuple[Column, Column, Column]:
    """East, north and a bound of the variance of each track at t_ns."""
    e, n, ve, vn, var, cov, var_v, _ = gate
    b = np.clip((t_ns - times) / 1e9, -TAU_S, TAU_S)
    e, n, b = e + b * ve, n + b * vn, np.abs(b)
    return e, n, var + b * (cov + b * (var_v + 2.0 / 3.0 * WILD * Q_M2_S3 * b))


def _near_ranged(gate: Column, times: NDArray[np.int64], zs: Sequence[Polar], at: Stand) -> Pairs:
    e, n, v = _ahead(gate, times, zs[0].t_ns)
    v = v + at.sigma_m**2 + (FRAME_S * SPEED_MPS) ** 2
    reach = np.array([(*_reach(z), z.az) for z in zs])
    spread = reach[:, 1]
    ze = at.e_m + reach[:, 0] * np.sin(reach[:, 2])
    zn = at.n_m + reach[:, 0] * np.cos(reach[:, 2])
    limit = np.sort(v)[int(NARROW * (len(v) - 1))]
    narrow, wide = np.flatnonzero(v <= limit), np.flatnonzero(v > limit)
    narrow = narrow[np.argsort(e[narrow], kind="stable")]
    radius = np.sqrt(GATE2 * (limit + spread))
    east = e[narrow]
    low, high = _ranks(east, ze - radius, "left"), _ranks(east, ze + radius, "right")
    count = high - low
    start = np.cumsum(count) - count
    i = np.repeat(np.arange(len(zs)), count)
    j = narrow[np.arange(len(i)) - start[i] + low[i]]
    i = np.concatenate((i, np.repeat(np.arange(len(zs)), len(wide))))
    j = np.concatenate((j, np.tile(wide, len(zs))))
    close = (e[j] - ze[i]) ** 2 + (n[j] - zn[i]) ** 2 <= GATE2 * (v[j] + spread[i])
    return i[close], j[close]


def _ranks(ordered: Column, values: Column, side: Literal["left", "right"]) -> NDArray[np.intp]:
    return ordered.searchsorted(values, side=side)


def _near_bearing(
    gate: Column, times: NDArray[np.int64], zs: Sequence[Polar], at: Stand
) -> NDArray[np.bool_]:
    """(m, k)"""
    e, n, v = _ahead(gate, times, zs[0].t_ns)
    v = v + (FRAME_S * SPEED_MPS) ** 2
    de, dn = e - at.e_m, n - at.n_m
    rho2 = np.maximum(de * de + dn * dn, NEAR_M * NEAR_M)
    if any(z.flags & HEARD for z in zs):
        v = v + rho2 * (MANOEUVRE_MPS / SOUND_MPS) ** 2
    v = v * (1.0 + gate[7]) + at.sigma_m**2
    az = np.array([(z.az, z.az_sigma) for z in zs])
    off = (np.arctan2(de, dn) - az[:, :1] + np.pi) % TURN - np.pi
    return (off * off <= GATE2 * (az[:, 1:] ** 2 + v / rho2)) | (v > 0.1 * rho2)
