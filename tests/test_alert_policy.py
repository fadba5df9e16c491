"""The table of transitions in docs/alerts.md, each row a test: threats in, alert revisions out."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from vigia.alert.clear import all_clear
from vigia.alert.policy import EPOCH, AlertPolicy
from vigia.alert.state import AlertState, Scene, Sight
from vigia.delivery.chase import ReachState
from vigia.delivery.plan import acknowledge, plan
from vigia.events import (
    Acknowledged,
    Alert,
    AlertsHeld,
    AllClear,
    CoreSettings,
    Delivery,
    Policy,
)
from vigia.terms import AckKind, EndReason, Mark, MsgType, Position, Tier
from vigia.threats import Threat

S = 1_000_000_000
TRACK = "0123456789abcdef"


P_HIT = {Tier.NONE: 0.0, Tier.WATCH: 0.05, Tier.WARNING: 0.2, Tier.DANGER: 0.5}


def threat(tier: Tier, t_s: float, **more: object) -> Threat:
    """Each with the probability that gives its tier."""
    base = Threat(
        track_id=TRACK, number=1, target_id="person/a", person_id="a", tier=tier, mark=1,
        confirmed=True, p_hit=P_HIT[tier], earliest_s=20.0, p10_s=30.0, p50_s=40.0, p90_s=60.0,
        range_m=700.0, range_sure=True, bearing_deg_true=225.0, bearing_sure=True,
        height_m=60.0, load=False,
        t_cause_ns=int(t_s * S), t_last_ns=int(t_s * S),
    )  # fmt: skip
    return replace(base, **more)


POLICY = Policy()


class Desk:
    """The policy with its clock in seconds."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.state = AlertState()
        self.policy = AlertPolicy(policy, self.state)

    def at(
        self, t_s: float, *threats: Threat, live: tuple[str, ...] = (TRACK,), **more: Any
    ) -> list[Alert]:
        heard = {t.track_id: t.t_cause_ns for t in threats}
        return self.policy.decide(
            threats,
            Scene(
                t_ns=int(t_s * S),
                live={k: int(t_s * S) for k in live} | heard,
                sources=lambda _: ("sensor/radar",),
                **more,
            ),
        )

    def tier(self, t_s: float, tier: Tier) -> list[Alert]:
        return self.at(t_s, threat(tier, t_s))


def test_a_first_threat_rings_and_says_what_to_do() -> None:
    [a] = Desk().tier(1, Tier.WARNING)
    assert (a.msg_type, a.tier, a.action, a.sound, a.revision) == (
        MsgType.ALERT, Tier.WARNING, "get_ready", True, 1,
    )  # fmt: skip
    assert (a.from_point, a.mark, a.t_earliest_ns) == ("sw", Mark.EXERCISE, 21 * S)
    assert a.sources == ("sensor/radar",)


def test_a_tier_rises_at_once_and_rings_again() -> None:
    desk = Desk()
    [first] = desk.tier(1, Tier.WATCH)
    [second] = desk.tier(1.1, Tier.DANGER)
    assert (second.alert_id, second.msg_type, second.tier) == (
        first.alert_id, MsgType.UPDATE, Tier.DANGER,
    )  # fmt: skip
    assert second.sound
    assert second.revision == 2


def test_a_tier_falls_only_after_hold_s_of_lower_evidence() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    tiers = [a.tier for t in range(1, 16) for a in desk.tier(t, Tier.WATCH)]
    assert set(tiers) == {Tier.WARNING}
    [fallen] = desk.tier(16.5, Tier.WATCH)
    assert (fallen.tier, fallen.sound) == (Tier.WATCH, False)


def test_danger_falls_only_when_the_drone_goes_away() -> None:
    desk = Desk()
    desk.tier(0, Tier.DANGER)
    stays = [a for t in range(1, 60) for a in desk.tier(t, Tier.WATCH)]
    assert {a.tier for a in stays} == {Tier.DANGER}
    assert {a.grounds.rule for a in stays if a.grounds} == {"held"}
    [fallen] = desk.at(60, threat(Tier.WATCH, 60, range_m=760.0))
    assert (fallen.tier, fallen.sound) == (Tier.WATCH, False)


