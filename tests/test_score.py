"""The warning benchmark: scenes come from their seed, numbers are those computed by hand."""

from __future__ import annotations

import math
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path as File

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from vigia.cli import app
from vigia.events import (
    Alert,
    Delivery,
    Event,
    Observation,
    PersonMoved,
    Sighting,
    Tick,
    TracksPublished,
)
from vigia.geo import Enu
from vigia.run.score import days
from vigia.run.score.arrivals import Arrival, arrivals_of, earlier_by, grouped
from vigia.run.score.baseline import HOLD_S, baseline_words
from vigia.run.score.bound import Bound, bound, minds_s
from vigia.run.score.forced import LEADS_S, TOLD, forced, straights
from vigia.run.score.frozen import digests
from vigia.run.score.measure import RunScore, Standing, measure
from vigia.run.score.play import Result, score_run
from vigia.run.score.plot import page
from vigia.run.score.scene import (
    FIRST_SEED,
    ORDINARY,
    load_scene,
    parse_scene,
    scene_names,
    set_of,
)
from vigia.run.score.stage import make_stage
from vigia.run.score.sums import against, goals, sum_up
from vigia.run.score.table import failures, markdown, terminal
from vigia.run.score.truth import Encounter, Truth, encounter, first_within, truth_of
from vigia.run.score.word import Word, Words
from vigia.run.score.words import words_of
from vigia.run.settings import SettingsError
from vigia.run.simulate import paths
from vigia.run.simulate.driver import Run, Step, play
from vigia.run.simulate.emission import Emission, Look
from vigia.run.simulate.invariants import check
from vigia.run.simulate.oracle import Received
from vigia.run.simulate.phones import Phone, Shown
from vigia.run.simulate.sensors import machines
from vigia.run.simulate.story import tell
from vigia.run.simulate.witnesses import witnesses
from vigia.run.simulate.world import Flyer, SimSensor, Walker, World, make_world, ns
from vigia.scan import Layout, pack
from vigia.terms import (
    Bearing,
    Channel,
    EndReason,
    Mark,
    Motion,
    MsgType,
    Sense,
    Tier,
    TrackStatus,
)
from vigia.tracktable import PUBLISHED_DTYPE, PUBLISHED_VERSION, Fix

SEEDS_FILE = File(__file__).with_name("score_seeds.toml")
N, W, A, D = Tier.NONE, Tier.WATCH, Tier.WARNING, Tier.DANGER
NO_ATTACK = ("watching", "friendly", "hobby")


# ---- scenes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*scene_names(), ORDINARY])
def test_a_scene_comes_from_its_seed(name: str) -> None:
    scene = load_scene(name)
    told = [
        msgspec.msgpack.encode([*machines(w), *witnesses(w)])
        for w in (make_stage(scene, 1), make_stage(scene, 1), make_stage(scene, 2))
    ]
    assert told[0] == told[1]
    assert told[0] != told[2] or scene.night
    assert scene.name == name


@pytest.mark.parametrize("name", scene_names())
def test_attackers_reach_somebody_and_nobody_else_attacks(name: str) -> None:
    attacks = 0
    for seed in range(1, 7):
        world = make_stage(load_scene(name), seed)
        truth = truth_of(world, scene=name, seed=seed)
        for flyer in world.flyers:
            if flyer.target is None:
                continue
            attacks += 1
            met = next(
                e
                for e in truth.encounters
                if (e.flyer_id, e.person_id) == (flyer.flyer_id, flyer.target)
            )
            assert first_within(met, truth.radius_m) is not None, (seed, flyer)
    assert (attacks == 0) == (name in NO_ATTACK)


def test_every_scene_of_the_issue_is_there() -> None:
    assert len(scene_names()) == 17
    assert load_scene(ORDINARY).flights_a_day == 100
    assert all(load_scene(n).says for n in scene_names())


def test_the_two_sets_of_seeds_are_apart() -> None:
    assert FIRST_SEED["report"] - FIRST_SEED["tuning"] >= 1000
    assert set_of("report") == "report"
    with pytest.raises(SettingsError, match="need one of tuning, report"):
        set_of("all")


