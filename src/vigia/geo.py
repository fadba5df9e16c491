"""WGS-84 and local east-north-up; degrees at the doors, radians inside.

A site works in one local east-north-up (ENU) frame: the tangent plane at its origin.
Source: Bowring/closed-form ECEF, NIMA TR8350.2; tested against pyproj (tests/test_geo.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

A_M = 6378137.0  # semi-major axis
F = 1.0 / 298.257223563
E2 = F * (2.0 - F)
LAT_MAX_DEG = 90.0
LON_MAX_DEG = 180.0


class Enu(NamedTuple):
    """East, north, up [m] of a site's origin."""

    e_m: float
    n_m: float
    u_m: float


class LatLon(NamedTuple):
    lat_deg: float
    lon_deg: float
    alt_hae_m: float


class Site:
    """One local east-north-up frame. Converts both ways, scalars and columns."""

    __slots__ = ("_ecef0", "_rot", "origin")

    def __init__(self, *, lat_deg: float, lon_deg: float, alt_hae_m: float) -> None:
        self.origin = LatLon(lat_deg, lon_deg, alt_hae_m)
        lat, lon = math.radians(lat_deg), math.radians(lon_deg)
        sl, cl, so, co = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
        self._rot = (
            (-so, co, 0.0),
            (-sl * co, -sl * so, cl),
            (cl * co, cl * so, sl),
        )
        self._ecef0 = _to_ecef(lat, lon, alt_hae_m)

    def packed(self) -> NDArray[np.float64]:
        """(13,) origin's height, its ECEF, the rotation row by row: for compiled code."""
        flat = [v for row in self._rot for v in row]
        return np.array([self.origin.alt_hae_m, *self._ecef0, *flat])

    def to_enu(self, *, lat_deg: float, lon_deg: float, alt_hae_m: float) -> Enu:
        """Exact (no flat-earth shortcut): straight-line ENU of a point."""
        x, y, z = _to_ecef(math.radians(lat_deg), math.radians(lon_deg), alt_hae_m)
        x0, y0, z0 = self._ecef0
        dx, dy, dz = x - x0, y - y0, z - z0
        r = self._rot
        return Enu(
            r[0][0] * dx + r[0][1] * dy + r[0][2] * dz,
            r[1][0] * dx + r[1][1] * dy + r[1][2] * dz,
            r[2][0] * dx + r[2][1] * dy + r[2][2] * dz,
        )

    def to_latlon(self, *, e_m: float, n_m: float, u_m: float) -> LatLon:
        r = self._rot
        x0, y0, z0 = self._ecef0
        x = x0 + r[0][0] * e_m + r[1][0] * n_m + r[2][0] * u_m
        y = y0 + r[0][1] * e_m + r[1][1] * n_m + r[2][1] * u_m
        z = z0 + r[0][2] * e_m + r[1][2] * n_m + r[2][2] * u_m
        return _from_ecef(x, y, z)

    def columns_to_enu(
        self,
        lat_deg: NDArray[np.float64],
        lon_deg: NDArray[np.float64],
        alt_hae_m: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """(n,), (n,), (n,) -> (n, 3) [m]. Not-a-number in, not-a-number out."""
        lat, lon = np.radians(lat_deg), np.radians(lon_deg)
        sl, cl = np.sin(lat), np.cos(lat)
        n = A_M / np.sqrt(1.0 - E2 * sl * sl)
        x0, y0, z0 = self._ecef0
        dx = (n + alt_hae_m) * cl * np.cos(lon) - x0
        dy = (n + alt_hae_m) * cl * np.sin(lon) - y0
        dz = (n * (1.0 - E2) + alt_hae_m) * sl - z0
        r = self._rot
        out = np.empty((lat.shape[0], 3))
        for i in range(3):
            out[:, i] = r[i][0] * dx + r[i][1] * dy + r[i][2] * dz
        return out

    def columns_to_latlon(self, enu: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 3) [m] -> (n, 3) latitude, longitude [deg], height above the ellipsoid [m]."""
        r = np.array(self._rot)
        x, y, z = (enu @ r + np.array(self._ecef0)).T
        p = np.hypot(x, y)
        lat = np.arctan2(z, p * (1.0 - E2))
        h = np.zeros_like(p)
        for _ in range(5):
            sl, cl = np.sin(lat), np.cos(lat)
            n = A_M / np.sqrt(1.0 - E2 * sl * sl)
            # one form for all latitudes: finite at the poles, where p / cos(lat) is not
            h = p * cl + z * sl - n * (1.0 - E2 * sl * sl)
            lat = np.arctan2(z, p * (1.0 - E2 * n / (n + h)))
        return np.column_stack((np.degrees(lat), np.degrees(np.arctan2(y, x)), h))


def bearing_deg_true(*, de_m: float, dn_m: float) -> float:
    """Direction of (east, north), clockwise from true north, 0 <= b < 360. (0, 0) gives 0."""
    b = math.degrees(math.atan2(de_m, dn_m)) % 360.0
    return 0.0 if b >= 360.0 else b  # -1e-16 % 360 rounds to 360


def angle_diff_deg(a_deg: float, b_deg: float) -> float:
    """a - b brought into -180 <= d < 180."""
    return (a_deg - b_deg + 180.0) % 360.0 - 180.0


def compass_point(bearing_deg: float) -> str:
    """One of n ne e se s sw w nw: the key of a word in the catalogue."""
    return ("n", "ne", "e", "se", "s", "sw", "w", "nw")[int((bearing_deg % 360.0 + 22.5) // 45) % 8]


def _to_ecef(lat: float, lon: float, h_m: float) -> tuple[float, float, float]:
    sl, cl = math.sin(lat), math.cos(lat)
    n = A_M / math.sqrt(1.0 - E2 * sl * sl)
    return (
        (n + h_m) * cl * math.cos(lon),
        (n + h_m) * cl * math.sin(lon),
        (n * (1.0 - E2) + h_m) * sl,
    )


def _from_ecef(x: float, y: float, z: float) -> LatLon:
    """Iterated Bowring; 5 rounds reach 1e-9 m below 100 km height."""
    lon = math.atan2(y, x)
    p = math.hypot(x, y)
    lat = math.atan2(z, p * (1.0 - E2))
    h = 0.0
    for _ in range(5):
        sl = math.sin(lat)
        n = A_M / math.sqrt(1.0 - E2 * sl * sl)
        # the second form stays finite at the poles
        h = p / math.cos(lat) - n if abs(lat) < 1.4 else z / sl - n * (1.0 - E2)
        lat = math.atan2(z, p * (1.0 - E2 * n / (n + h)))
    return LatLon(math.degrees(lat), math.degrees(lon), h)
