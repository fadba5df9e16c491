"""The table at a time -> the rows threat reads and the rows that are published."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.events import TracksPublished
from vigia.track import lifecycle as life
from vigia.track.columns import flowed
from vigia.track.kalman import flow, motion
from vigia.tracktable import (
    PUBLISHED_DTYPE,
    PUBLISHED_VERSION,
    STATE_DTYPE,
    Fix,
    TrackFlag,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.geo import Site
    from vigia.track.table import Record, Table

FEW = 16  # tracks up to which plain numbers beat columns
COASTING = np.uint16(int(TrackFlag.COASTING))
COMMON = [n for n in PUBLISHED_DTYPE.names or () if n in (STATE_DTYPE.names or ())]
PLACE = (
    "lat_deg", "lon_deg", "alt_hae_m", "height_m", "speed_mps", "course_deg_true", "climb_mps",
    "sigma_m",
)  # fmt: skip
# (6, 6) -> place in the packed state's upper triangle
UPPER = np.zeros((6, 6), dtype=np.intp)
_k = 6
for _i in range(6):
    for _j in range(_i, 6):
        UPPER[_i, _j] = UPPER[_j, _i] = _k
        _k += 1


def states(table: Table, beats: dict[str, life.Beat], t_ns: int) -> NDArray[np.void]:
    """(n,) STATE_DTYPE of the tracks shown, oldest first, predicted to t_ns."""
    _refresh(table)
    shown = np.flatnonzero(table.status[: table.n] > 0)
    out = table.head[shown]
    if len(shown) == 0:
        return out
    t = np.maximum(t_ns, table.t_ns[shown])
    dt = (t - table.t_ns[shown]) / 1e9
    out["t_ns"] = t
    if len(shown) <= FEW:
        slots = shown.tolist()
        few = [flow(table.state(s), motion(d)) for s, d in zip(slots, dt.tolist(), strict=True)]
        g = np.array(few).T
    else:
        g = flowed(table.x[:, shown], dt)
    out["x"] = g[:6].T
    out["cov"] = g[UPPER].transpose(2, 0, 1)
    records = [table.records[slot] for slot in shown.tolist()]
    out["p_exist"] = [life.p_of(life.llr_at(r, t_ns, beats)) for r in records]
    silent = t_ns - out["t_last_ns"] > life.COASTING_S * 1e9
    out["flags"] |= np.where(silent, COASTING, np.uint16(0))
    return out


def published(table: Table, beats: dict[str, life.Beat], site: Site, t_ns: int) -> TracksPublished:
    """Compact rows. A sector row has no position: its origin may be an officer's."""
    full = states(table, beats, t_ns)
    out = np.zeros(len(full), dtype=PUBLISHED_DTYPE)
    for name in COMMON:
        out[name] = full[name]
    if len(full):
        place = np.array([_place(site, *row) for row in zip(*_parts(full), strict=True)])
        for i, name in enumerate(PLACE):
            out[name] = place[:, i]
    return TracksPublished(version=PUBLISHED_VERSION, data=out.tobytes())


def _parts(full: NDArray[np.void]) -> tuple[list[int], list[list[float]], list[float]]:
    a, b, d = full["cov"][:, 0, 0], full["cov"][:, 0, 1], full["cov"][:, 1, 1]
    sigma = np.sqrt(np.maximum(0.5 * (a + d) + np.sqrt(0.25 * (a - d) ** 2 + b * b), 0.0))
    return full["fix"].tolist(), full["x"].tolist(), sigma.tolist()


def _place(site: Site, fix: int, x: list[float], sigma_m: float) -> tuple[float, ...]:
    """Values of PLACE; all unknown for a sector."""
    if fix != Fix.POSITION:
        return (math.nan,) * len(PLACE)
    e, n, u, ve, vn, vu = x
    at = site.to_latlon(e_m=e, n_m=n, u_m=u)
    height = at.alt_hae_m - site.origin.alt_hae_m
    course = math.degrees(math.atan2(ve, vn)) % 360.0
    speed = math.hypot(ve, vn)
    return at.lat_deg, at.lon_deg, at.alt_hae_m, height, speed, course, vu, sigma_m


def _refresh(table: Table) -> None:
    """Brings the heads of touched tracks up to date."""
    for slot in table.stale:
        _head(table.head, slot, table.records[slot])
    table.stale.clear()


def _head(head: NDArray[np.void], slot: int, r: Record) -> None:
    flags = r.flags | r.said | (int(TrackFlag.HUMAN) if "person" in r.credit else 0)
    head[slot] = (
        r.track_id.encode(),
        r.number,
        r.status,
        r.mark,
        r.fix,
        life.witness_count(r),
        flags,
        0,
        r.t_first_ns,
        r.t_last_ns,
        r.t_cause_ns,
        np.zeros(6),
        np.zeros((6, 6)),
        0.0,
        life.p_of(r.drone_lo),
        r.azimuth_deg,
        r.azimuth_sigma_deg,
        r.serial,
    )