def test_a_wrong_scene_is_told_in_words() -> None:
    with pytest.raises(SettingsError, match="need one of run_in"):
        load_scene("nonsense")
    with pytest.raises(SettingsError, match="`hovers`"):
        parse_scene(b'version = 1\nname = "x"\ntitle = "x"\nsays = "x"\nhovers = 1\n', name="x")
    odd = replace(load_scene("run_in"), name="odd")
    odd = replace(odd, flyers=(replace(odd.flyers[0], behaviour="teleport"),))
    with pytest.raises(SettingsError, match="got behaviour teleport"):
        make_stage(odd, 1)


def test_forged_broadcasts_are_seen_by_their_receivers_only() -> None:
    world = make_stage(load_scene("spoofed"), 3)
    forged = {f.flyer_id for f in world.flyers if f.only_by is not None}
    kinds = {
        k.kind
        for e in (*machines(world), *witnesses(world))
        for k in e.looks
        if k.flyer_id in forged
    }
    assert len(forged) == 12
    assert kinds == {"remote_id"}
    truth = truth_of(world, scene="spoofed", seed=3)
    assert not forged & {e.flyer_id for e in truth.encounters}


def test_a_garbled_link_shows_nothing_true_and_then_nothing() -> None:
    world = make_stage(load_scene("shared_link"), 1)
    radar = next(s for s in world.sensors if s.kind == "radar")
    ((a, b),), ((c, d),) = radar.garbled, radar.link_down
    assert b == c
    mine = [e for e in machines(world) if e.source == radar.sensor_id]
    assert not [k for e in mine for k in e.looks if a <= k.t_s < d]
    rows = [
        len(e.body.scan)
        for e in mine
        if isinstance(e.body, Observation)
        and a * 1e9 <= int(e.body.scan.rows()["t_obs_ns"][0]) - ns(0.0) < b * 1e9
    ]
    assert rows
    assert min(rows) >= 8


def test_at_night_people_hear_and_see_nothing() -> None:
    heard = [
        e.body.sense
        for seed in range(1, 6)
        for e in witnesses(make_stage(load_scene("night_ears"), seed))
        if isinstance(e.body, Sighting) and e.body.bearing is not None
    ]
    assert heard
    assert set(heard) == {Sense.HEARD}


# ---- measures, by hand ---------------------------------------------------------------------------


def test_leads_count_from_when_it_stood_without_a_gap() -> None:
    truth = _truth(_met(t_arrive=100.0))
    words = _words(
        (20.0, W, "x"), (40.0, A, "x"), (60.0, W, "x"), (65.0, A, "x"), (80.0, D, "x"),
        (150.0, N, "x"),
    )  # fmt: skip
    score = measure(truth, [_arrival(100.0, warning_s=70.0, danger_s=50.0)], words)
    (o,) = score.outcomes
    assert (o.tier, o.lead_s, o.danger_lead_s) == (D, 35.0, 20.0)
    assert o.in_time
    assert o.first_alert_s == pytest.approx(10.0)  # told at 20 s, detected at 10 s
    assert score.flaps == 1
    assert score.lowered == 1
    assert (score.alerts, score.rings) == (1, 5)


def test_in_time_is_thirty_seconds_or_nine_tenths_of_what_was_possible() -> None:
    def of(lead_s: float, best_s: float | None) -> tuple[bool, bool]:
        arrival = _arrival(100.0, warning_s=best_s, danger_s=None)
        words = _words((100.0 - lead_s, A, "x"))
        (o,) = measure(_truth(_met(t_arrive=100.0)), [arrival], words).outcomes
        return o.possible, o.in_time

    assert of(30.0, 80.0) == (True, True)
    assert of(29.0, 80.0) == (True, False)
    assert of(18.0, 20.0) == (True, True)
    assert of(17.0, 20.0) == (True, False)
    assert of(3.0, 4.9)[0] is False
    assert of(3.0, None)[0] is False


