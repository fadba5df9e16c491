"""A measurement and a state -> linearised scalar rows; angles in radians from here on.

Equations: docs/track.md section 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vigia.track.kalman import Packed, Rows

NAN = math.nan
TURN = 2.0 * math.pi
NEAR_M = 3.0  # nearer than this to a sensor its angles mean nothing
SOUND_MPS = 343.0


class Stand(NamedTuple):
    """Where a polar measurement is made: east, north, up [m], how well that is known, and how
    well the time of the measurement is known."""

    e_m: float
    n_m: float
    u_m: float
    sigma_m: float = 0.0
    t_sigma_s: float = 0.0


class Polar(NamedTuple):
    """Angles [rad] and perhaps a range from a stand. Unknown is NaN; sigmas are then unused."""

    t_ns: int
    az: float
    az_sigma: float
    el: float
    el_sigma: float
    range_m: float
    range_sigma_m: float
    rate_mps: float
    rate_sigma_mps: float
    flags: int = 0
    drones: int = 0  # this row stands for; 0 is unknown
    p_drone: float = NAN


class Place(NamedTuple):
    """A stated position [m] and velocity [m/s]; NaN is unknown. identity: b"" is none."""

    t_ns: int
    e_m: float
    n_m: float
    u_m: float
    sigma_m: float
    u_sigma_m: float
    ve_mps: float
    vn_mps: float
    vu_mps: float
    v_sigma_mps: float
    flags: int = 0
    id_kind: int = 0
    identity: bytes = b""
    ua_type: int = 0
    p_drone: float = NAN


def wrap(angle: float) -> float:
    """Into -pi <= a < pi."""
    return (angle + math.pi) % TURN - math.pi


def polar_rows(x: Packed, z: Polar, at: Stand) -> Rows:
    """Rows of azimuth, elevation, range and range rate, those that z has, linearised at x.

    The unknown place of the observer and the unknown time widen the angles by what they mean at
    this range: (sigma / range)^2 and (t_sigma speed / range)^2.
    """
    de, dn, du = x[0] - at.e_m, x[1] - at.n_m, x[2] - at.u_m
    rho2 = max(de * de + dn * dn, NEAR_M * NEAR_M)
    rho = math.sqrt(rho2)
    r2 = rho2 + du * du
    r = math.sqrt(r2)
    ve, vn, vu = x[3], x[4], x[5]
    slip = at.sigma_m * at.sigma_m + at.t_sigma_s * at.t_sigma_s * (ve * ve + vn * vn + vu * vu)
    rows: Rows = []
    if z.az == z.az:
        variance = z.az_sigma * z.az_sigma + slip / rho2
        resid = wrap(z.az - math.atan2(de, dn))
        rows.append((dn / rho2, -de / rho2, 0.0, 0.0, 0.0, 0.0, resid, variance))
    if z.el == z.el:
        k = du / (rho * r2)
        variance = z.el_sigma * z.el_sigma + slip / r2
        resid = z.el - math.atan2(du, rho)
        rows.append((-k * de, -k * dn, rho / r2, 0.0, 0.0, 0.0, resid, variance))
    ue, un, uu = de / r, dn / r, du / r
    if z.range_m == z.range_m:
        variance = z.range_sigma_m * z.range_sigma_m + slip
        rows.append((ue, un, uu, 0.0, 0.0, 0.0, z.range_m - r, variance))
    if z.rate_mps == z.rate_mps:
        rate = ue * ve + un * vn + uu * vu
        h0, h1, h2 = (ve - rate * ue) / r, (vn - rate * un) / r, (vu - rate * uu) / r
        variance = z.rate_sigma_mps * z.rate_sigma_mps
        rows.append((h0, h1, h2, ue, un, uu, z.rate_mps - rate, variance))
    return rows


def place_rows(x: Packed, z: Place) -> Rows:
    """Rows of what a sender states about itself; linear, so exact anywhere."""
    v = z.sigma_m * z.sigma_m
    rows: Rows = [
        (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, z.e_m - x[0], v),
        (0.0, 1.0, 0.0, 0.0, 0.0, 0.0, z.n_m - x[1], v),
    ]
    if z.u_m == z.u_m:
        rows.append((0.0, 0.0, 1.0, 0.0, 0.0, 0.0, z.u_m - x[2], z.u_sigma_m * z.u_sigma_m))
    w = z.v_sigma_mps * z.v_sigma_mps
    if z.ve_mps == z.ve_mps:
        rows.append((0.0, 0.0, 0.0, 1.0, 0.0, 0.0, z.ve_mps - x[3], w))
        rows.append((0.0, 0.0, 0.0, 0.0, 1.0, 0.0, z.vn_mps - x[4], w))
    if z.vu_mps == z.vu_mps:
        rows.append((0.0, 0.0, 0.0, 0.0, 0.0, 1.0, z.vu_mps - x[5], w))
    return rows


def heard_delay_s(x: Packed, at: Stand) -> float:
    """How long the sound of a source at x took to the stand."""
    return math.dist(x[:3], (at.e_m, at.n_m, at.u_m)) / SOUND_MPS
