"""A folder with detections, sensors.csv and scenario.json -> settings and events in order.

The format is that of the research bench (docs/track-files.md): anybody can bring a scene.
"""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from vigia.events import CoreSettings, SensorSite
from vigia.geo import Site
from vigia.run.settings import SettingsError
from vigia.run.track_events import Input, events_of
from vigia.run.track_table import HUMAN, STATED, Table, read_table
from vigia.terms import Mark, Position

if TYPE_CHECKING:
    from pathlib import Path

SENSORS_NAME = "sensors.csv"
SCENARIO_NAME = "scenario.json"
T0_NS = 1_700_000_000_000_000_000  # 0 s of a scene's clock, which may begin anywhere
SENSORS_MAX = 100_000
SENSOR_SIGMA_M = 0.5  # a scene says exactly where its sensors stand
P_DETECT = 0.9  # of a sensor that states none
P_DETECT_MAX = 0.95  # nothing is sure
FALSE_PER_HOUR = 5.0
RANGE_MAX_M = 3_000.0


class Scene(NamedTuple):
    """What a tracker needs: its settings and the inputs in order of arrival. rows: how many
    detections they hold. t0_ns: what 0 s of the input's clock is. left_out: why -> how many."""

    settings: CoreSettings
    events: list[Input]
    rows: int
    t0_ns: int
    left_out: dict[str, int]

    @property
    def site(self) -> Site:
        return site_of(self.settings.origin)


class _Scenario(msgspec.Struct, frozen=True):
    """The rest of the file is for people."""

    origin: tuple[float, float, float]


def read_scenario(path: Path) -> Scene:
    """Raises SettingsError: what, got, expected, what to do."""
    origin = _origin(path.with_name(SCENARIO_NAME))
    site = site_of(origin)
    sensors = _sensors(path.with_name(SENSORS_NAME), site)
    table = read_table(path)
    _check_sensors(table, sensors)
    places = {name: sensor.position for name, sensor in sensors.items()}
    settings = CoreSettings(mode=Mark.EXERCISE, origin=origin, sensors=tuple(sensors.values()))
    return Scene(settings, events_of(table, site, places, T0_NS), table.n, T0_NS, {})


def site_of(origin: Position) -> Site:
    return Site(lat_deg=origin.lat_deg, lon_deg=origin.lon_deg, alt_hae_m=origin.alt_hae_m or 0.0)


def _origin(path: Path) -> Position:
    try:
        lat, lon, alt = msgspec.json.decode(path.read_bytes(), type=_Scenario).origin
        return Position(lat, lon, alt)
    except (OSError, ValueError) as e:  # msgspec's errors are ValueErrors
        why = e.strerror if isinstance(e, OSError) else str(e)
        raise SettingsError(
            f"{path}: {why}; need a JSON file beside the detections that has "
            '"origin": [latitude, longitude, metres above the ellipsoid]'
        ) from e


def _sensors(path: Path, site: Site) -> dict[str, SensorSite]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as e:
        why = e.strerror if isinstance(e, OSError) else str(e)
        raise SettingsError(
            f"{path}: {why}; need a CSV file beside the detections with a row a sensor: "
            "sensor_id,kind,x,y,z"
        ) from e
    if len(rows) > SENSORS_MAX:
        raise SettingsError(f"{path}: got {len(rows)} sensors, need at most {SENSORS_MAX}")
    found: dict[str, SensorSite] = {}
    for number, row in enumerate(rows, 1):
        where = f"{path.name}: row {number} (the first is 1)"
        sensor = _sensor(row, where, site)
        if sensor.sensor_id in found:
            raise SettingsError(f"{where}: got {sensor.sensor_id} again, need each sensor once")
        found[sensor.sensor_id] = sensor
    return found


def _sensor(row: dict[str, str | None], where: str, site: Site) -> SensorSite:
    sensor_id, kind = row.get("sensor_id"), row.get("kind")
    if not sensor_id or not kind:
        raise SettingsError(f"{where}: got {row}; need a sensor_id and a kind")
    p_detect = _number(row, "pd", where)
    if p_detect is not None and not 0.0 < p_detect <= 1.0:
        raise SettingsError(f"{where}: pd: got {p_detect}, need more than 0, at most 1")
    range_m = _number(row, "max_range", where)
    if range_m is not None and range_m <= 0.0:
        raise SettingsError(f"{where}: max_range: got {range_m}, need metres, more than 0")
    return SensorSite(
        sensor_id=sensor_id,
        kind=kind,
        position=_place(row, where, site),
        p_detect=P_DETECT if p_detect is None else min(p_detect, P_DETECT_MAX),
        false_per_hour=_false_per_hour(row, kind, where),
        range_max_m=RANGE_MAX_M if range_m is None else range_m,
    )


def _place(row: dict[str, str | None], where: str, site: Site) -> Position | None:
    """By x, y, z of the origin; else by lat, lon, alt; an empty height is the origin's."""
    x, y, z = (_number(row, name, where) for name in ("x", "y", "z"))
    if x is not None and y is not None:
        at = site.to_latlon(e_m=x, n_m=y, u_m=z or 0.0)
        return Position(at.lat_deg, at.lon_deg, at.alt_hae_m, SENSOR_SIGMA_M)
    lat, lon, alt = (_number(row, name, where) for name in ("lat", "lon", "alt"))
    if lat is None or lon is None:
        return None
    try:
        return Position(lat, lon, site.origin.alt_hae_m if alt is None else alt, SENSOR_SIGMA_M)
    except ValueError as e:
        raise SettingsError(f"{where}: {e}") from e


def _false_per_hour(row: dict[str, str | None], kind: str, where: str) -> float:
    """lam false rows a look, period seconds between two looks."""
    lam, period_s = _number(row, "lam", where), _number(row, "period", where)
    if lam is None or not period_s or kind == HUMAN:
        return FALSE_PER_HOUR
    if lam < 0.0 or period_s < 0.0:
        raise SettingsError(f"{where}: got lam {lam}, period {period_s}; need 0 or more")
    return lam / period_s * 3_600.0


def _number(row: dict[str, str | None], column: str, where: str) -> float | None:
    text = row.get(column)
    if not text or not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if math.isnan(value):
        return None
    if abs(value) > 1e9:
        raise SettingsError(f"{where}: {column}: got {text!r}, need a number, or nothing")
    return value


def _check_sensors(table: Table, sensors: dict[str, SensorSite]) -> None:
    """Every sensor is known, and has a place where its rows need one."""
    ids = table.word["sensor_id"]
    known = ", ".join(list(sensors)[:10]) or "no sensor"
    unknown = ids.each(lambda w: w not in sensors)
    table.refuse(unknown, "sensor_id", f"a sensor of {SENSORS_NAME}, which has {known}")
    homeless = ids.each(lambda w: sensors[w].position is None) & ~table.stated
    table.refuse(
        homeless,
        "sensor_id",
        f"a sensor with a place in {SENSORS_NAME} ({', '.join(STATED)} need none)",
    )
