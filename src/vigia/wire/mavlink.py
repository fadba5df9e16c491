"""A MAVLink 2 byte stream in any split -> its OPEN_DRONE_ID messages as Open Drone ID bytes.

Only these and HEARTBEAT are known; other frames are passed over. Cheap consoles turn a line feed
within the binary stream into carriage return and line feed: a frame that is wrong as it stands is
tried with that undone. (Numbers: MAVLink's common.xml.)
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from vigia.wire import odid

STX = 0xFD
HEAD, TAIL, SIGNATURE = 10, 2, 13
FRAME_MAX = HEAD + 255 + TAIL + SIGNATURE
HEARTBEAT, BASIC_ID, LOCATION, SYSTEM, PACK = 0, 12900, 12901, 12904, 12915
CRC_EXTRA = {HEARTBEAT: 50, BASIC_ID: 114, LOCATION: 254, SYSTEM: 77, PACK: 94}
_LOCATION = struct.Struct("<iiffffHHhBB20sBBBBBBB")
_SYSTEM = struct.Struct("<iifffIHHBB20sBBBB")
SIZES = {HEARTBEAT: 9, BASIC_ID: 44, LOCATION: _LOCATION.size, SYSTEM: _SYSTEM.size, PACK: 249}


class Frame(NamedTuple):
    kind: int
    system: int
    payload: bytes  # its full size; MAVLink cuts zeros at the end


def _table() -> list[int]:
    out: list[int] = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
        out.append(value)
    return out


_TABLE = _table()


def checksum(data: bytes, extra: int) -> int:
    """CRC-16/MCRF4XX over what follows the start byte, and the message's own extra byte."""
    crc = 0xFFFF
    for byte in (*data, extra):
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


class Reader:
    """bad: frames of known kinds whose checksum was wrong in both readings, since the start."""

    def __init__(self) -> None:
        self._held = bytearray()
        self.bad = 0
        self.mended = 0

    def feed(self, data: bytes) -> list[Frame]:
        self._held += data
        return self._read(last=False)

    def finish(self) -> list[Frame]:
        return self._read(last=True)

    def _read(self, *, last: bool) -> list[Frame]:
        out: list[Frame] = []
        held, at = self._held, 0
        while (at := held.find(STX, at)) >= 0:
            window = bytes(held[at : at + 2 * FRAME_MAX])
            whole = last or len(window) == 2 * FRAME_MAX
            found = _frame(window)
            if isinstance(found, Frame):
                out.append(found)
                at += _size(window)
                continue
            mended = _mended(window)
            if found is None and not whole:
                break
            fixed, used = _try(mended)
            if fixed is not None:
                out.append(fixed)
                self.mended += 1
                at += used
                continue
            if mended and _waits(mended) and not whole:
                break
            self.bad += found is False and _known(window)
            at += 1
        del held[: at if at >= 0 else len(held)]
        return out


def _size(data: bytes) -> int:
    return HEAD + data[1] + TAIL + (SIGNATURE if data[2] & 1 else 0)


def _known(data: bytes) -> bool:
    return len(data) >= HEAD and int.from_bytes(data[7:10], "little") in CRC_EXTRA


def _waits(mended: list[tuple[int, int]]) -> bool:
    """More bytes could still make a frame of it."""
    data = bytes(value for value, _ in mended)
    return len(data) < HEAD or len(data) < _size(data)


def _frame(data: bytes) -> Frame | bool | None:
    """None: more bytes are needed. False: no frame that we know begins here."""
    if len(data) < HEAD:
        return None
    kind = int.from_bytes(data[7:10], "little")
    if kind not in CRC_EXTRA:
        return False
    size = data[1]
    if len(data) < _size(data):
        return None
    crc = int.from_bytes(data[HEAD + size : HEAD + size + 2], "little")
    if size > SIZES[kind] or crc != checksum(data[1 : HEAD + size], CRC_EXTRA[kind]):
        return False
    payload = data[HEAD : HEAD + size].ljust(SIZES[kind], b"\0")
    return Frame(kind, data[5], payload)


def _mended(data: bytes) -> list[tuple[int, int]]:
    """(byte, raw bytes up to its end), without the carriage returns before line feeds."""
    out: list[tuple[int, int]] = []
    n = 0
    while n < len(data):
        if data[n] == 0x0D and data[n + 1 : n + 2] == b"\n":
            n += 1
        out.append((data[n], n + 1))
        n += 1
    return out


def _try(mended: list[tuple[int, int]]) -> tuple[Frame | None, int]:
    data = bytes(value for value, _ in mended)
    found = _frame(data)
    if not isinstance(found, Frame):
        return None, 0
    return found, mended[_size(data) - 1][1]


# ---- OPEN_DRONE_ID_* ----------------------------------------------------------------------------


class Said(NamedTuple):
    """What one frame tells of its sender. position: degrees, and the rest as the message has it."""

    sender: bytes  # id_or_mac, where the receiver fills it; else the MAVLink system
    basic: tuple[int, int, bytes] | None = None  # kind of identifier, kind of aircraft, identifier
    # lat lon [deg], baro geo height [m], course [deg], speed climb [m/s], status, accuracies h v s
    location: tuple[float, ...] | None = None
    operator: tuple[float, float] | None = None
    pack: bytes = b""  # Open Drone ID messages as they are


def said(frame: Frame) -> Said | None:
    """None: a frame of another kind."""
    data = frame.payload
    at = {BASIC_ID: 2, LOCATION: 32, SYSTEM: 30, PACK: 2}.get(frame.kind)
    if at is None:
        return None
    sender = data[at : at + 20].rstrip(b"\0") or bytes([frame.system])
    if frame.kind == BASIC_ID:
        return Said(sender, basic=(data[22] & 15, data[23] & 15, data[24:44].rstrip(b"\0")))
    if frame.kind == LOCATION:
        lat, lon, baro, geo, height, _, course, speed, climb, *rest = _LOCATION.unpack(data)
        _, _, _, status, _, h, v, _, s, _ = rest
        where = (lat / 1e7, lon / 1e7, baro, geo, height, course / 100.0, speed / 100.0)
        return Said(sender, location=(*where, climb / 100.0, status, h, v, s))
    if frame.kind == SYSTEM:
        lat, lon, *_ = _SYSTEM.unpack(data)
        return Said(sender, operator=(lat / 1e7, lon / 1e7))
    size, count = data[22], data[23]
    if size != odid.MESSAGE_SIZE or not 1 <= count <= odid.PACK_MAX:
        return Said(sender)
    return Said(sender, pack=data[24 : 24 + size * count])


def encode_pack(sender: bytes, messages: bytes, seq: int) -> bytes:
    """A frame with Open Drone ID messages of 25 bytes each; for simulators and tests."""
    count = len(messages) // odid.MESSAGE_SIZE
    payload = bytes(2) + sender.ljust(20, b"\0") + bytes((odid.MESSAGE_SIZE, count)) + messages
    head = bytes((len(payload), 0, 0, seq & 255, 1, 1)) + PACK.to_bytes(3, "little")
    crc = checksum(head + payload, CRC_EXTRA[PACK])
    return bytes((STX,)) + head + payload + crc.to_bytes(2, "little")
