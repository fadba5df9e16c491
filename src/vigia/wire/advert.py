"""One radio frame's Open Drone ID payload, whatever the radio: the word dot11 and ble share."""

from __future__ import annotations

import msgspec


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The peer's bad bytes. code: one of a closed set, for counting; what: for people."""

    code: str
    what: str


class Advert(msgspec.Struct, frozen=True, kw_only=True):
    """address: the sender's, in the order people write it; empty when the frame has none.
    counter: the sender's message counter, modulo 256. payload: one message or a pack.
    refused: why the payload must not be used (a bad checksum, a cut element)."""

    transport: str  # beacon, nan, ble: the words of the reference decoder's file
    address: bytes
    counter: int
    payload: bytes
    rssi_dbm: float | None = None
    refused: Refused | None = None


BAD_CRC = Refused(code="bad_crc", what="bad CRC")
