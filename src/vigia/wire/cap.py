"""CAP 1.2 XML <-> messages: what is written is strict, what is read is checked before it is used.

OASIS "Common Alerting Protocol Version 1.2". Times carry an offset; UTC is written -00:00, as the
standard demands. Shapes that cannot be read are left out, never guessed.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec
from lxml import etree

from vigia.geo import LAT_MAX_DEG, LON_MAX_DEG
from vigia.wire.advert import Refused
from vigia.wire.cap_rules import CAP, DSIG, cap_time, fault_of
from vigia.wire.xml_guard import read_xml

if TYPE_CHECKING:
    from vigia.wire.xml_guard import Element

CAP_MAX = 64 * 1024  # bytes of one message that is read
INFOS_MAX = 20  # looked at
AREAS_MAX = 50
POINTS_MAX = 1_000  # of one polygon
REFERENCES_MAX = 200
TEXT_MAX = 4_096  # characters of one text that are kept
NAME_MAX = 256  # of an identifier or a sender
OFFSET_MAX_MIN = 14 * 60
_NAME = re.compile(r"[^\s,<&]{1,256}")  # 3.2.1: no spaces, commas or restricted characters
_NSMAP: Any = {None: CAP}  # Any: the stub knows named prefixes only
# What XML 1.0 has no way to write, not even as a reference.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Reference(msgspec.Struct, frozen=True, array_like=True):
    """An earlier message. sent: as that message wrote it."""

    sender: str
    identifier: str
    sent: str


class Circle(msgspec.Struct, frozen=True, array_like=True):
    lat_deg: float
    lon_deg: float
    radius_km: float


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """polygons: rings of (lat, lon) [deg], the first point again at the end."""

    desc: str
    circles: tuple[Circle, ...] = ()
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """One language's block. Times as CAP writes them."""

    event: str
    urgency: str
    severity: str
    certainty: str
    language: str = "en-US"
    categories: tuple[str, ...] = ("Security",)
    responses: tuple[str, ...] = ()
    audience: str | None = None
    event_codes: tuple[tuple[str, str], ...] = ()
    effective: str | None = None
    onset: str | None = None
    expires: str | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    areas: tuple[Area, ...] = ()


class CapMessage(msgspec.Struct, frozen=True, kw_only=True):
    identifier: str
    sender: str
    sent: str
    status: str
    msg_type: str
    scope: str
    source: str | None = None
    restriction: str | None = None
    addresses: str | None = None
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()
    signed: bool = False  # read: holds a signature, whatever it is worth

    @property
    def t_sent_ns(self) -> int:
        """Raises ValueError when sent is no time."""
        at = cap_time(self.sent)
        if at is None:
            raise ValueError(f"sent: got {self.sent!r}; need a time with its offset")
        return int(at.timestamp()) * 1_000_000_000

    def reference(self) -> Reference:
        return Reference(self.sender, self.identifier, self.sent)


