"""The watch process on a real journal: decisions leave first, receipts only after the commit."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from vigia.events import (
    Alert,
    CoreSettings,
    Delivery,
    Fault,
    Observation,
    PersonAdded,
    PersonMoved,
    SensorSite,
    SettingsApplied,
    Sighting,
    Thinned,
)
from vigia.flow import Watch
from vigia.run.clock import Clock
from vigia.run.doors import Put
from vigia.run.guard import GuardedCore
from vigia.run.journal import Journal, JournalReader
from vigia.run.keys import ShiftKeys
from vigia.run.link import Committed, Emit, Picture, Refused, State, Status, Submit, ToGateway
from vigia.run.recover import recover
from vigia.run.watch import WatchProcess
from vigia.scan import Layout, pack
from vigia.terms import Bearing, Lang, Mark, Position, Role

ORIGIN = Position(31.79, -106.75, 1200.0)
SETTINGS = CoreSettings(
    mode=Mark.EXERCISE, origin=ORIGIN, sensors=(SensorSite(sensor_id="rid", kind="remote_id"),)
)


class FakeLink:
    """Keeps what is sent, with the time of sending."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, ToGateway]] = []

    def send(self, message: ToGateway) -> None:
        self.sent.append((time.monotonic(), message))

    def of(self, kind: type) -> list[ToGateway]:
        return [m for _, m in self.sent if isinstance(m, kind)]

    def alerts(self) -> list[tuple[float, Alert]]:
        return [
            (t, m.event.body)
            for t, m in self.sent
            if isinstance(m, Emit) and isinstance(m.event.body, Alert)
        ]


class Bench:
    """A WatchProcess with its journal in a folder."""

    def __init__(self, folder: Path, before_commit: Callable[[], None] | None = None) -> None:
        self.keys = ShiftKeys(folder / "keys")
        self.link = FakeLink()
        holder: list[WatchProcess] = []
        self.journal = Journal.open(
            folder,
            mode=Mark.EXERCISE,
            keys=self.keys,
            on_committed=lambda seq: holder[0].committed(seq),
            on_trouble=lambda _text: None,
            before_commit=before_commit,
        )
        found = recover(folder, self.keys)
        self.process = WatchProcess(
            GuardedCore(found.watch if found.last_seq else Watch()),
            settings=SettingsApplied(settings=SETTINGS),
            clock=Clock(),
            journal=self.journal,
            link=self.link,
            feeds=[],
            outlets=[],
            last_seq=found.last_seq,
        )
        holder.append(self.process)
        self.restarted = found.last_seq > 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.process.run(restarted=self.restarted))
        await asyncio.sleep(0)
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self.journal.close(5.0)
            self.keys.close()

    def person(self) -> None:
        body = PersonAdded(
            person_id="a", name="Agent 1", agency_id="g", role=Role.AGENT, lang=Lang.EN
        )
        self.process.submit(Submit(request_id=0, source="test", body=body))
        moved = PersonMoved(person_id="a", t_obs_ns=time.time_ns(), position=ORIGIN)
        self.process.submit(Submit(request_id=0, source="test", body=moved))

    def report(self, request_id: int) -> None:
        body = Sighting(
            report_id=f"r{request_id}",
            t_obs_ns=time.time_ns(),
            person_id="a",
            bearing=Bearing(10.0, 10.0),
        )
        self.process.submit(Submit(request_id=request_id, source="phone", body=body))


