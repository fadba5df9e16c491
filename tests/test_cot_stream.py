"""Framing of TAK streams, and protobuf against a library of others."""

from __future__ import annotations

import pytest
import takproto
from hypothesis import given, settings
from hypothesis import strategies as st

from test_cot import EVENT, T_NS
from vigia.wire import takp
from vigia.wire.advert import Refused
from vigia.wire.cot import CotEvent, Dest, element, parse, render
from vigia.wire.cot_stream import (
    EVENT_MAX,
    CotStream,
    LostCount,
    Piece,
    Proto,
    Xml,
    datagram,
    frame_proto,
)

S = 1_000_000_000
PLI = render(
    EVENT,
    element("contact", {"callsign": "EAGLE", "endpoint": "*:-1:stcp"})
    + element("__group", {"name": "Cyan", "role": "HQ"})
    + element("status", {"battery": "81"})
    + element("takv", {"device": "A", "platform": "ATAK", "os": "30", "version": "5"})
    + element("precisionlocation", {"altsrc": "GPS", "geopointsrc": "GPS"})
    + element("__video", {"url": "rtsp://x/?a=1&b=2"}),
).replace(b'<contact callsign="T-041"/>', b"")
PROTO = takp.encode(PLI, EVENT)
STREAM = (
    b"<auth><cot username='a' password='b'/></auth>"
    + b'<?xml version="1.0" encoding="UTF-8"?>\n'
    + PLI
    + b"\n"
    + frame_proto(PROTO)
    + frame_proto(PROTO)
    + render(EVENT)
    + b"rubbish \xbf\x01\xbf </event><b>"
    + b"<?xml version='1.0'?><event uid='broken'><detail>"
    + PLI
    + b"  \r\n"
    + frame_proto(PROTO)
)


def run(pieces: list[bytes]) -> list[Piece]:
    stream = CotStream()
    return [found for piece in pieces for found in stream.feed(piece)]


def test_xml_and_protobuf_may_follow_each_other_in_one_stream() -> None:
    got = run([STREAM])
    kinds = [type(piece).__name__ for piece in got]
    assert kinds == ["Xml", "Proto", "Proto", "Xml", "Refused", "Refused", "Xml", "Proto"]
    assert [p.code for p in got if isinstance(p, Refused)] == ["garbage", "cut"]
    assert got[0] == Xml(PLI)
    assert got[1] == Proto(PROTO)
    assert b"password" not in b"".join(p.data for p in got if isinstance(p, Xml))


@settings(deadline=None)
@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_where_the_bytes_are_cut_changes_nothing(cuts: list[int]) -> None:
    cuts.sort()
    pieces = [STREAM[a:b] for a, b in zip([0, *cuts], [*cuts, len(STREAM)], strict=True)]
    assert run(pieces) == run([STREAM])


def test_byte_by_byte_too() -> None:
    assert run([STREAM[i : i + 1] for i in range(len(STREAM))]) == run([STREAM])


@settings(deadline=None)
@given(
    st.lists(
        st.binary(max_size=80) | st.sampled_from([STREAM, PLI, b"<event", b"\xbf"]), max_size=6
    )
)
def test_garbage_never_raises_and_holds_one_event_at_most(pieces: list[bytes]) -> None:
    stream = CotStream()
    for piece in pieces:
        try:
            for found in stream.feed(piece):
                if isinstance(found, Proto):
                    takp.decode(found.data)
                elif isinstance(found, Xml):
                    parse(found.data)
        except LostCount:
            return
        assert stream.held <= EVENT_MAX + len(piece)


def test_an_event_without_end_is_given_up_and_the_next_one_is_read() -> None:
    got = run([b"<event uid='x'>" + b"y" * EVENT_MAX, b"zzz", PLI])
    assert [type(p) for p in got] == [Refused, Xml]


def test_a_length_nobody_can_mean_ends_the_stream() -> None:
    for data in (b"\xbf\xff\xff\xff\xff", b"\xbf\x00", b"\xbf\xff\xff\x7f"):
        with pytest.raises(LostCount):
            run([data])


