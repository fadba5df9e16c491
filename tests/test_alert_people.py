"""What people may do to alerts, through the whole core: attack here, raise, undo, friendly,
all clear and its reversal, identity."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from test_flow import DEG_PER_M, ORIGIN, SETTINGS, T0, S, Shell, alerts, place
from vigia.alert_terms import FriendlyEnd, Via
from vigia.events import (
    Alert,
    AlertRaised,
    AllClear,
    AllClearAsked,
    AllClearReversed,
    AnyBody,
    AttackReported,
    Delivery,
    Fault,
    FriendlyEnded,
    MarkedFriendly,
    PersonAdded,
    PersonMoved,
    Policy,
    Post,
    ReportConfirmed,
    SensorHeard,
    Sighting,
    TrackIdentified,
    Undone,
)
from vigia.flow import Watch
from vigia.terms import (
    Bearing,
    EndReason,
    Identity,
    Motion,
    MsgType,
    Position,
    Role,
    Tier,
)


def north(m: float) -> Position:
    return Position(ORIGIN.lat_deg + m * DEG_PER_M, ORIGIN.lon_deg, 1200.0)


FAR = replace(
    SETTINGS,
    posts=(
        *SETTINGS.posts,
        Post(post_id="13", name="Post 13", position=north(400.0)),
        Post(post_id="14", name="Post 14", position=north(2_000.0)),
    ),
)


def town() -> Shell:
    """a and w stand at post 12, b at 13 (400 m north), c at 14 (2 km north)."""
    shell = Shell(FAR)
    shell.people()
    for person_id, post_id in (("b", "13"), ("c", "14")):
        shell.at(
            0.2,
            PersonAdded(
                person_id=person_id,
                name=person_id,
                agency_id="g",
                role=Role.AGENT,
                post_id=post_id,
            ),
        )
    return shell


def attack(t_s: float, **more: object) -> AttackReported:
    body = AttackReported(report_id="x1", t_obs_ns=T0 + int(t_s * S), person_id="a")
    return replace(body, **more)


def said(bodies: list[AnyBody]) -> dict[str, Alert]:
    return {b.target_id: b for b in bodies if isinstance(b, Alert)}


# ---- attack here -------------------------------------------------------------------------------


def test_attack_here_reaches_everybody_within_500_m_at_once_and_nobody_else() -> None:
    found = said(town().at(5, attack(5)))
    assert set(found) == {"person/a", "person/w", "person/b", "post/12", "post/13"}
    assert {a.tier for a in found.values()} == {Tier.DANGER}
    assert all(a.sound and a.action == "take_cover" for a in found.values())
    assert found["person/b"].from_point == "s"
    assert found["person/b"].range_m == pytest.approx(400.0, abs=2.0)
    grounds = found["person/b"].grounds
    assert grounds is not None
    assert (grounds.rule, grounds.order_id) == ("attack", "x1")


def test_the_most_endangered_are_served_first_by_distance_of_the_attack() -> None:
    deliveries = [b for b in town().at(5, attack(5)) if isinstance(b, Delivery)]
    assert [d.rank for d in deliveries] == sorted(d.rank for d in deliveries)
    assert len({d.rank for d in deliveries}) == len(deliveries)


def test_a_second_press_of_the_same_officer_joins_the_first_and_rings_nobody_again() -> None:
    shell = town()
    shell.at(5, attack(5))
    again = said(shell.at(9, attack(9, report_id="x2")))
    assert not any(a.sound for a in again.values())
    shell.at(187, SensorHeard(sensor_id="none", t_obs_ns=T0))
    assert len(shell.watch.open_alerts) == 5  # they stand on the newer press


def test_the_undo_of_either_press_takes_back_both() -> None:
    shell = town()
    shell.at(5, attack(5))
    shell.at(9, attack(9, report_id="x2"))
    ended = said(shell.at(12, attack(12, report_id="x2", withdrawn=True)))
    assert {a.end_reason for a in ended.values()} == {EndReason.WITHDRAWN}


def test_another_officer_or_another_place_is_a_report_of_its_own() -> None:
    shell = town()
    shell.at(5, attack(5))
    found = said(shell.at(9, attack(9, report_id="x2", person_id="b")))
    assert any(a.sound for a in found.values())


def test_a_repeated_attack_report_changes_nothing() -> None:
    shell = town()
    shell.at(5, attack(5))
    assert shell.at(6, attack(5)) == []


def test_an_attack_report_of_an_hour_ago_warns_nobody() -> None:
    shell = town()
    assert alerts(shell.at(4000, attack(5))) == []


def test_an_attack_report_without_a_place_warns_everybody_to_be_ready() -> None:
    shell = town()
    person = PersonAdded(person_id="n", name="n", agency_id="g", role=Role.AGENT)
    shell.at(1, person)
    found = said(shell.at(5, attack(5, person_id="n")))
    assert "person/c" in found
    assert {a.tier for a in found.values()} == {Tier.WARNING}


@pytest.mark.parametrize("report", [{"person_id": None, "position": ORIGIN}, {"via": Via.TEXT}])
def test_unenrolled_and_text_reports_give_warning_until_the_desk_confirms(
    report: dict[str, object],
) -> None:
    shell = town()
    found = said(shell.at(5, attack(5, **report)))
    assert {a.tier for a in found.values()} == {Tier.WARNING}
    [fault] = shell.at(6, ReportConfirmed(report_id="x1", by_person_id="a", reason="I saw it"))
    assert isinstance(fault, Fault)
    word = ReportConfirmed(report_id="x1", by_person_id="w", reason="called back")
    now = said(shell.at(7, word))
    assert set(now) == set(found)
    assert {a.tier for a in now.values()} == {Tier.DANGER}
    assert all(a.sound for a in now.values())


def test_who_comes_near_a_reported_attack_later_is_warned_too() -> None:
    shell = town()
    shell.at(5, attack(5))
    shell.at(20, PersonMoved(person_id="c", t_obs_ns=T0 + 20 * S, position=north(300.0)))
    shell.at(22, SensorHeard(sensor_id="rid", t_obs_ns=T0))
    found = [e.body for e in shell.out if isinstance(e.body, Alert)]
    assert [a.tier for a in found if a.target_id == "person/c"] == [Tier.DANGER]


def test_undoing_an_attack_report_corrects_everybody_who_was_alerted() -> None:
    shell = town()
    first = said(shell.at(5, attack(5)))
    [fault] = shell.at(8, attack(8, person_id="b", withdrawn=True))  # not his
    assert isinstance(fault, Fault)
    ends = said(shell.at(9, attack(9, withdrawn=True)))
    assert set(ends) == set(first)
    assert {(a.msg_type, a.end_reason, a.action) for a in ends.values()} == {
        (MsgType.CANCEL, EndReason.WITHDRAWN, "withdrawn")
    }


def test_undoing_it_beside_a_drone_leaves_the_drones_tier() -> None:
    shell = town()
    shell.approach(1, 3)
    shell.at(3.2, attack(3.2))
    word = Undone(order_id="x1", by_person_id="w", reason="he meant another place")
    now = said(shell.at(3.6, word))
    assert now["person/a"].msg_type is MsgType.UPDATE
    assert now["person/a"].tier < Tier.DANGER
    assert now["person/b"].msg_type is MsgType.UPDATE or now["person/b"].end_reason


def test_a_confirmed_drone_at_a_reported_attack_is_hostile_and_no_friend() -> None:
    shell = town()
    shell.approach(1, 50)
    [track] = {t for a in alerts(e.body for e in shell.out) for t in a.track_ids}
    shell.at(50.5, MarkedFriendly(track_id=track, by_person_id="w", reason="ours"))
    found = shell.at(51, attack(51, position=north(165.0)))
    [ended] = [b for b in found if isinstance(b, FriendlyEnded)]
    assert ended.why is FriendlyEnd.ATTACK
    again = [a for a in alerts(shell.at(56, place(56, north_m=150.0))) if a.track_ids]
    assert again[-1].identity is Identity.HOSTILE


def test_undoing_a_sighting_tells_everybody_it_warned_that_it_was_taken_back() -> None:
    shell = town()
    report = Sighting(
        report_id="r1",
        t_obs_ns=T0 + 5 * S,
        person_id="a",
        bearing=Bearing(0.0, 10.0),
        motion=Motion.TOWARDS_ME,
    )
    first = said(shell.at(5, report))
    assert "person/a" in first
    undo = replace(report, report_id="r2", refines="r1", withdrawn=True)
    ends = said(shell.at(9, undo))
    assert {t: a.end_reason for t, a in ends.items()} == dict.fromkeys(first, EndReason.WITHDRAWN)


# ---- raise and widen ---------------------------------------------------------------------------


def test_one_act_of_a_watch_officer_raises_and_widens_with_a_reason() -> None:
    shell = town()
    shell.approach(1, 8)
    [incident] = {a.incident_id for a in alerts(e.body for e in shell.out)}
    word = AlertRaised(
        raise_id="h1",
        by_person_id="w",
        reason="seen by the tower",
        tier=Tier.DANGER,
        incident_id=incident,
        radius_m=5_000.0,
    )
    [fault] = shell.at(9, replace(word, by_person_id="a"))
    assert isinstance(fault, Fault)
    found = said(shell.at(9.5, word))
    assert {"person/a", "person/b", "person/c"} <= set(found)
    assert {a.tier for a in found.values()} == {Tier.DANGER}
    assert {a.by_person_id for a in found.values()} == {"w"}
    grounds = found["person/c"].grounds
    assert grounds is not None
    assert (grounds.rule, grounds.reason) == ("raised", "seen by the tower")


def test_a_raise_for_named_targets_warns_them_only() -> None:
    word = AlertRaised(
        raise_id="h1", by_person_id="w", reason="r", tier=Tier.WARNING, target_ids=("person/c",)
    )
    assert set(said(town().at(5, word))) == {"person/c"}


def test_a_raised_alert_ends_by_expiry_as_not_confirmed_gone() -> None:
    shell = town()
    for t in range(1, 6):
        shell.at(t, SensorHeard(sensor_id="rid", t_obs_ns=T0))
    shell.at(5.5, AlertRaised(raise_id="h1", by_person_id="w", reason="r", tier=Tier.DANGER))
    for t in range(6, 200):
        shell.at(t, SensorHeard(sensor_id="rid", t_obs_ns=T0))
    ends = [a for a in alerts(e.body for e in shell.out) if a.msg_type is MsgType.CANCEL]
    assert [(a.end_reason, a.action) for a in ends] == [(EndReason.EXPIRED, "not_confirmed_gone")]


# ---- friendly ----------------------------------------------------------------------------------


def test_a_friendly_drone_warns_nobody_below_danger_and_is_void_when_it_attacks() -> None:
    shell = town()
    shell.approach(1, 6)
    [track] = {t for a in alerts(e.body for e in shell.out) for t in a.track_ids}
    ends = said(shell.at(7, MarkedFriendly(track_id=track, by_person_id="w", reason="ours")))
    assert {a.end_reason for a in ends.values()} == {EndReason.FRIENDLY}
    quiet = [alerts(shell.at(t, place(t, north_m=900 - 15 * t))) for t in range(8, 11)]
    assert quiet == [[]] * 3
    for t in range(11, 56):
        shell.at(t, place(t, north_m=900 - 15 * t))
    bodies = [e.body for e in shell.out]
    assert [b.why for b in bodies if isinstance(b, FriendlyEnded)] == [FriendlyEnd.DANGER]
    assert [a.tier for a in alerts(bodies)][-1] is Tier.DANGER


def test_marking_friendly_never_ends_an_active_danger() -> None:
    shell = town()
    shell.approach(1, 50)
    last = alerts(e.body for e in shell.out)[-1]
    assert last.tier is Tier.DANGER
    word = MarkedFriendly(track_id=last.track_ids[0], by_person_id="w", reason="ours")
    assert "person/a" not in said(shell.at(51, word))
    assert "person/a" in {a.target_id for a in shell.watch.open_alerts}


# ---- all clear ---------------------------------------------------------------------------------


def test_an_all_clear_asks_again_for_what_came_up_meanwhile() -> None:
    shell = town()
    shell.approach(1, 20)
    word = AllClear(by_person_id="w", reason="landed", clear_id="c1")
    [asked] = shell.at(21, replace(word, accepts=("track/another",)))
    assert isinstance(asked, AllClearAsked)
    assert asked.open[0].startswith("track/")
    # the receiver has heard nothing for a minute: whether it works cannot be proved
    for t in range(22, 100):
        shell.at(t, Fault(where="x", whose="world", what="quiet"))
    [later] = shell.at(100, replace(word, accepts=asked.open))
    assert isinstance(later, AllClearAsked)
    assert {o for o in later.open if o.startswith("blind/")} == {
        "blind/12",
        "blind/13",
        "blind/14",
    }
    ends = said(shell.at(101, replace(word, accepts=later.open)))
    assert ends["person/a"].end_reason is EndReason.ALL_CLEAR


def test_a_reversed_all_clear_warns_the_same_people_again() -> None:
    shell = town()
    first = set(said(shell.at(5, attack(5))))
    word = AllClear(by_person_id="w", reason="mistake", clear_id="c1")
    [asked] = shell.at(6, word)
    assert isinstance(asked, AllClearAsked)
    assert set(said(shell.at(7, replace(word, accepts=asked.open)))) == first
    back = AllClearReversed(by_person_id="w", reason="it is still there", clear_id="c1")
    again = said(shell.at(8, back))
    assert set(again) == first
    assert all(a.sound and a.msg_type is MsgType.ALERT for a in again.values())
    assert {a.tier for a in again.values()} == {Tier.DANGER}
    [fault] = shell.at(9, back)
    assert isinstance(fault, Fault)


# ---- identity ----------------------------------------------------------------------------------


def test_the_machine_says_suspect_at_most_and_a_named_person_hostile() -> None:
    shell = town()
    shell.approach(1, 45)
    machine = {a.identity for a in alerts(e.body for e in shell.out)}
    assert machine <= {Identity.UNKNOWN, Identity.SUSPECT}
    assert Identity.SUSPECT in machine
    [track] = {t for a in alerts(e.body for e in shell.out) for t in a.track_ids}
    tier = alerts(e.body for e in shell.out)[-1].tier
    word = TrackIdentified(
        track_id=track, identity=Identity.HOSTILE, by_person_id="w", reason="dropped a grenade"
    )
    shell.at(46, word)
    for t in range(46, 52):
        shell.at(t + 0.5, place(t + 0.5, north_m=900 - 15 * t))
    after = alerts(e.body for e in shell.out)[-1]
    assert (after.identity, after.tier) == (Identity.HOSTILE, tier)


def test_a_suspect_can_cause_danger() -> None:
    shell = town()
    shell.approach(1, 50)
    said_ = alerts(e.body for e in shell.out)
    assert any(a.identity is Identity.SUSPECT and a.tier is Tier.DANGER for a in said_)


# ---- the core goes on the same from a snapshot ---------------------------------------------------


def test_orders_marks_and_clears_survive_a_snapshot() -> None:
    shell = town()
    shell.approach(1, 8)
    shell.at(9, attack(9))
    word = AllClear(by_person_id="w", reason="m", clear_id="c1")
    [asked] = shell.at(10, word)
    assert isinstance(asked, AllClearAsked)
    shell.at(11, replace(word, accepts=asked.open))
    twin = Watch.restore(shell.watch.snapshot())
    back = AllClearReversed(by_person_id="w", reason="still there")
    here = shell.at(12, back)
    for event in shell.inputs[-3:]:
        if event.seq > twin._s.seq:
            there = [e.body for e in twin.receive(event)]
    assert there == here


def test_policy_numbers_are_those_of_the_issue() -> None:
    p = Policy()
    assert (p.expire_s, p.attack_m, p.friendly_s, p.flood_rings) == (180.0, 500.0, 600.0, 10)
