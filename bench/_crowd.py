"""A crowd of lean WebSocket clients in a process of its own, told what to do by lines of JSON.

    {"open": true}                  all that are not open, at once -> {"opened": n, "s": seconds}
    {"drop": true}                  all at once, without a word -> {"dropped": n}
    {"deaf": [first, count]}        those read nothing any more
    {"wait": r, "s": 60}            until each that hears has revision r or later of its alert
                                    -> {"t_ns": [arrival or 0 for each page]}

A page keeps what a phone keeps: the newest revision it was shown, by an alert or by the greeting
of a new connection. It answers pings, else the server would take it for dead.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import ssl
import sys
import time
from typing import Any, cast

ALERT = b'{"t":"alert"'
HELLO = b'{"t":"hello"'
REVISION = re.compile(rb'"revision":(\d+)')
OPEN_S = 120.0
TRIES_MAX = 200  # of one page to open
AGAIN_S = 0.5
LOOK_S = 0.02


class Page(asyncio.Protocol):
    """One client. Cuts frames as RFC 6455 says; a server's are not masked."""

    def __init__(self, number: int, request: bytes) -> None:
        self.number = number
        self._request = request
        self._held = b""
        self.transport: asyncio.Transport | None = None
        self.is_open = False
        self.deaf = False
        self.revision = 0
        self.t_ns = 0  # of that revision
        self.t_hello_ns = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport, but not the class
        self.transport = cast(asyncio.Transport, transport)
        self._held = b""
        self.transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self.transport = None

    def data_received(self, data: bytes) -> None:
        held = self._held + data if self._held else data
        if not self.is_open:
            end = held.find(b"\r\n\r\n")
            if end < 0:
                self._held = held
                return
            self.is_open = held.startswith(b"HTTP/1.1 101")
            held = held[end + 4 :]
        at = 0
        while True:
            size, head = _size(held, at)
            if size is None or len(held) - at - head < size:
                break
            self._frame(held[at] & 0x0F, held[at + head : at + head + size])
            at += head + size
        self._held = held[at:]

    def _frame(self, kind: int, data: bytes) -> None:
        if kind == 9 and self.transport is not None:
            # masked with zeros: allowed, and the payload stays as it is
            self.transport.write(bytes((0x8A, 0x80 | len(data))) + b"\0\0\0\0" + data)
        elif data.startswith(ALERT):
            self._alert(data)
        elif data.startswith(HELLO):
            self.t_hello_ns = time.time_ns()
            self._alert(data)

    def _alert(self, data: bytes) -> None:
        found = REVISION.search(data)
        if found is not None and int(found[1]) > self.revision:
            self.revision, self.t_ns = int(found[1]), time.time_ns()


def _size(held: bytes, at: int) -> tuple[int | None, int]:
    """Of the payload and the head; None: the head is not whole yet."""
    if len(held) - at < 2:
        return None, 0
    size = held[at + 1] & 0x7F
    if size < 126:
        return size, 2
    more = 2 if size == 126 else 8
    if len(held) - at < 2 + more:
        return None, 0
    return int.from_bytes(held[at + 2 : at + 2 + more], "big"), 2 + more


class Crowd:
    """All pages of this process."""

    def __init__(self, port: int, cookies: list[str], *, tls: bool) -> None:
        self._port = port
        self._tls: ssl.SSLContext | None = None
        if tls:
            self._tls = ssl.create_default_context()
            self._tls.check_hostname = False  # the load is measured here, not whom to trust
            self._tls.verify_mode = ssl.CERT_NONE
        self.pages = [Page(n, _request(port, n, cookie)) for n, cookie in enumerate(cookies)]

    async def open(self) -> dict[str, Any]:
        t_s = time.monotonic()
        closed = [p for p in self.pages if not p.is_open]
        await asyncio.gather(*(self._open(p) for p in closed))
        return {"opened": sum(p.is_open for p in self.pages), "s": time.monotonic() - t_s}

    async def _open(self, page: Page) -> None:
        """Tries again as a page does; a connection that is refused or lost comes back."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + OPEN_S
        for _ in range(TRIES_MAX):
            try:
                await loop.create_connection(lambda: page, "127.0.0.1", self._port, ssl=self._tls)
            except OSError:
                await asyncio.sleep(AGAIN_S)
                continue
            while page.transport is not None and not page.is_open and loop.time() < end_s:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S * 5)
            if page.is_open or loop.time() >= end_s:
                return

    def drop(self) -> dict[str, Any]:
        dropped = 0
        for page in self.pages:
            if page.transport is not None:
                page.transport.abort()
                dropped += 1
        return {"dropped": dropped}

    def deafen(self, first: int, count: int) -> dict[str, Any]:
        for page in self.pages[first : first + count]:
            page.deaf = True
            if page.transport is not None:
                page.transport.pause_reading()
        return {"deaf": count}

    async def wait(self, revision: int, seconds: float) -> dict[str, Any]:
        end_s = time.monotonic() + seconds
        hearing = [p for p in self.pages if not p.deaf]
        while time.monotonic() < end_s and any(p.revision < revision for p in hearing):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
        return {"t_ns": [p.t_ns if p.revision >= revision else 0 for p in self.pages]}


def _request(port: int, number: int, cookie: str) -> bytes:
    key = base64.b64encode(number.to_bytes(16, "big")).decode()
    return (
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        f"Cookie: vigia_session={cookie}\r\n\r\n"
    ).encode()


async def serve() -> None:
    """Until standard input ends. The first line says whom to call and as whom."""
    loop = asyncio.get_running_loop()
    first = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    crowd = Crowd(first["port"], first["cookies"], tls=first["tls"])
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        told = json.loads(line)
        if "open" in told:
            answer = await crowd.open()
        elif "drop" in told:
            answer = crowd.drop()
        elif "deaf" in told:
            answer = crowd.deafen(*told["deaf"])
        else:
            answer = await crowd.wait(told["wait"], told["s"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    import resource

    from vigia.run.gateway_main import uvloop_runner

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    with uvloop_runner() as runner:
        runner.run(serve())
