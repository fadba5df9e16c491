"""The tracker by its door: what people report becomes tracks, once, and can be taken back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from track_world import (
    ORIGIN,
    T0,
    S,
    Vec,
    along,
    at,
    look,
    observe,
    radar,
    report,
    rf,
    sight,
    toward,
    world,
)
from vigia.events import TrackJudged
from vigia.terms import Bearing, EndReason, Mark, Motion, Sense, TrackStatus
from vigia.track import layout
from vigia.track.tracker import Tracker
from vigia.tracktable import Fix, TrackFlag, published_rows

HERE: Vec = (0.0, 0.0, 0.0)
THERE: Vec = (500.0, 0.0, 0.0)
DRONE: Vec = (240.0, 300.0, 60.0)
STILL: Vec = (0.0, 0.0, 0.0)


def only(tracker: Tracker, t_s: float) -> Any:
    (row,) = tracker.states(T0 + int(t_s * S))
    return row


def test_one_report_is_a_possible_sector_at_once() -> None:
    tracker = Tracker(world())
    placed = sight(tracker, report("r1", T0, azimuth=40.0))
    row = only(tracker, 1.0)
    assert placed.track_id == row["track_id"].decode()
    assert placed.number == row["number"] == 1
    assert not placed.repeat
    assert row["status"] == TrackStatus.POSSIBLE
    assert row["fix"] == Fix.SECTOR
    assert row["flags"] & TrackFlag.HUMAN
    assert row["azimuth_deg_true"] == np.float32(40.0)
    along_m = row["x"][0] * math.sin(math.radians(40)) + row["x"][1] * math.cos(math.radians(40))
    assert 50.0 < along_m < 1_500.0
    assert tracker.sources(placed.track_id) == ("person",)


def test_one_persons_bearing_is_a_sector_even_where_its_height_bounds_its_range() -> None:
    tracker = Tracker(world())
    body = report("r1", T0)
    steep = type(body)(
        report_id="r1", t_obs_ns=T0, person_id="ana", bearing=Bearing(40.0, 5.0, 75.0, 5.0)
    )
    sight(tracker, steep)
    row = only(tracker, 0.1)
    assert math.sqrt(row["cov"][0, 0]) < 100.0
    assert row["fix"] == Fix.SECTOR


def test_the_picture_of_a_sector_does_not_tell_where_its_reporter_stands() -> None:
    tracker = Tracker(world())
    sight(tracker, report("r1", T0, azimuth=40.0))
    (shown,) = published_rows(tracker.published(T0).data)
    assert math.isnan(shown["lat_deg"])
    assert math.isnan(shown["lon_deg"])
    assert math.isnan(shown["sigma_m"])


def test_two_people_crossing_give_a_confirmed_position() -> None:
    tracker = Tracker(world())
    one = sight(tracker, report("r1", T0, azimuth=toward(DRONE, HERE)), ORIGIN)
    two = sight(
        tracker,
        report("r2", T0 + 6 * S, azimuth=toward(DRONE, THERE), person_id="bo"),
        at(*THERE),
    )
    assert one.track_id == two.track_id
    row = only(tracker, 7.0)
    assert row["fix"] == Fix.POSITION
    assert row["status"] == TrackStatus.CONFIRMED
    assert row["witnesses"] == 2
    sigma = math.sqrt(np.linalg.eigvalsh(row["cov"][:2, :2]).max())
    assert math.dist(row["x"][:2], DRONE[:2]) < 2.0 * sigma


def test_one_person_who_walks_crosses_his_own_bearings() -> None:
    tracker = Tracker(world())
    p: Vec = (60.0, 150.0, 60.0)
    spots = [(0.0, 0.0), (60.0, 0.0), (120.0, 0.0), (140.0, 40.0)]
    for k, (e, n) in enumerate(spots):
        body = report(f"r{k}", T0 + 4 * k * S, azimuth=toward(p, (e, n, 0.0)), sigma_deg=6.0)
        placed = sight(tracker, body, at(e, n))
        assert placed.number == 1
    row = only(tracker, 13.0)
    assert row["fix"] == Fix.POSITION
    assert row["witnesses"] == 1
    assert math.dist(row["x"][:2], p[:2]) < 90.0


def test_a_retry_is_recognised_and_counts_once() -> None:
    tracker = Tracker(world())
    body = report("r1", T0, azimuth=40.0)
    first = sight(tracker, body)
    before = tracker.states(T0 + 2 * S).tobytes()
    again = sight(tracker, body, late_s=2.0)
    assert again.repeat
    assert (again.track_id, again.number) == (first.track_id, first.number)
    assert tracker.states(T0 + 2 * S).tobytes() == before


def test_the_same_person_again_adds_little_another_one_much() -> None:
    def odds(second: str) -> float:
        tracker = Tracker(world())
        sight(tracker, report("r1", T0, azimuth=40.0))
        sight(tracker, report("r2", T0 + S, azimuth=42.0, person_id=second))
        p = float(only(tracker, 2.0)["p_exist"])
        return math.log(p / (1.0 - p))

    assert odds("bo") - odds("ana") > 2.0


def test_a_report_supports_the_track_a_radar_holds_and_moves_it_little() -> None:
    p: Vec = (300.0, 500.0, 70.0)
    tracker = Tracker(world(radar()))
    for k in range(8):
        observe(tracker, "radar", look([(p, STILL)], T0 + k * S))
    before = only(tracker, 7.0)
    body = report("r1", T0 + 6 * S, azimuth=toward(p, HERE) + 8.0, motion=Motion.TOWARDS_ME)
    placed = sight(tracker, body)
    row = only(tracker, 7.0)
    assert placed.number == before["number"]
    assert row["flags"] & TrackFlag.CLOSING
    assert row["flags"] & TrackFlag.HUMAN
    assert row["witnesses"] == 2
    assert math.dist(row["x"][:3], before["x"][:3]) < 3.0
    assert set(tracker.sources(placed.track_id)) == {"sensor/radar", "person"}


def test_load_closing_and_count_come_with_a_second_press_about_the_same_drone() -> None:
    tracker = Tracker(world())
    first = sight(tracker, report("r1", T0, azimuth=40.0))
    before = only(tracker, 3.0)
    assert not before["flags"] & (TrackFlag.LOAD | TrackFlag.CLOSING)
    more = report("r2", T0 + 2 * S, refines="r1", load=True, motion=Motion.TOWARDS_ME)
    placed = sight(tracker, more)
    row = only(tracker, 3.0)
    assert placed.track_id == first.track_id
    assert row["flags"] & TrackFlag.LOAD
    assert row["flags"] & TrackFlag.CLOSING
    assert row["p_exist"] == before["p_exist"]
    assert sight(tracker, more).repeat


def test_a_second_press_may_add_the_bearing() -> None:
    tracker = Tracker(world())
    sight(tracker, report("r1", T0))
    assert math.isnan(only(tracker, 1.0)["azimuth_deg_true"])
    sight(tracker, report("r2", T0 + 2 * S, refines="r1", azimuth=90.0))
    row = only(tracker, 3.0)
    assert row["x"][0] > 100.0
    assert abs(row["x"][1]) < 30.0
    assert math.isclose(row["azimuth_deg_true"], 90.0, abs_tol=0.1)


def test_undo_takes_the_report_and_its_flags_back() -> None:
    tracker = Tracker(world())
    placed = sight(tracker, report("r1", T0, azimuth=40.0, load=True))
    sight(tracker, report("r1", T0 + S, withdrawn=True))
    assert [(e.track_id, e.reason) for e in tracker.advance(T0 + 2 * S)] == [
        (placed.track_id, EndReason.FALSE)
    ]
    assert len(tracker.states(T0 + 2 * S)) == 0


def test_undo_leaves_what_others_say_as_if_it_had_never_been() -> None:
    left, never = Tracker(world()), Tracker(world())
    for tracker in (left, never):
        sight(tracker, report("r1", T0, azimuth=toward(DRONE, HERE)))
    body = report("r2", T0 + S, azimuth=toward(DRONE, THERE), person_id="bo", load=True)
    sight(left, body, at(*THERE))
    assert only(left, 2.0)["fix"] == Fix.POSITION
    sight(left, report("u", T0 + 2 * S, person_id="bo", refines="r2", withdrawn=True))
    a, b = only(left, 3.0), only(never, 3.0)
    assert a["fix"] == Fix.SECTOR
    assert a["witnesses"] == 1
    assert not a["flags"] & TrackFlag.LOAD
    np.testing.assert_allclose(a["x"], b["x"], atol=1e-6)
    np.testing.assert_allclose(a["cov"], b["cov"], rtol=1e-6)
    assert a["p_exist"] <= b["p_exist"] + 0.05


def test_undo_of_what_a_radar_sees_leaves_the_track() -> None:
    p: Vec = (300.0, 500.0, 70.0)
    tracker = Tracker(world(radar()))
    for k in range(8):
        observe(tracker, "radar", look([(p, STILL)], T0 + k * S))
    sight(tracker, report("r1", T0 + 7 * S, azimuth=toward(p, HERE), load=True))
    sight(tracker, report("r1", T0 + 8 * S, withdrawn=True))
    assert tracker.advance(T0 + 8 * S) == []
    row = only(tracker, 8.0)
    assert not row["flags"] & (TrackFlag.LOAD | TrackFlag.HUMAN)
    assert row["witnesses"] == 1


def test_a_reporter_without_a_place_supports_nothing_and_is_recorded() -> None:
    tracker = Tracker(world())
    placed = sight(tracker, report("r1", T0, azimuth=40.0), None)
    assert placed.track_id is None
    assert placed.number is None
    assert len(tracker.states(T0 + S)) == 0
    assert sight(tracker, report("r1", T0, azimuth=40.0), None).repeat


def test_somebody_we_do_not_know_makes_a_weak_track() -> None:
    tracker = Tracker(world())
    sight(tracker, report("r1", T0, azimuth=40.0, person_id=None, motion=Motion.TOWARDS_ME))
    row = only(tracker, 1.0)
    assert row["flags"] & TrackFlag.WEAK
    assert not row["flags"] & TrackFlag.CLOSING  # only an enrolled person's word counts
    assert row["p_exist"] < 0.5
    sight(tracker, report("r2", T0 + S, azimuth=41.0))
    assert not only(tracker, 2.0)["flags"] & TrackFlag.WEAK


def test_a_drone_without_a_direction_is_somewhere_around() -> None:
    tracker = Tracker(world())
    placed = sight(tracker, report("r1", T0, sense=Sense.HEARD), at(200.0, 100.0))
    row = only(tracker, 1.0)
    assert placed.track_id is not None
    assert row["fix"] == Fix.SECTOR
    assert math.dist(row["x"][:2], (200.0, 100.0)) < 1.0
    assert math.sqrt(row["cov"][0, 0]) > 200.0


def test_a_machine_bearing_joins_a_persons_sector_and_fixes_it() -> None:
    tracker = Tracker(world(rf("rf1", at(*THERE))))
    placed = sight(tracker, report("r1", T0, azimuth=toward(DRONE, HERE)))
    for k in range(1, 4):
        scan = look([(DRONE, STILL)], T0 + k * S, stand=THERE, bearing_only=True, sigma_deg=3.0)
        observe(tracker, "rf1", scan)
    row = only(tracker, 3.5)
    assert row["track_id"].decode() == placed.track_id
    assert row["fix"] == Fix.POSITION
    assert math.dist(row["x"][:2], DRONE[:2]) < 120.0


def test_two_drones_in_different_directions_are_two_tracks() -> None:
    tracker = Tracker(world())
    sight(tracker, report("r1", T0, azimuth=10.0))
    sight(tracker, report("r2", T0 + S, azimuth=190.0))
    assert len(tracker.states(T0 + 2 * S)) == 2


def test_an_uncertain_clock_widens_what_a_report_tells_of_a_fast_drone() -> None:
    def gain(t_sigma_s: float) -> float:
        tracker = Tracker(world(radar()))
        p, v = (0.0, 250.0, 60.0), (20.0, 0.0, 0.0)
        for k in range(3):
            observe(tracker, "radar", look([(along(p, v, k), v)], T0 + k * S))
        before = only(tracker, 9.0)
        body = report(
            "r1", T0 + 7 * S, azimuth=toward(along(p, v, 7.0), HERE), sigma_deg=5.0,
            t_sigma_s=t_sigma_s,
        )  # fmt: skip
        sight(tracker, body, late_s=2.0)
        return float(np.trace(before["cov"][:2, :2]) - np.trace(only(tracker, 9.0)["cov"][:2, :2]))

    assert gain(0.1) > 1.5 * gain(6.0) > 0.0


def test_an_old_report_is_recorded_and_moves_nothing() -> None:
    tracker = Tracker(world())
    placed = sight(tracker, report("r1", T0, azimuth=40.0), late_s=600.0)
    assert placed.track_id is None
    assert len(tracker.states(T0 + 600 * S)) == 0


def test_a_sector_lives_long_enough_for_the_next_report() -> None:
    tracker = Tracker(world())
    sight(tracker, report("r1", T0, azimuth=40.0))
    assert tracker.advance(T0 + 40 * S) == []
    assert [e.reason for e in tracker.advance(T0 + 120 * S)] == [EndReason.EXPIRED]


def test_forgetting_a_person_erases_where_he_stood() -> None:
    tracker = Tracker(world())
    sight(tracker, report("r1", T0, azimuth=40.0), at(123.0, 45.0))
    sight(tracker, report("r2", T0, azimuth=220.0, person_id="bo"), at(-700.0, 0.0))
    slot = int(tracker._book.live()[0])
    assert tracker._book.cols.f[slot, layout.MEAN_E] > 123.0
    tracker.forget("ana")
    assert not tracker._book.cols.g[slot].any()
    assert not tracker._book.cols.f[slot, layout.MEAN_E : layout.SIGMA_M + 1].any()
    rows = tracker.states(T0 + S)
    assert len(rows) == 1
    assert len(tracker.advance(T0 + S)) == 1
    data = tracker.snapshot()
    e_m, n_m, _ = (123.0, 45.0, 0.0)
    exact = [r for r in tracker._book.memory.reports.values() if r.person_id == "ana"]
    assert all(r.z is None for r in exact)
    for value in (e_m, n_m):
        assert np.float64(value).tobytes()[::-1] not in data
        assert np.float64(value).tobytes() not in data
    assert sight(tracker, report("r1", T0, azimuth=40.0)).repeat


def test_a_person_says_it_is_a_drone() -> None:
    tracker = Tracker(world(radar()))
    for k in range(3):
        observe(tracker, "radar", look([(DRONE, STILL)], T0 + k * S))
    name = only(tracker, 2.0)["track_id"].decode()
    body = TrackJudged(track_id=name, by_person_id="bo", is_drone=True, reason="seen")
    assert tracker.judge(body) == []
    assert only(tracker, 2.0)["p_drone"] > 0.98


def test_a_drill_never_touches_an_actual_track() -> None:
    tracker = Tracker(world())
    sight(tracker, report("r1", T0, azimuth=40.0))
    sight(tracker, report("r2", T0, azimuth=40.0, person_id="bo"), mark=Mark.EXERCISE)
    rows = tracker.states(T0 + S)
    assert sorted(rows["mark"].tolist()) == [0, 1]


def test_reports_survive_a_restart_so_that_a_retry_is_still_one() -> None:
    site = world()
    tracker = Tracker(site)
    sight(tracker, report("r1", T0, azimuth=40.0))
    other = Tracker.restore(site, tracker.snapshot())
    assert sight(other, report("r1", T0, azimuth=40.0)).repeat
    body = report("r2", T0 + S, azimuth=44.0, person_id="bo")
    assert sight(tracker, body) == sight(other, body)
    assert other.states(T0 + 3 * S).tobytes() == tracker.states(T0 + 3 * S).tobytes()


def test_absurd_reports_are_taken_calmly() -> None:
    tracker = Tracker(world())
    for k, (sigma, el, el_sigma) in enumerate(
        [(1e-9, None, None), (180.0, 1e30, -5.0), (0.1, -90.0, 1e-30), (30.0, 90.0, math.inf)]
    ):
        body = report(f"r{k}", T0 + k * S, t_sigma_s=1e30)
        bearing = Bearing(10.0, sigma, el, el_sigma)
        sight(tracker, type(body)(
            report_id=body.report_id, t_obs_ns=body.t_obs_ns, person_id="ana", bearing=bearing,
            t_sigma_s=math.nan,
        ))  # fmt: skip
    rows = tracker.states(T0 + 5 * S)
    assert np.isfinite(rows["x"]).all()
    assert np.isfinite(rows["cov"]).all()


def test_a_person_who_still_sees_it_keeps_it_when_the_radar_has_lost_it() -> None:
    p: Vec = (300.0, 500.0, 70.0)
    tracker = Tracker(world(radar()))
    for k in range(6):
        observe(tracker, "radar", look([(p, STILL)], T0 + k * S))
    held = only(tracker, 5.0)
    body = report("r1", T0 + 7 * S, azimuth=toward(p, HERE), motion=Motion.TOWARDS_ME)
    sight(tracker, body)
    for k in range(8, 60):  # the radar goes on seeing something else
        observe(tracker, "radar", look([((-900.0, -900.0, 60.0), STILL)], T0 + k * S))
        assert all(e.track_id != held["track_id"].decode() for e in tracker.advance(T0 + k * S))
    (row,) = [r for r in tracker.states(T0 + 60 * S) if r["track_id"] == held["track_id"]]
    assert row["number"] == held["number"]
    assert row["fix"] == Fix.SECTOR
    assert row["status"] == TrackStatus.POSSIBLE
    assert row["flags"] & TrackFlag.CLOSING
    ended = tracker.advance(T0 + 70 * S)
    assert held["track_id"].decode() in [e.track_id for e in ended]


def test_a_track_that_machines_saw_on_does_not_come_back_as_an_old_report() -> None:
    p: Vec = (300.0, 500.0, 70.0)
    tracker = Tracker(world(radar()))
    for k in range(6):
        observe(tracker, "radar", look([(p, STILL)], T0 + k * S))
    sight(tracker, report("r1", T0 + 5 * S, azimuth=toward(p, HERE)))
    for k in range(6, 15):
        observe(tracker, "radar", look([(p, STILL)], T0 + k * S))
    assert len(tracker.advance(T0 + 40 * S)) == 1


def test_an_addition_to_a_report_whose_track_is_gone_keeps_its_time() -> None:
    tracker = Tracker(world())
    sight(tracker, report("r1", T0, azimuth=40.0))
    assert len(tracker.advance(T0 + 70 * S)) == 1
    sight(tracker, report("r2", T0 + 71 * S, refines="r1", load=True))
    row = only(tracker, 72.0)
    assert row["t_last_ns"] == T0
    assert row["flags"] & TrackFlag.LOAD


def test_a_report_goes_to_the_track_of_known_place_before_a_sector() -> None:
    p: Vec = (300.0, 500.0, 70.0)
    tracker = Tracker(world(radar()))
    first = sight(tracker, report("r1", T0 - 20 * S, azimuth=toward(p, HERE)))
    for k in range(8):
        observe(tracker, "radar", look([(p, STILL)], T0 + k * S))
    rows = tracker.states(T0 + 7 * S)
    held = [r for r in rows if r["fix"] == Fix.POSITION]
    placed = sight(tracker, report("r2", T0 + 7 * S, azimuth=toward(p, HERE) + 1.0))
    assert placed.number == held[0]["number"]
    assert first.number in rows["number"]
