"""A day of every receiver at once, some of them broken: is anything lost, is each fault named?

    python -m tools.long_day [--hours 24] [--seed 1]

Simulated time through the real adapters and the real core; no sleeping, no network, one seed one
day. Of every sensor: reports sent = rows the tracker took + faults told, by count. The broken ones:
one dies, one babbles, one lies, one is late, one is ahead, one replays. Exit code 1 when a report
is missing or a fault has no name.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import msgspec

from vigia.events import (
    CoreSettings,
    CoverTold,
    Event,
    Fault,
    Input,
    Observation,
    Post,
    SensorSite,
    SettingsApplied,
    Tick,
    TracksPublished,
)
from vigia.flow import Watch
from vigia.run.health import Health
from vigia.run.simulate.speak import Asked
from vigia.run.simulate.speak.voices import VOICES
from vigia.terms import Mark, Position
from vigia.tracktable import TrackFlag, published_rows

START_NS = 1_767_225_600_000_000_000
SECOND_NS = 1_000_000_000
EVERY_S = 10  # each sensor speaks so often
FLIGHTS = 2  # of each
SILENT_S = 120.0  # then a sensor that promised to speak is dead
LATE_S, AHEAD_S, REPLAY_S = 30.0, 5.0, 603.5  # no multiple of EVERY_S: never what was told before
GARBAGE = 5  # lines of the babbler, each time
LAT, LON = 31.79, -106.75


class Sensor(NamedTuple):
    """kind: its voice and adapter. fault: "" is none."""

    sensor_id: str
    kind: str
    fault: str = ""


SENSORS = (
    *(Sensor(f"good-{kind}", kind) for kind in VOICES if kind != "readsb"),
    Sensor("dead", "mavlink_odid", "dead"),
    Sensor("babbling", "mesh_mapper", "babbling"),
    Sensor("lying", "dragonsync", "lying"),
    Sensor("late", "observations", "late"),
    Sensor("ahead", "observations", "ahead"),
    Sensor("replaying", "remoteid_web_ui", "replaying"),
)


class Seen(msgspec.Struct):
    """Of one sensor. named: what is said of it, and how often."""

    sent: int = 0
    rows: int = 0
    named: Counter[str] = msgspec.field(default_factory=Counter[str])
    state: str = ""

    @property
    def lost(self) -> int:
        """Reports that neither became a row nor a fault."""
        return self.sent - self.rows - sum(self.named.values())


class Day:
    """State of one run."""

    def __init__(self, hours: float, seed: int) -> None:
        self.end_ns = START_NS + round(hours * 3_600 * SECOND_NS)
        self.dies_ns = START_NS + (self.end_ns - START_NS) // 3
        self.seen = {sensor.sensor_id: Seen() for sensor in SENSORS}
        self.conflicts = 0
        self.blind_told = 0
        self._chance = Random(seed)
        self._seed = seed
        self._watch = Watch()
        self._seq = 0
        self.settings = _settings()
        self._health = Health(self.settings)
        self._adapters = {s.sensor_id: _adapter(s) for s in SENSORS}

    def run(self) -> Day:
        self._feed(START_NS, "settings", SettingsApplied(settings=self.settings))
        for t_ns, sensor in self._turns():
            self._speak(sensor, t_ns)
        for sensor in SENSORS:
            last = self._adapters[sensor.sensor_id].finish(self.end_ns)
            self._take(sensor, last, self.end_ns)
        for one in self._health.sensors(self.end_ns):
            self.seen[one.sensor_id].state = one.state
        return self

    def _turns(self) -> Iterator[tuple[int, Sensor]]:
        """Every sensor each EVERY_S, one after the other."""
        step_ns = EVERY_S * SECOND_NS // len(SENSORS)
        for start_ns in range(START_NS + SECOND_NS, self.end_ns, EVERY_S * SECOND_NS):
            for k, sensor in enumerate(SENSORS):
                yield start_ns + k * step_ns, sensor

    def _speak(self, sensor: Sensor, t_ns: int) -> None:
        if sensor.fault == "dead" and t_ns >= self.dies_ns:
            return
        adapter = self._adapters[sensor.sensor_id]
        voice = VOICES[sensor.kind]
        stream = voice.way == "listen"
        take = adapter.feed if stream else getattr(adapter, "feed_message", adapter.feed)
        for message in self._said(sensor, t_ns):
            self._take(sensor, take(message, t_ns), t_ns)
        tick = getattr(adapter, "tick", None)
        if tick is not None:
            self._take(sensor, tick(t_ns), t_ns)

    def _said(self, sensor: Sensor, t_ns: int) -> list[bytes]:
        """What it says in its turn, and how many reports that are."""
        age_s = {"late": LATE_S, "ahead": -AHEAD_S, "replaying": REPLAY_S}.get(sensor.fault, 0.0)
        honest = sensor.fault == "replaying" and t_ns - START_NS < 60 * SECOND_NS
        at_s = t_ns / 1e9 - (0.0 if honest else age_s) - 0.1
        said = VOICES[sensor.kind].said(self._asked(sensor), at_s)
        seen = self.seen[sensor.sensor_id]
        seen.sent += FLIGHTS
        if sensor.fault == "babbling":
            seen.sent += GARBAGE
            said = [*said, *(self._garbage() for _ in range(GARBAGE))]
        if sensor.fault == "lying":
            said = [_forged(message) for message in said]
        return said

    def _asked(self, sensor: Sensor) -> Asked:
        known = [s.sensor_id for s in SENSORS]
        return Asked(
            host="", port=1, lat_deg=LAT, lon_deg=LON, flights=FLIGHTS, rate_hz=1.0, seconds=None,
            seed=self._seed * 100 + known.index(sensor.sensor_id), sensor_id=sensor.sensor_id,
        )  # fmt: skip

    def _garbage(self) -> bytes:
        """A line that begins like a detection."""
        return b'{"mac": ' + self._chance.randbytes(20).hex().encode() + b"\r\n"

    def _take(self, sensor: Sensor, found: list[Input | bytes], t_ns: int) -> None:
        for body in found:
            if isinstance(body, bytes):
                continue
            if isinstance(body, Observation):
                self.seen[sensor.sensor_id].rows += len(body.scan)
            elif isinstance(body, Fault):
                self.seen[sensor.sensor_id].named[body.what] += body.count
            self._feed(t_ns, sensor.sensor_id, body)

    def _feed(self, t_ns: int, source: str, body: Input) -> None:
        while (due := self._watch.deadline()) is not None and due < t_ns:
            self._receive(due, "clock", Tick())
        self._receive(max(t_ns, self._watch.t_ns), source, body)

    def _receive(self, t_ns: int, source: str, body: Input) -> None:
        self._seq += 1
        event = Event(self._seq, t_ns, source, Mark.ACTUAL, body)
        decided = self._watch.receive(event)
        self._health.saw(event, decided)
        for decision in decided:
            self._health.saw(decision)
            self._note(decision.body)

    def _note(self, body: object) -> None:
        if isinstance(body, Fault) and body.where.startswith("track/"):
            seen = self.seen[body.where.removeprefix("track/")]
            seen.named[body.what] += body.count
            seen.rows -= body.count
        elif isinstance(body, TracksPublished):
            flags = published_rows(body.data)["flags"]
            self.conflicts += int((flags & int(TrackFlag.ID_CONFLICT) != 0).sum() > 0)
        elif isinstance(body, CoverTold):
            self.blind_told += 1


def _forged(message: bytes) -> bytes:
    """The name of a drone that another receiver hears somewhere else, a kilometre east."""
    told = json.loads(message)
    told[0]["Basic ID"]["id"] = "SIM1000000000"
    told[1]["Location/Vector Message"]["longitude"] += 0.01
    return json.dumps(told).encode()


def _adapter(sensor: Sensor) -> Any:
    """Any: an adapter, as the transports take it."""
    made = importlib.import_module(f"vigia.sensors.{sensor.kind}").Adapter(sensor.sensor_id)
    if VOICES[sensor.kind].head:
        made.feed(VOICES[sensor.kind].head, START_NS)
    return made


def _settings() -> CoreSettings:
    sites = tuple(
        SensorSite(
            sensor_id=s.sensor_id, kind="remote_id", position=Position(LAT, LON, 1_200.0, None),
            silent_after_s=SILENT_S,
        )
        for s in SENSORS
    )  # fmt: skip
    return CoreSettings(
        mode=Mark.ACTUAL,
        origin=Position(LAT, LON, 1_200.0, None),
        posts=(Post(post_id="1", name="Post 1", position=Position(LAT, LON, 1_200.0, None)),),
        sensors=sites,
    )


def faults_of(day: Day) -> list[str]:
    """What is wrong with the run; empty: nothing was lost and each fault has its name."""
    wrong = [
        f"{name}: {seen.lost} of {seen.sent} reports neither a row nor a fault"
        for name, seen in day.seen.items()
        if seen.lost
    ]
    wrong += [
        f"{s.sensor_id}: {dict(day.seen[s.sensor_id].named)}, {day.seen[s.sensor_id].state}"
        for s in SENSORS
        if not s.fault and (day.seen[s.sensor_id].named or day.seen[s.sensor_id].state != "ok")
    ]
    said = {s.fault: day.seen[s.sensor_id] for s in SENSORS if s.fault}
    need = {
        "babbling": "message: ", "late": "older than", "ahead": "its clock is ahead",
        "replaying": "s ago",
    }  # fmt: skip
    wrong += [
        f"{fault}: no fault says {words!r}: {dict(said[fault].named)}"
        for fault, words in need.items()
        if not any(words in what for what in said[fault].named)
    ]
    if said["dead"].state != "silent":
        wrong.append(f"dead: its state is {said['dead'].state!r}")
    if not day.conflicts:
        wrong.append("lying: no track was ever flagged for its name")
    return wrong


def main(argv: list[str] | None = None) -> int:
    wanted = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    wanted.add_argument("--hours", type=float, default=24.0)
    wanted.add_argument("--seed", type=int, default=1)
    args = wanted.parse_args(argv)
    day = Day(args.hours, args.seed).run()
    print(f"{'sensor':<22} {'sent':>8} {'rows':>8} {'faults':>8} {'lost':>5}  state   said")
    for name, seen in day.seen.items():
        told = sum(seen.named.values())
        said = next(iter(seen.named), "")[:60]
        counts = f"{seen.sent:>8} {seen.rows:>8} {told:>8} {seen.lost:>5}"
        print(f"{name:<22} {counts}  {seen.state:<7} {said}")
    print(f"seconds with a track whose name contradicts itself: {day.conflicts}")
    wrong = faults_of(day)
    for line in wrong:
        print(f"WRONG {line}", file=sys.stderr)
    print("nothing lost, every fault named" if not wrong else f"{len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
