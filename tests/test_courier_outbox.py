"""The outbox as a model: at least once, the newest first, the end to exactly those who got it."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from vigia.events import Alert, Delivery
from vigia.run.channel_settings import Retry
from vigia.run.courier.contacts import Contact, ContactError, Contacts
from vigia.run.courier.door import Receipt, Result
from vigia.run.courier.outbox import Fate, Item, Outbox, item_of
from vigia.run.courier.store import Store
from vigia.terms import Channel, EndReason, Mark, MsgType, Tier

S = 1_000_000_000
T0 = 1_800_000_000 * S
RETRY = Retry(attempts=3, backoff_s=(1.0, 2.0), timeout_s=1.0, rate_per_s=100.0, batch=10)


def alert(n: int = 1, revision: int = 1, **more: Any) -> Alert:
    fields: dict[str, Any] = {
        "alert_id": f"a{n}",
        "revision": revision,
        "msg_type": MsgType.ALERT if revision == 1 else MsgType.UPDATE,
        "incident_id": "i",
        "target_id": f"person/p{n}",
        "person_id": f"p{n}",
        "tier": Tier.WARNING,
        "mark": Mark.ACTUAL,
        "action": "get_ready",
        "sound": True,
        "t_cause_ns": T0,
        "t_decided_ns": T0,
        "t_expires_ns": T0 + 180 * S,
    }
    return Alert(**(fields | more))


def cancel(n: int, revision: int, reason: EndReason = EndReason.DEPARTED) -> Alert:
    return alert(n, revision, msg_type=MsgType.CANCEL, end_reason=reason, tier=Tier.WATCH)


def item(a: Alert, address: str = "x", rank: int = 0) -> Item:
    delivery = Delivery(
        delivery_id=f"{a.alert_id}.{a.revision}.ntfy",
        alert_id=a.alert_id,
        revision=a.revision,
        target_id=a.target_id,
        person_id=a.person_id,
        channel=Channel.NTFY,
        rank=rank,
    )
    return item_of(a, delivery, address)


def test_the_most_endangered_goes_first() -> None:
    box = Outbox(RETRY)
    for a, rank in (
        (alert(1, tier=Tier.WATCH), 0),
        (alert(2, tier=Tier.DANGER, t_earliest_ns=T0 + 30 * S), 1),
        (alert(3, tier=Tier.DANGER, t_earliest_ns=T0 + 10 * S), 2),
    ):
        box.put(item(a, rank=rank))
    assert [i.alert_id for i in box.take(T0, 9)] == ["a3", "a2", "a1"]


def test_a_later_revision_replaces_one_that_still_waits() -> None:
    box = Outbox(RETRY)
    first, second = item(alert()), item(alert(revision=2))
    box.put(first)
    assert box.put(second) == [first, second]
    assert first.fate is Fate.REPLACED
    assert box.take(T0, 9) == [second]


def test_an_older_revision_that_comes_late_goes_nowhere() -> None:
    box = Outbox(RETRY)
    box.put(item(alert(revision=5)))
    [late] = box.put(item(alert(revision=3)))
    assert late.fate is Fate.REPLACED


def test_what_came_before_under_the_same_key_changes_nothing() -> None:
    box = Outbox(RETRY)
    box.put(item(alert()))
    assert box.put(item(alert())) == []
    [taken] = box.take(T0, 9)
    assert box.put(item(alert())) == []
    box.done(taken, Receipt(Result.OK), T0)
    assert box.put(item(alert())) == []


def test_an_end_that_nobody_needs_falls_away_with_its_alert() -> None:
    box = Outbox(RETRY)
    box.put(item(alert()))
    assert {i.fate for i in box.put(item(cancel(1, 2)))} == {Fate.REPLACED}
    assert box.take(T0, 9) == []


def test_an_end_goes_where_the_alert_was_tried_even_if_it_failed() -> None:
    box = Outbox(RETRY)
    box.put(item(alert()))
    [taken] = box.take(T0, 9)
    box.done(taken, Receipt(Result.REFUSED, "no"), T0)
    box.put(item(cancel(1, 2)))
    assert [i.revision for i in box.take(T0, 9)] == [2]


def test_an_end_after_a_crash_of_both_goes_only_where_the_courier_sent_the_alert() -> None:
    box = Outbox(RETRY)
    guess = EndReason.UNKNOWN_AFTER_RESTART
    [none] = box.put(item(cancel(1, 9, guess)))
    assert none.fate is Fate.REPLACED
    box.put(item(alert(2)))
    [taken] = box.take(T0, 9)
    box.done(taken, Receipt(Result.OK), T0)
    box.put(item(cancel(2, 9, guess)))
    [end] = box.take(T0, 9)
    box.done(end, Receipt(Result.OK), T0)
    assert [i.fate for i in box.put(item(cancel(2, 99, guess)))] == [Fate.REPLACED]


def test_retries_wait_longer_and_end() -> None:
    box = Outbox(RETRY)
    box.put(item(alert()))
    no = Receipt(Result.RETRY, "busy")
    [one] = box.take(T0, 9)
    box.done(one, no, T0)
    assert box.take(T0 + S - 1, 9) == []
    [one] = box.take(T0 + S, 9)
    box.done(one, no, T0 + S)
    assert box.take(T0 + 3 * S - 1, 9) == []
    [one] = box.take(T0 + 3 * S, 9)
    [dead] = box.done(one, no, T0 + 3 * S)
    assert (dead.fate, dead.why) == (Fate.FAILED, "3 attempts: busy")


def test_the_receiver_may_ask_for_patience() -> None:
    box = Outbox(RETRY)
    box.put(item(alert()))
    [one] = box.take(T0, 9)
    box.done(one, Receipt(Result.RETRY, "slow down", 30.0), T0)
    assert box.next_ns() == T0 + 30 * S


def test_what_expired_is_not_sent_but_an_end_is() -> None:
    box = Outbox(RETRY)
    box.put(item(alert(1)))
    box.put(item(alert(2)))
    [gone, end] = [*box.take(T0, 1), item(cancel(1, 2))]
    box.done(gone, Receipt(Result.OK), T0)
    box.put(end)
    late = T0 + 200 * S
    assert [i.alert_id for i in box.expire(late)] == ["a2"]
    assert box.take(late, 9) == [end]


def test_the_alert_is_forgotten_with_its_fate() -> None:
    box = Outbox(RETRY)
    box.put(item(alert()))
    [one] = box.take(T0, 9)
    [done] = box.done(one, Receipt(Result.OK), T0)
    assert done.alert is None


class Model(RuleBasedStateMachine):
    """Any order of puts, sends, failures, crashes: nothing is lost, no end goes astray."""

    def __init__(self) -> None:
        super().__init__()
        self.box = Outbox(RETRY)
        self.now = T0
        self.disk: dict[tuple[str, str], Item] = {}
        self.flying: list[Item] = []
        self.got: dict[str, list[int]] = {}  # revisions a receiver got, by alert
        self.tried: set[str] = set()
        self.revision: dict[int, int] = {}
        self.ended: set[int] = set()

    def keep(self, items: list[Item]) -> None:
        import copy

        for one in items:
            self.disk[one.key] = copy.copy(one)

    @rule(n=st.integers(1, 3), tier=st.sampled_from([Tier.WATCH, Tier.WARNING, Tier.DANGER]))
    def decide(self, n: int, tier: Tier) -> None:
        if n in self.ended:
            return
        self.revision[n] = self.revision.get(n, 0) + 1
        self.keep(self.box.put(item(alert(n, self.revision[n], tier=tier))))

    @rule(n=st.integers(1, 3))
    def end(self, n: int) -> None:
        if n in self.ended or n not in self.revision:
            return
        self.ended.add(n)
        self.revision[n] += 1
        self.keep(self.box.put(item(cancel(n, self.revision[n]))))

    @rule(most=st.integers(1, 3))
    def take(self, most: int) -> None:
        taken = self.box.take(self.now, most)
        self.keep(taken)
        self.tried |= {i.alert_id for i in taken}
        self.flying += taken

    @precondition(lambda self: self.flying)
    @rule(result=st.sampled_from([Result.OK, Result.RETRY, Result.REFUSED]), seen=st.booleans())
    def answer(self, result: Result, seen: bool) -> None:
        """seen: the receiver got it although its answer was lost."""
        one = self.flying.pop(0)
        if result is Result.OK or (seen and result is Result.RETRY):
            self.got.setdefault(one.alert_id, []).append(one.revision)
        self.keep(self.box.done(one, Receipt(result, "x"), self.now))

    @rule(seen=st.booleans())
    def crash(self, seen: bool) -> None:
        """What was flying may have arrived or not; the disk has all that was kept."""
        import copy

        for one in self.flying:
            if seen:
                self.got.setdefault(one.alert_id, []).append(one.revision)
        self.flying = []
        self.box = Outbox(RETRY)
        for one in list(self.disk.values()):
            self.keep(self.box.restore(copy.copy(one)))

    @rule(s=st.integers(1, 60))
    def wait(self, s: int) -> None:
        self.now += s * S

    @invariant()
    def nothing_is_lost(self) -> None:
        """The newest revision of an alert that goes on waits, flies, or has a fate."""
        for n, revision in self.revision.items():
            key = (f"a{n}.{revision}.ntfy", "x")
            kept = self.disk.get(key)
            assert kept is not None, key
            if kept.fate is Fate.REPLACED:
                assert n in self.ended
                assert f"a{n}" not in self.tried
            elif kept.fate is Fate.WAITING:
                flies = any(i.key == key for i in self.flying)
                assert flies or self.box.waiting

    @invariant()
    def an_end_goes_nowhere_else(self) -> None:
        for alert_id, revisions in self.got.items():
            n = int(alert_id[1:])
            if n in self.ended and revisions[0] == self.revision[n]:
                assert alert_id in self.tried

    @invariant()
    def counts(self) -> None:
        assert 0 <= self.box.waiting <= 3


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


# ---- on disk -------------------------------------------------------------------------------------


def test_a_store_opened_again_gives_the_same_outbox(tmp_path: Path) -> None:
    async def first() -> None:
        store, box = Store(tmp_path), Outbox(RETRY)
        task = asyncio.create_task(store.run())
        for n in range(3):
            store.put("ntfy", box.put(item(alert(n))))
        [taken] = box.take(T0, 1)
        store.put("ntfy", box.done(taken, Receipt(Result.OK), T0))
        assert await store.kept(5.0)
        task.cancel()
        store.close()

    asyncio.run(first())
    again = list(Store(tmp_path).items())
    assert [(n, i.fate) for n, i in again].count(("ntfy", Fate.WAITING)) == 2
    [sent] = [i for _, i in again if i.fate is Fate.SENT]
    assert sent.alert is None
    assert sent.attempts == 1
    assert (tmp_path / "outbox.sqlite").stat().st_mode & 0o077 == 0


def test_a_disk_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    async def go() -> None:
        store, box = Store(tmp_path), Outbox(RETRY)
        task = asyncio.create_task(store.run())
        other = sqlite3.connect(tmp_path / "outbox.sqlite", timeout=0)
        other.execute("BEGIN IMMEDIATE")
        store.put("ntfy", box.put(item(alert())))
        assert not await store.kept(0.05)
        other.rollback()
        assert await store.kept(20.0)
        task.cancel()
        store.close()

    asyncio.run(go())
    assert len(list(Store(tmp_path).items())) == 1


def test_contacts_are_kept_apart_and_private(tmp_path: Path) -> None:
    contacts = Contacts(tmp_path)
    seen = contacts.version
    other = Contacts(tmp_path)
    other.put([Contact("p1", Channel.SMS, "+34600"), Contact("p1", Channel.NTFY, "t", "d1")], 1)
    assert contacts.version != seen
    assert [c.address for c in contacts.of("p1", Channel.SMS)] == ["+34600"]
    other.drop_device("d1")
    assert contacts.of("p1", Channel.NTFY) == []
    other.forget("p1")
    assert contacts.all() == []
    assert (tmp_path / "contacts.sqlite").stat().st_mode & 0o077 == 0


@given(st.text(max_size=20))
@settings(max_examples=30)
def test_an_address_is_text_that_can_be_printed(address: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        contacts = Contacts(Path(folder))
        if address and address.isprintable():
            assert contacts.put([Contact("p", Channel.SMS, address)], 1) == 1
        else:
            with pytest.raises(ContactError):
                contacts.put([Contact("p", Channel.SMS, address)], 1)
        contacts.close()
