"""An episode of warnings that is over becomes one candidate incident that says what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from vigia.events import Alert, AttackReported, Grounds, Post
from vigia.records.casualty import Casualty, Mechanism
from vigia.records.common import Span
from vigia.records.counts import Question, count
from vigia.records.growing import Answer, Story, grown, grown_from_hit
from vigia.records.incident import Incident, Kind, Status, Unit, Victims
from vigia.run.records.episode import record_id_of
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


def made_of(
    alerts: Sequence[Alert], attacks: Mapping[str, AttackReported] | None = None, *hurt: Casualty
) -> Incident | None:
    found = {f"c{n}": c for n, c in enumerate(hurt)}
    return grown("i", Story(alerts=alerts, attacks=attacks or {}, casualties=found, posts=POSTS))


def test_a_danger_that_is_over_is_a_candidate_near_miss_with_its_times_and_place() -> None:
    made = made_of([FIRST, OWN, replace(OWN, msg_type=MsgType.CANCEL), END])
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
    made = made_of([order, replace(END, tier=Tier.WARNING)], {"r1": ATTACK})
    assert made is not None
    assert (made.kind, made.unit, made.amount) == (Kind.ATTACK, Unit.ATTACK, Span(1, 1, 1))
    assert (made.place.lat_deg, made.report_ids) == (31.8, ("r1",))


def test_casualties_count_as_injured_with_the_least_where_the_number_is_not_said() -> None:
    t_ms = T0 // 1_000_000
    bare = Casualty(t_hit_ms=t_ms + 60_000, t_last_ms=t_ms)
    two = replace(bare, patients=2, mechanism=Mechanism.DRONE_BOMB)
    late = replace(bare, t_hit_ms=t_ms + 3 * 3_600_000)
    gone = replace(bare, withdrawn=True)
    made = made_of([FIRST, END], {}, bare, two, late, gone)
    assert made is not None
    assert made.kind is Kind.ATTACK  # a drone hurt somebody
    (harm,) = made.harm
    assert (harm.victims, harm.injured, harm.killed) == (Victims.UNSAID, Span(3), Span())
    exact = made_of([FIRST, END], {}, two)
    assert exact is not None
    assert exact.harm[0].injured == Span(2, 2, 2)


def test_what_goes_on_or_was_no_danger_makes_none() -> None:
    assert made_of([FIRST]) is None
    calm = [replace(a, tier=Tier.WARNING) for a in (FIRST, END)]
    assert made_of(calm) is None
    assert made_of(calm, {"r1": ATTACK}) is None  # of another episode
    assert made_of([]) is None
    assert record_id_of("i") == record_id_of("i") != record_id_of("j")


def test_its_story_is_in_order_says_how_far_the_warning_got_and_names_nobody() -> None:
    t_ms = T0 // 1_000_000
    rising = replace(FIRST, tier=Tier.WARNING)
    alerts = [rising, replace(FIRST, revision=2, t_decided_ns=T0 + 9 * S), OWN]
    ends = [replace(OWN, msg_type=MsgType.CANCEL), END]
    story = Story(
        alerts=[*alerts, *ends],
        posts=POSTS,
        sightings={"s1": t_ms + 2_000},
        answers=[Answer(delivered_ms=t_ms + 300, seen_ms=t_ms + 4_000), Answer()],
        missed=frozenset({"ben"}),
        casualties={"c": Casualty(t_hit_ms=t_ms + 60_000, t_last_ms=t_ms, patients=2)},
    )
    made = grown("i", story)
    assert made is not None
    assert [m.what for m in made.timeline] == [
        *("tier.warning", "first_delivered", "sighting", "first_seen", "tier.danger", "hit"),
        "end.all_clear",
    ]
    told = made.told
    assert told is not None
    assert (told.people, told.delivered, told.seen, told.safe, told.not_reached) == (1, 1, 1, 0, 1)
    assert (made.report_ids, made.casualty_ids, made.tracks) == (("s1",), ("c",), (41,))
    assert "eva" not in str(made)


def test_a_hit_without_a_warning_is_a_candidate_and_a_withdrawn_one_is_none() -> None:
    c = Casualty(t_hit_ms=T0 // 1_000_000, t_last_ms=0, position=Position(31.8, -106.7))
    made = grown_from_hit("c", c, post=POSTS["12"], agency_id="", mark="actual")
    assert made is not None
    assert (made.kind, made.amount, made.harm[0].injured) == (Kind.OTHER, Span(0, None, 1), Span(1))
    bomb = replace(c, mechanism=Mechanism.DRONE_BOMB)
    sure = grown_from_hit("c", bomb, post=None, agency_id="", mark="actual")
    assert sure is not None
    assert sure.kind is Kind.ATTACK
    gone = replace(c, withdrawn=True)
    assert grown_from_hit("c", gone, post=None, agency_id="", mark="actual") is None


def test_what_the_machine_made_is_never_counted_before_a_person_has_verified_it() -> None:
    made = made_of([FIRST, END])
    assert made is not None
    answer = count({"a": made}, Question(statuses=(Status.CANDIDATE, Status.VERIFIED)))
    assert (answer.total.records, answer.left_out) == (0, {"unproved": 1})
    checked = replace(made, status=Status.VERIFIED)
    assert count({"a": checked}, Question()).total.records == 1
