"""The whole of vigia as a user starts it: 1,000 Remote ID detections a second on standard input,
journal, tracker, threat, 1,000 open pages; prints T0 -> T2 and T0 -> T3 beside the limits.

T0 the deciding report was received, T2 the alert was handed to the page's socket (both by the
server's clock), T3 the page has it (the client process's clock; one machine, so the same clock).
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from tools.live import Live, Person, live

from vigia.geo import Site
from vigia.run.simulate.capture import Flight, frames, header
from vigia.terms import Role

PEOPLE = 100
PAGES_EACH = 10
FLIGHTS = 50
HZ = 20.0
SECONDS = 40
LIMITS_MS = {"T0->T2": 250.0, "T0->T3": 1000.0}
LAT, LON = 31.79, -106.75
Url = tuple[str, str]  # socket's address, cookie


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        args = ["watch", "-", "--post", f"Post 12,{LAT},{LON}", "--data", str(data)]
        with live(args, data, stdin=subprocess.PIPE) as running:
            _measure(running)


def _measure(running: Live) -> None:
    urls: list[Url] = []
    for n in range(PEOPLE):
        person = Person.enrolled(running, f"Agent {n}", Role.AGENT, post_id="post-12")
        urls += [(running.url.replace("http", "ws", 1) + "/ws", person.cookie())] * PAGES_EACH
        print(f"\renrolled {n + 1} of {PEOPLE}", end="", file=sys.stderr)
    print(file=sys.stderr)
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    clients = multiprocessing.get_context("spawn").Process(
        target=_clients, args=(theirs, urls, running.url), daemon=True
    )
    clients.start()
    opened = ours.recv()
    feeder = threading.Thread(target=_feed, args=(running,), daemon=True)
    feeder.start()
    feeder.join()
    ours.send("stop")
    shown_ms = sorted(ours.recv())
    clients.join(10)
    officer = Person.enrolled(running, "Ana Ruiz", Role.WATCH_OFFICER)
    handed_ms = _handed(officer)
    print(f"{FLIGHTS * HZ:.0f} detections/s for {SECONDS} s, {opened} open pages")
    _row("T0->T2", handed_ms)
    _row("T0->T3", shown_ms)


def _feed(running: Live) -> None:
    """Real bytes at real speed: a capture as `tcpdump -w -` writes it."""
    pipe = running.process.stdin
    assert pipe is not None
    site = Site(lat_deg=LAT, lon_deg=LON, alt_hae_m=0.0)
    flights = [
        Flight(f"BENCH{k:04d}", -2000.0 + 80.0 * k, 2500.0 - 20.0 * k, 0.0, -15.0)
        for k in range(FLIGHTS)
    ]
    pipe.write(header())
    for t_ns, record in frames(site, flights, start_ns=time.time_ns(), seconds=SECONDS, hz=HZ):
        wait_s = (t_ns - time.time_ns()) / 1e9
        if wait_s > 0.002:
            pipe.flush()
            time.sleep(wait_s)
        pipe.write(record)
    pipe.flush()


def _handed(officer: Person) -> list[float]:
    alerts = officer.http.get("/api/v1/alerts?hours=1").json()["alerts"]
    return sorted(
        a["handed_ms"] - a["cause_ms"] for a in alerts if a.get("handed_ms") and a.get("cause_ms")
    )


def _clients(pipe: Connection, urls: list[Url], origin: str) -> None:
    pipe.send(0) if not urls else asyncio.run(_open_pages(pipe, urls, origin))


async def _open_pages(pipe: Connection, urls: list[Url], origin: str) -> None:
    from websockets.asyncio.client import ClientConnection, connect
    from websockets.typing import Origin

    late_ms: list[float] = []

    async def listen(ws: ClientConnection) -> None:
        async for text in ws:
            now_ms = time.time() * 1000
            message = json.loads(text)
            if message["t"] == "alert":
                late_ms.append(now_ms - message["alert"]["cause_ms"])

    pages = [
        await connect(url, additional_headers={"Cookie": cookie}, origin=Origin(origin))
        for url, cookie in urls
    ]
    tasks = [asyncio.create_task(listen(ws)) for ws in pages]
    await asyncio.sleep(1.0)
    late_ms.clear()  # what was open before the flight
    pipe.send(len(pages))
    await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
    await asyncio.sleep(1.0)
    for task in tasks:
        task.cancel()
    pipe.send(late_ms)


def _row(name: str, values_ms: list[float]) -> None:
    if not values_ms:
        print(f"{name}: nothing measured")
        return
    p50, p99 = (values_ms[min(len(values_ms) - 1, int(q * len(values_ms)))] for q in (0.5, 0.99))
    limit = LIMITS_MS[name]
    print(
        f"{name}  p50 {p50:7.1f} ms  p99 {p99:7.1f} ms  max {values_ms[-1]:7.1f} ms  "
        f"n {len(values_ms)}  p99/limit({limit:.0f} ms) {p99 / limit:.2f}"
    )


if __name__ == "__main__":
    main()