def test_an_alarm_is_true_when_an_attacker_comes_within_two_minutes() -> None:
    truth = _truth(_met(t_arrive=100.0))  # within 50 m at 100 s only
    for t_said, true in (
        (-22.0, False),
        (-20.0, True),
        (80.0, True),
        (219.0, True),
        (222.0, False),
    ):
        words = _words((t_said, D, "x"), (t_said + 1.0, N, "x"))  # it stands for a second
        (alarm,) = measure(truth, [], words).alarms
        assert alarm.true is true, t_said


def test_a_near_miss_is_false_and_told_as_one() -> None:
    truth = _truth(_met(t_arrive=100.0, beside_m=120.0))
    score = measure(truth, [], _words((80.0, D, "x"), (130.0, N, "x")))
    (alarm,) = score.alarms
    assert not alarm.true
    assert alarm.nearest_m == 120.0
    row = sum_up("scene", "vigia", [score])
    assert (row.false_top, row.false_near, row.told_truly) == (1.0, 1.0, 0.0)


def test_who_watches_or_passes_does_not_make_an_alarm_true() -> None:
    truth = _truth(_met(t_arrive=100.0, attacks=False))
    (alarm,) = measure(truth, [], _words((80.0, D, "x"), (130.0, N, "x"))).alarms
    assert not alarm.true
    assert alarm.nearest_m is None
    assert alarm.aimed
    assert (alarm.about, alarm.about_id) == ("run_in", "f0")


def test_several_alerts_of_one_incident_are_one_alarm() -> None:
    words = _words((10.0, D, "x"), (20.0, N, "x"), (30.0, A, "y"), (40.0, N, "y"), incident="i")
    score = measure(_truth(_met(t_arrive=100.0)), [], words)
    assert [a.tier for a in score.alarms] == [D]
    assert score.alerts == 2
    assert score.flaps == 1


def test_released_means_told_over_with_an_attacker_in_reach() -> None:
    def released(t_end: float, *, officer: bool = False, other: bool = False) -> int:
        words = _words((10.0, D, "x"), (t_end, N, "x"), officer=officer)
        if other:
            words = words._replace(said=(_word(9.0, W, "y"), *words.said))
        return measure(_truth(_met(t_arrive=100.0)), [], words).released

    assert released(60.0) == 1  # 40 s x 20 m/s and the radius: 850 m
    assert released(30.0) == 0  # 1,450 m
    assert released(60.0, officer=True) == 0
    assert released(60.0, other=True) == 0


def test_an_alert_is_stale_from_when_the_last_drone_has_gone() -> None:
    truth = _truth(_met(t_arrive=100.0))
    score = measure(truth, [], _words((60.0, D, "x"), (280.0, N, "x")))
    assert score.stale_s == (180.0,)
    nothing = _truth(_met(t_arrive=100.0, drone=False))
    assert measure(nothing, [], _words((60.0, D, "x"), (80.0, N, "x"))).stale_s == (20.0,)


def test_standing_is_the_gravest_of_the_open_alerts() -> None:
    line = Standing(
        [_word(1.0, W, "x"), _word(2.0, D, "y"), _word(3.0, N, "y"), _word(4.0, N, "x")]
    )
    assert [line.at(t) for t in (0.5, 1.0, 2.5, 3.5, 4.5)] == [N, W, D, W, N]
    assert line.since(3.5, W) == 1.0
    assert line.since(3.5, A) is None


