"""Messages of link.py <-> frames on a Unix socket in the data folder, both sides, on asyncio.

Neither side ever blocks. What people need (alerts, answers, the state) is never dropped while a
link lives: a gateway that reads too slowly to take it loses the link and gets the whole state
anew when it is back. Pictures are replaced by newer ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import os
import secrets
import stat
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from vigia.events import Alert, Delivery, Input, TracksPublished
from vigia.run.link import (
    Committed,
    Emit,
    Picture,
    Refused,
    State,
    Status,
    Submit,
    ToGateway,
)
from vigia.run.link_frames import Wire, frame, private_socket

NAME = "link.sock"
TAK_NAME = "tak.sock"  # where the TAK process meets the watch
COURIER = "courier.sock"
SOCKET_PATH_MAX = 100  # bytes; the kernel takes 107
URGENT_MAX = 50_000  # waiting messages that must not be dropped; beyond it the link is ended
OTHER_MAX = 10_000  # waiting others; beyond it the oldest are dropped and counted
PENDING_MAX = 20_000  # submits without an answer; then the oldest gives way, or, without a
# link, the next is refused
PENDING_KEEP_S = 120.0  # a submit nobody waits for any more is still sent again so long
UNSENT_MAX = 5_000  # submits that want no answer, waiting for a link; the oldest are dropped
RETRY_S = 0.2
SUBMIT_S = 2.0


def link_path(folder: Path, name: str = NAME) -> Path:
    """Where two processes meet. A folder with a long name gets a private one of short name.

    Raises OSError when that private folder is somebody else's.
    """
    path = folder.resolve() / name
    if len(os.fsencode(path)) <= SOCKET_PATH_MAX:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"vigia-{os.getuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    seen = short.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid() or seen.st_mode & 0o077:
        raise OSError(
            f"{short}: needed for the link of {folder} and not a private folder of ours; remove it"
        )
    return short / name


_decode_submit = msgspec.msgpack.Decoder(Submit).decode
_decode_out: Callable[[bytes], ToGateway] = msgspec.msgpack.Decoder(ToGateway).decode


class LinkServer:
    """The watch's side: one gateway at a time, the newest wins. All on one event loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.on_submit: Callable[[Submit], None] = lambda _message: None
        self.on_connected: Callable[[], None] = lambda: None
        self.on_fault: Callable[[str, bytes], None] = lambda _what, _raw: None
        self.faults = 0  # links ended by garbage or by a reader too slow
        self.dropped = 0  # messages
        self._wire: Wire[Submit] | None = None
        self._urgent: deque[bytes] = deque()
        self._other: deque[bytes] = deque()
        self._latest: dict[type, bytes] = {}  # replaced by newer ones while they wait

    @property
    def connected(self) -> bool:
        return self._wire is not None

    async def run(self) -> None:
        """Listen until cancelled. Raises OSError when the path cannot be used."""
        sock = private_socket(self.path)
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(lambda: Wire(self), sock=sock, backlog=8)
        try:
            await server.serve_forever()
        finally:
            if self._wire is not None:
                self._wire.end()

    def send(self, message: ToGateway) -> None:
        """Never blocks. Without a gateway nothing is kept: a new one gets the State."""
        wire = self._wire
        if wire is None:
            return
        try:
            data = frame(message)
        except ValueError:
            self.dropped += 1
            return
        if not wire.paused and not self._urgent and not self._other and not self._latest:
            wire.write(data)
        else:
            self._keep(message, data)

    def _keep(self, message: ToGateway, data: bytes) -> None:
        match message:
            case Picture() | Status():
                self._latest[type(message)] = data
            case Emit(event=event) if isinstance(event.body, TracksPublished):
                self._latest[TracksPublished] = data
            case Emit(event=event) if not isinstance(event.body, Alert | Delivery):
                self._other.append(data)
                if len(self._other) > OTHER_MAX:
                    self._other.popleft()
                    self.dropped += 1
            case _:
                self._urgent.append(data)
                if len(self._urgent) > URGENT_MAX:
                    self._give_up()

    def _give_up(self) -> None:
        """The gateway does not read. When it comes back it gets the state."""
        wire, self._wire = self._wire, None
        self._forget()
        self.faults += 1
        if wire is not None:
            wire.end()
        self.on_fault(f"the gateway let {URGENT_MAX} messages wait: link ended", b"")

    # ---- called by Wire -------------------------------------------------------------------

    def opened(self, wire: Wire[Submit]) -> None:
        old, self._wire = self._wire, wire
        if old is not None:
            old.end()
        self._forget()
        self.on_connected()

    def decode(self, data: bytes) -> Submit:
        return _decode_submit(data)

    def received(self, wire: Wire[Submit], message: Submit) -> None:
        if wire is self._wire:
            self.on_submit(message)

    def broken(self, wire: Wire[Submit], what: str, raw: bytes) -> None:
        self.faults += 1
        self.on_fault(what, raw)

    def writable(self, wire: Wire[Submit]) -> None:
        while wire is self._wire and not wire.paused:
            if self._urgent:
                wire.write(self._urgent.popleft())
            elif self._latest:
                wire.write(self._latest.pop(next(iter(self._latest))))
            elif self._other:
                wire.write(self._other.popleft())
            else:
                return

    def lost(self, wire: Wire[Submit]) -> None:
        if wire is self._wire:
            self._wire = None
            self._forget()

    def _forget(self) -> None:
        self._urgent.clear()
        self._other.clear()
        self._latest.clear()