def time_text(t_ns: int, offset_min: int = 0) -> str:
    """Whole seconds, downwards. offset_min: local time minus UTC."""
    assert abs(offset_min) <= OFFSET_MAX_MIN, f"offset: got {offset_min} minutes"
    at = datetime.fromtimestamp(t_ns // 1_000_000_000, tz=UTC)
    if offset_min == 0:
        return at.strftime("%Y-%m-%dT%H:%M:%S-00:00")
    local = at.astimezone(timezone(timedelta(minutes=offset_min)))
    return local.isoformat(timespec="seconds")


def is_name(text: str) -> bool:
    """Fit for an identifier or a sender."""
    return _NAME.fullmatch(text) is not None


# ---- writing -----------------------------------------------------------------------------------


def to_xml(message: CapMessage) -> Element:
    """Raises ValueError for what CAP cannot say; the tree keeps to cap_rules."""
    for name in (message.identifier, message.sender):
        if not is_name(name):
            raise ValueError(f"CAP name: got {name!r}; need no spaces, commas, < or &")
    root = etree.Element(f"{{{CAP}}}alert", nsmap=_NSMAP)
    refs = " ".join(f"{r.sender},{r.identifier},{r.sent}" for r in message.references)
    _add(root, "identifier", message.identifier)
    _add(root, "sender", message.sender)
    _add(root, "sent", message.sent)
    _add(root, "status", message.status)
    _add(root, "msgType", message.msg_type)
    _add(root, "source", message.source)
    _add(root, "scope", message.scope)
    _add(root, "restriction", message.restriction)
    _add(root, "addresses", message.addresses)
    for code in message.codes:
        _add(root, "code", code)
    _add(root, "note", message.note)
    _add(root, "references", refs or None)
    _add(root, "incidents", " ".join(_quoted(i) for i in message.incidents) or None)
    for info in message.infos:
        _write_info(root, info)
    wrong = fault_of(root)
    if wrong is not None:
        raise ValueError(f"CAP: {wrong}")
    return root


def to_bytes(root: Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _write_info(root: Element, info: Info) -> None:
    at = etree.SubElement(root, f"{{{CAP}}}info")
    _add(at, "language", info.language)
    for category in info.categories:
        _add(at, "category", category)
    _add(at, "event", info.event)
    for response in info.responses:
        _add(at, "responseType", response)
    _add(at, "urgency", info.urgency)
    _add(at, "severity", info.severity)
    _add(at, "certainty", info.certainty)
    _add(at, "audience", info.audience)
    _write_pairs(at, "eventCode", info.event_codes)
    _add(at, "effective", info.effective)
    _add(at, "onset", info.onset)
    _add(at, "expires", info.expires)
    _add(at, "senderName", info.sender_name)
    _add(at, "headline", info.headline)
    _add(at, "description", info.description)
    _add(at, "instruction", info.instruction)
    _write_pairs(at, "parameter", info.parameters)
    for area in info.areas:
        place = etree.SubElement(at, f"{{{CAP}}}area")
        _add(place, "areaDesc", area.desc)
        for ring in area.polygons:
            _add(place, "polygon", " ".join(f"{_number(a)},{_number(b)}" for a, b in ring))
        for c in area.circles:
            point = f"{_number(c.lat_deg)},{_number(c.lon_deg)}"
            _add(place, "circle", f"{point} {_number(c.radius_km)}")


def _write_pairs(parent: Element, name: str, pairs: tuple[tuple[str, str], ...]) -> None:
    for key, value in pairs:
        pair = etree.SubElement(parent, f"{{{CAP}}}{name}")
        _add(pair, "valueName", key)
        _add(pair, "value", value)


def _add(parent: Element, name: str, text: str | None) -> None:
    if text is not None:
        etree.SubElement(parent, f"{{{CAP}}}{name}").text = _UNWRITABLE.sub("\ufffd", text)


def _quoted(text: str) -> str:
    return f'"{text}"' if any(c.isspace() for c in text) else text


def _number(value: float) -> str:
    assert math.isfinite(value), f"number: got {value}"
    return f"{value:.6f}".rstrip("0").rstrip(".")


# ---- reading -----------------------------------------------------------------------------------


def parse(data: bytes) -> CapMessage | Refused:
    """One message, checked against cap_rules. It says nothing about who signed it."""
    root = read_xml(data, size_max=CAP_MAX)
    if isinstance(root, Refused):
        return root
    wrong = fault_of(root)
    if wrong is not None:
        return Refused(code="schema", what=f"CAP: {wrong}")
    names = [_text(root, "identifier") or "", _text(root, "sender") or ""]
    if not all(is_name(name) for name in names):
        what = "CAP: identifier or sender: got spaces, commas, nothing, or too much"
        return Refused(code="name", what=what)
    return CapMessage(
        identifier=names[0],
        sender=names[1],
        sent=_text(root, "sent") or "",
        status=_text(root, "status") or "",
        msg_type=_text(root, "msgType") or "",
        scope=_text(root, "scope") or "",
        source=_text(root, "source"),
        restriction=_text(root, "restriction"),
        addresses=_text(root, "addresses"),
        codes=_texts(root, "code"),
        note=_text(root, "note"),
        references=_references(_text(root, "references")),
        incidents=tuple((_text(root, "incidents") or "").split()[:REFERENCES_MAX]),
        infos=tuple(_read_info(at) for at in _all(root, "info")[:INFOS_MAX]),
        signed=root.find(f"{{{DSIG}}}Signature") is not None,
    )


def _read_info(at: Element) -> Info:
    return Info(
        language=_text(at, "language") or "en-US",
        categories=_texts(at, "category"),
        event=_text(at, "event") or "",
        responses=_texts(at, "responseType"),
        urgency=_text(at, "urgency") or "",
        severity=_text(at, "severity") or "",
        certainty=_text(at, "certainty") or "",
        audience=_text(at, "audience"),
        event_codes=_pairs(at, "eventCode"),
        effective=_text(at, "effective"),
        onset=_text(at, "onset"),
        expires=_text(at, "expires"),
        sender_name=_text(at, "senderName"),
        headline=_text(at, "headline"),
        description=_text(at, "description"),
        instruction=_text(at, "instruction"),
        parameters=_pairs(at, "parameter"),
        areas=tuple(_read_area(place) for place in _all(at, "area")[:AREAS_MAX]),
    )


def _read_area(at: Element) -> Area:
    circles = [_circle(text) for text in _texts(at, "circle")]
    rings = [_ring(e.text or "") for e in _all(at, "polygon")[:AREAS_MAX]]
    return Area(
        desc=_text(at, "areaDesc") or "",
        circles=tuple(c for c in circles if c is not None),
        polygons=tuple(r for r in rings if r is not None),
    )


def _circle(text: str) -> Circle | None:
    parts = text.split()
    point = _point(parts[0]) if len(parts) == 2 else None
    radius = _finite(parts[1]) if len(parts) == 2 else None
    if point is None or radius is None or radius < 0.0:
        return None
    return Circle(point[0], point[1], radius)


def _ring(text: str) -> tuple[tuple[float, float], ...] | None:
    words = text.split()
    if not 4 <= len(words) <= POINTS_MAX:
        return None
    points = [_point(word) for word in words]
    good = [p for p in points if p is not None]
    closed = len(good) == len(points) and good[0] == good[-1]
    return tuple(good) if closed else None


def _point(text: str) -> tuple[float, float] | None:
    lat_text, comma, lon_text = text.partition(",")
    lat, lon = _finite(lat_text), _finite(lon_text)
    if not comma or lat is None or lon is None:
        return None
    return (lat, lon) if abs(lat) <= LAT_MAX_DEG and abs(lon) <= LON_MAX_DEG else None


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _references(text: str | None) -> tuple[Reference, ...]:
    """Those that have the form sender,identifier,sent."""
    parts = [word.split(",") for word in (text or "").split()[:REFERENCES_MAX]]
    return tuple(Reference(*p) for p in parts if len(p) == 3)


def _all(at: Element, name: str) -> list[Element]:
    return at.findall(f"{{{CAP}}}{name}")


def _texts(at: Element, name: str) -> tuple[str, ...]:
    return tuple((e.text or "")[:TEXT_MAX] for e in _all(at, name)[:POINTS_MAX])


def _text(at: Element, name: str) -> str | None:
    found = at.find(f"{{{CAP}}}{name}")
    return None if found is None else (found.text or "").strip()[:TEXT_MAX]


def _pairs(at: Element, name: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (_text(e, "valueName") or "", _text(e, "value") or "") for e in _all(at, name)[:POINTS_MAX]
    )
