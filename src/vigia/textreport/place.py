"""Where a text says that something is: a grid, coordinates, or a place by its name."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

import mgrs

from vigia.terms import Position
from vigia.textreport.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

SQUARE_M = 100_000.0
NEAR_M = 150_000.0  # a grid without its zone or square is meant near the site
_LETTERS = r"[a-hj-np-z]"
_DIGITS = r"(?P<digits>\d{1,5}[ ,/-]\d{1,5}|\d{2,10})"
_FULL = re.compile(
    rf"\b(?P<zone>\d{{1,2}} ?[c-hj-np-x]) ?(?P<square>{_LETTERS}[a-hj-np-v]) ?{_DIGITS}\b"
)
_SQUARE = re.compile(
    rf"\b(?P<square>{_LETTERS}[a-hj-np-v]) ?(?P<digits>\d{{3,5}} \d{{3,5}}|\d{{6,10}})\b"
)
_GRID_WORD = re.compile(
    r"\b(?:grid|mgrs|cuadricula|reticula|coord(?:inates|enadas)?)\s*[:=]?\s*"
    r"(?P<digits>\d{3,5} \d{3,5}|\d{6,10})\b(?!\.)"
)
_DECIMAL = re.compile(
    r"(?<![\d.])(?P<lat>[+-]?\d{1,2}\.\d{3,8})\s*(?P<ns>[ns])?\s*[,; ]\s*"
    r"(?P<lon>[+-]?\d{1,3}\.\d{3,8})\s*(?P<ew>[ewo])?(?![\d.])"
)
# Names of posts in either language: whoever calls it otherwise still means it.
_KINDS = (
    ("post", "puesto", "posta", "pst", "p", "op", "bop", "outpost"),
    ("tower", "torre", "twr"),
    ("gate", "puerta", "porton", "garita"),
    ("bridge", "puente"),
    ("checkpoint", "reten", "cp", "control"),
    ("camp", "campo", "campamento", "base"),
    ("hill", "cerro", "loma", "colina"),
    ("station", "estacion", "sta"),
    ("sector", "sector", "sec"),
)
_NAME = re.compile(r"^(\w+?)[ #-]*(?:no\.? ?|num(?:ero)? ?|n° ?)?(\d+\w?)$")
_clean = re.compile(r"[^\w]+")


class Named(NamedTuple):
    """A place with a name, such as a post. place_id: as the site calls it."""

    place_id: str
    name: str
    position: Position


class Found(NamedTuple):
    """how: grid, coordinates or name. rest: the text without it."""

    how: str
    position: Position
    place_id: str
    rest: str


def find_place(text: str, named: Sequence[Named], origin: Position) -> Found | None:
    """text: plain. The most exact kind of saying it wins. origin: of the site."""
    return _grid(text, origin) or _decimal(text) or _name(text, named)


def _decimal(text: str) -> Found | None:
    found = _DECIMAL.search(text)
    if found is None:
        return None
    lat, lon = float(found["lat"]), float(found["lon"])
    lat = -abs(lat) if found["ns"] == "s" else lat
    lon = -abs(lon) if found["ew"] in ("w", "o") else lon
    if abs(lat) > 90.0 or abs(lon) > 180.0:
        return None
    return Found("coordinates", Position(lat, lon, None, 30.0), "", _cut(text, found))


def _grid(text: str, origin: Position) -> Found | None:
    for pattern in (_FULL, _SQUARE, _GRID_WORD):
        for found in pattern.finditer(text):
            position = _read_grid(found, origin)
            if position is not None:
                return Found("grid", position, "", _cut(text, found))
    return None


def _read_grid(found: re.Match[str], origin: Position) -> Position | None:
    groups = found.groupdict()
    digits = _halves(groups["digits"])
    if digits is None:
        return None
    here = _square_of(origin)
    zone = (groups.get("zone") or here[:-2]).replace(" ", "").upper()
    square = (groups.get("square") or here[-2:]).upper()
    whole = f"{zone}{square}{digits[0]}{digits[1]}"
    corner = _corner(whole)
    if corner is None:
        return None
    lat, lon = corner
    width_m = SQUARE_M / 10 ** len(digits[0])
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        return None
    if groups.get("zone") is None and _apart_m(origin, lat, lon) > NEAR_M:
        return None
    # The grid names the corner of a square: its middle is meant, give or take a third of it.
    shift = width_m / 2 / 111_320.0
    lat, lon = lat + shift, lon + shift / max(0.1, math.cos(math.radians(lat)))
    if abs(lat) > 90.0 or abs(lon) > 180.0:
        return None
    return Position(lat, lon, None, max(10.0, width_m * 0.4))


def _square_of(position: Position) -> str:
    """Zone and square, such as 13RCR. The library has no types."""
    return str(mgrs.MGRS().toMGRS(position.lat_deg, position.lon_deg, MGRSPrecision=0))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _corner(grid: str) -> tuple[float, float] | None:
    """South-west corner of a grid's square; None: there is no such grid."""
    try:
        lat, lon = mgrs.MGRS().toLatLon(grid)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    except mgrs.core.MGRSError:  # pyright: ignore[reportUnknownMemberType]
        return None
    return float(lat), float(lon)  # pyright: ignore[reportUnknownArgumentType]


def _halves(text: str) -> tuple[str, str] | None:
    parts = re.split(r"[ ,/-]", text)
    if len(parts) == 2 and len(parts[0]) == len(parts[1]):
        return parts[0], parts[1]
    if len(parts) == 1 and len(text) % 2 == 0:
        half = len(text) // 2
        return text[:half], text[half:]
    return None


def _apart_m(origin: Position, lat_deg: float, lon_deg: float) -> float:
    north = (lat_deg - origin.lat_deg) * 111_320.0
    east = (lon_deg - origin.lon_deg) * 111_320.0 * math.cos(math.radians(origin.lat_deg))
    return math.hypot(north, east)


def _name(text: str, named: Sequence[Named]) -> Found | None:
    """The longest name that is said; of two as long, the one said first."""
    best: tuple[int, int, Named, re.Match[str]] | None = None
    for place in named:
        for pattern in _patterns(place):
            found = pattern.search(text)
            if found is None:
                continue
            rank = (len(found.group()), -found.start())
            if best is None or rank > best[:2]:
                best = (*rank, place, found)
    if best is None:
        return None
    _, _, place, match = best
    return Found("name", place.position, place.place_id, _cut(text, match))


def _patterns(place: Named) -> list[re.Pattern[str]]:
    name = plain(place.name)
    words = [re.escape(w) for w in _clean.split(name) if w]
    if not words:
        return []
    out = [re.compile(rf"\b{'[ #-]*'.join(words)}\b")]
    split = _NAME.match(name)
    if split is not None:
        kinds = next((k for k in _KINDS if split[1] in k), None)
        if kinds is not None:
            said = "|".join(kinds)
            number = re.escape(split[2])
            out.append(
                re.compile(rf"\b(?:{said})[ #.-]*(?:no\.? ?|num(?:ero)? ?)?0*{number}\b(?! ?[m%])")
            )
    return out


def _cut(text: str, found: re.Match[str]) -> str:
    return text[: found.start()] + " @ " + text[found.end() :]
