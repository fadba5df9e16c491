"""A first measurement -> the states a new track may have.

A range or a stated place gives one state; a lone bearing gives one per plausible range, so that
a second bearing from elsewhere, whenever it comes, picks the right one. docs/track.md section 3.
"""

from __future__ import annotations

import hashlib
import math
import struct
from typing import NamedTuple

from vigia.track.fit import blend
from vigia.track.kalman import CLIMB_SIGMA_MPS, SPEED_SIGMA_MPS, Packed, absorb
from vigia.track.measure import Place, Polar, Stand, place_rows, polar_rows

FAR_M = 20_000.0  # "anywhere" before the first measurement
HEIGHT_M = 60.0  # of a drone above whoever saw it, when nothing is known
HEIGHT_SIGMA_M = 60.0
# a person's plausible ranges: sensing.md table (P50 245-307 m told where to look), wide
PERSON_RANGES_M = (70.0, 150.0, 300.0, 600.0, 1_200.0)
PERSON_WEIGHTS = (0.15, 0.25, 0.30, 0.20, 0.10)
SENSOR_RANGES = (0.04, 0.09, 0.2, 0.42, 0.85)  # of its range_max_m
SENSOR_WEIGHTS = (0.1, 0.2, 0.25, 0.25, 0.2)
RANGE_SPREAD = 0.36  # 1-sigma of each, as a share: they are a factor of about two apart
PRESENT_SIGMA_M = 300.0  # "a drone is here", without a direction


class Birth(NamedTuple):
    g: Packed
    parts: list[Packed]
    weights: list[float]


def track_id(source: str, t_obs_ns: int, content: bytes) -> str:
    """16 hex digits of what began it, so a replay gives the same."""
    data = source.encode() + b"\0" + struct.pack("<q", t_obs_ns) + content
    return hashlib.sha256(data).hexdigest()[:16]


def born_placed(z: Place, *, ground_m: float) -> Birth:
    u = z.u_m if z.u_m == z.u_m else ground_m + HEIGHT_M
    wide = _anywhere((z.e_m, z.n_m, u), FAR_M if z.u_m == z.u_m else HEIGHT_SIGMA_M)
    return Birth(absorb(wide, wide, place_rows(wide, z))[0], [], [])


def born_ranged(z: Polar, at: Stand) -> Birth:
    return Birth(_at_range(z, at)[0], [], [])


def born_bearing(z: Polar, at: Stand, *, range_max_m: float | None) -> Birth:
    """range_max_m: the sensor's; None: a person."""
    if range_max_m is None:
        ranges, prior = PERSON_RANGES_M, PERSON_WEIGHTS
    else:
        ranges, prior = tuple(s * range_max_m for s in SENSOR_RANGES), SENSOR_WEIGHTS
    parts: list[Packed] = []
    weights: list[float] = []
    for r, w in zip(ranges, prior, strict=True):
        guess = z._replace(range_m=r, range_sigma_m=RANGE_SPREAD * r)
        g, nis = _at_range(guess, at)
        parts.append(g)
        weights.append(w * math.exp(-0.5 * min(nis, 12.0)))
    total = sum(weights)
    weights = [w / total for w in weights]
    return Birth(blend(parts, weights), parts, weights)


def born_present(at: Stand) -> Birth:
    """Somebody says a drone is here and gives no direction."""
    g = _anywhere((at.e_m, at.n_m, at.u_m + HEIGHT_M), HEIGHT_SIGMA_M)
    g[6] = g[12] = PRESENT_SIGMA_M**2 + at.sigma_m**2
    return Birth(g, [], [])


def _at_range(z: Polar, at: Stand) -> tuple[Packed, float]:
    """State at z's direction and range, and how odd its height is (squared sigmas)."""
    known = z.el == z.el
    el = z.el if known else math.asin(min(HEIGHT_M / z.range_m, 0.7))
    flat = z.range_m * math.cos(el)
    e, n = at.e_m + flat * math.sin(z.az), at.n_m + flat * math.cos(z.az)
    u = at.u_m + z.range_m * math.sin(el)
    wide = _anywhere((e, n, u), FAR_M if known else HEIGHT_SIGMA_M)
    g, _, _ = absorb(wide, wide, polar_rows(wide, z, at))
    odd = 0.0
    if known:  # a weak word of the usual height, weak against any good elevation
        spread = g[17] + (2.0 * HEIGHT_SIGMA_M) ** 2
        odd = (u - at.u_m - HEIGHT_M) ** 2 / spread
    return g, odd


def _anywhere(where: tuple[float, float, float], u_sigma_m: float) -> Packed:
    far, v, w = FAR_M * FAR_M, SPEED_SIGMA_MPS**2, CLIMB_SIGMA_MPS**2
    z = 0.0
    return [
        where[0], where[1], where[2], z, z, z,
        far, z, z, z, z, z, far, z, z, z, z, u_sigma_m * u_sigma_m, z, z, z, v, z, z, v, z, w,
    ]  # fmt: skip
