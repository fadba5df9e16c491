"""Values of SAPIENT messages in their many units and datums -> ours: degrees, metres, true north.

Units, datums and signs are converted here and nowhere else. Unknown is NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from sapient_msg.bsi_flex_335_v2_0 import location_pb2 as loc
from sapient_msg.bsi_flex_335_v2_0 import range_bearing_pb2 as rb
from sapient_msg.bsi_flex_335_v2_0 import registration_pb2 as reg
from sapient_msg.bsi_flex_335_v2_0 import velocity_pb2 as vel

from vigia.terms import Position
from vigia.wire import utm
from vigia.wire.advert import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sapient_msg.bsi_flex_335_v2_0.detection_report_pb2 import DetectionReport

NAN = math.nan
GEOID_SIGMA_M = 40.0  # how far the geoid lies from the ellipsoid, where nobody says
DEGREE_M = 111_320.0
_RADIANS = (
    rb.RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_M,
    rb.RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_KM,
)
_KILOMETRES = (
    rb.RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_KM,
    rb.RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_KM,
)
KIND_OF = {
    reg.Registration.NODE_TYPE_RADAR: "radar",
    reg.Registration.NODE_TYPE_LIDAR: "camera",
    reg.Registration.NODE_TYPE_CAMERA: "camera",
    reg.Registration.NODE_TYPE_ACOUSTIC: "acoustic",
    reg.Registration.NODE_TYPE_PASSIVE_RF: "rf",
    reg.Registration.NODE_TYPE_HUMAN: "observer",
    reg.Registration.NODE_TYPE_FUSION_NODE: "fusion",
}
_SECONDS = {
    reg.Registration.TIME_UNITS_NANOSECONDS: 1e-9,
    reg.Registration.TIME_UNITS_MICROSECONDS: 1e-6,
    reg.Registration.TIME_UNITS_MILLISECONDS: 1e-3,
    reg.Registration.TIME_UNITS_SECONDS: 1.0,
    reg.Registration.TIME_UNITS_MINUTES: 60.0,
    reg.Registration.TIME_UNITS_HOURS: 3_600.0,
    reg.Registration.TIME_UNITS_DAYS: 86_400.0,
}
DRONES = ("uav", "uas", "rpas", "drone", "unmanned", "copter uav", "quadcopter", "multirotor")
OTHERS = ("bird", "animal", "human", "person", "land", "vehicle", "clutter", "aircraft", "manned")


class Place(NamedTuple):
    """geoid_m: height above mean sea level, where the message gives that one."""

    lat_deg: float
    lon_deg: float
    alt_hae_m: float
    geoid_m: float
    sigma_m: float
    alt_sigma_m: float

    def position(self) -> Position:
        alt = self.alt_hae_m if math.isnan(self.geoid_m) else self.geoid_m
        return Position(self.lat_deg, self.lon_deg, None if math.isnan(alt) else alt)


class Angles(NamedTuple):
    """From the node, true north; sigmas as the message's errors."""

    azimuth_deg_true: float
    azimuth_sigma_deg: float
    elevation_deg: float
    elevation_sigma_deg: float
    range_m: float
    range_sigma_m: float


class North(NamedTuple):
    """What turns a datum's north into the true one [deg]. platform: its heading; NaN: unknown."""

    declination: float
    convergence: float
    platform: float


def place_of(m: loc.Location) -> Place | Refused:
    ex, ey = _error(m.x_error), _error(m.y_error)
    if m.coordinate_system == loc.LOCATION_COORDINATE_SYSTEM_UTM_M:
        zone = utm.zone_of(m.utm_zone)
        found = None if zone is None else utm.from_utm(m.x, m.y, *zone)
        if found is None:
            what = f"location: UTM {m.x:.0f} {m.y:.0f} zone {m.utm_zone[:8]!r} is no place"
            return Refused(code="place", what=what)
        lat, lon = found
    else:
        turn = m.coordinate_system == loc.LOCATION_COORDINATE_SYSTEM_LAT_LNG_RAD_M
        lon, lat = (math.degrees(m.x), math.degrees(m.y)) if turn else (m.x, m.y)
        if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
            what = f"location: y {m.y:.6g} and x {m.x:.6g} are no latitude and longitude"
            return Refused(code="place", what=what)
        ex = (math.degrees(ex) if turn else ex) * DEGREE_M * math.cos(math.radians(lat))
        ey = (math.degrees(ey) if turn else ey) * DEGREE_M
    z = m.z if m.HasField("z") else NAN
    ez = _error(m.z_error)
    if m.datum == loc.LOCATION_DATUM_WGS84_G:
        return Place(lat, lon, NAN, z, _greater(ex, ey), math.hypot(ez, GEOID_SIGMA_M))
    return Place(lat, lon, z, NAN, _greater(ex, ey), ez)