def test_rows_add_up_to_the_numbers_computed_by_hand() -> None:
    truth = _truth(_met(t_arrive=100.0))
    words = _words((50.0, A, "x"), (70.0, D, "x"), (120.0, N, "x"))
    good = measure(truth, [_arrival(100.0, warning_s=50.0, danger_s=40.0)], words)
    bad = measure(truth, [_arrival(100.0, warning_s=50.0, danger_s=40.0)], _words())
    row = sum_up("scene", "vigia", [good, bad])
    assert (row.runs, row.endangered, row.possible, row.danger_possible) == (2, 2, 2, 2)
    assert row.in_time == 0.5
    assert row.missed_top == row.missed_top_all == 0.5
    assert row.of_oracle == 0.5  # 50 of 50 and 0 of 50
    assert row.danger_of_oracle == pytest.approx(30.0 / 80.0)
    assert row.lead_p50_s == 25.0
    assert row.lead_p10_s == pytest.approx(5.0)
    assert (row.false_top, row.told_truly) == (0.0, 1.0)
    hours = 2 * truth.t_end_s / 3600.0
    assert row.alerts_per_hour == pytest.approx(1 / hours)
    met = {g.says.split(":")[0]: g.met for g in goals(row, [row], 0.5)}
    assert not met["missed top tier, where DANGER was possible"]
    assert met["false top tier"]
    assert met["false DANGER a person in thirty harmless shifts"]
    worse = sum_up("scene", "peer", [bad, bad])
    assert dict(against(row, worse))["lead p50"] == "better"
    assert dict(against(row, row))["lead p50"] == "equal"
    assert "scene" in terminal([row])
    assert markdown([row, worse]).count("\n") == 2


def test_the_page_is_whole_and_loads_nothing() -> None:
    score = measure(_truth(_met(t_arrive=100.0)), [_arrival(100.0)], _words((50.0, D, "x")))
    row = sum_up("a <scene>", "vigia", [score])
    text = page([row, replace(row, who="peer")], None, "tuning", {"policy": "abc"})
    root = ET.fromstring(text.split("\n", 1)[1])
    assert root.find(".//svg") is not None
    assert len(root.findall(".//tr")) == 3
    assert "http" not in text
    assert "src=" not in text


# ---- arrivals and the oracle's bound -------------------------------------------------------------


def test_attackers_within_a_minute_are_one_arrival() -> None:
    met = [_met(t_arrive=t, flyer_id=f"f{t:.0f}") for t in (100.0, 130.0, 300.0)]
    groups = grouped(met, radius_m=50.0)
    assert [[e.flyer_id for _, e in g] for g in groups] == [["f100", "f130"], ["f300"]]
    assert earlier_by(Bound(40.0, 30.0, None), 30.0) == Bound(10.0, None, None)


def test_the_bound_is_the_third_position_that_was_delivered() -> None:
    world, flyer, person = _attack()
    met = encounter(flyer, person, radius_m=50.0)
    t_arrive = first_within(met, 50.0)
    assert t_arrive is not None
    assert t_arrive == pytest.approx(40.0 - 50.0 / 15.0, abs=0.5)
    looks = [_radar_look(t) for t in (10.0, 11.0, 12.0, 13.0)]

    def of(received: list[Received]) -> Bound:
        return bound(world, received, flyer=flyer, person=person, met=met, t_arrive_s=t_arrive)

    found = of(looks)
    assert found.danger_s == found.warning_s == pytest.approx(t_arrive - 12.5)
    assert found.cover_s == pytest.approx(t_arrive, abs=1.1)  # the radar's range is 1,500 m
    assert of(looks[:2]).danger_s is None
    assert of([]) == Bound(found.cover_s, None, None)


def test_one_report_allows_a_warning_and_towards_me_a_danger() -> None:
    world, flyer, person = _attack()
    met = encounter(flyer, person, radius_m=50.0)

    def of(motion: Motion | None) -> Bound:
        body = Sighting(
            report_id="r", t_obs_ns=ns(20.0), person_id=person.person_id,
            bearing=Bearing(90.0, 12.0), motion=motion,
        )  # fmt: skip
        look = Look(person.person_id, "person", flyer.flyer_id, 20.0, True)
        report = Received(21.0, Emission(21.0, "d0", body, (look,)))
        return bound(world, [report], flyer=flyer, person=person, met=met, t_arrive_s=36.5)

    assert of(None).warning_s == 15.5
    assert of(None).danger_s is None
    assert of(Motion.TOWARDS_ME).danger_s == 15.5


def test_nobody_can_know_of_a_dash_before_it_begins() -> None:
    scene = load_scene("loiter_dash")
    for seed in range(1, 6):
        world = make_stage(scene, seed)
        flyer = world.flyers[0]
        person = next(p for p in world.people if p.person_id == flyer.target)
        met = encounter(flyer, person, radius_m=50.0)
        t_arrive = first_within(met, 50.0)
        assert t_arrive is not None
        assert 10.0 < t_arrive - minds_s(met, t_arrive) < 45.0  # a dash takes 18 to 30 s


