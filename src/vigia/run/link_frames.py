"""Bytes of a stream <-> whole frames of the link: length, then one msgpack message."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Generic, Protocol, TypeVar, cast

import msgspec

from vigia.run.link import FRAME_MAX, Submit, ToGateway

WRITE_HIGH = 1 << 16  # bytes before messages wait with us: the first of a crowd leave at once
_HEAD = 4
_encode_in = msgspec.msgpack.Encoder().encode


def frame(message: Submit | ToGateway) -> bytes:
    """Length and message. Raises ValueError beyond FRAME_MAX."""
    data = _encode_in(message)
    if len(data) > FRAME_MAX:
        raise ValueError(
            f"{type(message).__name__}: got {len(data)} bytes; a frame holds {FRAME_MAX}"
        )
    return len(data).to_bytes(_HEAD, "little") + data


class Frames:
    """Bytes in any pieces -> whole messages' bytes. Raises ValueError at an impossible length."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        held = self._held
        held += data
        found: list[bytes] = []
        start = 0
        while len(held) - start >= _HEAD:
            size = int.from_bytes(held[start : start + _HEAD], "little")
            if not 0 < size <= FRAME_MAX:
                raise ValueError(f"frame: got a length of {size}; need 1 to {FRAME_MAX}")
            end = start + _HEAD + size
            if len(held) < end:
                break
            found.append(bytes(held[start + _HEAD : end]))
            start = end
        if start:
            del held[:start]
        return found


Message = TypeVar("Message")


class Side(Protocol[Message]):
    """What a connection tells its owner."""

    def decode(self, data: bytes) -> Message: ...
    def opened(self, wire: Wire[Message]) -> None: ...
    def received(self, wire: Wire[Message], message: Message) -> None: ...
    def broken(self, wire: Wire[Message], what: str, raw: bytes) -> None: ...
    def writable(self, wire: Wire[Message]) -> None: ...
    def lost(self, wire: Wire[Message]) -> None: ...


class Wire(asyncio.Protocol, Generic[Message]):
    """One connection: cuts frames, decodes, hands on; garbage ends it."""

    def __init__(self, side: Side[Message]) -> None:
        self._side = side
        self._frames = Frames()
        self.transport: asyncio.Transport | None = None
        self.paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport, but not the class
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=WRITE_HIGH)
        self._side.opened(self)

    def data_received(self, data: bytes) -> None:
        try:
            messages = [self._side.decode(found) for found in self._frames.feed(data)]
        except (ValueError, msgspec.DecodeError) as e:
            self._side.broken(self, str(e), data)
            self.end()
            return
        for message in messages:
            self._side.received(self, message)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self._side.writable(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._side.lost(self)

    def write(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def end(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def private_socket(path: Path) -> socket.socket:
    """Bound, 0600 before anybody can see it; replaces a socket left by a dead process."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    part = path.with_name(path.name + ".new")
    try:
        part.unlink(missing_ok=True)
        sock.bind(str(part))
        os.chmod(part, 0o600)
        os.replace(part, path)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
