"""Posts and declared sensors -> what a straight flight would meet, on paper.

Declared ranges and views only: no terrain, no buildings, no weather, and a sensor misses some. It
chooses nothing and proves nothing; it says which directions the settings leave open.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from vigia.alert.cover import CLASSES, POINTS, Rows, Spots, sensor_rows
from vigia.events import CoreSettings
from vigia.geo import Site

SPEEDS_MPS = (12.0, 20.0)  # besides the policy's top speed
STEP_M = 50.0
FAR_M = 15_000.0
_NAMES: tuple[str, ...] = tuple(c.value for c in CLASSES)
LEAST_STEPS = 3  # a shorter stretch is flown through unnoticed


class Way(msgspec.Struct, frozen=True):
    """From one direction. seen_m: where a drone flying in enters cover; None: nowhere."""

    point: str
    seen_m: float | None
    warn_s: tuple[float, ...] | None  # by speeds_mps of the board, to the danger radius


class ClassWays(msgspec.Struct, frozen=True):
    drones: str
    ways: tuple[Way, ...]
    open: tuple[str, ...]  # directions without declared cover


class PostPlan(msgspec.Struct, frozen=True):
    post_id: str
    name: str
    classes: tuple[ClassWays, ...]
    open: tuple[str, ...]  # directions in which no class at all is covered


class SensorPlan(msgspec.Struct, frozen=True):
    sensor_id: str
    kind: str
    drones: str | None  # None: its settings say nothing of what it covers
    range_m: float
    view_deg_true: float | None
    view_width_deg: float
    placed: bool
    p_detect: float
    silent_after_s: float | None


class PlanBoard(msgspec.Struct, frozen=True, kw_only=True):
    """GET /api/v1/plan. warning_s, danger_s: when the policy tells the two upper levels."""

    posts: tuple[PostPlan, ...]
    sensors: tuple[SensorPlan, ...]
    speeds_mps: tuple[float, ...]
    danger_radius_m: float
    warning_s: float
    danger_s: float


def plan_board(settings: CoreSettings) -> PlanBoard:
    origin = settings.origin
    site = Site(lat_deg=origin.lat_deg, lon_deg=origin.lon_deg, alt_hae_m=origin.alt_hae_m or 0.0)
    rows = sensor_rows(settings.sensors, site)
    speeds = tuple(sorted({*SPEEDS_MPS, settings.policy.top_speed_mps}))
    spots = _spots(settings, site)
    seen = first_seen_m(spots.en_m, rows)
    gap_m = settings.policy.danger_radius_m
    posts = tuple(
        _post(p.post_id, p.name, seen[k], rows, speeds, gap_m + p.radius_m)
        for k, p in enumerate(settings.posts)
    )
    return PlanBoard(
        posts=posts,
        sensors=tuple(_sensor(settings, k) for k in range(len(settings.sensors))),
        speeds_mps=speeds,
        danger_radius_m=gap_m,
        warning_s=settings.policy.warning_s,
        danger_s=settings.policy.danger_s,
    )


def first_seen_m(en_m: NDArray[np.float64], rows: Rows) -> NDArray[np.float64]:
    """(n, 8, classes): the farthest stretch of cover on the way in [m]; NaN: none."""
    away = np.arange(STEP_M, FAR_M + STEP_M, STEP_M)
    az = np.radians(np.arange(8) * 45.0)
    out = np.full((len(en_m), 8, len(CLASSES)), np.nan)
    for k, at in enumerate(en_m):
        for w in range(8):
            path = at + away[:, None] * np.array((np.sin(az[w]), np.cos(az[w])))
            d = path[:, None, :] - rows.en_m[None]
            off = np.degrees(np.arctan2(d[..., 0], d[..., 1])) - rows.view_deg
            off = np.abs((off + 180.0) % 360.0 - 180.0)
            sees = (np.hypot(d[..., 0], d[..., 1]) <= rows.reach_m) & (off <= rows.half_deg)
            for c in range(len(CLASSES)):
                out[k, w, c] = _farthest(sees[:, rows.cls == c].any(axis=1), away)
    return out


def _farthest(covered: NDArray[np.bool_], away: NDArray[np.float64]) -> float:
    """Outer end of the farthest stretch of LEAST_STEPS; a shorter one right at the post counts."""
    run = 0
    for i in range(len(covered) - 1, -1, -1):
        run = run + 1 if covered[i] else 0
        if run == LEAST_STEPS or (run and i == 0):
            return float(away[i + run - 1])
    return float("nan")


def _spots(settings: CoreSettings, site: Site) -> Spots:
    at: list[tuple[float, float]] = []
    for p in settings.posts:
        alt = site.origin.alt_hae_m if p.position.alt_hae_m is None else p.position.alt_hae_m
        enu = site.to_enu(lat_deg=p.position.lat_deg, lon_deg=p.position.lon_deg, alt_hae_m=alt)
        at.append((enu.e_m, enu.n_m))
    en_m = np.array(at, dtype=np.float64).reshape(-1, 2)
    return Spots([f"post/{p.post_id}" for p in settings.posts], [None] * len(at), en_m)


def _post(
    post_id: str,
    name: str,
    seen: NDArray[np.float64],
    rows: Rows,
    speeds: Sequence[float],
    gap_m: float,
) -> PostPlan:
    classes: list[ClassWays] = []
    known: list[int] = rows.cls.tolist()
    for c in sorted(set(known)):
        ways = tuple(_way(POINTS[w], float(seen[w, c]), speeds, gap_m) for w in range(8))
        bare = tuple(way.point for way in ways if way.seen_m is None)
        classes.append(ClassWays(_NAMES[c], ways, bare))
    bare = tuple(POINTS[w] for w in range(8) if bool(np.isnan(seen[w]).all()))
    return PostPlan(post_id, name, tuple(classes), bare)


def _way(point: str, seen_m: float, speeds: Sequence[float], gap_m: float) -> Way:
    if seen_m != seen_m:
        return Way(point, None, None)
    left_m = max(0.0, seen_m - gap_m)
    return Way(point, seen_m, tuple(round(left_m / v, 1) for v in speeds))


def _sensor(settings: CoreSettings, k: int) -> SensorPlan:
    s = settings.sensors[k]
    rows = sensor_rows((s,), Site(lat_deg=0.0, lon_deg=0.0, alt_hae_m=0.0))
    found: list[int] = rows.cls.tolist()
    drones = _NAMES[found[0]] if found else None
    return SensorPlan(
        s.sensor_id, s.kind, drones, s.range_max_m, s.view_deg_true, s.view_width_deg,
        s.position is not None, s.p_detect, s.silent_after_s,
    )  # fmt: skip
