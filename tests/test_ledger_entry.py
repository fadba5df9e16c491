"""What goes into the ledger, what never does, and that it can be forgotten."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import typing

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger_world import BEARING_DEG, LAT_DEG, LON_DEG, T_NS, alert, night, smallest_bodies
from vigia import events
from vigia.events import (
    AlertsHeld,
    AnyBody,
    DeviceRevoked,
    Event,
    Fault,
    Observation,
    OperatorSeen,
    PersonMoved,
    PositionErased,
    Sighting,
    TrackJudged,
)
from vigia.ledger.compare import compare_turn
from vigia.ledger.entry import commit_who, decode_fields, decode_head, encode_entry, is_commitment
from vigia.ledger.remember import KIND_OF, Source, Unread, entries
from vigia.scan import Layout, pack
from vigia.terms import Mark, Position


def salt(subject: str, owner: str | None = None) -> bytes:
    return hashlib.sha256(subject.encode()).digest()


def event(body: AnyBody, seq: int = 5) -> Event:
    return Event(seq, T_NS, "test", Mark.ACTUAL, body)


def fields_of(body: AnyBody) -> dict[str, object]:
    (entry,) = entries(event(body))
    return dict(decode_fields(encode_entry(entry, n=0, salt=salt)))


def encoded_night() -> list[bytes]:
    return [
        encode_entry(entry, n=n, salt=salt)
        for turn in night().held
        for n, entry in enumerate(e for ev in turn.events for e in entries(ev))
    ]


def test_the_night_leaves_these_kinds_of_entries() -> None:
    kinds = [decode_head(e).kind for e in encoded_night()]
    assert kinds[:9] == [
        "settings",
        "person",
        "enrolled",
        "person",
        "enrolled",
        "sighting",
        "placed",
        "alert",
        "alert",
    ]
    assert set(kinds[9:]) == {
        "delivery",
        "handed",
        "answer",
        "thinned",
        "all_clear",
        "alert",
        "restarted",
    }


def test_bytes_are_canonical_json_that_another_implementation_writes_the_same() -> None:
    for data in encoded_night():
        again = json.dumps(
            json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert again.encode() == data
        assert not any(isinstance(v, float) for v in json.loads(data).values())


def test_entries_are_a_function_of_the_event() -> None:
    assert encoded_night() == encoded_night()


def test_nobodys_name_position_range_or_bearing_is_in_an_entry() -> None:
    whole = b"\n".join(encoded_night()).decode()
    for secret in (
        "alba",
        "bruno",
        "chief",
        "phone-",
        "old mill",
        str(LAT_DEG)[:5],
        str(LON_DEG)[:6],
        str(BEARING_DEG)[:5],
        "777",
        str(T_NS + 31 * 10**9),  # the expected arrival, from which a range follows
    ):
        bare = whole.replace("aalba", "").replace("abruno", "")  # the alerts' ids in this test
        assert secret not in bare, secret


def test_detections_positions_and_ticks_leave_nothing() -> None:
    scan = pack(Layout.POLAR_1, {"t_obs_ns": T_NS, "azimuth_deg_true": 10.0})
    here = Position(LAT_DEG, LON_DEG)
    for body in (
        Observation(sensor_id="radar", scan=scan),
        PersonMoved(person_id="alba", t_obs_ns=T_NS, position=here),
        OperatorSeen(sensor_id="rid", uas_id="x", t_obs_ns=T_NS, position=here),
        AlertsHeld(device_id="d", person_id="alba", alert_ids=("a",)),
        events.Tick(),
        Fault(where="rid", whose="peer", what="bad CRC", raw=b"\x00"),
    ):
        assert entries(event(body)) == []


def test_every_body_of_the_union_is_decided_on() -> None:
    """A new body must be placed; entries() ends in assert_never, this shows it at run time."""
    bodies = list(smallest_bodies())
    assert {type(b) for b in bodies} == set(typing.get_args(AnyBody))
    for body in bodies:
        assert len(entries(event(body))) <= 1


def test_what_cannot_be_read_is_known_by_the_kind_of_entry_it_leaves() -> None:
    found = {type(b).__name__: e.kind for b in smallest_bodies() for e in entries(event(b))}
    assert found.pop("Fault") == "fault"
    assert found == KIND_OF


def test_a_fault_of_ours_is_remembered_without_what_it_said() -> None:
    told = fields_of(Fault(where="core", whose="us", what="Sighting at 31.2,-106.7", count=2))
    assert told["kind"] == "fault"
    assert told["count"] == 2
    assert "31.2" not in str(told)


def test_a_device_as_the_place_of_a_fault_is_not_written_in_clear() -> None:
    told = fields_of(Fault(where="device/phone-alba", whose="world", what="x"))
    assert is_commitment(told["where"])


def test_the_commitment_is_an_hmac_that_anybody_with_the_salt_can_check() -> None:
    mac = hmac.new(salt("person/alba"), b"vigia ledger 1\nwho\nperson/alba", hashlib.sha256)
    want = "p:" + base64.urlsafe_b64encode(mac.digest()).decode().rstrip("=")
    assert commit_who(salt("person/alba"), "person/alba") == want
    assert fields_of(alert("alba"))["person"] == want
    assert commit_who(b"\x01" * 32, "person/alba") != want


def test_one_person_is_one_commitment_and_words_are_another_each_time() -> None:
    judged = TrackJudged(track_id="t", by_person_id="chief", is_drone=False, reason="a kite")
    first, second = (
        decode_fields(encode_entry(entries(event(judged, seq))[0], n=0, salt=salt))
        for seq in (5, 6)
    )
    assert first["by"] == second["by"]
    assert first["reason"] != second["reason"]
    assert str(first["reason"]).startswith("t:")


def test_a_post_stands_in_clear_and_a_person_does_not() -> None:
    post = msgspec.structs.replace(alert("alba"), target_id="post/mill", person_id=None)
    assert fields_of(post)["target"] == "post/mill"
    assert fields_of(post)["person"] is None
    assert is_commitment(fields_of(alert("alba"))["target"])


def test_long_and_odd_identifiers_are_bounded_and_encode() -> None:
    odd = Sighting(report_id="x" * 500 + "\ud800", t_obs_ns=1)
    assert len(str(fields_of(odd)["report"])) == 64
    lone = DeviceRevoked(device_id="\ud800", by_person_id="\udfff", reason="\ud800")
    assert is_commitment(fields_of(lone)["device"])


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_a_person_can_send_encodes_and_decodes(report_id: str, person_id: str) -> None:
    told = fields_of(Sighting(report_id=report_id, t_obs_ns=1, person_id=person_id))
    assert told["report"] == report_id[:64]
    assert is_commitment(told["person"])


def test_an_event_whose_key_was_destroyed_leaves_a_mark_that_something_was_here() -> None:
    (entry,) = entries(Unread(7, T_NS, "actual", "Alert"))
    assert decode_fields(encode_entry(entry, n=0, salt=salt))["kind"] == "lost"
    assert entries(Unread(7, T_NS, "actual", "PersonMoved")) == []


# ---- compared with the journal ----------------------------------------------------------------


def held(turn_no: int) -> tuple[list[Source], list[bytes]]:
    turn = night().held[turn_no]
    told = list(turn.events)
    return told, [
        encode_entry(e, n=n, salt=salt) for n, e in enumerate(x for t in told for x in entries(t))
    ]


ALERTS = 6  # the turn of the sighting that alerts


def test_equal_turns_compare_equal() -> None:
    told, leaves = held(ALERTS)
    result = compare_turn(told, leaves, salt=salt, forgotten=())
    assert (result.difference, result.sealed, result.wanted) == (None, 0, 6)


def test_a_changed_field_is_named() -> None:
    told, leaves = held(ALERTS)
    leaves[2] = leaves[2].replace(b'"tier":3', b'"tier":1')
    result = compare_turn(told, leaves, salt=salt, forgotten=())
    assert result.difference is not None
    assert (result.difference.n, "tier" in result.difference.what) == (2, True)


def test_another_persons_commitment_is_a_difference() -> None:
    told, leaves = held(ALERTS)
    a, b = commit_who(salt("person/alba"), "person/alba"), commit_who(b"z" * 32, "person/x")
    leaves[2] = leaves[2].replace(a.encode(), b.encode())
    result = compare_turn(told, leaves, salt=salt, forgotten=())
    assert result.difference is not None


def test_a_forgotten_persons_entries_are_counted_and_not_called_wrong() -> None:
    told, leaves = held(ALERTS)
    gone = commit_who(salt("person/alba"), "person/alba")

    def without(subject: str, owner: str | None = None) -> bytes | None:
        return None if "alba" in subject else salt(subject)

    result = compare_turn(told, leaves, salt=without, forgotten={gone})
    assert result.difference is None
    assert result.sealed == 5  # sighting; alert and delivery, each with target and person

    def anew(subject: str, owner: str | None = None) -> bytes:
        return b"\x09" * 32 if "alba" in subject else salt(subject)

    result = compare_turn(told, leaves, salt=anew, forgotten={gone})
    assert result.difference is None  # a new salt since: the old commitment is known as forgotten
    assert compare_turn(told, leaves, salt=anew, forgotten=()).difference is not None


def test_an_erased_event_still_wants_its_entry() -> None:
    told, leaves = held(ALERTS)
    told[2] = Unread(7, T_NS + 7 * 10**9, "actual", "Alert")
    result = compare_turn(told, leaves, salt=salt, forgotten=())
    assert (result.difference, result.erased) == (None, 1)
    assert compare_turn(told, leaves[:2] + leaves[3:], salt=salt, forgotten=()).difference
    swapped = [*leaves[:2], leaves[4], *leaves[3:]]
    assert compare_turn(told, swapped, salt=salt, forgotten=()).difference


def test_a_position_erased_is_itself_an_entry() -> None:
    told = fields_of(PositionErased(person_id="alba", shift=3))
    assert (told["kind"], told["shift"]) == ("erased", 3)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"v":1}', b"\xff", b"{" * 100_000])
def test_what_is_no_entry_is_a_value_error(data: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        decode_head(data)
