"""A track's state and one measurement -> the state with it, and how well they fit.

Handles early and late alike (time to the measurement may be negative), sound under way, and
sectors, which hold one state per plausible range. Equations: docs/track.md sections 2 and 3.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from vigia.scan import Flag
from vigia.track.kalman import WILD, Packed, Rows, absorb, flow, motion, moved, seen_later, sound
from vigia.track.measure import Place, Polar, Stand, heard_delay_s, place_rows, polar_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

LOG_TURN = math.log(2.0 * math.pi)
WIDE = math.radians(3.0)  # angles wider than this are linearised again at the better state
ROUNDS = 3
HEARD = int(Flag.HEARD)  # an int: operations on IntFlag cost a microsecond
PART_MIN = 2e-3  # a part less probable than this is dropped
# 99.95 % of chi-square with as many degrees of freedom; index 0 unused
GATE = (0.0, 12.1, 15.2, 17.7, 20.0, 22.1, 24.1, 26.0)

# 90 % of chi-square: beyond it a manoeuvre is tried
STARTLING = (0.0, 2.7, 4.6, 6.3, 7.8, 9.2, 10.6, 12.0)
WILD_PRIOR = math.log(0.1)  # how often one begins between two looks


class Fit(NamedTuple):
    """nis: squared normalised innovation; log_density: of the measurement given the track."""

    g: Packed
    t_ns: int
    nis: float
    log_density: float
    size: int
    parts: list[Packed]
    weights: list[float]

    @property
    def fits(self) -> bool:
        return self.nis <= GATE[self.size]


def fit(g: Packed, t_ns: int, z: Polar | Place, at: Stand) -> Fit:
    """One state; with a range that startles it, also as if the drone had turned hard since."""
    calm = _fit(g, t_ns, z, at, 1.0)
    if calm.nis <= STARTLING[calm.size] or z.t_ns <= t_ns:
        return calm
    if isinstance(z, Polar) and z.range_m != z.range_m:
        return calm  # a bearing may as well be another drone's
    wild = _fit(g, t_ns, z, at, WILD)
    density = wild.log_density + WILD_PRIOR
    return wild._replace(log_density=density) if density > calm.log_density else calm


def _fit(g: Packed, t_ns: int, z: Polar | Place, at: Stand, times: float) -> Fit:
    """A measurement from before t_ns is turned into one of the present."""
    heard = isinstance(z, Polar) and bool(z.flags & HEARD)
    to_z_s = (z.t_ns - t_ns) / 1e9
    dt = to_z_s - (heard_delay_s(g, at) if heard else 0.0)
    if dt >= 0.0:
        g = flow(g, motion(dt, times))
        t_ns += round(dt * 1e9)
        rows = _rows(g, z, at)
        back = None
    else:
        back = motion(dt)
        rows = seen_later(_rows(moved(g, back), z, at), back)
    new, nis, det = absorb(g, g, rows)
    if isinstance(z, Polar) and z.az_sigma > WIDE:
        for _ in range(ROUNDS - 1):
            there = new if back is None else moved(new, back)
            rows = _rows(there, z, at)
            new, _, _ = absorb(g, new, rows if back is None else seen_later(rows, back))
    if not sound(new):  # an update that cannot be kept: as if it did not fit
        return Fit(g, t_ns, math.inf, -math.inf, len(rows), [], [])
    density = -0.5 * (nis + math.log(det) + len(rows) * LOG_TURN)
    return Fit(new, t_ns, nis, density, len(rows), [], [])


def fit_parts(
    parts: Sequence[Packed], weights: Sequence[float], t_ns: int, z: Polar | Place, at: Stand
) -> Fit:
    """A sector: every plausible range by itself, weighed by how well it explains z."""
    fits = [fit(g, t_ns, z, at) for g in parts]
    logs = [math.log(w) + f.log_density for w, f in zip(weights, fits, strict=True)]
    top = max(logs)
    if top == -math.inf:
        return fits[0]
    raw = [math.exp(v - top) for v in logs]
    total = sum(raw)
    best = fits[logs.index(top)]
    keep = [(f.g, w / total) for f, w in zip(fits, raw, strict=True) if w / total >= PART_MIN]
    # sound takes longer from farther parts: all of them to one time
    t_new = max(f.t_ns for f in fits)
    left = [
        flow(f.g, motion((t_new - f.t_ns) / 1e9)) if f.t_ns < t_new else f.g
        for f, w in zip(fits, raw, strict=True)
        if w / total >= PART_MIN
    ]
    share = sum(w for _, w in keep)
    ws = [w / share for _, w in keep]
    g = blend(left, ws)
    nis = min(f.nis for f in fits)
    many = len(left) > 1
    return Fit(
        g,
        t_new,
        nis,
        top + math.log(total),
        best.size,
        left if many else [],
        ws if many else [],
    )


def blend(parts: Sequence[Packed], weights: Sequence[float]) -> Packed:
    """Mean and covariance of a weighted mixture of states."""
    if len(parts) == 1:
        return list(parts[0])
    mean = [sum(w * g[i] for w, g in zip(weights, parts, strict=True)) for i in range(6)]
    cov: list[float] = []
    k = 6
    for i in range(6):
        for j in range(i, 6):
            total = 0.0
            for w, g in zip(weights, parts, strict=True):
                total += w * (g[k] + (g[i] - mean[i]) * (g[j] - mean[j]))
            cov.append(total)
            k += 1
    return mean + cov


def _rows(x: Packed, z: Polar | Place, at: Stand) -> Rows:
    return polar_rows(x, z, at) if isinstance(z, Polar) else place_rows(x, z)
