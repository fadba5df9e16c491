"""A sensor is well by what the core took of it, not by what it sent."""

from __future__ import annotations

from journal_world import T0_NS, S, event, observation, settings
from vigia.events import Fault, Observation
from vigia.flow import Watch
from vigia.run.health import Health
from vigia.run.link import SensorHealth
from vigia.terms import Mark
from vigia.track.tracker import Learnt


def healths(mode: Mark, *marks: Mark) -> tuple[SensorHealth, int]:
    """The only sensor after one observation a mark, through the core; and its faults."""
    applied = settings(mode)
    watch, health = Watch(), Health(applied.settings)
    watch.receive(event(1, applied))
    refused = 0
    for n, mark in enumerate(marks, start=2):
        seen = observation(T0_NS + n * S, e_m=500.0, n_m=0.0)
        given = event(n, seen, T0_NS + n * S)
        given = type(given)(given.seq, given.t_recv_ns, "rid", mark, given.body)
        decisions = watch.receive(given)
        for decision in decisions:
            health.saw(decision)
            refused += isinstance(decision.body, Fault)
        health.saw(given, decisions)
    [found] = health.sensors(T0_NS + 5 * S)
    return found, refused


def test_an_observation_the_core_refused_is_no_detection_and_its_sensor_is_not_well() -> None:
    found, refused = healths(Mark.ACTUAL, Mark.EXERCISE)
    assert refused == 1
    assert (found.detections, found.t_last_ns, found.state) == (0, None, "failed")
    assert "marked exercise in mode actual" in found.last_fault


def test_the_next_one_that_is_taken_heals_it() -> None:
    found, _ = healths(Mark.ACTUAL, Mark.EXERCISE, Mark.ACTUAL)
    assert (found.detections, found.state) == (1, "ok")


def test_a_fault_about_some_rows_only_leaves_the_rest_counted() -> None:
    applied = settings(Mark.ACTUAL)
    health = Health(applied.settings)
    given = event(2, observation(T0_NS, e_m=1.0, n_m=1.0, rows=3))
    assert isinstance(given.body, Observation)
    rows = Fault(where="track/rid", whose="peer", what="rows far away", count=1)
    health.saw(given, [event(2, rows)])
    [found] = health.sensors(T0_NS)
    assert found.detections == 3


def test_what_the_tracker_learnt_of_a_sensor_stands_beside_its_health() -> None:
    health = Health(settings(Mark.ACTUAL).settings)
    [before] = health.sensors(T0_NS)
    [after] = health.sensors(T0_NS, {"rid": Learnt(None, (0.4, 0.05))})
    assert (before.azimuth_error_deg, before.clock_error_s) == (None, None)
    assert (after.azimuth_error_deg, after.clock_error_s) == (None, (0.4, 0.05))
