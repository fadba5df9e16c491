"""A gateway the test commands -> the phone page in Debian's chromium, over loopback only.

Serves through web-tools/fake_server.py, so both pages and both developers see one stand-in.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "web-tools"))

from fake_server import FakeGateway  # noqa: E402

Json = dict[str, Any]
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGS = [
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
AGENT = "a4471"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def an_alert(**more: Any) -> Json:
    """A DANGER alert for the agent, arriving in 50 s from the south-west."""
    now = now_ms()
    alert: Json = {
        "alert_id": "al-1",
        "revision": 1,
        "msg_type": "alert",
        "incident_id": "i-1",
        "target_id": f"person/{AGENT}",
        "person_id": AGENT,
        "person_name": "Agent 4471",
        "tier": 3,
        "mark": "actual",
        "action": "take_cover",
        "sound": True,
        "cause_ms": now - 40,
        "decided_ms": now,
        "expires_ms": now + 180_000,
        "track_ids": ["t41"],
        "track_numbers": [41],
        "confirmed": True,
        "p_hit": 0.7,
        "earliest_ms": now + 50_000,
        "p10_ms": now + 52_000,
        "p50_ms": now + 58_000,
        "p90_ms": now + 70_000,
        "bearing_deg_true": 231.0,
        "from_point": "sw",
        "range_m": 1240.0,
        "height_m": 94.0,
        "load": True,
        "sources": ["sensor/radar", "sensor/remote_id", "person"],
        "end_reason": None,
        "by_name": None,
        "reached": {"delivered_ms": None, "seen_ms": None, "safe_ms": None},
    }
    return alert | more


class Bench:
    """The stand-in on its own thread. Everything a test says or asks goes through here."""

    def __init__(
        self, mode: str = "actual", *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.tls, self.host = tls, host
        self.gateway = FakeGateway("calm", mode)
        self.given: dict[str, Json] = {}
        self.gateway.world.alerts = lambda _now: list(self.given.values())
        self._started = threading.Event()
        self.base = ""
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self._started.wait(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connection, self.host, 0, ssl=self.tls)
        scheme = "http" if self.tls is None else "https"
        self.base = f"{scheme}://{self.host}:{server.sockets[0].getsockname()[1]}"
        self._stop = asyncio.Event()
        player = asyncio.create_task(self._beat())
        self._started.set()
        await self._stop.wait()
        player.cancel()
        self._cut()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # the bench is being stopped
            await self.gateway.connection(reader, writer)

    async def _beat(self) -> None:
        while True:
            if self.gateway.beats:
                self.gateway.broadcast(self.gateway.beat())
            await asyncio.sleep(1.0)

    def _cut(self) -> None:
        for socket in list(self.gateway.sockets):
            socket.writer.close()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self.thread.join(10)

    # ---- what the test commands ----------------------------------------------------------------

    def say(self, alert: Json) -> Json:
        """Sends a revision at once and keeps it for pages that come later."""
        self.given[alert["alert_id"]] = self.gateway.world.history[alert["alert_id"]] = alert
        self.loop.call_soon_threadsafe(
            self.gateway.broadcast, {"t": "alert", "alert": alert}, "agent"
        )
        return alert

    def tell(self, message: Json) -> None:
        """Anything, to agents' pages."""
        self.loop.call_soon_threadsafe(self.gateway.broadcast, message, "agent")

    def forget(self, alert_id: str) -> None:
        self.given.pop(alert_id, None)

    def beats(self, on: bool) -> None:
        self.gateway.beats = on

    def network(self, up: bool) -> None:
        self.gateway.link = up
        if not up:
            self.loop.call_soon_threadsafe(self._cut)

    def journal_hangs(self, hangs: bool) -> None:
        self.gateway.slow_commit = hangs

    # ---- what arrived --------------------------------------------------------------------------

    def heard(self, kind: str) -> list[Json]:
        return [m for m in list(self.gateway.log) if m.get("t") == kind]

    def reports(self) -> list[Json]:
        return self.heard("POST sightings")

    def calls_for_help(self) -> list[Json]:
        return [m for m in list(self.gateway.log) if "POST casualties/" in str(m.get("t"))]

    def acks(self, kind: str) -> list[Json]:
        return [a for a in self.heard("ack") if a["kind"] == kind]

    def wait_for(self, what: Any, timeout_s: float = 10.0) -> Any:
        """what: a function; its first true answer."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if got := what():
                return got
            time.sleep(0.02)
        raise AssertionError(f"nothing within {timeout_s} s; heard {self.gateway.log[-5:]}")
