"""An episode of warnings that is over becomes one candidate incident that says what is known."""

from __future__ import annotations

from msgspec.structs import replace

from vigia.events import Alert, AttackReported, Grounds, Post
from vigia.records.casualty import Casualty, Mechanism
from vigia.records.common import Span
from vigia.records.incident import Kind, Status, Unit, Victims
from vigia.run.records.episode import grown, record_id_of
from vigia.terms import EndReason, Mark, MsgType, Position, Tier

S = 1_000_000_000
T0 = 1_800_000_000 * S
POSTS = {"12": Post(post_id="12", name="Post 12", position=Position(31.792, -106.742))}
FIRST = Alert(
    alert_id="a1", revision=1, msg_type=MsgType.ALERT, incident_id="i", target_id="post/12",
    person_id=None, tier=Tier.DANGER, mark=Mark.ACTUAL, action="take_cover", sound=True,
    t_cause_ns=T0, t_decided_ns=T0, t_expires_ns=T0 + 180 * S, track_ids=("t",),
    track_numbers=(41,), sources=("sensor/radar", "person"),
)  # fmt: skip
END = replace(
    FIRST, revision=2, msg_type=MsgType.CANCEL, t_decided_ns=T0 + 300 * S,
    end_reason=EndReason.ALL_CLEAR,
)  # fmt: skip
OWN = replace(FIRST, alert_id="a2", target_id="person/eva", person_id="eva")
ATTACK = AttackReported(report_id="r1", t_obs_ns=T0, position=Position(31.8, -106.75))


def test_a_danger_that_is_over_is_a_candidate_near_miss_with_its_times_and_place() -> None:
    made = grown("i", [FIRST, OWN, replace(OWN, msg_type=MsgType.CANCEL), END], {}, [], POSTS)
    assert made is not None
    assert (made.status, made.kind, made.unit) == (
        Status.CANDIDATE,
        Kind.NEAR_MISS,
        Unit.SIGHTING,
    )
    assert (made.begins, made.ends) == ("2027-01-15T08:00Z", "2027-01-15T08:05Z")
    assert (made.place.name, made.place.lat_deg) == ("Post 12", 31.792)
    assert made.alert_ids == ("a1", "a2")
    assert made.harm == ()  # nobody said anything: not 0, unknown
    assert "People warned: 1." in made.summary


def test_an_attack_report_makes_it_an_attack_at_the_place_that_was_reported() -> None:
    order = replace(FIRST, grounds=Grounds(rule="attack", order_id="r1"), tier=Tier.WARNING)
    made = grown("i", [order, replace(END, tier=Tier.WARNING)], {"r1": ATTACK}, [], POSTS)
    assert made is not None
    assert (made.kind, made.unit, made.amount) == (Kind.ATTACK, Unit.ATTACK, Span(1, 1, 1))
    assert (made.place.lat_deg, made.report_ids) == (31.8, ("r1",))


def test_casualties_count_as_injured_with_the_least_where_the_number_is_not_said() -> None:
    t_ms = T0 // 1_000_000
    bare = Casualty(t_hit_ms=t_ms + 60_000, t_last_ms=t_ms)
    two = replace(bare, patients=2, mechanism=Mechanism.DRONE_BOMB)
    late = replace(bare, t_hit_ms=t_ms + 3 * 3_600_000)
    gone = replace(bare, withdrawn=True)
    made = grown("i", [FIRST, END], {}, [bare, two, late, gone], POSTS)
    assert made is not None
    assert made.kind is Kind.ATTACK  # a drone hurt somebody
    (harm,) = made.harm
    assert (harm.victims, harm.injured, harm.killed) == (Victims.UNSAID, Span(3), Span())
    exact = grown("i", [FIRST, END], {}, [two], POSTS)
    assert exact is not None
    assert exact.harm[0].injured == Span(2, 2, 2)


def test_what_goes_on_or_was_no_danger_makes_none() -> None:
    assert grown("i", [FIRST], {}, [], POSTS) is None
    calm = [replace(a, tier=Tier.WARNING) for a in (FIRST, END)]
    assert grown("i", calm, {}, [], POSTS) is None
    assert grown("i", calm, {"r1": ATTACK}, [], POSTS) is None  # of another episode
    assert grown("i", [], {}, [], POSTS) is None
    assert record_id_of("i") == record_id_of("i") != record_id_of("j")
