"""A listening socket -> connections, one a turn of the event loop, so that a crowd delays no alert.

asyncio's own server lets in all who wait before anybody else gets a turn: with 10,000 phones that
come back at once, an alert would stand behind thousands of handshakes. Here it stands behind one.
Who knocks is taken from the kernel's short queue at once and waits in ours: those it has no room
for would knock again after one, two, four … sixty seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Callable

HANDSHAKE_S = 15.0  # a peer that takes longer is let go
KNOCKS = 64  # taken from the kernel's queue in one turn
BUSY_S = 0.05  # no file for a newcomer: who is inside comes first


class Doorman:
    """Start run() as a task; cancelling it ends the accepting, not who is inside."""

    def __init__(
        self,
        sock: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext | None,
    ) -> None:
        self._sock = sock
        self._protocol = protocol
        self._tls = tls
        self._hall: deque[socket.socket] = deque()  # bounded by the files a process may open
        self._tasks: set[asyncio.Task[None]] = set()
        self.turned_away = 0  # for want of files, or gone before they were in

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                if not self._hall:
                    try:
                        self._hall.append((await loop.sock_accept(self._sock))[0])
                    except OSError:
                        await self._busy()
                        continue
                self._knocks()
                task = loop.create_task(self._let_in(self._hall.popleft()))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                await asyncio.sleep(0)
        finally:
            while self._hall:
                self._hall.popleft().close()

    def _knocks(self) -> None:
        with contextlib.suppress(OSError):  # nobody more, or no file: they wait with the kernel
            for _ in range(KNOCKS):
                peer, _address = self._sock.accept()
                peer.setblocking(False)
                self._hall.append(peer)

    async def _busy(self) -> None:
        self.turned_away += 1
        await asyncio.sleep(BUSY_S)

    async def _let_in(self, peer: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await loop.connect_accepted_socket(
                self._protocol,
                peer,
                ssl=self._tls,
                ssl_handshake_timeout=None if self._tls is None else HANDSHAKE_S,
            )
        except (OSError, ssl.SSLError, TimeoutError):
            self.turned_away += 1
            peer.close()
