"""The TAK process's parts put together: the watch's messages in, inputs out, clients served."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from vigia.events import (
    Alert,
    Delivery,
    DeviceEnrolled,
    DeviceRevoked,
    Event,
    Fault,
    HandedOver,
    PersonAdded,
    TrackEnded,
    TracksPublished,
)
from vigia.events_desk import RecordKept
from vigia.run.link import Emit, Picture, State, Status, ToGateway
from vigia.run.reporting import echo, named_places
from vigia.run.settings_access import Access
from vigia.run.tak_server.apart import Apart
from vigia.run.tak_server.bulletins import BulletinTalk
from vigia.run.tak_server.hear import Ear, Heard, Site
from vigia.run.tak_server.hub import Relay
from vigia.run.tak_server.proof import heard_lately
from vigia.run.tak_server.speak import Speaker
from vigia.run.tak_server.talk import message
from vigia.terms import Channel, EndReason, Lang
from vigia.tracktable import published_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vigia.events import Input
    from vigia.run.link_io import LinkClient
    from vigia.run.tak import TakSender
    from vigia.run.tak_server.item import Item
    from vigia.run.tak_server.peer import Peer
    from vigia.run.tak_server.store import Store
    from vigia.run.tak_server.who import Who
    from vigia.run.watch_clock import WatchClock

SOURCE = "tak"
SWEEP_S = 5.0
PRESENT_S = 60.0
FAULTS_S = 1.0
FAULTS_MAX = 100  # kinds of bad input told of between two reports


class Service:
    """One for the process. Everything runs on one event loop and nothing here waits for a disk."""

    def __init__(
        self,
        link: LinkClient,
        clock: WatchClock,
        words: Mapping[Lang, dict[str, str]],
        *,
        callsigns: dict[str, str],
        senders: Sequence[TakSender] = (),
        store: Store | None = None,
        access: Access | None = None,
    ) -> None:
        self.clock = clock
        self.people: dict[str, PersonAdded] = {}
        self.apart = Apart(Access() if access is None else access, self.people)
        self.relay = Relay(self.clock.now_ns, self.apart)
        self.speaker = Speaker(self.relay, words, self.clock.now_ns)
        self.words = words
        self.ear = Ear(callsigns, self.speaker.open.get, self.speaker.open.values)
        self.bulletins = BulletinTalk(self.relay, words, self.clock.now_ns, self._record)
        self.devices: dict[str, DeviceEnrolled] = {}
        self.known = False  # the watch has said who there is
        self._link = link
        self._senders = senders
        self._faults: dict[str, Fault] = {}
        self._replies = 0
        link.on_message = self.told
        self.relay.on_heard = self._heard
        self.relay.on_opened = self._opened
        self.relay.on_refused = self.fault
        self._store = store
        if store is not None:
            self.relay.on_stored = store.put
        for sender in senders:
            sender.on_handed = self._handed
            sender.on_heard = self.relay.heard_from_afar

    # ---- the watch speaks ------------------------------------------------------------------

    def told(self, message: ToGateway) -> None:
        match message:
            case Emit(event=event):
                self._event(event)
            case State():
                self._state(message)
            case Status():
                self.clock.heard(message.t_ns)
            case Picture():
                self.speaker.identities = dict(message.identities)
            case _:
                pass  # answers are taken by the link

    def _state(self, state: State) -> None:
        self.clock.forget()
        self.clock.heard(state.t_ns)
        self.people = {p.person_id: p for p in state.people}
        self.apart.people = self.people
        self.devices = {d.device_id: d for d in state.devices}
        self.speaker.langs = {p.person_id: p.lang for p in state.people}
        self.speaker.take_settings(state.settings)
        places = named_places(state.settings.posts)
        self.ear.site = Site(origin=state.settings.origin, places=places)
        self.bulletins.people, self.bulletins.settings = self.people, state.settings
        self.known = True
        for peer in self.relay:
            self._check(peer)
        self.speaker.present()
        for alert in state.open_alerts:
            self._alert(alert)
            if alert.person_id is None and Channel.COT in state.settings.channels:
                self._deliver(alert, _delivery_of(alert))

    def _event(self, event: Event) -> None:
        match event.body:
            case Alert() as alert:
                self._alert(alert)
            case Delivery() as body if body.channel is Channel.COT:
                alert = self.speaker.last.get(body.alert_id)
                if alert is not None:
                    self._deliver(alert, body)
            case TracksPublished() as body:
                rows = published_rows(body.data)
                self.speaker.take_tracks(rows)
                for sender in self._senders:
                    sender.offer_tracks(rows, self.speaker.identities)
            case TrackEnded() as body:
                self.speaker.track_ended(body.track_id, false=body.reason is EndReason.FALSE)
            case PersonAdded() as body:
                self.people[body.person_id] = body
                self.speaker.langs[body.person_id] = body.lang
            case DeviceEnrolled() as body:
                self.devices[body.device_id] = body
            case DeviceRevoked() as body:
                self.devices.pop(body.device_id, None)
                for peer in self.relay:
                    self._check(peer)
            case RecordKept():
                self.bulletins.take(event)
            case _:
                pass

    def _alert(self, alert: Alert) -> None:
        self.speaker.take_alert(alert)

    def _deliver(self, alert: Alert, delivery: Delivery) -> None:
        for sender in self._senders:
            sender.offer_alert(alert, delivery)

    def _check(self, peer: Peer) -> None:
        """A certificate whose device is not enrolled any more ends its connection."""
        device_id = None if peer.who is None else peer.who.device_id
        if device_id is not None and device_id not in self.devices:
            peer.end()

    # ---- clients speak ---------------------------------------------------------------------

    def _opened(self, peer: Peer) -> None:
        if peer.who is not None and peer.who.person_id is not None and peer.who.positions:
            self.ear.sharing.add(peer.who.person_id)
        self.speaker.greet(peer)

    def _heard(self, item: Item, who: Who, peer: Peer | None) -> None:
        if self.bulletins.answered(item.event, who):
            return
        own = peer is not None and bool(peer.uid) and peer.uid == item.event.uid
        if own and peer is not None:
            self.speaker.named(peer)
        mine = None if peer is None else self.relay.place_of(peer.uid)
        found = self.ear.hear(item.event, who, own=own, mine=mine, t_ns=self.clock.now_ns())
        for body in found.bodies:
            self.submit(body, who)
        if found.reply is not None and peer is not None and peer.callsign:
            self._reply(peer, found)

    def _reply(self, peer: Peer, found: Heard) -> None:
        """What was understood, so that he can correct it; that it waits, when it does."""
        person_id = None if peer.who is None else peer.who.person_id
        words = self.words[self.speaker.langs.get(person_id or "", Lang.EN)]
        assert found.reply is not None
        text = words.get(found.reply, found.reply)
        if found.said is not None and found.said.report and self.ear.site is not None:
            text = f"{text} {echo(found.said, words, self.ear.site.places)}"
        self._replies += 1
        said = message(
            text,
            message_id=f"reply-{peer.number}-{self._replies}",
            uid=peer.uid,
            callsign=peer.callsign,
            t_ns=self.clock.now_ns(),
        )
        self.relay.say(said, [peer])

    def heard_lately(self) -> dict[str, int]:
        """By person, for the reach board."""
        return heard_lately(self.relay, self.clock.now_ns())

    def submit(self, body: Input, who: Who) -> None:
        source = f"device/{who.device_id}" if who.device_id else f"{SOURCE}/{who.address}"
        self._link.submit_nowait(body, source)

    def _record(self, body: Input, source: str) -> None:
        """Kept until the watch has it: a hand-over that is lost would be made twice."""
        self._link.ask(body, source)

    def _handed(self, delivery_id: str, t_ns: int | None, failed: str | None) -> None:
        alert_id, revision, _ = delivery_id.split(".")
        body = HandedOver(
            delivery_id=delivery_id,
            alert_id=alert_id,
            revision=int(revision),
            t_handed_ns=t_ns if t_ns is not None else self.clock.now_ns(),
            failed=failed,
        )
        self._link.submit_nowait(body, SOURCE)

    def fault(self, what: str, raw: bytes) -> None:
        """Counted at once, told to the watch every FAULTS_S, one Fault a kind. The bytes stay
        here: they may hold somebody's position."""
        known = self._faults.get(what)
        if known is not None:
            self._faults[what] = msgspec.structs.replace(known, count=known.count + 1)
        elif len(self._faults) < FAULTS_MAX:
            self._faults[what] = Fault(where=SOURCE, whose="peer", what=what)

    # ---- running ---------------------------------------------------------------------------

    async def run(self) -> None:
        if self._store is not None:
            for item in self._store.start():
                self.relay.restore(item)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.run())
            group.create_task(self._every(SWEEP_S, self.relay.sweep))
            group.create_task(self._every(PRESENT_S, self.speaker.present))
            group.create_task(self._every(FAULTS_S, self._tell_faults))
            for sender in self._senders:
                group.create_task(sender.run())

    async def _every(self, seconds: float, act: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(seconds)
            act()

    def _tell_faults(self) -> None:
        for fault in self._faults.values():
            self._link.submit_nowait(fault, SOURCE)
        self._faults.clear()


def _delivery_of(alert: Alert) -> Delivery:
    """The one the watch decided, made anew for an alert that was open before we started."""
    return Delivery(
        delivery_id=f"{alert.alert_id}.{alert.revision}.{Channel.COT.value}",
        alert_id=alert.alert_id,
        revision=alert.revision,
        target_id=alert.target_id,
        person_id=alert.person_id,
        channel=Channel.COT,
        rank=0,
    )
