"""The watch's messages -> people's open pages, and what people say -> the watch.

State and reactions only; HTTP and the sockets are in http_api.py and page_talk.py, the server in
gateway_main.py. Everything runs on one event loop and nothing here waits for a disk.
"""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import time
from collections.abc import Coroutine
from pathlib import Path

from vigia.admission import CORE
from vigia.events import (
    AgencyAdded,
    Alert,
    AlertsHeld,
    AllClearAsked,
    CoverTold,
    Delivery,
    DeviceEnrolled,
    DeviceRevoked,
    Event,
    Fault,
    HandedOver,
    PersonAdded,
    Reached,
    RecordKept,
    Sighting,
    SightingPlaced,
)
from vigia.events_access import PowerUsed
from vigia.run import page_json as out
from vigia.run.accounts import Accounts
from vigia.run.desk_words import DeskWords, ring
from vigia.run.fates import OF_TRACKS
from vigia.run.fault_count import FaultCount
from vigia.run.gateway_past import recall_reached, recall_records, recall_reports
from vigia.run.handing import why_not
from vigia.run.invitations import Invitations
from vigia.run.ledger_follower import LedgerFollower
from vigia.run.link import Emit, Picture, State, Status, ToGateway
from vigia.run.link_io import LinkClient
from vigia.run.metrics import Metrics
from vigia.run.observe_keys import Observers
from vigia.run.page_acts import CallsOut
from vigia.run.page_socket import frame_of
from vigia.run.pages import Handover, Hub, Page
from vigia.run.passwords import Hashing
from vigia.run.past.worker import PastWorker
from vigia.run.pictures import Pictures
from vigia.run.provider import Provider
from vigia.run.pulse import Pulse
from vigia.run.reach_board import ReachBoard
from vigia.run.records.bell import hear
from vigia.run.records.book import RecordBook
from vigia.run.roles import CONSOLE
from vigia.run.service_keys import ServiceKeys
from vigia.run.session_book import SessionBook
from vigia.run.sessions import Sessions
from vigia.run.settings_access import Access
from vigia.run.settings_cap import Cap
from vigia.run.sharing import Eyes
from vigia.run.showing import Showing, viewer_of
from vigia.run.signed import Signers
from vigia.run.spread import Spread
from vigia.run.throttle import NAME_FAILURES_MAX, NAME_WINDOW_S, Throttle
from vigia.run.view import SIGHTINGS_S, View
from vigia.run.watch_clock import WatchClock
from vigia.run.witness.witnessing import Witnessing
from vigia.terms import AckKind, Channel

SOURCE = "gateway"
BEAT_S = 2.0
LOOK_S = 0.25
FAULTS_S = 1.0
GREET_SIGHTINGS_MAX = 200
REPLIES_MAX = 1_000  # of the core to acts, waiting for their doors


