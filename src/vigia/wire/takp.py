"""TAK protocol 1 (protobuf) <-> Cursor on Target XML, so that everything else knows XML only.

Messages after TAK's takmessage, cotevent and detail .proto files. The few fields are read and
written here by hand: bounded, typed, and checked in tests against two libraries of others. Known
elements of <detail> go into messages of their own only when they hold nothing else, as those
files demand; what xmlDetail holds takes precedence over a message of the same name.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lxml import etree

from vigia.wire.advert import Refused
from vigia.wire.cot import EVENT_MAX, element, text, time_of_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.wire.cot import CotEvent

FIELDS_MAX = 256  # of one message
UNKNOWN = 9_999_999.0

_EVENT_TEXTS = {1: "type", 2: "access", 3: "qos", 4: "opex", 5: "uid", 9: "how"}
_EVENT_TIMES = {6: "time", 7: "start", 8: "stale"}
_POINT = {10: "lat", 11: "lon", 12: "hae", 13: "ce", 14: "le"}
# detail field -> element and its attributes by field
_ELEMENTS: dict[int, tuple[str, dict[int, str]]] = {
    2: ("contact", {1: "endpoint", 2: "callsign"}),
    3: ("__group", {1: "name", 2: "role"}),
    4: ("precisionlocation", {1: "geopointsrc", 2: "altsrc"}),
    5: ("status", {1: "battery"}),
    6: ("takv", {1: "device", 2: "platform", 3: "os", 4: "version"}),
    7: ("track", {1: "speed", 2: "course"}),
}
_BY_NAME = {name: (field, parts) for field, (name, parts) in _ELEMENTS.items()}
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
)


def decode(payload: bytes) -> bytes | Refused:
    """A TakMessage -> the event as XML. Nothing in it is believed yet: cot.parse reads that."""
    try:
        return _decode(payload)
    except (ValueError, etree.XMLSyntaxError) as error:
        return Refused(code="takp", what=f"takp: {error}")


def encode(xml: bytes, event: CotEvent) -> bytes:
    """The event, read from xml, as a TakMessage. Raises ValueError for XML that cot refuses."""
    tree = _tree(xml)
    out = bytearray()
    for field, name in _EVENT_TEXTS.items():
        if value := tree.get(name):
            out += _bytes(field, value.encode())
    for field, t_ns in ((6, event.t_ns), (7, event.t_start_ns), (8, event.t_stale_ns)):
        out += _varint(field << 3) + _varint(max(0, t_ns // 1_000_000))
    point = (event.lat_deg, event.lon_deg, event.alt_hae_m, event.ce_m, event.le_m)
    for field, value in zip(_POINT, point, strict=True):
        unknown = 0.0 if field < 12 else UNKNOWN
        out += _double(field, unknown if value is None else value)
    detail = tree.find("detail")
    if detail is not None and len(detail):
        out += _bytes(15, _detail(detail))
    return _bytes(2, bytes(out))


def _detail(detail: etree._Element) -> bytes:  # pyright: ignore[reportPrivateUsage]
    rest, out = "", bytearray()
    seen: set[str] = set()
    for child in detail:
        name = str(child.tag)
        message = None if name in seen else _message(child, name)
        seen.add(name)
        if message is None:
            rest += etree.tostring(child, encoding="unicode", with_tail=False)
        else:
            out += message
    return (_bytes(1, rest.encode()) if rest else b"") + bytes(out)


def _message(child: etree._Element, name: str) -> bytes | None:  # pyright: ignore[reportPrivateUsage]
    """None: it holds more than its message can say, and stays XML."""
    known = _BY_NAME.get(name)
    if known is None or len(child) or (child.text or "").strip():
        return None
    field, parts = known
    if not {str(key) for key in child.attrib} <= set(parts.values()):
        return None
    inner = b""
    for number, key in parts.items():
        value = child.get(key)
        if value is None:
            continue
        try:
            inner += _part(name, number, value)
        except ValueError:
            return None
    return _bytes(field, inner)


def _part(name: str, number: int, value: str) -> bytes:
    if name == "track":
        return _double(number, float(value))
    if name == "status":
        if not (value.isascii() and value.isdigit() and len(value) < 10):
            raise ValueError("no battery percentage")
        return _varint(number << 3) + _varint(int(value))
    return _bytes(number, value.encode())


def _decode(payload: bytes) -> bytes:
    if len(payload) > EVENT_MAX:
        raise ValueError(f"got {len(payload)} bytes; need at most {EVENT_MAX}")
    event = b""
    for field, value in _fields(payload):
        if field == 2 and isinstance(value, bytes):
            event = value
    if not event:
        raise ValueError("need a message with an event")
    head: dict[str, str] = {"version": "2.0"}
    times = dict.fromkeys(_EVENT_TIMES.values(), 0)
    point = dict.fromkeys(_POINT.values(), 0.0)
    detail = b""
    for field, value in _fields(event):
        if field in _EVENT_TEXTS and isinstance(value, bytes):
            head[_EVENT_TEXTS[field]] = value.decode()
        elif field in _EVENT_TIMES and isinstance(value, int):
            times[_EVENT_TIMES[field]] = value
        elif field in _POINT and isinstance(value, float):
            point[_POINT[field]] = value
        elif field == 15 and isinstance(value, bytes):
            detail = value
    head |= {name: time_of_ms(value) for name, value in times.items()}
    spot = element("point", {name: f"{value:.7f}" for name, value in point.items()})
    return element("event", head, f"{spot}<detail>{_read_detail(detail)}</detail>").encode()


def _read_detail(data: bytes) -> str:
    rest, messages = "", list[tuple[str, str]]()
    for field, value in _fields(data):
        if not isinstance(value, bytes):
            continue
        if field == 1:
            rest = value.decode()
        elif field in _ELEMENTS:
            name, parts = _ELEMENTS[field]
            said = {
                parts[number]: part.decode() if isinstance(part, bytes) else str(part)
                for number, part in _fields(value)
                if number in parts
            }
            messages.append((name, element(name, said)))
    inside = _tree(f"<detail>{rest}</detail>".encode())
    taken = {str(child.tag) for child in inside}
    inner = text(inside.text or "") + "".join(
        etree.tostring(child, encoding="unicode") for child in inside
    )
    return inner + "".join(said for name, said in messages if name not in taken)


def _tree(xml: bytes) -> etree._Element:  # pyright: ignore[reportPrivateUsage]
    """Raises etree.XMLSyntaxError or ValueError."""
    if b"<!" in xml and b"<!DOCTYPE" in xml:
        raise ValueError("document types are refused")
    tree = etree.fromstring(xml, _PARSER)
    return tree


# ---- the wire format ---------------------------------------------------------------------------


def _fields(data: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """Raises ValueError for anything cut or of a kind these messages do not have."""
    at, count = 0, 0
    while at < len(data):
        count += 1
        if count > FIELDS_MAX:
            raise ValueError(f"need at most {FIELDS_MAX} fields")
        key, at = _read_varint(data, at)
        field, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _read_varint(data, at)
            yield field, value
        elif kind == 1:
            if at + 8 > len(data):
                raise ValueError("a double is cut")
            yield field, float(struct.unpack_from("<d", data, at)[0])
            at += 8
        elif kind == 2:
            size, at = _read_varint(data, at)
            if at + size > len(data):
                raise ValueError("a field is cut")
            yield field, data[at : at + size]
            at += size
        elif kind == 5:
            if at + 4 > len(data):
                raise ValueError("a number is cut")
            at += 4
        else:
            raise ValueError(f"got a field of kind {kind}")


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for k in range(10):
        if at + k >= len(data):
            raise ValueError("a number is cut")
        byte = data[at + k]
        value |= (byte & 0x7F) << (7 * k)
        if byte < 0x80:
            return value, at + k + 1
    raise ValueError("a number of more than ten bytes")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)
