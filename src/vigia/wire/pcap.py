"""bytes of a capture, cut anywhere -> Records; pcap and pcapng, no IO.

Classic pcap: both byte orders, micro- and nanoseconds (draft-ietf-opsawg-pcap). pcapng:
sections, interfaces, enhanced, simple and obsolete packet blocks, both byte orders,
if_tsresol and if_tsoffset (draft-ietf-opsawg-pcapng). The first damage ends the reading: a
stream that lied once about a length has no trustworthy next record, so no resync is tried here;
pcap_resync takes up a stream whose beginning an earlier process has read.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

RECORD_MAX = 262_144  # bytes of one frame; tcpdump's own largest snapshot length
BLOCK_MAX = RECORD_MAX + 65_536  # bytes of one pcapng block that is read: a frame and options
T_MAX_NS = 1 << 62  # the year 2116; a later time is a damaged one and counts as none
INTERFACES_MAX = 256  # interfaces of one pcapng section
HEAD_MAX = 65_536  # bytes of a head: 256 interfaces as capture tools describe them

LINK_DOT11 = 105
LINK_RADIOTAP = 127
LINK_NORDIC_BLE = 272

_NS = 1_000_000_000
MAGICS: dict[bytes, tuple[Literal["<", ">"], int]] = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
SECTION = b"\x0a\x0d\x0d\x0a"  # a palindrome, so readable before the byte order is known
BYTE_ORDERS: dict[bytes, Literal["<", ">"]] = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_INTERFACE, _PACKET_OBSOLETE, _SIMPLE, ENHANCED = 1, 2, 3, 6
_READ_BLOCKS = frozenset({_INTERFACE, _PACKET_OBSOLETE, _SIMPLE, ENHANCED})
_OPT_END, _OPT_TSRESOL, _OPT_TSOFFSET = 0, 9, 14


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One captured frame. number: from 1, over the whole capture. t_ns: since 1970, UTC; None
    where the capture keeps no time (simple packet block) or an impossible one. cut: the
    capture's snapshot length left off the end of the frame."""

    number: int
    t_ns: int | None
    linktype: int
    frame: bytes
    cut: bool = False


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """Why reading ended. offset: bytes of the capture before it. raw: the header at fault."""

    what: str
    offset: int
    raw: bytes = b""


class _Interface(msgspec.Struct, frozen=True):
    linktype: int
    snaplen: int
    ticks_per_s: int
    offset_s: int


class _Bad(Exception):
    """Damage on its way out; never leaves this module."""


