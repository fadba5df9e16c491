"""Inputs of sensors and people -> the core -> alerts out, journal behind: the watch process.

The order in which things leave is the point: decisions go to the link and the TAK senders as soon
as the core has made them; the journal gets the event afterwards, on a queue that never blocks;
"received" is told to a reporter only when the journal says it is committed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from vigia.alert.identity import named_identities
from vigia.delivery import plan as reach
from vigia.events import (
    AgencyAdded,
    Alert,
    AllClearAsked,
    AttackReported,
    ClockStepped,
    Delivery,
    DeviceEnrolled,
    DeviceRevoked,
    Event,
    Fault,
    FriendlyEnded,
    HandedOver,
    Input,
    MarkedFriendly,
    PersonAdded,
    PositionErased,
    Reached,
    RecordKept,
    Restarted,
    SensorLost,
    SettingsApplied,
    Sighting,
    SightingPlaced,
    Tick,
    TrackEnded,
    TrackJudged,
    TracksPublished,
    WordReceived,
    WordSettled,
)
from vigia.events_reach import ContactSet, NotReached, ToldByRadio
from vigia.run.clock import Clock
from vigia.run.doors import Feed, Link, Outlet
from vigia.run.guard import GuardedCore
from vigia.run.health import Health
from vigia.run.inbox import Inbox, Item
from vigia.run.journal import Journal
from vigia.run.leaving import leaving_order
from vigia.run.link import (
    Arrival,
    Call,
    Committed,
    Emit,
    PersonSpot,
    Picture,
    Refused,
    State,
    Status,
    Submit,
    Unsent,
)
from vigia.run.say import say
from vigia.terms import Channel, Mark
from vigia.tracktable import published_rows

SLICE_NS = 5_000_000  # the loop breathes after this long, so that a report is read from the link
SNAPSHOT_NS = 10_000_000_000
SNAPSHOT_INPUTS = 1_000  # recovery feeds the inputs since the last one: it must take seconds
STATUS_NS = 1_000_000_000
POISON_SHOWN_NS = 600_000_000_000  # an input set aside shows as DEGRADED for so long
ARRIVALS_MAX = 500
ALERTS_MAX = 10_000  # remembered for deliveries that follow them
SHOWN = (
    Sighting,
    PersonAdded,
    AgencyAdded,
    DeviceEnrolled,
    DeviceRevoked,
    TracksPublished,
    TrackEnded,
    SightingPlaced,
    Alert,
    Delivery,
    Reached,
    Fault,
    PositionErased,
    RecordKept,
    NotReached,
    ToldByRadio,
    ContactSet,
    HandedOver,
    AttackReported,
    WordReceived,
    WordSettled,
    TrackJudged,
    MarkedFriendly,
    FriendlyEnded,
)  # fmt: skip - what the pages need to hear of


class WatchProcess:
    """Single-threaded on one event loop; only the journal's writer is a thread."""

    def __init__(
        self,
        core: GuardedCore,
        *,
        settings: SettingsApplied,
        clock: Clock,
        journal: Journal,
        link: Link,
        feeds: Sequence[Feed],
        outlets: Sequence[Outlet],
        last_seq: int,
    ) -> None:
        self._core = core
        self._settings = settings
        self._clock = clock
        self._journal = journal
        self._link = link
        self._feeds = feeds
        self._outlets = outlets
        self._seq = last_seq
        self._inbox = Inbox()
        self._wake = asyncio.Event()
        self._over: dict[str, str] = {}  # feeds that ended, and why
        self._health = Health(settings.settings)
        self._waiting: deque[tuple[int, int]] = deque()  # (seq, request_id), by seq
        self._loop: asyncio.AbstractEventLoop | None = None
        self._t_snapshot_ns = 0
        self._snapshot_seq = last_seq
        self._t_status_ns = 0
        self._state = "starting"
        self._t_poison_ns = -POISON_SHOWN_NS
        self._alerts: dict[str, Alert] = {}
        self.on_ready: Callable[[], None] | None = None
        self.on_alert: Callable[[Alert], None] | None = None  # the demo's people answer
        self.on_asked: Callable[[AllClearAsked], None] | None = None  # so does its officer

    # ---- doors -----------------------------------------------------------------------------

    def submit(self, message: Submit) -> None:
        """From the gateway; on the event loop."""
        mark = self._settings.settings.mode
        item = Item(self._clock.now_ns(), message.source, mark, message.body, message.request_id)
        if not self._inbox.put(item) and message.request_id:
            self._link.send(Refused(request_id=message.request_id, why="too many inputs waiting"))
        self._wake.set()

    def put(self, source: str, mark: Mark, body: Input) -> bool:
        """From a feed; on the event loop."""
        taken = self._inbox.put(Item(self._clock.now_ns(), source, mark, body))
        self._wake.set()
        return taken

    def handed(self, delivery_id: str, t_ns: int | None, failed: str | None) -> None:
        """From an outlet: T2, or why not."""
        alert_id, revision, _ = delivery_id.split(".")
        body = HandedOver(
            delivery_id=delivery_id,
            alert_id=alert_id,
            revision=int(revision),
            t_handed_ns=t_ns if t_ns is not None else self._clock.now_ns(),
            failed=failed,
        )
        self.put("tak", self._settings.settings.mode, body)

    def link_fault(self, what: str, raw: bytes) -> None:
        """From the link: garbage ended it. Its raw bytes may hold a report's position."""
        fault = Fault(where="link", whose="us", what=f"{what} ({len(raw)} bytes)")
        self.put("link", self._settings.settings.mode, fault)

    def committed(self, seq: int) -> None:
        """From the journal's thread: everything up to seq is on disk."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell_committed, seq)

    def state(self) -> State:
        """What a gateway or a courier needs on a new link."""
        watch = self._core.watch
        roster, held, find = watch.roster, watch.state.reach, watch.state.alerts.find
        return State(
            t_ns=self._clock.now_ns(),
            settings=self._settings.settings,
            agencies=tuple(roster.agencies.values()),
            people=tuple(roster.people.values()),
            devices=tuple(roster.devices.values()),
            open_alerts=tuple(watch.open_alerts),
            cover=tuple(told.said for told in watch.state.cover.told.values()),
            contacts={person_id: tuple(found) for person_id, found in held.contacts.items()},
            calls=tuple(Call(alert, told) for alert, told in reach.calls(held, find)),
            flights=tuple(watch.state.alerts.flights.values()),
            unsent=tuple(Unsent(alert, given) for alert, given in reach.unsent(held, find)),
        )

    # ---- running ---------------------------------------------------------------------------

    async def run(self, *, restarted: bool) -> None:
        """Until cancelled."""
        self._loop = asyncio.get_running_loop()
        now = self._clock.now_ns()
        mark = self._settings.settings.mode
        self._step(Item(now, "settings", mark, self._settings))
        if restarted:
            self._step(Item(now, "watch", mark, Restarted(snapshot_seq=self._seq)))
        self._state = "ready"
        if self.on_ready is not None:
            self.on_ready()
        async with asyncio.TaskGroup() as group:
            for feed in self._feeds:
                group.create_task(self._run_feed(feed))
            for outlet in self._outlets:
                group.create_task(outlet.run())
            group.create_task(self._run_core())

    async def _run_core(self) -> None:
        while True:
            now = self._clock.now_ns()
            self._drain(now)
            deadline = self._core.watch.deadline()
            now = self._clock.now_ns()
            if deadline is not None and now >= deadline:
                self._step(Item(now, "clock", self._settings.settings.mode, Tick()))
            self._housekeeping(now)
            if len(self._inbox):
                await asyncio.sleep(0)
                continue
            self._wake.clear()
            wait_s = 1.0 if deadline is None else max(0.0, (deadline - now) / 1e9)
            try:
                async with asyncio.timeout(min(wait_s, 1.0)):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _drain(self, start_ns: int) -> None:
        """Take inputs for at most SLICE_NS; ticks that are due meanwhile come in between."""
        while (item := self._inbox.take(start_ns)) is not None:
            self._step(item)
            now = self._clock.now_ns()
            if now - start_ns > SLICE_NS:
                return

    def _step(self, item: Item) -> None:
        """One input through the core; decisions leave before the journal hears of it."""
        self._seq += 1
        t_ns = max(item.t_recv_ns, self._core.watch.t_ns)
        event = Event(self._seq, t_ns, item.source, item.mark, item.body)
        out = self._core.receive(event)
        if isinstance(out, Fault):
            self._t_poison_ns = event.t_recv_ns
            self._step(item._replace(body=out, source="core", request_id=0))
            if item.request_id:
                why = "set aside by a mistake of ours; report it by radio"
                self._link.send(Refused(request_id=item.request_id, why=why))
            return
        for decision in leaving_order(out):
            self._send(decision)
        own = isinstance(item.body, HandedOver) and item.source == "gateway"  # it knows that
        if isinstance(item.body, SHOWN) and not own:
            self._link.send(Emit(event=event))
        self._health.saw(event, out)
        queued = self._journal.append(event, out)
        if item.request_id:
            if queued:
                self._waiting.append((event.seq, item.request_id))
            else:
                self._link.send(
                    Refused(request_id=item.request_id, why="the journal's queue is full")
                )
        if isinstance(item.body, PositionErased):
            self._journal.forget(item.body.person_id, item.body.shift)
            self._snapshot()  # forgetting destroys the older ones

    def _send(self, decision: Event) -> None:
        body = decision.body
        self._health.saw(decision)
        self._link.send(Emit(event=decision))
        if isinstance(body, Alert):
            self._alerts[body.alert_id] = body
            if len(self._alerts) > ALERTS_MAX:
                self._alerts.pop(next(iter(self._alerts)))
            for outlet in self._outlets:
                outlet.offer_decided(body)
            if self.on_alert is not None:
                self.on_alert(body)
        elif isinstance(body, AllClearAsked) and self.on_asked is not None:
            self.on_asked(body)
        if not self._outlets:
            return
        if isinstance(body, Delivery) and body.channel is Channel.COT:
            for outlet in self._outlets:
                outlet.offer_alert(self._alerts[body.alert_id], body)
        elif isinstance(body, TracksPublished):
            for outlet in self._outlets:
                outlet.offer_tracks(published_rows(body.data))

    def _tell_committed(self, seq: int) -> None:
        while self._waiting and self._waiting[0][0] <= seq:
            done, request_id = self._waiting.popleft()
            self._link.send(Committed(request_id=request_id, seq=done))

    async def _run_feed(self, feed: Feed) -> None:
        """A feed that breaks is shown; it stops nothing else."""
        try:
            await feed.run(self.put)
            self._feed_over(feed, "the source ended")
        except (OSError, ValueError) as e:
            self._feed_failed(feed, Fault(where=feed.source, whose="world", what=str(e)))
        except Exception as e:  # noqa: BLE001 - plug-in boundary: a feed's mistake ends the feed
            what = f"the source broke: {type(e).__name__}: {e}"
            self._feed_failed(feed, Fault(where=feed.source, whose="us", what=what))

    def _feed_over(self, feed: Feed, why: str) -> None:
        self._over[feed.source] = why
        lost = SensorLost(sensor_id=feed.source, t_obs_ns=self._clock.now_ns(), why=why)
        self.put(feed.source, self._settings.settings.mode, lost)

    def _feed_failed(self, feed: Feed, fault: Fault) -> None:
        self._feed_over(feed, fault.what)
        self.put(feed.source, self._settings.settings.mode, fault)
        say(f"sensor {feed.source}: {fault.what}")

    # ---- once a second ---------------------------------------------------------------------

    def _housekeeping(self, now_ns: int) -> None:
        step = self._clock.stepped_ns()
        if step:
            self.put("clock", self._settings.settings.mode, ClockStepped(step_ns=step))
        if now_ns - self._t_status_ns >= STATUS_NS:
            self._t_status_ns = now_ns
            self._link.send(self._status(now_ns))
            self._link.send(self._picture(now_ns))
        age_ns = now_ns - self._t_snapshot_ns
        if age_ns >= SNAPSHOT_NS or self._seq - self._snapshot_seq >= SNAPSHOT_INPUTS:
            self._snapshot()

    def _snapshot(self) -> None:
        self._t_snapshot_ns, self._snapshot_seq = self._clock.now_ns(), self._seq
        self._journal.put_snapshot(self._seq, self._core.watch.t_ns, self._core.snapshot())

    def _status(self, now_ns: int) -> Status:
        for source, why in self._over.items():  # its last observations, still waiting, heal nothing
            self._health.failed(source, why)
        trouble = self._journal.trouble
        degraded = trouble is not None or now_ns - self._t_poison_ns < POISON_SHOWN_NS
        return Status(
            t_ns=now_ns,
            mode=self._settings.settings.mode,
            state="degraded" if degraded else self._state,
            journal=trouble or "ok",
            journal_lag_s=self._journal.lag_s,
            sensors=self._health.sensors(now_ns, self._core.watch.learnt()),
            counts={
                **self._health.counts,
                "poisoned": self._core.poisoned,
                "scans_thinned": self._inbox.thinned_scans,
                "people_refused": self._inbox.refused_people,
                "waiting": len(self._inbox),
                **{k: v for outlet in self._outlets for k, v in outlet.counts().items()},
            },
        )

    def _picture(self, now_ns: int) -> Picture:
        """Per track the target it reaches first (threats come most urgent first)."""
        first: dict[str, Arrival] = {}
        for t in self._core.watch.threats:
            if t.track_id in first:
                continue
            if len(first) >= ARRIVALS_MAX:
                break
            first[t.track_id] = Arrival(
                track_id=t.track_id,
                target_id=t.target_id,
                p_hit=t.p_hit,
                t_earliest_ns=now_ns + int(t.earliest_s * 1e9),
                t_p50_ns=None if t.p50_s is None else now_ns + int(t.p50_s * 1e9),
                range_m=t.range_m,
                bearing_deg_true=t.bearing_deg_true,
            )
        spots = self._core.watch.roster.spots
        return Picture(
            t_ns=now_ns,
            arrivals=tuple(first.values()),
            people=tuple(PersonSpot(p, s.position, s.t_obs_ns) for p, s in spots.items()),
            identities=named_identities(self._core.watch.state.alerts),
        )
