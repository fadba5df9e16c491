"""People of a soak run: pages that come back as phones do, reports that are sent until received."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from random import Random

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from tools.live import Person

BACK_S = 0.2  # between two attempts to connect
AGAIN_S = 1.0  # between two sendings of what was not answered
WAITING_MAX = 40  # reports of one person on their way at once
OPEN_S = 4.0
ABRUPT_S = 0.02  # a sender that hangs up so soon never hears the answer
TRIES_MAX = 200


class Alert(msgspec.Struct, frozen=True):
    """What a page keeps of an alert."""

    alert_id: str
    revision: int
    msg_type: str
    tier: int
    action: str
    decided_ms: int


class Said(msgspec.Struct):
    """Any message of the gateway to a page; what a kind has not is empty."""

    t: str
    alert: Alert | None = None
    alerts: list[Alert] = []
    tracks: list[msgspec.Raw] = []
    t_ms: int = 0
    alert_id: str = ""
    revision: int = 0
    kind: str = ""


class Receipt(msgspec.Struct):
    """The answer to a report."""

    received: bool = False
    seq: int = 0


_said = msgspec.json.Decoder(Said).decode
_receipt = msgspec.json.Decoder(Receipt).decode
Ack = tuple[str, int, str]  # alert_id, revision, kind


class SoakPage:
    """One page that connects again for ever. A console takes hello for the whole truth; a phone
    keeps what it holds until it is told the end, and answers."""

    def __init__(self, person: Person, rng: Random, *, console: bool, read_s: float = 0.0) -> None:
        """read_s: waits so long between two messages (a slow page)."""
        self._person = person
        self._rng = rng
        self._console = console
        self._read_s = read_s
        self.held: dict[str, Alert] = {}
        self.revisions: dict[str, int] = {}  # the newest heard, of ended ones too
        self.content: dict[tuple[str, int], Alert] = {}
        self.changed: list[str] = []  # a revision that came again with other content
        self.acked: set[Ack] = set()
        self.late_ms: list[int] = []  # decided -> here
        self.hellos = 0
        self.connected = False
        self.picture_ms = 0  # of the newest with tracks in it
        self._owed: dict[Ack, float] = {}  # when to say it (again), monotonic [s]

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with opened(self._person) as ws:
                    await ws.send(_json({"t": "holds", "alert_ids": list(self.held)}))
                    await self._talk(ws)
            self.connected = False
            await asyncio.sleep(BACK_S)

    async def _talk(self, ws: ClientConnection) -> None:
        speaking = asyncio.create_task(self._answer(ws))
        try:
            while True:
                self._take(_said(await ws.recv()))
                if self._read_s:
                    await asyncio.sleep(self._read_s)
        finally:
            speaking.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketException, OSError):
                await speaking

    def _take(self, said: Said) -> None:
        match said.t:
            case "hello":
                if self._console:
                    self.held = {}
                for alert in said.alerts:
                    self._alert(alert, fresh=False)
                self.hellos += 1
                self.connected = True
            case "alert" if said.alert is not None:
                self._alert(said.alert, fresh=True)
            case "acked":
                key = (said.alert_id, said.revision, said.kind)
                self._owed.pop(key, None)
                self.acked.add(key)
            case "picture" if said.tracks:
                self.picture_ms = max(self.picture_ms, said.t_ms)
            case _:
                pass

    def _alert(self, alert: Alert, *, fresh: bool) -> None:
        key = (alert.alert_id, alert.revision)
        if self.content.setdefault(key, alert) != alert:
            self.changed.append(f"{alert.alert_id[:8]} revision {alert.revision}")
        newest = self.revisions.get(alert.alert_id)
        if newest is not None and alert.revision <= newest:
            if self._console and not fresh:
                self.held[alert.alert_id] = alert
            return  # old or repeated, as the phone page has it
        self.revisions[alert.alert_id] = alert.revision
        if alert.msg_type == "cancel":
            self.held.pop(alert.alert_id, None)
            return
        self.held[alert.alert_id] = alert
        if fresh:
            self.late_ms.append(int(time.time() * 1000) - alert.decided_ms)
        if not self._console and (newest is None or self._rng.random() < 0.5):
            self._owe(alert)

    def _owe(self, alert: Alert) -> None:
        now = time.monotonic()
        for kind, wait_s in (("delivered", 0.0), ("seen", 1.0), ("safe", 3.0)):
            key = (alert.alert_id, alert.revision, kind)
            self._owed[key] = now + wait_s * self._rng.uniform(0.2, 1.5)

    async def _answer(self, ws: ClientConnection) -> None:
        while True:
            await asyncio.sleep(0.1)
            now = time.monotonic()
            for key in [k for k, due_s in self._owed.items() if due_s <= now]:
                self._owed[key] = now + AGAIN_S
                alert_id, revision, kind = key
                word = {"alert_id": alert_id, "revision": revision, "kind": kind}
                await ws.send(_json({"t": "ack", "t_ms": int(time.time() * 1000), **word}))


class Reporter:
    """One person's sightings: each is sent until "received", some once more after that."""

    def __init__(self, person: Person, name: str, rng: Random) -> None:
        self._person = person
        self._name = name
        self._rng = rng
        self._count = 0
        self.sent = 0  # requests
        self.received: dict[str, list[int]] = {}  # report_id -> seqs told
        self.refused: list[str] = []  # answers that are neither received nor "send it again"
        self.waiting = 0

    async def run(self, until_s: float) -> None:
        """Begins reports until then, and ends when all of them are received."""
        async with asyncio.TaskGroup() as group, self._client() as http:
            while time.monotonic() < until_s:
                if self.waiting < WAITING_MAX:
                    group.create_task(self._see_to(http, self.number()))
                await asyncio.sleep(self._rng.uniform(0.3, 2.0))
            while self.waiting:  # noqa: ASYNC110 - the client closes after the last answer
                await asyncio.sleep(0.05)

    async def probe(self, seconds: float) -> float | None:
        """Monotonic time of the receipt of a report begun now; None: not in time."""
        end = time.monotonic() + seconds
        report_id, body = self.number()
        async with self._client() as http:
            while time.monotonic() < end:
                if await self._send(http, report_id, body, wait_s=2.5):
                    return time.monotonic()
                await asyncio.sleep(0.05)
        return None

    def number(self) -> tuple[str, dict[str, object]]:
        self._count += 1
        report_id = f"soak-{self._name}-{self._count}"
        azimuth = {"azimuth_deg_true": self._rng.uniform(0.0, 359.9), "sigma_deg": 12.0}
        return report_id, {
            "report_id": report_id,
            "t_ms": int(time.time() * 1000),
            "sense": self._rng.choice(["seen", "heard"]),
            "kind": "unknown",
            "bearing": azimuth,
            "text": f"soak {self._count}",
        }

    def _client(self) -> httpx.AsyncClient:
        headers = {"Origin": self._person.base, "Cookie": self._person.cookie()}
        return httpx.AsyncClient(base_url=self._person.base, headers=headers)

    async def _see_to(self, http: httpx.AsyncClient, report: tuple[str, dict[str, object]]) -> None:
        self.waiting += 1
        try:
            hasty = self._rng.random() < 0.15
            for attempt in range(TRIES_MAX):
                wait_s = ABRUPT_S if hasty and attempt == 0 else 4.0
                if await self._send(http, *report, wait_s=wait_s):
                    if self._rng.random() < 0.1:  # the answer got lost on the way, the phone thinks
                        await self._send(http, *report, wait_s=4.0)
                    return
                await asyncio.sleep(self._rng.uniform(0.2, AGAIN_S))
        finally:
            self.waiting -= 1

    async def _send(
        self, http: httpx.AsyncClient, report_id: str, body: dict[str, object], *, wait_s: float
    ) -> bool:
        self.sent += 1
        try:
            answer = await http.post("/api/v1/sightings", json=body, timeout=wait_s)
        except httpx.TransportError:
            return False
        if answer.status_code == 503:
            return False
        receipt = _receipt(answer.content) if answer.status_code == 200 else Receipt()
        if receipt.received:
            self.received.setdefault(report_id, []).append(receipt.seq)
            return True
        self.refused.append(f"{report_id}: {answer.status_code} {answer.text[:200]}")
        return False


def opened(person: Person) -> connect:
    url = person.base.replace("http", "ws", 1) + "/ws"
    return connect(
        url,
        additional_headers={"Cookie": person.cookie()},
        origin=Origin(person.base),
        open_timeout=OPEN_S,
        close_timeout=0.2,
    )


async def open_now(person: Person) -> set[str]:
    """The alerts that the present hello lists."""
    async with opened(person) as ws, asyncio.timeout(OPEN_S):
        while True:
            said = _said(await ws.recv())
            if said.t == "hello":
                return {alert.alert_id for alert in said.alerts}


def dead_page(person: Person) -> socket.socket:
    """Asks for the socket and never reads. Raises OSError."""
    host, port = person.base.removeprefix("http://").split(":")
    sock = socket.socket()
    sock.settimeout(1.0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    try:
        sock.connect((host, int(port)))
        sock.sendall(
            f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dmlnaWEtdmlnaWEtdmlnYQ==\r\n"
            f"Origin: {person.base}\r\nCookie: {person.cookie()}\r\n\r\n".encode()
        )
    except OSError:
        sock.close()
        raise
    return sock


def _json(message: dict[str, object]) -> str:
    return msgspec.json.encode(message).decode()
