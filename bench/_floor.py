"""A stand-in gateway on a thread and Debian's chromium on its console, for benches of it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

from vigia.run.track_frame import frame_of_rows
from vigia.tracktable import PUBLISHED_DTYPE

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "web-tools"))

CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
    "--no-sandbox", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--js-flags=--expose-gc",
]  # fmt: skip
SIZE = {"width": 1366, "height": 768}
SLOW_MS = 60_000
CENTRE = (31.792, -106.742)
BEAT_S = 1.0
THREAD_TIME = {"timeDomain": "threadTicks"}  # the page's own work, whatever else the machine does


class Stand:
    """web-tools/fake_server.py without its script: it says what the bench tells it to."""

    def __init__(self) -> None:
        # Any: the stand-in is a development tool outside the typed tree.
        make: Any = importlib.import_module("fake_server").FakeGateway
        self.gateway: Any = make("calm", "actual")
        self.gateway.world.alerts = self._none
        self.base = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def add_page(self, address: str, html: str) -> None:
        """A page of the bench's own on the same origin."""
        known = self.gateway.answer

        async def answer(method: str, target: str, *rest: Any) -> Any:
            if target == address:
                return 200, {"Content-Type": "text/html"}, html.encode()
            return await known(method, target, *rest)

        self.gateway.answer = answer

    def _none(self, _now_ms: int) -> list[Any]:
        return []

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self.gateway.connection, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        beats = asyncio.create_task(self._beat())
        self._ready.set()
        await self._stop.wait()
        beats.cancel()
        for socket in list(self.gateway.sockets):
            socket.writer.close()
        server.close()

    async def _beat(self) -> None:
        while True:
            self.gateway.broadcast(self.gateway.beat())
            await asyncio.sleep(BEAT_S)

    def send(self, frame: bytes, text: bytes | None = None) -> None:
        """frame to pages that take columns, text (JSON) to those that do not."""

        def go() -> None:
            for socket in list(self.gateway.sockets):
                if socket.columns:
                    socket.send_bytes(frame)
                elif text is not None:
                    socket.protocol.send_text(text)
                    socket.flush()

        self.loop.call_soon_threadsafe(go)

    def tell(self, message: dict[str, Any]) -> None:
        self.loop.call_soon_threadsafe(self.gateway.broadcast, message)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@contextlib.contextmanager
def floor(size: dict[str, int] = SIZE) -> Generator[tuple[Stand, Page, Any]]:
    """An open console, its map drawn."""
    stand = Stand()
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        # playwright's own type of a viewport is a TypedDict of just these two keys
        page = browser.new_context(viewport=size).new_page()  # pyright: ignore[reportArgumentType]
        page.goto(f"{stand.base}/fake/login?role=watch_officer&next=/console")
        page.locator("vigia-console[data-map=ready][data-watch=ready]").wait_for(timeout=SLOW_MS)
        # Any: playwright leaves the answers of the browser's protocol untyped
        metrics: Any = page.context.new_cdp_session(page)
        metrics.send("Performance.enable", THREAD_TIME)
        yield stand, page, metrics
        browser.close()
    stand.close()


def metric(session: Any, name: str) -> float:
    told = session.send("Performance.getMetrics")["metrics"]
    return next(m["value"] for m in told if m["name"] == name)


class Sky:
    """n tracks that all move, once a second; some die and others are born when asked."""

    def __init__(self, n: int, seed: int = 1, spread_deg: float = 0.2) -> None:
        self._chance = np.random.default_rng(seed)
        self._spread = spread_deg
        self._next = 1
        self.rows: NDArray[np.void] = np.zeros(n, dtype=PUBLISHED_DTYPE)
        self._fill(np.arange(n))

    def _fill(self, where: NDArray[np.int64]) -> None:
        n, chance, rows = len(where), self._chance, self.rows
        numbers = np.arange(self._next, self._next + n)
        self._next += n
        rows["number"][where] = numbers
        rows["track_id"][where] = [f"{i:016x}".encode() for i in numbers.tolist()]
        rows["status"][where], rows["fix"][where] = chance.integers(1, 3, n), 1
        rows["witnesses"][where] = 2
        rows["flags"][where] = np.where(chance.random(n) < 0.1, 64, 0)
        rows["lat_deg"][where] = CENTRE[0] + chance.normal(0, self._spread, n)
        rows["lon_deg"][where] = CENTRE[1] + chance.normal(0, self._spread, n)
        rows["speed_mps"][where] = chance.uniform(2, 30, n)
        rows["course_deg_true"][where] = chance.uniform(0, 360, n)
        rows["sigma_m"][where] = chance.uniform(4, 40, n)
        rows["height_m"][where], rows["p_exist"][where] = 90, 0.9
        rows["p_drone"][where] = chance.random(n)
        for name in ("azimuth_deg_true", "azimuth_sigma_deg"):
            rows[name][where] = np.nan

    def step(self, t_ms: int, share_born: float = 0.0) -> None:
        rows = self.rows
        course = np.radians(rows["course_deg_true"])
        rows["lat_deg"] += np.cos(course) * rows["speed_mps"] / 110_900
        rows["lon_deg"] += np.sin(course) * rows["speed_mps"] / 94_300
        rows["t_ns"] = rows["t_last_ns"] = t_ms * 1_000_000
        born = round(share_born * len(rows))
        if born:
            self._fill(self._chance.choice(len(rows), born, replace=False))

    def frame(self, t_ms: int) -> bytes:
        return frame_of_rows(self.rows.tobytes(), {}, {}, (), t_ms)

    def text(self, t_ms: int) -> bytes:
        """What a peer's page would get: the least JSON that its symbols need."""
        names = ("number", "lat_deg", "lon_deg", "course_deg_true", "status")
        columns = [self.rows[name].tolist() for name in names]
        tracks = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        return json.dumps({"t": "tracks", "t_ms": t_ms, "tracks": tracks}).encode()


def now_ms() -> int:
    return time.time_ns() // 1_000_000