# ---- protobuf, against takproto ----------------------------------------------------------------


def test_what_we_write_in_protobuf_another_library_reads() -> None:
    message = takproto.parse_proto(bytearray(frame_proto(PROTO)))
    event = message.cotEvent
    assert (event.uid, event.type, event.how) == (EVENT.uid, EVENT.type, EVENT.how)
    assert event.lat == pytest.approx(EVENT.lat_deg)
    assert (event.staleTime, event.le) == ((T_NS + 15 * S) // 1_000_000, 9_999_999.0)
    detail = event.detail
    assert (detail.contact.callsign, detail.contact.endpoint) == ("EAGLE", "*:-1:stcp")
    assert (detail.group.name, detail.group.role, detail.status.battery) == ("Cyan", "HQ", 81)
    assert (detail.takv.platform, detail.precisionLocation.altsrc) == ("ATAK", "GPS")
    assert (detail.track.course, detail.track.speed) == (315.0, 14.25)
    assert "<__video" in detail.xmlDetail
    assert "<remarks>Confirmed drone.</remarks>" in detail.xmlDetail
    assert "<contact" not in detail.xmlDetail


def test_what_another_library_writes_in_protobuf_we_read() -> None:
    for version in (takproto.TAKProtoVer.STREAM, takproto.TAKProtoVer.MESH):
        data = bytes(takproto.xml2proto(PLI.decode(), version))
        mesh = version is takproto.TAKProtoVer.MESH
        piece = datagram(data) if mesh else run([data])[0]
        assert isinstance(piece, Proto)
        xml = takp.decode(piece.data)
        assert isinstance(xml, bytes)
        got = parse(xml)
        assert isinstance(got, CotEvent)
        assert (got.uid, got.callsign, got.course_deg_true) == (EVENT.uid, "EAGLE", 315.0)
        assert got.t_stale_ns == EVENT.t_stale_ns
        assert got.alt_hae_m == pytest.approx(620.5)
        assert got.le_m is None
        assert got.detail("status") == {"battery": "81"}
        assert got.detail("__video") == {"url": "rtsp://x/?a=1&b=2"}


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=30)


@settings(deadline=None)
@given(callsign=TEXT, remarks=TEXT, dests=st.lists(TEXT.filter(bool), max_size=3))
def test_through_protobuf_and_back_nothing_is_lost(
    callsign: str, remarks: str, dests: list[str]
) -> None:
    import msgspec

    event = msgspec.structs.replace(
        EVENT,
        callsign=callsign,
        remarks=remarks,
        dests=tuple(Dest(callsign=d) for d in dests),
    )
    xml = render(event, element("usericon", {"iconsetpath": callsign}))
    first = parse(xml)
    assert isinstance(first, CotEvent)
    back = takp.decode(takp.encode(xml, first))
    assert isinstance(back, bytes)
    second = parse(back)
    assert isinstance(second, CotEvent)
    assert second == first


def test_an_element_with_more_than_its_message_can_say_stays_xml() -> None:
    xml = render(EVENT, '<status battery="5" readiness="true"/><status battery="6"/>')
    event = parse(xml)
    assert isinstance(event, CotEvent)
    message = takproto.parse_proto(bytearray(frame_proto(takp.encode(xml, event))))
    assert message.cotEvent.detail.status.battery == 0
    assert message.cotEvent.detail.xmlDetail.count("<status") == 2


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(PROTO)))
def test_damaged_protobuf_is_refused_and_never_raises(data: bytes, at: int) -> None:
    for piece in (data, PROTO[:at], PROTO[:at] + data + PROTO[at:]):
        assert isinstance(takp.decode(piece), bytes | Refused)


def test_protobuf_cannot_smuggle_a_document_type_or_break_out_of_the_detail() -> None:
    good = takproto.parse_proto(bytearray(frame_proto(PROTO)))
    for bad in ("</detail><point/>", "<!DOCTYPE x>", "<a>", '&x;<!ENTITY x "y">'):
        good.cotEvent.detail.xmlDetail = bad
        assert isinstance(takp.decode(good.SerializeToString()), Refused), bad
