"""A scan's packed rows -> measurements in the site's frame, and how many were refused and why.

Nothing absurd passes: every number that leaves here is finite and within a physical bound, or
NaN for unknown, so the filter never meets a value it cannot take.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from vigia.geo import A_M, E2
from vigia.jit import inner
from vigia.track import layout as c
from vigia.track.sense import (
    AZ,
    AZ_S,
    EL,
    EL_S,
    HEARD,
    IS_PLACE,
    POS_S,
    RNG,
    RNG_S,
    RR,
    RR_S,
    STAND_E,
    STAND_N,
    STAND_S,
    STAND_U,
    TIME_S,
    TURN,
    U_S,
    V_S,
    VE,
    VN,
    VU,
    E,
    N,
    U,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.track.layout import Cols

LATE_MAX_NS = 12_000_000_000  # a row older than this moves nothing
EARLY_MAX_NS = 500_000_000  # a clock ahead by more than this is not believed
RANGE_MAX_M = 200_000.0
FROM_SITE_MAX_M = 300_000.0  # a place farther than this from the origin is not ours
SPEED_MAX_MPS = 400.0
ALT_MIN_M = -1_000.0
ALT_MAX_M = 30_000.0
ANGLE_SIGMA_MIN = math.radians(0.05)
ANGLE_SIGMA_MAX = math.radians(90.0)  # wider tells no direction
AZ_SIGMA = math.radians(5.0)  # of a sensor that states none
EL_SIGMA = math.radians(8.0)
RANGE_SIGMA_M = 25.0
RATE_SIGMA_MPS = 1.5
PLACE_SIGMA_M = 12.0
ALT_SIGMA_M = 20.0
ALT_BARO_SIGMA_M = 60.0  # pressure height differs from the ellipsoid's by geoid and weather
SPEED_SIGMA_MPS = 1.5
ROW_HEARD = 1  # scan.Flag.HEARD

GOOD, TOO_OLD, AHEAD, UNUSABLE, KNOWN, PRESENCE = 0, 1, 2, 3, 4, 5
REASONS = 6


@inner
def fingerprint(words: NDArray[np.int32], seed: int) -> int:
    """64 bits of a row's content (FNV-1a over its words, then mixed); never 0."""
    h = int(seed) ^ 0x4BF29CE484222325
    for k in range(len(words)):
        h = (h ^ int(words[k])) * 0x100000001B3
        h = h & 0x7FFFFFFFFFFFFFFF
        h ^= h >> 29
    h = (h * 0x3F58476D1CE4E5B9) & 0x7FFFFFFFFFFFFFFF
    h ^= h >> 32
    return h | 1


@inner
def seen_before(cols: Cols, key: int) -> bool:
    """Of the rows remembered; remembers this one."""
    at = (key >> 1) & (c.KNOWN_SLOTS - 1)
    if cols.known[at] == key:
        return True
    cols.known[at] = key
    return False


@inner
def age(t_obs_ns: int, t_recv_ns: int) -> int:
    """GOOD, TOO_OLD or AHEAD."""
    if t_obs_ns < t_recv_ns - LATE_MAX_NS:
        return TOO_OLD
    if t_obs_ns > t_recv_ns + EARLY_MAX_NS:
        return AHEAD
    return GOOD


@inner
def within(value: float, low: float, high: float) -> float:
    """value, or NaN when it is unknown or absurd."""
    return value if low <= value <= high else math.nan


@inner
def sigma(value: float, default: float, low: float, high: float) -> float:
    return min(max(value, low), high) if 0.0 < value < math.inf else default


@inner
def says_nothing(row: Any) -> bool:
    """Neither direction nor range: only that something is there."""
    silent = math.isnan(float(row["azimuth_deg_true"])) and math.isnan(float(row["range_m"]))
    return silent and not math.isnan(float(row["rssi_dbm"]))


