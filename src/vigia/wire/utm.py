"""UTM on WGS-84 -> latitude and longitude, and the angle between its north and true north.

Krueger's series to the sixth order (Karney 2011, equations 11 to 36): a micrometre within a zone.
"""

from __future__ import annotations

import math

from vigia.geo import A_M, E2

_F = 1.0 - math.sqrt(1.0 - E2)
_N = _F / (2.0 - _F)
_E = math.sqrt(E2)
_K0, _EAST_M, _NORTH_M = 0.9996, 500_000.0, 10_000_000.0
_RECT_M = A_M / (1.0 + _N) * (1.0 + _N**2 / 4.0 + _N**4 / 64.0 + _N**6 / 256.0)
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360 - 81 * _N**5 / 512,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440 + 46 * _N**5 / 105,
    17 * _N**3 / 480 - 37 * _N**4 / 840 - 209 * _N**5 / 4480,
    4397 * _N**4 / 161280 - 11 * _N**5 / 504,
    4583 * _N**5 / 161280,
)
BANDS = "CDEFGHJKLMNPQRSTUVWX"


def zone_of(text: str) -> tuple[int, bool] | None:
    """ "30U" or "30N" -> 30, northern. None: no zone. A single letter N or S after the number is
    ambiguous in use ("30S"); bands are read, as the standard's examples write them."""
    digits, band = text.strip()[:-1], text.strip()[-1:].upper()
    if not digits.isdecimal() or not 1 <= int(digits) <= 60 or band not in BANDS:
        return None
    return int(digits), band >= "N"


def from_utm(
    east_m: float, north_m: float, zone: int, northern: bool
) -> tuple[float, float] | None:
    """Latitude and longitude [deg]; None: no such place."""
    if not (100_000.0 <= east_m <= 900_000.0 and 0.0 <= north_m <= _NORTH_M):
        return None
    xi = (north_m - (0.0 if northern else _NORTH_M)) / (_K0 * _RECT_M)
    eta = (east_m - _EAST_M) / (_K0 * _RECT_M)
    xp, ep = xi, eta
    for j, b in enumerate(_BETA, start=1):
        xp -= b * math.sin(2 * j * xi) * math.cosh(2 * j * eta)
        ep -= b * math.cos(2 * j * xi) * math.sinh(2 * j * eta)
    taup = math.sin(xp) / math.hypot(math.sinh(ep), math.cos(xp))
    tau = taup
    for _ in range(5):
        root = math.sqrt(1.0 + tau * tau)
        sigma = math.sinh(_E * math.atanh(_E * tau / root))
        have = tau * math.sqrt(1.0 + sigma * sigma) - sigma * root
        step = (taup - have) / math.sqrt(1.0 + have * have)
        tau += step * (1.0 + (1.0 - E2) * tau * tau) / ((1.0 - E2) * root)
    lon = math.degrees(math.atan2(math.sinh(ep), math.cos(xp))) + zone * 6.0 - 183.0
    return math.degrees(math.atan(tau)), (lon + 180.0) % 360.0 - 180.0


def convergence_deg(lat_deg: float, lon_deg: float) -> float:
    """Grid north of its UTM zone, east of true north: azimuth_true = azimuth_grid + this."""
    zone = int((lon_deg + 180.0) // 6.0) % 60 + 1
    off = math.radians(lon_deg - (zone * 6.0 - 183.0))
    return math.degrees(math.atan(math.tan(off) * math.sin(math.radians(lat_deg))))
