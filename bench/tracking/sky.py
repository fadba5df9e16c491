"""Flights and a moment -> what one sensor could see of them then: bearing, range, range rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from bench.tracking.flights import DT_S, Floats, Kind

NAN = math.nan
SensorKind = Literal["radar", "eo", "rf", "acoustic", "human", "rid", "adsb"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """Sigmas are one standard deviation; NaN: this kind does not measure or have it."""

    sensor_id: str
    kind: SensorKind
    x_m: float
    y_m: float
    z_m: float
    phase: float
    period_s: float
    range_max_m: float
    p_detect: float
    false_per_look: float
    sigma_range_m: float = NAN
    sigma_az_deg: float = NAN
    sigma_el_deg: float = NAN
    sigma_rate_mps: float = NAN
    fov_az_deg: float = NAN
    fov_el_deg: float = NAN
    boresight_deg: float = NAN
    sigma_xy_m: float = NAN
    sigma_z_m: float = NAN


@dataclass(frozen=True, slots=True)
class Flight:
    kind: Kind
    t0_s: float
    at_m: Floats
    v_mps: Floats
    emits: bool
    uid: str


class Seen(NamedTuple):
    """A flight in range at the moment of the look."""

    flight: int
    p: tuple[float, float, float]
    v: tuple[float, float, float]
    d: tuple[float, float, float]
    range_m: float

    @property
    def az_deg(self) -> float:
        return math.degrees(math.atan2(self.d[0], self.d[1]))

    @property
    def el_deg(self) -> float:
        return math.degrees(math.asin(self.d[2] / self.range_m))

    @property
    def rate_mps(self) -> float:
        (dx, dy, dz), (vx, vy, vz) = self.d, self.v
        return (dx * vx + dy * vy + dz * vz) / self.range_m


class Sky:
    """All flights in one array, so that one look is one vectorised question."""

    def __init__(self, flights: Sequence[Flight]) -> None:
        self.flights = flights
        t0 = np.array([f.t0_s for f in flights])
        n = np.array([len(f.at_m) for f in flights], dtype=np.int64)
        self._start = np.cumsum(n) - n
        self._p = np.concatenate([f.at_m for f in flights] or [np.empty((0, 3))])
        self._v = np.concatenate([f.v_mps for f in flights] or [np.empty((0, 3))])
        self._sensed = {
            kind: np.flatnonzero([can(f) for f in flights]) for kind, can in CAN.items()
        }
        self._when = {kind: (t0[who], n[who] - 1) for kind, who in self._sensed.items()}

    def look(self, sensor: Sensor, t_s: float) -> list[Seen]:
        """Flights that this kind can sense, in the air and in range, in order of number."""
        t0, last = self._when[sensor.kind]
        k = (t_s - t0) / DT_S
        up = np.flatnonzero((k >= 0) & (k < last))
        if not up.size:
            return []
        k, there = k[up], self._sensed[sensor.kind][up]
        whole = k.astype(np.int64)
        f = (k - whole)[:, None]
        i = self._start[there] + whole
        p = self._p[i] * (1 - f) + self._p[i + 1] * f
        d = p - (sensor.x_m, sensor.y_m, sensor.z_m)
        r = np.sqrt(d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1] + d[:, 2] * d[:, 2])
        near = np.flatnonzero(r < sensor.range_max_m)
        columns = (there[near], p[near], self._v[i[near]], d[near], r[near])
        return [
            Seen(g, tuple(a), tuple(b), tuple(c), m)
            for g, a, b, c, m in zip(*(c.tolist() for c in columns), strict=True)
        ]


def _anything(flight: Flight) -> bool:
    del flight
    return True


# Whom a kind of sensor can sense at all; for the others it draws nothing.
CAN: dict[SensorKind, Callable[[Flight], bool]] = {
    "radar": _anything,
    "eo": _anything,
    "rf": lambda f: f.emits and f.kind in ("drone", "own"),
    "acoustic": lambda f: f.kind in ("drone", "own"),
    "human": _anything,
    "rid": lambda f: f.uid.startswith("RID"),
    "adsb": lambda f: f.kind == "aircraft",
}
