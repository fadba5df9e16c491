"""The TAK sender against real receivers on this machine: TCP server, UDP socket."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from vigia.events import Alert, Delivery
from vigia.run import tak, tak_wire
from vigia.run.catalogue import load_words
from vigia.run.settings import SettingsError
from vigia.run.tak import TakSender
from vigia.run.tak_wire import parse_url
from vigia.terms import Channel, EndReason, Lang, Mark, MsgType, Position, Tier
from vigia.tracktable import PUBLISHED_DTYPE, Fix
from vigia.wire.cot import CotEvent, Emergency, parse

WORDS = load_words(Lang.EN)
S = 1_000_000_000


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test

    asyncio.run(bounded())


def alert(alert_id: str = "a1", revision: int = 1, **changes: object) -> Alert:
    now = time.time_ns()
    fields: dict[str, object] = {
        "alert_id": alert_id, "revision": revision, "msg_type": MsgType.ALERT, "incident_id": "i",
        "target_id": "post/alpha", "person_id": None, "tier": Tier.DANGER, "mark": Mark.EXERCISE,
        "action": "take_cover", "sound": True, "t_cause_ns": now, "t_decided_ns": now,
        "t_expires_ns": now + 100 * S, "track_ids": ("t7",), "track_numbers": (7,),
    }  # fmt: skip
    return Alert(**(fields | changes))  # pyright: ignore[reportArgumentType]


def delivery(of: Alert) -> Delivery:
    return Delivery(
        delivery_id=f"{of.alert_id}.{of.revision}.cot", alert_id=of.alert_id, revision=of.revision,
        target_id=of.target_id, person_id=None, channel=Channel.COT, rank=0,
    )  # fmt: skip


def offer(sender: TakSender, *alerts: Alert) -> None:
    for one in alerts:
        sender.offer_alert(one, delivery(one))


def picture(count: int) -> np.ndarray[Any, np.dtype[np.void]]:
    rows = np.zeros(count, dtype=PUBLISHED_DTYPE)
    rows["track_id"] = [f"t{i}".encode() for i in range(count)]
    rows["number"] = np.arange(count)
    rows["fix"], rows["status"], rows["mark"] = Fix.POSITION, 2, 1
    rows["lat_deg"], rows["lon_deg"] = 12.0, -34.0
    rows["t_ns"] = rows["t_last_ns"] = time.time_ns()
    return rows


class Server:
    """A TAK server that can be told to stop reading, to hang up and to come back."""

    def __init__(self) -> None:
        self.got: list[bytearray] = []  # by connection: one that broke off left half an event
        self.reading = asyncio.Event()
        self.reading.set()
        self.connections = 0
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=4096)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        got = bytearray()
        self.got.append(got)
        try:
            while True:
                await self.reading.wait()
                data = await reader.read(4096)
                if not data:
                    return
                got += data
        except OSError:
            return

    def events(self) -> list[CotEvent]:
        out: list[CotEvent] = []
        for text in [t for got in self.got for t in re.findall(rb"<event .*?</event>", got, re.S)]:
            event = parse(text)
            assert isinstance(event, CotEvent)
            out.append(event)
        return out


async def until(fact: Callable[[], bool], within_s: float = 20.0) -> None:
    """Waits for what another task brings about; fails when it does not come."""
    end = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)


@asynccontextmanager
async def running(sender: TakSender) -> AsyncIterator[list[tuple[str, bool, str | None]]]:
    handed: list[tuple[str, bool, str | None]] = []
    sender.on_handed = lambda d, t_ns, failed: handed.append((d, t_ns is not None, failed))
    task = asyncio.create_task(sender.run())
    try:
        yield handed
    finally:
        assert not task.done(), "the sender must never end by itself"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    await server.start()
    try:
        yield server
    finally:
        server.reading.set()
        await server.stop()


def with_server(test: Callable[[Server, TakSender], Awaitable[None]]) -> None:
    async def body() -> None:
        async with serving() as server:
            await test(server, TakSender(f"tcp://127.0.0.1:{server.port}", WORDS))

    run(body())


def test_an_alert_reaches_a_tcp_endpoint_and_its_hand_over_is_told() -> None:
    async def test(server: Server, sender: TakSender) -> None:
        async with running(sender) as handed:
            offer(sender, alert())
            await until(lambda: len(server.events()) == 1 and len(handed) == 1)
            assert handed == [("a1.1.cot", True, None)]
            (event,) = server.events()
            assert (event.uid, event.emergency) == ("vigia.alert.a1", Emergency.ALERT_911)
            assert sender.health.connected

    with_server(test)


def test_tracks_reach_it_and_an_alert_shows_where_its_drone_is() -> None:
    async def test(server: Server, sender: TakSender) -> None:
        async with running(sender):
            sender.offer_tracks(picture(120))
            await until(lambda: len(server.events()) == 120)
            offer(sender, alert())
            await until(lambda: len(server.events()) == 121)
            assert (server.events()[-1].lat_deg, server.events()[-1].lon_deg) == (12.0, -34.0)
            assert sender.health.tracks_sent == 120
            assert sender.health.tracks_dropped == 0

    with_server(test)


def test_an_alert_shows_its_post_where_posts_are_known() -> None:
    async def test(server: Server, sender: TakSender) -> None:
        sender.places = {"post/alpha": Position(1.0, 2.0)}
        async with running(sender):
            sender.offer_tracks(picture(8))
            offer(sender, alert())
            await until(lambda: any(event.emergency for event in server.events()))
            (event,) = [event for event in server.events() if event.emergency]
            assert (event.lat_deg, event.lon_deg) == (1.0, 2.0)

    with_server(test)


def test_alerts_overtake_tracks() -> None:
    async def test(server: Server, sender: TakSender) -> None:
        sender.offer_tracks(picture(2_000))
        async with running(sender):
            await until(lambda: sender.health.tracks_sent > 0)
            offer(sender, alert())
            await until(lambda: any(event.emergency for event in server.events()))
            assert sender.health.tracks_sent < 2_000, "the picture was not finished first"

    with_server(test)


def test_a_returning_endpoint_gets_the_open_alerts_and_the_present_picture() -> None:
    async def test(server: Server, sender: TakSender) -> None:
        async with running(sender) as handed:
            offer(sender, alert("a1"), alert("a2", tier=Tier.WATCH))
            sender.offer_tracks(picture(3))
            await until(lambda: len(server.events()) == 5)
            await server.stop()
            await until(lambda: not sender.health.connected)
            sender.offer_tracks(picture(5))
            offer(sender, alert("a3"))
            cancel = alert("a2", 2, msg_type=MsgType.CANCEL, end_reason=EndReason.ALL_CLEAR)
            offer(sender, cancel)
            server.got.clear()
            await server.start()
            await until(lambda: len(server.events()) == 8)
            uids = [event.uid for event in server.events()]
            assert set(uids[:3]) == {"vigia.alert.a1", "vigia.alert.a2", "vigia.alert.a3"}
            assert all(uid.startswith("vigia.track.") for uid in uids[3:])
            (ended,) = [event for event in server.events() if event.uid == "vigia.alert.a2"]
            assert ended.emergency is Emergency.CANCEL
            assert sorted(d for d, ok, _ in handed if ok) == [
                "a1.1.cot", "a2.1.cot", "a2.2.cot", "a3.1.cot",
            ]  # fmt: skip
            assert sender.health.connections == 2

    with_server(test)


def test_while_nobody_listens_alerts_wait_failure_is_told_once_then_success(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tak, "HAND_OVER_S", 0.2)
    monkeypatch.setattr(tak, "CHECK_S", 0.05)
    monkeypatch.setattr(tak, "BACKOFF_S", (0.05,))

    async def test(server: Server, sender: TakSender) -> None:
        await server.stop()
        async with running(sender) as handed:
            offer(sender, alert())
            await until(lambda: len(handed) == 1)
            assert handed[0][:2] == ("a1.1.cot", False)
            assert handed[0][2] is not None
            assert "still trying" in handed[0][2]
            await until(lambda: sender.health.alerts_waiting == 1)
            await server.start()
            await until(lambda: len(handed) == 2)
            assert handed[1] == ("a1.1.cot", True, None)

    with_server(test)


def test_an_endpoint_that_reads_nothing_costs_tracks_never_alerts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tak, "SEND_S", 0.3)
    monkeypatch.setattr(tak, "TRACK_PAUSE_S", 0.0)
    monkeypatch.setattr(tak, "BACKOFF_S", (0.05,))

    async def test(server: Server, sender: TakSender) -> None:
        server.reading.clear()
        async with running(sender) as handed:
            # until the operating system's buffers are full and the sender gives up
            end = time.monotonic() + 12
            while sender.health.connections < 2 and time.monotonic() < end:
                sender.offer_tracks(picture(4_000))
                await asyncio.sleep(0.02)
            assert sender.health.connections >= 2
            assert sender.health.tracks_dropped > 0
            offer(sender, *[alert(f"b{i}") for i in range(300)])
            server.reading.set()
            await until(lambda: sum(ok for _, ok, _ in handed) == 300)
            await until(
                lambda: len({e.uid for e in server.events() if e.emergency is not None}) == 300
            )

    with_server(test)


def test_only_the_newest_revision_waits_and_the_older_is_told_as_failed() -> None:
    async def test(server: Server, sender: TakSender) -> None:
        handed: list[tuple[str, str | None]] = []
        sender.on_handed = lambda d, _t, failed: handed.append((d, failed))
        offer(sender, alert(revision=1), alert(revision=3), alert(revision=2))
        assert [d for d, failed in handed if failed] == ["a1.1.cot", "a1.2.cot"]
        async with running(sender) as later:
            await until(lambda: len(later) == 1)
            assert later == [("a1.3.cot", True, None)]
            await until(lambda: len(server.events()) == 1)

    with_server(test)


def test_an_alert_that_expired_while_it_waited_is_not_sent_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tak, "CHECK_S", 0.05)
    monkeypatch.setattr(tak, "BACKOFF_S", (0.3,))

    async def test(server: Server, sender: TakSender) -> None:
        await server.stop()
        async with running(sender) as handed:
            offer(sender, alert(t_expires_ns=time.time_ns() + S // 10))
            await until(lambda: len(handed) == 1)
            assert handed[0][2] == "it expired before it could be sent"
            await server.start()
            await until(lambda: server.connections == 1)
            offer(sender, alert("a2"))
            await until(lambda: len(handed) == 2)
            await until(lambda: [e.uid for e in server.events()] == ["vigia.alert.a2"])

    with_server(test)


def test_the_table_of_alerts_is_bounded_and_what_was_sent_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tak, "ALERTS_MAX", 2)

    async def test(server: Server, sender: TakSender) -> None:
        async with running(sender) as handed:
            offer(sender, alert("a1"), alert("a2"), alert("a3"))
            assert handed == [("a3.1.cot", False, handed[0][2])]
            assert "2 alerts wait" in str(handed[0][2])
            await until(lambda: len(handed) == 3)
            offer(sender, alert("a4"))
            await until(lambda: ("a4.1.cot", True, None) in handed)

    with_server(test)


def test_udp_sends_one_declared_event_a_datagram_and_repeats_open_alerts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tak, "UDP_REPEAT_S", 0.1)

    async def test() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.setblocking(False)
            sender = TakSender(f"udp://127.0.0.1:{sock.getsockname()[1]}", WORDS)
            async with running(sender) as handed:
                offer(sender, alert())
                loop = asyncio.get_running_loop()
                first = await loop.sock_recv(sock, 65_536)
                again = await loop.sock_recv(sock, 65_536)
                assert first == again
                assert first.startswith(b"<?xml version")
                event = parse(first)
                assert isinstance(event, CotEvent)
                assert event.uid == "vigia.alert.a1"
                assert handed == [("a1.1.cot", True, None)], "a repeat is no new hand-over"

    run(test())


def test_udp_reaches_a_multicast_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tak_wire, "MULTICAST_HOPS", 0)  # does not leave this machine

    async def test() -> None:
        group = "239.2.3.1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("", 0))
            member = socket.inet_aton(group) + socket.inet_aton("0.0.0.0")
            try:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            except OSError as error:
                pytest.skip(f"no multicast on this machine: {error}")
            sock.setblocking(False)
            sender = TakSender(f"udp://{group}:{sock.getsockname()[1]}", WORDS)
            async with running(sender):
                offer(sender, alert())
                try:
                    async with asyncio.timeout(1):
                        data = await asyncio.get_running_loop().sock_recv(sock, 65_536)
                except TimeoutError:
                    pytest.skip("this machine does not loop multicast back on its default route")
                assert b"vigia.alert.a1" in data

    run(test())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tcp://",
        "tcp://host",
        "http://host:1",
        "tcp://host:99999",
        "udp://host:1/x",
        "host:8087",
    ],
)
def test_a_bad_address_says_what_is_needed(url: str) -> None:
    with pytest.raises(
        SettingsError, match="need tcp://host:port, tls://host:port or udp://host:port"
    ):
        parse_url(url)
