"""The public test harness's messages are accepted; each rule broken in them is refused, by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from sapient_msg import proto_options_pb2 as options
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from corpus import corpus
from samples.make_sapient import messages
from vigia.wire import sapient
from vigia.wire.advert import Refused
from vigia.wire.sapient_rules import broken

OPTIONS: Any = options


def valid() -> list[SapientMessage]:
    """Of the public harness where it is here, else our own."""
    found: list[SapientMessage] = []
    for path in sorted(corpus("sapient").glob("simulator_*/*.json")):
        message = sapient.read_json(path.read_bytes())
        assert not isinstance(message, Refused), f"{path.name}: {message}"
        found.append(message)
    return found


def walk(message: Message) -> Iterator[tuple[Message, FieldDescriptor]]:
    """Every field that is set, anywhere in it."""
    for field, value in message.ListFields():
        yield message, field
        if field.message_type is not None and field.message_type.name != "Timestamp":
            for one in value if field.is_repeated else (value,):
                yield from walk(one)


def places(message: SapientMessage) -> int:
    return sum(1 for _ in walk(message))


def nth(message: SapientMessage, n: int) -> tuple[SapientMessage, Message, FieldDescriptor]:
    copy = SapientMessage()
    copy.CopyFrom(message)
    holder, field = list(walk(copy))[n]
    return copy, holder, field


def test_the_public_harness_s_valid_messages_are_all_accepted() -> None:
    assert len(valid()) >= 38


def own() -> list[SapientMessage]:
    return [m for m in messages() if broken(m) is None]


def mandatory(field: FieldDescriptor) -> bool:
    if field.GetOptions().Extensions[OPTIONS.field_options].is_mandatory:
        return True
    choice = field.containing_oneof
    if choice is None:
        return False
    return bool(choice.GetOptions().Extensions[OPTIONS.oneof_options].is_mandatory)


@pytest.mark.parametrize("source", [own, valid])
def test_each_mandatory_field_left_out_is_refused_by_its_name(source: Any) -> None:
    tried = 0
    for message in source():
        for n in range(places(message)):
            copy, holder, field = nth(message, n)
            if not mandatory(field):
                continue
            holder.ClearField(field.name)
            why = broken(copy)
            assert why is not None, f"{field.full_name} left out"
            assert field.name in why
            tried += 1
    assert tried > 100


@pytest.mark.parametrize("source", [own, valid])
def test_each_wrong_ulid_uuid_name_and_number_is_refused(source: Any) -> None:
    tried = 0
    for message in source():
        for n in range(places(message)):
            for copy, holder, field in wrongs(message, n):
                why = broken(copy)
                assert why is not None, f"{field.full_name} = {getattr(holder, field.name)!r}"
                tried += 1
    assert tried > 50


def wrongs(
    message: SapientMessage, n: int
) -> Iterator[tuple[SapientMessage, Message, FieldDescriptor]]:
    _, _, field = nth(message, n)
    said = field.GetOptions().Extensions[OPTIONS.field_options]
    bad: list[Any] = []
    if field.is_repeated or field.message_type is not None:
        return
    if said.is_ulid:
        bad = ["", "x", "01GGYFBAXGDG7AGAHRZ6XSNY1", "81GGYFBAXGDG7AGAHRZ6XSNY12"]
    elif said.is_uuid:
        bad = ["", "a8654cdf-4328-47de-81fa-c495589e30cg", "a8654cdf432847de81fac495589e30c9"]
    elif field.enum_type is not None:
        bad = [0, 99] if field.has_presence else [99]
    elif field.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        bad = [float("nan"), float("inf")]
    elif said.is_mandatory and field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        bad = [b"" if field.type == FieldDescriptor.TYPE_BYTES else " "][:1]
    for value in bad:
        copy, holder, field = nth(message, n)
        setattr(holder, field.name, value)
        yield copy, holder, field


def changed(kind: str, change: Any) -> str | None:
    message = next(m for m in own() if m.WhichOneof("content") == kind)
    change(message)
    return broken(message)


def test_rules_of_the_text_that_no_option_marks() -> None:
    def version(m: SapientMessage) -> None:
        m.registration.icd_version = "BSI Flex 335 v1.0"

    def child(m: SapientMessage) -> None:
        m.registration.dependent_nodes.append("radar")

    def quiet(m: SapientMessage) -> None:
        m.error.packet = b"x"

    def follow(m: SapientMessage) -> None:
        m.task.task_id, m.task.control = "01H4R63D7NVN8444Z5M77WEBY6", 1
        m.task.command.follow.follow_object_id = "that one"

    def year(m: SapientMessage) -> None:
        m.timestamp.seconds = 1 << 60

    assert "need 'BSI Flex 335 v2.0'" in (changed("registration", version) or "")
    assert "dependent_nodes" in (changed("registration", child) or "")
    assert "error_message is missing" in (changed("status_report", quiet) or "")
    assert "follow_object_id" in (changed("status_report", follow) or "")
    assert "timestamp is no time" in (changed("status_report", year) or "")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"nodeId": 7}', '{"colour": "red"}', '{"timestamp": "noon"}']
)
def test_json_that_is_no_message_is_refused_with_the_reason(text: str) -> None:
    found = sapient.read_json(text)
    assert isinstance(found, Refused)
    assert found.what


def test_sub_classes_without_end_are_refused() -> None:
    def deep(m: SapientMessage) -> None:
        one = m.detection_report.classification.add(type="Air")
        level: Any = one.sub_class.add(type="a", level=1)
        for n in range(30):
            level = level.sub_class.add(type="a", level=n)

    assert "levels" in (changed("detection_report", deep) or "")


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_never_raises(data: bytes) -> None:
    found = sapient.read(data)
    assert isinstance(found, Refused)


def test_every_message_type_of_the_standard_has_rules() -> None:
    seen: set[str] = set()

    def visit(descriptor: Descriptor) -> None:
        if descriptor.full_name in seen:
            return
        seen.add(descriptor.full_name)
        for field in descriptor.fields:
            if field.message_type is not None:
                visit(field.message_type)

    visit(SapientMessage.DESCRIPTOR)
    assert len(seen) > 50
    names = re.compile(r"sapient_msg\.bsi_flex_335_v2_0\.|google\.protobuf\.Timestamp")
    assert all(names.match(name) for name in seen)


def test_the_sample_is_what_its_maker_makes() -> None:
    path = Path(__file__).parent / "samples" / "sapient.bin"
    stream = b"".join(sapient.framed(m) for m in messages())
    frames = sapient.Frames().feed(path.read_bytes())
    again = b"".join(len(f).to_bytes(4, "little") + f for f in frames)
    assert (len(again), again[:4]) == (len(stream), stream[:4])
    assert json.dumps(len(frames)) == str(len(messages()))
