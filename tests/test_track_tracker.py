"""The tracker by its door: what machines observe becomes tracks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from track_world import (
    ORIGIN,
    RID,
    SITE,
    T0,
    S,
    Vec,
    along,
    at,
    look,
    observe,
    radar,
    rf,
    stated,
    world,
)
from vigia.events import TrackJudged
from vigia.geo import Site
from vigia.scan import DTYPES, ROWS_MAX, IdKind, Layout, Scan, pack
from vigia.terms import EndReason, Mark, Position, TrackStatus
from vigia.track import book
from vigia.track.tracker import Tracker
from vigia.tracktable import Fix, TrackFlag, published_rows

P: Vec = (900.0, 700.0, 80.0)
V: Vec = (-12.0, -8.0, 0.0)


def flown(
    tracker: Tracker, seconds: range, *, p: Vec = P, v: Vec = V, seed: int | None = 1
) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    for k in seconds:
        observe(tracker, "radar", look([(along(p, v, k), v)], T0 + k * S, rng=rng))


def only(tracker: Tracker, t_s: float) -> Any:
    (row,) = tracker.states(T0 + int(t_s * S))
    return row


# ---- accuracy and honesty ------------------------------------------------------------------


def test_radar_plots_become_one_confirmed_track_where_the_drone_is() -> None:
    tracker = Tracker(world(radar()))
    flown(tracker, range(15))
    row = only(tracker, 14.0)
    assert row["status"] == TrackStatus.CONFIRMED
    assert row["fix"] == Fix.POSITION
    assert math.dist(row["x"][:3], along(P, V, 14.0)) < 25.0
    assert math.dist(row["x"][3:5], V[:2]) < 6.0
    assert row["p_exist"] > 0.99
    assert tracker.sources(row["track_id"].decode()) == ("sensor/radar",)


def test_the_stated_uncertainty_is_the_real_one() -> None:
    inside, n = 0, 0
    for seed in range(25):
        tracker = Tracker(world(radar()))
        flown(tracker, range(12), seed=seed)
        row = only(tracker, 11.0)
        off = row["x"][:3] - np.array(along(P, V, 11.0))
        inside += off @ np.linalg.inv(row["cov"][:3, :3]) @ off < 7.81  # 95 % of chi-square, 3
        n += 1
    assert inside >= 0.8 * n


def test_one_plot_shows_nothing_and_clutter_never_does() -> None:
    tracker = Tracker(world(radar(false_per_hour=36_000.0)))
    rng = np.random.default_rng(4)
    shown = confirmed = 0
    for k in range(120):
        spots: list[tuple[Vec, Vec]] = []
        for _ in range(10):
            r, az = 3_000.0 * math.sqrt(rng.uniform(0.01, 1.0)), rng.uniform(0, 2 * math.pi)
            p = (r * math.sin(az), r * math.cos(az), rng.uniform(0.0, 0.4) * r)
            spots.append((p, (rng.normal() * 8, rng.normal() * 8, 0.0)))
        observe(tracker, "radar", look(spots, T0 + k * S))
        tracker.advance(T0 + k * S)
        if k == 0:
            assert len(tracker.states(T0)) == 0
        rows = tracker.states(T0 + k * S)
        shown = max([shown, *rows["number"].tolist()])
        confirmed += int((rows["status"] == TrackStatus.CONFIRMED).sum())
    assert shown <= 3  # numbers given in 120 s and 1,200 plots
    assert confirmed <= 12


def test_a_real_drone_is_confirmed_through_the_same_clutter() -> None:
    tracker = Tracker(world(radar(false_per_hour=36_000.0)))
    rng = np.random.default_rng(5)
    for k in range(8):
        spots: list[tuple[Vec, Vec]] = [(along(P, V, k), V)]
        for _ in range(10):
            r, az = 3_000.0 * math.sqrt(rng.uniform(0.01, 1.0)), rng.uniform(0, 2 * math.pi)
            spots.append(((r * math.sin(az), r * math.cos(az), 0.1 * r), (0.0, 0.0, 0.0)))
        observe(tracker, "radar", look(spots, T0 + k * S, rng=rng))
    rows = tracker.states(T0 + 7 * S)
    near = [r for r in rows if math.dist(r["x"][:3], along(P, V, 7.0)) < 40.0]
    assert len(near) == 1
    assert near[0]["status"] == TrackStatus.CONFIRMED


def test_turning_the_world_turns_the_tracks_and_nothing_else() -> None:
    def run(turn_deg: float) -> Any:
        c, s = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))

        def turned(p: Vec) -> Vec:
            return (c * p[0] + s * p[1], -s * p[0] + c * p[1], p[2])

        tracker = Tracker(world(radar()))
        for k in range(8):
            scan = look([(along(turned(P), turned(V), k), turned(V))], T0 + k * S)
            observe(tracker, "radar", scan)
        return only(tracker, 7.0), turned

    (plain, _), (other, turned) = run(0.0), run(137.0)
    np.testing.assert_allclose(turned(tuple(plain["x"][:3])), other["x"][:3], atol=0.05)
    np.testing.assert_allclose(turned(tuple(plain["x"][3:])), other["x"][3:], atol=0.01)
    assert math.isclose(np.trace(plain["cov"]), np.trace(other["cov"]), rel_tol=1e-3)
    assert plain["p_exist"] == other["p_exist"]


def test_moving_the_sensor_and_the_drone_moves_the_track_and_nothing_else() -> None:
    def run(de: float, dn: float) -> Any:
        tracker = Tracker(world(radar(place=at(de, dn))))
        for k in range(8):
            p = along((P[0] + de, P[1] + dn, P[2]), V, k)
            observe(tracker, "radar", look([(p, V)], T0 + k * S, stand=(de, dn, 0.0)))
        return only(tracker, 7.0)

    plain, other = run(0.0, 0.0), run(400.0, -300.0)
    np.testing.assert_allclose(
        plain["x"][:3], other["x"][:3] - np.array([400.0, -300.0, 0.0]), atol=0.5
    )
    np.testing.assert_allclose(plain["x"][3:], other["x"][3:], atol=0.1)


def test_a_group_stays_one_track_each() -> None:
    tracker = Tracker(world(radar()))
    rng = np.random.default_rng(2)
    group: list[tuple[Vec, Vec]] = [
        ((600.0 + 90.0 * i, 900.0, 60.0), (2.0, -12.0, 0.0)) for i in range(6)
    ]
    for k in range(12):
        scan = look([(along(p, v, k), v) for p, v in group], T0 + k * S, rng=rng)
        observe(tracker, "radar", scan)
    rows = tracker.states(T0 + 11 * S)
    assert len(rows) == 6
    for p, v in group:
        assert min(math.dist(r["x"][:3], along(p, v, 11.0)) for r in rows) < 40.0


# ---- time ----------------------------------------------------------------------------------


def test_a_late_plot_is_used() -> None:
    with_it, without = Tracker(world(radar())), Tracker(world(radar()))
    for tracker in (with_it, without):
        flown(tracker, range(4), seed=None)
        observe(tracker, "radar", look([(along(P, V, 6), V)], T0 + 6 * S))
    late = look([(along(P, V, 5), V)], T0 + 5 * S)
    observe(with_it, "radar", late, recv_ns=T0 + 7 * S)
    a, b = only(with_it, 7.0), only(without, 7.0)
    assert np.trace(a["cov"]) < np.trace(b["cov"])
    assert math.dist(a["x"][:3], along(P, V, 7.0)) < 10.0
    assert a["t_last_ns"] == b["t_last_ns"]


def test_rows_too_old_or_ahead_of_our_clock_are_counted_faults() -> None:
    tracker = Tracker(world(radar()))
    flown(tracker, range(3))
    before = tracker.states(T0 + 3 * S).tobytes()
    (old,) = observe(tracker, "radar", look([(P, V)], T0 - 30 * S), recv_ns=T0 + 3 * S)
    (ahead,) = observe(tracker, "radar", look([(P, V)], T0 + 9 * S), recv_ns=T0 + 3 * S)
    assert "older" in old.what
    assert "ahead" in ahead.what
    assert tracker.states(T0 + 3 * S).tobytes() == before


def test_a_duplicate_changes_nothing() -> None:
    tracker = Tracker(world(radar()))
    flown(tracker, range(5))
    before = tracker.snapshot()
    again = look([(along(P, V, 4), V)], T0 + 4 * S, rng=None)
    observe(tracker, "radar", again)
    once = tracker.snapshot()
    assert once != before
    assert observe(tracker, "radar", again, recv_ns=T0 + 9 * S) == []
    assert tracker.snapshot() == once


def test_the_order_of_rows_in_a_scan_means_nothing() -> None:
    group: list[tuple[Vec, Vec]] = [
        ((500.0 + 130.0 * i, 800.0, 60.0), (3.0, -9.0, 0.0)) for i in range(7)
    ]
    one, other = Tracker(world(radar())), Tracker(world(radar()))
    order = np.random.default_rng(3)
    for k in range(6):
        rows = look([(along(p, v, k), v) for p, v in group], T0 + k * S).rows()
        mixed = Scan(Layout.POLAR_1, rows[order.permutation(len(rows))].tobytes())
        observe(one, "radar", Scan(Layout.POLAR_1, rows.tobytes()))
        observe(other, "radar", mixed)
    a, b = one.states(T0 + 6 * S), other.states(T0 + 6 * S)
    assert len(a) == 7
    assert a.tobytes() == b.tobytes()


def test_a_hovering_drone_is_coasted_for_eight_seconds_and_says_so() -> None:
    tracker = Tracker(world(radar()))
    flown(tracker, range(12))
    for k in range(12, 20):
        assert tracker.advance(T0 + k * S) == []
    row = only(tracker, 19.0)
    assert row["flags"] & TrackFlag.COASTING
    assert row["p_exist"] < 0.99
    ended = tracker.advance(T0 + 40 * S)
    assert [e.reason for e in ended] == [EndReason.EXPIRED]
    assert len(tracker.states(T0 + 40 * S)) == 0
    assert tracker.advance(T0 + 41 * S) == []


OTHER: Vec = (-900.0, 400.0, 60.0)  # what the radar goes on seeing


def kept_near(tracker: Tracker, at: Vec, seconds: range) -> list[bool]:
    """The radar sees the other one only: is there still a track within 150 m of `at`?"""
    kept: list[bool] = []
    for k in seconds:
        observe(tracker, "radar", look([(along(OTHER, V, k), V)], T0 + k * S))
        tracker.advance(T0 + k * S)
        rows = tracker.states(T0 + k * S)
        kept.append(any(math.dist(r["x"][:2], at[:2]) < 150.0 for r in rows))
    return kept


def test_a_drone_that_brakes_and_hovers_is_kept_while_the_radar_sees_others() -> None:
    tracker = Tracker(world(radar(p_detect=0.97)))
    at, v = P, V
    for k in range(8):  # 4 m/s² from the fifth second on
        speed = max(math.hypot(*V) - 4.0 * max(k - 3, 0), 0.0)
        v = (V[0] * speed / math.hypot(*V), V[1] * speed / math.hypot(*V), 0.0)
        at = along(at, v, 1.0)
        observe(tracker, "radar", look([(at, v), (along(OTHER, V, k), V)], T0 + k * S))
    assert all(kept_near(tracker, at, range(8, 15)))
    assert not kept_near(tracker, at, range(15, 22))[-1]


def test_a_drone_that_hovers_soon_is_kept_while_the_radar_sees_others() -> None:
    tracker = Tracker(world(radar(p_detect=0.97)))
    for k in range(4):
        observe(tracker, "radar", look([(along(P, V, k), V), (OTHER, V)], T0 + k * S))
    assert all(kept_near(tracker, along(P, V, 3.0), range(4, 11)))
    assert not kept_near(tracker, along(P, V, 3.0), range(11, 17))[-1]


def test_a_drone_that_flies_off_beyond_the_watch_radius_departed() -> None:
    far: Vec = (0.0, 3_200.0, 90.0)
    away: Vec = (0.0, 15.0, 0.0)
    tracker = Tracker(world(radar(range_max_m=5_000.0)))
    flown(tracker, range(14), p=far, v=away)
    ended = tracker.advance(T0 + 60 * S)
    assert [e.reason for e in ended] == [EndReason.DEPARTED]


def test_snapshot_and_restore_go_on_byte_for_byte() -> None:
    site = world(radar(), rf("rf1", at(500.0, 0.0)), RID)
    tracker = Tracker(site)
    rng = np.random.default_rng(8)

    def step(t: Tracker, k: int, noise: np.random.Generator) -> bytes:
        observe(t, "radar", look([(along(P, V, k), V)], T0 + k * S, rng=noise))
        p = along(P, V, k)
        scan = look([(p, V)], T0 + k * S, stand=(500.0, 0.0, 0.0), bearing_only=True, rng=noise)
        observe(t, "rf1", scan)
        observe(t, "rid", stated(along((-300.0, 900.0, 50.0), V, k), V, T0 + k * S))
        t.advance(T0 + k * S)
        return t.states(T0 + k * S).tobytes() + t.published(T0 + k * S).data

    for k in range(6):
        step(tracker, k, rng)
    other = Tracker.restore(site, tracker.snapshot())
    assert other.snapshot() == tracker.snapshot()
    one, two = np.random.default_rng(9), np.random.default_rng(9)
    for k in range(6, 14):
        assert step(tracker, k, one) == step(other, k, two)
    assert other.snapshot() == tracker.snapshot()


def test_a_radar_that_looks_and_sees_nothing_is_evidence_and_one_that_is_silent_is_none() -> None:
    other: Vec = (-900.0, 400.0, 60.0)

    def odds(looks_on: bool) -> float:
        tracker = Tracker(world(radar()))
        for k in range(5):
            scan = look([(along(P, V, k), V), (other, (0.0, 0.0, 0.0))], T0 + k * S)
            observe(tracker, "radar", scan)
        for k in range(5, 8) if looks_on else ():
            observe(tracker, "radar", look([(other, (0.0, 0.0, 0.0))], T0 + k * S))
        rows = tracker.states(T0 + 7 * S)
        (row,) = [r for r in rows if r["x"][0] > 0.0]
        return math.log(row["p_exist"] / (1.0 - row["p_exist"]))

    assert odds(looks_on=False) > odds(looks_on=True) + 1.0


def test_a_far_sensors_true_north_is_not_the_sites() -> None:
    place = at(60_000.0, 0.0)
    there = Site(lat_deg=place.lat_deg, lon_deg=place.lon_deg, alt_hae_m=place.alt_hae_m or 0.0)
    drone = there.to_latlon(e_m=300.0, n_m=2_000.0, u_m=80.0)  # in the sensor's own frame
    scan = look([((300.0, 2_000.0, 80.0), (0.0, 0.0, 0.0))], T0)
    tracker = Tracker(world(radar(place=place)))
    for k in range(4):
        rows = scan.rows().copy()
        rows["t_obs_ns"] = T0 + k * S
        observe(tracker, "radar", Scan(Layout.POLAR_1, rows.tobytes()))
    want = SITE.to_enu(lat_deg=drone.lat_deg, lon_deg=drone.lon_deg, alt_hae_m=drone.alt_hae_m)
    assert math.dist(only(tracker, 3.0)["x"][:2], want[:2]) < 4.0


# ---- bearings ------------------------------------------------------------------------------


def test_a_lone_bearing_is_a_sector_without_a_position() -> None:
    tracker = Tracker(world(rf("rf1", ORIGIN)))
    for k in range(3):
        scan = look([(P, (0.0, 0.0, 0.0))], T0 + k * S, bearing_only=True, sigma_deg=3.0)
        observe(tracker, "rf1", scan)
    row = only(tracker, 2.5)
    assert row["fix"] == Fix.SECTOR
    assert math.isclose(row["azimuth_deg_true"], math.degrees(math.atan2(P[0], P[1])), abs_tol=0.1)
    (shown,) = published_rows(tracker.published(T0 + 2 * S).data)
    assert math.isnan(shown["lat_deg"])
    assert math.isnan(shown["alt_hae_m"])
    assert shown["azimuth_sigma_deg"] == 3.0


def test_bearings_from_two_places_give_a_position() -> None:
    tracker = Tracker(world(rf("rf1", ORIGIN), rf("rf2", at(900.0, 0.0))))
    p: Vec = (500.0, 600.0, 60.0)
    for k in range(4):
        observe(tracker, "rf1", look([(p, V)], T0 + k * S, bearing_only=True, sigma_deg=3.0))
        scan = look([(p, V)], T0 + k * S, stand=(900.0, 0.0, 0.0), bearing_only=True, sigma_deg=3.0)
        observe(tracker, "rf2", scan)
    row = only(tracker, 3.5)
    assert row["fix"] == Fix.POSITION
    assert row["witnesses"] == 2
    assert math.dist(row["x"][:2], p[:2]) < 60.0


def test_sensors_on_one_link_are_one_witness() -> None:
    sensors = (rf("rf1", ORIGIN, link="mast"), rf("rf2", at(900.0, 0.0), link="mast"))
    tracker = Tracker(world(*sensors))
    for k in range(4):
        for name, stand in (("rf1", (0.0, 0.0, 0.0)), ("rf2", (900.0, 0.0, 0.0))):
            p: Vec = (500.0, 600.0, 60.0)
            observe(tracker, name, look([(p, V)], T0 + k * S, stand=stand, bearing_only=True))
    assert only(tracker, 3.5)["witnesses"] == 1


def test_a_bearing_that_two_tracks_explain_moves_neither() -> None:
    near_by, beyond = (0.0, 600.0, 60.0), (0.0, 1_000.0, 60.0)
    still: Vec = (0.0, 0.0, 0.0)
    tracker = Tracker(world(radar(), rf("rf1", at(1.0, 0.0))))
    for k in range(6):
        observe(tracker, "radar", look([(near_by, still), (beyond, still)], T0 + k * S))
    before = tracker.states(T0 + 6 * S)
    off = look([((12.0, 600.0, 60.0), still)], T0 + 5 * S + 1, bearing_only=True, sigma_deg=2.0)
    observe(tracker, "rf1", off)
    after = tracker.states(T0 + 6 * S)
    np.testing.assert_array_equal(before["x"], after["x"])
    assert list(after["witnesses"]) == [2, 2]


def test_a_sector_becomes_the_position_that_a_radar_finds_in_it() -> None:
    tracker = Tracker(world(radar(), rf("rf1", at(0.0, 0.0))))
    for k in range(3):
        observe(tracker, "rf1", look([(along(P, V, k), V)], T0 + k * S, bearing_only=True))
    sector = only(tracker, 2.5)
    assert sector["fix"] == Fix.SECTOR
    flown(tracker, range(3, 7))
    row = only(tracker, 6.5)
    assert row["track_id"] == sector["track_id"]
    assert row["number"] == sector["number"]
    assert row["fix"] == Fix.POSITION
    assert tracker.advance(T0 + 7 * S) == []


# ---- identities and marks ------------------------------------------------------------------


def test_one_remote_id_message_is_a_possible_track_at_once() -> None:
    tracker = Tracker(world(RID))
    observe(tracker, "rid", stated(P, V, T0))
    row = only(tracker, 0.2)
    assert row["status"] == TrackStatus.POSSIBLE
    assert row["fix"] == Fix.POSITION
    assert row["serial"] == b"SER1"
    assert row["p_drone"] > 0.8
    for k in range(1, 6):
        observe(tracker, "rid", stated(along(P, V, k), V, T0 + k * S))
    assert only(tracker, 5.5)["status"] == TrackStatus.CONFIRMED


def test_a_statement_beside_a_doubtful_plot_counts_as_much_as_alone() -> None:
    tracker = Tracker(world(radar(false_per_hour=20_000.0), RID))
    observe(tracker, "radar", look([(P, V)], T0))
    observe(tracker, "rid", stated(along(P, V, 1.0), V, T0 + S))
    assert tracker.advance(T0 + 2 * S) == []
    assert only(tracker, 2.0)["p_exist"] > 0.8


def test_an_identity_that_jumps_is_flagged_and_does_not_drag_the_track() -> None:
    tracker = Tracker(world(RID))
    for k in range(6):
        observe(tracker, "rid", stated(along(P, V, k), V, T0 + k * S))
    observe(tracker, "rid", stated((-2_000.0, -900.0, 60.0), V, T0 + 6 * S))
    rows = tracker.states(T0 + 6 * S)
    first = rows[0]
    assert first["flags"] & TrackFlag.ID_CONFLICT
    assert math.dist(first["x"][:3], along(P, V, 6.0)) < 20.0
    assert len(rows) == 2  # the claim is followed too: it may be the true one
    assert rows[1]["flags"] & TrackFlag.ID_CONFLICT
    assert rows[1]["serial"] == b""


def test_a_drone_with_two_kinds_of_names_is_one_track() -> None:
    tracker = Tracker(world(RID))
    for k in range(6):
        kind, name = ((IdKind.SERIAL, b"SER1"), (IdKind.CAA, b"FA123"))[k % 2]
        scan = stated(along(P, V, k), V, T0 + k * S, identity=name, kind=kind)
        observe(tracker, "rid", scan)
    assert only(tracker, 5.5)["serial"] == b"SER1"


def test_two_drones_side_by_side_with_two_names_are_two_tracks() -> None:
    tracker = Tracker(world(RID))
    for k in range(6):
        for i in range(2):
            p: Vec = (P[0] + 12.0 * i, P[1], P[2])
            scan = stated(along(p, V, k), V, T0 + k * S + i, identity=b"SER%d" % i)
            observe(tracker, "rid", scan)
    assert sorted(tracker.states(T0 + 6 * S)["serial"]) == [b"SER0", b"SER1"]


def test_a_drill_may_use_the_name_of_a_real_drone() -> None:
    tracker = Tracker(world(RID))
    far: Vec = (-2_000.0, 500.0, 60.0)
    for k in range(3):
        observe(tracker, "rid", stated(along(P, V, k), V, T0 + k * S))
        drill = stated(along(far, V, k), V, T0 + k * S)
        observe(tracker, "rid", drill, mark=Mark.EXERCISE)
    rows = tracker.states(T0 + 3 * S)
    assert list(rows["serial"]) == [b"SER1", b"SER1"]
    assert not (rows["flags"] & TrackFlag.ID_CONFLICT).any()


def test_object_numbers_of_two_sensors_mean_different_things() -> None:
    nodes = [type(RID)(sensor_id=n, kind="sapient") for n in ("north", "south")]
    tracker = Tracker(world(*nodes))
    far: Vec = (-2_000.0, 500.0, 60.0)
    for k in range(4):
        for node, p in (("north", P), ("south", far)):
            scan = stated(along(p, V, k), V, T0 + k * S, identity=b"7", kind=IdKind.NODE)
            observe(tracker, node, scan)
    rows = tracker.states(T0 + 4 * S)
    assert len(rows) == 2
    assert not (rows["flags"] & TrackFlag.ID_CONFLICT).any()
    assert set(rows["serial"]) == {b""}


def test_the_same_broadcast_heard_by_two_receivers_is_one_drone() -> None:
    second = type(RID)(sensor_id="rid2", kind="remote_id")
    tracker = Tracker(world(RID, second))
    for k in range(4):
        scan = stated(along(P, V, k), V, T0 + k * S)
        observe(tracker, "rid", scan)
        observe(tracker, "rid2", scan)
    alone = Tracker(world(RID))
    for k in range(4):
        observe(alone, "rid", stated(along(P, V, k), V, T0 + k * S))
    row, ref = only(tracker, 3.5), only(alone, 3.5)
    assert row["witnesses"] == 2
    np.testing.assert_array_equal(row["cov"], ref["cov"])


def test_a_radar_and_a_remote_id_of_one_drone_are_one_track() -> None:
    tracker = Tracker(world(radar(), RID))
    flown(tracker, range(5))
    observe(tracker, "rid", stated(along(P, V, 5), V, T0 + 5 * S))
    flown(tracker, range(6, 9))
    row = only(tracker, 8.5)
    assert row["serial"] == b"SER1"
    assert row["witnesses"] == 2
    assert set(tracker.sources(row["track_id"].decode())) == {"sensor/radar", "sensor/remote_id"}


def test_an_adsb_address_is_believed_an_aircraft_and_still_a_track() -> None:
    tracker = Tracker(world(RID))
    observe(tracker, "rid", stated(P, V, T0, identity=b"a1b2c3", kind=IdKind.ICAO))
    row = only(tracker, 0.5)
    assert row["flags"] & TrackFlag.AIRCRAFT
    assert row["p_drone"] < 0.1


def test_exercise_and_actual_never_share_a_track() -> None:
    tracker = Tracker(world(radar()))
    for k in range(8):
        mark = Mark.ACTUAL if k % 2 else Mark.EXERCISE
        observe(tracker, "radar", look([(along(P, V, k), V)], T0 + k * S), mark=mark)
    rows = tracker.states(T0 + 8 * S)
    assert sorted(rows["mark"].tolist()) == [0, 1]


# ---- judgement, limits, bad input ----------------------------------------------------------


def test_a_person_ends_a_track_that_is_no_drone() -> None:
    tracker = Tracker(world(radar()))
    flown(tracker, range(5))
    name = only(tracker, 5.0)["track_id"].decode()
    body = TrackJudged(track_id=name, by_person_id="bo", is_drone=False, reason="a kite")
    assert [(e.track_id, e.reason) for e in tracker.judge(body)] == [(name, EndReason.FALSE)]
    assert len(tracker.states(T0 + 5 * S)) == 0
    assert tracker.judge(body) == []
    assert tracker.sources(name) == ()


def test_at_the_limit_the_weakest_goes_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "TRACKS_MAX", 5)
    tracker = Tracker(world(RID))
    faults = []
    for k in range(8):
        p: Vec = (300.0 * k, 2_000.0, 50.0)
        faults += observe(tracker, "rid", stated(p, V, T0 + k, identity=b"S%d" % k))
        tracker.advance(T0 + k)
    assert len(tracker.states(T0 + S)) == 5
    assert sum(f.count for f in faults) == 3
    assert all("tracks" in f.what for f in faults)


def test_an_unknown_sensor_and_one_without_a_place_are_faults() -> None:
    nowhere = type(RID)(sensor_id="lost", kind="radar")
    tracker = Tracker(world(nowhere))
    (unknown,) = observe(tracker, "who", look([(P, V)], T0))
    (placeless,) = observe(tracker, "lost", look([(P, V)], T0))
    assert "not in the settings" in unknown.what
    assert "no position" in placeless.what


numbers = st.one_of(
    st.floats(width=32),
    st.sampled_from([0.0, -1.0, 1e-30, 1e30, 359.999, 90.0, -90.0, 45.0, 500.0, 3.0]),
)


@given(st.lists(st.tuples(*[numbers] * 11), min_size=1, max_size=12), st.integers(-20, 5))
@settings(max_examples=150, deadline=None)
def test_no_finite_or_absurd_plot_breaks_the_tracker(rows: Any, late_s: int) -> None:
    tracker = Tracker(world(radar()))
    flown(tracker, range(3))
    names = [
        n for n in DTYPES[Layout.POLAR_1].names or () if n not in ("t_obs_ns", "flags", "count")
    ]
    columns = {n: [r[i] for r in rows] for i, n in enumerate(names)}
    scan = pack(Layout.POLAR_1, {"t_obs_ns": T0 + (3 + late_s) * S, **columns})
    for _ in range(2):
        observe(tracker, "radar", scan, recv_ns=T0 + 3 * S)
    states = tracker.states(T0 + 5 * S)
    assert np.isfinite(states["x"]).all()
    assert np.isfinite(states["cov"]).all()
    assert np.isfinite(states["p_exist"]).all()
    tracker.published(T0 + 5 * S)
    Tracker.restore(world(radar()), tracker.snapshot())


@given(st.lists(st.tuples(*[numbers] * 13), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_no_finite_or_absurd_place_breaks_the_tracker(rows: Any) -> None:
    tracker = Tracker(world(RID))
    observe(tracker, "rid", stated(P, V, T0))
    skip = ("t_obs_ns", "flags", "id_kind", "ua_type", "identity")
    names = [n for n in DTYPES[Layout.PLACE_1].names or () if n not in skip]
    columns: dict[str, Any] = {n: [r[i] for r in rows] for i, n in enumerate(names)}
    columns |= {"identity": b"SER1", "id_kind": 1}
    observe(tracker, "rid", pack(Layout.PLACE_1, {"t_obs_ns": T0 + S, **columns}))
    states = tracker.states(T0 + 2 * S)
    assert np.isfinite(states["x"]).all()
    assert np.isfinite(states["cov"]).all()


def test_the_largest_scan_is_taken() -> None:
    tracker = Tracker(world(RID))
    rows = np.zeros(ROWS_MAX, dtype=DTYPES[Layout.PLACE_1])
    rows["t_obs_ns"] = T0
    rows["lat_deg"] = 95.0
    (fault,) = observe(tracker, "rid", Scan(Layout.PLACE_1, rows.tobytes()))
    assert fault.count == 1  # equal rows are duplicates of the first


def test_positions_survive_the_way_to_the_map() -> None:
    tracker = Tracker(world(RID))
    observe(tracker, "rid", stated(P, V, T0))
    (shown,) = published_rows(tracker.published(T0).data)
    want = at(*P)
    assert abs(shown["lat_deg"] - want.lat_deg) < 1e-6
    assert abs(shown["lon_deg"] - want.lon_deg) < 1e-6
    assert math.isclose(shown["speed_mps"], math.hypot(V[0], V[1]), rel_tol=0.05)
    assert Position(float(shown["lat_deg"]), float(shown["lon_deg"]))
