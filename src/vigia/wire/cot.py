"""Cursor on Target 2.0 XML <-> events: strict in what is written, lenient in what is read.

Schema: MITRE "CoT Event" 2.0 (public release), tests validate against it. Types after ATAK's
cot-types.xml. Unknown height and errors are 9999999.0 on the wire, None here. Reading refuses
document types and entities (the ways XML attacks its reader) and anything beyond the limits.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import msgspec

from vigia.wire.advert import Refused

EVENT_MAX = 65_536  # bytes of one event that is read
DEPTH_MAX = 16
ELEMENTS_MAX = 1_000
TEXT_MAX = 4_096  # characters of remarks kept
UNKNOWN_M = "9999999.0"

_DETAIL = len("event/detail/")
_UNKNOWN_FROM = 9_999_999.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 has no way to write, not even as a reference.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Emergency(Enum):
    """ATAK's emergency kinds: event type and the word in the emergency element."""

    ALERT_911 = ("b-a-o-tbl", "911 Alert")
    RING_THE_BELL = ("b-a-o-pan", "Ring The Bell")
    IN_CONTACT = ("b-a-o-opn", "In Contact")
    GEOFENCE = ("b-a-g", "Geo-fence Breached")
    CUSTOM = ("b-a-o-c", "Custom")
    CANCEL = ("b-a-o-can", "Cancel")


class Dest(NamedTuple):
    """One addressee of <marti>; TAK names people by callsign, some by uid."""

    callsign: str = ""
    uid: str = ""


class CotEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event. Times in ns since 1970, lengths in metres above the WGS-84 ellipsoid, errors
    1-sigma. lat and lon None: the place is unknown (0, 0 with an unknown error on the wire).
    opex: "o" operations, "e" exercise, "s" simulation. dests: whom it is for; empty: everybody.
    details: what was read, the attributes of the first element at each path below <detail>."""

    uid: str
    type: str
    how: str
    t_ns: int
    t_start_ns: int
    t_stale_ns: int
    lat_deg: float | None = None
    lon_deg: float | None = None
    alt_hae_m: float | None = None
    ce_m: float | None = None
    le_m: float | None = None
    opex: str | None = None
    callsign: str | None = None
    remarks: str | None = None
    course_deg_true: float | None = None
    speed_mps: float | None = None
    emergency: Emergency | None = None
    dests: tuple[Dest, ...] = ()
    details: dict[str, dict[str, str]] = {}

    def detail(self, path: str) -> dict[str, str]:
        """Attributes of that element; none when it is not there."""
        return self.details.get(path, {})


def render(event: CotEvent, more: str = "") -> bytes:
    """UTF-8 XML without a declaration, one line. more: further elements of <detail>, as XML.

    Raises ValueError for a number that is none.
    """
    known = event.lat_deg is not None and event.lon_deg is not None
    lat_deg, lon_deg = (event.lat_deg, event.lon_deg) if known else (0.0, 0.0)
    point = (
        f'<point lat="{_decimal(lat_deg, 7)}" lon="{_decimal(lon_deg, 7)}" '
        f'hae="{_metres(event.alt_hae_m)}" ce="{_metres(event.ce_m if known else None)}" '
        f'le="{_metres(event.le_m if known else None)}"/>'
    )
    opex = f" opex={_attribute(event.opex)}" if event.opex else ""
    head = (
        f'<event version="2.0" uid={_attribute(event.uid)} type={_attribute(event.type)} '
        f'time="{_time(event.t_ns)}" start="{_time(event.t_start_ns)}" '
        f'stale="{_time(event.t_stale_ns)}" how={_attribute(event.how)}{opex}>'
    )
    return f"{head}{point}<detail>{_detail(event)}{more}</detail></event>".encode()


def parse(data: bytes) -> CotEvent | Refused:
    """One event, with or without a declaration. A number that is none is unknown."""
    if len(data) > EVENT_MAX:
        return Refused(code="size", what=f"event: got {len(data)} bytes, need at most {EVENT_MAX}")
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except _Stop as stop:
        return stop.refused
    except (expat.ExpatError, ValueError) as error:
        return Refused(code="xml", what=f"event: not well-formed XML: {error}")
    return reader.event()


def _detail(event: CotEvent) -> str:
    out = ""
    if event.callsign is not None:
        out += f"<contact callsign={_attribute(event.callsign)}/>"
    if event.emergency is not None:
        word = event.emergency.value[1]
        sender = _text(event.callsign or event.uid)
        kind = (
            'cancel="true"' if event.emergency is Emergency.CANCEL else f"type={_attribute(word)}"
        )
        out += f"<emergency {kind}>{sender}</emergency>"
    if event.course_deg_true is not None and event.speed_mps is not None:
        course, speed = _decimal(event.course_deg_true, 1), _decimal(event.speed_mps, 2)
        out += f'<track course="{course}" speed="{speed}"/>'
    if event.remarks is not None:
        out += f"<remarks>{_text(event.remarks)}</remarks>"
    if event.dests:
        out += f"<marti>{''.join(_dest(dest) for dest in event.dests)}</marti>"
    return out


def element(name: str, attributes: dict[str, str], inner: str = "") -> str:
    """For `more` of render(). inner: XML."""
    said = "".join(f" {key}={_attribute(value)}" for key, value in attributes.items())
    return f"<{name}{said}>{inner}</{name}>" if inner else f"<{name}{said}/>"


def text(value: str) -> str:
    """As the inside of an element."""
    return _text(value)


def _dest(dest: Dest) -> str:
    said = {"callsign": dest.callsign, "uid": dest.uid}
    return element("dest", {key: value for key, value in said.items() if value})


def _attribute(value: str) -> str:
    return quoteattr(_UNWRITABLE.sub("\ufffd", value))


def _text(value: str) -> str:
    return escape(_UNWRITABLE.sub("\ufffd", value))


def _decimal(value: float | None, digits: int) -> str:
    """xs:decimal: no exponent, no NaN."""
    if value is None or not math.isfinite(value):
        raise ValueError(f"cot: got {value}, need a finite number; leave an unknown one out")
    return f"{value:.{digits}f}"


def _metres(value: float | None) -> str:
    return UNKNOWN_M if value is None else _decimal(value, 1)


def _time(t_ns: int) -> str:
    """xs:dateTime in UTC, milliseconds (rounded down)."""
    return time_of_ms(t_ns // 1_000_000)


def time_of_ms(t_ms: int) -> str:
    """xs:dateTime in UTC. Raises ValueError beyond the year 9999."""
    try:
        when = _EPOCH + timedelta(milliseconds=t_ms)
    except OverflowError as error:
        raise ValueError(f"time: got {t_ms} ms since 1970") from error
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


class _Stop(Exception):
    """A refusal on its way out of the XML parser; never leaves this module."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.refused = Refused(code=code, what=what)


