"""The simulator itself: worlds come from their seed, sensors err as they say, the oracle knows."""

from __future__ import annotations

import math
from random import Random
from statistics import fmean, pstdev

import msgspec
import pytest

from vigia.events import Alert, AllClear, Observation, PersonMoved, Sighting
from vigia.geo import Enu, angle_diff_deg, bearing_deg_true
from vigia.run.simulate import paths
from vigia.run.simulate.emission import Emission, Look
from vigia.run.simulate.oracle import Received, arrival, dangers
from vigia.run.simulate.phones import Phone
from vigia.run.simulate.sensors import machines
from vigia.run.simulate.witnesses import witnesses
from vigia.run.simulate.world import Flyer, SimSensor, World, make_world, ns
from vigia.scan import Layout, Scan, pack
from vigia.terms import AckKind, Mark, MsgType, Role, Tier

SEEDS = range(120)


def _told(world: World) -> bytes:
    return msgspec.msgpack.encode([*machines(world), *witnesses(world)])


def test_a_seed_gives_the_same_world_and_the_same_reports() -> None:
    for seed in (3, 4, 5):
        assert _told(make_world(seed)) == _told(make_world(seed))
    assert _told(make_world(3)) != _told(make_world(4))


def test_a_path_is_a_function_of_time() -> None:
    path = paths.Path((0.0, 2.0, 4.0), (Enu(0, 0, 0), Enu(20, 0, 0), Enu(20, 10, 0)))
    assert path.at(1.0) == Enu(10, 0, 0)
    assert path.velocity(3.0) == Enu(0, 5, 0)
    assert path.at(-1.0) == Enu(0, 0, 0)
    assert path.at(9.0) == Enu(20, 10, 0)
    assert path.velocity(9.0) == Enu(0, 0, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_attackers_arrive_and_nobody_else_comes_near(seed: int) -> None:
    world = make_world(seed)
    for flyer in world.flyers:
        for person in world.people:
            if person.role is not Role.AGENT or flyer.kind != "drone":
                continue
            t = arrival(world, flyer, person)
            if flyer.target is None:
                assert t is None, (flyer, person.person_id)
            elif flyer.target == person.person_id:
                assert t is not None, (flyer.behaviour, person.person_id)


def test_radar_errors_are_as_wide_as_it_says_and_point_the_right_way() -> None:
    azimuth, range_m, rate = [], [], []
    for seed in SEEDS:
        world = make_world(seed)
        sensors = {s.sensor_id: s for s in world.sensors}
        flyers = {f.flyer_id: f for f in world.flyers}
        for e in machines(world):
            if not (isinstance(e.body, Observation) and e.source.startswith("radar")):
                continue
            rows = e.body.scan.rows()
            for row, look in zip(rows, e.looks, strict=False):
                at, flyer = sensors[e.source].at, flyers[look.flyer_id]
                p, v = flyer.path.at(look.t_s), flyer.path.velocity(look.t_s)
                d = Enu(p.e_m - at.e_m, p.n_m - at.n_m, p.u_m - at.u_m)
                r = math.hypot(*d)
                true = bearing_deg_true(de_m=d.e_m, dn_m=d.n_m)
                azimuth.append(angle_diff_deg(float(row["azimuth_deg_true"]), true))
                range_m.append(float(row["range_m"]) - r)
                true_rate = (d.e_m * v.e_m + d.n_m * v.n_m + d.u_m * v.u_m) / r
                rate.append(float(row["range_rate_mps"]) - true_rate)
    assert len(azimuth) > 2_000
    for errors, sigma in ((azimuth, 1.0), (range_m, 4.0), (rate, 0.5)):
        assert abs(fmean(errors)) < 0.1 * sigma
        assert pstdev(errors) == pytest.approx(sigma, rel=0.1)


def test_a_hovering_drone_falls_into_the_notch() -> None:
    world = _still_world(Enu(400.0, 0.0, 50.0))
    scans = [e for e in machines(world) if e.looks]
    assert len(scans) < 25  # of 60


def test_a_person_who_hears_points_where_it_was() -> None:
    heard = [
        e.body
        for seed in SEEDS
        for e in witnesses(make_world(seed))
        if isinstance(e.body, Sighting) and e.body.sense.value == "heard"
    ]
    assert heard
    assert all(s.bearing is None or s.bearing.sigma_deg >= 12.0 for s in heard)


def test_a_retry_is_the_same_report() -> None:
    seen: dict[str, Sighting] = {}
    retries = 0
    for seed in SEEDS:
        seen.clear()
        for e in witnesses(make_world(seed)):
            if isinstance(e.body, Sighting):
                assert seen.setdefault(e.body.report_id, e.body) == e.body
                retries += seen[e.body.report_id] is e.body
    assert retries


def test_remote_id_rows_state_true_places_through_bytes_or_not() -> None:
    checked = 0
    for seed in SEEDS:
        world = make_world(seed)
        flyers = {f.flyer_id: f for f in world.flyers}
        for e in machines(world):
            if not isinstance(e.body, Observation) or e.body.scan.layout is not Layout.PLACE_1:
                continue
            for row, look in zip(e.body.scan.rows(), e.looks, strict=True):
                at = world.site.to_enu(
                    lat_deg=float(row["lat_deg"]),
                    lon_deg=float(row["lon_deg"]),
                    alt_hae_m=float(row["alt_hae_m"]),
                )
                assert paths.distance(at, flyers[look.flyer_id].path.at(look.t_s)) < 30.0
                assert bytes(row["identity"]).decode() == flyers[look.flyer_id].serial
                checked += 1
    assert checked > 300


# ---- the oracle, by hand -------------------------------------------------------------------------


def test_the_oracle_demands_danger_when_a_radar_saw_a_straight_attack() -> None:
    world, flyer, seen = _attack()
    (danger,) = [d for d in dangers(world, seen, down=None) if d.flyer_id == flyer.flyer_id]
    assert danger.demanded is Tier.DANGER
    assert danger.t_arrive_s == pytest.approx(40.0 - 50.0 / 15.0, abs=0.3)


def test_the_oracle_demands_nothing_when_nobody_looked() -> None:
    world, _, _ = _attack()
    assert [d.demanded for d in dangers(world, [], down=None)] == [Tier.NONE]


def test_the_oracle_demands_nothing_of_a_dead_watch_or_a_wrong_clock() -> None:
    world, _, seen = _attack()
    assert [d.demanded for d in dangers(world, seen, down=(30.0, 45.0))] == [Tier.NONE]
    wrong = [
        Received(r.t_s, msgspec.structs.replace(r.emission, looks=_unhealthy(r.emission)))
        for r in seen
    ]
    assert [d.demanded for d in dangers(world, wrong, down=None)] == [Tier.NONE]


def test_the_oracle_does_not_demand_a_watch_after_the_officers_all_clear() -> None:
    world, _, seen = _attack(looks=5)
    assert [d.demanded for d in dangers(world, seen, down=None)] == [Tier.NONE]
    world, _, seen = _attack(t_from=28.0, looks=4)
    assert [d.demanded for d in dangers(world, seen, down=None)] == [Tier.WATCH]
    officer = msgspec.structs.replace(
        world.people[0], person_id="w0", role=Role.WATCH_OFFICER,
        path=paths.standing(Enu(5000.0, 0, 0), t_end_s=99.0),
    )  # fmt: skip
    world = msgspec.structs.replace(world, people=(*world.people, officer))
    word = Received(33.0, Emission(33.0, "dw", AllClear(by_person_id="w0", reason="")))
    assert [d.demanded for d in dangers(world, [*seen, word], down=None)] == [Tier.NONE]


def test_the_oracle_knows_when_nobody_knew_where_he_was() -> None:
    world, _, seen = _attack()
    away = Received(
        5.0,
        Emission(
            5.0,
            "d0",
            PersonMoved(
                person_id="a0", t_obs_ns=ns(5.0), position=world.position(Enu(0.0, 0.0, 0.0))
            ),
        ),
    )
    walker = msgspec.structs.replace(
        world.people[0], path=paths.Path((0.0, 30.0), (Enu(0, 900, 0), Enu(0, 0, 0)))
    )
    world = msgspec.structs.replace(world, people=(walker,))
    assert [d.demanded for d in dangers(world, [*seen, away], down=None)] == [Tier.NONE]


def test_a_page_ignores_what_it_has_and_answers_once() -> None:
    phone = Phone(make_world(1).people[0], "d0")
    alert = Alert(
        alert_id="x", revision=2, msg_type=MsgType.ALERT, incident_id="i", target_id="person/a0",
        person_id="a0", tier=Tier.DANGER, mark=Mark.DEMO, action="take_cover", sound=True,
        t_cause_ns=1, t_decided_ns=1, t_expires_ns=9,
    )  # fmt: skip
    first = phone.take(alert, 5, Random(1))
    assert first[0].body.kind is AckKind.DELIVERED
    assert phone.take(alert, 6, Random(1)) == []
    assert phone.take(msgspec.structs.replace(alert, revision=1), 7, Random(1)) == []
    cancel = msgspec.structs.replace(alert, revision=3, msg_type=MsgType.CANCEL)
    phone.take(cancel, 8, Random(1))
    assert phone.held == {}
    assert [s.copy for s in phone.log] == [False, True, True, False]


def _attack(*, t_from: float = 20.0, looks: int = 16) -> tuple[World, Flyer, list[Received]]:
    """A straight attack on a0 at his post at 15 m/s, arriving at 40 s; radar looks each second."""
    base = make_world(1)
    walker = msgspec.structs.replace(
        base.people[0], post_id="p0", path=paths.standing(Enu(0, 0, 0), t_end_s=99.0), shares=()
    )
    line = paths.Path((0.0, 40.0), (Enu(600.0, 0.0, 50.0), Enu(0.0, 0.0, 2.0)))
    flyer = Flyer(flyer_id="f0", kind="drone", behaviour="direct", path=line, target="a0")
    settings = msgspec.structs.replace(
        base.settings,
        posts=(
            msgspec.structs.replace(
                base.settings.posts[0], post_id="p0", position=base.position(Enu(0.0, 0.0, 0.0))
            ),
        ),
    )
    sensors = (_radar(),)
    world = msgspec.structs.replace(
        base, people=(walker,), flyers=(flyer,), settings=settings, sensors=sensors
    )
    seen = [
        Received(
            t_from + k + 0.5,
            Emission(
                t_from + k + 0.5,
                "radar0",
                Observation(sensor_id="radar0", scan=_any_scan()),
                (Look("radar0", "radar", "f0", t_from + k, True),),
            ),
        )
        for k in range(looks)
    ]
    return world, flyer, seen


def _any_scan() -> Scan:
    return pack(Layout.POLAR_1, {"t_obs_ns": ns(1.0), "azimuth_deg_true": 1.0})


def _unhealthy(e: Emission) -> tuple[Look, ...]:
    return tuple(Look(k.sensor_id, k.kind, k.flyer_id, k.t_s, False) for k in e.looks)


def _radar() -> SimSensor:
    return SimSensor(
        sensor_id="radar0", kind="radar", at=Enu(0.0, 0.0, 5.0), range_m=1500.0, period_s=1.0,
        phase_s=1.0, clutter=0.0, boresight_deg=0.0, clock_skew_s=0.0, link_down=(), dies_s=None,
    )  # fmt: skip


def _still_world(at: Enu) -> World:
    base = make_world(1)
    still = Flyer(
        flyer_id="f0", kind="drone", behaviour="hover", path=paths.standing(at, t_end_s=61.0)
    )
    return msgspec.structs.replace(base, flyers=(still,), sensors=(_radar(),), until_s=61.0)
