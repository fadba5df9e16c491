from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from corpus import corpus
from vigia.delivery.channels.cot import render_alert, render_track, track_type
from vigia.events import Alert
from vigia.run.catalogue import load_words
from vigia.terms import EndReason, Identity, Lang, Mark, MsgType, Position, Tier
from vigia.tracktable import PUBLISHED_DTYPE, Fix, TrackFlag
from vigia.wire.advert import Refused
from vigia.wire.cot import CotEvent, Emergency, parse, render

if TYPE_CHECKING:
    from pathlib import Path

S = 1_000_000_000
T_NS = 1_767_226_200 * S  # 2026-01-01T00:10:00Z
WORDS = load_words(Lang.EN)
EVENT = CotEvent(
    uid="vigia.track.1",
    type="a-u-A-M-H-Q",
    how="m-f",
    t_ns=T_NS + 123_456_789,
    t_start_ns=T_NS,
    t_stale_ns=T_NS + 15 * S,
    lat_deg=-33.4569401,
    lon_deg=-70.6482699,
    alt_hae_m=620.5,
    ce_m=12.0,
    callsign="T-041",
    remarks="Confirmed drone.",
    course_deg_true=315.0,
    speed_mps=14.25,
)


def alert(**changes: object) -> Alert:
    fields: dict[str, object] = {
        "alert_id": "a1",
        "revision": 1,
        "msg_type": MsgType.ALERT,
        "incident_id": "i1",
        "target_id": "post/alpha",
        "person_id": None,
        "tier": Tier.DANGER,
        "mark": Mark.ACTUAL,
        "action": "take_cover",
        "sound": True,
        "t_cause_ns": T_NS,
        "t_decided_ns": T_NS,
        "t_expires_ns": T_NS + 180 * S,
        "track_ids": ("t1",),
        "track_numbers": (41,),
        "confirmed": True,
        "t_earliest_ns": T_NS + 31 * S,
        "from_point": "nw",
        "range_m": 812.3,
    }
    return Alert(**(fields | changes))  # pyright: ignore[reportArgumentType]


def track(**changes: object) -> np.void:
    rows = np.zeros(1, dtype=PUBLISHED_DTYPE)
    fields: dict[str, object] = {
        "track_id": b"t1",
        "number": 41,
        "status": 2,
        "fix": Fix.POSITION,
        "t_ns": T_NS,
        "t_last_ns": T_NS - S,
        "lat_deg": -33.4569401,
        "lon_deg": -70.6482699,
        "alt_hae_m": np.nan,
        "sigma_m": 12.0,
        "course_deg_true": 315.0,
        "speed_mps": 14.25,
        "serial": b"1581F0000000TEST",
    }
    for name, value in (fields | changes).items():
        rows[name] = value
    return rows[0]


def read(data: bytes | None) -> CotEvent:
    assert data is not None
    got = parse(data)
    assert isinstance(got, CotEvent), got
    return got


# ---- the codec ---------------------------------------------------------------------------------


def test_what_is_written_is_what_a_tak_client_expects() -> None:
    assert render(EVENT).decode() == (
        '<event version="2.0" uid="vigia.track.1" type="a-u-A-M-H-Q" '
        'time="2026-01-01T00:10:00.123Z" start="2026-01-01T00:10:00.000Z" '
        'stale="2026-01-01T00:10:15.000Z" how="m-f">'
        '<point lat="-33.4569401" lon="-70.6482699" hae="620.5" ce="12.0" le="9999999.0"/>'
        '<detail><contact callsign="T-041"/><track course="315.0" speed="14.25"/>'
        "<remarks>Confirmed drone.</remarks></detail></event>"
    )


def test_a_number_that_is_none_is_never_written() -> None:
    import msgspec

    for field in ("lat_deg", "alt_hae_m", "ce_m", "speed_mps"):
        for value in (float("nan"), float("inf")):
            with pytest.raises(ValueError, match="finite"):
                render(msgspec.structs.replace(EVENT, **{field: value}))


TEXT = st.text(max_size=60)
NUMBER = st.none() | st.floats(-400, 8_000)


@settings(deadline=None)
@given(
    uid=TEXT.filter(bool),
    callsign=st.none() | TEXT,
    remarks=st.none() | TEXT,
    hae=NUMBER,
    ce=st.none() | st.floats(0, 8_000),
    t_s=st.integers(0, 4_000_000_000),
    emergency=st.none() | st.sampled_from(Emergency),
)
def test_what_is_written_is_well_formed_and_read_back(
    uid: str,
    callsign: str | None,
    remarks: str | None,
    hae: float | None,
    ce: float | None,
    t_s: int,
    emergency: Emergency | None,
) -> None:
    event = CotEvent(
        uid=uid,
        type=emergency.value[0] if emergency else "a-s-A-M-H-Q",
        how="m-f",
        t_ns=t_s * S,
        t_start_ns=t_s * S,
        t_stale_ns=t_s * S + S,
        lat_deg=12.5,
        lon_deg=-34.25,
        alt_hae_m=hae,
        ce_m=ce,
        callsign=callsign,
        remarks=remarks,
        emergency=emergency,
    )
    data = render(event)
    etree.fromstring(data)
    got = read(data)
    assert (got.t_ns, got.t_stale_ns, got.lat_deg, got.emergency) == (
        t_s * S,
        t_s * S + S,
        12.5,
        emergency,
    )
    assert got.alt_hae_m == (None if hae is None else pytest.approx(hae, abs=0.051))
    if uid.isprintable():
        assert got.uid == uid


