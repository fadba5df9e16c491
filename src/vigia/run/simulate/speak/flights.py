"""Where invented flights are: circles around the site, one drone straight at it; by their number.

A function of the time alone, so that every speaker and every test tells the same.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

EARTH_M = 111_320.0
RUN_IN_M = 2_500.0


class Flight(NamedTuple):
    e_m: float
    n_m: float
    height_m: float
    ve_mps: float
    vn_mps: float


def flight(n: int, t_s: float, seed: int) -> Flight:
    """Number 0 comes straight at the site from the north-east, again and again; others circle."""
    chance = random.Random(seed * 100_003 + n)
    speed = chance.uniform(8.0, 22.0)
    height = chance.uniform(40.0, 120.0)
    if n == 0:
        left = RUN_IN_M - (t_s * speed) % RUN_IN_M
        half = math.sqrt(0.5)
        return Flight(left * half, left * half, height, -speed * half, -speed * half)
    radius = chance.uniform(400.0, 3_000.0)
    angle = chance.uniform(0.0, 2.0 * math.pi) + t_s * speed / radius
    e, n_m = radius * math.sin(angle), radius * math.cos(angle)
    return Flight(e, n_m, height, speed * math.cos(angle), -speed * math.sin(angle))


def place(lat_deg: float, lon_deg: float, at: Flight) -> tuple[float, float]:
    """Latitude and longitude near a site."""
    lat = lat_deg + at.n_m / EARTH_M
    return lat, lon_deg + at.e_m / (EARTH_M * math.cos(math.radians(lat_deg)))
