"""A listening socket -> connections, one a turn of the event loop, so that a crowd delays no alert.

asyncio's own server accepts all who wait before anybody else gets a turn: with 10,000 phones that
come back at once, an alert would stand behind thousands of handshakes. Here it stands behind one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

HANDSHAKE_S = 15.0  # a peer that takes longer is let go
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
        self._tasks: set[asyncio.Task[None]] = set()
        self.turned_away = 0  # for want of files, or gone before they were in

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                peer, _ = await loop.sock_accept(self._sock)
            except OSError:
                self.turned_away += 1
                await asyncio.sleep(BUSY_S)
                continue
            task = loop.create_task(self._let_in(peer))
            self._tasks.add(task)  # bounded by the files a process may open
            task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(0)  # one a turn, also when sock_accept had one at hand

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
