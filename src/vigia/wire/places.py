"""Positions that somebody states, one by one -> place.1 scans."""

from __future__ import annotations

import math
from typing import NamedTuple

from vigia.scan import PLACE_1, ROWS_MAX, Flag, IdKind, Layout, Scan, pack

NAN = math.nan
IDENTITY_BYTES = PLACE_1["identity"].itemsize


class Place(NamedTuple):
    """One row of place.1 by its field names; unknown is NaN."""

    t_obs_ns: int
    lat_deg: float
    lon_deg: float
    alt_hae_m: float = NAN
    alt_baro_m: float = NAN
    height_m: float = NAN
    sigma_m: float = NAN
    alt_sigma_m: float = NAN
    speed_mps: float = NAN
    course_deg_true: float = NAN
    climb_mps: float = NAN
    speed_sigma_mps: float = NAN
    rssi_dbm: float = NAN
    p_drone: float = NAN
    flags: int = Flag.NONE
    id_kind: int = IdKind.NONE
    ua_type: int = 0
    identity: bytes = b""


def scans_of(rows: list[Place]) -> list[Scan]:
    """Scans of at most ROWS_MAX rows, in their order."""
    out: list[Scan] = []
    for at in range(0, len(rows), ROWS_MAX):
        part = rows[at : at + ROWS_MAX]
        columns = dict(zip(Place._fields, map(list, zip(*part, strict=True)), strict=True))
        out.append(Scan(Layout.PLACE_1, pack(Layout.PLACE_1, columns).data))
    return out


def identity_of(text: str) -> bytes:
    """A name as a row can hold it: printable ASCII, at most 24 bytes; else a digest of it."""
    import hashlib

    raw = text.strip().encode("utf-8", "replace")
    if (
        len(raw) <= IDENTITY_BYTES
        and raw.isascii()
        and raw.decode("ascii", "replace").isprintable()
    ):
        return raw
    return b"#" + hashlib.blake2b(raw, digest_size=11).hexdigest().encode()


def believable(lat_deg: float, lon_deg: float) -> bool:
    """On the earth, and not the 0/0 of a receiver without a fix."""
    return (
        abs(lat_deg) <= 90.0
        and abs(lon_deg) <= 180.0
        and not (abs(lat_deg) < 1e-6 and abs(lon_deg) < 1e-6)
    )
