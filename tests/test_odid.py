from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import corpus
from vigia.wire import odid, odid_columns, odid_encode, odid_reference
from vigia.wire.advert import Refused

# Written by hand from the standard's tables, not by our encoder:
#  12  location, version 2
#  25  airborne (2<<4), height above ground (4), speed multiplier (1); bit 1 clear: east
#  5a  course 90          51  81 * 0.75 + 63.75 = 124.5 m/s     f6  -10 * 0.5 = -5 m/s
#  80841e00  2 000 000 = 0.2 deg       807be1ff  -2 000 000 = -0.2 deg
LOCATION = bytes.fromhex(
    "12255a51f680841e00807be1ff"  # lat 0.2, lon -0.2
    "d007d4073408"  # baro 2000: 0 m, hae 2004: 2 m, height 2100: 50 m
    "3a"  # vertical 3: < 25 m; horizontal 10: < 10 m
    "42"  # baro 4: < 10 m; speed 2: < 3 m/s
    "e803"  # 1000 tenths: 100 s after the hour
    "0500"  # 0.5 s
)


def location(data: bytes) -> odid.Location:
    got = odid.decode_message(data)
    assert isinstance(got, odid.Location)
    return got


def with_byte(at: int, value: int, data: bytes = LOCATION) -> bytes:
    return data[:at] + bytes([value]) + data[at + 1 :]


def test_location_written_by_hand() -> None:
    assert len(LOCATION) == 25
    got = location(LOCATION)
    assert got == odid.Location(
        status=2,
        height_above_ground=True,
        course_deg_true=90.0,
        speed_mps=124.5,
        climb_mps=-5.0,
        lat_deg=0.2,
        lon_deg=-0.2,
        alt_baro_m=0.0,
        alt_hae_m=2.0,
        height_m=50.0,
        sigma_m=10 / 2.4477,
        alt_sigma_m=25 / 1.96,
        baro_sigma_m=10 / 1.96,
        speed_sigma_mps=3 / 2.4477,
        since_hour_ds=1000,
        since_hour_sigma_s=0.5 / 1.96,
    )


def test_west_bit_turns_the_course_by_half_a_circle() -> None:
    assert location(with_byte(1, 0x22)).course_deg_true == 270.0


def test_without_the_multiplier_a_step_is_a_quarter_metre_a_second() -> None:
    assert location(with_byte(1, 0x20)).speed_mps == 20.25


def test_every_stand_in_for_unknown_becomes_none() -> None:
    unknown = bytes.fromhex("12") + bytes([0x03, 181, 255, 126]) + bytes(8) + bytes(6) + bytes(2)
    got = location(unknown + b"\xff\xff\x00\x00")
    assert got == odid.Location(status=0)


@pytest.mark.parametrize(
    ("at", "value", "field"),
    [
        (2, 200, "course_deg_true"),
        (4, 127, "climb_mps"),
        (4, 128, "climb_mps"),
        (19, 13, "sigma_m"),
    ],
)
def test_what_the_standard_reserves_is_unknown(at: int, value: int, field: str) -> None:
    flags = 0x22 if field == "course_deg_true" else 0x20
    got = location(with_byte(at, value, with_byte(1, flags)))
    assert getattr(got, field) is None


def test_a_position_off_the_globe_is_unknown() -> None:
    far = LOCATION[:5] + (1_200_000_000).to_bytes(4, "little", signed=True) + LOCATION[9:]
    assert (location(far).lat_deg, location(far).lon_deg) == (None, None)
    equator = LOCATION[:5] + bytes(4) + LOCATION[9:]
    assert (location(equator).lat_deg, location(equator).lon_deg) == (0.0, -0.2)