def angles_of(m: rb.RangeBearing, north: North) -> Angles | Refused:
    """A bearing with or without range; or a range alone, which tells no direction."""
    turn = math.degrees(1.0) if m.coordinate_system in _RADIANS else 1.0
    metres = 1_000.0 if m.coordinate_system in _KILOMETRES else 1.0
    if not m.HasField("azimuth"):
        return Refused(code="bearing", what="range_bearing: no azimuth, so no direction")
    add = {
        rb.RANGE_BEARING_DATUM_TRUE: 0.0,
        rb.RANGE_BEARING_DATUM_MAGNETIC: north.declination,
        rb.RANGE_BEARING_DATUM_GRID: north.convergence,
        rb.RANGE_BEARING_DATUM_PLATFORM: north.platform,
    }[m.datum]
    if math.isnan(add):
        what = "range_bearing: from the platform's heading, which is unknown; set heading_deg_true"
        return Refused(code="heading", what=what)
    return Angles(
        (m.azimuth * turn + add) % 360.0,
        _error(m.azimuth_error) * turn,
        m.elevation * turn if m.HasField("elevation") else NAN,
        _error(m.elevation_error) * turn,
        m.range * metres if m.HasField("range") and m.range > 0.0 else NAN,
        _error(m.range_error) * metres,
    )


def view_of(m: rb.LocationOrRangeBearing, north: North) -> tuple[float, float, float] | None:
    """(middle deg true, width deg, reach m) of a field of view given as a cone; else None."""
    if m.WhichOneof("fov_oneof") != "range_bearing":
        return None
    cone = m.range_bearing
    turn = math.degrees(1.0) if cone.coordinate_system in _RADIANS else 1.0
    metres = 1_000.0 if cone.coordinate_system in _KILOMETRES else 1.0
    bearing = rb.RangeBearing(
        azimuth=cone.azimuth, coordinate_system=cone.coordinate_system, datum=cone.datum
    )
    found = angles_of(bearing, north)
    if isinstance(found, Refused) or not cone.horizontal_extent:
        return None
    return found.azimuth_deg_true, cone.horizontal_extent * turn, cone.range * metres


def velocity_of(m: DetectionReport, units: int) -> tuple[float, float, float, float] | None:
    """East, north, up [m/s] and one sigma; None: not stated."""
    if not m.HasField("enu_velocity"):
        return None
    v, by = m.enu_velocity, 1.0 / 3.6 if units == vel.SPEED_UNITS_KPH else 1.0
    up = v.up_rate * by if v.HasField("up_rate") else NAN
    sigma = _greater(_error(v.east_rate_error), _error(v.north_rate_error)) * by
    return v.east_rate * by, v.north_rate * by, up, sigma


def p_drone_of(m: DetectionReport) -> float:
    """From its classes: how much of its confidence is on drones; NaN: it says nothing of use."""
    drone = other = 0.0
    for one in m.classification:
        sure = one.confidence if one.HasField("confidence") else 0.8
        sure = min(max(sure, 0.0), 1.0)
        words = " ".join([one.type, *(_words(one.sub_class))]).lower()
        if any(word in words for word in DRONES):
            drone = max(drone, sure)
        elif any(word in words for word in OTHERS) and "air vehicle" not in words:
            other = max(other, sure)
    if drone == other == 0.0:
        return NAN
    return min(max(drone if drone else 1.0 - other, 0.02), 0.99)


def seconds_of(m: reg.Registration.Duration) -> float | None:
    factor = _SECONDS.get(m.units)
    return m.value * factor if factor is not None and m.value > 0.0 else None


def _words(classes: Iterable[DetectionReport.SubClass], depth: int = 0) -> list[str]:
    if depth > 5:
        return []
    return [w for one in classes for w in (one.type, *_words(one.sub_class, depth + 1))]


def _error(value: float) -> float:
    """Zero and below say nothing: no instrument is exact."""
    return value if value > 0.0 and math.isfinite(value) else NAN


def _greater(a: float, b: float) -> float:
    return b if math.isnan(a) else a if math.isnan(b) else max(a, b)