async def until(met: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not met():  # noqa: ASYNC110 - looks at what a foreign thread writes
            await asyncio.sleep(0.005)


def test_a_disk_that_hangs_delays_receipts_but_no_alert(tmp_path: Path) -> None:
    disk = threading.Event()  # stays shut: longer than any 30 s

    async def scenario() -> None:
        bench = Bench(tmp_path, before_commit=lambda: disk.wait() and None)
        async with bench.running():
            bench.person()
            t0 = time.monotonic()
            bench.report(7)
            await until(bench.link.alerts)
            assert bench.link.alerts()[0][0] - t0 < 0.25
            deliveries = [
                m
                for m in bench.link.of(Emit)
                if isinstance(m, Emit) and isinstance(m.event.body, Delivery)
            ]
            assert deliveries
            await asyncio.sleep(0.5)
            assert bench.link.of(Committed) == []
            disk.set()
            await until(lambda: bench.link.of(Committed))
            [done] = bench.link.of(Committed)
            assert isinstance(done, Committed)
            assert done.request_id == 7

    asyncio.run(scenario())


def test_what_was_received_is_there_after_a_restart_and_alerts_are_open_again(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        first = Bench(tmp_path)
        async with first.running():
            first.person()
            first.report(1)
            await until(lambda: first.link.of(Committed))
        before = first.process.state()
        second = Bench(tmp_path)
        async with second.running():
            await until(lambda: second.link.of(Status))
            after: State = second.process.state()
            assert after.people == before.people
            assert [a.alert_id for a in after.open_alerts] == [
                a.alert_id for a in before.open_alerts
            ]
            assert after.open_alerts
            await until(lambda: second.link.of(Picture))

    asyncio.run(scenario())


def test_a_flood_of_scans_is_thinned_and_told_and_people_get_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigia.run.inbox.ROWS_MAX", 500)
    scan = pack(
        Layout.PLACE_1,
        {"t_obs_ns": [time.time_ns()] * 100, "lat_deg": 31.9, "lon_deg": -106.75, "sigma_m": 5.0},
    )

    class Flood:
        source = "rid"

        async def run(self, put: Put) -> None:
            for _ in range(300):
                put("rid", Mark.EXERCISE, Observation(sensor_id="rid", scan=scan))

    async def scenario() -> None:
        bench = Bench(tmp_path)
        bench.process._feeds = [Flood()]  # pyright: ignore[reportPrivateUsage]
        async with bench.running():
            bench.person()
            bench.report(1)
            await until(lambda: bench.link.of(Committed))
            assert bench.link.alerts()
            await until(lambda: _status(bench).sensors[0].thinned > 0)
            assert _status(bench).counts["scans_thinned"] > 0
        reader = JournalReader(tmp_path, ShiftKeys(tmp_path / "keys", writable=False))
        bodies = [getattr(e, "body", None) for e in reader.inputs(0)]
        assert any(isinstance(b, Thinned) for b in bodies)
        assert any(isinstance(b, Sighting) for b in bodies)
        reader.close()

    asyncio.run(scenario())


def test_a_feed_that_breaks_is_shown_and_stops_nothing(tmp_path: Path) -> None:
    class Broken:
        source = "rid"

        async def run(self, put: Put) -> None:
            raise OSError("cable out")

    async def scenario() -> None:
        bench = Bench(tmp_path)
        bench.process._feeds = [Broken()]  # pyright: ignore[reportPrivateUsage]
        async with bench.running():
            await until(lambda: bench.link.of(Status) and _status(bench).sensors[0].faults)
            sensor = _status(bench).sensors[0]
            assert (sensor.state, sensor.last_fault) == ("failed", "cable out")
            bench.person()
            bench.report(1)
            await until(lambda: bench.link.of(Committed))

    asyncio.run(scenario())


def test_poison_degrades_and_is_journaled_as_our_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Watch.receive

    def breaks(self: Watch, event: object) -> object:
        if isinstance(getattr(event, "body", None), Sighting):
            raise ZeroDivisionError("ours")
        return real(self, event)  # pyright: ignore[reportArgumentType]

    async def scenario() -> None:
        bench = Bench(tmp_path)
        async with bench.running():
            monkeypatch.setattr(Watch, "receive", breaks)
            bench.report(1)
            await until(lambda: bench.link.of(Committed) or bench.link.of(Refused))
            await until(lambda: bench.link.of(Status) and _status(bench).state == "degraded")
            faults = [
                m.event.body
                for m in bench.link.of(Emit)
                if isinstance(m, Emit) and isinstance(m.event.body, Fault)
            ]
            assert faults[0].whose == "us"

    asyncio.run(scenario())


def _status(bench: Bench) -> Status:
    found = bench.link.of(Status)[-1] if bench.link.of(Status) else None
    assert isinstance(found, Status)
    return found
