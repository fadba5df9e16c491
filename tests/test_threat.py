"""What the threat stage must say about made-up tracks; closed forms, no tracker."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from vigia.events import CoreSettings, PersonAdded, PersonMoved, Policy, Post
from vigia.geo import Site
from vigia.roster import Roster
from vigia.terms import Mark, Position, Role, Tier, TrackStatus
from vigia.threat.assess import assess
from vigia.threat.targets import target_table
from vigia.tracktable import STATE_DTYPE, Fix, TrackFlag

ORIGIN = Position(31.79, -106.75, 1200.0)
SETTINGS = CoreSettings(
    mode=Mark.DEMO,
    origin=ORIGIN,
    posts=(Post(post_id="12", name="Post 12", position=ORIGIN),),
)
SITE = Site(lat_deg=31.79, lon_deg=-106.75, alt_hae_m=1200.0)
POLICY = Policy()


def track(
    e_m: float,
    n_m: float,
    ve: float = 0.0,
    vn: float = 0.0,
    *,
    status: TrackStatus = TrackStatus.CONFIRMED,
    flags: TrackFlag = TrackFlag.NONE,
    sigma_m: float = 10.0,
    sigma_v: float = 1.0,
    p_drone: float = 0.9,
) -> np.ndarray:
    row = np.zeros(1, dtype=STATE_DTYPE)
    row["track_id"] = b"0123456789abcdef"
    row["number"] = 1
    row["status"] = status
    row["fix"] = Fix.POSITION
    row["flags"] = flags
    row["x"] = (e_m, n_m, 60.0, ve, vn, 0.0)
    row["cov"] = np.diag([sigma_m**2] * 3 + [sigma_v**2] * 3)
    row["p_exist"] = 0.99
    row["p_drone"] = p_drone
    return row


def targets(roster: Roster | None = None):
    return target_table(SETTINGS, roster or Roster(), SITE, 0)


def test_head_on_arrival_time_is_distance_over_speed() -> None:
    [t] = assess(track(0.0, 500.0, vn=-15.0), targets(), POLICY)
    assert t.p50_s == pytest.approx((500 - 50) / 15, rel=0.15)
    assert t.p10_s is not None
    assert t.p90_s is not None
    assert t.p10_s < t.p50_s < t.p90_s
    assert t.earliest_s == pytest.approx((500 - 50) / 35, abs=0.01)
    assert t.tier is Tier.WARNING  # from here half of them turn back
    assert assess(track(0.0, 200.0, vn=-15.0), targets(), POLICY)[0].tier is Tier.DANGER


@pytest.mark.parametrize(
    ("e", "n", "bearing"), [(0, 900, 0), (900, 0, 90), (0, -900, 180), (-900, 0, 270)]
)
def test_bearing_points_from_the_target_to_the_drone(e: float, n: float, bearing: float) -> None:
    [t] = assess(track(e, n), targets(), POLICY)
    assert t.bearing_deg_true == pytest.approx(bearing, abs=1e-6)
    assert t.range_m == pytest.approx(900.0, rel=1e-4)


def test_flying_away_is_no_more_than_watch() -> None:
    [t] = assess(track(0.0, 600.0, vn=15.0), targets(), POLICY)
    assert t.tier is Tier.WATCH
    assert t.p_hit < 0.05


def test_a_drone_inside_the_danger_radius_is_danger_now() -> None:
    [t] = assess(track(5.0, 10.0, sigma_m=3.0), targets(), POLICY)
    assert t.tier is Tier.DANGER
    assert t.p10_s == 0.0


def test_an_unconfirmed_track_is_at_most_watch() -> None:
    [t] = assess(track(0, 500, vn=-15, status=TrackStatus.POSSIBLE), targets(), POLICY)
    assert t.tier is Tier.WATCH


def test_an_officer_saying_towards_me_can_give_danger_unconfirmed() -> None:
    row = track(
        0, 500, vn=-15, status=TrackStatus.POSSIBLE, flags=TrackFlag.CLOSING | TrackFlag.HUMAN
    )
    assert assess(row, targets(), POLICY)[0].tier is Tier.DANGER


def test_weak_evidence_alone_is_watch_even_when_confirmed() -> None:
    row = track(0, 500, vn=-15, flags=TrackFlag.WEAK)
    assert assess(row, targets(), POLICY)[0].tier is Tier.WATCH


def test_a_bird_threatens_nobody() -> None:
    assert assess(track(0, 300, vn=-15, p_drone=0.05), targets(), POLICY) == []


def test_a_wide_state_gives_a_wide_answer_not_none() -> None:
    wide = track(0, 500, sigma_m=250.0, sigma_v=8.0, status=TrackStatus.POSSIBLE)
    [t] = assess(wide, targets(), POLICY)
    assert t.tier is Tier.WATCH
    assert t.p10_s is not None
    assert t.p90_s is not None
    assert t.p90_s - t.p10_s > 20.0


def test_a_far_drone_threatens_nobody() -> None:
    assert assess(track(0, 9000, vn=-15), targets(), POLICY) == []


def test_p_hit_grows_as_it_comes_nearer() -> None:
    p = [assess(track(0, n, vn=-15), targets(), POLICY)[0].p_hit for n in (2500, 1200, 600, 200)]
    assert p == sorted(p)


def test_people_without_a_position_stand_at_their_post_and_old_positions_grow_vague() -> None:
    roster = Roster()
    for person_id in ("a", "b"):
        roster.admit(
            PersonAdded(person_id=person_id, name="x", agency_id="g", role=Role.AGENT, post_id="12")
        )
    roster.move(PersonMoved(person_id="b", t_obs_ns=0, position=Position(31.8, -106.75, None, 5.0)))
    now = target_table(SETTINGS, roster, SITE, 60 * 10**9)
    assert now.target_ids == ["post/12", "person/a", "person/b"]
    assert now.en_m[1] == pytest.approx(now.en_m[0])
    assert now.en_m[2, 1] == pytest.approx(1109.0, abs=3.0)
    assert now.sigma_m[2] == pytest.approx((25 + 120**2) ** 0.5)


def test_equal_input_gives_equal_output_whatever_else_is_assessed() -> None:
    one = track(0, 500, vn=-15)
    two = np.concatenate([track(2000, 100), one])
    alone = assess(one, targets(), POLICY)[0]
    assert alone in assess(two, targets(), POLICY)


def test_a_bearing_tells_its_direction_to_the_observer_but_no_range_and_to_others_nothing() -> None:
    row = track(0, 500)
    row["cov"][0, :2, :2] = np.diag([90.0**2, 350.0**2])  # wide along the line of sight
    [at_the_observer] = assess(row, targets(), POLICY)
    assert at_the_observer.bearing_sure
    assert not at_the_observer.range_sure
    row["x"][0, :2] = (500.0, 0.0)  # the same spread, seen from the side
    [aside] = assess(row, targets(), POLICY)
    assert not aside.bearing_sure


def test_no_height_is_told_where_the_ground_is_not_known() -> None:
    flat = replace(SETTINGS, origin=Position(31.79, -106.75), posts=(
        Post(post_id="12", name="Post 12", position=Position(31.79, -106.75)),
    ))  # fmt: skip
    [t] = assess(track(0, 500), target_table(flat, Roster(), SITE, 0), POLICY)
    assert t.height_m is None
    [known] = assess(track(0, 500), targets(), POLICY)
    assert known.height_m == pytest.approx(60.0, abs=0.1)