class Gateway:
    """One for the process; owns no sockets of its own."""

    def __init__(
        self, folder: Path, link: LinkClient, sessions: Sessions, access: Access | None = None
    ) -> None:
        self.access = access = access or Access()
        self.folder = folder
        self.link = link
        self.sessions, self.invitations = sessions, Invitations(folder)
        self.guesses = Throttle()
        self.name_guesses = Throttle(NAME_FAILURES_MAX, NAME_WINDOW_S)
        self.accounts = Accounts(folder)
        self.keys = ServiceKeys(folder)
        self.signers = Signers(folder)
        self.book = SessionBook(folder)
        self.book.load(now_s=time.time_ns() // 1_000_000_000)
        self.hashing = Hashing()
        self.oidc: Provider | None = None
        self.view = View()
        self.clock, self.hub = WatchClock(), Hub()
        self.eyes = Eyes(self.view, access)
        self.showing = Showing(self.view, self.hub, self.eyes)
        self.pictures = Pictures(self.view, self.hub, self.eyes)
        self._beats, self._greetings = Spread(self.hub), Spread(self.hub)
        self.past, self.metrics = PastWorker(folder), Metrics()
        self.observers = Observers(())
        self.records = RecordBook()
        self.records.on_kept = lambda version, record: hear(self, version, record)
        self.cap, self.words = Cap(), DeskWords(lambda word_id: ring(self, word_id))
        self.push_services: tuple[str, ...] | None = None  # None: this site sends no push
        self.reach = ReachBoard(folder, self.view, self.hub)
        self.ledger: LedgerFollower | None = None
        self.hosts: frozenset[str] = frozenset()
        self.secure, self.base_url = False, ""
        self.pulse = Pulse(self.clock)
        self.witnessing: Witnessing | None = None
        self._recalled, self.knows_past = False, False  # the latter: whose earlier alerts were
        self.replies: dict[int, AllClearAsked | Fault] = {}
        self._faults = FaultCount()
        self._tasks: set[asyncio.Task[None]] = set()
        link.on_message = self.heard
        link.on_lost = self.look

    # ---- the watch speaks ------------------------------------------------------------------

    def heard(self, message: ToGateway) -> None:
        match message:
            case Emit(event=event):
                self._event(event)
            case Picture():
                self.view.take_picture(message)
                self.pictures.refresh()
            case Status():
                self._status(message)
            case State():
                self._whole_state(message)
            case _:
                raise AssertionError("answers are taken by the link")

    def _event(self, event: Event) -> None:
        if self.reach.take(event):
            self._calls_changed()
        match event.body:
            case Alert() as alert:
                self._take_alert(alert)
            case Delivery() as delivery:
                self._deliver(delivery)
            case Sighting() as body:
                self.showing.to_consoles(self.view.take_sighting(event, body))
            case SightingPlaced() as body:
                self.showing.placed(body)
            case Reached() as body:
                self._reached(body)
            case CoverTold() as body:
                self.showing.cover(body)
            case AllClearAsked() as body:
                self._reply(event.seq, body)
            case Fault() as body if body.where == CORE:
                self._reply(event.seq, body)
            case body if isinstance(body, OF_TRACKS):
                self.showing.tracks(body)
            case PersonAdded() as body:
                if self.view.take_person(body):
                    self.hub.drop_person(body.person_id)
            case AgencyAdded() as body:
                self.view.agencies[body.agency_id] = body
            case DeviceEnrolled() as body:
                self.view.take_device(body)
            case DeviceRevoked() as body:
                self.revoked(body)
            case RecordKept() as body:
                self.records.take(event, body)
            case body:  # words for the desk, and what no page shows
                self.words.take(body)

    def revoked(self, body: DeviceRevoked) -> None:
        """Its sessions end with it, its pages close, and the link it came by is dead for it too."""
        device = self.view.devices.get(body.device_id)
        self.view.take_device(body)
        self.hub.drop_device(body.device_id)
        if device is not None:
            self._background(self._end_link(device.public_key))

    async def _end_link(self, spki: bytes) -> None:
        try:
            await asyncio.to_thread(self.invitations.end_of_key, spki)
        except (OSError, sqlite3.Error) as e:
            self.fault("invitations", f"a revoked device's link could not be ended: {e}")

    def _take_alert(self, alert: Alert) -> None:
        held = self.view.held(alert.alert_id)
        if held is not None and held.person_id != alert.person_id:
            self.fault("alert", "an alert id came again for another person; it was left out")
        elif self.view.take_alert(alert) and alert.person_id is None:
            self._alert(alert, None)

    def _deliver(self, delivery: Delivery) -> None:
        if delivery.channel is Channel.RADIO:
            self._handed(delivery, None if self.hub.officers else "no console is open")
        if delivery.channel is not Channel.PAGE:
            return
        alert = self.view.held(delivery.alert_id)
        why = why_not(delivery, alert)
        if alert is None or why is not None:
            self._handed(delivery, why)
            return
        self._alert(alert, Handover(delivery, self._handed))

    def _alert(self, alert: Alert, handover: Handover | None) -> None:
        self.showing.alert(alert, handover)

    def _handed(self, delivery: Delivery, failed: str | None) -> None:
        """T2: the frame is written to the person's socket, or never will be."""
        now = self.clock.now_ns()
        alert = self.view.alerts.get(delivery.alert_id)
        if failed is None:
            self.reach.legs.page_handed(delivery, now)
            self.metrics.counts["handed"] += 1
            if alert is not None and alert.revision == delivery.revision:
                self.metrics.t0_t2.add((now - alert.t_cause_ns) / 1e9)
        else:
            self.metrics.counts["not_handed"] += 1
        body = HandedOver(
            delivery_id=delivery.delivery_id,
            alert_id=delivery.alert_id,
            revision=delivery.revision,
            t_handed_ns=now,
            failed=failed,
        )
        self.link.submit_nowait(body, SOURCE)

    def _reached(self, body: Reached) -> None:
        alert = self.view.alerts.get(body.alert_id)
        if alert is not None and body.kind is AckKind.DELIVERED:
            self.metrics.t0_t3.add((body.t_obs_ns - alert.t_cause_ns) / 1e9)
        self.showing.reached(body)

    def _calls_changed(self) -> None:
        """Consoles fetch the list, each what it may see of it."""
        self.showing.show_consoles("calls", CallsOut())

    def _reply(self, seq: int, body: AllClearAsked | Fault) -> None:
        """What the core answered to an act; its door fetches it after the commit."""
        self.replies[seq] = body
        if len(self.replies) > REPLIES_MAX:
            del self.replies[next(iter(self.replies))]

    def _status(self, status: Status) -> None:
        self.clock.heard(status.t_ns)
        self.view.status = status
        if self.pulse.heard(status, now_s=asyncio.get_running_loop().time()):
            self._send_beat()
        health = self.health()
        if health is not None and self.hub.officers:
            self.showing.show_consoles("health", health)

    def _whole_state(self, state: State) -> None:
        """A new link: pages are greeted anew, and alerts nobody holds any more are ended."""
        self.clock.forget()
        self.clock.heard(state.t_ns)
        gone = self.view.take_state(state)
        self.reach.take_state(state)
        if not self._recalled:
            self._recalled = True
            self._background(recall_reports(self))
            self._background(recall_reached(self))
        self._background(recall_records(self))
        held: dict[str, list[str]] = {}
        for alert in gone:
            if alert.person_id is not None:  # others stand on consoles only, which hello tells
                held.setdefault(alert.person_id, []).append(alert.alert_id)
        for person_id, alert_ids in held.items():
            body = AlertsHeld(device_id=SOURCE, person_id=person_id, alert_ids=tuple(alert_ids))
            self.link.submit_nowait(body, SOURCE)
        for page in self.hub:
            person = self.view.person_at(page.device_id, page.person_id)
            here = (page.role, page.agency_id)
            if person is None or (person.role, person.agency_id) != here:
                page.close("not enrolled any more, or in another role")
        self._greetings.start(self.greet)

    def _background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- to the pages ----------------------------------------------------------------------

    def greet(self, page: Page) -> None:
        """hello, and for officers what they would have seen had they been here."""
        hello = self.hello(page)
        if hello is None:
            return
        page.alert(frame_of(hello))
        if page.role not in CONSOLE:
            return
        since_ms = self.now_ms() - SIGHTINGS_S * 1000
        seen = self.view.recent_sightings(since_ms=since_ms)[-GREET_SIGHTINGS_MAX:]
        self.showing.send(page, seen)
        health = self.health()
        if health is not None:
            self.showing.show(page, "health", health)
        self.pictures.show_to(page)

    def hello(self, page: Page) -> out.Hello | None:
        """None: before the watch has said who there is."""
        settings, person = self.view.settings, self.view.person(page.person_id)
        if settings is None or person is None:
            return None
        mine = None if page.role in CONSOLE else page.person_id
        whole = out.Hello(
            server_ms=self.now_ms(),
            mode=settings.mode,
            person=person,
            posts=self.view.posts(),
            origin=out.PointOut(settings.origin.lat_deg, settings.origin.lon_deg),
            danger_radius_m=settings.policy.danger_radius_m,
            ground_call=self.view.ground_call,
            watch=self.pulse.beat(),
            alerts=self.view.open_alerts(mine),
            cover=self.view.covers(mine),
        )
        seen = self.eyes.seen(viewer_of(page), whole)
        assert isinstance(seen, out.Hello)
        return seen

    def health(self) -> out.HealthOut | None:
        return self.view.health(
            {"pages_open": len(self.hub), "link_waiting": self.link.waiting} | self.metrics.counts
        )

    def now_ms(self) -> int:
        return self.clock.now_ns() // 1_000_000

    # ---- the watch's pulse -----------------------------------------------------------------

    async def run(self) -> None:
        """Beats, the look whether the watch lives, and counted faults; until cancelled."""
        loop = asyncio.get_running_loop()
        next_beat_s = loop.time() + BEAT_S
        next_faults_s = loop.time() + FAULTS_S
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()
            if loop.time() >= next_beat_s:
                next_beat_s = max(next_beat_s + BEAT_S, loop.time())
                self._send_beat()
            if loop.time() >= next_faults_s:
                next_faults_s = loop.time() + FAULTS_S
                self._tell_faults()
                self._background(self._save_book())

    async def _save_book(self) -> None:
        try:
            await asyncio.to_thread(self.book.save)
            await asyncio.to_thread(self.signers.save)
            for key in await asyncio.to_thread(self.keys.untold):
                made = PowerUsed(by_person_id=key.made_by, act="key.make", about=key.name)
                self.link.submit_nowait(made, SOURCE)
        except (OSError, sqlite3.Error) as e:
            self.fault("sessions", f"new sessions cannot be listed on disk: {type(e).__name__}")

    def look(self) -> None:
        if self.pulse.look(now_s=asyncio.get_running_loop().time()):
            self._send_beat()

    def _send_beat(self) -> None:
        frame = frame_of(self.pulse.beat())
        self._beats.start(lambda page: page.show("beat", frame))

    # ---- bad input -------------------------------------------------------------------------

    def fault(self, where: str, what: str, raw: bytes = b"", person_id: str | None = None) -> None:
        """Counted at once, told to the watch every FAULTS_S, one Fault a kind."""
        self.metrics.counts["faults"] += 1
        self._faults.add(where, what, raw, person_id)

    def _tell_faults(self) -> None:
        for fault in self._faults.take():
            self.link.submit_nowait(fault, SOURCE)

    def gauges(self) -> dict[str, float]:
        return {
            "pages_open": len(self.hub),
            "pages_dropped_slow": self.hub.dropped,
            "page_frames_waiting": self.hub.waiting,
            "link_connected": float(self.link.connected),
            "link_waiting": self.link.waiting,
            "link_faults": self.link.faults,
            "link_dropped": self.link.dropped,
            "alerts_open": len(self.view.alerts),
            "watch_ready": float(self.pulse.state == "ready"),
            "ledger_entries": 0 if self.ledger is None else self.ledger.state.size,
            "ledger_failures": 0 if self.ledger is None else self.ledger.state.failures,
            "resident_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
