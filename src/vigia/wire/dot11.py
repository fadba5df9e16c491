"""802.11 frame -> Open Drone ID adverts: vendor beacons and NAN service discovery.

Link types 105 (plain) and 127 (radiotap). Carriers: ASTM F3411-22a 5.4.8 (beacon: vendor
element, organisation FA-0B-BC, type 0x0D) and 5.4.7 (Neighbor Awareness Networking: service
"org.opendroneid.remoteid").
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import msgspec

from vigia.wire.advert import BAD_CRC, Advert, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

ADVERTS_MAX = 16  # in one frame; the standard has one

_BEACON, _ACTION = 0x80, 0xD0  # first octet of frame control, protocol version 0
_ORDER_BIT = 0x80  # second octet: four bytes of HT control follow the header
_HEADER = 24
_BEACON_FIXED = 12  # timestamp, interval, capabilities
_VENDOR = 221
_ODID_OUI_TYPE = b"\xfa\x0b\xbc\x0d"
_NAN_PUBLIC_ACTION = b"\x04\x09\x50\x6f\x9a\x13"  # public, vendor, Wi-Fi Alliance, NAN
_NAN_DESCRIPTOR = 3
_NAN_SERVICE = b"\x88\x69\x19\x9d\x92\x09"  # SHA-256("org.opendroneid.remoteid"), 6 octets
_RADIOTAP_FCS, _RADIOTAP_BAD_FCS = 0x10, 0x40
# Size and alignment of radiotap fields 0-5: time, flags, rate, channel, hopping, signal.
_RADIOTAP_FIELDS = ((8, 8), (1, 1), (1, 1), (4, 2), (2, 2), (1, 1))


class _Radiotap(msgspec.Struct, frozen=True):
    length: int
    flags: int
    rssi_dbm: float | None


def radiotap_adverts(frame: bytes) -> list[Advert]:
    """Link type 127. A frame whose checksum the receiver found bad gives refused adverts."""
    head = _radiotap(frame)
    if head is None:
        return []
    end = len(frame) - 4 if head.flags & _RADIOTAP_FCS else len(frame)
    found = plain_adverts(frame[head.length : end], rssi_dbm=head.rssi_dbm)
    if head.flags & _RADIOTAP_BAD_FCS:
        return [msgspec.structs.replace(advert, refused=BAD_CRC) for advert in found]
    return found


def plain_adverts(frame: bytes, *, rssi_dbm: float | None = None) -> list[Advert]:
    """Link type 105, without a frame check sequence."""
    if len(frame) < _HEADER or frame[0] not in (_BEACON, _ACTION):
        return []
    body = frame[_HEADER + (4 if frame[1] & _ORDER_BIT else 0) :]
    found = _beacon(body) if frame[0] == _BEACON else _nan(body)
    address = frame[10:16]
    return [
        msgspec.structs.replace(advert, address=address, rssi_dbm=rssi_dbm)
        for advert in found[:ADVERTS_MAX]
    ]


class Vendor(msgspec.Struct, frozen=True):
    """One vendor element of a beacon: organisation and what follows; as its length says or cut."""

    address: bytes
    value: bytes
    cut: int
    rssi_dbm: float | None
    bad_crc: bool


def vendor_elements(frame: bytes, *, radiotap: bool) -> list[Vendor]:
    """Of a beacon; any other frame has none."""
    rssi_dbm, bad = None, False
    if radiotap:
        head = _radiotap(frame)
        if head is None:
            return []
        end = len(frame) - 4 if head.flags & _RADIOTAP_FCS else len(frame)
        frame, rssi_dbm = frame[head.length : end], head.rssi_dbm
        bad = bool(head.flags & _RADIOTAP_BAD_FCS)
    if len(frame) < _HEADER or frame[0] != _BEACON:
        return []
    body = frame[_HEADER + (4 if frame[1] & _ORDER_BIT else 0) :]
    found = [(value, cut) for kind, value, cut in _elements(body) if kind == _VENDOR]
    return [Vendor(frame[10:16], v, cut, rssi_dbm, bad) for v, cut in found[:ADVERTS_MAX]]


def _radiotap(frame: bytes) -> _Radiotap | None:
    """version u8 = 0, pad u8, length u16, present u32 (more while bit 31), fields, aligned."""
    if len(frame) < 8 or frame[0] != 0:
        return None
    length, present = struct.unpack_from("<HI", frame, 2)
    if not 8 <= length <= len(frame):
        return None
    at, word = 8, present
    while word >> 31:
        if at + 4 > length:
            return None
        (word,) = struct.unpack_from("<I", frame, at)
        at += 4
    flags, rssi_dbm = 0, None
    for bit, (size, align) in enumerate(_RADIOTAP_FIELDS):
        if not present >> bit & 1:
            continue
        at += -at % align
        if at + size > length:
            return None
        if bit == 1:
            flags = frame[at]
        elif bit == 5:
            rssi_dbm = float(struct.unpack_from("<b", frame, at)[0])
        at += size
    return _Radiotap(length, flags, rssi_dbm)


def _beacon(body: bytes) -> list[Advert]:
    """The vendor element: FA-0B-BC, 0x0D, counter."""
    return [
        _advert("beacon", value[4:], cut=cut)
        for kind, value, cut in _elements(body)
        if kind == _VENDOR and value[:4] == _ODID_OUI_TYPE
    ]


def _elements(body: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Identifier u8, length u8, value -> identifier, value, how many bytes of it are missing."""
    at = _BEACON_FIXED
    while at + 2 <= len(body):
        kind, size = body[at], body[at + 1]
        value = body[at + 2 : at + 2 + size]
        at += 2 + size
        yield kind, value, size - len(value)


