"""The head of a capture and bytes from its middle -> the bytes from the next record on; no IO.

For a process that takes up a live stream of which an earlier one has read the beginning.
Classic pcap has no marks between records: a place counts as one when the numbers there are those
of a record's header and those where it says the next begins are as well. A pcapng packet block
says its length in front and at its end.
"""

from __future__ import annotations

import struct
from typing import Literal

from vigia.wire.pcap import (
    BLOCK_MAX,
    BYTE_ORDERS,
    ENHANCED,
    INTERFACES_MAX,
    MAGICS,
    RECORD_MAX,
    SECTION,
)

SEARCH_MAX = 4 * RECORD_MAX  # a boundary comes sooner than this, or it is no such capture
NEAR_S = 86_400  # headers this near to the clock and to each other are believed
CHAIN_NEAR = 2  # headers in a row, of a time near to the clock
CHAIN_FAR = 4  # of another time: a recording sent through a pipe, a receiver with a wrong clock
SANE_S = 946_684_800  # 2000: zeros and small numbers are no time

_NS = 1_000_000_000


class Resync:
    """feed() bytes in any split until it gives some back: those begin with a record."""

    def __init__(self, head: bytes, near_ns: int) -> None:
        """near_ns: the clock. Raises ValueError when the head is none of a capture."""
        self.skipped = 0  # bytes in front of the record that was found
        self._buffer = bytearray()
        self._next = 0  # places before it are no record's, or wait in _open
        self._open: list[int] = []  # places that need more bytes to tell
        self._near_s = near_ns // _NS
        self._pcapng = head[:4] == SECTION
        self._order: Literal["<", ">"]
        if self._pcapng and head[8:12] in BYTE_ORDERS:
            self._order = BYTE_ORDERS[head[8:12]]
        elif head[:4] in MAGICS and len(head) == 24:
            self._order, tick_ns = MAGICS[head[:4]]
            self._fraction_end = _NS // tick_ns
            (snap,) = struct.unpack_from(self._order + "I", head, 16)
            self._size_max = min(snap or RECORD_MAX, RECORD_MAX)
        else:
            raise ValueError(f"capture head: got {head[:16].hex()}, need that of pcap or pcapng")
        self._header = struct.Struct(self._order + "4I")
        self._block = struct.Struct(self._order + "6I8x")
        self._seconds = struct.Struct(self._order + "I")

    def feed(self, data: bytes) -> bytes | None:
        """None: no record's beginning is certain yet. Raises ValueError after SEARCH_MAX bytes."""
        self._buffer += data
        places = self._open + self._new_places()
        self._open = []
        for at in places:
            holds = self._holds_block(at) if self._pcapng else self._holds_chain(at)
            if holds:
                self.skipped = at
                return bytes(self._buffer[at:])
            if holds is None:
                self._open.append(at)
        if len(self._buffer) > SEARCH_MAX:
            raise ValueError(
                f"capture: no record begins in the {len(self._buffer)} bytes after the restart; "
                "stop vigia and start it and the capture again"
            )
        return None

    def _new_places(self) -> list[int]:
        """Where a cheap look at the first bytes allows a record; each place is given once."""
        buffer = self._buffer
        end = max(self._next, len(buffer) - 15)
        places: list[int] = []
        if self._pcapng:
            mark = self._seconds.pack(ENHANCED)
            at = buffer.find(mark, self._next, end + 3)
            while at >= 0:
                places.append(at)
                at = buffer.find(mark, at + 1, end + 3)
        else:
            seconds = self._seconds.unpack_from
            places = [at for at in range(self._next, end) if seconds(buffer, at)[0] >= SANE_S]
            places = [at for at in places if self._sound(at) is not None]
        self._next = end
        return places

    def _sound(self, at: int) -> tuple[int, int] | None:
        """(seconds, captured length) of what may be a record's header."""
        s, fraction, size, original = self._header.unpack_from(self._buffer, at)
        sound = s >= SANE_S and fraction < self._fraction_end and size <= self._size_max
        return (s, size) if sound and size <= original else None

    def _holds_chain(self, at: int) -> bool | None:
        """None: more bytes, please."""
        first_s: int | None = None
        need = CHAIN_NEAR
        found = 0
        while found < need:
            if len(self._buffer) - at < 16:
                return None
            if (header := self._sound(at)) is None:
                return False
            s, size = header
            if first_s is None:
                first_s = s
                need = CHAIN_NEAR if abs(s - self._near_s) <= NEAR_S else CHAIN_FAR
            elif abs(s - first_s) > NEAR_S:
                return False
            found += 1
            at += 16 + size
        return True

    def _holds_block(self, at: int) -> bool | None:
        """None: more bytes, please."""
        if len(self._buffer) - at < self._block.size:
            return None
        _, size, interface, _, _, captured = self._block.unpack_from(self._buffer, at)
        if not 32 <= size <= BLOCK_MAX or size % 4 or captured > size - 32:
            return False
        if interface >= INTERFACES_MAX:
            return False
        if len(self._buffer) - at < size:
            return None
        return self._seconds.unpack_from(self._buffer, at + size - 4)[0] == size