def test_danger_falls_when_the_drone_is_said_to_depart() -> None:
    desk = Desk()
    desk.tier(0, Tier.DANGER)
    said = [a for t in range(1, 20) for a in desk.at(t, threat(Tier.WATCH, t, departing=True))]
    assert said[-1].tier is Tier.WATCH


def test_what_is_only_believed_to_be_no_drone_near_by_does_not_end_danger() -> None:
    desk = Desk()
    desk.tier(0, Tier.DANGER)
    said = [a for t in range(1, 100) for a in desk.at(t)]  # tracked, and a threat no more
    assert not any(a.msg_type is MsgType.CANCEL for a in said)


def test_a_tier_is_not_left_between_the_falling_and_the_rising_threshold() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    said = [a for t in range(1, 60) for a in desk.at(t, threat(Tier.WATCH, t, p_hit=0.12))]
    assert {a.tier for a in said} == {Tier.WARNING}
    said = [a for t in range(60, 90) for a in desk.at(t, threat(Tier.WATCH, t, p_hit=0.10))]
    assert said[-1].tier is Tier.WATCH


def test_nobody_knowing_where_a_person_is_does_not_end_his_alert() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    said = [a for t in range(1, 60) for a in desk.at(t, known=frozenset())]
    assert not any(a.msg_type is MsgType.CANCEL for a in said)


def test_weak_evidence_alone_gives_watch_whoever_assessed_it() -> None:
    [a] = Desk().at(0, threat(Tier.DANGER, 0, weak=True))
    assert a.tier is Tier.WATCH


