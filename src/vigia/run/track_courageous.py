"""A COURAGEOUS log's detections -> settings and events in order of time.

The log says where things were seen, not how well: the sigmas here are ours. Its heights are above
mean sea level, all of them, also the origin's; so heights above the origin come out right. `tracks`
are not read: estimates of another filter are no measurements. Control stations are where people
are: they are left out.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, assert_never

import numpy as np

from vigia.events import CoreSettings, Observation, SensorSite
from vigia.run.settings import SettingsError
from vigia.run.track_events import LAYOUTS, Input, packed_rows
from vigia.run.track_scene import Scene
from vigia.scan import DTYPES, ROWS_MAX, IdKind, Scan
from vigia.terms import Mark, Position
from vigia.wire.courageous import (
    LOG_MAX,
    Arc,
    Bearing,
    BearingElevation,
    BearingElevationDistance,
    Classification,
    CourageousError,
    DetectionRecord,
    Log,
    Place,
    Position2d,
    Position3d,
    Quad,
    Quarter,
    decode,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

BEARING_SIGMA_DEG = 3.0
ELEVATION_SIGMA_DEG = 3.0
RANGE_SIGMA = 0.02  # of the distance, and not less than
RANGE_SIGMA_MIN_M = 10.0
PLACE_SIGMA_M = 15.0
HEIGHT_SIGMA_M = 25.0
STAND_SIGMA_M = 10.0  # a moving system's place is rounded to 0.0001 degrees and 10 m
STANDS_MAX = 10_000
RANGE_MAX_M = 5_000.0
QUARTER_DEG = {Quarter.NORTH: 0.0, Quarter.EAST: 90.0, Quarter.SOUTH: 180.0, Quarter.WEST: 270.0}
P_DRONE = {Classification.UAV: 0.8, Classification.OTHER: 0.1, Classification.UNKNOWN: math.nan}
ONE_SYSTEM = "courageous"  # kind and link: the whole log is one witness
NAN = math.nan


class _Polar(NamedTuple):
    """Names as in the layout; what the log does not tell is NaN."""

    t_obs_ns: int
    azimuth_deg_true: float
    azimuth_sigma_deg: float
    elevation_deg: float
    elevation_sigma_deg: float
    range_m: float
    range_sigma_m: float
    p_drone: float


class _Place(NamedTuple):
    t_obs_ns: int
    lat_deg: float
    lon_deg: float
    alt_hae_m: float
    sigma_m: float
    alt_sigma_m: float
    speed_mps: float
    course_deg_true: float
    climb_mps: float
    p_drone: float
    id_kind: int
    identity: bytes


def read_log(path: Path) -> Scene:
    """Raises SettingsError: what, got, expected, what to do."""
    try:
        with path.open("rb") as file:
            log = decode(file.read(LOG_MAX + 1))
    except OSError as e:
        raise SettingsError(f"{path}: cannot be read ({e.strerror}); check the path") from e
    except CourageousError as e:
        raise SettingsError(f"{path.name}: {e}; see docs/track-files.md") from e
    try:
        return scene_of(log)
    except SettingsError as e:
        raise SettingsError(f"{path.name}: {e}") from e


def scene_of(log: Log) -> Scene:
    left_out: Counter[str] = Counter()
    stands = _Stands(log.static_cuas_location)
    rows: list[tuple[int, str, _Polar | _Place]] = []
    for group in log.detection:
        name = b"" if group.uas_id is None else f"uas-{group.uas_id}".encode()
        for record in group.records:
            if record.classification is Classification.GCS:
                left_out["records of control stations"] += 1
                continue
            row = _row(record, name)
            if row is None:
                left_out["records without a location"] += 1
                continue
            rows.append((row.t_obs_ns, stands.sensor_of(record), row))
    if not rows:
        why = ", ".join(f"{n} {what}" for what, n in left_out.items()) or "no records"
        raise SettingsError(
            f"detection: got {why} (and {len(log.tracks)} tracks, which are not read); need "
            "records of aircraft with a location"
        )
    rows.sort(key=lambda r: (r[0], r[1]))
    place = log.static_cuas_location
    settings = CoreSettings(
        mode=Mark.EXERCISE,
        origin=Position(place.lat_deg, place.lon_deg, place.height_amsl_m),
        sensors=tuple(stands.sensors.values()),
    )
    return Scene(settings, _events(rows), len(rows), 0, dict(left_out))


class _Stands:
    """Where the system stood -> sensors. One that moves becomes many; angles, ranges and stated
    places are told apart, because the tracker learns how often each looks and how often it errs."""

    def __init__(self, static: Place) -> None:
        self._static = static
        self._number: dict[Place, int] = {static: 0}
        self.sensors: dict[str, SensorSite] = {}

    def sensor_of(self, record: DetectionRecord) -> str:
        number = self._number_of(record.cuas_location)
        sensor_id = f"{_word(record)}{number}"
        if sensor_id not in self.sensors:
            at = self._static if record.cuas_location is None else record.cuas_location
            self.sensors[sensor_id] = SensorSite(
                sensor_id=sensor_id,
                kind=ONE_SYSTEM,
                link=ONE_SYSTEM,
                position=Position(at.lat_deg, at.lon_deg, at.height_amsl_m, STAND_SIGMA_M),
                range_max_m=RANGE_MAX_M,
            )
        return sensor_id

    def _number_of(self, at: Place | None) -> int:
        if at is None or at == self._static:
            return 0
        rounded = Place(
            lat_deg=round(at.lat_deg, 4),
            lon_deg=round(at.lon_deg, 4),
            height_amsl_m=round(at.height_amsl_m, -1),
        )
        if len(self._number) >= STANDS_MAX:
            raise SettingsError(
                f"cuas_location: got more than {STANDS_MAX} places of the system; split the log"
            )
        return self._number.setdefault(rounded, len(self._number))


def _word(record: DetectionRecord) -> str:
    match record.location:
        case Position2d() | Position3d():
            return "place"
        case BearingElevationDistance():
            return "range"
        case _:
            return "bearing"


def _row(record: DetectionRecord, name: bytes) -> _Polar | _Place | None:
    t_ns, p = record.time_ms * 1_000_000, P_DRONE[record.classification]
    match record.location:
        case None:
            return None
        case Arc(from_deg_true=start, to_deg_true=end):
            width = (end - start) % 360.0 or (360.0 if end != start else 0.0)
            return _within(t_ns, start + width / 2.0, width, p)
        case Quad(quarter=quarter):
            return _within(t_ns, QUARTER_DEG[quarter], 90.0, p)
        case Bearing(bearing_deg_true=az):
            return _polar(t_ns, az, p)
        case BearingElevation(bearing_deg_true=az, elevation_deg=el):
            return _polar(t_ns, az, p, el)
        case BearingElevationDistance(bearing_deg_true=az, elevation_deg=el, distance_m=rng):
            return _polar(t_ns, az, p, el, rng)
        case Position2d(lat_deg=lat, lon_deg=lon):
            return _place(record, t_ns, (lat, lon, NAN), name)
        case Position3d(lat_deg=lat, lon_deg=lon, height_amsl_m=height):
            return _place(record, t_ns, (lat, lon, height), name)
        case _:
            assert_never(record.location)


def _polar(t_ns: int, az: float, p: float, el: float = NAN, rng: float = NAN) -> _Polar:
    sigma_m = max(rng * RANGE_SIGMA, RANGE_SIGMA_MIN_M)
    return _Polar(t_ns, az % 360.0, BEARING_SIGMA_DEG, el, ELEVATION_SIGMA_DEG, rng, sigma_m, p)


def _within(t_ns: int, middle: float, width: float, p: float) -> _Polar:
    """Somewhere in an arc: as wide as a uniform one is."""
    sigma = max(width / math.sqrt(12.0), BEARING_SIGMA_DEG)
    return _Polar(t_ns, middle % 360.0, sigma, NAN, NAN, NAN, NAN, p)


def _place(
    record: DetectionRecord, t_ns: int, at: tuple[float, float, float], name: bytes
) -> _Place:
    v = record.velocity
    e, n, u = (NAN, NAN, NAN) if v is None else (v.east_mps, v.north_mps, v.up_mps)
    return _Place(
        t_ns,
        *at,
        PLACE_SIGMA_M,
        HEIGHT_SIGMA_M,
        math.hypot(e, n),
        math.degrees(math.atan2(e, n)) % 360.0,
        u,
        P_DRONE[record.classification],
        int(IdKind.NODE if name else IdKind.NONE),
        name,
    )


def _events(rows: list[tuple[int, str, _Polar | _Place]]) -> list[Input]:
    """Records of one sensor and one time are one scan."""
    packed = (_pack(rows, _Polar, 0), _pack(rows, _Place, 1))
    sizes = [DTYPES[layout].itemsize for layout in LAYOUTS]
    done = [0, 0]  # bytes of each that are in an event
    out: list[Input] = []
    i = 0
    while i < len(rows):
        t_ns, sensor_id, row = rows[i]
        last = i + 1
        while last < len(rows) and last - i < ROWS_MAX and rows[last][:2] == (t_ns, sensor_id):
            last += 1
        which = int(isinstance(row, _Place))
        end = done[which] + (last - i) * sizes[which]
        scan = Scan(LAYOUTS[which], packed[which][done[which] : end])
        out.append((t_ns, Observation(sensor_id=sensor_id, scan=scan), None))
        done[which], i = end, last
    return out


def _pack(
    rows: list[tuple[int, str, _Polar | _Place]], kind: type[_Polar] | type[_Place], which: int
) -> bytes:
    own = [row for _, _, row in rows if isinstance(row, kind)]
    if not own:
        return b""
    columns: dict[str, NDArray[Any]] = {
        name: np.array(values)
        for name, values in zip(kind._fields, zip(*own, strict=True), strict=True)
    }
    return packed_rows(LAYOUTS[which], columns)
