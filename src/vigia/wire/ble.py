"""Bluetooth advertising packet -> Open Drone ID adverts: legacy (4) and extended (5).

Link type 272: frames of Nordic's nRF sniffer. Carrier: ASTM F3411-22a 5.4.5 (service data,
UUID 0xFFFA, application code 0x0D, counter, message or pack). The receiver's CRC verdict is
honoured: a packet with a bad CRC still often decodes, into a drone that is not there.
"""

from __future__ import annotations

import struct

import msgspec

from vigia.wire.advert import BAD_CRC, Advert, Refused

_ADVERTISING_ADDRESS = b"\xd6\xbe\x89\x8e"  # access address of every advertising packet
_PHY_CODED = 2  # one byte of coding indicator follows the access address
_LEGACY = frozenset({0, 2, 4, 6})  # ADV_IND, ADV_NONCONN_IND, SCAN_RSP, ADV_SCAN_IND
_EXTENDED = 7  # ADV_EXT_IND, AUX_ADV_IND, AUX_CHAIN_IND ...
_CRC = 3
_SERVICE_DATA, _ODID = 0x16, b"\xfa\xff\x0d"
_AD_STRUCTURES_MAX = 64


class _Sniffed(msgspec.Struct, frozen=True):
    crc_ok: bool
    rssi_dbm: float
    pdu: bytes  # from the advertising header on, with the CRC


def nordic_adverts(frame: bytes) -> list[Advert]:
    """Link type 272. At most one advert; one with a bad CRC is refused, whatever it holds."""
    sniffed = _nordic(frame)
    if sniffed is None:
        return []
    advert = _advertising(sniffed.pdu)
    if not sniffed.crc_ok:
        if advert is None:  # counted although nobody can say what it was
            advert = Advert(transport="ble", address=b"", counter=0, payload=b"")
        advert = msgspec.structs.replace(advert, refused=BAD_CRC)
    if advert is None:
        return []
    return [msgspec.structs.replace(advert, rssi_dbm=sniffed.rssi_dbm)]


def _nordic(frame: bytes) -> _Sniffed | None:
    """board u8; protocol 1: header length u8, length u8, protocol u8; protocol 2 and 3: length
    u16, protocol u8; then counter u16, packet kind u8, header length u8 (10), flags u8 (bit 0:
    CRC good, bits 4-6: PHY), channel u8, -RSSI u8 [dBm], event counter u16, time u32, packet.
    """
    if len(frame) < 22 or frame[3] not in (1, 2, 3) or frame[7] < 10:
        return None
    flags, minus_rssi = frame[8], frame[10]
    at = 7 + frame[7]
    if frame[at : at + 4] != _ADVERTISING_ADDRESS:
        return None  # a connection's data, or a packet too broken to be told from one
    coded = frame[3] >= 2 and flags >> 4 & 0x7 == _PHY_CODED
    pdu = frame[at + 4 + (1 if coded else 0) :]
    return _Sniffed(bool(flags & 1), -float(minus_rssi), pdu)


def _advertising(pdu: bytes) -> Advert | None:
    """Header u8 (bits 0-3: kind), length u8, payload, CRC. Core specification 6.B.2.3."""
    if len(pdu) < 2:
        return None
    body = pdu[2 : 2 + pdu[1]]
    kind = pdu[0] & 0x0F
    cut = pdu[1] - len(body)
    if kind in _LEGACY:
        return _service_data(body[6:], address=body[5::-1], cut=cut) if len(body) > 6 else None
    if kind == _EXTENDED:
        return _extended(body, cut=cut)
    return None


def _extended(body: bytes, *, cut: int) -> Advert | None:
    """Extended header length (bits 0-5), flags u8, what they announce (bit 0: address), data."""
    if not body:
        return None
    size = body[0] & 0x3F
    if 1 + size > len(body):
        return None
    header = body[1 : 1 + size]
    address = header[6:0:-1] if size >= 7 and header[0] & 1 else b""
    return _service_data(body[1 + size :], address=address, cut=cut)


def _service_data(data: bytes, *, address: bytes, cut: int) -> Advert | None:
    """AD structures: length u8 (of kind and value), kind u8, value."""
    at = 0
    for _ in range(_AD_STRUCTURES_MAX):
        if at + 2 > len(data) or data[at] == 0:
            return None
        size, kind = data[at], data[at + 1]
        value = data[at + 2 : at + 1 + size]
        at += 1 + size
        if kind != _SERVICE_DATA or not value.startswith(_ODID):
            continue
        missing = size - 1 - len(value)
        refused = None
        if missing or len(value) < 4:
            what = f"ble element: got {len(value)} bytes, {missing} fewer than its length says"
            if cut:
                what += f"; the packet itself lacks {cut}"
            refused = Refused(code="short_element", what=what)
        return Advert(
            transport="ble",
            address=address,
            counter=value[3] if len(value) > 3 else 0,
            payload=value[4:],
            refused=refused,
        )
    return None


def encode_nordic_legacy(*, address: bytes, counter: int, message: bytes, crc_ok: bool) -> bytes:
    """An nRF sniffer frame around a Bluetooth 4 advert; for simulators and tests."""
    value = _ODID + bytes([counter & 0xFF]) + message
    ad = bytes([1 + len(value), _SERVICE_DATA]) + value
    body = address[::-1] + ad
    packet = _ADVERTISING_ADDRESS + bytes([2, len(body)]) + body + bytes(_CRC)
    head = struct.pack("<BHBHBBBBBHI", 3, 0, 3, 0, 2, 10, int(crc_ok), 37, 60, 0, 0)
    return head + packet
