"""One SAPIENT node: what it registered and where it stands; its detections -> rows.

A node that tracks has filtered its reports already. Their sigmas grow by the root of MEMORY_S over
the time since the last of the same object, so that saying a thing again adds nothing (the same rule
as the tracker's for rows of kind NODE, docs/track.md).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sapient_msg.bsi_flex_335_v2_0 import registration_pb2 as reg
from sapient_msg.bsi_flex_335_v2_0.velocity_pb2 import SPEED_UNITS_MS

from vigia.events import Observation, SensorJoined
from vigia.scan import POLAR_1, ROWS_MAX, Flag, IdKind, Layout, Scan
from vigia.wire import sapient_values as values
from vigia.wire.advert import Refused
from vigia.wire.places import Place, scans_of
from vigia.wire.utm import convergence_deg

if TYPE_CHECKING:
    from sapient_msg.bsi_flex_335_v2_0.detection_report_pb2 import DetectionReport
    from sapient_msg.bsi_flex_335_v2_0.range_bearing_pb2 import LocationOrRangeBearing

    from vigia.terms import Position
    from vigia.wire.facts import Facts

MEMORY_S = 6.0
OBJECTS_MAX = 1_000  # of one node; the longest unheard is forgotten
SILENT_FACTOR = 3.0  # of its status interval: then a node is silent
SILENT_MIN_S = 5.0
HEARD_KINDS = frozenset({"acoustic"})
_TRACKS = frozenset(
    {
        reg.Registration.TRACKING_TYPE_TRACKLET,
        reg.Registration.TRACKING_TYPE_TRACK,
        reg.Registration.TRACKING_TYPE_TRACK_WITH_RE_ID,
    }
)
_EARTH_M = 111_320.0


class Rows:
    """Rows of many nodes, in their order; one scan a node, layout and call."""

    def __init__(self) -> None:
        self._polar: dict[str, list[tuple[Any, ...]]] = {}  # Any: the fields of POLAR_1
        self._place: dict[str, list[Place]] = {}

    def polar(self, sensor_id: str, row: tuple[Any, ...]) -> None:
        self._polar.setdefault(sensor_id, []).append(row)

    def place(self, sensor_id: str, row: Place) -> None:
        self._place.setdefault(sensor_id, []).append(row)

    def observations(self) -> list[Observation]:
        out: list[Observation] = []
        for sensor_id, rows in self._polar.items():
            for at in range(0, len(rows), ROWS_MAX):
                data = np.array(rows[at : at + ROWS_MAX], dtype=POLAR_1).tobytes()
                scan = Scan(Layout.POLAR_1, data)
                out.append(Observation(sensor_id=sensor_id, scan=scan))
        for sensor_id, rows in self._place.items():
            out += [Observation(sensor_id=sensor_id, scan=scan) for scan in scans_of(rows)]
        return out


class Node:
    def __init__(self, of: str, node_id: str, facts: Facts) -> None:
        self.short = node_id[:8]
        self.sensor_id = f"{of}.{self.short}"
        self.registered = self.told = self.said_goodbye = self.mute = False
        self.t_heard_ns = 0
        self._of = of
        self._facts = facts
        self._kind = "sapient"
        self._tracks = False
        self._speed_units: int = SPEED_UNITS_MS
        self._interval_s: float | None = None
        self._position: Position | None = None
        self._view: tuple[float, float, float] | None = None
        self._seen: dict[str, int] = {}  # object: when last told

    def register(self, m: reg.Registration) -> None:
        self.registered, self.said_goodbye = True, False
        kinds = [values.KIND_OF.get(d.node_type) for d in m.node_definition]
        self._kind = next((kind for kind in kinds if kind), "sapient")
        self._interval_s = values.seconds_of(m.status_definition.status_interval)
        modes = list(m.mode_definition)
        self._tracks = any(mode.tracking_type in _TRACKS for mode in modes)
        for mode in modes:
            for found in mode.detection_definition:
                units = found.velocity_type.enu_velocity_units.east_north_rate_units
                self._speed_units = units or self._speed_units

    def move(self, at: Position, moved_m: float) -> bool:
        """True: it is somewhere else now, or its place is new."""
        old = self._position
        if old is not None and _far_m(old, at) < moved_m and old.alt_hae_m is not None:
            return False
        self._position = at
        return old != at

    def look(self, view: LocationOrRangeBearing) -> bool:
        found = values.view_of(view, self._north())
        if found is None or found == self._view:
            return False
        self._view = found
        return True

    def joined(self, t_ns: int) -> SensorJoined:
        silent = None if self._interval_s is None else SILENT_FACTOR * self._interval_s
        view = self._view
        return SensorJoined(
            sensor_id=self.sensor_id,
            of=self._of,
            t_obs_ns=t_ns,
            kind=self._kind,
            position=self._position,
            silent_after_s=None if silent is None else max(silent, SILENT_MIN_S),
            range_max_m=view[2] if view is not None and view[2] > 0.0 else None,
            view_deg_true=view[0] % 360.0 if view is not None else None,
            view_width_deg=min(view[1], 360.0) if view is not None else 360.0,
            person=self._kind == "observer",
        )

    def detection(self, m: DetectionReport, t_ns: int, rows: Rows) -> Refused | None:
        """A row, or why it tells none."""
        if "lost" in m.state.lower():
            return None  # the object is gone; where it was last is no measurement
        grow = self._grow(m.object_id, t_ns)
        p_drone = values.p_drone_of(m)
        if m.WhichOneof("location_oneof") == "location":
            place = values.place_of(m.location)
            if isinstance(place, Refused):
                return place
            rows.place(self.sensor_id, self._place_row(m, place, t_ns, p_drone))
            return None
        angles = values.angles_of(m.range_bearing, self._north())
        if isinstance(angles, Refused):
            return angles
        if self._position is None:
            what = f"node {self.short}: a bearing, and its own place is not told by its status"
            return Refused(code="no_place", what=what)
        rows.polar(self.sensor_id, self._polar_row(m, angles, t_ns, p_drone, grow))
        return None

    def _grow(self, object_id: str, t_ns: int) -> float:
        """By how much the sigmas of a filtered report grow."""
        last = self._seen.pop(object_id, None)
        self._seen[object_id] = t_ns
        if len(self._seen) > OBJECTS_MAX:
            del self._seen[next(iter(self._seen))]
        if not self._tracks or last is None:
            return 1.0
        since_s = max((t_ns - last) / 1e9, 0.01)
        return math.sqrt(max(MEMORY_S / since_s, 1.0))

    def _place_row(self, m: DetectionReport, at: values.Place, t_ns: int, p_drone: float) -> Place:
        v = values.velocity_of(m, self._speed_units)
        ve, vn, vu, sigma = v if v is not None else (math.nan,) * 4
        return Place(
            t_obs_ns=t_ns,
            lat_deg=at.lat_deg,
            lon_deg=at.lon_deg,
            alt_hae_m=at.alt_hae_m,
            alt_baro_m=at.geoid_m,
            sigma_m=at.sigma_m,
            alt_sigma_m=at.alt_sigma_m,
            speed_mps=math.hypot(ve, vn),
            course_deg_true=math.degrees(math.atan2(ve, vn)) % 360.0,
            climb_mps=vu,
            speed_sigma_mps=sigma,
            p_drone=p_drone,
            id_kind=IdKind.NODE,
            identity=m.object_id[-24:].encode(),  # the first two characters are a century
        )

    def _polar_row(
        self, m: DetectionReport, at: values.Angles, t_ns: int, p_drone: float, grow: float
    ) -> tuple[Any, ...]:
        """In the order of POLAR_1; Any as there."""
        v = values.velocity_of(m, self._speed_units)
        rate = rate_sigma = math.nan
        if v is not None:
            az, el = math.radians(at.azimuth_deg_true), math.radians(at.elevation_deg)
            el = 0.0 if math.isnan(el) else el
            flat = v[0] * math.sin(az) + v[1] * math.cos(az)
            up = 0.0 if math.isnan(v[2]) else v[2]
            rate = flat * math.cos(el) + up * math.sin(el)
            rate_sigma = v[3] * grow
        flags = Flag.HEARD if self._kind in HEARD_KINDS else Flag.NONE
        return (
            t_ns,
            at.azimuth_deg_true,
            at.azimuth_sigma_deg * grow,
            at.elevation_deg,
            at.elevation_sigma_deg * grow,
            at.range_m,
            at.range_sigma_m * grow,
            rate,
            rate_sigma,
            math.nan,
            p_drone,
            math.nan,
            int(flags),
            0,
        )

    def _north(self) -> values.North:
        at, heading = self._position, self._facts.heading_deg_true
        grid = 0.0 if at is None else convergence_deg(at.lat_deg, at.lon_deg)
        platform = math.nan if heading is None else heading
        return values.North(self._facts.declination_deg, grid, platform)


def _far_m(a: Position, b: Position) -> float:
    de = (a.lon_deg - b.lon_deg) * _EARTH_M * math.cos(math.radians(a.lat_deg))
    up = (a.alt_hae_m or 0.0) - (b.alt_hae_m or 0.0)
    return math.hypot(math.hypot(de, (a.lat_deg - b.lat_deg) * _EARTH_M), up)
