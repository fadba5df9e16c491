"""T0 to T4 of each alert and person, from the journal's events and from the ledger's entries."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from ledger_world import T_NS, Journal, alert, answer, delivery, handed, night
from vigia.events import Delivery, Event, Tick
from vigia.ledger.entry import commit_who, encode_entry
from vigia.ledger.remember import entries
from vigia.ledger.times import AlertTimes, alert_times, entry_times, moment
from vigia.terms import AckKind, Channel, MsgType, Tier

MS = 1_000_000


def salt(subject: str, owner: str | None = None) -> bytes:
    return sha256(subject.encode()).digest()


def events_of(journal: Journal) -> list[Event]:
    return [e for e in journal.events() if isinstance(e, Event)]


def spans_ms(times: AlertTimes) -> tuple[float | None, ...]:
    moments = (times.t1_ns, times.t2_ns, times.t3_ns, times.t4_ns)
    return tuple(None if t is None else (t - times.t0_ns) // MS for t in moments)


def test_each_person_of_an_alert_has_five_moments() -> None:
    alba, bruno = sorted(alert_times(events_of(night())), key=lambda t: t.person or "")
    assert (alba.person, bruno.person) == ("alba", "bruno")
    assert alba.t0_ns == T_NS
    assert spans_ms(alba) == (20, 30, 200, 3_000)
    assert alba.tier_max == Tier.DANGER
    assert alba.ended == "all_clear"
    first, second = alba.revisions
    assert (first.what, second.what) == ("alert", "cancel")
    assert first.seen_ns == T_NS + 3_000 * MS
    assert first.safe_ns == T_NS + 9_000 * MS
    assert second.handed_ns is None


def test_the_ledger_tells_the_same_times_under_commitments() -> None:
    journal = night()
    told = [encode_entry(e, n=0, salt=salt) for ev in journal.events() for e in entries(ev)]
    by_person = {t.person: spans_ms(t) for t in entry_times(told)}
    assert by_person == {
        commit_who(salt(f"person/{t.person}"), f"person/{t.person}"): spans_ms(t)
        for t in alert_times(events_of(journal))
    }


def test_what_has_not_happened_is_none() -> None:
    journal = Journal()
    journal.add(Tick(), alert("alba"), delivery("alba"))
    (times,) = alert_times(events_of(journal))
    assert spans_ms(times) == (20, None, None, None)
    assert times.ended is None


def test_a_failed_hand_over_is_no_t2_and_the_first_good_one_is() -> None:
    journal = Journal()
    journal.add(Tick(), alert("alba"), delivery("alba"))
    journal.add(handed("alba", T_NS + 25 * MS, failed="no open page"))
    journal.add(handed("alba", T_NS + 90 * MS))
    journal.add(handed("alba", T_NS + 80 * MS))
    (times,) = alert_times(events_of(journal))
    assert spans_ms(times) == (20, 80, None, None)


def test_repeated_answers_count_once_at_their_first_time() -> None:
    journal = Journal()
    journal.add(Tick(), alert("alba"))
    for ms in (400, 300, 500):
        journal.add(answer("alba", AckKind.DELIVERED, T_NS + ms * MS))
    journal.add(answer("alba", AckKind.SAFE, T_NS + 900 * MS))
    (times,) = alert_times(events_of(journal))
    assert spans_ms(times) == (20, None, 300, 900)


def test_an_escalation_has_its_own_times() -> None:
    journal = Journal()
    journal.add(Tick(), alert("alba", 1, Tier.WATCH))
    later = msgspec.structs.replace(
        alert("alba", 2, Tier.DANGER, MsgType.UPDATE),
        t_cause_ns=T_NS + 5_000 * MS,
        t_decided_ns=T_NS + 5_010 * MS,
    )
    journal.add(Tick(), later, delivery("alba", 2))
    journal.add(handed("alba", T_NS + 5_020 * MS, 2))
    (times,) = alert_times(events_of(journal))
    assert times.tier_max == Tier.DANGER
    second = times.revisions[1]
    assert second.handed_ns is not None
    assert (second.handed_ns - second.cause_ns) // MS == 20


def test_a_posts_alert_reaches_each_person_it_is_delivered_to() -> None:
    journal = Journal()
    post = msgspec.structs.replace(alert("mill"), target_id="post/mill", person_id=None)
    to = [
        Delivery(
            delivery_id=f"d-{p}",
            alert_id="amill",
            revision=1,
            target_id="post/mill",
            person_id=p,
            channel=Channel.PAGE,
            rank=0,
        )
        for p in ("alba", "bruno")
    ]
    journal.add(Tick(), post, *to)
    hand = msgspec.structs.replace(handed("mill", T_NS + 40 * MS), delivery_id="d-alba")
    journal.add(hand)
    times = {t.person: spans_ms(t) for t in alert_times(events_of(journal))}
    assert times == {"alba": (20, 40, None, None), "bruno": (20, None, None, None)}


def test_a_posts_alert_without_anybody_has_one_row() -> None:
    journal = Journal()
    journal.add(
        Tick(), msgspec.structs.replace(alert("mill"), target_id="post/mill", person_id=None)
    )
    (times,) = alert_times(events_of(journal))
    assert (times.person, times.target) == (None, "post/mill")


def test_older_alerts_are_left_out_and_the_newest_comes_first() -> None:
    journal = Journal()
    for i, name in enumerate(("alba", "bruno", "carla")):
        t_ns = T_NS + i * 3600 * 10**9
        journal.add(
            Tick(), msgspec.structs.replace(alert(name), t_cause_ns=t_ns, t_decided_ns=t_ns)
        )
    found = alert_times(events_of(journal), since_ns=T_NS + 1)
    assert [t.person for t in found] == ["carla", "bruno"]


def test_answers_to_an_alert_nobody_knows_time_nothing() -> None:
    journal = Journal()
    journal.add(answer("alba", AckKind.SEEN, T_NS))
    assert alert_times(events_of(journal)) == []


def test_other_entries_time_nothing() -> None:
    (first, *_) = [encode_entry(e, n=0, salt=salt) for ev in night().events() for e in entries(ev)]
    assert moment(first) is None
