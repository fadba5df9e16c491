"""Transports against real peers: bytes in, bytes back, boundaries kept, a dead way told."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import paho.mqtt.publish as mqtt_publish
import pytest
import zmq
from tools.live import free_port

from vigia.events import Fault, Input, SensorHeard, SensorLost
from vigia.run.clock import Clock
from vigia.run.settings import SettingsError
from vigia.run.transports.feed import UrlFeed
from vigia.run.transports.url import parse_source
from vigia.terms import Mark

WAIT_S = 15.0


class Echo:
    """An adapter that tells what it was given, and gives it back."""

    heard: list[tuple[str, bytes]]

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self._id = sensor_id

    def feed(self, data: bytes, t_recv_ns: int) -> list[Input | bytes]:
        if b"break" in data:
            raise KeyError("mine")
        self.heard.append(("stream", data))
        return [SensorHeard(sensor_id=self._id, t_obs_ns=t_recv_ns), b"<" + data + b">"]

    def feed_message(self, data: bytes, t_recv_ns: int) -> list[Input | bytes]:
        self.heard.append(("message", data))
        return [SensorHeard(sensor_id=self._id, t_obs_ns=t_recv_ns)]

    def finish(self, t_recv_ns: int) -> list[Input | bytes]:
        self.heard.append(("over", b""))
        return []


class Told:
    """What a feed handed over, and what its adapters heard."""

    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.heard: list[tuple[str, bytes]] = []

    def put(self, source: str, mark: Mark, body: Input) -> bool:
        assert (source, mark) == ("s", Mark.ACTUAL)
        self.inputs.append(body)
        return True

    def of(self, kind: type[Any]) -> list[Any]:
        return [body for body in self.inputs if isinstance(body, kind)]


@contextlib.asynccontextmanager
async def feeding(url: str) -> AsyncIterator[Told]:
    told = Told()
    adapter: Any = type("Mine", (Echo,), {"heard": told.heard})
    task = asyncio.create_task(UrlFeed("s", adapter, Clock(), parse_source(url)).run(told.put))
    try:
        yield told
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(met: Callable[[], Any]) -> Any:
    async with asyncio.timeout(WAIT_S):
        while not (found := met()):  # noqa: ASYNC110 - many peers, one of them another process
            await asyncio.sleep(0.01)
    return found


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def test_a_tcp_server_is_read_answered_and_found_again_after_it_died() -> None:
    async def go() -> None:
        port = free_port()
        answers: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"one")
            answers.append(await reader.readexactly(5))
            writer.close()

        async with feeding(f"tcp://127.0.0.1:{port}") as told:
            lost = await until(lambda: told.of(SensorLost))
            assert "refused" in lost[0].why.lower() or "connect" in lost[0].why.lower()
            server = await asyncio.start_server(serve, "127.0.0.1", port)
            await until(lambda: len(answers) >= 2)  # it came back after the server closed
            server.close()
        assert answers[:2] == [b"<one>", b"<one>"]
        reasons = [body.why for body in told.of(SensorLost)]
        assert "the other side closed the connection" in reasons
        assert len(reasons) == len([r for n, r in enumerate(reasons) if r != reasons[n - 1]])

    run(go)


def test_every_peer_of_a_listener_has_an_adapter_of_its_own_and_a_broken_one_costs_itself() -> None:
    async def go() -> None:
        port = free_port()
        async with feeding(f"tcp-listen://127.0.0.1:{port}") as told:
            writers: list[asyncio.StreamWriter] = []

            async def speak(data: bytes) -> asyncio.StreamReader:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(data)
                writers.append(writer)
                return reader

            await until(lambda: _open(port))
            await speak(b"break")
            good = await speak(b"fine")
            assert await good.readexactly(6) == b"<fine>"
            fault = (await until(lambda: told.of(Fault)))[0]
            assert "KeyError" in fault.what
            for writer in writers:
                writer.close()

    run(go)


def test_datagrams_keep_their_boundaries_and_strangers_are_refused() -> None:
    async def go() -> None:
        port = free_port()
        async with feeding(f"udp://127.0.0.1:{port}") as told:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:

                def send() -> bool:
                    sock.sendto(b"a", ("127.0.0.1", port))
                    sock.sendto(b"bc", ("127.0.0.1", port))
                    return len(told.heard) >= 2

                await until(send)
            assert told.heard[:2] == [("message", b"a"), ("message", b"bc")]

    run(go)


def test_multicast_is_joined() -> None:
    async def go() -> None:
        port = free_port()
        url = f"udp://239.77.1.9:{port}?from=0.0.0.0/0&interface=127.0.0.1"
        async with feeding(url) as told:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                own = socket.inet_aton("127.0.0.1")
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)

                def send() -> bool:
                    sock.sendto(b"all", ("239.77.1.9", port))
                    return bool(told.heard)

                await until(send)
            assert told.heard[0] == ("message", b"all")

    run(go)


def test_a_zmq_publisher_is_heard_and_its_absence_is_told() -> None:
    async def go() -> None:
        port = free_port()
        async with feeding(f"zmq://127.0.0.1:{port}?topic=rid") as told:
            await until(lambda: told.of(SensorLost))
            context = zmq.Context()
            publisher = context.socket(zmq.PUB)
            publisher.bind(f"tcp://127.0.0.1:{port}")

            def send() -> bool:
                publisher.send_multipart([b"rid.1", b'{"x": 1}'])
                publisher.send_multipart([b"other", b"not asked for"])
                return bool([h for h in told.heard if h[0] == "message"])

            await until(send)
            publisher.close(0)
            await until(
                lambda: told.of(SensorLost)[-1].why == "the publisher closed the connection"
            )
            context.term()
        assert {h for h in told.heard if h[0] == "message"} == {("message", b'{"x": 1}')}

    run(go)


def test_a_serial_line_is_read_and_a_pulled_plug_is_told() -> None:
    async def go() -> None:
        master, slave = pty.openpty()
        async with feeding(f"serial://{os.ttyname(slave)}?baud=9600") as told:
            await asyncio.sleep(0.1)
            os.write(master, b"beep")
            await until(lambda: ("stream", b"beep") in told.heard)
            os.close(slave)
            os.close(master)
            assert await until(lambda: told.of(SensorLost))

    run(go)


def test_a_document_is_polled_and_an_error_is_told_with_its_number() -> None:
    status = [200]

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status[0])
            self.end_headers()
            self.wfile.write(b'{"n": 1}')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    async def go() -> None:
        url = f"poll+http://127.0.0.1:{server.server_port}/data/aircraft.json?every_s=0.2"
        async with feeding(url) as told:
            await until(lambda: told.heard.count(("message", b'{"n": 1}')) >= 2)
            status[0] = 503
            await until(lambda: told.of(SensorLost)[-1:] and "503" in told.of(SensorLost)[-1].why)
            status[0] = 200
            before = len(told.heard)
            await until(lambda: ("message", b'{"n": 1}') in told.heard[before:])

    run(go)
    server.shutdown()
    server.server_close()


def test_a_topic_of_a_real_broker_is_heard_and_the_brokers_end_is_told(tmp_path: Path) -> None:
    if shutil.which("mosquitto") is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    port = free_port()
    config = Path(tempfile.mkdtemp(dir=tmp_path)) / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    broker = subprocess.Popen(["mosquitto", "-c", str(config)], stderr=subprocess.DEVNULL)

    async def go() -> None:
        async with feeding(f"mqtt://127.0.0.1:{port}/drones/%23") as told:
            await until(lambda: _open(port))

            def send() -> bool:
                with contextlib.suppress(OSError):
                    mqtt_publish.single("drones/1", b"hello", hostname="127.0.0.1", port=port)
                return ("message", b"hello") in told.heard

            await until(send)
            broker.terminate()
            await until(lambda: told.of(SensorLost))

    try:
        run(go)
    finally:
        broker.terminate()
        broker.wait(10)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gopher://x:1", "need one of"),
        ("tcp://host", "tcp://HOST:PORT"),
        ("mqtt://user:secret@host/topic", "password_env"),
        ("tcp-listen://0.0.0.0:5000", "from="),
        ("udp://239.2.3.1:6969", "from="),
        ("udp://127.0.0.1:6969?colour=red", "does not know 'colour'"),
        ("serial://ttyUSB0", "serial:///dev/ttyUSB0"),
        ("serial:///dev/ttyUSB0?baud=fast", "baud"),
        ("poll+http://host/x?every_s=0", "every_s"),
        ("tls-listen://0.0.0.0:5000", "cert=FILE"),
        ("mqtt://host", "TOPIC"),
    ],
)
def test_a_wrong_source_says_what_is_needed(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match="source") as e:
        parse_source(text)
    assert says in str(e.value)
    assert "secret" not in str(e.value)


def _open(port: int) -> bool:
    with socket.socket() as s:
        s.settimeout(0.2)
        return s.connect_ex(("127.0.0.1", port)) == 0
