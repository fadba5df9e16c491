"""1,000 open pages: alert decided -> last page has it, through the real gateway process.

    python bench/fanout.py [--pages 1000] [--rounds 20]

The watch is this process (its link, no core), the gateway is the real one, the pages are lean
WebSocket clients in a third process that note when an alert's bytes arrive. Beside it, in the same
run and with the same clients: a bare `websockets` server that broadcasts one message as long.
Three ways to be hit at once:
  raid       every person gets an alert of his own, most endangered first (the real case)
  consoles   one alert goes to every page (all are watch officers)
  bare       websockets.broadcast of one message
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

import websockets
from websockets.asyncio.server import ServerConnection, serve

from vigia.events import Alert, CoreSettings, Delivery, DeviceEnrolled, Event, HandedOver
from vigia.events import PersonAdded as Person
from vigia.run.gateway_main import uvloop_runner
from vigia.run.link import Emit, State, Status, Submit
from vigia.run.link_io import LinkServer, link_path
from vigia.run.plan import RunPlan, write_plan
from vigia.run.sessions import open_sessions
from vigia.run.settings import Listen, Storage
from vigia.terms import Channel, Mark, MsgType, Position, Role, Tier

NEEDLE = b'"t":"alert"'
WAIT_S = 60.0
GAP_S = 0.3  # between two rounds


class Page(asyncio.Protocol):
    """A client that keeps its connection and the moment of the last alert."""

    def __init__(self, request: bytes, count: Count) -> None:
        self._request = request
        self._count = count
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport, but not the class
        cast(asyncio.Transport, transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        if b"HTTP/1.1 101" in data[:20]:
            self._count.opened += 1
        found = (self._tail + data).count(NEEDLE)
        self._tail = data[-len(NEEDLE) + 1 :]
        for _ in range(found):
            self._count.arrived_ns.append(time.time_ns())


class Count:
    def __init__(self) -> None:
        self.opened = 0
        self.arrived_ns: list[int] = []


async def clients(port: int, cookies: list[str]) -> None:
    """The second process: opens pages, then prints the arrivals of each round asked for."""
    count = Count()
    loop = asyncio.get_running_loop()
    for n, cookie in enumerate(cookies):
        key = base64.b64encode(n.to_bytes(16, "big")).decode()
        request = (
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Cookie: vigia_session={cookie}\r\n\r\n"
        ).encode()
        await loop.create_connection(lambda r=request: Page(r, count), "127.0.0.1", port)
    while count.opened < len(cookies):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.0)
    print("open", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        wanted = int(line)
        until = loop.time() + WAIT_S
        while len(count.arrived_ns) < wanted and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        print(json.dumps(count.arrived_ns), flush=True)
        count.arrived_ns.clear()


class Clients:
    """The handle on that process."""

    def __init__(self, port: int, cookies: list[str]) -> None:
        command = [sys.executable, __file__, "--clients", str(port)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._say(json.dumps(cookies))

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    async def opened(self) -> None:
        assert (await asyncio.to_thread(self._hear)).strip() == "open"

    async def arrivals(self, wanted: int) -> list[int]:
        self._say(str(wanted))
        return json.loads(await asyncio.to_thread(self._hear))

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Watch:
    """A watch without a core: says what it is told to say."""

    def __init__(self, folder: Path, pages: int) -> None:
        self.link = LinkServer(link_path(folder))
        self.link.on_connected = self._tell
        self.link.on_submit = self._got
        self.role = Role.AGENT
        self.pages = pages
        self.handed_ns: list[int] = []
        self.revision = 0

    def _got(self, message: Submit) -> None:
        if isinstance(message.body, HandedOver):
            self.handed_ns.append(message.body.t_handed_ns)

    def _tell(self) -> None:
        people = [
            Person(person_id=f"p{n}", name=f"Agent {n}", agency_id="a", role=self.role)
            for n in range(self.pages)
        ]
        devices = [
            DeviceEnrolled(device_id=f"d{n}", person_id=f"p{n}", public_key=b"")
            for n in range(self.pages)
        ]
        settings = CoreSettings(mode=Mark.DEMO, origin=Position(31.79, -106.75, 0.0))
        state = State(
            t_ns=time.time_ns(), settings=settings, agencies=(), people=tuple(people),
            devices=tuple(devices), open_alerts=(),
        )  # fmt: skip
        self.link.send(state)
        self.beat()

    def beat(self) -> None:
        status = Status(
            t_ns=time.time_ns(),
            mode=Mark.DEMO,
            state="ready",
            journal="ok",
            journal_lag_s=0.0,
            sensors=(),
            counts={},
        )
        self.link.send(status)

    def raid(self) -> int:
        """Alerts, then deliveries, as the core orders them. Returns when it was decided."""
        self.revision += 1
        t_ns = time.time_ns()
        alerts = [self._alert(f"p{n}", t_ns) for n in range(self.pages)]
        for alert in alerts:
            self.link.send(Emit(event=Event(self.revision, t_ns, "core", Mark.DEMO, alert)))
        for rank, a in enumerate(alerts):
            delivery = Delivery(
                delivery_id=f"{a.alert_id}.{a.revision}.page", alert_id=a.alert_id,
                revision=a.revision, target_id=a.target_id, person_id=a.person_id,
                channel=Channel.PAGE, rank=rank,
            )  # fmt: skip
            self.link.send(Emit(event=Event(self.revision, t_ns, "core", Mark.DEMO, delivery)))
        return t_ns

    def to_consoles(self) -> int:
        self.revision += 1
        t_ns = time.time_ns()
        alert = self._alert(None, t_ns)
        self.link.send(Emit(event=Event(self.revision, t_ns, "core", Mark.DEMO, alert)))
        return t_ns

    def _alert(self, person_id: str | None, t_ns: int) -> Alert:
        return Alert(
            alert_id=f"a-{person_id}", revision=self.revision, msg_type=MsgType.UPDATE,
            incident_id="i1", target_id=f"person/{person_id}", person_id=person_id,
            tier=Tier.DANGER, mark=Mark.DEMO, action="take_cover", sound=True, t_cause_ns=t_ns,
            t_decided_ns=t_ns, t_expires_ns=t_ns + 10**11, track_ids=("t1",),
            track_numbers=(41,), confirmed=True, p_hit=0.7, t_earliest_ns=t_ns + 10**10,
            bearing_deg_true=231.0, from_point="sw", range_m=900.0, sources=("sensor/radar",),
        )  # fmt: skip


class Delays:
    """Of rounds: each arrival, and the last of each round, in ms after the decision."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.each: list[float] = []
        self.last: list[float] = []
        self.lost = 0

    def add(self, t_ns: int, arrived_ns: list[int], wanted: int) -> None:
        self.lost += wanted - len(arrived_ns)
        ms = [(t - t_ns) / 1e6 for t in arrived_ns]
        self.each += ms
        self.last.append(max(ms, default=float("inf")))

    def line(self) -> str:
        return (
            f"{self.name:<10} each page p50 {at(self.each, 50):7.1f}  p99 {at(self.each, 99):7.1f}"
            f"   last page p50 {at(self.last, 50):7.1f}  p99 {at(self.last, 99):7.1f} ms"
            f"   lost {self.lost}"
        )


