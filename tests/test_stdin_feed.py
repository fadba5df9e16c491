"""A live stream on standard input: taken up after a restart, shown when it breaks, left at once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tools.live import Live, Person, live

from vigia.events import CoreSettings, Fault, Input, Observation, SensorSite, SettingsApplied
from vigia.flow import Watch
from vigia.geo import Site
from vigia.run.clock import Clock
from vigia.run.doors import Put
from vigia.run.feeds import StdinFeed
from vigia.run.guard import GuardedCore
from vigia.run.journal import Journal
from vigia.run.keys import ShiftKeys
from vigia.run.link import Status, ToGateway
from vigia.run.simulate.capture import Flight, frames, header
from vigia.run.watch import WatchProcess
from vigia.sensors.remote_id import Adapter
from vigia.terms import Mark, Position, Role

LAT, LON = 31.79, -106.75
SITE = Site(lat_deg=LAT, lon_deg=LON, alt_hae_m=0.0)
POST = f"Post 12,{LAT},{LON}"
SETTINGS = CoreSettings(
    mode=Mark.ACTUAL,
    origin=Position(LAT, LON, 0.0),
    sensors=(SensorSite(sensor_id="stdin", kind="remote_id"),),
)


def records(count: int, start_ns: int | None = None) -> list[bytes]:
    start_ns = time.time_ns() if start_ns is None else start_ns
    flight = Flight("VIGIATEST1", 0.0, 900.0, 0.0, -10.0)
    return [r for _, r in frames(SITE, [flight], start_ns=start_ns, seconds=count / 10, hz=10)]


def run_feed(folder: Path, data: bytes) -> list[Input]:
    """One process's life: everything in the pipe is read, then it ends."""
    got: list[Input] = []

    def put(source: str, mark: Mark, body: Input) -> bool:
        assert (source, mark) == ("stdin", Mark.ACTUAL)
        got.append(body)
        return True

    out, into = os.pipe()
    writer = threading.Thread(target=lambda: (os.write(into, data), os.close(into)))
    writer.start()
    try:
        asyncio.run(StdinFeed("stdin", Adapter, Clock(), folder, out).run(put))
    finally:
        writer.join()
        os.close(out)
    return got


def rows(bodies: list[Input]) -> int:
    return sum(len(b.scan) for b in bodies if isinstance(b, Observation))


def wait_for_head(folder: Path) -> None:
    end = time.monotonic() + 5
    while not list(folder.glob("stdin-*.head")):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_second_process_goes_on_in_the_middle_and_says_what_it_passed_over(
    tmp_path: Path,
) -> None:
    sent = records(10)
    first = run_feed(tmp_path, header() + b"".join(sent[:5]))
    wait_for_head(tmp_path)
    second = run_feed(tmp_path, sent[5][40:] + b"".join(sent[6:]))
    assert rows(first) == 5
    assert rows(second) == 4
    (fault,) = [b for b in second if isinstance(b, Fault)]
    assert f"{len(sent[5]) - 40} bytes were passed over" in fault.what


class Broken:
    """A feed with a mistake in it, or none of bytes that are a capture."""

    source = "stdin"

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def run(self, put: Put) -> None:
        raise self._error


class Statuses:
    def __init__(self) -> None:
        self.last: Status | None = None

    def send(self, message: ToGateway) -> None:
        if isinstance(message, Status):
            self.last = message


def status_with(folder: Path, feed: Broken | StdinFeed) -> Status:
    """What the watch tells of its sensors a second and a half after the feed started."""
    keys, link = ShiftKeys(folder / "keys"), Statuses()
    journal = Journal.open(
        folder,
        mode=Mark.ACTUAL,
        keys=keys,
        on_committed=lambda _seq: None,
        on_trouble=lambda _text: None,
    )
    process = WatchProcess(
        GuardedCore(Watch()),
        settings=SettingsApplied(settings=SETTINGS),
        clock=Clock(),
        journal=journal,
        link=link,
        feeds=[feed],
        outlets=[],
        last_seq=0,
    )

    async def scenario() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(2.5):
                await process.run(restarted=False)

    try:
        asyncio.run(scenario())
    finally:
        journal.close(5.0)
        keys.close()
    assert link.last is not None
    return link.last


