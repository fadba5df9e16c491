"""Read first: the decision path in one screen. Events in -> decisions out.

    bytes -> Observation -> Track -> Threat -> Alert -> Delivery -> (journal, ledger)

`Watch` is a function of the events it was given: no clock, no chance, no IO. Live running,
replay, simulation and the cluster drive this class and reach the same decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import msgspec

from vigia.alert.policy import AlertPolicy, AlertState
from vigia.delivery.plan import ReachState, acknowledge, plan
from vigia.events import (
    Acknowledged,
    AgencyAdded,
    Alert,
    AlertsHeld,
    AllClear,
    AnyBody,
    ClockStepped,
    CoreSettings,
    Delivery,
    DeviceEnrolled,
    DeviceRevoked,
    Event,
    Fault,
    HandedOver,
    Observation,
    OperatorSeen,
    PersonAdded,
    PersonMoved,
    PositionErased,
    Reached,
    Restarted,
    SensorHeard,
    SensorSite,
    SessionClosed,
    SessionOpened,
    SettingsApplied,
    Sighting,
    SightingPlaced,
    Thinned,
    Tick,
    TrackEnded,
    TrackJudged,
    TracksPublished,
)
from vigia.geo import Site
from vigia.roster import Roster
from vigia.terms import Channel, EndReason, Mark, Position, Role
from vigia.threat.assess import assess, make_ready
from vigia.threat.targets import TargetBook, Targets
from vigia.threats import Threat
from vigia.track.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Sequence

TICK_NS = 1_000_000_000
ASSESS_NS = 50_000_000  # between two looks at all pairs; a person's report is looked at at once
CORE = "core"


class WatchState(msgspec.Struct):
    """All state but the tracker's, which packs itself."""

    settings: CoreSettings | None = None
    roster: Roster = msgspec.field(default_factory=Roster)
    alerts: AlertState = msgspec.field(default_factory=AlertState)
    reach: ReachState = msgspec.field(default_factory=ReachState)
    t_ns: int = 0
    seq: int = 0
    t_tick_ns: int = 0
    t_assess_ns: int = 0
    pending: bool = False  # new evidence since the last assessment
    shown: bool = False  # the last picture had tracks


class _Snapshot(msgspec.Struct):
    state: WatchState
    tracker: bytes | None