@inner
def read_polar(row: Any, cols: Cols, s: int, z: NDArray[np.float64]) -> bool:
    """Fills z (Z_N,) from a row of layout polar.1; False: no usable direction.

    Why Any: a record of a structured array has no static type.
    """
    az = float(row["azimuth_deg_true"])
    if not -720.0 <= az <= 720.0:
        return False
    az_s = sigma(math.radians(float(row["azimuth_sigma_deg"])), AZ_SIGMA, ANGLE_SIGMA_MIN, math.pi)
    if az_s > ANGLE_SIGMA_MAX:
        return False
    az = math.radians(az) - cols.sf[s, c.S_NORTH] - cols.sf[s, c.S_BIAS]
    z[AZ] = az - TURN * math.floor(az / TURN)
    z[AZ_S] = az_s
    el_s = math.radians(float(row["elevation_sigma_deg"]))
    z[EL_S] = sigma(el_s, EL_SIGMA, ANGLE_SIGMA_MIN, math.pi)
    el = math.radians(within(float(row["elevation_deg"]), -90.0, 90.0))
    z[EL] = el if z[EL_S] <= ANGLE_SIGMA_MAX else math.nan
    z[RNG] = within(float(row["range_m"]), 1.0, RANGE_MAX_M)
    z[RNG_S] = sigma(float(row["range_sigma_m"]), RANGE_SIGMA_M, 0.5, 5_000.0)
    z[RR] = within(float(row["range_rate_mps"]), -SPEED_MAX_MPS, SPEED_MAX_MPS)
    z[RR_S] = sigma(float(row["range_rate_sigma_mps"]), RATE_SIGMA_MPS, 0.1, 100.0)
    z[8] = math.nan
    z[STAND_E], z[STAND_N], z[STAND_U] = cols.sf[s, c.S_E], cols.sf[s, c.S_N], cols.sf[s, c.S_U]
    z[STAND_S], z[TIME_S] = cols.sf[s, c.S_SIGMA], 0.0
    z[IS_PLACE] = 0.0
    z[HEARD] = 1.0 if int(row["flags"]) & ROW_HEARD else 0.0
    return True


@inner
def read_place(
    row: Any, site: NDArray[np.float64], z: NDArray[np.float64], t_sigma_s: float
) -> bool:
    """Fills z (Z_N,) from a row of layout place.1; False: no usable position. site: site_of()."""
    lat, lon = float(row["lat_deg"]), float(row["lon_deg"])
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        return False
    alt, default = within(float(row["alt_hae_m"]), ALT_MIN_M, ALT_MAX_M), ALT_SIGMA_M
    if math.isnan(alt):
        alt = site[0] + within(float(row["height_m"]), ALT_MIN_M, ALT_MAX_M)
    if math.isnan(alt):
        alt, default = within(float(row["alt_baro_m"]), ALT_MIN_M, ALT_MAX_M), ALT_BARO_SIGMA_M
    known = not math.isnan(alt)
    e, n, u = to_enu(lat, lon, alt if known else site[0], site)
    if e * e + n * n > FROM_SITE_MAX_M * FROM_SITE_MAX_M:
        return False
    speed = within(float(row["speed_mps"]), 0.0, SPEED_MAX_MPS)
    course = math.radians(within(float(row["course_deg_true"]), -360.0, 720.0))
    if speed == 0.0:
        course = 0.0  # a standing drone has no course, yet its velocity is known
    z[E], z[N] = e, n
    z[U] = u if known else math.nan
    z[POS_S] = sigma(float(row["sigma_m"]), PLACE_SIGMA_M, 1.0, 10_000.0)
    z[U_S] = sigma(float(row["alt_sigma_m"]), default, 1.0, 10_000.0)
    z[VE], z[VN] = speed * math.sin(course), speed * math.cos(course)
    z[VU] = within(float(row["climb_mps"]), -SPEED_MAX_MPS, SPEED_MAX_MPS)
    z[V_S] = sigma(float(row["speed_sigma_mps"]), SPEED_SIGMA_MPS, 0.3, 100.0)
    z[STAND_E] = z[STAND_N] = z[STAND_U] = z[STAND_S] = 0.0
    z[TIME_S] = t_sigma_s
    z[IS_PLACE], z[HEARD] = 1.0, 0.0
    return True


@inner
def to_enu(
    lat_deg: float, lon_deg: float, alt_m: float, site: NDArray[np.float64]
) -> tuple[float, float, float]:
    """geo.Site.to_enu; site: site_of()."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    sl, cl = math.sin(lat), math.cos(lat)
    n = A_M / math.sqrt(1.0 - E2 * sl * sl)
    dx = (n + alt_m) * cl * math.cos(lon) - site[1]
    dy = (n + alt_m) * cl * math.sin(lon) - site[2]
    dz = (n * (1.0 - E2) + alt_m) * sl - site[3]
    return (
        site[4] * dx + site[5] * dy + site[6] * dz,
        site[7] * dx + site[8] * dy + site[9] * dz,
        site[10] * dx + site[11] * dy + site[12] * dz,
    )
