"""From alert to answer in the core: channels at once, the next one, the radio desk."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from vigia.delivery import plan as reach
from vigia.delivery.chase import ReachState
from vigia.events import (
    Acknowledged,
    AgencyAdded,
    Alert,
    AlertRaised,
    AnyBody,
    CoreSettings,
    CoverTold,
    Delivery,
    DeviceEnrolled,
    Event,
    Fault,
    HandedOver,
    PersonAdded,
    Post,
    SettingsApplied,
    Tick,
    Undone,
)
from vigia.events_reach import ContactSet, DrillOrdered, NotReached, ToldByRadio
from vigia.flow import Watch
from vigia.terms import AckKind, Channel, Mark, MsgType, Position, Role, Tier

S = 1_000_000_000
T0 = 1_767_225_600 * S
ORIGIN = Position(31.79, -106.75, 1200.0)
ALL = (
    *(Channel.PAGE, Channel.PUSH, Channel.NTFY, Channel.SMS, Channel.EMAIL),
    *(Channel.COT, Channel.WEBHOOK, Channel.SIREN),
)
SETTINGS = CoreSettings(
    mode=Mark.ACTUAL,
    origin=ORIGIN,
    posts=(Post(post_id="12", name="Post 12", position=ORIGIN),),
    channels=ALL,
)
PAGE, NTFY, SMS, EMAIL, RADIO = (
    *(Channel.PAGE, Channel.NTFY, Channel.SMS, Channel.EMAIL, Channel.RADIO),
)


class Site:
    """A watch officer, an agent with ntfy, SMS and e-mail, and a clock."""

    def __init__(self, channels: Sequence[Channel] = (NTFY, SMS, EMAIL)) -> None:
        self.watch, self.seq = Watch(), 0
        self.at(0, SettingsApplied(settings=SETTINGS))
        self.at(0, AgencyAdded(agency_id="ag", name="Agency"))
        for person_id, role in (("boss", Role.WATCH_OFFICER), ("a4", Role.AGENT)):
            self.at(
                0,
                PersonAdded(
                    person_id=person_id, name=person_id, agency_id="ag", role=role, post_id="12"
                ),
            )
        self.at(0, DeviceEnrolled(device_id="d", person_id="a4", public_key=b"k"))
        for channel in channels:
            self.at(0, ContactSet(person_id="a4", channel=channel))

    def at(self, t_s: float, body: AnyBody) -> list[AnyBody]:
        """What it decides, and the ticks before it."""
        said: list[AnyBody] = []
        t_ns = T0 + int(t_s * S)
        while (due := self.watch.deadline()) is not None and due < t_ns:
            said += self._feed(due, Tick())
        return [*said, *self._feed(t_ns, body)]

    def _feed(self, t_ns: int, body: AnyBody) -> list[AnyBody]:
        self.seq += 1
        out = self.watch.receive(Event(self.seq, t_ns, "test", Mark.ACTUAL, body))
        return [e.body for e in out]

    def warn(self, t_s: float, tier: Tier = Tier.WARNING, name: str = "r1") -> list[AnyBody]:
        return self.at(
            t_s,
            AlertRaised(
                raise_id=name,
                by_person_id="boss",
                reason="tower",
                tier=tier,
                target_ids=("person/a4", "post/12"),
            ),
        )

    def handed(self, t_s: float, delivery: Delivery, failed: str | None = None) -> list[AnyBody]:
        body = HandedOver(
            delivery_id=delivery.delivery_id,
            alert_id=delivery.alert_id,
            revision=delivery.revision,
            t_handed_ns=T0,
            failed=failed,
        )
        return self.at(t_s, body)

    def answer(self, t_s: float, alert: Alert) -> list[AnyBody]:
        return self.at(
            t_s,
            Acknowledged(
                alert_id=alert.alert_id,
                revision=alert.revision,
                person_id="a4",
                device_id="d",
                kind=AckKind.DELIVERED,
                t_obs_ns=T0,
            ),
        )


def mine(said: list[AnyBody]) -> dict[Channel, Delivery]:
    return {b.channel: b for b in said if isinstance(b, Delivery) and b.person_id == "a4"}


def calls(said: list[AnyBody]) -> list[NotReached]:
    return [b for b in said if isinstance(b, NotReached)]


def alert_of(said: list[AnyBody]) -> Alert:
    return next(b for b in said if isinstance(b, Alert) and b.person_id == "a4")


def test_a_warning_goes_at_once_to_the_channels_of_its_tier_and_a_danger_to_more() -> None:
    assert set(mine(Site().warn(1))) == {PAGE, NTFY}
    assert set(mine(Site().warn(1, Tier.DANGER))) == {PAGE, NTFY, SMS}


def test_a_persons_alert_goes_to_no_channel_that_others_read() -> None:
    said = Site().warn(1, Tier.DANGER)
    posts = {b.channel for b in said if isinstance(b, Delivery) and b.target_id == "post/12"}
    assert posts == {Channel.COT, Channel.WEBHOOK, Channel.SIREN}


def test_without_an_answer_the_next_channel_is_tried_and_the_radio_desk_told() -> None:
    site = Site()
    site.warn(1)
    assert calls(site.at(15.9, Tick())) == []
    said = site.at(17.1, Tick())
    assert set(mine(said)) == {SMS, RADIO}
    [call] = calls(said)
    assert call.tried == (PAGE, NTFY, SMS)
    later = site.at(33, Tick())
    assert set(mine(later)) == {EMAIL}
    assert calls(site.at(120, Tick())) == []


def test_at_danger_all_channels_that_are_left_are_tried_together() -> None:
    site = Site()
    site.warn(1, Tier.DANGER)
    assert set(mine(site.at(17.1, Tick()))) == {EMAIL, RADIO}


def test_an_answer_ends_the_chase() -> None:
    site = Site()
    alert = alert_of(site.warn(1))
    site.answer(5, alert)
    assert calls(site.at(60, Tick())) == []


def test_a_rise_asks_for_an_answer_again() -> None:
    site = Site()
    first = alert_of(site.warn(1))
    site.answer(2, first)
    site.warn(20, Tier.DANGER, "r2")
    site.answer(21, first)  # late, of the WARNING: he may not know of the DANGER
    [call] = calls(site.at(37, Tick()))
    assert call.tier is Tier.DANGER


def test_when_every_channel_fails_the_next_is_tried_at_once() -> None:
    site = Site((EMAIL,))
    page = mine(site.warn(1))[PAGE]
    said = site.handed(1.01, page, "no open page")
    assert set(mine(said)) == {EMAIL, RADIO}
    [call] = calls(said)
    assert call.failed == (PAGE,)


def test_a_channel_that_may_still_take_it_is_given_its_time() -> None:
    site = Site((NTFY, EMAIL))
    page = mine(site.warn(1))[PAGE]
    said = site.handed(1.01, page, "no open page")
    assert mine(said) == {}
    assert calls(said) == []


def test_who_has_no_channel_at_all_is_called_at_once() -> None:
    site = Site(())
    page = mine(site.warn(1))[PAGE]
    assert calls(site.handed(1.01, page, "no open page")) != []


def test_an_answer_takes_him_off_the_list() -> None:
    site = Site()
    alert = alert_of(site.warn(1))
    site.at(17.1, Tick())
    [off] = calls(site.answer(18, alert))
    assert off.over


def test_the_end_goes_to_exactly_the_channels_that_got_the_alert() -> None:
    site = Site()
    given = mine(site.warn(1))
    site.handed(1.1, given[PAGE])
    site.handed(1.2, given[NTFY])
    later = mine(site.at(17.1, Tick()))
    site.handed(17.2, later[SMS], "no credit")
    said = site.at(20, Undone(order_id="r1", by_person_id="boss", reason="wrong post"))
    assert alert_of(said).msg_type is MsgType.CANCEL
    assert set(mine(said)) == {PAGE, NTFY}
    [off] = calls(said)
    assert off.over


def test_whom_the_radio_desk_told_it_tells_the_end_too() -> None:
    site = Site(())
    alert = alert_of(site.warn(1))
    site.at(17.1, Tick())
    told = ToldByRadio(
        alert_id=alert.alert_id, revision=1, person_id="a4", by_person_id="boss", t_obs_ns=T0
    )
    [off] = calls(site.at(18, told))
    assert off.over
    said = site.at(20, Undone(order_id="r1", by_person_id="boss", reason="wrong post"))
    end = mine(said)[RADIO]
    [again] = calls(said)
    assert not again.over
    [off] = calls(site.at(21, replace(told, revision=end.revision)))
    assert off.over


def test_only_a_watch_officer_tells_by_radio() -> None:
    site = Site(())
    alert = alert_of(site.warn(1))
    told = ToldByRadio(
        alert_id=alert.alert_id, revision=1, person_id="a4", by_person_id="a4", t_obs_ns=T0
    )
    [fault] = [b for b in site.at(2, told) if isinstance(b, Fault)]
    assert "not a watch officer" in fault.what


def test_silent_updates_ring_no_phone_but_reach_pages() -> None:
    state, t = ReachState(), T0
    reach.contact(state, ContactSet(person_id="a4", channel=NTFY), known=True)
    first = alert_of(Site().warn(1))
    reach.plan(state, [first], SETTINGS, t)
    quiet = replace(first, revision=2, msg_type=MsgType.UPDATE, sound=False)
    said = reach.plan(state, [quiet], SETTINGS, t + 5 * S)
    assert [d.channel for d in said if isinstance(d, Delivery)] == [PAGE]
    loud = replace(quiet, revision=3, sound=True)
    said = reach.plan(state, [loud], SETTINGS, t + 9 * S)
    assert {d.channel for d in said if isinstance(d, Delivery)} == {PAGE, NTFY}


def test_a_courier_that_comes_back_is_given_what_has_no_receipt() -> None:
    site = Site()
    given = mine(site.warn(1))
    state = site.watch.state

    def unsent() -> set[str]:
        waiting = reach.unsent(state.reach, state.alerts.find)
        return {d.delivery_id for _, d in waiting if d.person_id == "a4"}

    assert unsent() == {given[NTFY].delivery_id}
    site.handed(2, given[NTFY])
    assert unsent() == set()


def test_what_ended_is_forgotten_once_its_receipts_are_in() -> None:
    site = Site((NTFY,))
    first = site.warn(1)
    end = site.at(3, Undone(order_id="r1", by_person_id="boss", reason="x"))
    assert site.watch.state.reach.chases
    for d in [b for b in [*first, *end] if isinstance(b, Delivery)]:
        site.handed(4, d)
    site.at(6, Tick())
    assert site.watch.state.reach.chases == {}


def test_a_drill_is_marked_and_shares_no_real_alert() -> None:
    site = Site()
    real = alert_of(site.warn(1))
    drill = DrillOrdered(drill_id="dr1", by_person_id="boss", reason="weekly")
    said = site.at(2, drill)
    drills = [b for b in said if isinstance(b, Alert)]
    assert {a.mark for a in drills} == {Mark.EXERCISE}
    assert real.alert_id not in {a.alert_id for a in drills}
    ended = site.at(5, Undone(order_id="dr1", by_person_id="boss", reason="over"))
    assert {a.alert_id for a in ended if isinstance(a, Alert)} == {a.alert_id for a in drills}


def test_an_agent_orders_no_drill() -> None:
    said = Site().at(2, DrillOrdered(drill_id="dr1", by_person_id="a4", reason="fun"))
    assert [type(b) for b in said if not isinstance(b, CoverTold)] == [Fault]


@pytest.mark.parametrize("channel", [Channel.PAGE, Channel.RADIO, Channel.SIREN])
def test_a_contact_is_an_address_of_one_person(channel: Channel) -> None:
    said = Site().at(2, ContactSet(person_id="a4", channel=channel))
    assert [type(b) for b in said if not isinstance(b, CoverTold)] == [Fault]


def test_the_state_of_reach_comes_back_from_a_snapshot() -> None:
    site = Site()
    site.warn(1)
    site.watch = Watch.restore(site.watch.snapshot())
    assert calls(site.at(17.1, Tick())) != []
