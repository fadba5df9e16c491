"""What the settings declare, on paper: directions left open, and seconds of a straight flight."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from journal_world import HOME, place
from vigia.events import CoreSettings, Post, SensorSite
from vigia.run.paper_cover import STEP_M, PlanBoard, plan_board
from vigia.terms import Mark


def board(*sensors: SensorSite) -> PlanBoard:
    gate = Post(post_id="gate", name="Gate", position=HOME, radius_m=30.0)
    return plan_board(CoreSettings(mode=Mark.EXERCISE, origin=HOME, posts=(gate,), sensors=sensors))


def radar(**more: object) -> SensorSite:
    return replace(
        SensorSite(sensor_id="r", kind="radar", position=HOME, range_max_m=2_000.0), **more
    )


def seen(made: PlanBoard, drones: str) -> dict[str, float | None]:
    (post,) = made.posts
    (found,) = [c for c in post.classes if c.drones == drones]
    return {w.point: w.seen_m for w in found.ways}


def test_a_post_without_a_sensor_is_open_all_around() -> None:
    (post,) = board().posts
    assert post.classes == ()
    assert len(post.open) == 8


def test_a_radar_at_the_post_gives_the_same_time_from_everywhere() -> None:
    made = board(radar())
    assert set(seen(made, "flying").values()) == {2_000.0}
    (post,) = made.posts
    assert post.open == ()
    way = post.classes[0].ways[0]
    assert way.warn_s is not None
    for speed, warn_s in zip(made.speeds_mps, way.warn_s, strict=True):
        assert warn_s == pytest.approx((2_000.0 - made.danger_radius_m - 30.0) / speed, abs=0.06)


def test_a_camera_sees_where_it_looks_and_the_rest_is_said_to_be_open() -> None:
    made = board(radar(kind="camera", view_deg_true=90.0, view_width_deg=60.0))
    ways = seen(made, "flying")
    assert ways["e"] == 2_000.0
    assert [p for p, far in ways.items() if far is None] == ["n", "ne", "se", "s", "sw", "w", "nw"]
    assert made.posts[0].open == ("n", "ne", "se", "s", "sw", "w", "nw")


def test_a_sensor_out_in_front_is_met_first_though_a_gap_follows() -> None:
    far = radar(position=place(e_m=6_000.0, n_m=0.0), range_max_m=1_000.0)
    made = board(far)
    assert seen(made, "flying")["e"] == pytest.approx(7_000.0, abs=STEP_M)
    assert seen(made, "flying")["w"] is None


def test_classes_are_kept_apart_and_an_unknown_kind_covers_nothing() -> None:
    made = board(radar(), radar(sensor_id="f", kind="rf"), radar(sensor_id="x", kind="plug-in"))
    assert {c.drones for c in made.posts[0].classes} == {"flying", "transmitting"}
    assert {s.sensor_id: s.drones for s in made.sensors}["x"] is None
