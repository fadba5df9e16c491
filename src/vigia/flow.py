"""Read first: the decision path in one screen. Events in -> decisions out.

    bytes -> Observation -> Track -> Threat -> Alert -> Delivery -> (journal, ledger)

`Watch` is a function of the events it was given: no clock, no chance, no IO. Live running,
replay, simulation and the cluster drive this class and reach the same decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import msgspec
from msgspec.structs import replace

from vigia.admission import CORE, envelop, weigh
from vigia.alert import friendly
from vigia.alert.cover import heard, looking_now, lost, sight_of
from vigia.alert.flights import authorised
from vigia.alert.policy import AlertPolicy
from vigia.alert.raised import spread_all
from vigia.alert.rates import count
from vigia.alert_terms import Via
from vigia.delivery import answers
from vigia.delivery import plan as reach
from vigia.desk import Act, Desk, en_of, look_around, post_of, scene_of, where_of
from vigia.events import (
    DECIDED,
    KEPT,
    Acknowledged,
    AgencyAdded,
    Alert,
    AlertRaised,
    AlertsHeld,
    AllClear,
    AllClearReversed,
    AnyBody,
    AttackReported,
    CoreSettings,
    DeviceEnrolled,
    DeviceRevoked,
    Event,
    Fault,
    FlightAuthorised,
    HandedOver,
    MarkedFriendly,
    Observation,
    PersonAdded,
    PersonMoved,
    PositionErased,
    ReportConfirmed,
    Restarted,
    SensorHeard,
    SensorJoined,
    SensorLost,
    SensorSite,
    SessionClosed,
    SessionOpened,
    SettingsApplied,
    Sighting,
    Tick,
    TrackEnded,
    TrackIdentified,
    TrackJudged,
    Undone,
)
from vigia.events_reach import ContactSet, DrillOrdered, ToldByRadio
from vigia.flow_state import Snapshot, WatchState
from vigia.geo import Site
from vigia.joining import join
from vigia.roster import Roster
from vigia.terms import EndReason, Mark, Role
from vigia.threat.assess import assess, make_ready
from vigia.threat.memory import recollect
from vigia.threat.targets import TargetBook, Targets
from vigia.threats import Threat
from vigia.track.tracker import Learnt, Tracker

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from vigia.alert.state import Scene, Sight

TICK_NS = 1_000_000_000
ASSESS_NS = 50_000_000  # between two looks at all pairs; a person's report is looked at at once


class Watch:
    """The deterministic core. Inputs come in the order of their seq, t_recv_ns never decreasing;
    the first must be SettingsApplied. Raises AssertionError when the shell breaks that."""

    def __init__(self) -> None:
        self._s = WatchState()
        self._tracker: Tracker | None = None
        self._site = Site(lat_deg=0.0, lon_deg=0.0, alt_hae_m=0.0)
        self._targets: TargetBook | None = None
        self._sensors: dict[str, SensorSite] = {}
        self._threats: list[Threat] = []  # of the last assessment, for the console

    def learnt(self) -> dict[str, Learnt]:
        """What the tracker found out about the errors of sensors, for whoever looks after them."""
        return self._tracker.learnt() if self._tracker is not None else {}

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
        return envelop(event, mark, out, self.open_alerts) if out else []

    def deadline(self) -> int | None:
        """t_recv_ns at which the shell must inject a Tick; None before the settings."""
        s = self._s
        if s.settings is None:
            return None
        tick = (s.t_tick_ns // TICK_NS + 1) * TICK_NS
        return min(tick, s.t_assess_ns + ASSESS_NS) if s.pending else tick

    def _take(self, body: AnyBody, mark: Mark, out: list[AnyBody]) -> None:
        s, tracker = self._s, self._tracker
        assert tracker is not None
        assert s.settings is not None
        assert not isinstance(body, DECIDED), f"{type(body).__name__} is a decision, not an input"
        if isinstance(body, KEPT):
            return
        match body:
            case Observation():
                heard(s.cover, body.sensor_id, s.t_ns)
                out.extend(tracker.observe(body, t_recv_ns=s.t_ns, mark=mark))
                s.pending = True
            case Sighting():
                where = where_of(body, s.settings, s.roster)
                if body.via in (Via.TEXT, Via.DESK):  # it proves nobody's name
                    body = replace(body, person_id=None)
                out.append(tracker.sight(body, t_recv_ns=s.t_ns, mark=mark, position=where))
                why = EndReason.WITHDRAWN if body.withdrawn else EndReason.FALSE
                self._end_tracks(tracker.advance(s.t_ns), out, why)
                self._assess(out)
            case Tick():
                self._tick(out)
            case Acknowledged() | HandedOver() | ContactSet() | ToldByRadio():
                found = answers.take(s.reach, body, s.alerts.find, s.settings, s.roster, s.t_ns)
                out.extend(found)
            case AlertsHeld():
                self._adopt(body, mark, out)
            case (
                AttackReported() | AllClear() | AllClearReversed() | AlertRaised()
                | ReportConfirmed() | Undone() | MarkedFriendly() | TrackIdentified()
                | DrillOrdered() | FlightAuthorised()
            ):  # fmt: skip
                self._act(body, mark, out)
            case TrackJudged():
                self._judge(body, out)
            case PersonMoved():
                self._refuse(s.roster.move(body), out)
            case (
                AgencyAdded() | PersonAdded() | DeviceEnrolled() | DeviceRevoked()
                | SessionOpened() | SessionClosed()
            ):  # fmt: skip
                self._refuse(s.roster.admit(body), out)
            case PositionErased():
                s.roster.forget(body.person_id)
                tracker.forget(body.person_id)
            case Restarted():
                self._policy().restarted(s.t_ns)
                s.cover.t_start_ns = s.t_ns
            case SensorHeard(sensor_id=sensor_id):
                heard(s.cover, sensor_id, s.t_ns)
            case SensorLost(sensor_id=sensor_id, why=why):
                lost(s.cover, sensor_id, why)
            case SensorJoined():
                found = join(s.settings, body)
                if isinstance(found, str):
                    self._refuse(found, out)
                elif found is not s.settings:
                    self._apply(found)
            case SettingsApplied():
                raise AssertionError("handled in receive")
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
        out.extend(look_around(s.settings, s.roster, self._site, s.cover, s.t_ns))
        self._send(spread_all(self._policy(), self.targets, s.t_ns), out)
        self._assess(out)
        out.extend(reach.look(s.reach, s.alerts.find, s.settings, s.t_ns))
        picture = tracker.published(s.t_ns)
        if picture.data or s.shown:
            out.append(picture)
        s.shown = bool(picture.data)

    def _assess(self, out: list[AnyBody]) -> None:
        """Track -> Threat -> Alert -> Delivery for everything, now."""
        s, tracker = self._s, self._tracker
        assert tracker is not None
        assert s.settings is not None
        s.pending, s.t_assess_ns = False, s.t_ns
        states = tracker.states(s.t_ns)
        looking = looking_now(s.settings, s.cover, self._site, tracker.strays(), s.t_ns)
        turns = recollect(states, looking, s.past, tick=s.t_ns == s.t_tick_ns)
        if len(states) == 0 and not s.alerts.open:
            self._threats = []
            return
        targets = self.targets()
        self._threats = assess(states, targets, s.settings.policy, turns)
        scene = self._scene(states, targets)
        out.extend(friendly.sweep(s.alerts, self._threats, scene))
        self._send(self._policy().decide(self._threats, scene), out)

    def _send(self, alerts: Sequence[Alert], out: list[AnyBody]) -> None:
        s = self._s
        assert s.settings is not None
        out.extend(alerts)
        out.extend(reach.plan(s.reach, alerts, s.settings, s.t_ns))
        for alert in alerts:
            flagged = count(s.rates, alert, s.settings.policy)
            if flagged is not None:
                out.append(flagged)

    # ---- people ----------------------------------------------------------------------------

    def _adopt(self, body: AlertsHeld, mark: Mark, out: list[AnyBody]) -> None:
        s = self._s
        assert s.settings is not None
        known, unknown = self._policy().adopt(body, s.t_ns, mark)
        out.extend(unknown)  # a known one is delivered again as it was, under its revision
        out.extend(reach.again(known))
        out.extend(reach.plan(s.reach, unknown, s.settings, s.t_ns))

    def _act(self, body: Act, mark: Mark, out: list[AnyBody]) -> None:
        """A person's act on alerts; who may is decided at the desk."""
        at, s = None, self._s
        assert s.settings is not None
        if isinstance(body, AttackReported):
            where = where_of(body, s.settings, s.roster)
            at = None if where is None else en_of(self._site, where)
        found = self._desk(mark).act(body, at)
        out.extend(one for one in found if not isinstance(one, Alert))
        self._send([one for one in found if isinstance(one, Alert)], out)

    def _desk(self, mark: Mark) -> Desk:
        s, tracker = self._s, self._tracker
        assert s.settings is not None
        assert tracker is not None
        places, states = self.targets(), tracker.states(s.t_ns)
        return Desk(
            policy=self._policy(),
            roster=s.roster,
            cover=s.cover,
            settings=s.settings,
            places=places,
            states=states,
            scene=self._scene(states, places),
            mark=mark,
        )

    def _scene(self, states: NDArray[np.void], places: Targets) -> Scene:
        assert self._tracker is not None
        return scene_of(
            states,
            places,
            sources=self._tracker.sources,
            sight=self._sight,
            t_ns=self._s.t_ns,
            authorised=authorised(
                self._s.alerts, states, lambda p: en_of(self._site, p), self._s.t_ns
            ),
        )

    def _sight(self, target_id: str) -> Sight:
        return sight_of(self._s.cover, target_id, post_of(self._s.roster, target_id))

    def _judge(self, body: TrackJudged, out: list[AnyBody]) -> None:
        assert self._tracker is not None
        if not self._s.roster.may(body.by_person_id, Role.WATCH_OFFICER):
            self._refuse(f"judgement: {body.by_person_id} is not a watch officer", out)
            return
        self._end_tracks(self._tracker.judge(body), out)

    def _end_tracks(
        self, ended: list[TrackEnded], out: list[AnyBody], why: EndReason = EndReason.FALSE
    ) -> None:
        """why: what people are told when their alert rested on one that was false."""
        out.extend(ended)
        false = frozenset(e.track_id for e in ended if e.reason is EndReason.FALSE)
        if false:
            self._send(self._policy().drop_tracks(false, self._s.t_ns, why), out)

    # ---- doors -----------------------------------------------------------------------------

    def _weigh(self, event: Event) -> tuple[Mark, Fault | None]:
        assert self._s.settings is not None
        return weigh(event, self._s.settings.mode, self._sensors)

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
            self._s.cover.t_start_ns = self._s.t_ns
        self._s.settings = settings
        self._tracker = Tracker(settings) if held is None else Tracker.restore(settings, held)
        self._ready(settings)

    def _ready(self, settings: CoreSettings) -> None:
        o = settings.origin
        self._site = Site(lat_deg=o.lat_deg, lon_deg=o.lon_deg, alt_hae_m=o.alt_hae_m or 0.0)
        self._targets = TargetBook(settings, self._site)
        make_ready()
        self._sensors = {sensor.sensor_id: sensor for sensor in settings.sensors}

    def snapshot(self) -> bytes:
        """The whole state; holds people's positions, so it is stored encrypted."""
        held = None if self._tracker is None else self._tracker.snapshot()
        return msgspec.msgpack.encode(Snapshot(self._s, held))

    @classmethod
    def restore(cls, data: bytes) -> Watch:
        """Exact: goes on byte for byte as the one that gave the snapshot."""
        found = msgspec.msgpack.decode(data, type=Snapshot)
        watch = cls()
        watch._s = found.state
        if found.state.settings is not None and found.tracker is not None:
            watch._tracker = Tracker.restore(found.state.settings, found.tracker)
            watch._ready(found.state.settings)
        return watch

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
    def state(self) -> WatchState:
        """All but the tracks; to be looked at only."""
        return self._s

    @property
    def roster(self) -> Roster:
        return self._s.roster

    @property
    def settings(self) -> CoreSettings | None:
        return self._s.settings

    def targets(self) -> Targets:
        assert self._targets is not None
        return self._targets.table(self._s.roster, self._s.t_ns)
