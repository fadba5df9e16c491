"""Small real events for the tests of the journal, and a folder to put them in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from vigia.events import (
    Alert,
    CoreSettings,
    Event,
    Input,
    Observation,
    OperatorSeen,
    PersonAdded,
    PersonMoved,
    Post,
    SensorSite,
    SettingsApplied,
    Sighting,
    Tick,
    TracksPublished,
)
from vigia.flow import Watch
from vigia.geo import Site
from vigia.run.journal import Journal
from vigia.run.journal_queue import JournalQueue
from vigia.run.keys import ShiftKeys
from vigia.scan import Layout, pack
from vigia.terms import Bearing, Mark, MsgType, Position, Role, Tier
from vigia.tracktable import PUBLISHED_DTYPE

T0_NS = 1_800_000_000_000_000_000
S = 1_000_000_000
HOME = Position(31.7619, -106.4850, 1140.0)
WAIT_S = 20.0


def settings(mode: Mark = Mark.EXERCISE) -> SettingsApplied:
    return SettingsApplied(
        settings=CoreSettings(
            mode=mode,
            origin=HOME,
            posts=(Post(post_id="gate", name="Gate", position=HOME, radius_m=30.0),),
            sensors=(SensorSite(sensor_id="rid", kind="remote_id"),),
        )
    )


def place(*, e_m: float, n_m: float, u_m: float = 60.0) -> Position:
    site = Site(lat_deg=HOME.lat_deg, lon_deg=HOME.lon_deg, alt_hae_m=HOME.alt_hae_m or 0.0)
    at = site.to_latlon(e_m=e_m, n_m=n_m, u_m=u_m)
    return Position(at.lat_deg, at.lon_deg, at.alt_hae_m)


def observation(t_ns: int, *, e_m: float, n_m: float, rows: int = 1) -> Observation:
    at = place(e_m=e_m, n_m=n_m)
    columns = {
        "t_obs_ns": np.full(rows, t_ns),
        "lat_deg": at.lat_deg + np.arange(rows) * 1e-7,
        "lon_deg": at.lon_deg,
        "alt_hae_m": at.alt_hae_m,
        "sigma_m": 5.0,
        "identity": b"SERIAL-1",
        "id_kind": 1,
    }
    return Observation(sensor_id="rid", scan=pack(Layout.PLACE_1, columns))


def moved(person_id: str, t_ns: int, at: Position) -> PersonMoved:
    return PersonMoved(person_id=person_id, t_obs_ns=t_ns, position=at)


def sighting(report_id: str, person_id: str | None, t_ns: int, at: Position) -> Sighting:
    return Sighting(
        report_id=report_id,
        person_id=person_id,
        t_obs_ns=t_ns,
        position=at,
        bearing=Bearing(123.456789, 10.0, 12.0, 5.0),
    )


def operator(uas_id: str, t_ns: int, at: Position) -> OperatorSeen:
    return OperatorSeen(sensor_id="rid", uas_id=uas_id, t_obs_ns=t_ns, position=at)


def alert(person_id: str | None, *, range_m: float = 500.0, t_ns: int = T0_NS) -> Alert:
    return Alert(
        alert_id="a1",
        revision=1,
        msg_type=MsgType.ALERT,
        incident_id="i1",
        target_id=f"person/{person_id}" if person_id else "post/gate",
        person_id=person_id,
        tier=Tier.WARNING,
        mark=Mark.EXERCISE,
        action="get_ready",
        sound=True,
        t_cause_ns=t_ns,
        t_decided_ns=t_ns,
        t_expires_ns=t_ns + 60 * S,
        range_m=range_m,
        bearing_deg_true=77.25,
    )


def tracks(rows: int = 2) -> TracksPublished:
    return TracksPublished(version="track.1", data=np.zeros(rows, PUBLISHED_DTYPE).tobytes())


def event(seq: int, body: Input | Alert | TracksPublished, t_ns: int = 0) -> Event:
    return Event(seq, t_ns or T0_NS + seq * S // 10, "test", Mark.EXERCISE, body)


class Recorder:
    """on_committed and on_trouble, and a way to wait for them."""

    def __init__(self) -> None:
        self.seq = 0
        self.troubles: list[str | None] = []
        self._changed = threading.Condition()

    def committed(self, seq: int) -> None:
        with self._changed:
            self.seq = seq
            self._changed.notify_all()

    def trouble(self, text: str | None) -> None:
        with self._changed:
            self.troubles.append(text)
            self._changed.notify_all()

    def wait(self, true: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(true, WAIT_S), (self.seq, self.troubles)

    def wait_seq(self, seq: int) -> None:
        self.wait(lambda: self.seq >= seq)


def opened(
    folder: Path,
    recorder: Recorder | None = None,
    *,
    mode: Mark = Mark.EXERCISE,
    keys: ShiftKeys | None = None,
    before_commit: Callable[[], None] | None = None,
    queue: JournalQueue | None = None,
) -> Journal:
    recorder = recorder or Recorder()
    return Journal.open(
        folder,
        mode=mode,
        keys=keys or ShiftKeys.open(folder / "keys"),
        on_committed=recorder.committed,
        on_trouble=recorder.trouble,
        before_commit=before_commit,
        queue=queue,
    )


def record(folder: Path, bodies: Iterable[Input], *, t_step_ns: int = S // 2) -> Watch:
    """What a live watch does, at its pace of ticks: the core first, the journal behind."""
    journal = opened(folder)
    watch = Watch()
    seq = 0

    def feed(t_ns: int, body: Input) -> None:
        nonlocal seq
        seq += 1
        e = Event(seq, t_ns, "test", Mark.EXERCISE, body)
        assert journal.append(e, watch.receive(e))

    for body in bodies:
        t_ns = max(watch.t_ns + t_step_ns, T0_NS)
        while (due := watch.deadline()) is not None and due < t_ns:
            feed(due, Tick())
        feed(t_ns, body)
    journal.close(WAIT_S)
    return watch


def raid(steps: int = 60) -> list[Input]:
    """A drone flies at the gate while two people stand there and one reports."""
    out: list[Input] = [
        settings(),
        PersonAdded(person_id="ana", name="Ana", agency_id="x", role=Role.AGENT, post_id="gate"),
        PersonAdded(person_id="ben", name="Ben", agency_id="x", role=Role.AGENT, post_id="gate"),
        moved("ana", T0_NS, place(e_m=40.0, n_m=10.0, u_m=0.0)),
        moved("ben", T0_NS, place(e_m=-90.0, n_m=25.0, u_m=0.0)),
    ]
    for k in range(steps):
        t_ns = T0_NS + k * S // 2
        out.append(observation(t_ns, e_m=900.0 - 12.0 * k, n_m=30.0))
    return out


def wait_until(true: Callable[[], bool]) -> None:
    """For the one thing that cannot call back: another process."""
    until_s = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < until_s
        time.sleep(0.01)