def at(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@contextlib.asynccontextmanager
async def gateway(folder: Path) -> AsyncGenerator[tuple[int, int]]:
    """The real process; its port and its process id."""
    plan = RunPlan(
        site_name="bench",
        core=CoreSettings(mode=Mark.DEMO, origin=Position(31.79, -106.75, 0.0)),
        listen=Listen(address="127.0.0.1:0"),
        storage=Storage(),
    )
    write_plan(folder, plan)
    read, write = os.pipe()
    command = [sys.executable, "-m", "vigia.run.gateway_main", "--data", str(folder)]
    process = subprocess.Popen(  # noqa: ASYNC220 - returns at once
        [*command, "--ready-fd", str(write)], pass_fds=(write,)
    )
    os.close(write)
    try:
        with os.fdopen(read) as f:
            url = await asyncio.to_thread(f.readline)
        yield int(url.strip().rpartition(":")[2]), process.pid
    finally:
        process.terminate()
        process.wait()


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


async def through_gateway(name: str, *, pages: int, rounds: int) -> Delays:
    delays, handed = Delays(name), Delays("T2 handed")
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        watch = Watch(folder, pages)
        watch.role = Role.AGENT if name == "raid" else Role.WATCH_OFFICER
        sessions = open_sessions(folder / "keys")
        now_s = int(time.time())
        cookies = [sessions.cookie(f"d{n}", now_s=now_s)[0] for n in range(pages)]
        link = asyncio.create_task(watch.link.run())
        async with gateway(folder) as (port, pid):
            idle_mb = resident_mb(pid)
            while not watch.link.connected:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            crowd = Clients(port, cookies)
            try:
                await crowd.opened()
                for n in range(rounds + 2):
                    watch.handed_ns.clear()
                    t_ns = watch.raid() if name == "raid" else watch.to_consoles()
                    arrived = await crowd.arrivals(pages)
                    if n >= 2:  # the first two warm up
                        delays.add(t_ns, arrived, pages)
                        if name == "raid":
                            handed.add(t_ns, watch.handed_ns, pages)
                    watch.beat()
                    await asyncio.sleep(GAP_S)
                print(f"gateway    {idle_mb:.0f} MB idle, {resident_mb(pid):.0f} MB after", end="")
                print(f" {rounds} rounds with {pages} pages")
            finally:
                crowd.close()
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)
    if handed.each:
        print(handed.line())
    print(delays.line())
    return delays


async def bare(*, pages: int, rounds: int) -> Delays:
    delays = Delays("bare")
    connections: set[ServerConnection] = set()

    async def handler(ws: ServerConnection) -> None:
        connections.add(ws)
        await ws.wait_closed()

    sock = socket.create_server(("127.0.0.1", 0), backlog=4096)
    async with serve(handler, sock=sock, compression=None):
        crowd = Clients(sock.getsockname()[1], ["x"] * pages)
        try:
            await crowd.opened()
            for n in range(rounds + 2):
                t_ns = time.time_ns()
                websockets.broadcast(connections, '{"t":"alert","alert":' + "x" * 850 + "}")
                arrived = await crowd.arrivals(pages)
                if n >= 2:
                    delays.add(t_ns, arrived, pages)
                await asyncio.sleep(GAP_S)
        finally:
            crowd.close()
    print(delays.line())
    return delays


async def compare(*, pages: int, rounds: int) -> None:
    raid = await through_gateway("raid", pages=pages, rounds=rounds)
    consoles = await through_gateway("consoles", pages=pages, rounds=rounds)
    plain = await bare(pages=pages, rounds=rounds)
    for delays in (raid, consoles):
        ratio = at(delays.last, 50) / at(plain.last, 50)
        print(f"{delays.name}: last page at {ratio:.2f} times the bare broadcast (p50)")


def raise_limit() -> None:
    """A socket is a file; 1,000 pages are more than some systems allow by default."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))


def main(*, pages: int = 1_000, rounds: int = 20) -> None:
    raise_limit()
    with uvloop_runner() as runner:
        runner.run(compare(pages=pages, rounds=rounds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--clients", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.clients:
        raise_limit()
        with uvloop_runner() as runner:
            runner.run(clients(args.clients, json.loads(sys.stdin.readline())))
    else:
        main(pages=args.pages, rounds=args.rounds)
