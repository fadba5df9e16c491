"""Bytes of a TAK stream, cut anywhere -> whole events: XML, or payloads of TAK protocol 1.

A stream may change from XML to protobuf at any event (0xbf, length as varint, payload), so the
first byte decides each time. Where the bytes are cut changes nothing. Garbage is told once and
skipped up to the next event; only a length nobody can mean ends a stream. `<auth>` (a login some
clients send first) is thrown away unread: it holds a password.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from vigia.wire.advert import Refused
from vigia.wire.cot import EVENT_MAX

MAGIC = 0xBF
MESH_HEAD = b"\xbf\x01\xbf"  # one datagram: version 1 between two magics
AUTH_MAX = 1_024
_END = b"</event>"
_STARTS = (b"<?xml", b"<event", b"<auth")
_START_MAX = max(len(s) for s in _STARTS)
_BLANK = b" \t\r\n\0"
_VARINT_MAX = 3  # bytes of a length within EVENT_MAX


class Xml(NamedTuple):
    """One event, without its declaration; well-formed or not is for its reader to say."""

    data: bytes


class Proto(NamedTuple):
    """The payload of one TakMessage."""

    data: bytes


Piece: TypeAlias = Xml | Proto | Refused


class LostCount(ValueError):
    """Where the next event begins cannot be known any more: the connection must end."""


class CotStream:
    """State between two reads: what is held is at most one event."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._looked = 0  # the end tag is not before this offset
        self._skipping = False

    @property
    def held(self) -> int:
        return len(self._held)

    def feed(self, data: bytes) -> list[Piece]:
        """Raises LostCount."""
        self._held += data
        out: list[Piece] = []
        while self._step(out):
            pass
        return out

    def _step(self, out: list[Piece]) -> bool:
        """One event or one stretch of garbage; False: more bytes are needed."""
        held = self._held
        if self._skipping:
            return self._skip()
        blank = len(held) - len(held.lstrip(_BLANK))
        if blank:
            del held[:blank]
        if not held:
            return False
        if held[0] == MAGIC:
            return self._proto(out)
        if held.startswith(b"<auth"):
            return self._auth(out)
        if held.startswith((b"<?xml", b"<event")):
            return self._xml(out)
        if any(start.startswith(bytes(held[:_START_MAX])) for start in _STARTS):
            return False  # the beginning of one of them, perhaps
        return self._garbage(out, "bytes that begin no event", 1)

    def _proto(self, out: list[Piece]) -> bool:
        held = self._held
        size, shift = 0, 0
        for k in range(_VARINT_MAX):
            if len(held) < k + 2:
                return False
            byte = held[k + 1]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        else:
            raise LostCount("stream: a length of more than three bytes")
        if not 0 < size <= EVENT_MAX:
            raise LostCount(f"stream: got a length of {size}; need 1 to {EVENT_MAX}")
        start = k + 2
        if len(held) < start + size:
            return False
        out.append(Proto(bytes(held[start : start + size])))
        self._drop(start + size)
        return True

    def _auth(self, out: list[Piece]) -> bool:
        end = self._held.find(b"</auth>")
        if 0 <= end <= AUTH_MAX:
            self._drop(end + len(b"</auth>"))
            return True
        if len(self._held) > AUTH_MAX + len(b"</auth>"):
            return self._garbage(out, "a login that does not end", 1)
        return False

    def _xml(self, out: list[Piece]) -> bool:
        held = self._held
        found = held.find(_END, max(0, self._looked - len(_END)), EVENT_MAX)
        if found < 0:
            self._looked = len(held)
            if len(held) < EVENT_MAX:
                return False
            return self._garbage(out, f"an event of more than {EVENT_MAX} bytes", 1)
        end = found + len(_END)
        begin = held.find(b"<event", 0, end)
        again = held.find(b"<event", begin + 1, end) if begin >= 0 else -1
        if again >= 0:  # the one before it broke off
            out.append(Refused(code="cut", what="event: another one began before its end"))
            self._drop(again)
            return True
        if begin < 0:
            return self._garbage(out, "an end without an event", end)
        out.append(Xml(bytes(held[begin:end])))
        self._drop(end)
        return True

    def _garbage(self, out: list[Piece], what: str, drop: int) -> bool:
        out.append(Refused(code="garbage", what=f"stream: {what}"))
        self._drop(drop)
        self._skipping = True
        return True

    def _skip(self) -> bool:
        """To the next thing that looks like a beginning. Not to a magic byte: text holds it."""
        held = self._held
        found = [at for start in _STARTS if (at := held.find(start)) >= 0]
        if found:
            self._drop(min(found))
            self._skipping = False
            return True
        self._drop(max(0, len(held) - _START_MAX + 1))
        return False

    def _drop(self, count: int) -> None:
        del self._held[:count]
        self._looked = 0


def datagram(data: bytes) -> Piece:
    """One UDP packet of the mesh: XML, or protobuf behind its head."""
    if data.startswith(MESH_HEAD):
        return Proto(data[len(MESH_HEAD) :])
    begin = data.find(b"<event")
    end = data.rfind(_END)
    if begin < 0 or end < begin or len(data) > EVENT_MAX:
        return Refused(code="garbage", what="datagram: need one event, in XML or TAK protocol 1")
    return Xml(data[begin : end + len(_END)])


def frame_proto(payload: bytes) -> bytes:
    """As it goes over a stream. Raises ValueError beyond what a reader takes."""
    if not 0 < len(payload) <= EVENT_MAX:
        raise ValueError(f"frame: got {len(payload)} bytes; need 1 to {EVENT_MAX}")
    size, head = len(payload), bytearray((MAGIC,))
    while size >= 0x80:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    head.append(size)
    return bytes(head) + payload
