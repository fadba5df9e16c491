"""(n, 25) bytes of Open Drone ID location messages -> columns; the adapter's hot path.

The same meaning field by field as odid.Location (a test holds them equal); unknown is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vigia.wire import odid

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIRE: np.dtype[np.void] = np.dtype(
    [
        ("kind", "u1"),
        ("flags", "u1"),
        ("course", "u1"),
        ("speed", "u1"),
        ("climb", "i1"),
        ("lat", "<i4"),
        ("lon", "<i4"),
        ("baro", "<u2"),
        ("hae", "<u2"),
        ("height", "<u2"),
        ("hv_acc", "u1"),
        ("sb_acc", "u1"),
        ("since_hour_ds", "<u2"),
        ("t_acc", "u1"),
        ("reserved", "u1"),
    ]
)


def _table(
    bounds: tuple[float | None, ...], per_sigma: float, *, high: bool
) -> NDArray[np.float32]:
    """(256,): the whole accuracy byte -> 1-sigma of its low or high nibble."""
    sigma = [np.nan if b is None else b / per_sigma for b in bounds]
    return np.array([sigma[i >> 4 if high else i & 15] for i in range(256)], dtype=np.float32)


# One look-up replaces arithmetic and masks: the domains are one byte wide.
_SIGMA = _table(odid.H_ACC_95_M, odid.R95_PER_SIGMA, high=False)
_ALT_SIGMA = _table(odid.V_ACC_95_M, odid.Z95_PER_SIGMA, high=True)
_SPEED_SIGMA = _table(odid.SPEED_ACC_95_MPS, odid.R95_PER_SIGMA, high=False)


def _pairs(function: str) -> NDArray[np.float32]:
    """(512,): flag bit * 256 + byte -> course or speed."""
    out = np.full(512, np.nan, dtype=np.float32)
    for bit in (0, 1):
        for raw in range(256):
            value = (
                odid.course_deg(raw, west=bool(bit))
                if function == "course"
                else odid.speed_mps(raw, multiplied=bool(bit))
            )
            if value is not None:
                out[bit * 256 + raw] = value
    return out


_COURSE, _SPEED = _pairs("course"), _pairs("speed")
_CLIMB = np.array(
    [np.nan if (v := odid.climb_mps(raw)) is None else v for raw in (*range(128), *range(-128, 0))],
    dtype=np.float32,
)


class Locations(NamedTuple):
    """(n,) columns; the meaning and units of odid.Location. since_hour_ds: -1 is unknown."""

    status: NDArray[np.uint8]
    course_deg_true: NDArray[np.float32]
    speed_mps: NDArray[np.float32]
    climb_mps: NDArray[np.float32]
    lat_deg: NDArray[np.float64]
    lon_deg: NDArray[np.float64]
    alt_baro_m: NDArray[np.float32]
    alt_hae_m: NDArray[np.float32]
    height_m: NDArray[np.float32]
    sigma_m: NDArray[np.float32]
    alt_sigma_m: NDArray[np.float32]
    speed_sigma_mps: NDArray[np.float32]
    since_hour_ds: NDArray[np.int32]


def locations(messages: NDArray[np.uint8]) -> Locations:
    """messages: (n, 25), each of kind LOCATION, C-contiguous."""
    wire = messages.view(_WIRE)[:, 0]
    flags = wire["flags"]
    lat, lon = wire["lat"], wire["lon"]
    known = ((lat != 0) | (lon != 0)) & (np.abs(lat.astype(np.int64)) <= 900_000_000)
    known &= np.abs(lon.astype(np.int64)) <= 1_800_000_000
    since = wire["since_hour_ds"].astype(np.int32)
    since[since > odid.HOUR_DS] = -1
    return Locations(
        status=(flags >> 4).astype(np.uint8),
        course_deg_true=_COURSE[(flags & 2).astype(np.intp) * 128 + wire["course"]],
        speed_mps=_SPEED[(flags & 1).astype(np.intp) * 256 + wire["speed"]],
        climb_mps=_CLIMB[wire["climb"].view(np.uint8)],
        lat_deg=np.where(known, lat / 1e7, np.nan),
        lon_deg=np.where(known, lon / 1e7, np.nan),
        alt_baro_m=_altitude_m(wire["baro"]),
        alt_hae_m=_altitude_m(wire["hae"]),
        height_m=_altitude_m(wire["height"]),
        sigma_m=_SIGMA[wire["hv_acc"]],
        alt_sigma_m=_ALT_SIGMA[wire["hv_acc"]],
        speed_sigma_mps=_SPEED_SIGMA[wire["sb_acc"]],
        since_hour_ds=since,
    )


def _altitude_m(raw: NDArray[np.uint16]) -> NDArray[np.float32]:
    out = raw.astype(np.float32)
    out *= np.float32(0.5)
    out -= np.float32(1000.0)
    out[raw == 0] = np.nan
    return out
