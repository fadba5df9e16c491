from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import captures
from vigia.wire import dot11
from vigia.wire.advert import BAD_CRC

ADDRESS = bytes.fromhex("84cca8604324")
PAYLOAD = bytes.fromhex("f01901") + bytes(range(25))
BEACON = dot11.encode_beacon(address=ADDRESS, counter=0xD0, payload=PAYLOAD)


def test_beacon_vendor_element_gives_address_counter_and_payload() -> None:
    (got,) = dot11.plain_adverts(BEACON)
    assert (got.transport, got.address, got.counter, got.payload) == (
        "beacon",
        ADDRESS,
        0xD0,
        PAYLOAD,
    )
    assert got.refused is None


def test_beacon_bytes_written_by_hand() -> None:
    # header 24, fixed 12, SSID "AB", vendor: dd 09 fa0bbc 0d counter 07, then four bytes
    frame = bytes.fromhex("80000000" + "ff" * 6 + "0102030405060102030405060000" + "00" * 12)
    (got,) = dot11.plain_adverts(frame + bytes.fromhex("00024142dd09fa0bbc0d07deadbeef"))
    assert (got.address.hex(), got.counter, got.payload.hex()) == ("010203040506", 7, "deadbeef")


def test_other_vendors_and_other_frames_say_nothing() -> None:
    other = bytearray(BEACON)
    other[-len(PAYLOAD) - 2] = 0x0C  # Open Drone ID's organisation, another type
    assert dot11.plain_adverts(bytes(other)) == []
    assert dot11.plain_adverts(b"\x40" + BEACON[1:]) == []  # a probe request
    assert dot11.plain_adverts(BEACON[:20]) == []


def test_an_element_shorter_than_it_says_is_refused() -> None:
    (got,) = dot11.plain_adverts(BEACON[:-3])
    assert got.refused is not None
    assert got.refused.code == "short_element"
    assert "3 fewer" in got.refused.what


def test_nan_service_discovery_gives_the_payload() -> None:
    frame = captures.nan_frame(ADDRESS, b"\x22" + PAYLOAD)
    (got,) = dot11.plain_adverts(frame)
    assert (got.transport, got.address, got.counter, got.payload) == ("nan", ADDRESS, 0x22, PAYLOAD)


def test_nan_filters_and_bitmap_before_the_information_are_passed_over() -> None:
    before = b"\x01\x00" + b"\x03abc" + b"\x02de"  # binding bitmap, matching, response filter
    frame = captures.nan_frame(ADDRESS, b"\x22" + PAYLOAD, control=0x5C, before=before)
    (got,) = dot11.plain_adverts(frame)
    assert got.payload == PAYLOAD


def test_nan_of_another_service_says_nothing() -> None:
    frame = captures.nan_frame(ADDRESS, b"\x22" + PAYLOAD)
    assert dot11.plain_adverts(frame.replace(bytes.fromhex("8869199d9209"), bytes(6))) == []


def test_radiotap_gives_the_signal_and_drops_the_checksum() -> None:
    (got,) = dot11.radiotap_adverts(
        captures.radiotap(BEACON + b"\x01\x02\x03\x04", flags=0x10, rssi_dbm=-71)
    )
    assert (got.rssi_dbm, got.payload, got.refused) == (-71.0, PAYLOAD, None)


def test_radiotap_bad_checksum_is_refused() -> None:
    (got,) = dot11.radiotap_adverts(captures.radiotap(BEACON + bytes(4), flags=0x50))
    assert got.refused == BAD_CRC


def test_radiotap_with_further_present_words() -> None:
    head = struct.pack("<BBHIIb", 0, 0, 13, 0x80000020, 0, -60)
    (got,) = dot11.radiotap_adverts(head + BEACON)
    assert (got.rssi_dbm, got.payload) == (-60.0, PAYLOAD)


@pytest.mark.parametrize("head", ["01000800", "00000700", "0000ffff", "0000080000000080"])
def test_a_radiotap_header_that_cannot_be_is_ignored(head: str) -> None:
    assert dot11.radiotap_adverts(bytes.fromhex(head).ljust(8, b"\0")) == []


@pytest.mark.parametrize(
    "value",
    [
        "8869199d9209",  # nothing after the service
        "8869199d9209010104",  # a matching filter is announced and missing
        "8869199d920901010005",  # no information announced
        "8869199d9209010110",  # information announced and missing
    ],
)
def test_a_nan_descriptor_that_ends_early_says_nothing(value: str) -> None:
    frame = captures.nan_frame(ADDRESS, b"")
    start = frame[: frame.index(bytes.fromhex("0409506f9a13")) + 6]
    data = bytes.fromhex(value)
    assert dot11.plain_adverts(start + b"\x03" + struct.pack("<H", len(data)) + data) == []


@settings(deadline=None)
@given(st.binary(max_size=120))
def test_garbage_never_raises(data: bytes) -> None:
    dot11.radiotap_adverts(data)
    for start in (BEACON[:38], captures.nan_frame(ADDRESS, b"")[:30]):
        dot11.plain_adverts(start + data)


@settings(deadline=None)
@given(st.integers(0, len(BEACON)))
def test_a_cut_frame_is_refused_or_silent(size: int) -> None:
    for advert in dot11.plain_adverts(BEACON[:size]):
        assert advert.payload == PAYLOAD or advert.refused is not None