class _Reader:
    """Collects what one event says; every limit is checked while reading, not after."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.EntityDeclHandler = self._refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self._path: list[str] = []
        self._count = 0
        self._found: dict[str, dict[str, str]] = {}
        self._remarks = ""
        self._dests: list[Dest] = []

    def event(self) -> CotEvent | Refused:
        head, point = self._found.get("event"), self._found.get("event/point")
        if head is None or point is None:
            return Refused(code="event", what="event: need an event with a point")
        needed = ("uid", "type", "time", "start", "stale")
        if missing := [name for name in needed if not head.get(name)]:
            return Refused(code="event", what=f"event: missing {', '.join(missing)}")
        times = [_read_time(head[name]) for name in ("time", "start", "stale")]
        lat_deg, lon_deg = _number(point.get("lat")), _number(point.get("lon"))
        t_ns, t_start_ns, t_stale_ns = times
        if t_ns is None or t_start_ns is None or t_stale_ns is None:
            return Refused(code="event", what="event: time, start and stale need ISO 8601")
        if lat_deg is None or lon_deg is None or abs(lat_deg) > 90 or abs(lon_deg) > 180:
            return Refused(code="event", what="event: the point needs lat and lon on the globe")
        ce_m = _known_m(point.get("ce"))
        nowhere = lat_deg == 0 and lon_deg == 0 and ce_m is None
        track = self._found.get("event/detail/track", {})
        return CotEvent(
            uid=head["uid"],
            type=head["type"],
            how=head.get("how", ""),
            t_ns=t_ns,
            t_start_ns=t_start_ns,
            t_stale_ns=t_stale_ns,
            lat_deg=None if nowhere else lat_deg,
            lon_deg=None if nowhere else lon_deg,
            alt_hae_m=_known_m(point.get("hae")),
            ce_m=ce_m,
            le_m=_known_m(point.get("le")),
            opex=head.get("opex"),
            callsign=self._found.get("event/detail/contact", {}).get("callsign"),
            remarks=self._remarks if "event/detail/remarks" in self._found else None,
            course_deg_true=_number(track.get("course")),
            speed_mps=_number(track.get("speed")),
            emergency=self._emergency(head["type"]),
            dests=tuple(self._dests),
            details={
                path[_DETAIL:]: said
                for path, said in self._found.items()
                if path.startswith("event/detail/")
            },
        )

    def _emergency(self, kind: str) -> Emergency | None:
        said = self._found.get("event/detail/emergency")
        if said is None:
            return None
        if said.get("cancel") == "true":
            return Emergency.CANCEL
        for known in Emergency:
            if kind == known.value[0] or said.get("type") == known.value[1]:
                return known
        return Emergency.CUSTOM

    def _refuse_doctype(self, *_: object) -> None:
        raise _Stop("doctype", "event: document types and entities are refused")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        self._path.append(name)
        if len(self._path) > DEPTH_MAX or self._count > ELEMENTS_MAX:
            what = f"event: need at most {DEPTH_MAX} levels and {ELEMENTS_MAX} elements"
            raise _Stop("size", what)
        path = "/".join(self._path)
        self._found.setdefault(path, attributes)
        if path == "event/detail/marti/dest":
            self._dests.append(Dest(attributes.get("callsign", ""), attributes.get("uid", "")))

    def _end(self, name: str) -> None:
        self._path.pop()

    def _characters(self, text: str) -> None:
        if self._path == ["event", "detail", "remarks"]:
            self._remarks = (self._remarks + text)[:TEXT_MAX]


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _known_m(text: str | None) -> float | None:
    value = _number(text)
    return None if value is None or value >= _UNKNOWN_FROM else value


def _read_time(text: str) -> int | None:
    """ISO 8601; without a zone it is UTC."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    try:
        return (when - _EPOCH) // timedelta(microseconds=1) * 1000
    except OverflowError:
        return None