def test_a_straight_attack_is_one_from_its_start() -> None:
    _, flyer, person = _attack()
    met = encounter(flyer, person, radius_m=50.0)
    assert minds_s(met, 36.5) == 0.0


def test_what_came_too_late_bounds_nothing() -> None:
    world, flyer, _ = _attack()
    truth = Truth("x", 1, 50.0, 60.0, ("a0",), (encounter(flyer, world.people[0], radius_m=50.0),))
    late = [Received(50.0 + k, _radar_look(30.0 + k).emission) for k in range(5)]
    (arrival,) = arrivals_of(world, late, truth)
    assert arrival.bound.danger_s is None
    assert arrival.t_detected_s is None


# ---- what pages showed, and the peer -------------------------------------------------------------


def test_words_are_what_the_first_page_showed() -> None:
    person = make_world(1).people[0]
    phone, tablet = Phone(person, person.device_id or "d0"), Phone(person, "tablet")
    alert = _alert(1)
    cancel = replace(alert, revision=2, msg_type=MsgType.CANCEL, end_reason=EndReason.ALL_CLEAR)
    for p in (phone, tablet):
        p.log += [Shown(ns(10.0), alert, False), Shown(ns(11.0), alert, True)]
    phone.log.append(Shown(ns(20.0), cancel, False))
    run = Run(world=make_world(1), phones=[phone, tablet], t_end_ns=ns(30.0))
    run.steps = [
        _step(1, 10.0, [alert, _delivery(alert)]),
        _step(2, 20.0, [cancel, _delivery(cancel)]),
    ]
    words = words_of(run)
    assert [(w.t_s, w.tier, w.ended, w.by_officer) for w in words.said] == [
        (10.0, D, False, False),
        (20.0, N, True, True),
    ]
    assert (words.duplicates, words.endless) == (0, 0)


def test_what_is_ordered_twice_or_never_ended_is_counted() -> None:
    alert = _alert(1)
    run = Run(world=make_world(1), t_end_ns=ns(30.0))
    run.steps = [_step(1, 10.0, [alert, _delivery(alert)]), _step(2, 11.0, [_delivery(alert)])]
    words = words_of(run)
    assert (words.duplicates, words.endless) == (1, 1)


def test_the_peer_alerts_everyone_near_a_confirmed_track_and_holds() -> None:
    world, _, _ = _attack()
    run = Run(world=world, t_end_ns=ns(60.0))
    run.steps = [
        _step(1, 1.0, [_picture(world, Enu(900.0, 0.0, 50.0))], Tick()),
        _step(2, 2.0, [_picture(world, Enu(400.0, 0.0, 50.0), TrackStatus.POSSIBLE)], Tick()),
        _step(3, 3.0, [_picture(world, Enu(400.0, 0.0, 50.0))], Tick()),
        _step(4, 4.0, [_picture(world, Enu(600.0, 0.0, 50.0))], Tick()),
        _step(5, 5.0, [_picture(world, None)], Tick()),
        *(_step(k, float(k), [], Tick()) for k in range(6, 30)),
    ]
    words = baseline_words(run, radius_m=500.0)
    assert [(round(w.t_s, 2), w.tier, w.ended) for w in words.said] == [
        (3.15, D, False),
        (3.15 + HOLD_S, N, True),
    ]
    assert baseline_words(run, radius_m=300.0).said == ()


def test_the_peer_knows_where_people_said_they_are() -> None:
    world, _, _ = _attack()
    moved = PersonMoved(person_id="a0", t_obs_ns=ns(1.0), position=world.position(Enu(5000, 0, 0)))
    run = Run(world=world, t_end_ns=ns(60.0))
    run.steps = [
        _step(1, 1.0, [], moved),
        _step(2, 2.0, [_picture(world, Enu(400.0, 0.0, 50.0))], Tick()),
    ]
    assert baseline_words(run, radius_m=500.0).said == ()


