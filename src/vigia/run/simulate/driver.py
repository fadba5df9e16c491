"""World -> Run: plays a world through the core as a shell would, crash and restore included.

The shell of the simulation: orders inputs by arrival, gives them their seq, injects Ticks at
`deadline()`, hands deliveries to phones and brings their answers back. No real time passes.
"""

from __future__ import annotations

import heapq
from random import Random
from typing import TypeAlias

import msgspec

from vigia.event_base import ALERTS_HELD_MAX
from vigia.events import (
    AgencyAdded,
    Alert,
    AlertsHeld,
    AllClear,
    AllClearAsked,
    ClockStepped,
    Delivery,
    DeviceEnrolled,
    Event,
    Fault,
    HandedOver,
    Input,
    PersonAdded,
    Restarted,
    SessionClosed,
    SessionOpened,
    SettingsApplied,
    Thinned,
    Tick,
    TracksPublished,
)
from vigia.flow import Watch
from vigia.run.simulate.acts import CLEAR_ID, acts, second_word
from vigia.run.simulate.channels import contacts, receipt
from vigia.run.simulate.emission import Emission
from vigia.run.simulate.officer import judge
from vigia.run.simulate.phones import Phone
from vigia.run.simulate.sensors import is_down, machines
from vigia.run.simulate.witnesses import witnesses
from vigia.run.simulate.world import S_NS, World, ns, seconds
from vigia.terms import Channel, MsgType

STEPS_MAX = 50_000  # inputs of one world; more means that the core keeps waking itself
TABLET_P = 0.15
QUIET_S = 25.0  # a world goes on at least this long after the last flyer
LAST_WORD_NS = 4_000_000_000  # for the last cancel to reach the pages
AFTER_EXPIRY_S = 40.0  # and at most this long after everything must have expired


class Step(msgspec.Struct, frozen=True):
    """One journaled input and what was decided. emission: the truth about it, if it has one."""

    event: Event
    decisions: list[Event]
    emission: Emission | None


class Arrival(msgspec.Struct, frozen=True):
    """An alert on its way to a page. life: of the watch process that sent it."""

    phone: Phone
    alert: Alert
    life: int


class LinkChange(msgspec.Struct, frozen=True):
    phone: Phone
    up: bool


class Receipt(msgspec.Struct, frozen=True):
    body: HandedOver
    life: int


class Back(msgspec.Struct, frozen=True):
    """The watch process is up again."""

    restarted: Restarted


class Glance(msgspec.Struct, frozen=True):
    """The watch officer looks at the picture and knows a bird when he sees one."""


Work: TypeAlias = Emission | Arrival | LinkChange | Receipt | Back | Glance


class Run(msgspec.Struct, kw_only=True):
    """All that happened. lost: steps whose inputs never reached the disk."""

    world: World
    steps: list[Step] = []
    lost: list[Step] = []
    phones: list[Phone] = []
    t_crash_ns: int | None = None
    t_back_ns: int | None = None
    restore_differs: int | None = None  # seq of the first decision that came out otherwise
    t_end_ns: int = 0


def play(world: World) -> Run:
    """The whole world, start to silence."""
    return Shell(world).run()