def _nan(body: bytes) -> list[Advert]:
    """Attributes: identifier u8, length u16, value."""
    out: list[Advert] = []
    if not body.startswith(_NAN_PUBLIC_ACTION):
        return out
    at = len(_NAN_PUBLIC_ACTION)
    while at + 3 <= len(body):
        kind, size = struct.unpack_from("<BH", body, at)
        value = body[at + 3 : at + 3 + size]
        at += 3 + size
        if kind != _NAN_DESCRIPTOR or value[:6] != _NAN_SERVICE:
            continue
        if (info := _service_info(value)) is not None:
            out.append(_advert("nan", info[0], cut=info[1]))
    return out


def _service_info(value: bytes) -> tuple[bytes, int] | None:
    """The service descriptor's information, and how many of its bytes are missing.

    service 6, instance u8, requestor u8, control u8, then what control announces: binding
    bitmap (bit 6) u16, matching filter (bit 2), response filter (bit 3), information (bit 4),
    the last three each with a length u8. Wi-Fi Aware 9.5.4.1, table 45.
    """
    if len(value) < 10:
        return None
    control, at = value[8], 9
    if control & 0x40:
        at += 2
    for bit in (0x04, 0x08):
        if control & bit:
            if at >= len(value):
                return None
            at += 1 + value[at]
    if not control & 0x10 or at >= len(value):
        return None
    info = value[at + 1 : at + 1 + value[at]]
    return info, value[at] - len(info)


def _advert(transport: str, info: bytes, *, cut: int) -> Advert:
    """info: message counter u8, then one message or a pack (F3411-22a 5.4.6)."""
    refused = None
    if cut or not info:
        what = f"{transport} element: got {len(info)} bytes, {cut} fewer than its length says"
        refused = Refused(code="short_element", what=what)
    return Advert(
        transport=transport,
        address=b"",
        counter=info[0] if info else 0,
        payload=info[1:],
        refused=refused,
    )


def encode_beacon(*, address: bytes, counter: int, payload: bytes) -> bytes:
    """A plain 802.11 beacon that carries the payload; for simulators and tests."""
    return encode_vendor(address, _ODID_OUI_TYPE + bytes([counter & 0xFF]) + payload)


def encode_vendor(address: bytes, value: bytes) -> bytes:
    """A plain 802.11 beacon with one vendor element."""
    header = b"\x80\x00\x00\x00" + b"\xff" * 6 + address + address + b"\x00\x00"
    return header + bytes(_BEACON_FIXED) + bytes([0, 0, _VENDOR, len(value)]) + value
