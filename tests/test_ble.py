from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

import captures
from vigia.wire import ble
from vigia.wire.advert import BAD_CRC

ADDRESS = bytes.fromhex("e07deaeb2f1c")
PACK = bytes.fromhex("f21901") + bytes(25) + bytes(200)
MESSAGE = bytes([0x12]) + bytes(24)


def test_extended_advert_gives_address_counter_and_payload() -> None:
    for coded in (True, False):
        (got,) = ble.nordic_adverts(
            captures.nordic_extended(ADDRESS, PACK, counter=12, coded=coded)
        )
        assert (got.transport, got.address, got.counter, got.payload) == ("ble", ADDRESS, 12, PACK)
        assert got.rssi_dbm == -53.0
        assert got.refused is None


def test_legacy_advert_gives_one_message() -> None:
    frame = ble.encode_nordic_legacy(address=ADDRESS, counter=3, message=MESSAGE, crc_ok=True)
    (got,) = ble.nordic_adverts(frame)
    assert (got.address, got.counter, got.payload, got.refused) == (ADDRESS, 3, MESSAGE, None)


def test_legacy_bytes_written_by_hand() -> None:
    # board 03, length 3a00, protocol 03, counter 0500, kind 02, header 0a, flags 01 (CRC good),
    # channel 25, RSSI 3c, event 0000, time 00000000; access address; ADV_NONCONN_IND, length
    # 37; address 060504030201 backwards; 1e 16 fffa 0d counter 09, message of 25; CRC
    frame = bytes.fromhex(
        "033a00030500020a01253c000000000000d6be898e"
        "0225"
        "060504030201"
        "1e16faff0d09" + "12" + "00" * 24 + "112233"
    )
    (got,) = ble.nordic_adverts(frame)
    assert (got.address.hex(), got.counter, got.payload.hex()) == (
        "010203040506",
        9,
        "12" + "00" * 24,
    )
    assert got.rssi_dbm == -60.0


def test_bad_crc_is_refused_even_when_it_decodes() -> None:
    (got,) = ble.nordic_adverts(captures.nordic_extended(ADDRESS, PACK, crc_ok=False))
    assert got.refused == BAD_CRC
    assert got.payload == PACK


def test_bad_crc_is_counted_even_when_nothing_can_be_read() -> None:
    frame = captures.nordic_extended(ADDRESS, PACK, crc_ok=False)
    broken = frame.replace(b"\xfa\xff\x0d", b"\xfb\xff\x0d")
    (got,) = ble.nordic_adverts(broken)
    assert got.refused == BAD_CRC


def test_other_advertisers_say_nothing() -> None:
    frame = captures.nordic_extended(ADDRESS, PACK)
    assert ble.nordic_adverts(frame.replace(b"\xfa\xff\x0d", b"\xfa\xff\x0c")) == []
    assert ble.nordic_adverts(frame.replace(b"\xd6\xbe\x89\x8e", b"\x01\x02\x03\x04")) == []
    assert ble.nordic_adverts(b"") == []


def test_a_cut_packet_is_refused() -> None:
    frame = captures.nordic_extended(ADDRESS, PACK)
    (got,) = ble.nordic_adverts(frame[:-20])
    assert got.refused is not None
    assert got.refused.code == "short_element"


@settings(deadline=None)
@given(st.binary(max_size=80), st.integers(0, 60))
def test_garbage_never_raises(data: bytes, keep: int) -> None:
    ble.nordic_adverts(data)
    ble.nordic_adverts(captures.nordic_extended(ADDRESS, PACK)[:keep] + data)
