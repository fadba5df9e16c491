"""The two shapes of a track: the full state that threat reads, the compact row that is published.

Both are versioned little-endian packed dtypes like those of scan.py.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Fix(IntEnum):
    """A position is claimed only while it deserves one; else the track is a bearing sector."""

    POSITION = 1
    SECTOR = 2


class TrackFlag(IntFlag):
    NONE = 0
    LOAD = 1  # seen carrying something
    CLOSING = 2  # an enrolled person said "towards me"
    ID_CONFLICT = 4  # its stated identity jumped, or contradicts other sensors
    WEAK = 8  # only weak evidence: presence-only or unauthenticated
    HUMAN = 16  # a person contributed
    COASTING = 32  # predicted without new evidence
    AIRCRAFT = 64  # believed a crewed aircraft
    EMERGENCY = 128
    CLAIMED = 256  # only broadcasts tell of it: nobody measured it, nobody saw it


CLASSES = ("unknown", "drone", "bird", "aircraft", "own")
MARKS = ("actual", "exercise", "demo")  # index in the mark column

_STATE: list[Any] = [
    ("track_id", "S16"),  # derives from the observation that began it
    ("number", "<u4"),  # what people say: T-041
    ("status", "<u1"),  # terms.TrackStatus
    ("mark", "<u1"),  # index into MARKS
    ("fix", "<u1"),  # Fix
    ("witnesses", "<u1"),  # independent sources (sensor, site and link counted once)
    ("flags", "<u2"),  # TrackFlag
    ("t_ns", "<i8"),  # when the state is valid
    ("t_first_ns", "<i8"),  # t_obs of the first observation
    ("t_last_ns", "<i8"),  # t_obs of the last observation
    ("t_cause_ns", "<i8"),  # t_recv of the last observation: T0 of what follows from it
    ("x", "<f8", (6,)),  # east, north, up [m] of the site, their rates [m/s]
    ("cov", "<f8", (6, 6)),
    ("p_exist", "<f4"),
    ("p_drone", "<f4"),
    ("azimuth_deg_true", "<f4"),  # sector: the last bearing, from whoever gave it
    ("azimuth_sigma_deg", "<f4"),
    ("serial", "S24"),  # stated identity, a claim; empty is none
    ("cls", "<u1"),  # index into CLASSES: what it most likely is
    ("drones", "<u1"),  # how many somebody said there are; 0: nobody did
]
STATE_DTYPE: np.dtype[np.void] = np.dtype(_STATE)

_PUBLISHED: list[tuple[str, str]] = [
    ("track_id", "S16"),
    ("number", "<u4"),
    ("status", "<u1"),
    ("mark", "<u1"),
    ("fix", "<u1"),
    ("witnesses", "<u1"),
    ("flags", "<u2"),
    ("t_ns", "<i8"),
    ("t_last_ns", "<i8"),
    # A sector row has no position (NaN): its origin may be an officer's, which is personal.
    ("lat_deg", "<f8"),
    ("lon_deg", "<f8"),
    ("alt_hae_m", "<f4"),
    ("height_m", "<f4"),  # above the site's origin
    ("speed_mps", "<f4"),
    ("course_deg_true", "<f4"),
    ("climb_mps", "<f4"),
    ("sigma_m", "<f4"),  # largest horizontal 1-sigma
    ("p_exist", "<f4"),
    ("p_drone", "<f4"),
    ("azimuth_deg_true", "<f4"),
    ("azimuth_sigma_deg", "<f4"),
    ("serial", "S24"),
]
PUBLISHED_DTYPE: np.dtype[np.void] = np.dtype(_PUBLISHED)
PUBLISHED_VERSION = "track.1"


def published_rows(data: bytes) -> NDArray[np.void]:
    """(n,) read-only view of a TracksPublished body."""
    return np.frombuffer(data, dtype=PUBLISHED_DTYPE)
