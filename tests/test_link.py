"""The link between the two processes, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from vigia.events import Acknowledged, Alert, CoreSettings, Event, Fault, Input, TracksPublished
from vigia.run.link import (
    FRAME_MAX,
    Committed,
    Emit,
    Picture,
    Refused,
    State,
    Status,
    Submit,
    ToGateway,
)
from vigia.run.link_frames import Frames, frame
from vigia.run.link_io import SOCKET_PATH_MAX, LinkClient, LinkServer, link_path
from vigia.terms import AckKind, Mark, MsgType, Position, Tier
from vigia.tracktable import PUBLISHED_VERSION

ACK = Acknowledged(
    alert_id="a1", revision=1, person_id="p1", device_id="d1", kind=AckKind.SAFE, t_obs_ns=5
)


def state() -> State:
    settings = CoreSettings(mode=Mark.DEMO, origin=Position(31.79, -106.75))
    return State(t_ns=1, settings=settings, agencies=(), people=(), devices=(), open_alerts=())


def emit(body: Alert | Fault | TracksPublished, seq: int = 1) -> Emit:
    return Emit(event=Event(seq, 10, "core", Mark.DEMO, body))


def alert(revision: int = 1) -> Alert:
    return Alert(
        alert_id="a1",
        revision=revision,
        msg_type=MsgType.ALERT,
        incident_id="i1",
        target_id="person/p1",
        person_id="p1",
        tier=Tier.DANGER,
        mark=Mark.DEMO,
        action="take_cover",
        sound=True,
        t_cause_ns=1,
        t_decided_ns=2,
        t_expires_ns=3,
    )


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - a condition of many parts
            await asyncio.sleep(0.005)


class Watch:
    """A watch that commits whatever it is told to."""

    def __init__(self, path: Path) -> None:
        self.server = LinkServer(path)
        self.server.on_submit = self._got
        self.server.on_connected = lambda: self.server.send(state())
        self.got: list[Submit] = []
        self.commits = True

    def _got(self, message: Submit) -> None:
        self.got.append(message)
        if self.commits and message.request_id:
            self.server.send(Committed(request_id=message.request_id, seq=len(self.got)))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        left = self.server.path.stat().st_ino if self.server.path.exists() else None
        task = asyncio.create_task(self.server.run())
        await until(lambda: self.server.path.exists() and self.server.path.stat().st_ino != left)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def client_of(path: Path) -> AsyncGenerator[tuple[LinkClient, list[ToGateway]]]:
    client = LinkClient(lambda: path)
    heard: list[ToGateway] = []
    client.on_message = heard.append
    task = asyncio.create_task(client.run())
    try:
        yield client, heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def raw_connection(
    path: Path,
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def test_a_submit_is_answered_after_the_commit_and_the_state_comes_first(tmp_path: Path) -> None:
    async def run() -> None:
        path = link_path(tmp_path)
        watch = Watch(path)
        async with watch.running(), client_of(path) as (client, heard):
            answer = await client.submit(ACK, "page/d1")
            assert answer == Committed(request_id=watch.got[0].request_id, seq=1)
            assert watch.got[0].body == ACK
            assert watch.got[0].source == "page/d1"
            watch.server.send(emit(alert()))
            await until(lambda: len(heard) == 2)
            assert heard == [state(), emit(alert())]
            assert stat.S_IMODE(path.stat().st_mode) == 0o600

    asyncio.run(run())


def test_submits_wait_for_a_watch_that_starts_later_and_are_sent_again(tmp_path: Path) -> None:
    async def run() -> None:
        path = link_path(tmp_path)
        first, second = Watch(path), Watch(path)
        first.commits = False
        async with client_of(path) as (client, heard):
            waiting = asyncio.create_task(client.submit(ACK, "page/d1", timeout_s=5))
            client.submit_nowait(ACK, "page/d2")
            async with first.running():
                await until(lambda: len(first.got) == 2)
            assert not waiting.done()
            async with second.running():
                answer = await waiting
            assert isinstance(answer, Committed)
            assert [m.request_id for m in second.got] == [first.got[0].request_id]
            assert client.waiting == 0
            assert len(heard) == 2

    asyncio.run(run())


def test_a_submit_that_is_not_committed_in_time_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        path = link_path(tmp_path)
        watch = Watch(path)
        watch.commits = False
        async with watch.running(), client_of(path) as (client, _):
            with pytest.raises(TimeoutError):
                await client.submit(ACK, "page/d1", timeout_s=0.05)
            await until(lambda: len(watch.got) == 1)

    asyncio.run(run())


def test_the_newest_gateway_wins(tmp_path: Path) -> None:
    async def run() -> None:
        path = link_path(tmp_path)
        watch = Watch(path)
        async with watch.running(), client_of(path) as (old, old_heard):
            await until(lambda: old.connected and len(old_heard) == 1)
            async with raw_connection(path) as (reader, _):
                await reader.readexactly(4)
                await until(lambda: not old.connected)
            await until(lambda: old.connected)  # and it comes back when the other goes

    asyncio.run(run())


def test_answers_for_another_gateway_are_not_taken(tmp_path: Path) -> None:
    async def run() -> None:
        path = link_path(tmp_path)
        watch = Watch(path)
        watch.commits = False
        async with watch.running(), client_of(path) as (client, _):
            await until(lambda: client.connected)
            for request_id in range(1, 50):
                watch.server.send(Committed(request_id=request_id, seq=request_id))
            with pytest.raises(TimeoutError):
                await client.submit(ACK, "page/d1", timeout_s=0.1)

    asyncio.run(run())


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x00",
        b"\x05\x00\x00\x00hello",
        b"GET / HTTP/1.1\r\n\r\n",
        (FRAME_MAX + 1).to_bytes(4, "little"),
        frame(state()),
    ],
)
def test_garbage_ends_the_link_and_nothing_else(tmp_path: Path, garbage: bytes) -> None:
    async def run() -> None:
        path = link_path(tmp_path)
        watch = Watch(path)
        async with watch.running():
            async with raw_connection(path) as (reader, writer):
                writer.write(garbage)
                with contextlib.suppress(ConnectionError):
                    await reader.read()  # until its end
            assert watch.server.faults == 1
            assert watch.got == []
            async with client_of(path) as (client, _):
                assert isinstance(await client.submit(ACK, "page/d1"), Committed)

    asyncio.run(run())


def test_a_client_survives_garbage_from_the_watch(tmp_path: Path) -> None:
    async def run() -> None:
        path = link_path(tmp_path)

        async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"\x03\x00\x00\x00\xc1\xc1\xc1")
            writer.close()

        server = await asyncio.start_unix_server(babble, str(path))
        async with client_of(path) as (client, heard):
            await until(lambda: client.faults >= 2)  # it came back, and ended again
            assert heard == []
            server.close()
            await server.wait_closed()
            watch = Watch(path)
            async with watch.running():
                assert isinstance(await client.submit(ACK, "page/d1"), Committed)

    asyncio.run(run())


def test_a_slow_gateway_gets_every_alert_and_only_the_newest_picture(tmp_path: Path) -> None:
    async def run() -> None:
        path = link_path(tmp_path)
        watch = Watch(path)
        async with watch.running(), raw_connection(path) as (reader, _):
            await until(lambda: watch.server.connected)
            big = TracksPublished(version=PUBLISHED_VERSION, data=bytes(200_000))
            for n in range(200):  # 40 MB: far beyond what the kernel and the transport hold
                watch.server.send(emit(big, seq=n + 1))
                watch.server.send(Picture(t_ns=n, arrivals=()))
                watch.server.send(emit(alert(n + 1), seq=n + 1))
            frames = Frames()
            heard: list[ToGateway] = []
            decode = LinkClient(lambda: path).decode
            while Picture(t_ns=199, arrivals=()) not in heard:
                heard += [decode(found) for found in frames.feed(await reader.read(1 << 20))]
                assert len(heard) < 700
            revisions = [
                m.event.body.revision
                for m in heard
                if isinstance(m, Emit) and isinstance(m.event.body, Alert)
            ]
            assert revisions == list(range(1, 201))
            pictures = [m for m in heard if isinstance(m, Picture)]
            assert len(pictures) < 100

    asyncio.run(run())


def test_a_gateway_that_never_reads_loses_the_link_not_the_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigia.run.link_io.URGENT_MAX", 100)
    monkeypatch.setattr("vigia.run.link_io.OTHER_MAX", 100)

    async def run() -> None:
        path = link_path(tmp_path)
        watch = Watch(path)
        async with watch.running(), raw_connection(path):
            await until(lambda: watch.server.connected)
            filler = TracksPublished(version=PUBLISHED_VERSION, data=bytes(4_000_000))
            watch.server.send(emit(filler))
            for n in range(150):
                watch.server.send(emit(Fault(where="x", whose="peer", what=str(n))))
            assert watch.server.dropped == 50  # the first of them
            for n in range(102):
                watch.server.send(emit(alert(n + 1)))
            await until(lambda: not watch.server.connected)
            assert watch.server.faults == 1

    asyncio.run(run())


def test_frames_survive_any_splitting() -> None:
    messages: list[Submit | ToGateway] = [
        Submit(request_id=1, source="s", body=ACK),
        Refused(request_id=1, why="no"),
        Status(
            t_ns=1,
            mode=Mark.DEMO,
            state="ready",
            journal="ok",
            journal_lag_s=0.0,
            sensors=(),
            counts={},
        ),
    ]
    data = b"".join(frame(m) for m in messages)
    for step in (1, 2, 3, 7, len(data)):
        frames = Frames()
        found: list[bytes] = []
        for n in range(0, len(data), step):
            found += frames.feed(data[n : n + step])
        assert found == [frame(m)[4:] for m in messages]


def test_a_folder_with_a_long_name_gets_a_short_private_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 60) / ("y" * 60)
    folder.mkdir(parents=True)
    path = link_path(folder)
    assert len(os.fsencode(path)) <= SOCKET_PATH_MAX
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert link_path(folder) == path
    assert link_path(tmp_path) == tmp_path / "link.sock"
    path.parent.chmod(0o755)
    with pytest.raises(OSError, match="not a private folder"):
        link_path(folder)
    path.parent.rmdir()


def test_a_socket_left_behind_by_a_dead_watch_is_replaced(tmp_path: Path) -> None:
    async def run() -> None:
        path = link_path(tmp_path)
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(path))
        left.close()
        watch = Watch(path)
        async with watch.running(), client_of(path) as (client, _):
            body: Input = ACK
            assert isinstance(await client.submit(body, "page/d1"), Committed)

    asyncio.run(run())


def test_a_disk_too_slow_costs_receipts_never_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigia.run.link_io.PENDING_MAX", 2)

    async def run() -> None:
        path = link_path(tmp_path)
        watch = Watch(path)
        watch.commits = False
        async with client_of(path) as (client, _):
            early = [asyncio.create_task(client.submit(ACK, "d", timeout_s=5)) for _ in range(2)]
            await asyncio.sleep(0)
            assert isinstance(await client.submit(ACK, "d"), Refused)  # nobody to send it to
            async with watch.running():
                await until(lambda: len(watch.got) == 2)
                late = asyncio.create_task(client.submit(ACK, "d", timeout_s=5))
                assert isinstance(await early[0], Refused)  # its receipt gave way
                await until(lambda: len(watch.got) == 3)  # and the new one was sent
                for task in (early[1], late):
                    task.cancel()

    asyncio.run(run())
