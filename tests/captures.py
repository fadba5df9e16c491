"""Captures written byte by byte for tests: what tcpdump, dumpcap and the nRF sniffer write."""

from __future__ import annotations

import struct


def classic(
    frames: list[tuple[int, bytes]], *, linktype: int, order: str = "<", nanos: bool = False
) -> bytes:
    """frames: (t_ns, frame)."""
    magic = 0xA1B23C4D if nanos else 0xA1B2C3D4
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, linktype)
    for t_ns, frame in frames:
        s, ns = divmod(t_ns, 1_000_000_000)
        out += struct.pack(order + "4I", s, ns if nanos else ns // 1000, len(frame), len(frame))
        out += frame
    return out


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(
    linktype: int,
    order: str = "<",
    *,
    tsresol: int | None = None,
    tsoffset: int | None = None,
    snaplen: int = 0,
) -> bytes:
    body = struct.pack(order + "HHI", linktype, 0, snaplen)
    if tsresol is not None:
        body += struct.pack(order + "HHB3x", 9, 1, tsresol)
    if tsoffset is not None:
        body += struct.pack(order + "HHq", 14, 8, tsoffset)
    return block(1, body + struct.pack(order + "HH", 0, 0), order)


def enhanced(ticks: int, frame: bytes, order: str = "<", *, index: int = 0) -> bytes:
    head = struct.pack(order + "5I", index, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame, order)


def simple(frame: bytes, order: str = "<", *, original: int | None = None) -> bytes:
    size = len(frame) if original is None else original
    return block(3, struct.pack(order + "I", size) + frame, order)


def radiotap(frame: bytes, *, flags: int = 0, rssi_dbm: int = -40) -> bytes:
    """TSFT, flags, rate, channel, signal: what most drivers put in front."""
    fields = struct.pack("<QBBHHb", 7, flags, 2, 2437, 0xA0, rssi_dbm)
    return struct.pack("<BBHI", 0, 0, 8 + len(fields), 0b101111) + fields + frame


def nan_frame(
    address: bytes, service_info: bytes, *, control: int = 0x10, before: bytes = b""
) -> bytes:
    """A service discovery frame; `before`: what control announces ahead of the information."""
    service = bytes.fromhex("8869199d9209")
    descriptor = (
        service + bytes([1, 1, control]) + before + bytes([len(service_info)]) + service_info
    )
    attribute = struct.pack("<BH", 3, len(descriptor)) + descriptor
    header = b"\xd0\x00\x00\x00" + bytes.fromhex("516f9a010000") + address
    header += bytes.fromhex("506f9a0100ff") + b"\x00\x00"
    return header + bytes.fromhex("0409506f9a13") + attribute


def nordic_extended(
    address: bytes,
    payload: bytes,
    *,
    counter: int = 0,
    crc_ok: bool = True,
    coded: bool = True,
    rssi_dbm: int = -53,
) -> bytes:
    """An nRF sniffer frame around AUX_ADV_IND: address and data identifier, service data."""
    value = b"\xfa\xff\x0d" + bytes([counter]) + payload
    ad = bytes([1 + len(value), 0x16]) + value
    body = bytes([9, 0x09]) + address[::-1] + b"\x75\x0e" + ad
    packet = b"\xd6\xbe\x89\x8e" + (b"\x00" if coded else b"") + bytes([7, len(body)]) + body
    flags = int(crc_ok) | (2 if coded else 0) << 4
    head = bytes([10, flags, 10, -rssi_dbm]) + b"\0\0" + b"\0\0\0\0"
    size = len(head) + len(packet) + 3
    return b"\x03" + struct.pack("<HBHB", size, 3, 1, 2) + head + packet + b"\xaa\xbb\xcc"
