"""One connected TAK client: bytes in -> events for the hub; events out, never more than it takes.

It is heard and served from its first byte, in XML; protocol 1 is offered and taken up when the
client asks. A client that reads slowly gets the newest word about each thing and misses the ones
between; one that lets too much wait loses its connection and gets the present picture when it is
back.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Protocol, cast

from vigia.run.tak_server.control import offer, pong, response
from vigia.run.tak_server.item import Item
from vigia.wire import takp
from vigia.wire.advert import Refused
from vigia.wire.cot import parse
from vigia.wire.cot_stream import CotStream, LostCount, Piece, Proto

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigia.run.tak_server.who import Who

WRITE_HIGH = 32_768  # bytes given to the connection before events wait with us
WAITING_MAX = 5_000  # events that wait for one client; they are shared, not copied
FAULTS_MAX = 100  # bad events of one connection; then it is ended
PROTOCOL = "1"


class Hub(Protocol):
    """What a peer tells its owner."""

    def opened(self, peer: Peer) -> None: ...
    def heard(self, peer: Peer, item: Item) -> None: ...
    def refused(self, peer: Peer, why: Refused, raw: bytes) -> None: ...
    def closed(self, peer: Peer) -> None: ...


class Peer(asyncio.Protocol):
    """uid, callsign: what the client called itself in its first own position."""

    _numbers = itertools.count(1)

    def __init__(
        self,
        hub: Hub,
        clock_ns: Callable[[], int],
        who: Callable[[asyncio.Transport], Who | None],
    ) -> None:
        """who: of the connection's certificate; None: nobody we serve."""
        self.number = next(self._numbers)
        self.who: Who | None = None
        self.uid = ""
        self.callsign = ""
        self.proto = False
        self.t_heard_ns = clock_ns()
        self.sent = 0
        self.dropped = 0
        self.faults = 0
        self._hub = hub
        self._clock_ns = clock_ns
        self._find = who
        self._stream = CotStream()
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._batch: list[bytes] = []
        self._batched = 0
        self._waiting: dict[str, Item] = {}
        self._open = False

    # ---- the connection --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport, but not the class
        self._transport = cast(asyncio.Transport, transport)
        self.who = self._find(self._transport)
        if self.who is None:
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=WRITE_HIGH)
        self._open = True
        self._write(offer(self._clock_ns()))
        self._hub.opened(self)

    def data_received(self, data: bytes) -> None:
        if not self._open:
            return
        self.t_heard_ns = self._clock_ns()
        try:
            pieces = self._stream.feed(data)
        except LostCount as error:
            self._hub.refused(self, Refused(code="stream", what=str(error)), data)
            self.end()
            return
        for piece in pieces:
            self._take(piece)
            if self.faults > FAULTS_MAX:
                self.end()
                return

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        waiting, self._waiting = self._waiting, {}
        for key, item in waiting.items():
            if self._paused:
                self._waiting[key] = item
            else:
                self._write(self._encoded(item))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._open:
            self._open = False
            self._hub.closed(self)

    def end(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # ---- in --------------------------------------------------------------------------------

    def _take(self, piece: Piece) -> None:
        if isinstance(piece, Refused):
            self._refuse(piece, b"")
            return
        xml: bytes | Refused = piece.data
        if isinstance(piece, Proto):
            xml = takp.decode(piece.data)
            if isinstance(xml, Refused):
                self._refuse(xml, piece.data)
                return
        event = parse(xml)
        if isinstance(event, Refused):
            self._refuse(event, xml)
            return
        if event.type == "t-x-takp-q":
            self._negotiate(event.detail("TakControl/TakRequest").get("version"))
        elif event.type == "t-x-c-t":
            self._write(self._encoded(pong(self._clock_ns())))
        elif not event.type.startswith("t-x-takp-"):
            self._hub.heard(self, Item(xml, event))

    def _refuse(self, why: Refused, raw: bytes) -> None:
        self.faults += 1
        self._hub.refused(self, why, raw)

    def _negotiate(self, version: str | None) -> None:
        """Everything behind the answer is protobuf; what waits is encoded when it is written."""
        agreed = version == PROTOCOL
        self._write(response(self._clock_ns(), agreed=agreed))
        self.proto = self.proto or agreed

    # ---- out -------------------------------------------------------------------------------

    def send(self, item: Item) -> None:
        """Never waits."""
        if not self._open:
            return
        if not self._paused:
            self._write(self._encoded(item))
            return
        key = item.key if item.kept else f"{item.key} {len(self._waiting)} {self.sent}"
        if self._waiting.pop(key, None) is not None:
            self.dropped += 1
        self._waiting[key] = item
        if len(self._waiting) > WAITING_MAX:
            self.end()

    def _encoded(self, item: Item) -> bytes:
        self.sent += 1
        return item.as_proto if self.proto else item.as_xml

    def _write(self, data: bytes) -> None:
        """Together with what else is said in this turn of the loop: one system call."""
        if not self._batch:
            asyncio.get_running_loop().call_soon(self._flush)
        self._batch.append(data)
        self._batched += len(data)
        if self._batched > WRITE_HIGH:
            self._flush()  # so that a slow reader is noticed before all is given to it

    def _flush(self) -> None:
        batch, self._batch, self._batched = self._batch, [], 0
        if self._transport is not None and self._open:
            self._transport.write(b"".join(batch))