def test_reading_is_lenient_with_numbers_and_times() -> None:
    data = b"""<?xml version='1.0' encoding='UTF-8' standalone='yes'?>
    <event version='2.0' uid='ANDROID-1' type='a-f-G-U-C' time='2026-01-01T00:10:00Z'
      start='2026-01-01T00:10:00' stale='2026-01-01T01:10:00.5+01:00' how='h-e' unknown='1'>
      <point lat='1.5' lon='2.5' hae='NaN' ce='9999999.0' le='oops'/>
      <detail><takv os='30'/><contact callsign='EAGLE' endpoint='*:-1:stcp'/>
      <remarks>on <b>my</b> way</remarks><track course='NaN' speed='3'/></detail></event>"""
    got = read(data)
    assert (got.uid, got.callsign, got.remarks) == ("ANDROID-1", "EAGLE", "on  way")
    assert (got.t_ns, got.t_start_ns, got.t_stale_ns) == (T_NS, T_NS, T_NS + S // 2)
    assert (got.alt_hae_m, got.ce_m, got.le_m, got.course_deg_true, got.speed_mps) == (
        None,
        None,
        None,
        None,
        3.0,
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'<!DOCTYPE e [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]><event>&b;</event>', "doctype"),
        (b'<!DOCTYPE e SYSTEM "file:///etc/passwd"><event/>', "doctype"),
        (b'<event uid="&x;"/>', "xml"),
        (b"<a>" * 20, "size"),
        (b"<a>" + b"<b/>" * 1_000 + b"</a>", "size"),
        (b"<event>" + b" " * 70_000, "size"),
        (b"", "xml"),
        (b"\xff\xfe", "xml"),
        (b"<event><point/></event>", "event"),
        (render(EVENT).replace(b"-33.4569401", b"NaN"), "event"),
        (render(EVENT).replace(b"-33.4569401", b"91"), "event"),
        (render(EVENT).replace(b"2026-01-01T00:10:15.000Z", b"soon"), "event"),
    ],
)
def test_bad_and_hostile_xml_is_refused_with_its_reason(data: bytes, code: str) -> None:
    got = parse(data)
    assert isinstance(got, Refused)
    assert got.code == code


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(render(EVENT))))
def test_garbage_never_raises(data: bytes, at: int) -> None:
    whole = render(EVENT)
    for piece in (data, whole[:at], whole[:at] + data + whole[at:]):
        assert isinstance(parse(piece), CotEvent | Refused)


# ---- what vigia says ---------------------------------------------------------------------------


def test_an_update_keeps_the_uid_and_a_cancel_ends_the_same_emergency() -> None:
    first = read(render_alert(alert(), WORDS, position=None))
    update = read(render_alert(alert(revision=2, tier=Tier.WARNING), WORDS, position=None))
    cancel = read(
        render_alert(
            alert(revision=3, msg_type=MsgType.CANCEL, end_reason=EndReason.EXPIRED),
            WORDS,
            position=None,
        )
    )
    assert first.uid == update.uid == cancel.uid == "vigia.alert.a1"
    assert (first.type, update.type, cancel.type) == ("b-a-o-tbl", "b-a-o-pan", "b-a-o-can")
    assert cancel.emergency is Emergency.CANCEL
    assert cancel.remarks == "Drone lost, not confirmed gone. Stay in cover.", (
        "expiry is no all-clear"
    )


def test_an_alert_says_what_to_do_first_then_where_from_and_when() -> None:
    got = read(render_alert(alert(load=True), WORDS, position=Position(1.0, 2.0)))
    assert got.remarks == (
        "DANGER: TAKE COVER. Drone coming. Get under hard cover now. From the north-west, 812 m. "
        "as soon as 00:10:31Z. Confirmed drone. Carries something."
    )
    assert got.callsign == "DANGER alpha T-041"
    assert (got.lat_deg, got.lon_deg) == (1.0, 2.0)
    assert got.t_stale_ns == T_NS + 180 * S, "stale when the alert expires, not later"


def test_an_alert_of_several_drones_says_how_many() -> None:
    got = read(render_alert(alert(track_numbers=(41, 42, 43, 44)), WORDS, position=None))
    assert got.remarks is not None
    assert got.remarks.endswith("4 drones.")
    assert got.callsign == "DANGER alpha T-041 T-042 T-043"