class Reader:
    """feed() bytes in any split, finish() once; at most one Damage, and it is the last word."""

    def __init__(self) -> None:
        self.head = b""  # what a reader must be given first to understand the records from here
        self._buffer = bytearray()
        self._offset = 0  # of the buffer's first byte in the capture
        self._skip = 0  # bytes of an unread block still to come
        self._order: Literal["<", ">"] = "<"
        self._tick_ns = 0
        self._linktype = 0
        self._interfaces: list[_Interface] = []
        self._number = 0
        self._step: Callable[[int], tuple[int, Record | None] | None] = self._begin
        self._over = False

    def feed(self, data: bytes) -> list[Record | Damage]:
        out: list[Record | Damage] = []
        if self._over:
            return out
        self._buffer += data
        at = 0
        try:
            while True:
                taken = min(self._skip, len(self._buffer) - at)
                self._skip -= taken
                at += taken
                if self._skip or (got := self._step(at)) is None:
                    break
                at += got[0]
                if got[1] is not None:
                    out.append(got[1])
        except _Bad as bad:
            self._over = True
            raw = bytes(self._buffer[at : at + 32])
            out.append(Damage(what=str(bad), offset=self._offset + at, raw=raw))
            at = len(self._buffer)
        del self._buffer[:at]
        self._offset += at
        return out

    def finish(self) -> Damage | None:
        """What the end of the capture cut off; None when it ended between two records."""
        if self._over:
            return None
        self._over = True
        left = len(self._buffer)
        if self._step == self._begin:
            what = f"capture: got {left} bytes, need a pcap or pcapng header"
        elif left or self._skip:
            what = (
                f"capture ends inside the block after frame {self._number}: "
                f"{left} bytes of it are left over, {self._skip} were still to be passed over"
            )
        else:
            return None
        return Damage(what=what, offset=self._offset, raw=bytes(self._buffer[:32]))

    # Each step looks at the buffer from `at` and returns (bytes used, record), or None for
    # "more bytes, please".

    def _begin(self, at: int) -> tuple[int, None] | None:
        magic = bytes(self._buffer[at : at + 4])
        if len(magic) < 4:
            return None
        if magic == SECTION:
            self._step = self._block
            return 0, None
        if magic not in MAGICS:
            raise _Bad(
                f"capture: got magic {magic.hex()}, need pcap (d4c3b2a1 …) or pcapng (0a0d0d0a)"
            )
        if len(self._buffer) - at < 24:
            return None
        self._order, self._tick_ns = MAGICS[magic]
        (link,) = struct.unpack_from(self._order + "I", self._buffer, at + 20)
        self._linktype = link & 0xFFFF  # the upper bits tell of a frame check sequence
        self._step = self._classic
        self.head = bytes(self._buffer[at : at + 24])
        return 24, None

    def _classic(self, at: int) -> tuple[int, Record] | None:
        """ts_sec u32, ts_frac u32, captured length u32, original length u32, frame."""
        if len(self._buffer) - at < 16:
            return None
        s, frac, size, original = struct.unpack_from(self._order + "4I", self._buffer, at)
        if size > RECORD_MAX or frac * self._tick_ns >= _NS:
            raise _Bad(
                f"pcap record {self._number + 1}: got {size} bytes and fraction {frac}, need at "
                f"most {RECORD_MAX} bytes and a fraction under one second"
            )
        if len(self._buffer) - at < 16 + size:
            return None
        t_ns = s * _NS + frac * self._tick_ns
        frame = bytes(self._buffer[at + 16 : at + 16 + size])
        return 16 + size, self._record(t_ns, self._linktype, frame, original)

    def _block(self, at: int) -> tuple[int, Record | None] | None:
        """Type u32, total length u32, body, total length again."""
        if len(self._buffer) - at < 12:
            return None
        section = bytes(self._buffer[at : at + 4]) == SECTION
        if section:
            order = BYTE_ORDERS.get(bytes(self._buffer[at + 8 : at + 12]))
            if order is None:
                raise _Bad("pcapng section: byte-order magic is not 1a2b3c4d in either order")
            self._order = order
        kind, size = struct.unpack_from(self._order + "2I", self._buffer, at)
        if size < 12 or size % 4 or (section and size < 28):
            raise _Bad(
                f"pcapng block type {kind:#x}: got length {size}, need a multiple of 4, 12 or more"
            )
        if not section and kind not in _READ_BLOCKS:
            self._skip = size  # names, statistics, secrets: passed over without being kept
            return 0, None
        if size > BLOCK_MAX:
            raise _Bad(f"pcapng block type {kind:#x}: got length {size}, need at most {BLOCK_MAX}")
        if len(self._buffer) - at < size:
            return None
        (again,) = struct.unpack_from(self._order + "I", self._buffer, at + size - 4)
        if again != size:
            raise _Bad(f"pcapng block type {kind:#x}: length {size} in front, {again} at the end")
        body = bytes(self._buffer[at + 8 : at + size - 4])
        if section or kind == _INTERFACE:
            self._describe(body, bytes(self._buffer[at : at + size]), section=section)
            return size, None
        return size, self._packet(kind, body)

    def _describe(self, body: bytes, block: bytes, *, section: bool) -> None:
        """A section begins, or one more of its interfaces."""
        if section:
            self._interfaces = []
            self.head = b""
        else:
            self._add_interface(body)
        if section or self.head:
            # Half a head would give the later interfaces wrong numbers: too much is none.
            self.head = self.head + block if len(self.head) + len(block) <= HEAD_MAX else b""

    def _add_interface(self, body: bytes) -> None:
        """linktype u16, reserved u16, snaplen u32, options."""
        if len(self._interfaces) >= INTERFACES_MAX:
            raise _Bad(f"pcapng: more than {INTERFACES_MAX} interfaces in a section")
        if len(body) < 8:
            raise _Bad(f"pcapng interface: got {len(body)} bytes, need 8 or more")
        linktype, _, snaplen = struct.unpack_from(self._order + "HHI", body)
        ticks_per_s, offset_s = 1_000_000, 0
        at = 8
        while at + 4 <= len(body):
            code, size = struct.unpack_from(self._order + "HH", body, at)
            value = body[at + 4 : at + 4 + size]
            at += 4 + size + (-size % 4)
            if code == _OPT_END or at > len(body):
                break
            if code == _OPT_TSRESOL and size == 1:
                exponent = value[0] & 0x7F
                ticks_per_s = 2**exponent if value[0] & 0x80 else 10**exponent
            elif code == _OPT_TSOFFSET and size == 8:
                (offset_s,) = struct.unpack(self._order + "q", value)
        self._interfaces.append(_Interface(linktype, snaplen, ticks_per_s, offset_s))

    def _packet(self, kind: int, body: bytes) -> Record:
        if kind == _SIMPLE:
            return self._simple(body)
        if len(body) < 20:
            raise _Bad(f"pcapng packet block: got {len(body)} bytes, need 20 or more")
        # The obsolete block has a 16-bit interface and a drop count in the same four bytes.
        index_form = "I" if kind == ENHANCED else "Hxx"
        index, high, low, size, original = struct.unpack_from(self._order + index_form + "4I", body)
        interface = self._interface(index)
        if size > min(RECORD_MAX, len(body) - 20):
            raise _Bad(
                f"pcapng frame {self._number + 1}: got {size} bytes in a body of {len(body)}"
            )
        ticks = high << 32 | low
        t_ns = ticks * _NS // interface.ticks_per_s + interface.offset_s * _NS
        return self._record(t_ns, interface.linktype, body[20 : 20 + size], original)

    def _simple(self, body: bytes) -> Record:
        """original length u32, frame; of the first interface, without a time."""
        if len(body) < 4:
            raise _Bad(f"pcapng simple packet: got {len(body)} bytes, need 4 or more")
        (original,) = struct.unpack_from(self._order + "I", body)
        interface = self._interface(0)
        size = min(original, interface.snaplen or original)
        if size > min(RECORD_MAX, len(body) - 4):
            raise _Bad(
                f"pcapng frame {self._number + 1}: got {size} bytes in a body of {len(body)}"
            )
        return self._record(None, interface.linktype, body[4 : 4 + size], original)

    def _interface(self, index: int) -> _Interface:
        if index >= len(self._interfaces):
            raise _Bad(
                f"pcapng frame {self._number + 1}: got interface {index}, "
                f"the section has {len(self._interfaces)}"
            )
        return self._interfaces[index]

    def _record(self, t_ns: int | None, linktype: int, frame: bytes, original: int) -> Record:
        self._number += 1
        return Record(
            number=self._number,
            t_ns=t_ns if t_ns is not None and 0 <= t_ns < T_MAX_NS else None,
            linktype=linktype,
            frame=frame,
            cut=len(frame) < original,
        )


def classic_header(linktype: int) -> bytes:
    """The head of a classic pcap, nanoseconds, little-endian."""
    return struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, RECORD_MAX, linktype)


def classic_record(*, t_ns: int, frame: bytes) -> bytes:
    s, ns = divmod(t_ns, _NS)
    return struct.pack("<4I", s, ns, len(frame), len(frame)) + frame
