"""A scan's rows -> measurements in the site's frame, and how many rows were refused and why.

Nothing absurd passes: every number that leaves here is finite and within a physical bound, or
NaN for unknown, so the filter never meets a value it cannot take.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from vigia.scan import IdKind, Layout
from vigia.track.measure import NAN, TURN, Place, Polar, Stand

if TYPE_CHECKING:
    from vigia.events import SensorSite
    from vigia.geo import Site
    from vigia.scan import Scan
    from vigia.terms import Position

LATE_MAX_NS = 12_000_000_000  # a row older than this moves nothing
EARLY_MAX_NS = 500_000_000  # a clock ahead by more than this is not believed
RANGE_MAX_M = 200_000.0
FROM_SITE_MAX_M = 300_000.0  # a place farther than this from the origin is not ours
SPEED_MAX_MPS = 400.0
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


class Read(NamedTuple):
    """Measurements in the order of their rows; refused: reason -> how many."""

    polar: list[Polar]
    place: list[Place]
    refused: dict[str, int]


def stand_of(site: Site, where: Position, *, t_sigma_s: float = 0.0, sigma_m: float = 0.0) -> Stand:
    alt = site.origin.alt_hae_m if where.alt_hae_m is None else where.alt_hae_m
    e, n, u = site.to_enu(lat_deg=where.lat_deg, lon_deg=where.lon_deg, alt_hae_m=alt)
    own = sigma_m if where.sigma_m is None else where.sigma_m
    return Stand(e, n, u, min(max(own, 0.0), 1_000.0), t_sigma_s)


def convergence(site: Site, lon_deg: float) -> float:
    """True north there minus the site's north [rad]: what to take from an azimuth there."""
    turn = (lon_deg - site.origin.lon_deg + 180.0) % 360.0 - 180.0
    return math.radians(turn) * math.sin(math.radians(site.origin.lat_deg))


def read_scan(scan: Scan, keep: list[int], sensor: SensorSite, site: Site, t_recv_ns: int) -> Read:
    """keep: which rows. Times ahead of us become t_recv_ns; too old or absurd rows are refused."""
    raw = scan.rows().tolist()
    polar: list[Polar] = []
    place: list[Place] = []
    refused: dict[str, int] = {}
    north = convergence(site, sensor.position.lon_deg) if sensor.position is not None else 0.0
    for i in keep:
        row = raw[i]
        if row[0] < t_recv_ns - LATE_MAX_NS:
            why = f"older than {LATE_MAX_NS // 1_000_000_000} s"
        elif row[0] > t_recv_ns + EARLY_MAX_NS:
            why = "its clock is ahead of ours"
        elif scan.layout is Layout.POLAR_1:
            found = _polar(row, min(row[0], t_recv_ns), north)
            if found is not None:
                polar.append(found)
                continue
            why = "no usable direction"
        else:
            stated = _place(row, min(row[0], t_recv_ns), site)
            if stated is not None:
                place.append(stated)
                continue
            why = "no usable position"
        refused[why] = refused.get(why, 0) + 1
    return Read(polar, place, refused)


def _within(value: float, low: float, high: float) -> float:
    """value, or NaN when it is unknown or absurd (a comparison with NaN is false)."""
    return value if low <= value <= high else NAN


def _sigma(value: float, default: float, low: float, high: float) -> float:
    return min(max(value, low), high) if 0.0 < value < math.inf else default


def _polar(row: tuple[float, ...], t_ns: int, north: float) -> Polar | None:
    (_, az, az_s, el, el_s, rng, rng_s, rate, rate_s, _, p, _, flags, count) = row
    if not -720.0 <= az <= 720.0:
        return None
    az_sigma = _sigma(math.radians(az_s), AZ_SIGMA, ANGLE_SIGMA_MIN, math.pi)
    if az_sigma > ANGLE_SIGMA_MAX:
        return None
    rng = _within(rng, 1.0, RANGE_MAX_M)
    rate = _within(rate, -SPEED_MAX_MPS, SPEED_MAX_MPS)
    el_sigma = _sigma(math.radians(el_s), EL_SIGMA, ANGLE_SIGMA_MIN, math.pi)
    return Polar(
        t_ns,
        (math.radians(az) - north) % TURN,
        az_sigma,
        math.radians(_within(el, -90.0, 90.0)) if el_sigma <= ANGLE_SIGMA_MAX else NAN,
        el_sigma,
        rng,
        _sigma(rng_s, RANGE_SIGMA_M, 0.5, 5_000.0),
        rate,
        _sigma(rate_s, RATE_SIGMA_MPS, 0.1, 100.0),
        int(flags),
        int(count),
        _within(p, 0.0, 1.0),
    )


def _place(row: tuple[float, ...], t_ns: int, site: Site) -> Place | None:
    (_, lat, lon, hae, baro, height, sigma, alt_s, speed, course, climb, speed_s) = row[:12]
    (_, p, flags, id_kind, ua_type, identity) = row[12:]
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        return None
    origin = site.origin.alt_hae_m
    alt, default = _within(hae, -1_000.0, ALT_MAX_M), ALT_SIGMA_M
    if alt != alt:
        alt, default = origin + _within(height, -1_000.0, ALT_MAX_M), ALT_SIGMA_M
    if alt != alt:
        alt, default = _within(baro, -1_000.0, ALT_MAX_M), ALT_BARO_SIGMA_M
    known = alt == alt
    e, n, u = site.to_enu(lat_deg=lat, lon_deg=lon, alt_hae_m=alt if known else origin)
    if e * e + n * n > FROM_SITE_MAX_M * FROM_SITE_MAX_M:
        return None
    speed = _within(speed, 0.0, SPEED_MAX_MPS)
    course = math.radians(_within(course, -360.0, 720.0))
    if speed == 0.0:
        course = 0.0  # a standing drone has no course, yet its velocity is known
    bytes_id = identity if isinstance(identity, bytes) else b""
    return Place(
        t_ns,
        e,
        n,
        u if known else NAN,
        _sigma(sigma, PLACE_SIGMA_M, 1.0, 10_000.0),
        _sigma(alt_s, default, 1.0, 10_000.0),
        speed * math.sin(course),
        speed * math.cos(course),
        _within(climb, -SPEED_MAX_MPS, SPEED_MAX_MPS),
        _sigma(speed_s, SPEED_SIGMA_MPS, 0.3, 100.0),
        int(flags),
        int(id_kind) if bytes_id else int(IdKind.NONE),
        bytes_id,
        int(ua_type),
        _within(p, 0.0, 1.0),
    )
