"""10,000 open pages: alert decided -> shown, through the real gateway process.

    python bench/fanout.py [--pages 10000] [--rounds 10] [--tls]

The watch is this process (its link, no core), the gateway is the real one, the pages are lean
WebSocket clients in a third process (_crowd.py). Beside it, in the same run and with the same
clients: a bare `websockets` server that broadcasts one message as long.
  raid       every person gets an alert of his own, most endangered first (the real case)
  first 50   of those, the fifty most endangered
  deaf       the same while one page in fifty has stopped reading
  storm      the same while all pages drop and come back at once; every page must end with the
             newest alert, by its frame or by the greeting
  consoles   one alert goes to every page (all are watch officers)
  bare       websockets.broadcast of one message
"""

from __future__ import annotations

import argparse
import asyncio
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
from typing import Any

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

WAIT_S = 60.0
GAP_S = 0.5  # between two rounds
WARM = 2  # rounds that are not counted
FIRST = 50  # most endangered
FIRST_MS, EACH_MS = 100.0, 1_000.0  # goals
DEAF_SHARE = 50  # one page in so many stops reading


class Clients:
    """The handle on their process."""

    def __init__(self, port: int, cookies: list[str], *, tls: bool = False) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("_crowd.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say({"port": port, "cookies": cookies, "tls": tls})

    def _say(self, message: dict[str, object]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    async def ask(self, message: dict[str, object]) -> dict[str, Any]:
        assert self.process.stdout is not None
        self._say(message)
        return json.loads(await asyncio.to_thread(self.process.stdout.readline))

    async def arrivals(self, revision: int) -> list[int]:
        return (await self.ask({"wait": revision, "s": WAIT_S}))["t_ns"]

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
        self.alerts: dict[str, Alert] = {}

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
            devices=tuple(devices), open_alerts=tuple(self.alerts.values()),
        )  # fmt: skip
        self.link.send(state)
        self.beat()

    async def beats(self) -> None:
        while True:
            await asyncio.sleep(1.0)
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
        """Each alert before its delivery, as the watch sends them. Returns when it was decided."""
        self.revision += 1
        t_ns = time.time_ns()
        for rank in range(self.pages):
            a = self._alert(f"p{rank}", t_ns)
            self.alerts[a.alert_id] = a
            delivery = Delivery(
                delivery_id=f"{a.alert_id}.{a.revision}.page", alert_id=a.alert_id,
                revision=a.revision, target_id=a.target_id, person_id=a.person_id,
                channel=Channel.PAGE, rank=rank,
            )  # fmt: skip
            for body in (a, delivery):
                self.link.send(Emit(event=Event(self.revision, t_ns, "core", Mark.DEMO, body)))
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
    """Of rounds: each arrival, the first fifty's and the last of each round, in ms."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.each: list[float] = []
        self.first: list[float] = []
        self.last: list[float] = []
        self.lost = 0

    def add(self, t_ns: int, arrived_ns: list[int]) -> None:
        ms = [(t - t_ns) / 1e6 for t in arrived_ns if t]
        self.lost += len(arrived_ns) - len(ms)
        self.each += ms
        self.first.append(max(((t - t_ns) / 1e6 for t in arrived_ns[:FIRST] if t), default=0.0))
        self.last.append(max(ms, default=float("inf")))

    def line(self) -> str:
        return (
            f"{self.name:<9} each page p50 {at(self.each, 50):6.0f} p99 {at(self.each, 99):6.0f}"
            f"   first {FIRST} p50 {at(self.first, 50):5.0f} max {at(self.first, 100):5.0f}"
            f"   last p50 {at(self.last, 50):6.0f} max {at(self.last, 100):6.0f} ms"
            f"   lost {self.lost}"
        )


def at(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@contextlib.asynccontextmanager
async def gateway(folder: Path, *, tls: bool) -> AsyncGenerator[tuple[int, int]]:
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
    command += ["--tls", "auto"] if tls else []
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


async def through_gateway(
    role: Role, *, pages: int, rounds: int, tls: bool, minutes: float = 0.0
) -> list[Delays]:
    """minutes: instead of rounds, storms and raids in turn for so long."""
    found: list[Delays] = []
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        watch = Watch(folder, pages)
        watch.role = role
        sessions = open_sessions(folder / "keys")
        now_s = int(time.time())
        cookies = [sessions.issue(f"d{n}", now_ms=now_s * 1000).value for n in range(pages)]
        tasks = [asyncio.create_task(watch.link.run()), asyncio.create_task(watch.beats())]
        async with gateway(folder, tls=tls) as (port, pid):
            idle_mb = resident_mb(pid)
            while not watch.link.connected:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            crowd = Clients(port, cookies, tls=tls)
            try:
                opened = await crowd.ask({"open": True})
                print(f"opened    {opened['opened']} pages in {opened['s']:.1f} s")
                if minutes:
                    found += await _soak(watch, crowd, minutes)
                elif role is Role.AGENT:
                    found += await _agents(watch, crowd, pages=pages, rounds=rounds)
                else:
                    found.append(await _rounds("consoles", watch, crowd, rounds))
                mb = resident_mb(pid)
                print(
                    f"memory    gateway {idle_mb:.0f} MB idle, {mb:.0f} MB after: "
                    f"{(mb - idle_mb) * 1024 / pages:.1f} kB a page"
                )
            finally:
                crowd.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


async def _agents(watch: Watch, crowd: Clients, *, pages: int, rounds: int) -> list[Delays]:
    found = [await _rounds("raid", watch, crowd, rounds)]
    found.append(await _storm(watch, crowd, max(2, rounds // 4)))
    deaf = pages // DEAF_SHARE
    await crowd.ask({"deaf": [pages - deaf, deaf]})
    found.append(await _rounds("deaf", watch, crowd, rounds, hearing=pages - deaf))
    return found


async def _soak(watch: Watch, crowd: Clients, minutes: float) -> list[Delays]:
    end_s = time.monotonic() + minutes * 60.0
    found: list[Delays] = []
    while time.monotonic() < end_s:
        found.append(await _rounds("raid", watch, crowd, 1))
        found.append(await _storm(watch, crowd, 1))
    return found


async def _rounds(
    name: str, watch: Watch, crowd: Clients, rounds: int, *, hearing: int | None = None
) -> Delays:
    delays = Delays(name)
    for n in range(rounds + WARM):
        t_ns = watch.to_consoles() if name == "consoles" else watch.raid()
        arrived = await crowd.arrivals(watch.revision)
        if n >= WARM:
            delays.add(t_ns, arrived[:hearing])
        await asyncio.sleep(GAP_S)
    print(delays.line())
    return delays


async def _storm(watch: Watch, crowd: Clients, rounds: int) -> Delays:
    """Everybody is cut off, and the raid comes while they return."""
    delays, back_s = Delays("storm"), list[float]()
    for _ in range(rounds):
        await crowd.ask({"drop": True})
        opening = asyncio.create_task(crowd.ask({"open": True}))
        await asyncio.sleep(GAP_S)
        t_ns = watch.raid()
        back_s.append((await opening)["s"])
        delays.add(t_ns, await crowd.arrivals(watch.revision))
    print(delays.line())
    print(f"          all back within {max(back_s):.1f} s; counted from the raid, cut off or not")
    return delays


async def bare(*, pages: int, rounds: int) -> Delays:
    delays = Delays("bare")
    connections: set[ServerConnection] = set()

    async def handler(ws: ServerConnection) -> None:
        connections.add(ws)
        await ws.wait_closed()

    sock = socket.create_server(("127.0.0.1", 0), backlog=4096)
    async with serve(handler, sock=sock, compression=None, open_timeout=60, ping_interval=None):
        crowd = Clients(sock.getsockname()[1], ["x"] * pages)
        try:
            await crowd.ask({"open": True})
            for n in range(1, rounds + WARM + 1):
                t_ns = time.time_ns()
                text = f'{{"t":"alert","alert":{{"revision":{n},"text":"{"x" * 1_000}"}}}}'
                websockets.broadcast(connections, text)
                arrived = await crowd.arrivals(n)
                if n > WARM:
                    delays.add(t_ns, arrived)
                await asyncio.sleep(GAP_S)
        finally:
            crowd.close()
    print(delays.line())
    return delays


async def compare(*, pages: int, rounds: int, tls: bool) -> None:
    of_agents = await through_gateway(Role.AGENT, pages=pages, rounds=rounds, tls=tls)
    consoles = await through_gateway(Role.WATCH_OFFICER, pages=pages, rounds=rounds, tls=tls)
    plain = await bare(pages=pages, rounds=rounds)
    for delays in (of_agents[0], consoles[0]):
        ratio = at(delays.last, 50) / at(plain.last, 50)
        print(f"{delays.name}: last page at {ratio:.2f} times the bare broadcast (p50)")
    raid = of_agents[0]
    good = at(raid.each, 99) <= EACH_MS and at(raid.first, 99) <= FIRST_MS
    lost = sum(d.lost for d in of_agents)
    print(
        f"goals     each page p99 <= {EACH_MS:.0f} ms, first {FIRST} <= {FIRST_MS:.0f} ms: "
        f"{'met' if good else 'MISSED'}; lost {lost}, need 0"
    )


def raise_limit() -> None:
    """A socket is a file; 1,000 pages are more than some systems allow by default."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))


def main(*, pages: int = 10_000, rounds: int = 10, tls: bool = False) -> None:
    raise_limit()
    with uvloop_runner() as runner:
        runner.run(compare(pages=pages, rounds=rounds, tls=tls))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--tls", action="store_true", help="with the site CA's TLS")
    args = parser.parse_args()
    main(pages=args.pages, rounds=args.rounds, tls=args.tls)