def test_the_other_messages_written_by_hand() -> None:
    serial = bytes.fromhex("0212") + b"MFR1C0123456789\0\0\0\0\0" + bytes(3)
    assert odid.decode_message(serial) == odid.BasicId(
        id_type=1, ua_type=2, uas_id=b"MFR1C0123456789\0\0\0\0\0"
    )
    assert odid.text(b"MFR1C0123456789\0\0\0\0\0") == "MFR1C0123456789"
    first = bytes.fromhex("2210023f01000000") + b"S" * 17
    assert odid.decode_message(first) == odid.Auth(
        auth_type=1, page=0, data=b"S" * 17, last_page=2, length=63, t_s=1_546_300_801
    )
    assert odid.decode_message(bytes.fromhex("2211") + b"T" * 23) == odid.Auth(
        auth_type=1, page=1, data=b"T" * 23
    )
    text = odid.decode_message(bytes.fromhex("3200") + b"survey".ljust(23, b"\0"))
    assert text == odid.SelfId(description_type=0, description=b"survey".ljust(23, b"\0"))
    # live position (1), EU (1 << 2); count 3; radius 5 * 10 m; ceiling 2100, floor unknown;
    # category open (1), class 5; altitude 2020: 10 m; 86 400 s after 2019 began
    system = bytes.fromhex("420580841e00807be1ff0300053408000015e4078051010000")
    assert odid.decode_message(system) == odid.System(
        operator_location_type=1,
        classification_type=1,
        category_eu=1,
        class_eu=5,
        area_count=3,
        area_radius_m=50.0,
        lat_deg=0.2,
        lon_deg=-0.2,
        alt_hae_m=10.0,
        area_ceiling_m=50.0,
        area_floor_m=None,
        t_s=1_546_387_200,
    )
    operator = odid.decode_message(
        bytes.fromhex("5200") + b"FIN87astrdge12k8".ljust(20, b"\0") + bytes(3)
    )
    assert operator == odid.OperatorId(id_type=0, operator_id=b"FIN87astrdge12k8".ljust(20, b"\0"))


def test_a_pack_gives_its_messages_in_order_and_ignores_padding() -> None:
    pack = bytes.fromhex("f21902") + bytes(25) + LOCATION + bytes(175)
    got = odid.decode(pack)
    assert not isinstance(got, Refused)
    assert [type(m).__name__ for m in got] == ["BasicId", "Location"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "short"),
        (LOCATION[:24], "short"),
        (b"\x62" + bytes(24), "kind"),
        (bytes.fromhex("f219"), "short"),
        (bytes.fromhex("f21900") + bytes(225), "pack_count"),
        (bytes.fromhex("f2190a") + bytes(250), "pack_count"),
        (bytes.fromhex("f21801") + bytes(25), "message_size"),
        (bytes.fromhex("f21902") + bytes(47), "short"),
        (bytes.fromhex("f21901") + b"\xf2" + bytes(24), "kind"),
        (bytes.fromhex("f21902") + LOCATION * 2, "repeated"),
        (bytes.fromhex("f21903") + bytes(75), "repeated"),
    ],
)
def test_a_payload_that_lies_is_refused_with_its_reason(payload: bytes, code: str) -> None:
    got = odid.decode(payload)
    assert isinstance(got, Refused)
    assert got.code == code


def test_several_authentication_pages_and_two_identifiers_are_one_pack() -> None:
    pages = b"".join(bytes([0x22, 0x10 | i]) + bytes(23) for i in range(3))
    pack = bytes.fromhex("f21905") + bytes(25) + b"\x02\x20" + bytes(23) + pages
    got = odid_reference.fields(pack)
    assert not isinstance(got, Refused)
    auth = got["auth"]
    assert isinstance(auth, list)
    assert len(auth) == 3
    assert got["basic0"] == {"id_type": 2, "ua_type": 0, "uas_id": ""}, "a slot of type 0 is reused"


MESSAGES = st.tuples(st.integers(0, 5), st.binary(min_size=24, max_size=24)).map(
    lambda p: bytes([p[0] << 4 | 2]) + p[1]
)


@settings(deadline=None)
@given(MESSAGES)
def test_what_is_decoded_encodes_to_what_decodes_the_same(data: bytes) -> None:
    message = odid.decode_message(data)
    again = odid_encode.encode(message)
    assert len(again) == 25
    assert odid.decode_message(again) == message


