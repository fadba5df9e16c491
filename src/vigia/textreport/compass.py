"""Directions in plain text: where it is seen, and where it goes. Two different things that people
say with the same words, so what stands before the direction decides."""

from __future__ import annotations

import re
from typing import NamedTuple

POINTS = (
    "n",
    "nne",
    "ne",
    "ene",
    "e",
    "ese",
    "se",
    "sse",
    "s",
    "ssw",
    "sw",
    "wsw",
    "w",
    "wnw",
    "nw",
    "nnw",
)
STEP_DEG = 22.5
SIGMA_POINT_DEG = 20.0  # of eight points, said by a person
SIGMA_NUMBER_DEG = 15.0

_FULL = {
    "north[ -]?north[ -]?east|nornoreste": 22.5, "east[ -]?north[ -]?east|estenoreste": 67.5,
    "east[ -]?south[ -]?east|estesureste": 112.5, "south[ -]?south[ -]?east|sursureste": 157.5,
    "south[ -]?south[ -]?west|sursuroeste": 202.5, "west[ -]?south[ -]?west|oestesuroeste": 247.5,
    "west[ -]?north[ -]?west|oestenoroeste": 292.5, "north[ -]?north[ -]?west|nornoroeste": 337.5,
    "north[ -]?east|noreste|nordeste": 45.0, "south[ -]?east|sureste|sudeste": 135.0,
    "south[ -]?west|suroeste|sudoeste": 225.0, "north[ -]?west|noroeste": 315.0,
    "north|norte": 0.0, "east|este": 90.0, "south|sur": 180.0, "west|oeste": 270.0,
}  # fmt: skip
_SHORT = {point: k * STEP_DEG for k, point in enumerate(POINTS)}
_SHORT_ES = {
    "so": 225.0,
    "no": 315.0,
    "o": 270.0,
    "nno": 337.5,
    "sso": 202.5,
    "ono": 292.5,
    "oso": 247.5,
}
_LONG = "|".join(_FULL)
_DIR = rf"(?P<dir>{_LONG}|{'|'.join(sorted(_SHORT, key=len, reverse=True))})"
_DIR_ES = rf"(?P<dir>{_LONG}|{'|'.join(sorted([*_SHORT, *_SHORT_ES], key=len, reverse=True))})"
_WORDS_ONLY = rf"(?P<dir>{_LONG})"
_DEGREES = r"(?P<deg>[0-3]?\d?\d)\s*(?:deg(?:rees)?|grados|°)?(?P<mag>\s*mag(?:netic|neticos?)?)?"

_COURSES = (
    rf"\b(?:heading|headed|head|going|moving|flying|travell?ing|tracking|proceeding|course|"
    rf"towards?|fleeing|crossing|flew|flies|went|hdg)"
    rf"(?:\s*[:=]\s*|\s+)(?:(?:due|to|towards?|the) ){{0,3}}{_DIR}\b(?! of\b)",
    rf"\b(?P<dir>{_LONG}|[ns][ew]?|[ew])[ -]?bound\b",
    rf"\b(?:rumbo|direccion|con rumbo|hacia|van?|vuelan?|volando|yendo|moviendose|se mueven?|"
    rf"cruzando|en direccion|curso)(?:\s*[:=]\s*|\s+)(?:(?:al?|hacia|el|con|rumbo) ){{0,3}}"
    rf"{_DIR_ES}\b(?! del?\b)",
    rf"\b(?:heading|hdg|course|track|rumbo|curso)\s*[:=]?\s*{_DEGREES}(?!\d| ?(?:m|km)\b)",
)
_FROMS = (
    rf"\b(?:from|out of) (?:the )?{_DIR}\b(?! of\b)",
    rf"\b(?:desde el|del|viene del|proveniente del|procedente del|por el|desde) {_DIR_ES}\b",
)
_BEARINGS = (
    rf"\b(?:bearing|azimuth|brg|azi?|direction|azimut|acimut|marcacion|demora|dir)"
    rf"\s*[:=]?\s*(?:of |de )?{_DEGREES}(?!\d| ?(?:m|km)\b)",
    rf"\b(?:bearing|azimuth|brg|azi?|azimut|acimut)(?:\s*[:=]\s*|\s+){_DIR}\b",
    rf"\b{_DIR} (?:of|from)\b",
    rf"\b(?:al?|en el|por el|hacia el|lado) {_DIR_ES} (?:del?|desde)\b",
    rf"\b{_WORDS_ONLY} del?\b",
    rf"\b(?:to|in|on|at) (?:the|my|our) {_DIR}\b",
    rf"\b(?:to|in|on) {_WORDS_ONLY}\b",
    rf"\b(?:al|en el|por el|lado|sector|a mi|a nuestro) {_DIR_ES}\b",
    rf"\b(?:looking|facing|mirando(?: hacia)?(?: el| al)?) {_DIR}\b",
    rf"\b\d+ ?(?:m|km|meters?|metros?|miles?|yards?) (?:to the |al )?{_DIR}\b",
)
_COMPILED = {
    name: tuple(re.compile(p) for p in patterns)
    for name, patterns in (("course", _COURSES), ("from", _FROMS), ("bearing", _BEARINGS))
}
_LAST = re.compile(rf"\b{_WORDS_ONLY}\b")


class Direction(NamedTuple):
    deg: float
    sigma_deg: float
    magnetic: bool = False


class Directions(NamedTuple):
    """bearing: from the place to the drone. course: where it goes."""

    bearing: Direction | None
    course: Direction | None
    rest: str


def directions(text: str) -> Directions:
    """text: plain. What was understood is blanked out of rest, so that it is not read twice."""
    course, rest = _take("course", text)
    origin, rest = _take("from", rest)
    bearing, rest = _take("bearing", rest)
    if bearing is None:
        bearing = origin
    if bearing is None and (found := _LAST.search(rest)) is not None:
        bearing, rest = _read(found), _blank(rest, found)
    return Directions(bearing, course, rest)


def point_of(deg: float) -> str:
    """The nearest of eight points."""
    return POINTS[round(deg / 45.0) % 8 * 2]


def _take(kind: str, text: str) -> tuple[Direction | None, str]:
    for pattern in _COMPILED[kind]:
        for found in pattern.finditer(text):
            read = _read(found)
            if read is not None:
                return read, _blank(text, found)
    return None, text


def _blank(text: str, found: re.Match[str]) -> str:
    return text[: found.start()] + " " + text[found.end() :]


def _read(found: re.Match[str]) -> Direction | None:
    groups = found.groupdict()
    number = groups.get("deg")
    if number is not None:
        value = float(number)
        if value > 360.0:
            return None
        return Direction(value % 360.0, SIGMA_NUMBER_DEG, bool(groups.get("mag")))
    word = groups["dir"]
    if word in _SHORT:
        return Direction(_SHORT[word], SIGMA_POINT_DEG)
    if word in _SHORT_ES:
        return Direction(_SHORT_ES[word], SIGMA_POINT_DEG)
    for pattern, deg in _FULL.items():
        if re.fullmatch(pattern, word):
            return Direction(deg, SIGMA_POINT_DEG)
    return None
