"""Tracks and places of agencies -> near whose places each track is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

M_PER_DEG = 111_320.0  # of latitude; the earth is round enough for a radius of kilometres


class Place(NamedTuple):
    lat_deg: float
    lon_deg: float
    agency_id: str


class Spot(NamedTuple):
    lat_deg: float
    lon_deg: float


class Placed(Protocol):
    """A track, in whatever form."""

    @property
    def lat_deg(self) -> float | None: ...
    @property
    def lon_deg(self) -> float | None: ...


def near(
    tracks: Sequence[Placed], places: Sequence[Place], radius_m: float
) -> list[frozenset[str]]:
    """For each track the agencies with a place within the radius; none without a position."""
    if not tracks or not places:
        return [frozenset[str]()] * len(tracks)
    at = np.array([(_number(t.lat_deg), _number(t.lon_deg)) for t in tracks])
    names = sorted({p.agency_id for p in places})
    inside = np.zeros((len(tracks), len(names)), dtype=bool)
    for place in places:
        north_m = (at[:, 0] - place.lat_deg) * M_PER_DEG
        east_m = (at[:, 1] - place.lon_deg) * M_PER_DEG * math.cos(math.radians(place.lat_deg))
        inside[:, names.index(place.agency_id)] |= np.hypot(north_m, east_m) <= radius_m
    kinds: dict[bytes, frozenset[str]] = {}
    found: list[frozenset[str]] = []
    for row in inside:
        key = row.tobytes()
        if key not in kinds:
            kinds[key] = frozenset(n for n, yes in zip(names, row.tolist(), strict=True) if yes)
        found.append(kinds[key])
    return found


def _number(value: float | None) -> float:
    return math.nan if value is None else value
