"""The courier: deliveries of the watch -> channels -> hand-overs back to the watch.

It keeps its own outbox and asks nothing of the watch but its link: whatever a channel does, the
watch and the pages never notice. A new link brings the whole state: what was given and has no
receipt comes again, what the outbox knows the fate of is told again.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from vigia.events import (
    Alert,
    AlertsHeld,
    Delivery,
    DeviceRevoked,
    Event,
    HandedOver,
    PersonAdded,
    PositionErased,
)
from vigia.events_reach import ContactSet
from vigia.run.channel_settings import OF_A_PERSON, ChannelEntry, retry_of
from vigia.run.courier.contacts import Contacts
from vigia.run.courier.door import Around, Job, Sender
from vigia.run.courier.lane import Lane, LaneHealth
from vigia.run.courier.letters import BulletinPost
from vigia.run.courier.outbox import Fate, Item, item_of
from vigia.run.courier.probe import EVERY_S, FIRST_S
from vigia.run.courier.store import Store
from vigia.run.courier.words import sparse_text
from vigia.run.link import Emit, State, ToGateway
from vigia.run.link_io import LinkClient
from vigia.terms import Channel, Lang, MsgType

SOURCE = "courier"
ALERTS_MAX = 20_000  # the newest revision of each, for deliveries that follow
NOT_OURS = {Channel.PAGE, Channel.COT, Channel.RADIO}
KEEP_NS = 24 * 3600 * 10**9  # fates are remembered so long
LOOK_S = 1.0
TIDY_S = 600.0
HELD_MAX = 64  # alerts named in one AlertsHeld
HEALTH = "courier.json"


class CourierHealth(msgspec.Struct):
    """Written to the data folder every LOOK_S; who reads an old one knows that we are gone."""

    t_ns: int
    connected: bool
    disk: str  # ok, or what is wrong with it
    lanes: list[LaneHealth]
    contacts: dict[str, int]  # people by channel


class Courier:
    """One for the process; all on one event loop."""

    def __init__(
        self,
        folder: Path,
        link: LinkClient,
        store: Store,
        contacts: Contacts,
        around: Around,
        senders: Mapping[str, tuple[ChannelEntry, Sender]],
        *,
        bulletins: BulletinPost | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder = folder
        self._link = link
        self._store = store
        self._contacts = contacts
        self._bulletins = bulletins
        self._clock_ns = clock_ns
        self._posts = {f"post/{p.post_id}": p.name for p in around.posts}
        self._alerts: dict[str, Alert] = {}
        self._people: dict[str, PersonAdded] = {}
        self._told: set[tuple[str, Channel]] = set()  # contacts as the core knows them
        self._have: set[tuple[str, Channel]] = set()  # as the store has them
        self._open: dict[str, set[str]] = {}  # delivery -> "name/address" without a fate
        self._seen_version = -1
        self.lanes: dict[str, Lane] = {}
        for name, (entry, sender) in senders.items():
            lane = Lane(name, sender, retry_of(entry), store, self._job, clock_ns=clock_ns)
            lane.on_fate = lambda item, n=name: self._fate(n, item)
            lane.on_gone = lambda item, c=lane.channel: self._gone(c, item)
            self.lanes[name] = lane
        self._kinds = {lane.channel for lane in self.lanes.values()}
        kept = [(name, item) for name, item in store.items() if name in self.lanes]
        for name, item in kept:
            store.put(name, self.lanes[name].outbox.restore(item))
        for name, item in kept:
            if item.fate is Fate.WAITING:
                self._open.setdefault(item.delivery_id, set()).add(f"{name}/{item.address}")
        link.on_message = self.heard

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.run())
            group.create_task(self._store.run())
            group.create_task(self._look())
            if self._bulletins is not None:
                group.create_task(self._bulletins.run())
            group.create_task(self._probe())
            for lane in self.lanes.values():
                group.create_task(lane.run())

    # ---- the watch speaks ----------------------------------------------------------------------

    def heard(self, message: ToGateway) -> None:
        """Alerts first; then the bulletins hear of it too."""
        self._alerts_hear(message)
        if self._bulletins is not None:
            self._bulletins.told(message)

    def _alerts_hear(self, message: ToGateway) -> None:
        match message:
            case State():
                self._state(message)
            case Emit(event=event):
                self._event(event)
            case _:
                pass

    def _state(self, state: State) -> None:
        self._people = {p.person_id: p for p in state.people}
        self._alerts = {a.alert_id: a for a in state.open_alerts}
        self._told = {(p, c) for p, found in state.contacts.items() for c in found}
        self._tell_contacts()
        for unsent in state.unsent:
            self._alerts[unsent.alert.alert_id] = unsent.alert
            self._deliver(unsent.delivery)
        self._tell_held(state)

    def _tell_held(self, state: State) -> None:
        """Alerts of before a crash that the watch may have lost: it ends those it does not know."""
        known = {a.alert_id for a in state.open_alerts} | {u.alert.alert_id for u in state.unsent}
        held: dict[str, list[str]] = {}
        for lane in self.lanes.values():
            for person_id, alert_id in lane.outbox.holds():
                if alert_id not in known and alert_id not in held.setdefault(person_id, []):
                    held[person_id].append(alert_id)
        for person_id, alert_ids in held.items():
            if person_id in self._people and alert_ids:
                ids = tuple(alert_ids[-HELD_MAX:])
                body = AlertsHeld(device_id=SOURCE, person_id=person_id, alert_ids=ids)
                self._link.submit_nowait(body, SOURCE)

    def _event(self, event: Event) -> None:
        match event.body:
            case Alert() as alert:
                self._alerts[alert.alert_id] = alert
                if len(self._alerts) > ALERTS_MAX:
                    self._alerts.pop(next(iter(self._alerts)))
            case Delivery() as delivery:
                self._deliver(delivery)
            case PersonAdded() as person:
                self._people[person.person_id] = person
                self._tell_contacts()
            case DeviceRevoked(device_id=device_id):
                self._contacts.drop_device(device_id)
                self._read_contacts()
            case PositionErased(person_id=person_id, shift=None):
                self._store.forget_person(person_id)
            case _:
                pass

    # ---- out -------------------------------------------------------------------------------------

    def _deliver(self, delivery: Delivery) -> None:
        alert = self._alerts.get(delivery.alert_id)
        if delivery.channel in NOT_OURS:
            return None
        lanes = [n for n, lane in self.lanes.items() if lane.channel is delivery.channel]
        if alert is None:
            return self._receipt(delivery, "the courier does not know this alert")
        if not lanes:
            return self._receipt(delivery, "no such channel at this site")
        to = [("", "")]
        if delivery.channel in OF_A_PERSON:
            found = self._contacts.of(delivery.person_id or "", delivery.channel)
            to = [(contact.address, contact.device_id) for contact in found]
            lanes = lanes[:1]
        if not to:
            return self._receipt(delivery, "no address")
        for name in lanes:
            for address, device_id in to:
                self._put(name, item_of(alert, delivery, address, device_id))
        return None

    def _put(self, name: str, item: Item) -> None:
        done = self.lanes[name].outbox.done_of(item.delivery_id, item.address)
        if done is not None:  # sent in an earlier life: its receipt got lost
            self._tell(done, done.why if done.fate is not Fate.SENT else None)
            return
        self._open.setdefault(item.delivery_id, set()).add(f"{name}/{item.address}")
        self.lanes[name].put(item)

    def _job(self, item: Item) -> Job:
        assert item.alert is not None
        person = self._people.get(item.person_id or "")
        lang = Lang.EN if person is None else person.lang
        return Job(
            delivery_id=item.delivery_id,
            alert=item.alert,
            address=item.address,
            lang=lang,
            words=sparse_text(item.alert, lang),
            place=self._posts.get(item.alert.target_id, ""),
            device_id=item.device_id,
        )

    # ---- receipts ----------------------------------------------------------------------------

    def _fate(self, name: str, item: Item) -> None:
        """A delivery succeeded with the first address that took it, failed with the last."""
        waiting = self._open.get(item.delivery_id, set())
        waiting.discard(f"{name}/{item.address}")
        if not waiting:
            self._open.pop(item.delivery_id, None)
        if item.fate is Fate.SENT:
            self._tell(item, None)
        elif not waiting:
            self._tell(item, item.why)

    def _tell(self, item: Item, failed: str | None) -> None:
        alert_id, _, rest = item.delivery_id.partition(".")
        body = HandedOver(
            delivery_id=item.delivery_id,
            alert_id=alert_id,
            revision=int(rest.partition(".")[0]),
            t_handed_ns=self._clock_ns(),
            failed=failed,
        )
        self._link.submit_nowait(body, SOURCE)

    def _receipt(self, delivery: Delivery, failed: str) -> None:
        body = HandedOver(
            delivery_id=delivery.delivery_id,
            alert_id=delivery.alert_id,
            revision=delivery.revision,
            t_handed_ns=self._clock_ns(),
            failed=failed,
        )
        self._link.submit_nowait(body, SOURCE)

    def _gone(self, channel: Channel, item: Item) -> None:
        """The address is nobody's any more."""
        self._contacts.drop(item.person_id or "", channel, item.address)
        self._read_contacts()

    # ---- who can be reached ----------------------------------------------------------------------

    def _read_contacts(self) -> None:
        found = self._contacts.all()
        self._have = {(c.person_id, c.channel) for c in found if c.channel in self._kinds}
        self._tell_contacts()

    def _tell_contacts(self) -> None:
        """The core learns what changed, and only of people it knows."""
        have = {pair for pair in self._have if pair[0] in self._people}
        for person_id, channel in sorted(have ^ self._told, key=lambda p: (p[0], p[1].value)):
            if person_id in self._people:
                on = (person_id, channel) in have
                body = ContactSet(person_id=person_id, channel=channel, on=on)
                self._link.submit_nowait(body, SOURCE)
        self._told = have

    async def _look(self) -> None:
        next_tidy_s = time.monotonic() + TIDY_S
        while True:
            version = self._contacts.version
            if version != self._seen_version:
                self._seen_version = version
                self._read_contacts()
            self._write_health()
            if time.monotonic() > next_tidy_s:
                next_tidy_s = time.monotonic() + TIDY_S
                self._tidy()
            await asyncio.sleep(LOOK_S)

    async def _probe(self) -> None:
        """What is broken is known before it is needed."""
        await asyncio.sleep(FIRST_S)
        while True:
            await asyncio.gather(*(lane.probe() for lane in self.lanes.values()))
            await asyncio.sleep(EVERY_S)

    def _tidy(self) -> None:
        before_ns = self._clock_ns() - KEEP_NS
        for lane in self.lanes.values():
            lane.outbox.forget(before_ns)
        self._store.forget(before_ns)
        for alert_id in [a for a, b in self._alerts.items() if b.msg_type is MsgType.CANCEL]:
            del self._alerts[alert_id]

    def _write_health(self) -> None:
        people: dict[str, int] = {}
        for _, channel in self._have:
            people[channel.value] = people.get(channel.value, 0) + 1
        health = CourierHealth(
            t_ns=self._clock_ns(),
            connected=self._link.connected,
            disk=self._store.trouble or "ok",
            lanes=[lane.health for lane in self.lanes.values()],
            contacts=people,
        )
        path = self._folder / HEALTH
        part = path.with_suffix(".part")
        try:
            part.write_bytes(msgspec.json.encode(health))
            os.replace(part, path)
        except OSError:
            pass  # a full disk: the readers see that it is old
