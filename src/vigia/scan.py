"""One sensor's scan as immutable packed bytes -> read-only columns, live and in replay alike.

A layout is a versioned, little-endian, packed dtype. Unknown is NaN inside a float column, 0
where an integer column says so, empty in an identity column. A new field means a new layout
name; old layouts stay readable, because journals do.
"""

from __future__ import annotations

import math
from enum import Enum, IntEnum, IntFlag
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS_MAX = 65_536  # rows in one scan; an adapter cuts a larger one


class Layout(Enum):
    """polar: angles and perhaps a range from the sensor; place: a position somebody states."""

    POLAR_1 = "polar.1"
    PLACE_1 = "place.1"


class Flag(IntFlag):
    """Row flags, both layouts."""

    NONE = 0
    HEARD = 1  # the angle points where the sound was made, not where the source is now
    LOAD = 2  # carries something
    AIRBORNE = 4
    EMERGENCY = 8
    HOVERING = 16
    CLOSING = 32  # a person says "towards me"
    WEAK = 64  # presence-only or unauthenticated


class IdKind(IntEnum):
    NONE = 0
    SERIAL = 1  # ANSI/CTA-2063-A serial number
    CAA = 2  # registration by the authority
    UTM = 3
    SESSION = 4
    ICAO = 5
    NODE = 6  # a sensor's own object number


_POLAR: list[tuple[str, str]] = [
    ("t_obs_ns", "<i8"),
    ("azimuth_deg_true", "<f4"),
    ("azimuth_sigma_deg", "<f4"),
    ("elevation_deg", "<f4"),
    ("elevation_sigma_deg", "<f4"),
    ("range_m", "<f4"),
    ("range_sigma_m", "<f4"),
    ("range_rate_mps", "<f4"),
    ("range_rate_sigma_mps", "<f4"),
    ("rssi_dbm", "<f4"),
    ("p_drone", "<f4"),  # the sensor's own belief, 0..1
    ("snr_db", "<f4"),
    ("flags", "<u2"),
    ("count", "<u2"),  # drones this row stands for; 0 is unknown
]
_PLACE: list[tuple[str, str]] = [
    ("t_obs_ns", "<i8"),
    ("lat_deg", "<f8"),
    ("lon_deg", "<f8"),
    ("alt_hae_m", "<f4"),
    ("alt_baro_m", "<f4"),
    ("height_m", "<f4"),  # above take-off or ground, as the sender says
    ("sigma_m", "<f4"),  # horizontal, 1-sigma
    ("alt_sigma_m", "<f4"),
    ("speed_mps", "<f4"),
    ("course_deg_true", "<f4"),
    ("climb_mps", "<f4"),
    ("speed_sigma_mps", "<f4"),
    ("rssi_dbm", "<f4"),
    ("p_drone", "<f4"),
    ("flags", "<u2"),
    ("id_kind", "<u1"),
    ("ua_type", "<u1"),  # ASTM F3411-22a table 6; 0 is not declared
    ("identity", "S24"),
]
POLAR_1: np.dtype[np.void] = np.dtype(_POLAR)
PLACE_1: np.dtype[np.void] = np.dtype(_PLACE)
DTYPES = {Layout.POLAR_1: POLAR_1, Layout.PLACE_1: PLACE_1}
_INTEGER = frozenset({"t_obs_ns", "flags", "count", "id_kind", "ua_type"})


class Scan(msgspec.Struct, frozen=True, array_like=True):
    """layout, and n rows of it as bytes. Build with pack(); look at with rows()."""

    layout: Layout
    data: bytes

    def __post_init__(self) -> None:
        size = DTYPES[self.layout].itemsize
        n, rest = divmod(len(self.data), size)
        if rest or not 0 < n <= ROWS_MAX:
            raise ValueError(
                f"scan: got {len(self.data)} bytes; need 1 to {ROWS_MAX} rows of {size} bytes "
                f"({self.layout.value})"
            )

    def __len__(self) -> int:
        return len(self.data) // self._dtype().itemsize

    def rows(self) -> NDArray[np.void]:
        """(n,) structured, read-only view of the bytes; no copy."""
        return np.frombuffer(self.data, dtype=self._dtype())

    def _dtype(self) -> np.dtype[np.void]:
        """Not by looking up DTYPES: the hash of an Enum costs more than all the rest."""
        return POLAR_1 if self.layout is Layout.POLAR_1 else PLACE_1


def pack(layout: Layout, columns: dict[str, Any]) -> Scan:
    """Columns (scalars or (n,) arrays, same n) -> Scan. A column left out is unknown.

    Raises ValueError for a column the layout does not have and when t_obs_ns is missing.
    """
    dtype = DTYPES[layout]
    names = set(dtype.names or ())
    if extra := set(columns) - names:
        raise ValueError(f"scan: got column {sorted(extra)}; {layout.value} has {sorted(names)}")
    if "t_obs_ns" not in columns:
        raise ValueError("scan: t_obs_ns is missing; every row says when it was true")
    n = max((np.ndim(v) and len(v)) or 1 for v in columns.values())
    rows = np.zeros(n, dtype=dtype)
    for name in names:
        if name in columns:
            rows[name] = columns[name]
        elif name not in _INTEGER and name != "identity":
            rows[name] = math.nan
    return Scan(layout, rows.tobytes())


def optional(value: float) -> float | None:
    """The door from a column to the world: NaN -> None."""
    return None if math.isnan(value) else float(value)