def test_a_feed_with_a_mistake_in_it_does_not_end_the_watch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = status_with(tmp_path, Broken(KeyError("oops")))
    assert [(s.state, s.last_fault) for s in status.sensors] == [
        ("failed", "the source broke: KeyError: 'oops'")
    ]
    assert capsys.readouterr().err.count("sensor stdin: the source broke") == 1


def test_wrong_bytes_after_good_ones_show_the_sensor_as_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, into = os.pipe()
    os.write(into, header() + b"".join(records(5)) + b"\xff" * 64)
    try:
        status = status_with(tmp_path, StdinFeed("stdin", Adapter, Clock(), tmp_path, out))
    finally:
        os.close(into)
        os.close(out)
    (sensor,) = status.sensors
    assert sensor.detections == 5
    assert sensor.state == "failed"
    assert "capture damaged at byte" in sensor.last_fault
    said = [line for line in capsys.readouterr().err.splitlines() if "sensor stdin" in line]
    assert len(said) == 1
    assert "start it and the capture again" in said[0]


# ---- real processes ------------------------------------------------------------------------------


class Sender:
    """Frames at their own speed into a vigia's standard input, until told to stop."""

    def __init__(self, into: int) -> None:
        self._into = into
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        start_ns = time.time_ns()
        os.write(self._into, header())
        for n, record in enumerate(records(600, start_ns)):
            if self._over.wait(max(0.0, (start_ns - time.time_ns()) / 1e9 + n / 10)):
                return
            # As a pipe's writer does: the cut between two reads is anywhere.
            os.write(self._into, record[:21])
            if self._over.wait(0.02):
                return
            os.write(self._into, record[21:])

    def stop(self) -> None:
        self._over.set()
        self._thread.join()


@contextmanager
def streaming(folder: Path) -> Generator[Live]:
    out, into = os.pipe()
    args = ["watch", "-", "--post", POST, "--data", str(folder)]
    try:
        with live(args, folder, stdin=out) as running:
            sender = Sender(into)
            try:
                yield running
            finally:
                sender.stop()
    finally:
        os.close(out)
        os.close(into)


def test_a_live_stream_is_heard_again_after_kill_9(tmp_path: Path) -> None:
    with streaming(tmp_path / "data") as running:
        console = Person.enrolled(running, "Ana Ruiz", Role.WATCH_OFFICER).socket()
        console.wait("picture", lambda m: bool(m["tracks"]), 15)
        for _ in range(2):
            for pid in running.pids("vigia.run.watch_main"):
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.3)
            killed_ms = time.time() * 1000 + 2000  # tracks from before the kill coast shortly
            console.wait(
                "health",
                lambda m, since=killed_ms: any(
                    s["state"] == "ok" and (s["last_ms"] or 0) > since for s in m["sensors"]
                ),
                15,
            )
            console.wait("picture", lambda m, since=killed_ms: m["t_ms"] > since and m["tracks"])


def test_ctrl_c_with_a_silent_stream_ends_at_once(tmp_path: Path) -> None:
    out, into = os.pipe()
    args = ["watch", "-", "--post", POST, "--data", str(tmp_path / "data")]
    try:
        with live(args, tmp_path / "data", stdin=out) as running:
            os.write(into, header() + records(1)[0])
            wait_for_head(tmp_path / "data")
            began = time.monotonic()
            running.process.send_signal(signal.SIGINT)
            assert running.process.wait(10) == 0
            assert time.monotonic() - began < 3.0
    finally:
        os.close(out)
        os.close(into)


def test_a_fresh_start_takes_no_head_of_the_last_run(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "stdin-stdin.head").write_bytes(header())
    args = ["watch", "-", "--post", POST, "--data", str(folder)]
    with live(args, folder, stdin=subprocess.DEVNULL):
        assert not list(folder.glob("stdin-*.head"))
