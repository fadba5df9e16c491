"""A recorded flight of a real small drone (made by others), seen by a radar and by two people."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest

from corpus import corpus
from track_world import T0, S, Vec, at, look, observe, radar, report, sight, toward, world
from vigia.geo import Site
from vigia.track.tracker import Tracker

pytestmark = pytest.mark.corpus
RMSE_MAX_M = 15.0  # 10.2 m on the day it was written


def flight() -> list[Vec]:
    """One position a second, about its own middle, moved 600 m north of the radar."""
    with corpus("tracks/UAV_Rot.csv").open() as file:
        rows = [
            (float(r["latitude"]), float(r["longitude"]), float(r["altitude (m)"]))
            for r in csv.DictReader(file)
        ]
    lat, lon = (sum(r[i] for r in rows) / len(rows) for i in (0, 1))
    site = Site(lat_deg=lat, lon_deg=lon, alt_hae_m=min(r[2] for r in rows) - 30.0)
    spots = (site.to_enu(lat_deg=a, lon_deg=b, alt_hae_m=c) for a, b, c in rows)
    return [(p.e_m, p.n_m + 600.0, p.u_m) for p in spots]


def test_a_radar_holds_one_track_through_the_whole_flight() -> None:
    path = flight()
    tracker = Tracker(world(radar(p_detect=0.9)))
    rng = np.random.default_rng(1)
    off: list[float] = []
    numbers: set[int] = set()
    for k in range(1, len(path)):
        v = tuple(b - a for a, b in zip(path[k - 1], path[k], strict=True))
        if rng.random() < 0.9:
            scan = look([(path[k], (v[0], v[1], v[2]))], T0 + k * S, rng=rng)
            observe(tracker, "radar", scan)
        tracker.advance(T0 + k * S)
        rows = tracker.states(T0 + k * S)
        if k > 5:
            assert len(rows) == 1
            off.append(math.dist(rows[0]["x"][:3], path[k]))
            numbers.add(int(rows[0]["number"]))
    assert numbers == {1}
    assert math.sqrt(sum(d * d for d in off) / len(off)) < RMSE_MAX_M


def test_two_people_who_point_hold_it_within_what_they_say() -> None:
    path = flight()
    tracker = Tracker(world())
    rng = np.random.default_rng(2)
    inside = n = 0
    for k in range(0, 300, 3):
        stand: Vec = ((0.0, 0.0, 0.0), (500.0, 300.0, 0.0))[k // 3 % 2]
        azimuth = toward(path[k], stand) + 8.0 * rng.normal()
        body = report(f"r{k}", T0 + k * S, azimuth=azimuth, person_id=str(k // 3 % 2))
        sight(tracker, body, at(*stand))
        tracker.advance(T0 + (k + 1) * S)
        for row in tracker.states(T0 + k * S):
            d = row["x"][:2] - np.array(path[k][:2])
            inside += float(d @ np.linalg.inv(row["cov"][:2, :2]) @ d) < 9.2  # 99 %
            n += 1
    assert n >= 90
    assert inside >= 0.85 * n
