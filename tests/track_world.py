"""Small scenes for the tests of the tracker: exact or noisy reports of drones we place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vigia.events import CoreSettings, Observation, Post, SensorSite, Sighting
from vigia.geo import Site
from vigia.scan import IdKind, Layout, Scan, pack
from vigia.terms import Bearing, Mark, Position
from vigia.track.tracker import Tracker

T0 = 1_700_000_000_000_000_000
S = 1_000_000_000
ORIGIN = Position(31.79, -106.75, 1200.0)
SITE = Site(lat_deg=31.79, lon_deg=-106.75, alt_hae_m=1200.0)
Vec = tuple[float, float, float]


def at(e_m: float, n_m: float, u_m: float = 0.0) -> Position:
    p = SITE.to_latlon(e_m=e_m, n_m=n_m, u_m=u_m)
    return Position(p.lat_deg, p.lon_deg, p.alt_hae_m, 5.0)


def world(*sensors: SensorSite, mode: Mark = Mark.ACTUAL) -> CoreSettings:
    return CoreSettings(
        mode=mode,
        origin=ORIGIN,
        sensors=sensors,
        posts=(Post(post_id="p", name="Post", position=ORIGIN),),
    )


def radar(sensor_id: str = "radar", *, place: Position = ORIGIN, **more: Any) -> SensorSite:
    return SensorSite(sensor_id=sensor_id, kind="radar", position=place, **more)


def rf(sensor_id: str, place: Position, **more: Any) -> SensorSite:
    return SensorSite(sensor_id=sensor_id, kind="rf", position=place, **more)


RID = SensorSite(sensor_id="rid", kind="remote_id")


def look(
    drones: list[tuple[Vec, Vec]],
    t_ns: int,
    *,
    stand: Vec = (0.0, 0.0, 0.0),
    rng: np.random.Generator | None = None,
    bearing_only: bool = False,
    sigma_deg: float = 0.7,
) -> Scan:
    """A polar scan of drones (place, velocity) from a stand; with rng: with honest errors."""
    rows: dict[str, list[float]] = {}

    def put(name: str, value: float) -> None:
        rows.setdefault(name, []).append(value)

    for p, v in drones:
        d = [p[i] - stand[i] for i in range(3)]
        r = math.sqrt(sum(c * c for c in d))
        noise = np.zeros(4) if rng is None else rng.normal(size=4)
        az = math.degrees(math.atan2(d[0], d[1])) + sigma_deg * noise[0]
        put("azimuth_deg_true", az % 360.0)
        put("azimuth_sigma_deg", sigma_deg)
        if bearing_only:
            continue
        put("elevation_deg", math.degrees(math.asin(d[2] / r)) + noise[1])
        put("elevation_sigma_deg", 1.0)
        put("range_m", r + 5.0 * noise[2])
        put("range_sigma_m", 5.0)
        rate = sum(d[i] * v[i] for i in range(3)) / r
        put("range_rate_mps", rate + 0.5 * noise[3])
        put("range_rate_sigma_mps", 0.5)
    return pack(Layout.POLAR_1, {"t_obs_ns": t_ns, **rows})


def stated(
    p: Vec,
    v: Vec,
    t_ns: int,
    *,
    identity: bytes = b"SER1",
    kind: IdKind = IdKind.SERIAL,
    **more: Any,
) -> Scan:
    where = SITE.to_latlon(e_m=p[0], n_m=p[1], u_m=p[2])
    columns: dict[str, Any] = {
        "t_obs_ns": t_ns,
        "lat_deg": where.lat_deg,
        "lon_deg": where.lon_deg,
        "alt_hae_m": where.alt_hae_m,
        "sigma_m": 5.0,
        "alt_sigma_m": 10.0,
        "speed_mps": math.hypot(v[0], v[1]),
        "course_deg_true": math.degrees(math.atan2(v[0], v[1])) % 360.0,
        "climb_mps": v[2],
        "id_kind": int(kind),
        "identity": identity,
    }
    return pack(Layout.PLACE_1, {**columns, **more})


def along(p: Vec, v: Vec, t_s: float) -> Vec:
    return (p[0] + v[0] * t_s, p[1] + v[1] * t_s, p[2] + v[2] * t_s)


def observe(
    tracker: Tracker,
    sensor_id: str,
    scan: Scan,
    *,
    recv_ns: int | None = None,
    mark: Mark = Mark.ACTUAL,
) -> list[Any]:
    t = int(scan.rows()["t_obs_ns"].max()) + 200_000_000 if recv_ns is None else recv_ns
    return tracker.observe(Observation(sensor_id=sensor_id, scan=scan), t_recv_ns=t, mark=mark)


def report(
    report_id: str,
    t_ns: int,
    *,
    azimuth: float | None = None,
    person_id: str | None = "ana",
    sigma_deg: float = 10.0,
    **more: Any,
) -> Sighting:
    return Sighting(
        report_id=report_id,
        t_obs_ns=t_ns,
        person_id=person_id,
        bearing=None if azimuth is None else Bearing(azimuth % 360.0, sigma_deg),
        **more,
    )


def sight(
    tracker: Tracker,
    body: Sighting,
    place: Position | None = ORIGIN,
    *,
    late_s: float = 1.0,
    mark: Mark = Mark.ACTUAL,
) -> Any:
    t = body.t_obs_ns + int(late_s * S)
    return tracker.sight(body, t_recv_ns=t, mark=mark, position=place)


def toward(p: Vec, stand: Vec) -> float:
    """Bearing of p from stand, degrees."""
    return math.degrees(math.atan2(p[0] - stand[0], p[1] - stand[1])) % 360.0
