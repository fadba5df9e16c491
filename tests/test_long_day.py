"""A quarter of an hour of every receiver, six of them broken; `python -m tools.long_day`: a day."""

from __future__ import annotations

import pytest
from tools.long_day import FLIGHTS, GARBAGE, SENSORS, Day, faults_of


@pytest.fixture(scope="module")
def day() -> Day:
    return Day(hours=0.25, seed=1).run()


def test_nothing_is_lost_and_each_fault_is_named(day: Day) -> None:
    assert faults_of(day) == []
    assert sum(seen.sent for seen in day.seen.values()) > 2_000


def test_good_sensors_stay_whole_beside_broken_ones(day: Day) -> None:
    for sensor in SENSORS:
        seen = day.seen[sensor.sensor_id]
        if not sensor.fault:
            assert (seen.rows, seen.state) == (seen.sent, "ok"), sensor


def test_a_babbler_costs_its_own_garbage_and_none_of_its_detections(day: Day) -> None:
    seen = day.seen["babbling"]
    assert seen.rows * GARBAGE == sum(seen.named.values()) * FLIGHTS
    assert len(seen.named) < 20  # told with counts, not one by one


def test_the_same_seed_is_the_same_day() -> None:
    first, again = Day(hours=0.02, seed=2).run(), Day(hours=0.02, seed=2).run()
    assert first.seen == again.seen
