"""The invented flights as receivers of broadcasts know them: name, place, motion, operator."""

from __future__ import annotations

import math
from typing import NamedTuple

from vigia.run.simulate.speak import Asked
from vigia.run.simulate.speak.flights import flight, place

GROUND_HAE_M = 1_200.0
OPERATOR_M = 1_500.0  # where the invented operators stand, south of the site


class Drone(NamedTuple):
    number: int
    serial: str
    address: bytes
    lat_deg: float
    lon_deg: float
    height_m: float
    speed_mps: float
    course_deg_true: float
    operator: tuple[float, float]

    @property
    def mac(self) -> str:
        return self.address.hex(":").upper()

    @property
    def alt_hae_m(self) -> float:
        return GROUND_HAE_M + self.height_m


def drones(asked: Asked, t_s: float) -> list[Drone]:
    """A function of the time alone."""
    out: list[Drone] = []
    for n in range(asked.flights):
        at = flight(n, t_s, asked.seed)
        lat, lon = place(asked.lat_deg, asked.lon_deg, at)
        pilot = (asked.lat_deg - OPERATOR_M / 111_320.0, asked.lon_deg + n * 1e-3)
        address = bytes((2, 0, asked.seed & 255, 0, n >> 8, n & 255))
        course = math.degrees(math.atan2(at.ve_mps, at.vn_mps)) % 360.0
        speed = math.hypot(at.ve_mps, at.vn_mps)
        serial = f"SIM{asked.seed % 1000:03}{n:07}"
        out.append(Drone(n, serial, address, lat, lon, at.height_m, speed, course, pilot))
    return out
