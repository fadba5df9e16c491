"""CAP 1.2: what is written keeps to the standard's schema, what is read is checked as it checks."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from cap_world import a_message
from corpus import corpus
from vigia.wire.advert import Refused
from vigia.wire.cap import CAP_MAX, Circle, Reference, parse, time_text, to_bytes, to_xml
from vigia.wire.cap_rules import CAP, cap_time, fault_of

WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40
)


@cache
def xsd() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(corpus("cap/xsd/cap12.xsd"))))


@cache
def strict_xsd() -> etree.XMLSchema:
    """With the restrictions of the standard's prose, as Google's validator has them."""
    return etree.XMLSchema(etree.parse(str(corpus("cap/xsd/cap12_extended.xsd"))))


@settings(max_examples=60)
@given(
    headline=WORDS,
    note=WORDS,
    incident=st.text("abc 12", max_size=9),
    offset=st.integers(-840, 840),
)
def test_whatever_we_write_is_valid_and_comes_back(
    headline: str, note: str, incident: str, offset: int
) -> None:
    message = a_message()
    info = message.infos[0]
    changed = {"headline": headline, "expires": time_text(1_800_000_000_000_000_000, offset)}
    message = a_message(
        note=note.strip(),
        incidents=(incident,),
        references=(Reference("a@b.example", "vigia.a1.1", "2026-11-27T17:59:00-00:00"),),
        infos=(type(info)(**{**_fields(info), **changed}),),
    )
    data = to_bytes(to_xml(message))
    xsd().assertValid(etree.fromstring(data))
    strict_xsd().assertValid(etree.fromstring(data))
    seen = parse(data)
    assert not isinstance(seen, Refused)
    assert seen.infos[0].headline == headline.strip()
    assert seen.infos[0].areas == info.areas
    assert seen.references == message.references
    assert seen.t_sent_ns == message.t_sent_ns


def _fields(info: Any) -> dict[str, Any]:
    return {name: getattr(info, name) for name in info.__struct_fields__}


def test_the_examples_of_others_are_read() -> None:
    seen = parse(corpus("cap/ibm/cap_amber_alert_example.xml").read_bytes())
    assert not isinstance(seen, Refused)
    assert (seen.sender, seen.status) == ("KARO@CLETS.DOJ.CA.GOV", "Actual")
    assert [i.language for i in seen.infos] == ["en-US", "es-US"]
    assert seen.infos[0].event_codes == (("SAME", "CAE"),)
    assert cap_time(seen.sent) is not None


# ---- our table against the OASIS schema --------------------------------------------------------

VALUES = [
    "", " ", "x", "Actual", " Actual", "Soon", "12", "-3.5", " 7 ", "1e3", ".5", "5.", "+1", "en",
    "en-US", "e n", "2026-11-27T18:00:00-07:00", "2026-11-27T18:00:00Z",
    "2026-02-30T18:00:00-07:00",
    "2026-11-27T24:00:00-07:00", "2026-11-27T24:00:01-07:00", "2026-11-27T18:00:00,07:00",
    "2026-11-27T18:00:00+14:00", "2026-11-27T18:00:00+14:01",
    "0000-01-01T00:00:00-00:00",
    "2026-11-27T18:00:60-00:00", " 2026-11-27T18:00:00-07:00", "٢٠26-11-27T18:00:00-07:00",
]  # fmt: skip


@settings(max_examples=400)
@given(data=st.data())
def test_our_table_and_the_schema_agree_on_every_mutation(data: st.DataObject) -> None:
    root = to_xml(
        a_message(
            source="s", note="n", codes=("c",), addresses="a", incidents=("i",),
            references=(Reference("a", "b", "2026-11-27T17:59:00-00:00"),),
        )
    )  # fmt: skip
    area = root.find(f".//{{{CAP}}}area")
    assert area is not None
    for name, text in (("altitude", "12.5"), ("ceiling", "100")):
        etree.SubElement(area, f"{{{CAP}}}{name}").text = text
    for _ in range(data.draw(st.integers(0, 3))):
        mutate(root, data)
    assert (fault_of(root) is None) == xsd().validate(root), etree.tostring(root)


def mutate(root: etree._Element, data: st.DataObject) -> None:
    every = list(root.iter())
    element = data.draw(st.sampled_from(every))
    parent = element.getparent()
    match data.draw(st.integers(0, 6)):
        case 0:
            element.text = data.draw(st.sampled_from(VALUES))
        case 1 if parent is not None:
            parent.remove(element)
        case 2 if parent is not None:
            twin = copy.deepcopy(element)
            twin.tail = None
            element.addnext(twin)
        case 3 if parent is not None:
            parent.insert(data.draw(st.integers(0, len(parent))), element)
        case 4:
            names = ["xml:lang", "a"]
            name = data.draw(st.sampled_from(names))
            full = "{http://www.w3.org/XML/1998/namespace}lang" if name == "xml:lang" else name
            element.set(full, "en")
        case 5:
            element.tag = data.draw(
                st.sampled_from([f"{{{CAP}}}note", f"{{{CAP}}}event", "note", "{urn:x}note"])
            )
        case 6 if element is not root:
            element.tail = data.draw(st.sampled_from(["", "\n  ", "words"]))
        case _:
            pass


def test_a_foreign_element_of_a_signature_may_follow_and_nothing_else() -> None:
    for tag, good in (("{http://www.w3.org/2000/09/xmldsig#}Signature", True), ("{urn:x}y", False)):
        root = to_xml(a_message())
        etree.SubElement(root, tag)
        assert (fault_of(root) is None) == good == xsd().validate(root)


# ---- what attacks a reader ---------------------------------------------------------------------

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'
    b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">&c;</alert>'
)
OUTSIDE = BOMB.replace(b'<!ENTITY b "bbbbbbbbbb">', b'<!ENTITY b SYSTEM "file:///etc/passwd">')


@pytest.mark.parametrize("data", [BOMB, OUTSIDE, BOMB.decode().encode("utf-16")])
def test_document_types_and_entities_are_refused(data: bytes) -> None:
    seen = parse(data)
    assert isinstance(seen, Refused)
    assert seen.code in {"doctype", "xml"}


def test_size_depth_and_number_are_bounded() -> None:
    for data in (b"<a>" * 100 + b"</a>" * 100, b"<r>" + b"<a/>" * 6000 + b"</r>", b" " * CAP_MAX):
        seen = parse(data + b" ")
        assert isinstance(seen, Refused)
        assert seen.code == "size"


@settings(max_examples=100)
@given(noise=st.binary(max_size=200), cut=st.integers(0, 1200))
def test_garbage_is_refused_and_never_raises(noise: bytes, cut: int) -> None:
    whole = to_bytes(to_xml(a_message()))
    assert isinstance(parse(noise), Refused)
    parse(whole[:cut] + noise + whole[cut:])


def test_shapes_that_are_none_are_left_out() -> None:
    root = to_xml(a_message())
    area = root.find(f".//{{{CAP}}}area")
    assert area is not None
    circle = area.find(f"{{{CAP}}}circle")
    assert circle is not None
    for text in ("1,2", "91,0 1", "1,2 -3", "1,nan 3", "1 2 3", "x"):
        etree.SubElement(area, f"{{{CAP}}}circle").text = text
    seen = parse(to_bytes(root))
    assert not isinstance(seen, Refused)
    assert seen.infos[0].areas[0].circles == (Circle(31.79, -106.75, 2.0),)


def test_times_bear_an_offset_and_utc_is_written_as_the_standard_demands() -> None:
    t_ns = 1_800_000_000_000_000_000
    assert time_text(t_ns) == "2027-01-15T08:00:00-00:00"
    assert time_text(t_ns, -420) == "2027-01-15T01:00:00-07:00"
    for text in (time_text(t_ns), time_text(t_ns, -420), time_text(t_ns, 345)):
        at = cap_time(text)
        assert at is not None
        assert at.timestamp() == 1_800_000_000


@pytest.mark.parametrize("name", ["two words", "a,b", "a<b", "a&b", ""])
def test_a_name_that_the_standard_forbids_is_not_written(name: str) -> None:
    with pytest.raises(ValueError, match="CAP name"):
        to_xml(a_message(sender=name))
