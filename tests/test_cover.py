"""How each place is watched: from the sensors' settings and what proves that they work."""

from __future__ import annotations

import time

import pytest
from msgspec.structs import replace

from test_flow import DEG_PER_M, ORIGIN, SETTINGS, T0, S, Shell
from vigia.alert.cover import CLASS_OF, is_blind_for, proofs, sensor_rows
from vigia.alert.state import Sight
from vigia.alert_terms import DroneClass, Watched
from vigia.events import (
    CoreSettings,
    CoverTold,
    Fault,
    PersonMoved,
    Restarted,
    SensorHeard,
    SensorLost,
    SensorSite,
)
from vigia.geo import Site
from vigia.roster import Spot
from vigia.terms import Position

RADAR = SensorSite(
    sensor_id="radar", kind="radar", position=ORIGIN, range_max_m=2_000.0, silent_after_s=10.0
)
RID = SensorSite(sensor_id="rid", kind="remote_id")


def site(*sensors: SensorSite) -> Shell:
    shell = Shell(replace(SETTINGS, sensors=sensors))
    shell.people()
    return shell


def hear(shell: Shell, t_s: float, sensor_id: str) -> None:
    shell.at(t_s, SensorHeard(sensor_id=sensor_id, t_obs_ns=T0))


def quiet(shell: Shell, t_s: float) -> None:
    shell.at(t_s, Fault(where="x", whose="world", what="nothing"))


def told(shell: Shell, target: str = "post/12") -> list[CoverTold]:
    bodies = [e.body for e in shell.out]
    return [b for b in bodies if isinstance(b, CoverTold) and b.target_id == target]


def test_a_radar_that_speaks_watches_all_around() -> None:
    shell = site(RADAR)
    hear(shell, 0.5, "radar")
    quiet(shell, 3)
    [cover] = told(shell)
    assert cover.watched is Watched.WATCHED
    [flying] = cover.classes
    assert (flying.drones, len(flying.points), flying.kinds) == (
        DroneClass.FLYING, 8, ("radar",),
    )  # fmt: skip


def test_a_radar_that_falls_silent_is_watch_lost_and_comes_back() -> None:
    shell = site(RADAR)
    hear(shell, 0.5, "radar")
    quiet(shell, 15)
    hear(shell, 20, "radar")
    quiet(shell, 22)
    assert [c.watched for c in told(shell)] == [Watched.WATCHED, Watched.LOST, Watched.WATCHED]
    lost = told(shell)[1]
    assert lost.t_since_ns - T0 == 11 * S  # ten seconds after its last word, at the next second


def test_a_link_that_is_down_is_watch_lost_at_once() -> None:
    shell = site(RADAR)
    hear(shell, 0.5, "radar")
    quiet(shell, 2)
    shell.at(3.5, SensorLost(sensor_id="radar", t_obs_ns=T0, why="the source ended"))
    quiet(shell, 5)
    assert [c.watched for c in told(shell)] == [Watched.WATCHED, Watched.LOST]


def test_a_receiver_of_broadcasts_that_hears_nothing_cannot_be_proved() -> None:
    shell = site(RID)
    quiet(shell, 3)
    hear(shell, 5, "rid")
    quiet(shell, 70)
    assert [c.watched for c in told(shell)] == [
        Watched.UNPROVED, Watched.WATCHED, Watched.UNPROVED,
    ]  # fmt: skip


def test_a_post_without_any_sensor_says_so() -> None:
    shell = site()
    quiet(shell, 3)
    assert [c.watched for c in told(shell)] == [Watched.NONE]


def test_of_two_sensors_one_that_is_lost_leaves_the_other_classes() -> None:
    shell = site(RADAR, RID)
    hear(shell, 0.2, "radar")
    hear(shell, 0.5, "rid")
    quiet(shell, 15)
    assert [c.watched for c in told(shell)] == [Watched.WATCHED, Watched.PARTLY]
    by_class = {c.drones: c for c in told(shell)[-1].classes}
    assert by_class[DroneClass.FLYING].watched is Watched.LOST
    assert by_class[DroneClass.BROADCASTING].watched is Watched.WATCHED