# ---- harmless days -------------------------------------------------------------------------------


def test_a_day_has_all_its_flights_and_some_idle_windows() -> None:
    ordinary = load_scene(ORDINARY)
    parts = days.segments(ordinary, 7)
    flights = sum(len(scene.flyers) for scene, _ in parts)
    idle = [seed for scene, seed in parts if not scene.flyers]
    assert flights == 100
    assert len(idle) == days.IDLE_WINDOWS
    assert all(days.is_idle(ordinary, s) for s in idle)
    assert len({seed for _, seed in parts}) == len(parts)
    assert {s for _, s in days.segments(ordinary, 8)}.isdisjoint({s for _, s in parts})
    assert all(f.target is None for f in make_stage(*parts[0]).flyers)


def test_idle_time_is_scaled_to_the_rest_of_the_day() -> None:
    ordinary = load_scene(ORDINARY)
    truth = _truth(_met(t_arrive=100.0, attacks=False))
    alarmed = measure(truth, [], _words((80.0, D, "x"), (130.0, N, "x")))
    quiet = measure(truth, [], _words())
    busy = [_result(700 + k, alarmed if k == 0 else quiet) for k in range(50)]
    idle = [_result(750, quiet), _result(751, alarmed)]
    row = days.sum_days(ordinary, [*busy, *idle])
    played = 50 * truth.t_end_s / 3600.0
    scale = (12.0 - played) / (2 * truth.t_end_s / 3600.0)
    assert (row.days, row.flights, row.people) == (1, 100, 1)
    assert row.person_hours == 12.0
    assert row.top == round(1 + scale)
    assert row.flights_with_top == 1


# ---- the command ---------------------------------------------------------------------------------


def test_digests_tell_what_was_judged() -> None:
    found = digests()
    assert found == digests()
    assert all(len(d) == 12 and int(d, 16) >= 0 for d in found)
    assert len(set(found)) == 3


