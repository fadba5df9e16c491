"""The table at a time -> the rows threat reads and the rows that are published."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.events import TracksPublished
from vigia.track import lifecycle as life
from vigia.track.columns import flowed
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
    g = flowed(table.x[:, shown], (t - table.t_ns[shown]) / 1e9)
    out["t_ns"] = t
    out["x"] = g[:6].T
    out["cov"] = g[UPPER].transpose(2, 0, 1)
    for i, slot in enumerate(shown.tolist()):
        record = table.records[slot]
        out["p_exist"][i] = life.p_of(life.llr_at(record, t_ns, beats))
        if t_ns - record.t_last_ns > life.COASTING_S * 1e9:
            out["flags"][i] |= TrackFlag.COASTING
    return out


def published(table: Table, beats: dict[str, life.Beat], site: Site, t_ns: int) -> TracksPublished:
    """Compact rows. A sector row has no position: its origin may be an officer's."""
    full = states(table, beats, t_ns)
    out = np.zeros(len(full), dtype=PUBLISHED_DTYPE)
    for name in set(PUBLISHED_DTYPE.names or ()) & set(STATE_DTYPE.names or ()):
        out[name] = full[name]
    for i, row in enumerate(full):
        e, n, u, ve, vn, vu = row["x"].tolist()
        out["climb_mps"][i] = vu
        if int(row["fix"]) != Fix.POSITION:
            _hide(out, i)
            continue
        where = site.to_latlon(e_m=e, n_m=n, u_m=u)
        out["lat_deg"][i], out["lon_deg"][i] = where.lat_deg, where.lon_deg
        out["alt_hae_m"][i] = where.alt_hae_m
        out["height_m"][i] = where.alt_hae_m - site.origin.alt_hae_m
        out["speed_mps"][i] = math.hypot(ve, vn)
        out["course_deg_true"][i] = math.degrees(math.atan2(ve, vn)) % 360.0
        a, b, d = float(row["cov"][0, 0]), float(row["cov"][0, 1]), float(row["cov"][1, 1])
        half = math.sqrt(0.25 * (a - d) ** 2 + b * b)
        out["sigma_m"][i] = math.sqrt(max(0.5 * (a + d) + half, 0.0))
    return TracksPublished(version=PUBLISHED_VERSION, data=out.tobytes())


def _hide(out: NDArray[np.void], i: int) -> None:
    for name in (
        "lat_deg", "lon_deg", "alt_hae_m", "height_m", "speed_mps", "course_deg_true",
        "climb_mps", "sigma_m",
    ):  # fmt: skip
        out[name][i] = math.nan


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
