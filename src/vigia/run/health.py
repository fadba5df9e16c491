"""What passed through the watch -> how each sensor is, and counters for the status."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from vigia.events import (
    CoreSettings,
    Event,
    Fault,
    Observation,
    SensorHeard,
    SensorJoined,
    SensorLost,
    Thinned,
)
from vigia.run.link import SensorHealth
from vigia.track.tracker import Learnt

FAULT_TEXT_MAX = 200
NOTHING = Learnt(None, None)
RATE_S = 10
SECOND_NS = 1_000_000_000
REASONS_MAX = 50  # different ones counted, of one sensor
SHOWN_MAX = 5
NUMBER = re.compile(r"[0-9A-Fa-f]*[0-9][0-9A-Fa-f.]*")
SITES_MAX = 1_000


class Health:
    """Counts only; decides nothing. States: ok, silent, unproved, failed."""

    def __init__(self, settings: CoreSettings) -> None:
        self._sites = {site.sensor_id: site for site in settings.sensors}
        self._prove_ns = settings.policy.prove_s * 1e9
        self._last_ns: dict[str, int] = {}
        self._detections: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._thinned: Counter[str] = Counter()
        self._last_fault: dict[str, str] = {}
        self._seconds: dict[str, dict[int, int]] = {}
        self._reasons: dict[str, Counter[str]] = {}
        self._failed: dict[str, str] = {}
        self._lost: dict[str, str] = {}  # the way to it is gone; its next word undoes it
        self.counts: Counter[str] = Counter()

    def saw(self, event: Event, decisions: Sequence[Event] = ()) -> None:
        """An input with what the core decided on it, or a decision by itself."""
        self.counts[type(event.body).__name__] += 1
        refused = _refusal(event, decisions)
        match event.body:
            case Observation(sensor_id=sensor_id) if refused is not None:
                self.failed(sensor_id, f"refused: {refused}")
            case Observation(sensor_id=sensor_id, scan=scan):
                self._last_ns[sensor_id] = event.t_recv_ns
                self._detections[sensor_id] += len(scan)
                self._count(sensor_id, len(scan), event.t_recv_ns)
                self._failed.pop(sensor_id, None)
                self._lost.pop(sensor_id, None)
            case SensorHeard(sensor_id=sensor_id):
                self._last_ns[sensor_id] = event.t_recv_ns
                self._lost.pop(sensor_id, None)
            case SensorJoined():
                self._join(event.body)
            case SensorLost(sensor_id=sensor_id, why=why):
                self._lost[sensor_id] = why[:FAULT_TEXT_MAX]
            case Thinned(sensor_id=sensor_id, detections=detections):
                self._thinned[sensor_id] += detections
            case Fault(where=where, what=what, count=count):
                at = where.removeprefix("sensor/").removeprefix("track/")  # rows the tracker left
                self._faults[at] += count
                self._last_fault[at] = what[:FAULT_TEXT_MAX]
                self._reason(at, what, count)
            case _:
                pass

    def _join(self, body: SensorJoined) -> None:
        """As the core takes it, so that it has a line of its own."""
        parent = self._sites.get(body.of)
        if parent is not None and len(self._sites) < SITES_MAX:
            silent = body.silent_after_s or parent.silent_after_s
            self._sites[body.sensor_id] = replace(
                parent, sensor_id=body.sensor_id, kind=body.kind, silent_after_s=silent
            )

    def _count(self, sensor_id: str, rows: int, t_ns: int) -> None:
        """Rows by second, of the last RATE_S."""
        second = t_ns // SECOND_NS
        held = self._seconds.setdefault(sensor_id, {})
        held[second] = held.get(second, 0) + rows
        for old in [s for s in held if s <= second - RATE_S]:
            del held[old]

    def _rate_hz(self, sensor_id: str, t_ns: int) -> float:
        now = t_ns // SECOND_NS
        held = self._seconds.get(sensor_id, {})
        return sum(n for s, n in held.items() if now - RATE_S <= s < now) / RATE_S

    def _reason(self, sensor_id: str, what: str, count: int) -> None:
        """Numbers and names of one kind of fault are one reason."""
        held = self._reasons.setdefault(sensor_id, Counter())
        text = NUMBER.sub("#", what)[:FAULT_TEXT_MAX]
        if text in held or len(held) < REASONS_MAX:
            held[text] += count

    def failed(self, sensor_id: str, why: str) -> None:
        """Its transport ended or broke, or it is not taken; heals with the next observation."""
        self._failed[sensor_id] = why[:FAULT_TEXT_MAX]

    def sensors(
        self, t_ns: int, learnt: Mapping[str, Learnt] | None = None
    ) -> tuple[SensorHealth, ...]:
        """learnt: what the tracker has found out about each sensor's errors."""
        known = learnt or {}
        return tuple(
            SensorHealth(
                sensor_id=site.sensor_id,
                kind=site.kind,
                state=self._state(site.sensor_id, site.silent_after_s, t_ns),
                t_last_ns=self._last_ns.get(site.sensor_id),
                detections=self._detections[site.sensor_id],
                faults=self._faults[site.sensor_id],
                thinned=self._thinned[site.sensor_id],
                last_fault=self._failed.get(site.sensor_id)
                or self._lost.get(site.sensor_id)
                or self._last_fault.get(site.sensor_id, ""),
                azimuth_error_deg=known.get(site.sensor_id, NOTHING).azimuth_error_deg,
                clock_error_s=known.get(site.sensor_id, NOTHING).clock_error_s,
                rate_hz=self._rate_hz(site.sensor_id, t_ns),
                refused=tuple(self._reasons.get(site.sensor_id, Counter()).most_common(SHOWN_MAX)),
            )
            for site in self._sites.values()
        )

    def _state(self, sensor_id: str, silent_after_s: float | None, t_ns: int) -> str:
        if sensor_id in self._failed or sensor_id in self._lost:
            return "failed"
        last = self._last_ns.get(sensor_id)
        if silent_after_s is None:
            # A receiver of broadcasts that hears nothing may be deaf or alone: cannot be proved.
            return "ok" if last is not None and t_ns - last <= self._prove_ns else "unproved"
        if last is None or t_ns - last > silent_after_s * 1e9:
            return "silent"
        return "ok"


def _refusal(event: Event, decisions: Sequence[Event]) -> str | None:
    """Why the core did not take an input at all; rows it left out of a scan are another matter."""
    for decision in decisions:
        if isinstance(decision.body, Fault) and decision.body.where == event.source:
            return decision.body.what
    return None