def test_the_truth_is_written_without_running_any_policy(tmp_path: File) -> None:
    done = CliRunner().invoke(
        app, ["score", "--scene", "run_in", "--seeds", "2", "--days", "0", "--write", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run_in-1.json", "run_in-2.json"]
    truth = msgspec.json.decode((tmp_path / "run_in-1.json").read_bytes())
    assert truth["seed"] == 1
    assert [e["person_id"] for e in truth["endangered"]] == [truth["flyers"][0]["attacks"]]


def test_a_wrong_word_on_the_command_line_is_one_line() -> None:
    done = CliRunner().invoke(app, ["score", "--scene", "nonsense", "--seeds", "1"])
    assert done.exit_code == 2
    assert "need one of" in done.output
    for wrong, says in (
        (["--set", "mine"], "need one of"),
        (["--seed", "3"], "needs --scene"),
        (["--seeds", "0", "--days", "0"], "nothing to run"),
        (["--json", "/nowhere/at/all.json"], "does not exist"),
    ):
        done = CliRunner().invoke(app, ["score", *wrong])
        assert done.exit_code == 2
        assert says in done.output


# ---- scenes through the real core ----------------------------------------------------------------


@pytest.mark.worlds
@pytest.mark.parametrize("name", [n for n in scene_names() if n != "raid30"])
def test_scenes_keep_every_invariant(name: str) -> None:
    run = play(make_stage(load_scene(name), 1))
    assert check(tell(run)) == []


@pytest.mark.worlds
def test_a_run_is_measured_twice_alike() -> None:
    one, two = (score_run(load_scene("run_in"), 2) for _ in range(2))
    assert one.vigia == two.vigia
    assert one.peers == two.peers
    assert one.vigia.duplicates == one.vigia.endless == 0


@pytest.mark.worlds
def test_a_small_run_prints_its_table_and_keeps_its_numbers(tmp_path: File) -> None:
    kept = {k: tmp_path / f"score.{k}" for k in ("json", "plot", "table")}
    done = CliRunner().invoke(
        app,
        ["score", "--scene", "night_ears", "--seeds", "2", "--jobs", "1"]
        + [word for k, path in kept.items() for word in (f"--{k}", str(path))],
    )
    assert done.exit_code == 0, done.output
    for words in ("night, human hearing only", "peer 1000 m", "goals", "failures", "seeds 1 to 2"):
        assert words in done.output
    found = msgspec.json.decode(kept["json"].read_bytes())
    assert [r["seed"] for r in found["results"]] == [1, 2]
    assert found["digests"] == digests()._asdict()
    assert "<svg" in kept["plot"].read_text()
    assert "all scenes" in kept["table"].read_text()


@pytest.mark.worlds
def test_what_was_fixed_stays_fixed() -> None:
    for case in tomllib.loads(SEEDS_FILE.read_text())["fixed"]:
        result = score_run(load_scene(case["scene"]), case["seed"])
        assert case["what"] not in failures(result), case


def test_the_file_of_seeds_names_real_scenes() -> None:
    found = tomllib.loads(SEEDS_FILE.read_text())
    for case in (*found["fixed"], *found["open"]):
        assert case["scene"] in scene_names()
        assert set(case) == {"scene", "seed", "what"}


# ---- made by hand --------------------------------------------------------------------------------


def _met(
    *,
    t_arrive: float,
    speed_mps: float = 20.0,
    beside_m: float = 50.0,
    attacks: bool = True,
    drone: bool = True,
    flyer_id: str = "f0",
) -> Encounter:
    """Comes straight at 20 m/s to `beside_m` at t_arrive, and is gone."""
    t = np.arange(0.0, t_arrive + 0.1, 0.5)
    m = beside_m + speed_mps * (t_arrive - t)
    return Encounter(
        "a0", flyer_id, "run_in", drone, attacks, t, m, np.full(len(t), beside_m <= 50.0),
        speed_mps * t, np.full(len(t), 60.0),
    )  # fmt: skip


def _truth(*met: Encounter) -> Truth:
    return Truth("scene", 1, 50.0, 180.0, ("a0",), met)


def _arrival(
    t_s: float, *, warning_s: float | None = 60.0, danger_s: float | None = 60.0
) -> Arrival:
    return Arrival(
        person_id="a0", flyer_ids=("f0",), behaviour="run_in", t_s=t_s,
        bound=Bound(warning_s, warning_s, danger_s), t_detected_s=10.0,
    )  # fmt: skip


def _word(t_s: float, tier: Tier, alert_id: str, incident: str | None = None) -> Word:
    ended = tier is Tier.NONE
    return Word(t_s, "a0", alert_id, incident or alert_id, tier, ended, False, not ended)


def _words(
    *said: tuple[float, Tier, str], incident: str | None = None, officer: bool = False
) -> Words:
    words = tuple(
        _word(t, tier, name, incident)._replace(by_officer=officer) for t, tier, name in said
    )
    return Words(said=words, duplicates=0, endless=0, t_end_s=400.0)


def _result(seed: int, score: RunScore) -> Result:
    peers = {r: score for r in ("300", "500", "1000", "2000")}
    return Result(scene=ORDINARY, seed=seed, vigia=score, peers=peers, events=0, cpu_s=0.0)


def _attack() -> tuple[World, Flyer, Walker]:
    """A straight attack on a0 at his post at 15 m/s, arriving at 40 s; one radar of 1,500 m."""
    base = make_world(1)
    walker = replace(
        base.people[0], person_id="a0", post_id="p0", shares=(), looks_out=False,
        path=paths.standing(Enu(0, 0, 0), t_end_s=99.0),
    )  # fmt: skip
    line = paths.Path((0.0, 40.0), (Enu(600.0, 0.0, 50.0), Enu(0.0, 0.0, 2.0)))
    flyer = Flyer(flyer_id="f0", kind="drone", behaviour="run_in", path=line, target="a0")
    posts = (
        replace(base.settings.posts[0], post_id="p0", position=base.position(Enu(0.0, 0.0, 0.0))),
    )
    radar = SimSensor(
        sensor_id="radar0", kind="radar", at=Enu(0.0, 0.0, 5.0), range_m=1500.0, period_s=1.0,
        phase_s=1.0, clutter=0.0, boresight_deg=0.0, clock_skew_s=0.0, link_down=(), dies_s=None,
    )  # fmt: skip
    world = replace(
        base, people=(walker,), flyers=(flyer,), sensors=(radar,),
        settings=replace(base.settings, posts=posts),
    )  # fmt: skip
    return world, flyer, walker


def _radar_look(t_s: float) -> Received:
    """Made at t_s, delivered half a second later."""
    scan = pack(Layout.POLAR_1, {"t_obs_ns": ns(t_s), "azimuth_deg_true": 90.0})
    look = Look("radar0", "radar", "f0", t_s, True)
    body = Observation(sensor_id="radar0", scan=scan)
    return Received(t_s + 0.5, Emission(t_s + 0.5, "radar0", body, (look,)))


def _alert(revision: int) -> Alert:
    person = make_world(1).people[0].person_id
    return Alert(
        alert_id="x", revision=revision, msg_type=MsgType.ALERT, incident_id="i",
        target_id=f"person/{person}", person_id=person, tier=D, mark=Mark.EXERCISE,
        action="take_cover", sound=True, t_cause_ns=1, t_decided_ns=1, t_expires_ns=9,
    )  # fmt: skip


def _delivery(alert: Alert) -> Delivery:
    return Delivery(
        delivery_id=f"{alert.alert_id}.{alert.revision}", alert_id=alert.alert_id,
        revision=alert.revision, target_id=alert.target_id, person_id=alert.person_id,
        channel=Channel.PAGE, rank=0,
    )  # fmt: skip


def _step(
    seq: int,
    t_s: float,
    said: list[Alert | Delivery | TracksPublished],
    body: Tick | PersonMoved | None = None,
) -> Step:
    decisions = [Event(seq, ns(t_s), "core", Mark.EXERCISE, b) for b in said]
    return Step(Event(seq, ns(t_s), "x", Mark.EXERCISE, body or Tick()), decisions, None)


def _picture(
    world: World, at: Enu | None, status: TrackStatus = TrackStatus.CONFIRMED
) -> TracksPublished:
    rows = np.zeros(0 if at is None else 1, dtype=PUBLISHED_DTYPE)
    if at is not None:
        p = world.position(at)
        rows[0]["status"], rows[0]["fix"], rows[0]["p_drone"] = status, Fix.POSITION, 0.9
        rows[0]["lat_deg"], rows[0]["lon_deg"] = p.lat_deg, p.lon_deg
        rows[0]["alt_hae_m"] = math.nan if p.alt_hae_m is None else p.alt_hae_m
    return TracksPublished(version=PUBLISHED_VERSION, data=rows.tobytes())


# ---- what motion alone forces --------------------------------------------------------------------


def test_a_policy_cannot_tell_what_flies_alike() -> None:
    attack = straights(_truth(_met(t_arrive=80.0, beside_m=40.0)))
    passes = straights(_truth(_met(t_arrive=80.0, beside_m=40.0, attacks=False)))
    assert {s.lead_s for s in attack} == set(LEADS_S)
    assert attack[0].kind == passes[0].kind
    found = forced([*attack * 3, *passes], list(passes), LEADS_S[0])
    assert found is not None
    assert found.false_share == pytest.approx(1.0 / (1.0 + 3.0 * TOLD) * TOLD, abs=0.02)
    assert found.days_false == 1


def test_what_flies_otherwise_costs_the_bound_nothing() -> None:
    attack = straights(_truth(_met(t_arrive=80.0, beside_m=40.0)))
    slow = straights(_truth(_met(t_arrive=160.0, beside_m=40.0, attacks=False, speed_mps=6.0)))
    found = forced([*attack, *slow], None, LEADS_S[0])
    assert found is not None
    assert (found.false_share, found.days_false) == (0.0, None)


def test_several_that_come_at_one_person_are_one_alarm() -> None:
    met = [_met(t_arrive=80.0, beside_m=40.0, flyer_id=f"f{k}") for k in range(4)]
    assert sum(s.weight for s in straights(_truth(*met))) == pytest.approx(len(LEADS_S))
