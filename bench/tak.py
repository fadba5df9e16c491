"""Our CoT server beside taky in one run: relay latency, CPU a message, memory a client.

python -m bench tak [--seconds 5]. Two publishers, ten subscribers over TCP in a process of its own,
100 uids; every event carries when it was handed to the socket, each subscriber says when it came.
Ours stores what it relays (counted afterwards); taky stores nothing. Then 500 clients that only
listen. CPU is the server's own, user and system.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import re
import resource
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import uvloop
from tools.live import free_port

from vigia.events import CoreSettings
from vigia.run.plan import RunPlan, write_plan
from vigia.run.settings import Listen, Storage, Tak
from vigia.terms import Mark, Position
from vigia.wire.cot import CotEvent, render

PUBLISHERS = 2
SUBSCRIBERS = 10
UIDS = 100
IDLE = 500
RATES = {"vigia": (400, 2_000, 4_000), "taky": (400, 800)}
STAMP = re.compile(rb"<remarks>(\d{19})</remarks>")
TICK_S = 0.01
DRAIN_S = 3.0
DRAIN_LOOK_S = 0.05


class Step(NamedTuple):
    sent: int
    arrived: int
    p50_ms: float
    p99_ms: float
    cpu_ms: float  # of the server, a message


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print("server  events/s  arrived      p50 ms    p99 ms  CPU ms/event")
    for name, rates in RATES.items():
        with tempfile.TemporaryDirectory() as folder, _server(name, Path(folder)) as (port, pid):
            for rate in rates:
                step = _in_process(port, pid, rate, seconds)
                share = step.arrived / max(1, step.sent * SUBSCRIBERS)
                print(
                    f"{name:8}{rate:>8,}{share:>9.2%}{step.p50_ms:>12.1f}{step.p99_ms:>10.1f}"
                    f"{step.cpu_ms:>14.3f}",
                    flush=True,
                )
            if name == "vigia":
                print(f"{name:8}{_stored(Path(folder)):>8,} events on disk")
        with tempfile.TemporaryDirectory() as folder, _server(name, Path(folder)) as (port, pid):
            before = _pss_kb(pid)
            holding = _Clients(port)
            after = _pss_kb(pid)
            each = (after - before) / IDLE
            print(f"{name:8}{holding.alive:>8} of {IDLE} clients stay: {before / 1024:.0f} MB -> "
                  f"{after / 1024:.0f} MB, {each:.1f} kB a client")  # fmt: skip
            holding.close()


# ---- servers -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _server(name: str, folder: Path) -> Generator[tuple[int, int]]:
    port = free_port()
    if name == "vigia":
        core = CoreSettings(mode=Mark.EXERCISE, origin=Position(31.79, -106.75, 1200.0))
        tak = Tak(listen=f"127.0.0.1:{port}")
        plan = RunPlan(site_name="bench", core=core, listen=Listen(), storage=Storage(), tak=tak)
        write_plan(folder, plan)
        command = [sys.executable, "-m", "vigia.run.tak_server_main", "--data", str(folder)]
    else:
        config = folder / "taky.conf"
        config.write_text(
            f"[taky]\nbind_ip = 127.0.0.1\nroot_dir = {folder}\n"
            f"[cot_server]\nport = {port}\n[ssl]\nenabled = false\n"
        )
        command = [sys.executable, "-m", "bench._taky", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + 20.0
    while time.monotonic() < end_s:
        if process.poll() is not None:
            raise SystemExit(f"bench tak: the server ended with code {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.05)
    raise SystemExit("bench tak: the server does not listen")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pss_kb(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def _stored(folder: Path) -> int:
    time.sleep(0.5)
    with contextlib.closing(sqlite3.connect(folder / "tak.sqlite")) as db:
        return int(db.execute("SELECT count(*) FROM said").fetchone()[0])


# ---- load --------------------------------------------------------------------------------------


def _in_process(port: int, pid: int, rate: int, seconds: float) -> Step:
    """In a process of its own: the bench itself must not share its loop with the load."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    child = context.Process(target=_run_load, args=(theirs, port, pid, rate, seconds))
    child.start()
    step = Step(*json.loads(mine.recv_bytes()))
    child.join()
    return step


