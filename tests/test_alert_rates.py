"""How often somebody is rung is counted and told; and how a mark "friendly" ends."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from test_alert_policy import TRACK, Desk, S, threat
from vigia.alert import friendly
from vigia.alert.rates import RateState, count
from vigia.alert.state import Scene
from vigia.alert_terms import FriendlyEnd
from vigia.events import Alert, MarkedFriendly, Policy, RateFlagged
from vigia.terms import EndReason, Mark, MsgType, Tier
from vigia.tracktable import TrackFlag

RING = Alert(
    alert_id="a1", revision=1, msg_type=MsgType.ALERT, incident_id="i", target_id="person/a",
    person_id="a", tier=Tier.WATCH, mark=Mark.ACTUAL, action="be_aware", sound=True,
    t_cause_ns=0, t_decided_ns=0, t_expires_ns=0,
)  # fmt: skip


def rung(state: RateState, *at_s: float, **more: object) -> list[RateFlagged]:
    flags = [
        count(state, replace(RING, t_decided_ns=int((10_000 + t) * S), **more), Policy())
        for t in at_s
    ]
    return [f for f in flags if f is not None]


def test_ten_in_ten_minutes_are_a_flood_told_once() -> None:
    flags = rung(RateState(), *(30.0 * k for k in range(14)))
    assert [(f.rings, f.flood) for f in flags] == [(7, False), (10, True)]


def test_one_in_ten_minutes_is_nothing_to_tell() -> None:
    assert rung(RateState(), *(600.0 * k for k in range(30))) == []


def test_more_than_one_in_ten_minutes_on_average_is_told_once_an_hour() -> None:
    flags = rung(RateState(), *(300.0 * k for k in range(25)))
    assert [f.flood for f in flags] == [False, False]


def test_what_is_silent_ended_or_nobodys_is_no_ring() -> None:
    many = [10.0 * k for k in range(40)]
    assert rung(RateState(), *many, sound=False) == []
    assert rung(RateState(), *many, person_id=None) == []
    assert rung(RateState(), *many, msg_type=MsgType.CANCEL) == []


def test_danger_is_never_suppressed_by_a_flood() -> None:
    desk = Desk()
    said = [
        a
        for k in range(40)
        for a in desk.at(20 * k, threat(Tier.DANGER, 20 * k, bearing_deg_true=90.0 * (k % 4)))
    ]
    assert sum(a.sound for a in said) == 40


def marked(desk: Desk, t_s: float, flags: int = 0) -> None:
    body = MarkedFriendly(track_id=TRACK, by_person_id="w", reason="ours")
    scene = Scene(t_ns=int(t_s * S), live={TRACK: 0}, sources=lambda _: (), flags={TRACK: flags})
    assert friendly.mark(desk.state, body, scene, Policy()) is None
    desk.policy.forget_fears(
        lambda track_id, fear: track_id == TRACK and fear.tier < Tier.DANGER,
        EndReason.FRIENDLY,
        t_ns=int(t_s * S),
        by_person_id="w",
    )


def swept(desk: Desk, t_s: float, tier: Tier = Tier.WATCH, flags: int = 0) -> list[FriendlyEnd]:
    scene = Scene(t_ns=int(t_s * S), live={TRACK: 0}, sources=lambda _: (), flags={TRACK: flags})
    return [e.why for e in friendly.sweep(desk.state, [threat(tier, t_s)], scene)]


def test_a_mark_ends_after_ten_minutes_and_the_drone_warns_again() -> None:
    desk = Desk()
    desk.tier(0, Tier.WARNING)
    marked(desk, 1)
    assert desk.state.open == {}
    assert desk.tier(2, Tier.WARNING) == []
    assert swept(desk, 600) == []
    assert swept(desk, 601.5) == [FriendlyEnd.TIME]
    assert desk.tier(602, Tier.WARNING)


@pytest.mark.parametrize(
    ("flag", "why"),
    [
        (TrackFlag.CLOSING, FriendlyEnd.CLOSING),
        (TrackFlag.LOAD, FriendlyEnd.LOAD),
        (TrackFlag.ID_CONFLICT, FriendlyEnd.IDENTITY),
    ],
)
def test_a_mark_is_void_on_contradicting_evidence(flag: TrackFlag, why: FriendlyEnd) -> None:
    desk = Desk()
    marked(desk, 1)
    assert swept(desk, 2, flags=int(TrackFlag.HUMAN)) == []
    assert swept(desk, 3, flags=int(flag)) == [why]


def test_what_was_known_when_it_was_marked_does_not_contradict_it() -> None:
    desk = Desk()
    marked(desk, 1, flags=int(TrackFlag.LOAD))
    assert swept(desk, 2, flags=int(TrackFlag.LOAD)) == []


def test_a_new_danger_voids_the_mark_and_one_that_stood_does_not() -> None:
    desk = Desk()
    marked(desk, 1)
    assert swept(desk, 2, Tier.DANGER) == [FriendlyEnd.DANGER]
    desk = Desk()
    desk.tier(0, Tier.DANGER)
    marked(desk, 1)
    assert len(desk.state.open) == 1
    assert swept(desk, 2, Tier.DANGER) == []
