"""DANGER is for an attack, not for whatever comes near: attack.py, flock.py, turns.py."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from msgspec.structs import replace

from threat_world import POLICY as NEAR
from threat_world import at, track
from vigia.terms import Tier
from vigia.threat.assess import assess
from vigia.threat.turns import Turn, remember, turns_of
from vigia.threats import BESIDE_P

HERE = at((0.0, 0.0))
POLICY = replace(NEAR, danger_asks_attack=True)


def of(row: np.ndarray, turn_rad_s: float = 0.0) -> Tier:
    return assess(row, HERE, POLICY, np.full(len(row), turn_rad_s))[0].tier


def test_a_drone_that_flies_straight_at_somebody_is_danger() -> None:
    assert of(track(0.0, 180.0, vn=-15.0)) is Tier.DANGER


def test_what_may_be_a_bird_is_a_warning_where_a_drone_is_danger() -> None:
    """Both pass 40 m beside him."""
    assert of(track(40.0, 110.0, vn=-12.0, p_drone=0.97)) is Tier.DANGER
    assert of(track(40.0, 110.0, vn=-12.0, p_drone=0.6)) is Tier.WARNING


def test_who_is_beside_the_one_it_attacks_is_in_danger_too() -> None:
    """It flies at the first; the second stands 70 m aside, the third 400 m."""
    row = track(0.0, 180.0, vn=-15.0)
    here = at((0.0, 0.0), (70.0, 0.0), (400.0, 0.0))
    tiers = {t.target_id: t for t in assess(row, here, POLICY)}
    first, second, third = (tiers[name] for name in here.target_ids)
    assert first.tier is Tier.DANGER
    assert second.p_attack < POLICY.danger_p
    assert second.p_hit >= BESIDE_P
    assert second.tier is Tier.DANGER
    assert third.tier < Tier.DANGER
    alone = assess(row, at((70.0, 0.0)), POLICY)[0]
    assert alone.tier is Tier.WARNING


def test_no_edge_in_the_range_makes_it_likelier_to_attack_farther_away() -> None:
    for speed in (6.0, 12.0, 18.0):
        rows = [track(0.0, float(r), vn=-speed) for r in range(132, 900, 4)]
        p = [assess(row, HERE, POLICY)[0].p_attack for row in rows]
        assert all(a >= b - 1e-9 for a, b in pairwise(p))


def flock(p_drone: float) -> np.ndarray:
    rows = np.concatenate([track(15.0 * k, 150.0, vn=-12.0, p_drone=p_drone) for k in range(4)])
    rows["track_id"] = [f"{k:016x}".encode() for k in range(4)]
    rows["number"] = np.arange(4)
    return rows


def test_three_and_more_side_by_side_are_birds_unless_they_are_said_to_be_drones() -> None:
    tiers = [t.tier for t in assess(flock(0.7), HERE, POLICY)]
    assert set(tiers) == {Tier.WARNING}
    assert of(flock(0.95)) is Tier.DANGER
    alone = flock(0.7)[:1]
    assert of(alone) is Tier.DANGER


def test_high_and_level_is_a_warning_until_it_sinks_or_hangs_above() -> None:
    high = track(20.0, 200.0, vn=-14.0, up_m=140.0)
    assert of(high) is Tier.WARNING
    high["x"][:, 5] = -6.0
    assert of(high) is Tier.DANGER
    above = track(5.0, 10.0, up_m=140.0, sigma_m=4.0)
    assert of(above) is Tier.DANGER


def test_an_unknown_height_is_no_excuse() -> None:
    row = track(20.0, 200.0, vn=-14.0, up_m=140.0)
    row["cov"][:, 2, 2] = 80.0**2
    assert of(row) is Tier.DANGER


def test_who_goes_round_in_circles_points_at_everybody_once() -> None:
    row = track(10.0, 170.0, vn=-9.0)
    assert of(row) is Tier.DANGER
    assert of(row, 0.15) is Tier.WARNING


def test_a_circle_is_remembered_and_a_weave_is_not() -> None:
    circle, weave = dict[str, Turn](), dict[str, Turn]()
    row = track(0.0, 0.0)
    for s in range(40):
        for memory, heading in ((circle, 0.12 * s), (weave, 0.6 * math.sin(0.5 * s))):
            v = 10.0 * np.array((math.sin(heading), math.cos(heading)))
            row = track(0.0, 0.0, v[0], v[1])
            remember(row, memory)
    assert turns_of(row, circle)[0] == pytest.approx(0.12, rel=0.05)
    assert abs(turns_of(row, weave)[0]) < 0.09


def test_the_memory_forgets_tracks_that_are_gone() -> None:
    memory = dict[str, Turn]()
    remember(track(0.0, 0.0, 10.0), memory)
    remember(track(0.0, 0.0, 10.0)[:0], memory)
    assert memory == {}