def _run_load(pipe: Connection, port: int, pid: int, rate: int, seconds: float) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        step = runner.run(_load(port, pid, rate, seconds))
    pipe.send_bytes(json.dumps(step).encode())


async def _load(port: int, pid: int, rate: int, seconds: float) -> Step:
    loop = asyncio.get_running_loop()
    late_ns: list[int] = []
    readers: list[asyncio.Transport] = []
    for k in range(SUBSCRIBERS):
        transport, _ = await loop.create_connection(lambda: _Reader(late_ns), "127.0.0.1", port)
        transport.write(_event(f"subscriber-{k}", "a-f-G-U-C", time.time_ns(), b""))
        readers.append(transport)
    await asyncio.sleep(0.5)
    late_ns.clear()
    begin_cpu_s = _cpu_s(pid)
    counts = await asyncio.gather(
        *(_publish(port, k, rate / PUBLISHERS, seconds) for k in range(PUBLISHERS))
    )
    for _ in range(int(DRAIN_S / DRAIN_LOOK_S)):
        if len(late_ns) >= sum(counts) * SUBSCRIBERS:
            break
        await asyncio.sleep(DRAIN_LOOK_S)
    cpu_ms = (_cpu_s(pid) - begin_cpu_s) * 1e3 / sum(counts)
    for transport in readers:
        transport.abort()
    ordered = sorted(late_ns) or [0]
    p50, p99 = (ordered[int(len(ordered) * q)] / 1e6 for q in (0.5, 0.99))
    return Step(sum(counts), len(late_ns), p50, p99, cpu_ms)


async def _publish(port: int, number: int, rate: float, seconds: float) -> int:
    """At an even pace; an event is stamped when it is written, late or not."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    begin_s, sent = time.monotonic(), 0
    head, tail = _event(f"u{number}-%%", "a-u-A-M-H-Q", time.time_ns(), b"@@").split(b"@@")
    while (now_s := time.monotonic()) < begin_s + seconds:
        due = int((now_s - begin_s) * rate)
        for k in range(sent, due):
            uid = b"%d" % (k % (UIDS // PUBLISHERS))
            writer.write(head.replace(b"%%", uid) + b"%d" % time.time_ns() + tail)
        sent = max(sent, due)
        await writer.drain()
        await asyncio.sleep(TICK_S)
    await asyncio.sleep(0.2)
    return sent


class _Reader(asyncio.Protocol):
    def __init__(self, late_ns: list[int]) -> None:
        self._late_ns, self._rest = late_ns, b""

    def data_received(self, data: bytes) -> None:
        now = time.time_ns()
        data = self._rest + data
        end = 0
        for found in STAMP.finditer(data):
            self._late_ns.append(now - int(found[1]))
            end = found.end()
        self._rest = data[end:][-4_096:]


def _event(uid: str, kind: str, t_ns: int, remarks: bytes) -> bytes:
    event = CotEvent(
        uid=uid, type=kind, how="m-g", t_ns=t_ns, t_start_ns=t_ns,
        t_stale_ns=t_ns + 600_000_000_000, lat_deg=31.79, lon_deg=-106.75, alt_hae_m=1200.0,
        ce_m=9.0, callsign="BENCH", course_deg_true=90.0, speed_mps=12.0, remarks=remarks.decode(),
    )  # fmt: skip
    return render(event)


class _Clients:
    """IDLE clients that say who they are and listen."""

    def __init__(self, port: int) -> None:
        self._sockets = [socket.create_connection(("127.0.0.1", port), 5.0) for _ in range(IDLE)]
        for k, sock in enumerate(self._sockets):
            sock.sendall(_event(f"idle-{k}", "a-f-G-U-C", time.time_ns(), b""))
            sock.setblocking(False)
        end_s = time.monotonic() + 8.0
        while time.monotonic() < end_s:
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    while sock.recv(65_536):
                        pass
            time.sleep(0.1)

    @property
    def alive(self) -> int:
        count = 0
        for sock in self._sockets:
            try:
                count += sock.recv(1) != b""
            except BlockingIOError:
                count += 1
            except OSError:
                pass
        return count

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()