def test_a_pack_holds_one_to_nine_and_fields_have_a_size() -> None:
    one = odid.OperatorId(id_type=0, operator_id=b"FIN87astrdge12k8")
    assert odid.decode(odid_encode.encode_pack([one])) == (
        odid.OperatorId(id_type=0, operator_id=b"FIN87astrdge12k8\0\0\0\0"),
    )
    for many in ([], [one] * 10):
        with pytest.raises(ValueError, match="need 1 to 9"):
            odid_encode.encode_pack(many)
    with pytest.raises(ValueError, match="at most 20"):
        odid_encode.encode(odid.OperatorId(id_type=0, operator_id=b"x" * 21))
    with pytest.raises(ValueError, match="split"):
        odid.decode_message(b"\x62" + bytes(24))


def test_encoding_rounds_to_the_nearest_step_and_stops_at_the_ends() -> None:
    got = location(
        odid_encode.encode(
            odid.Location(
                status=2,
                course_deg_true=359.6,
                speed_mps=400.0,
                climb_mps=-90.0,
                alt_hae_m=-1000.0,
                lat_deg=-33.45694,
                lon_deg=-70.64827,
                sigma_m=5.0,
                speed_sigma_mps=9.0,
            )
        )
    )
    assert (got.course_deg_true, got.speed_mps, got.climb_mps, got.alt_hae_m) == (
        0.0,
        254.25,
        -62.0,
        -999.5,
    )
    assert (got.lat_deg, got.lon_deg) == (-33.45694, -70.64827)
    assert got.sigma_m == 30 / 2.4477, "the tightest class that still holds 5 m"
    assert got.speed_sigma_mps is None, "no class holds 9 m/s at 1 sigma"


@settings(deadline=None)
@given(st.lists(st.binary(min_size=24, max_size=24), min_size=1, max_size=40))
def test_columns_mean_what_the_single_decoder_means(bodies: list[bytes]) -> None:
    messages = [b"\x12" + body for body in bodies]
    found = odid_columns.locations(
        np.frombuffer(b"".join(messages), dtype=np.uint8).reshape(-1, 25)
    )
    for i, data in enumerate(messages):
        one = location(data)
        assert found.status[i] == one.status
        assert (None if found.since_hour_ds[i] < 0 else found.since_hour_ds[i]) == one.since_hour_ds
        for name in odid_columns.Locations._fields:
            if name in ("status", "since_hour_ds"):
                continue
            column, single = float(getattr(found, name)[i]), getattr(one, name)
            if single is None:
                assert math.isnan(column), name
            else:
                assert column == pytest.approx(single, rel=1e-7, abs=0), name


@settings(deadline=None)
@given(st.binary(max_size=260))
def test_garbage_never_raises(data: bytes) -> None:
    for payload in (data, b"\xf2\x19" + data, b"\xf2\x19\x02" + data):
        odid.decode(payload)
        odid_reference.fields(payload)


@pytest.mark.corpus
def test_every_payload_decodes_as_the_reference_decoder_does() -> None:
    """Fields and verdicts; frame 198 (bad CRC, refused elsewhere) shows the reference reading
    one byte past a full text field, which is not copied."""
    payloads = corpus("remoteid/extracted_payloads.txt").read_text().splitlines()
    answers = corpus("remoteid/reference_decode_core-c.jsonl").read_text().splitlines()
    assert len(payloads) == len(answers) == 336
    for payload_line, answer_line in zip(payloads, answers, strict=True):
        file, frame, _, _, hexa = payload_line.split()
        answer = json.loads(answer_line)
        got = odid_reference.fields(bytes.fromhex(hexa))
        assert answer["ok"] == (not isinstance(got, Refused)), (file, frame)
        if isinstance(got, Refused):
            continue
        expected = {
            k: v for k, v in answer.items() if k not in ("file", "frame", "transport", "len", "ok")
        }
        if frame == "198":
            expected["basic1"]["uas_id"] = expected["basic1"]["uas_id"][:20]
        assert got == expected, (file, frame)
