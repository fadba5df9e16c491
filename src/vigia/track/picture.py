"""The columns at a time -> the rows threat reads and the rows that are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigia.events import TracksPublished
from vigia.track import layout as c
from vigia.track.book import PERSON
from vigia.track.frame import hex_id
from vigia.track.imm import SIZE
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
    from vigia.track.book import Book

COASTING_NS = 2_500_000_000
COASTING, HUMAN = np.uint16(int(TrackFlag.COASTING)), int(TrackFlag.HUMAN)
CLAIMED = int(TrackFlag.CLAIMED)
COMMON = [n for n in PUBLISHED_DTYPE.names or () if n in (STATE_DTYPE.names or ())]
# (6, 6) -> place in the packed state's upper triangle
UPPER = np.zeros((6, 6), dtype=np.intp)
_k = 7
for _i in range(6):
    for _j in range(_i, 6):
        UPPER[_i, _j] = UPPER[_j, _i] = _k
        _k += 1


def states(book: Book, t_ns: int) -> NDArray[np.void]:
    """(n,) STATE_DTYPE of the tracks shown, oldest first, predicted to t_ns."""
    cols = book.cols
    live = int(cols.tally[c.C_N])
    slots, ints = np.empty(live, np.int64), np.empty((live, 3), np.int64)
    floats, moment = np.empty((live, 2)), np.empty((live, SIZE))
    n = book.kernels.states(book.table, t_ns, slots, ints, floats, moment)
    out = np.zeros(n, STATE_DTYPE)
    if n == 0:
        return out
    slots, i, f = slots[:n], cols.i[slots[:n]], cols.f[slots[:n]]
    out["track_id"] = [hex_id(t) for t in i[:, c.ID].tolist()]
    for name, column in (
        ("number", c.NUMBER),
        ("status", c.STATUS),
        ("mark", c.MARK),
        ("fix", c.FIX),
        ("drones", c.DRONES),
        ("t_first_ns", c.T_FIRST),
        ("t_last_ns", c.T_LAST),
        ("t_cause_ns", c.T_CAUSE),
    ):
        out[name] = i[:, column]
    human = np.where(i[:, c.KINDS] & (1 << PERSON), HUMAN, 0)
    silent = t_ns - i[:, c.T_LAST] > COASTING_NS
    claimed = np.where(i[:, c.KINDS] & c.MEASURED, 0, CLAIMED)
    out["flags"] = i[:, c.FLAGS] | i[:, c.SAID] | human | claimed | np.where(silent, COASTING, 0)
    out["witnesses"], out["t_ns"], out["cls"] = ints[:n, 0], ints[:n, 1], ints[:n, 2]
    out["x"], out["cov"] = moment[:n, 1:7], moment[:n][:, UPPER]
    out["p_exist"], out["p_drone"] = floats[:n, 0], floats[:n, 1]
    out["azimuth_deg_true"], out["azimuth_sigma_deg"] = f[:, c.AZ_DEG], f[:, c.AZ_SIGMA_DEG]
    out["serial"] = np.ascontiguousarray(cols.serial[slots]).view("S24")[:, 0]
    return out


def published(book: Book, t_ns: int) -> TracksPublished:
    """Compact rows. A sector row has no position: its origin may be an officer's."""
    full = states(book, t_ns)
    out = np.zeros(len(full), dtype=PUBLISHED_DTYPE)
    for name in COMMON:
        out[name] = full[name]
    if len(full):
        _place(book.site, full, out)
    return TracksPublished(version=PUBLISHED_VERSION, data=out.tobytes())


def _place(site: Site, full: NDArray[np.void], out: NDArray[np.void]) -> None:
    """Where and how fast; all unknown for a sector."""
    x, cov = full["x"], full["cov"]
    lat, lon, alt = site.columns_to_latlon(x[:, :3]).T
    a, b, d = cov[:, 0, 0], cov[:, 0, 1], cov[:, 1, 1]
    out["lat_deg"], out["lon_deg"], out["alt_hae_m"] = lat, lon, alt
    out["height_m"] = alt - site.origin.alt_hae_m
    out["speed_mps"] = np.hypot(x[:, 3], x[:, 4])
    out["course_deg_true"] = np.degrees(np.arctan2(x[:, 3], x[:, 4])) % 360.0
    out["climb_mps"] = x[:, 5]
    half = 0.5 * (a + d)
    root = np.sqrt(0.25 * (a - d) ** 2 + b * b)
    out["sigma_m"] = np.sqrt(np.maximum(half + root, 0.0))
    for name in (
        "lat_deg", "lon_deg", "alt_hae_m", "height_m", "speed_mps", "course_deg_true",
        "climb_mps", "sigma_m",
    ):  # fmt: skip
        out[name][full["fix"] != Fix.POSITION] = np.nan