def test_a_blind_area_stops_the_clock_of_expiry_and_says_so_before_it_would_have_ended() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    blind = {"live": (), "sight": lambda _: Sight(blind=True)}
    said = [a for t in range(1, 400) for a in desk.at(t, **blind)]
    assert not any(a.msg_type is MsgType.CANCEL for a in said)
    for before, after in pairwise(said):
        assert after.t_decided_ns < before.t_expires_ns
    assert said[-1].grounds is not None
    assert said[-1].grounds.blind
    ends = [a for t in range(400, 600) for a in desk.at(t, live=()) if a.end_reason]
    assert [(a.end_reason, a.t_decided_ns // S) for a in ends] == [(EndReason.EXPIRED, 578)]


def test_the_clock_stands_still_for_blind_s_at_most() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    sight = lambda _: Sight(blind=True)  # noqa: E731
    ends = [
        a
        for t in range(1, 2200)
        for a in desk.at(t, live=(), sight=sight)
        if a.msg_type is MsgType.CANCEL
    ]
    assert [a.t_decided_ns // S for a in ends] == [1980]


def test_while_the_watch_was_down_nothing_expires() -> None:
    desk = Desk()
    desk.tier(1, Tier.WARNING)
    desk.at(60, live=())
    desk.policy.restarted(600 * S)
    ends = [a for t in range(601, 800) for a in desk.at(t, live=()) if a.end_reason]
    # 59 s had run before; the live track of the last look keeps its evidence of second 1
    assert [(a.end_reason, a.t_decided_ns // S) for a in ends] == [(EndReason.EXPIRED, 721)]


def test_radar_alone_is_blind_to_a_drone_that_hovered() -> None:
    for slow, end_s in (((), 180), ((TRACK,), None)):
        desk = Desk()
        desk.at(0, threat(Tier.WARNING, 0))
        desk.at(1, threat(Tier.WARNING, 0), slow=frozenset(slow), live=(TRACK,))
        radar = {"live": (), "sight": lambda _: Sight(blind_to_hover=True)}
        ends = [
            a for t in range(2, 300) for a in desk.at(t, **radar) if a.msg_type is MsgType.CANCEL
        ]
        assert [a.t_decided_ns // S for a in ends] == ([] if end_s is None else [end_s])


def test_stale_evidence_lowers_nothing() -> None:
    desk = Desk()
    desk.tier(0, Tier.DANGER)
    old = threat(Tier.WATCH, 0)
    assert all(a.tier is Tier.DANGER for t in range(1, 60) for a in desk.at(t, old))


def test_updates_that_do_not_escalate_are_silent_and_at_most_every_repeat_s() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    said = [a for t in range(1, 30) for a in desk.at(t / 2, threat(Tier.WARNING, t / 2))]
    assert len(said) == 2
    assert not any(a.sound for a in said)


def test_a_much_earlier_arrival_and_another_direction_ring_again() -> None:
    desk = Desk()
    desk.at(0, threat(Tier.WARNING, 0, earliest_s=60.0))
    [earlier] = desk.at(1, threat(Tier.WARNING, 1, earliest_s=40.0))
    assert earlier.sound
    [turned] = desk.at(2, threat(Tier.WARNING, 2, earliest_s=40.0, bearing_deg_true=10.0))
    assert turned.sound


def test_a_lost_drone_is_not_confirmed_gone_and_then_expires() -> None:
    desk = Desk()
    desk.tier(0, Tier.DANGER)
    [lost] = desk.at(1, live=())
    assert (lost.action, lost.tier, lost.msg_type) == (
        "stay_in_cover", Tier.DANGER, MsgType.UPDATE,
    )  # fmt: skip
    assert lost.t_earliest_ns is None
    assert desk.at(100, live=()) == []
    [end] = desk.at(180, live=())
    assert (end.msg_type, end.end_reason, end.action) == (
        MsgType.CANCEL, EndReason.EXPIRED, "not_confirmed_gone",
    )  # fmt: skip
    assert desk.state.open == {}


def test_a_drone_seen_to_go_away_ends_as_departed_after_hold_s() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    assert desk.at(1) == []
    [end] = desk.at(17)
    assert end.end_reason is EndReason.DEPARTED


def test_a_return_after_the_end_is_a_new_alert() -> None:
    desk = Desk()
    [first] = desk.tier(0, Tier.WARNING)
    desk.at(1)
    desk.at(17)
    [again] = desk.tier(30, Tier.WARNING)
    assert again.alert_id != first.alert_id
    assert again.msg_type is MsgType.ALERT
    assert again.sound


def test_a_raid_is_one_alert_that_lists_its_drones() -> None:
    desk = Desk()
    [a] = desk.at(0, threat(Tier.DANGER, 0), threat(Tier.WATCH, 0, track_id="f" * 16, number=2))
    assert a.track_numbers == (1, 2)
    assert a.tier is Tier.DANGER


def test_marks_never_share_an_alert() -> None:
    said = Desk().at(0, threat(Tier.WATCH, 0), threat(Tier.WATCH, 0, mark=0, track_id="f" * 16))
    assert {a.mark for a in said} == {Mark.ACTUAL, Mark.EXERCISE}
    assert len({a.alert_id for a in said}) == 2


def test_most_endangered_first() -> None:
    said = Desk().at(
        0,
        threat(Tier.WATCH, 0, target_id="person/c", person_id="c", earliest_s=1.0),
        threat(Tier.DANGER, 0, target_id="person/a", earliest_s=30.0),
        threat(Tier.DANGER, 0, target_id="person/b", person_id="b", earliest_s=10.0),
    )
    assert [a.person_id for a in said] == ["b", "a", "c"]
    site = CoreSettings(mode=Mark.ACTUAL, origin=Position(0.0, 0.0))
    sent = plan(ReachState(), said, site, 0)
    assert [d.rank for d in sent if isinstance(d, Delivery)] == [0, 1, 2]


def test_all_clear_names_its_author_and_silences_the_same_drone_below_danger() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    [end] = all_clear(desk.policy, AllClear(by_person_id="w", reason="landed"), 1 * S)
    assert (end.end_reason, end.by_person_id, end.action) == (
        EndReason.ALL_CLEAR, "w", "all_clear",
    )  # fmt: skip
    assert desk.tier(2, Tier.WARNING) == []
    [danger] = desk.tier(3, Tier.DANGER)
    assert danger.sound


def test_after_clear_s_the_same_drone_may_warn_again() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    all_clear(desk.policy, AllClear(by_person_id="w", reason="landed"), 1 * S)
    assert desk.tier(122, Tier.WARNING)


def test_a_track_that_was_no_drone_ends_its_alerts_as_false() -> None:
    desk = Desk()
    desk.tier(0, Tier.WATCH)
    [end] = desk.policy.drop_tracks(frozenset({TRACK}), 1 * S)
    assert end.end_reason is EndReason.FALSE


def test_a_returning_page_gets_its_own_again_and_unknown_ones_cancelled() -> None:
    desk = Desk()
    [own] = desk.tier(0, Tier.WARNING)
    held = AlertsHeld(device_id="d", person_id="a", alert_ids=(own.alert_id, "stranger"))
    known, unknown = desk.policy.adopt(held, 5 * S, Mark.EXERCISE)
    assert known == [own]
    assert [(u.alert_id, u.msg_type, u.end_reason) for u in unknown] == [
        ("stranger", MsgType.CANCEL, EndReason.UNKNOWN_AFTER_RESTART)
    ]


def test_revisions_after_a_restart_are_above_any_that_was_lost() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    desk.policy.restarted()
    [next_] = desk.tier(1, Tier.DANGER)
    assert next_.revision == EPOCH + 1


def test_an_acknowledgement_counts_once_for_each_meaning() -> None:
    state = ReachState()
    ack = Acknowledged(
        alert_id="x", revision=1, person_id="a", device_id="d", kind=AckKind.SAFE, t_obs_ns=1
    )
    assert acknowledge(state, ack) is not None
    assert acknowledge(state, ack) is None
    assert acknowledge(state, replace(ack, kind=AckKind.SEEN)) is not None


def test_old_evidence_that_outlives_its_alert_raises_no_new_one() -> None:
    desk = Desk()
    old = threat(Tier.WATCH, 0)
    desk.at(0, old)
    said = [a for t in range(1, 400) for a in desk.at(t, old)]
    assert [a.msg_type for a in said].count(MsgType.CANCEL) == 1
    assert [a.msg_type for a in said].count(MsgType.ALERT) == 0


def test_the_announced_expiry_never_goes_back_when_the_fresher_track_ends() -> None:
    desk = Desk()
    fresh, old = threat(Tier.WARNING, 50), threat(Tier.WATCH, 10, track_id="f" * 16)
    [both] = desk.at(50, fresh, old)
    [one] = desk.at(60, old, live=())
    assert one.t_expires_ns == both.t_expires_ns == 230 * S


def test_a_direction_or_range_that_is_a_guess_is_not_told() -> None:
    [a] = Desk().at(0, threat(Tier.WATCH, 0, range_sure=False, bearing_sure=False))
    assert (a.range_m, a.bearing_deg_true, a.from_point) == (None, None, None)


def test_a_console_that_lists_everybodys_alerts_ends_none_of_them() -> None:
    desk = Desk()
    [own] = desk.tier(0, Tier.WARNING)
    held = AlertsHeld(device_id="c", person_id="officer", alert_ids=(own.alert_id,))
    assert desk.policy.adopt(held, 5 * S, Mark.EXERCISE) == ([], [])


def test_an_attacker_that_falls_silent_keeps_its_tier_whatever_another_drone_does() -> None:
    desk = Desk()
    other = "f" * 16
    desk.at(0, threat(Tier.DANGER, 0), threat(Tier.WATCH, 0, track_id=other, number=2))
    said = [
        a
        for t in range(1, 180)
        for a in desk.at(t, threat(Tier.WATCH, t, track_id=other, number=2), live=(other,))
    ]
    assert {a.tier for a in said} == {Tier.DANGER}
    assert {a.action for a in said} == {"stay_in_cover"}
    later = [
        a
        for t in range(180, 400)
        for a in desk.at(t, threat(Tier.WATCH, t, track_id=other, number=2), live=(other,))
    ]
    assert {(a.tier, a.action) for a in later} <= {(Tier.DANGER, "stay_in_cover")}
    ends = [a for t in range(400, 420) for a in desk.at(t, live=(other,))]
    assert [a.end_reason for a in ends] == [EndReason.EXPIRED]  # one was never seen to leave


def test_a_track_that_only_coasts_out_of_reach_has_not_departed() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    stale = {TRACK: 0}
    for t in range(1, 100):
        said = desk.policy.decide([], Scene(t_ns=t * S, live=stale, sources=lambda _: ()))
        assert not any(a.msg_type is MsgType.CANCEL for a in said)


def test_a_lost_drone_that_is_found_again_rings() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    desk.at(1, live=())
    [again] = desk.tier(2, Tier.WARNING)
    assert again.sound


def test_two_drones_judged_one_after_the_other_end_the_alert_as_false() -> None:
    desk = Desk()
    other = "f" * 16
    desk.at(0, threat(Tier.DANGER, 0), threat(Tier.WATCH, 0, track_id=other, number=2))
    assert desk.policy.drop_tracks(frozenset({TRACK}), 1 * S) == []
    [end] = desk.policy.drop_tracks(frozenset({other}), 2 * S)
    assert end.end_reason is EndReason.FALSE


def test_what_no_live_track_needs_is_forgotten() -> None:
    desk = Desk()
    for n in range(50):
        desk.at(n, threat(Tier.WATCH, n, track_id=f"{n:016x}"), live=())
    desk.at(500, live=())
    desk.at(501, live=())
    assert desk.state.incident_of == {}
    assert desk.state.open == {}


def test_an_alert_raised_again_after_an_unknown_cancel_outranks_it() -> None:
    desk = Desk()
    held = AlertsHeld(device_id="d", person_id="a", alert_ids=("x",))
    _, [cancel] = desk.policy.adopt(held, 0, Mark.EXERCISE)
    [alert] = desk.tier(1, Tier.DANGER)
    assert alert.revision > cancel.revision


def test_a_drone_overhead_does_not_ring_again_for_its_direction() -> None:
    desk = Desk()
    desk.at(0, threat(Tier.DANGER, 0, range_m=60.0))
    said = desk.at(6, threat(Tier.DANGER, 6, range_m=60.0, bearing_deg_true=10.0))
    assert not any(a.sound for a in said)


def test_a_lost_alert_names_only_the_drones_that_are_still_feared() -> None:
    desk = Desk()
    other = "f" * 16
    desk.at(0, threat(Tier.DANGER, 0), threat(Tier.WATCH, 0, track_id=other, number=2))
    desk.policy.drop_tracks(frozenset({other}), 1 * S)
    [lost] = desk.at(2, live=())
    assert (lost.track_ids, lost.track_numbers) == ((TRACK,), (1,))


def test_what_was_known_at_the_all_clear_does_not_undo_it() -> None:
    desk = Desk()
    desk.tier(0, Tier.DANGER)
    all_clear(desk.policy, AllClear(by_person_id="w", reason="landed"), 1 * S)
    assert desk.at(2, threat(Tier.DANGER, 0)) == []
    assert desk.at(3, threat(Tier.DANGER, 3))


# ---- silence on its way ------------------------------------------------------------------------


def _coming(desk: Desk, p_attack: float) -> None:
    for t in range(1, 4):
        desk.at(t, threat(Tier.WARNING, t, p_hit=0.7, p_attack=p_attack, p10_s=8.0, p50_s=12.0))


def _silent(desk: Desk, until_s: int) -> list[Alert]:
    """The track coasts on; nothing new is heard of it."""
    return [
        a
        for t in range(4, until_s)
        for a in desk.at(t, threat(Tier.WATCH, 3.0, p_hit=0.1), live=())
    ]


def test_who_falls_silent_on_its_way_here_is_danger_when_it_is_due() -> None:
    desk = Desk(Policy(danger_asks_attack=True))
    _coming(desk, 0.6)
    said = _silent(desk, 14)
    [danger] = [a for a in said if a.tier is Tier.DANGER and a.sound]
    assert danger.action == "take_cover"
    assert danger.grounds is not None
    assert danger.grounds.rule == "overdue"
    assert 4 * S <= danger.t_decided_ns - 3 * S <= 8 * S


def test_a_raids_earliest_arrival_is_that_of_whichever_drone_may_come_first() -> None:
    far = threat(Tier.DANGER, 0.0, earliest_s=9.0)
    near = threat(Tier.WARNING, 0.0, track_id="b" * 16, number=2, earliest_s=4.0)
    watching = threat(Tier.WATCH, 0.0, track_id="c" * 16, number=3, earliest_s=1.0)
    [alert] = Desk().at(0, far, near, watching)
    assert alert.t_earliest_ns == 4 * S


def test_who_was_not_likely_to_attack_is_not_due() -> None:
    desk = Desk(Policy(danger_asks_attack=True))
    _coming(desk, 0.3)
    assert all(a.tier < Tier.DANGER for a in _silent(desk, 30))


def test_what_is_only_unproved_stops_the_clock_no_longer_than_the_clock_itself() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    sight = lambda _: Sight(blind=True, unproved=True)  # noqa: E731
    said = [a for t in range(1, 400) for a in desk.at(t, live=(), sight=sight)]
    assert said[-1].msg_type is MsgType.CANCEL
    assert 355 * S <= said[-1].t_decided_ns <= 365 * S