class Shell:
    """Mutable part of a run; one use."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._rng = Random(f"{world.seed}/shell")
        self._chance = Random(f"{world.seed}/channels")
        self._watch = Watch()
        self._heap: list[tuple[int, int, Work]] = []
        self._pushed = 0
        self._life = 0
        self._down = False
        self._t_ns = self._t_closed_ns = 0
        self._snapshot: tuple[int, bytes] | None = None  # steps so far, state
        self._open: dict[str, Alert] = {}
        self._picture: TracksPublished | None = None
        self._sent: dict[tuple[str, int], Alert] = {}
        self.result = Run(world=world, phones=_phones(world))

    def run(self) -> Run:
        self._set_up()
        world, result = self.world, self.result
        flown = max([world.duration_s, *(f.path.t_s[-1] for f in world.flyers)])
        t_min = ns(flown + QUIET_S)
        policy = world.settings.policy
        t_max = t_min + round((policy.expire_s + policy.blind_s + AFTER_EXPIRY_S) * 1e9)
        t_crash = None if world.crash is None else ns(world.crash.t_s)
        while True:
            t_work = self._heap[0][0] if self._heap else t_max
            due = None if self._down else self._watch.deadline()
            t_tick = t_max if due is None else max(due, self._t_ns)  # due may be long past
            t_next = min(t_work, t_tick)
            if t_crash is not None and t_next > t_crash:
                self._crash(t_crash)
                t_crash = None
                continue
            if t_next >= t_max or t_next > max(t_min, self._t_closed_ns + LAST_WORD_NS):
                break
            assert len(result.steps) < STEPS_MAX, f"seed {world.seed}: the core wakes itself"
            if t_tick <= t_work:
                self._feed(t_tick, "clock", Tick())
            else:
                t, _, work = heapq.heappop(self._heap)
                self._do(t, work)
        result.t_end_ns = result.steps[-1].event.t_recv_ns
        return result

    # ---- one thing after another -------------------------------------------------------------

    def _set_up(self) -> None:
        world, t = self.world, ns(0.0)
        self._feed(t, "settings", SettingsApplied(settings=world.settings))
        self._feed(t, "settings", AgencyAdded(agency_id="ag", name="Agency"))
        for p in world.people:
            added = PersonAdded(
                person_id=p.person_id, name=p.name, agency_id="ag", role=p.role, lang=p.lang,
                post_id=p.post_id,
            )  # fmt: skip
            self._feed(t, "settings", added)
        for contact in contacts(world):
            self._feed(t, "courier", contact)
        for phone in self.result.phones:
            enrolled = DeviceEnrolled(
                device_id=phone.device_id, person_id=phone.owner.person_id, public_key=b"key"
            )
            self._feed(t, "gateway", enrolled)
            self._push(t, LinkChange(phone, up=True))
            for down, up in phone.owner.link_down:
                self._push(ns(down), LinkChange(phone, up=False))
                self._push(ns(up), LinkChange(phone, up=True))
        if self._rng.random() < 0.5:
            self._push(ns(self._rng.uniform(10.0, world.duration_s)), Glance())
        for emission in (
            *machines(world),
            *witnesses(world),
            *(acts(world) if world.acts else ()),
            *self._noise(),
        ):
            self._push(ns(emission.t_recv_s), emission)

    def _glance(self, t_ns: int) -> None:
        if not self._down and self._picture is not None:
            word = judge(self.world, self._picture, seconds(t_ns))
            if word is not None:
                self._feed(t_ns, "dw", word)

    def _noise(self) -> list[Emission]:
        """Inputs that no decision depends on, and the watch officer's word."""
        rng, end = self._rng, self.world.duration_s
        found = [
            Emission(rng.uniform(1.0, end), "clock", ClockStepped(step_ns=rng.randrange(S_NS))),
            Emission(
                rng.uniform(1.0, end),
                "adapter",
                Fault(where="adapter", whose="peer", what="bad bytes", raw=b"\xff\x00"),
            ),
        ]
        if self.world.sensors and rng.random() < 0.3:
            sensor_id = self.world.sensors[0].sensor_id
            thinned = Thinned(sensor_id=sensor_id, scans=1, detections=3)
            found.append(Emission(rng.uniform(1.0, end), "watch", thinned))
        if rng.random() < 0.2:  # not his to say; it must change nothing
            word = AllClear(by_person_id="a0", reason="looks fine to me")
            found.append(Emission(rng.uniform(1.0, end), "d0", word, retried=True))
        if self.world.all_clear_s is not None:
            word = AllClear(by_person_id="w0", reason="searched, nothing there", clear_id=CLEAR_ID)
            found.append(Emission(self.world.all_clear_s, "dw", word, retried=True))
        return found

    def _do(self, t_ns: int, work: Work) -> None:
        match work:
            case Emission():
                self._arrive(t_ns, work)
            case Receipt():
                if work.life == self._life and not self._down:
                    self._feed(t_ns, "gateway", work.body)
            case Arrival():
                self._show(t_ns, work)
            case LinkChange():
                self._change_link(t_ns, work)
            case Back():
                self._come_back(t_ns, work.restarted)
            case Glance():
                self._glance(t_ns)

    def _arrive(self, t_ns: int, emission: Emission) -> None:
        """An input at the shell's door; while the watch is down, only phones try again."""
        if not self._down:
            self._feed(t_ns, emission.source, emission.body, emission)
        elif emission.retried:
            self._push(t_ns + self._some(1.0, 2.0), emission)

    def _feed(self, t_ns: int, source: str, body: Input, emission: Emission | None = None) -> None:
        crash, steps = self.world.crash, self.result.steps
        if crash is not None and self._snapshot is None and len(steps) > 20:
            t_snap = ns(crash.t_s - crash.uncommitted_s - crash.snapshot_age_s)
            if t_ns > t_snap:
                self._snapshot = (len(steps), self._watch.snapshot())
        self._t_ns = t_ns
        if self._open:
            self._t_closed_ns = t_ns
        event = Event(len(steps) + 1, t_ns, source, self.world.input_mark, body)
        decisions = self._watch.receive(event)
        steps.append(Step(event, decisions, emission))
        for decision in decisions:
            if isinstance(decision.body, Alert):
                self._note(decision.body)
            elif isinstance(decision.body, Delivery):
                self._hand_over(t_ns, decision.body)
            elif isinstance(decision.body, TracksPublished):
                self._picture = decision.body
            elif isinstance(decision.body, AllClearAsked) and isinstance(body, AllClear):
                again = second_word(body, decision.body.open)
                at = t_ns + self._some(1.0, 3.0)
                self._push(at, Emission(seconds(at), source, again, retried=True))

    def _note(self, alert: Alert) -> None:
        self._sent[(alert.alert_id, alert.revision)] = alert
        if alert.msg_type is MsgType.CANCEL:
            self._open.pop(alert.alert_id, None)
        else:
            self._open[alert.alert_id] = alert

    # ---- to the phones and back --------------------------------------------------------------

    def _hand_over(self, t_ns: int, delivery: Delivery) -> None:
        if delivery.channel not in {Channel.PAGE, Channel.COT}:
            late = receipt(delivery, t_ns, self._chance)
            return self._push(late.t_handed_ns + 5_000_000, Receipt(late, self._life))
        alert = self._sent.get((delivery.alert_id, delivery.revision))
        phones = [p for p in self.result.phones if p.owner.person_id == delivery.person_id]
        reached = False
        for phone in phones:
            if delivery.channel is Channel.PAGE and phone.sessions and alert is not None:
                phone.t_free_ns = max(phone.t_free_ns + 1, t_ns + self._some(0.02, 0.3))
                self._push(phone.t_free_ns, Arrival(phone, alert, self._life))
                reached = True
        body = HandedOver(
            delivery_id=delivery.delivery_id,
            alert_id=delivery.alert_id,
            revision=delivery.revision,
            t_handed_ns=t_ns + 3_000_000,
            failed=None if reached or delivery.channel is Channel.COT else "no open page",
        )
        self._push(t_ns + self._some(0.005, 0.05), Receipt(body, self._life))

    def _show(self, t_ns: int, work: Arrival) -> None:
        phone = work.phone
        if work.life != self._life or not phone.online:
            return  # the socket died under it; the page asks when it comes back
        for answer in phone.take(work.alert, t_ns, self._rng):
            self._answer(t_ns + round(answer.after_s * 1e9), phone, answer.body)

    def _answer(self, t_ns: int, phone: Phone, body: Input) -> None:
        """An acknowledgement is repeated until it is acknowledged itself."""
        at = t_ns + self._some(0.05, 0.5)
        while is_down(phone.owner.link_down, seconds(at)) or (
            self._rng.random() < self.world.network.loss
        ):
            at += self._some(1.5, 2.5)
        copies = 2 if self._rng.random() < 0.1 else 1
        for _ in range(copies):
            self._push(at, Emission(seconds(at), phone.device_id, body, retried=True))
            at += self._some(0.5, 2.0)

    def _change_link(self, t_ns: int, work: LinkChange) -> None:
        phone = work.phone
        phone.online = work.up
        if self._down:
            return  # everybody comes back with the watch
        session_id = f"{phone.device_id}.{phone.sessions}"
        if not work.up:
            self._feed(t_ns, "gateway", SessionClosed(session_id=session_id))
            return
        phone.sessions += 1
        opened = SessionOpened(
            session_id=f"{phone.device_id}.{phone.sessions}",
            device_id=phone.device_id,
            person_id=phone.owner.person_id,
            on_watch=True,
        )
        self._feed(t_ns, "gateway", opened)
        held = AlertsHeld(
            device_id=phone.device_id,
            person_id=phone.owner.person_id,
            alert_ids=tuple(phone.held)[:ALERTS_HELD_MAX],
        )
        self._feed(t_ns, phone.device_id, held)

    # ---- the end of a process and the next one -----------------------------------------------

    def _crash(self, t_ns: int) -> None:
        crash, result = self.world.crash, self.result
        assert crash is not None
        kept, state = self._snapshot or (len(result.steps), self._watch.snapshot())
        t_commit = ns(crash.t_s - crash.uncommitted_s)
        committed = max(kept, sum(s.event.t_recv_ns <= t_commit for s in result.steps))
        result.lost = result.steps[committed:]
        result.steps = result.steps[:committed]
        result.t_crash_ns, self._down = t_ns, True
        self._life += 1
        self._watch = Watch.restore(state)
        for step in result.steps[kept:]:
            again = self._watch.receive(step.event)
            if result.restore_differs is None and encode(again) != encode(step.decisions):
                result.restore_differs = step.event.seq
        self._open = {}
        for step in result.steps:
            for decision in step.decisions:
                if isinstance(decision.body, Alert):
                    self._note(decision.body)
        t_back = t_ns + round(crash.down_s * 1e9)
        for step in result.lost:
            if step.emission is not None and step.emission.retried:
                self._push(t_back + self._some(0.3, 3.0), step.emission)
        restarted = Restarted(snapshot_seq=kept, lost_after_seq=committed)
        self._push(t_back, Back(restarted))

    def _come_back(self, t_ns: int, restarted: Restarted) -> None:
        self._down = False
        self.result.t_back_ns = t_ns
        self._feed(t_ns, "watch", restarted)
        for phone in self.result.phones:
            if phone.online:
                self._push(t_ns + self._some(0.2, 3.0), LinkChange(phone, up=True))

    def _push(self, t_ns: int, work: Work) -> None:
        self._pushed += 1
        heapq.heappush(self._heap, (t_ns, self._pushed, work))

    def _some(self, low_s: float, high_s: float) -> int:
        """Nanoseconds."""
        return round(self._rng.uniform(low_s, high_s) * 1e9)


def _phones(world: World) -> list[Phone]:
    """Some people have a second device; both show every alert, one answer counts."""
    rng = Random(f"{world.seed}/tablets")
    found: list[Phone] = []
    for p in world.people:
        if p.device_id is not None:
            found.append(Phone(p, p.device_id))
            if rng.random() < TABLET_P:
                found.append(Phone(p, f"{p.device_id}-tablet"))
    return found


encode = msgspec.msgpack.Encoder().encode