class Watch:
    """The deterministic core. Inputs come in the order of their seq, t_recv_ns never decreasing;
    the first must be SettingsApplied. Raises AssertionError when the shell breaks that."""

    def __init__(self) -> None:
        self._s = WatchState()
        self._tracker: Tracker | None = None
        self._targets: TargetBook | None = None
        self._sensors: dict[str, SensorSite] = {}
        self._threats: list[Threat] = []  # of the last assessment, for the console

    def receive(self, event: Event) -> list[Event]:
        """One input -> the decisions it causes, in the order they should leave."""
        s = self._s
        assert event.seq > s.seq, f"seq: got {event.seq} after {s.seq}"
        assert event.t_recv_ns >= s.t_ns, f"t_recv_ns: went back from {s.t_ns}"
        s.seq, s.t_ns = event.seq, event.t_recv_ns
        if isinstance(event.body, SettingsApplied):
            self._apply(event.body.settings)
            return []
        assert self._tracker is not None, "the first input must be SettingsApplied"
        mark, refused = self._weigh(event)
        out: list[AnyBody] = []
        if refused is not None:
            out.append(refused)
        else:
            self._take(event.body, mark, out)
        if s.pending and s.t_ns - s.t_assess_ns >= ASSESS_NS:
            self._assess(out)
        return self._envelop(event.seq, mark, out) if out else []

    def deadline(self) -> int | None:
        """t_recv_ns at which the shell must inject a Tick; None before the settings."""
        s = self._s
        if s.settings is None:
            return None
        tick = (s.t_tick_ns // TICK_NS + 1) * TICK_NS
        return min(tick, s.t_assess_ns + ASSESS_NS) if s.pending else tick

    # ---- the path --------------------------------------------------------------------------

    def _take(self, body: AnyBody, mark: Mark, out: list[AnyBody]) -> None:
        s, tracker = self._s, self._tracker
        assert tracker is not None
        match body:
            case Observation():
                out.extend(tracker.observe(body, t_recv_ns=s.t_ns, mark=mark))
                s.pending = True
            case Sighting():
                where = self._where(body)
                out.append(tracker.sight(body, t_recv_ns=s.t_ns, mark=mark, position=where))
                self._end_tracks(tracker.advance(s.t_ns), out)
                self._assess(out)
            case Tick():
                self._tick(out)
            case Acknowledged():
                reached = acknowledge(s.reach, body)
                if reached is not None:
                    out.append(reached)
            case AlertsHeld():
                self._adopt(body, mark, out)
            case AllClear():
                self._all_clear(body, out)
            case TrackJudged():
                self._judge(body, out)
            case PersonMoved():
                self._refuse(s.roster.move(body), out)
            case (
                AgencyAdded()
                | PersonAdded()
                | DeviceEnrolled()
                | DeviceRevoked()
                | SessionOpened()
                | SessionClosed()
            ):
                self._refuse(s.roster.admit(body), out)
            case PositionErased():
                s.roster.forget(body.person_id)
                tracker.forget(body.person_id)
            case Restarted():
                self._policy().restarted()
            case OperatorSeen() | SensorHeard() | HandedOver() | ClockStepped():
                pass  # kept in the journal; no decision of today depends on them
            case Fault() | Thinned():
                pass
            case SettingsApplied():
                raise AssertionError("handled in receive")
            case (
                TracksPublished() | TrackEnded() | SightingPlaced() | Alert() | Delivery()
                | Reached()
            ):  # fmt: skip
                raise AssertionError(f"{type(body).__name__} is a decision, not an input")
            case _:
                assert_never(body)

    def _tick(self, out: list[AnyBody]) -> None:
        s, tracker = self._s, self._tracker
        assert tracker is not None
        assert s.settings is not None
        if s.t_ns < (s.t_tick_ns // TICK_NS + 1) * TICK_NS:
            self._assess(out)  # woken for pending evidence between two full seconds
            return
        s.t_tick_ns = s.t_ns
        s.roster.forget_older(s.t_ns - int(s.settings.policy.forget_position_s * 1e9))
        self._end_tracks(tracker.advance(s.t_ns), out)
        self._assess(out)
        picture = tracker.published(s.t_ns)
        if picture.data or s.shown:
            out.append(picture)
        s.shown = bool(picture.data)

    def _assess(self, out: list[AnyBody]) -> None:
        """Track -> Threat -> Alert -> Delivery for everything, now."""
        s, tracker, book = self._s, self._tracker, self._targets
        assert tracker is not None
        assert book is not None
        assert s.settings is not None
        s.pending, s.t_assess_ns = False, s.t_ns
        states = tracker.states(s.t_ns)
        if len(states) == 0 and not s.alerts.open:
            self._threats = []
            return
        targets = book.table(s.roster, s.t_ns)
        self._threats = assess(states, targets, s.settings.policy)
        live = {
            bytes(row["track_id"]).decode(): int(row["t_cause_ns"])
            for row in states[["track_id", "t_cause_ns"]]
        }
        self._send(
            self._policy().decide(self._threats, live=live, sources=tracker.sources, t_ns=s.t_ns),
            out,
        )

    def _send(self, alerts: Sequence[Alert], out: list[AnyBody]) -> None:
        assert self._s.settings is not None
        out.extend(alerts)
        out.extend(plan(alerts, self._s.settings.channels))

    # ---- people ----------------------------------------------------------------------------

    def _where(self, body: Sighting) -> Position | None:
        """Where the reporter stands: he says so, or his last position, or his post."""
        s = self._s
        if body.position is not None or body.person_id is None:
            return body.position
        spot = s.roster.spots.get(body.person_id)
        if spot is not None:
            return spot.position
        person = s.roster.people.get(body.person_id)
        assert s.settings is not None
        for post in s.settings.posts:
            if person is not None and post.post_id == person.post_id:
                return post.position
        return None

    def _adopt(self, body: AlertsHeld, mark: Mark, out: list[AnyBody]) -> None:
        known, unknown = self._policy().adopt(body, self._s.t_ns, mark)
        out.extend(unknown)  # a known one is delivered again as it was, under its revision
        out.extend(plan([*known, *unknown], (Channel.PAGE,)))

    def _all_clear(self, body: AllClear, out: list[AnyBody]) -> None:
        if not self._s.roster.may(body.by_person_id, Role.WATCH_OFFICER):
            self._refuse(f"all clear: {body.by_person_id} is not a watch officer", out)
            return
        self._send(self._policy().all_clear(body, self._s.t_ns), out)

    def _judge(self, body: TrackJudged, out: list[AnyBody]) -> None:
        assert self._tracker is not None
        if not self._s.roster.may(body.by_person_id, Role.WATCH_OFFICER):
            self._refuse(f"judgement: {body.by_person_id} is not a watch officer", out)
            return
        self._end_tracks(self._tracker.judge(body), out)

    def _end_tracks(self, ended: list[TrackEnded], out: list[AnyBody]) -> None:
        out.extend(ended)
        false = frozenset(e.track_id for e in ended if e.reason is EndReason.FALSE)
        if false:
            self._send(self._policy().drop_tracks(false, self._s.t_ns), out)

    # ---- doors -----------------------------------------------------------------------------

    def _envelop(self, seq: int, mark: Mark, out: list[AnyBody]) -> list[Event]:
        """Alerts and their deliveries bear the alert's mark, whatever input set them off."""
        marks = {alert.alert_id: alert.mark for alert in self.open_alerts}
        marks |= {b.alert_id: b.mark for b in out if isinstance(b, Alert)}
        return [
            Event(
                seq,
                self._s.t_ns,
                CORE,
                marks.get(b.alert_id, mark) if isinstance(b, Alert | Delivery) else mark,
                b,
            )
            for b in out
        ]

    def _weigh(self, event: Event) -> tuple[Mark, Fault | None]:
        """The mark an input counts with. Simulated input never passes for actual."""
        assert self._s.settings is not None
        mode = self._s.settings.mode
        sensor_id = getattr(event.body, "sensor_id", None)
        sensor = self._sensors.get(sensor_id) if isinstance(sensor_id, str) else None
        if sensor_id is not None and sensor is None and isinstance(event.body, Observation):
            return event.mark, Fault(
                where=event.source,
                whose="peer",
                what=f"sensor {sensor_id}: not in the settings; add [sensors.{sensor_id}]",
            )
        if mode is Mark.DEMO:
            return Mark.DEMO, None
        if sensor is not None and sensor.simulated and event.mark is Mark.ACTUAL:
            return Mark.EXERCISE, None
        declared = sensor is not None and sensor.simulated
        if event.mark is Mark.ACTUAL or (
            event.mark is Mark.EXERCISE and (mode is Mark.EXERCISE or declared)
        ):
            return event.mark, None
        return event.mark, Fault(
            where=event.source,
            whose="peer",
            what=(
                f"{type(event.body).__name__}: marked {event.mark.value} in mode {mode.value}; "
                "simulated input needs mode demo or exercise, or a sensor declared simulated"
            ),
        )

    def _refuse(self, why: str | None, out: list[AnyBody]) -> None:
        if why is not None:
            out.append(Fault(where=CORE, whose="peer", what=why))

    def _policy(self) -> AlertPolicy:
        assert self._s.settings is not None
        return AlertPolicy(self._s.settings.policy, self._s.alerts)

    def _apply(self, settings: CoreSettings) -> None:
        """Settings may change while tracks are open: the tracker goes on from its state."""
        held = None if self._tracker is None else self._tracker.snapshot()
        if self._s.settings is None:
            self._s.t_tick_ns = self._s.t_ns  # the first tick is a second from now
        self._s.settings = settings
        self._tracker = Tracker(settings) if held is None else Tracker.restore(settings, held)
        self._ready(settings)

    def _ready(self, settings: CoreSettings) -> None:
        o = settings.origin
        site = Site(lat_deg=o.lat_deg, lon_deg=o.lon_deg, alt_hae_m=o.alt_hae_m or 0.0)
        self._targets = TargetBook(settings, site)
        make_ready()
        self._sensors = {sensor.sensor_id: sensor for sensor in settings.sensors}

    def snapshot(self) -> bytes:
        """The whole state; holds people's positions, so it is stored encrypted."""
        held = None if self._tracker is None else self._tracker.snapshot()
        return msgspec.msgpack.encode(_Snapshot(self._s, held))

    @classmethod
    def restore(cls, data: bytes) -> Watch:
        """Exact: goes on byte for byte as the one that gave the snapshot."""
        found = msgspec.msgpack.decode(data, type=_Snapshot)
        watch = cls()
        watch._s = found.state
        if found.state.settings is not None and found.tracker is not None:
            watch._tracker = Tracker.restore(found.state.settings, found.tracker)
            watch._ready(found.state.settings)
        return watch

    # ---- to look at ------------------------------------------------------------------------

    @property
    def threats(self) -> Sequence[Threat]:
        """Of the last assessment, most urgent first."""
        return self._threats

    @property
    def t_ns(self) -> int:
        """The core's clock: t_recv_ns of the last input."""
        return self._s.t_ns

    @property
    def open_alerts(self) -> list[Alert]:
        return [held.alert for held in self._s.alerts.open.values()]

    @property
    def roster(self) -> Roster:
        return self._s.roster

    @property
    def settings(self) -> CoreSettings | None:
        return self._s.settings

    def targets(self) -> Targets:
        assert self._targets is not None
        return self._targets.table(self._s.roster, self._s.t_ns)
