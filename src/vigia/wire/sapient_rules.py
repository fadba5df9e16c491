"""What BSI Flex 335 v2.0 demands of a message -> the first rule it breaks, in words.

Most rules stand in the .proto files as options: mandatory fields and choices, ULIDs, UUIDs. The
rest is from the standard's text: values of an enumeration are named ones, numbers are numbers, the
version is this one, an error says something, a followed object is named by its ULID.
Rules are compiled once a message type; a check is one walk over the fields that are set.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from sapient_msg import proto_options_pb2 as options

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.IGNORECASE)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
VERSION = "BSI Flex 335 v2.0"
_OPTIONS: Any = options  # extensions have no static type that fits
DEPTH_MAX = 20  # sub-classes within sub-classes
YEARS_S = (-62_135_596_800, 253_402_300_799)  # of google.protobuf.Timestamp: years 1 to 9999
_FLOATS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)
_P = "sapient_msg.bsi_flex_335_v2_0."
_ULID_FIELDS = {_P + "FollowObject.follow_object_id"}
_UUID_FIELDS = {_P + "Registration.dependent_nodes"}
_SAID_FIELDS = {_P + "Error.error_message"}  # mandatory by the text


class _Field(NamedTuple):
    """check: of one value -> why not, or None. rules: of a message inside."""

    name: str
    many: bool
    mandatory: bool
    check: Callable[[Any], str | None] | None
    inside: Descriptor | None


class _Rules(NamedTuple):
    fields: dict[int, _Field]
    mandatory: dict[int, str]
    choices: tuple[tuple[str, str], ...]  # name of the choice, and its fields for people


def broken(message: Message, at: str = "", depth: int = 0) -> str | None:
    """Why the standard refuses it; None: it is valid."""
    if depth > DEPTH_MAX:
        return f"{at}: more than {DEPTH_MAX} levels"
    rules = _rules_of(message.DESCRIPTOR)
    present = message.ListFields()
    missing = rules.mandatory.keys() - {field.number for field, _ in present}
    if missing:
        return f"{at}{rules.mandatory[min(missing)]} is missing"
    for choice, names in rules.choices:
        if message.WhichOneof(choice) is None:
            return f"{at}one of {names} is missing"
    for descriptor, value in present:
        field = rules.fields[descriptor.number]
        for one in value if field.many else (value,):
            why = None
            if field.inside is not None:
                why = broken(one, f"{at}{field.name}.", depth + 1)
                if why is not None:
                    return why
            if field.check is not None:
                why = field.check(one)
            if why is not None:
                return f"{at}{field.name} {why}"
    return None


@cache
def _rules_of(descriptor: Descriptor) -> _Rules:
    fields: dict[int, _Field] = {}
    mandatory: dict[int, str] = {}
    for field in descriptor.fields:
        said: Any = field.GetOptions().Extensions[_OPTIONS.field_options]
        must = bool(said.is_mandatory) or field.full_name in _SAID_FIELDS
        many = field.is_repeated
        inside = field.message_type if field.message_type is not None else None
        fields[field.number] = _Field(field.name, many, must, _check_of(field, said, must), inside)
        if must:
            mandatory[field.number] = field.name
    choices = tuple(
        (one.name, ", ".join(f.name for f in one.fields))
        for one in descriptor.oneofs
        if one.GetOptions().Extensions[_OPTIONS.oneof_options].is_mandatory
    )
    return _Rules(fields, mandatory, choices)


def _check_of(field: FieldDescriptor, said: Any, must: bool) -> Callable[[Any], str | None] | None:
    """Any: extensions have no static type."""
    if field.message_type is not None:
        return _time if field.message_type.full_name == "google.protobuf.Timestamp" else None
    if field.enum_type is not None:
        known = {value.number: value.name for value in field.enum_type.values if value.number}
        return lambda v: None if v in known else f"is {v}; need one of {', '.join(known.values())}"
    if field.cpp_type in _FLOATS:
        return lambda v: None if math.isfinite(v) else "is no finite number"
    if said.is_ulid or field.full_name in _ULID_FIELDS:
        return lambda v: None if ULID.fullmatch(v) else f"is {v[:40]!r}; need a ULID"
    if said.is_uuid or field.full_name in _UUID_FIELDS:
        return lambda v: None if UUID.fullmatch(v) else f"is {v[:40]!r}; need a UUID"
    if field.full_name == _P + "Registration.icd_version":
        return lambda v: None if v == VERSION else f"is {v[:40]!r}; need {VERSION!r}"
    if must and field.cpp_type == FieldDescriptor.CPPTYPE_STRING:  # bytes too
        return lambda v: None if v.strip() else "is empty"
    return None


def _time(value: Any) -> str | None:
    """A google.protobuf.Timestamp; Any: its stub is another package's."""
    if not YEARS_S[0] <= value.seconds <= YEARS_S[1] or not 0 <= value.nanos < 1_000_000_000:
        return "is no time"
    return None