class _Pending(NamedTuple):
    data: bytes
    answer: asyncio.Future[Committed | Refused]
    t_s: float


class LinkClient:
    """The gateway's side: comes back for ever, and sends again what was not answered."""

    def __init__(self, path: Callable[[], Path]) -> None:
        """path: asked at each attempt, because the data folder may not be there yet."""
        self._path = path
        self.on_message: Callable[[ToGateway], None] = lambda _message: None
        self.on_lost: Callable[[], None] = lambda: None
        self.faults = 0
        self.dropped = 0
        self.last_fault = ""
        self._wire: Wire[ToGateway] | None = None
        self._pending: dict[int, _Pending] = {}
        self._unsent: deque[bytes] = deque()
        # Ids of an earlier gateway must never match: its Committed is not ours.
        self._ids = itertools.count(secrets.randbits(31) << 32 | 1)
        self._down = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._wire is not None

    @property
    def waiting(self) -> int:
        return len(self._pending) + len(self._unsent)

    async def run(self) -> None:
        """Connect, and again within RETRY_S whenever the link is lost, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._down.clear()
                with contextlib.suppress(OSError):
                    await loop.create_unix_connection(lambda: Wire(self), str(self._path()))
                    await self._down.wait()
                self._forget_old(loop.time())
                await asyncio.sleep(RETRY_S)
        finally:
            if self._wire is not None:
                self._wire.end()

    async def submit(
        self, body: Input, source: str, *, timeout_s: float = SUBMIT_S
    ) -> Committed | Refused:
        """Raises TimeoutError; the input goes on being sent until it is answered."""
        answer = self.ask(body, source)
        async with asyncio.timeout(timeout_s):
            return await asyncio.shield(answer)

    def ask(self, body: Input, source: str) -> asyncio.Future[Committed | Refused]:
        """Sent when this returns, so that what is submitted next comes behind it."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Committed | Refused] = loop.create_future()
        if len(self._pending) >= PENDING_MAX and not self._make_room():
            why = f"more than {PENDING_MAX} inputs wait for the watch"
            answer.set_result(Refused(request_id=0, why=why))
            return answer
        request_id = next(self._ids)
        data = frame(Submit(request_id=request_id, source=source, body=body))
        self._pending[request_id] = _Pending(data, answer, loop.time())
        if self._wire is not None:
            self._wire.write(data)
        return answer

    def submit_nowait(self, body: Input, source: str) -> None:
        """No answer wanted; waits for a link if there is none."""
        data = frame(Submit(request_id=0, source=source, body=body))
        if self._wire is not None:
            self._wire.write(data)
            return
        self._unsent.append(data)
        if len(self._unsent) > UNSENT_MAX:
            self._unsent.popleft()
            self.dropped += 1

    def _make_room(self) -> bool:
        """With a link the oldest was sent: the core has it, and only its receipt is given up."""
        if self._wire is None:
            return False
        request_id = next(iter(self._pending))
        oldest = self._pending.pop(request_id)
        self.dropped += 1
        if not oldest.answer.done():
            oldest.answer.set_result(Refused(request_id=request_id, why="the disk is too slow"))
        return True

    def _forget_old(self, now_s: float) -> None:
        for request_id, pending in list(self._pending.items()):
            if now_s - pending.t_s > PENDING_KEEP_S:
                del self._pending[request_id]
                self.dropped += 1

    # ---- called by Wire -------------------------------------------------------------------

    def opened(self, wire: Wire[ToGateway]) -> None:
        self._wire = wire
        for pending in self._pending.values():
            wire.write(pending.data)
        while self._unsent:
            wire.write(self._unsent.popleft())

    def decode(self, data: bytes) -> ToGateway:
        return _decode_out(data)

    def received(self, wire: Wire[ToGateway], message: ToGateway) -> None:
        match message:
            case Committed() | Refused():
                pending = self._pending.pop(message.request_id, None)
                if pending is not None and not pending.answer.done():
                    pending.answer.set_result(message)
            case Emit() | Picture() | Status() | State():
                self.on_message(message)

    def broken(self, wire: Wire[ToGateway], what: str, raw: bytes) -> None:
        self.faults += 1
        self.last_fault = what

    def writable(self, wire: Wire[ToGateway]) -> None:
        pass  # bounded by PENDING_MAX and UNSENT_MAX, both small next to a frame

    def lost(self, wire: Wire[ToGateway]) -> None:
        if wire is self._wire:
            self._wire = None
            self._down.set()
            self.on_lost()