def test_a_word_missing_from_the_catalogue_stops_no_warning() -> None:
    got = read(render_alert(alert(), {}, position=None))
    assert got.remarks is not None
    assert "alert.action.take_cover" in got.remarks


def test_an_alert_without_a_place_says_so() -> None:
    data = render_alert(alert(), WORDS, position=None)
    assert b'lat="0.0000000" lon="0.0000000" hae="9999999.0" ce="9999999.0"' in data
    got = read(data)
    assert got.lat_deg is None


def test_in_spanish_too() -> None:
    got = read(render_alert(alert(), load_words(Lang.ES), position=None))
    assert got.remarks is not None
    assert "TAKE COVER" not in got.remarks


@pytest.mark.parametrize(("mark", "opex"), [(Mark.EXERCISE, "e"), (Mark.DEMO, "s")])
def test_what_is_not_real_is_marked_in_how_opex_callsign_and_remarks(mark: Mark, opex: str) -> None:
    index = [Mark.ACTUAL, Mark.EXERCISE, Mark.DEMO].index(mark)
    word = WORDS[f"alert.mark.{mark.value}"]
    for data in (
        render_alert(alert(mark=mark), WORDS, position=None),
        render_track(track(mark=index), WORDS),
    ):
        got = read(data)
        assert got.how == "m-s"
        assert got.opex == opex
        assert got.callsign is not None
        assert got.callsign.startswith(word)
        assert got.remarks is not None
        assert got.remarks.startswith(word)
    real = read(render_alert(alert(), WORDS, position=None))
    assert (real.how, real.opex) == ("m-f", "o")


def test_the_machine_never_says_friend_or_hostile() -> None:
    kinds = {identity: track_type(identity, aircraft=False) for identity in Identity}
    assert kinds.pop(Identity.HOSTILE) == "a-h-A-M-H-Q", "a named person's word, passed in"
    assert {kind[2] for kind in kinds.values()} == {"u", "n", "s"}
    assert read(render_track(track(), WORDS)).type == "a-u-A-M-H-Q"
    assert read(render_track(track(flags=TrackFlag.AIRCRAFT), WORDS)).type == "a-u-A"


def test_a_track_is_stale_soon_after_its_last_evidence() -> None:
    assert read(render_track(track(), WORDS)).t_stale_ns == T_NS + 14 * S
    coasting = read(render_track(track(t_last_ns=T_NS - 60 * S), WORDS))
    assert coasting.t_stale_ns == T_NS + 3 * S
    assert coasting.t_start_ns == T_NS - 60 * S


def test_a_sector_is_not_drawn_where_it_is_not() -> None:
    assert render_track(track(fix=Fix.SECTOR), WORDS) is None
    assert render_track(track(lat_deg=np.nan), WORDS) is None


def test_a_track_says_its_claimed_serial_and_leaves_unknown_out() -> None:
    got = read(render_track(track(speed_mps=np.nan), WORDS))
    assert got.remarks == "Confirmed drone. Remote ID: 1581F0000000TEST"
    assert (got.speed_mps, got.alt_hae_m, got.callsign) == (None, None, "T-041")


@settings(deadline=None)
@given(st.binary(min_size=PUBLISHED_DTYPE.itemsize, max_size=PUBLISHED_DTYPE.itemsize))
def test_any_row_renders_to_something_readable(data: bytes) -> None:
    rows = np.frombuffer(data, dtype=PUBLISHED_DTYPE).copy()
    rows["mark"] %= 3
    rows["lat_deg"] = np.clip(rows["lat_deg"], -90, 90)
    rows["lon_deg"] = np.clip(rows["lon_deg"], -180, 180)
    if (out := render_track(rows[0], WORDS)) is not None:
        etree.fromstring(out)


# ---- MITRE's schema ----------------------------------------------------------------------------


def _schema(folder: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(folder / "CoT Base-Event Schema  (PUBLIC RELEASE).xsd")))


@pytest.mark.corpus
def test_everything_we_write_is_valid_by_the_base_event_schema() -> None:
    schema = _schema(corpus("cot/mitre_xsd"))
    outs = [
        render(EVENT),
        render_track(track(), WORDS),
        render_track(track(mark=1, alt_hae_m=5.0), WORDS),
    ]
    for mark in Mark:
        for tier in (Tier.WATCH, Tier.WARNING, Tier.DANGER):
            for kind in MsgType:
                one = alert(mark=mark, tier=tier, msg_type=kind, end_reason=EndReason.ALL_CLEAR)
                outs += [
                    render_alert(one, WORDS, position=place)
                    for place in (None, Position(1, 2, 3, 4))
                ]
    for out in outs:
        assert out is not None
        schema.assertValid(etree.fromstring(out))


@pytest.mark.corpus
def test_the_schema_would_have_caught_a_number_that_is_none() -> None:
    schema = _schema(corpus("cot/mitre_xsd"))
    assert not schema.validate(etree.fromstring(render(EVENT).replace(b"12.0", b"NaN")))
