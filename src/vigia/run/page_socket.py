"""uvicorn's WebSocket connection, with a door for ready frames: one write, no task, no framing.

A text frame from a server is the same bytes for every page, so the hub makes it once and writes
it to each transport. uvicorn goes on doing handshake, control frames, keep-alive and reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from vigia.run.page_json import ToPage

_encode = msgspec.json.Encoder().encode
EXTENSION = "vigia.socket"  # in the ASGI scope's extensions
WRITE_HIGH = 16 * 1024  # bytes in front of an alert that is written next, at most


def text_frame(payload: bytes) -> bytes:
    """RFC 6455 5.2: final, text, not masked."""
    return _whole_frame(0x81, payload)


def binary_frame(payload: bytes) -> bytes:
    """The same, binary."""
    return _whole_frame(0x82, payload)


def _whole_frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        head = bytes((first, size))
    elif size < 65_536:
        head = bytes((first, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 127)) + size.to_bytes(8, "big")
    return head + payload


def frame_of(message: ToPage) -> bytes:
    return text_frame(_encode(message))


class PageSocket(WebSocketsSansIOProtocol):
    """Given to uvicorn as its `ws` class."""

    full = False
    on_writable: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=WRITE_HIGH)

    def pause_writing(self) -> None:
        self.full = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self.full = False
        super().resume_writing()
        if self.on_writable is not None:
            self.on_writable()

    async def run_asgi(self) -> None:
        extensions = self.scope.get("extensions")
        assert extensions is not None
        extensions[EXTENSION] = self  # pyright: ignore[reportArgumentType] - ours, not ASGI's
        await super().run_asgi()

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if self.initial_response is not None and self.close_sent:
            # Refused with an answer of ours: complete. uvicorn would print an error for each.
            self.handshake_complete = True

    def keepalive_timeout(self) -> None:
        """Nothing came back: what waits for this peer was never handed over."""
        super().keepalive_timeout()
        self.drop()

    @property
    def is_open(self) -> bool:
        return self.handshake_complete and not (
            self.close_sent or self.disconnected or self.transport.is_closing()
        )

    def write_frame(self, frame: bytes) -> None:
        """frame: whole, from text_frame. Ask is_open and full first."""
        self.transport.write(frame)

    def drop(self) -> None:
        """At once, without waiting for a peer that may be gone."""
        self.transport.abort()
