"""uvicorn's HTTP connection, with a limit on how long a peer may take to ask."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 15.0  # from connecting to a whole request head; idle sockets are files, and files run out


class Http(H11Protocol):
    """Given to uvicorn as its `http` class."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self.loop.call_later(HEAD_S, self._look)

    def _look(self) -> None:
        # A connection that became a socket has left uvicorn's set, one that asked has a cycle.
        asked = self.cycle is not None  # pyright: ignore[reportUnnecessaryComparison]
        if self in self.connections and not asked:
            self.transport.abort()
