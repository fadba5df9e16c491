"""Where things stand in the site's frame; hashes that name them there."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vigia.geo import Site
    from vigia.terms import Position

STAND_SIGMA_MAX_M = 1_000.0
MASK63 = (1 << 63) - 1
OWNER_BITS = 52  # what a float column holds exactly


class Stand(NamedTuple):
    """Where a measurement is made: east, north, up [m], and how well that is known."""

    e_m: float
    n_m: float
    u_m: float
    sigma_m: float = 0.0


NOWHERE = Stand(0.0, 0.0, 0.0)


def stand_of(site: Site, where: Position, *, sigma_m: float = 0.0) -> Stand:
    alt = site.origin.alt_hae_m if where.alt_hae_m is None else where.alt_hae_m
    e, n, u = site.to_enu(lat_deg=where.lat_deg, lon_deg=where.lon_deg, alt_hae_m=alt)
    own = sigma_m if where.sigma_m is None else where.sigma_m
    return Stand(e, n, u, min(max(own, 0.0), STAND_SIGMA_MAX_M))


def convergence(site: Site, lon_deg: float) -> float:
    """True north there minus the site's north [rad]: what to take from an azimuth there."""
    turn = (lon_deg - site.origin.lon_deg + 180.0) % 360.0 - 180.0
    return math.radians(turn) * math.sin(math.radians(site.origin.lat_deg))


def name_of(text: str) -> int:
    """63 bits that stand for a name in the columns; never 0."""
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "little") & MASK63 | 1


def owner_of(person_id: str | None) -> float:
    """Whose stand a row of the column of stands is; a machine's is negative."""
    return float(name_of(person_id or "") & ((1 << OWNER_BITS) - 1))


def hex_id(track: int) -> str:
    """The track_id people and other systems see: 16 hex digits."""
    return f"{track & 0xFFFFFFFFFFFFFFFF:016x}"