@pytest.mark.parametrize(("east_m", "points"), [(0.0, 8), (1_700.0, 5), (2_800.0, 0)])
def test_directions_are_covered_as_far_as_the_sensor_reaches(east_m: float, points: int) -> None:
    shell = site(RADAR)
    shell.at(
        0.3,
        PersonMoved(
            person_id="a",
            t_obs_ns=T0,
            position=Position(ORIGIN.lat_deg, ORIGIN.lon_deg + east_m * DEG_PER_M / 0.85, 1200.0),
        ),
    )
    hear(shell, 0.5, "radar")
    quiet(shell, 3)
    [cover] = told(shell, "person/a")
    assert cover.person_id == "a"
    assert sum(len(c.points) for c in cover.classes) == points


def test_a_camera_covers_only_its_field_of_view() -> None:
    camera = SensorSite(
        sensor_id="cam",
        kind="camera",
        position=ORIGIN,
        range_max_m=1_000.0,
        view_deg_true=90.0,
        view_width_deg=100.0,
        silent_after_s=10.0,
    )
    shell = site(camera)
    hear(shell, 0.5, "cam")
    quiet(shell, 3)
    [flying] = told(shell)[0].classes
    assert flying.points == ("ne", "e", "se")


def test_a_plug_in_of_unknown_kind_covers_nothing_unless_its_settings_say_what() -> None:
    there = Site(lat_deg=ORIGIN.lat_deg, lon_deg=ORIGIN.lon_deg, alt_hae_m=1200.0)
    odd = SensorSite(sensor_id="odd", kind="mine:Class")
    assert len(sensor_rows((odd,), there).reach_m) == 0
    says = replace(odd, covers=DroneClass.AUDIBLE)
    assert len(sensor_rows((says,), there).reach_m) == 1
    settings = CoreSettings(mode=SETTINGS.mode, origin=ORIGIN, sensors=(odd, says))
    assert len(proofs(settings, Shell(settings).watch.state.cover, T0)) == 1


def test_every_kind_of_sensor_we_ship_has_a_class() -> None:
    assert set(CLASS_OF) == {"remote_id", "radar", "camera", "rf", "acoustic"}


def test_cover_is_said_on_change_only() -> None:
    shell = site(RADAR)
    for t in range(1, 60):
        hear(shell, t, "radar")
    assert len(told(shell)) == 1


def test_after_a_restart_a_sensor_gets_its_time_before_it_counts_as_lost() -> None:
    shell = site(RADAR)
    hear(shell, 0.5, "radar")
    quiet(shell, 3)
    shell.at(500, Restarted(snapshot_seq=1))
    later = [c.watched for c in told(shell)]
    quiet(shell, 505)
    assert Watched.LOST not in [c.watched for c in told(shell)][len(later) :]
    quiet(shell, 515)
    assert told(shell)[-1].watched is Watched.LOST


@pytest.mark.parametrize(
    ("works", "sources", "blind"),
    [
        ((DroneClass.BROADCASTING,), ("sensor/radar",), True),
        ((DroneClass.BROADCASTING,), ("sensor/radar", "sensor/remote_id"), False),
        ((DroneClass.FLYING,), ("sensor/remote_id",), False),
        ((DroneClass.BROADCASTING,), ("person",), False),
        ((), ("sensor/radar",), True),
        (None, ("sensor/radar",), False),
    ],
)
def test_a_place_is_blind_for_a_drone_that_nothing_working_there_would_notice(
    works: tuple[DroneClass, ...] | None, sources: tuple[str, ...], blind: bool
) -> None:
    sight = Sight(works=None if works is None else frozenset(works))
    assert is_blind_for(sight, sources) is blind


def test_ten_thousand_places_are_looked_at_in_time() -> None:
    shell = site(RADAR, RID)
    roster = shell.watch.roster
    for k in range(10_000):
        spot = Position(ORIGIN.lat_deg + k * 1e-6, ORIGIN.lon_deg, 1200.0)
        roster.spots[f"q{k}"] = Spot(spot, T0 + 10**12)
    quiet(shell, 1.5)  # all are new
    start = time.perf_counter()
    quiet(shell, 2.5)
    assert time.perf_counter() - start < 0.5
