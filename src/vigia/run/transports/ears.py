"""What a transport tells, and to whom: connections, bytes and whole messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

Send: TypeAlias = Callable[[bytes], None]  # never waits; a peer that takes nothing is cut off

READ = 65_536  # bytes read at once
CONNECT_S = 10.0
SEND_BUFFER_MAX = 1_000_000  # bytes waiting for a peer that reads nothing: then it is cut off


class Talk(Protocol):
    """One connection: a stream, or messages whose boundaries the transport keeps."""

    def stream(self, data: bytes) -> None: ...
    def message(self, data: bytes) -> None: ...
    def over(self) -> None:
        """It ended; what is half read is told as such."""
        ...


class Ears(Protocol):
    def opened(self, peer: str, send: Send | None) -> Talk: ...
    def fault(self, what: str) -> None:
        """The world's or a peer's mistake beside the bytes; told, counted, nothing ends."""
        ...


class Transport(Protocol):
    """run(): one connection, or one life of a listener. Returns when the other side ended it;
    raises OSError saying why there is none. Cancelled at the end of the watch."""

    async def run(self, ears: Ears) -> None: ...
