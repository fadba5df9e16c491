"""Flights and the sensors among them -> detections, each with the flight it came from.

A sensor looks at its own rhythm, misses, errs, invents; its message arrives late, 2 % of them by
seconds. What a microphone hears is where the drone was when it made the sound. People look
seldom, point coarsely, give a wrong time and are slow. As in flights, the order of draws is fixed.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bench.tracking.flights import DT_S, Kind, between
from bench.tracking.sky import NAN, Flight, Seen, Sensor, SensorKind, Sky

SOUND_MPS = 343.0
RADAR_FULL_M = 1500.0  # beyond it the probability of detection falls
RADAR_SLOW_MPS = 0.7  # a slower range rate is mostly lost in the clutter filter
P_LATE = 0.02
# Seconds from the look to the message, low and high.
DELAY_S: dict[SensorKind, tuple[float, float]] = {
    "radar": (0.15, 0.4),
    "eo": (0.1, 0.3),
    "rf": (0.3, 1.5),
    "acoustic": (0.5, 1.0),
    "human": (3.0, 12.0),
    "rid": (0.1, 2.5),
    "adsb": (0.2, 1.0),
}
REPORTS_PER_S: dict[Kind, float] = {
    "drone": 1 / 20,
    "own": 1 / 40,
    "bird": 1 / 300,
    "aircraft": 1 / 200,
}


class Detection(NamedTuple):
    """One row of a detections file, in its words; truth_id is kept apart from it. NaN: unknown."""

    t: float
    t_arr: float
    sensor_id: str
    kind: str
    scan: int
    truth_id: int
    az: float = NAN
    el: float = NAN
    rng: float = NAN
    rr: float = NAN
    s_az: float = NAN
    s_el: float = NAN
    s_rng: float = NAN
    s_rr: float = NAN
    cls_hint: str = ""
    x: float = NAN
    y: float = NAN
    z: float = NAN
    vx: float = NAN
    vy: float = NAN
    vz: float = NAN
    s_xy: float = NAN
    s_z: float = NAN
    uid: str = ""


def sense(
    rng: np.random.Generator,
    flights: Sequence[Flight],
    sensors: Sequence[Sensor],
    *,
    length_s: float,
) -> list[Detection]:
    """In order of sensors, looks and flights: not yet of arrival."""
    sky = Sky(flights)
    out: list[Detection] = []
    for sensor in sensors:
        _WATCHERS[sensor.kind](rng, sky, sensor, out).watch(length_s)
    return out


class _Look(NamedTuple):
    t_s: float
    t_arr_s: float
    scan: int


@dataclass(slots=True)
class _Watcher(ABC):
    """One sensor for the length of the scene; each kind says what it sees and what it invents."""

    rng: np.random.Generator
    sky: Sky
    sensor: Sensor
    out: list[Detection]

    def watch(self, length_s: float) -> None:
        s = self.sensor
        times = np.arange(s.phase * s.period_s, length_s, s.period_s).tolist()
        for scan, t_s in enumerate(times, start=1):
            look = _Look(t_s, t_s + self.delay_s(), scan)
            for seen in self.sky.look(s, t_s):
                self.see(look, seen)
            for _ in range(self.rng.poisson(s.false_per_look)):
                self.invent(look)

    @abstractmethod
    def see(self, look: _Look, seen: Seen) -> None: ...

    @abstractmethod
    def invent(self, look: _Look) -> None: ...

    def head(self, look: _Look, flight: int) -> tuple[float, float, str, str, int, int]:
        return look.t_s, look.t_arr_s, self.sensor.sensor_id, self.sensor.kind, look.scan, flight

    def delay_s(self) -> float:
        delay = between(self.rng, *DELAY_S[self.sensor.kind])
        return delay + between(self.rng, 2, 8) if self.rng.random() < P_LATE else delay

    def hint(self, flight: int, right: float) -> str:
        """What a classifier says that is right that often, else drone or bird by chance."""
        if self.rng.random() > right:
            return ("drone", "bird")[self.rng.integers(2)]
        kind = self.sky.flights[flight].kind
        return "drone" if kind == "own" else kind

    def noise(self, sigma: float) -> float:
        return sigma * self.rng.standard_normal()


class _Radar(_Watcher):
    __slots__ = ()

    def p_detect(self, kind: Kind, range_m: float, rate_mps: float) -> float:
        p = self.sensor.p_detect
        if range_m >= RADAR_FULL_M:
            p *= 1 - 0.35 * (range_m - RADAR_FULL_M) / 1500
        if kind == "aircraft":
            p = 0.97
        return p * 0.35 if abs(rate_mps) < RADAR_SLOW_MPS else p

    def see(self, look: _Look, seen: Seen) -> None:
        rate = seen.rate_mps
        kind = self.sky.flights[seen.flight].kind
        if self.rng.random() >= self.p_detect(kind, seen.range_m, rate):
            return
        s = self.sensor
        az = (seen.az_deg + self.noise(s.sigma_az_deg)) % 360
        el = seen.el_deg + self.noise(s.sigma_el_deg)
        far = seen.range_m + self.noise(s.sigma_range_m)
        rate += self.noise(s.sigma_rate_mps)
        hint = self.hint(seen.flight, 0.7) if self.rng.random() < 0.3 else ""
        self.add(look, seen.flight, (az, el, far, rate), hint)

    def invent(self, look: _Look) -> None:
        az, el = between(self.rng, 0, 360), between(self.rng, 0, 25)
        far = 3000 * math.sqrt(between(self.rng, 0.01, 1))
        self.add(look, -1, (az, el, far, self.noise(8)), "")

    def add(
        self, look: _Look, flight: int, z: tuple[float, float, float, float], hint: str
    ) -> None:
        s = self.sensor
        sigmas = (s.sigma_az_deg, s.sigma_el_deg, s.sigma_range_m, s.sigma_rate_mps)
        self.out.append(Detection(*self.head(look, flight), *z, *sigmas, hint))


class _Bearer(_Watcher):
    """Sensors of direction: camera, radio direction finder, microphones, people."""

    __slots__ = ()

    def add(self, look: _Look, flight: int, *, az: float, el: float, hint: str) -> None:
        s = self.sensor
        self.out.append(
            Detection(
                *self.head(look, flight),
                az=az,
                el=el,
                s_az=s.sigma_az_deg,
                s_el=s.sigma_el_deg,
                cls_hint=hint,
            )
        )


class _Camera(_Bearer):
    __slots__ = ()

    def see(self, look: _Look, seen: Seen) -> None:
        s = self.sensor
        az, el = seen.az_deg, seen.el_deg
        off = (az - s.boresight_deg + 180) % 360 - 180
        inside = abs(off) < s.fov_az_deg / 2 and 0 <= el < s.fov_el_deg
        if inside and self.rng.random() < s.p_detect:
            az = (az + self.noise(s.sigma_az_deg)) % 360
            el += self.noise(s.sigma_el_deg)
            self.add(look, seen.flight, az=az, el=el, hint=self.hint(seen.flight, 0.8))

    def invent(self, look: _Look) -> None:
        az = (self.sensor.boresight_deg + between(self.rng, -30, 30)) % 360
        el = between(self.rng, 0, 40)
        self.add(look, -1, az=az, el=el, hint=("drone", "bird")[self.rng.integers(2)])


class _DirectionFinder(_Bearer):
    __slots__ = ()

    def see(self, look: _Look, seen: Seen) -> None:
        if self.rng.random() < self.sensor.p_detect:
            az = (seen.az_deg + self.noise(self.sensor.sigma_az_deg)) % 360
            self.add(look, seen.flight, az=az, el=NAN, hint="drone")

    def invent(self, look: _Look) -> None:
        self.add(look, -1, az=between(self.rng, 0, 360), el=NAN, hint="drone")


class _Microphones(_Bearer):
    __slots__ = ()

    def see(self, look: _Look, seen: Seen) -> None:
        s = self.sensor
        if self.rng.random() >= s.p_detect:
            return
        flight = self.sky.flights[seen.flight]
        step = (look.t_s - seen.range_m / SOUND_MPS - flight.t0_s) / DT_S
        if step < 0:
            return
        x, y, z = flight.at_m[int(step)].tolist()
        dx, dy, dz = x - s.x_m, y - s.y_m, z - s.z_m
        range_m = math.sqrt(dx * dx + dy * dy + dz * dz)
        az = (math.degrees(math.atan2(dx, dy)) + self.noise(s.sigma_az_deg)) % 360
        el = math.degrees(math.asin(dz / range_m)) + self.noise(s.sigma_el_deg)
        self.add(look, seen.flight, az=az, el=el, hint="drone")

    def invent(self, look: _Look) -> None:
        az, el = between(self.rng, 0, 360), between(self.rng, 0, 60)
        self.add(look, -1, az=az, el=el, hint="drone")


class _Person(_Bearer):
    """Looks about once a second and tells it by and by."""

    __slots__ = ()

    def watch(self, length_s: float) -> None:
        for second in np.arange(0, length_s, 1.0).tolist():
            t_s = second + self.rng.random()
            look = _Look(t_s, t_s, -1)
            for seen in self.sky.look(self.sensor, t_s):
                if self.rng.random() < REPORTS_PER_S[self.sky.flights[seen.flight].kind]:
                    self.see(look, seen)
            if self.rng.random() < self.sensor.false_per_look:
                self.invent(look)

    def see(self, look: _Look, seen: Seen) -> None:
        az = (seen.az_deg + self.noise(12)) % 360
        el = min(max(seen.el_deg + self.noise(12), 0.0), 90.0)
        hint = self.hint(seen.flight, 0.85)
        guess_m = NAN
        if self.rng.random() < 0.3:
            guess_m = seen.range_m * math.exp(self.noise(0.5))
        said_s = look.t_s + self.noise(1.0)  # the clock time a person gives is off
        told = _Look(said_s, look.t_s + self.delay_s(), -1)
        self.add(told, seen.flight, az=az, el=el, hint=hint)
        self.out[-1] = self.out[-1]._replace(rng=guess_m, s_rng=guess_m * 0.5)

    def invent(self, look: _Look) -> None:
        told = look._replace(t_arr_s=look.t_s + self.delay_s())
        az, el = between(self.rng, 0, 360), between(self.rng, 2, 50)
        self.add(told, -1, az=az, el=el, hint="drone")


class _Beacon(_Watcher):
    """Remote ID and ADS-B: the flyer says where it is; each message comes on its own."""

    __slots__ = ()

    def see(self, look: _Look, seen: Seen) -> None:
        s = self.sensor
        if self.rng.random() >= s.p_detect:
            return
        x, y, z = seen.p
        x, y = x + self.noise(s.sigma_xy_m), y + self.noise(s.sigma_xy_m)
        z += self.noise(s.sigma_z_m)
        message = _Look(look.t_s, look.t_s + self.delay_s(), -1)
        v = seen.v
        if s.kind == "rid":
            v = (v[0] + self.noise(0.5), v[1] + self.noise(0.5), v[2] + self.noise(0.5))
        self.out.append(
            Detection(
                *self.head(message, seen.flight),
                x=x,
                y=y,
                z=z,
                vx=v[0],
                vy=v[1],
                vz=v[2],
                s_xy=s.sigma_xy_m,
                s_z=s.sigma_z_m,
                uid=self.sky.flights[seen.flight].uid,
                cls_hint="drone" if s.kind == "rid" else "aircraft",
            )
        )

    def invent(self, look: _Look) -> None:
        """Never: nobody forges identities in these scenes."""


_WATCHERS: dict[SensorKind, type[_Watcher]] = {
    "radar": _Radar,
    "eo": _Camera,
    "rf": _DirectionFinder,
    "acoustic": _Microphones,
    "human": _Person,
    "rid": _Beacon,
    "adsb": _Beacon,
}
