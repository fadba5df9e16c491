"""Counts -> drawings for a briefing, as plain shapes; drawn.py writes them as SVG or on paper.

Pure. Colours are those of print on white: dark enough to copy in black and white, and never the
only thing that tells two things apart.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil, cos, log10, radians
from typing import NamedTuple, TypeAlias

from vigia.records.counts import Line as CountLine
from vigia.records.counts import Sum
from vigia.records.incident import Incident

INK, MUTED, GRID = "#1c2a36", "#5d6b78", "#dfe5ea"
BAR, BAND, POINT, LAND, SEA = "#2b6ca3", "#1c2a36", "#b4452c", "#f1efe8", "#e6eef4"
WIDE = 520.0
MONTHS_MAX = 48  # a longer time is drawn by years
BARS_MAX = 12
POINTS_MAX = 2_000  # on a map


class Box(NamedTuple):
    x: float
    y: float
    w: float
    h: float
    fill: str
    opacity: float = 1.0
    told: str = ""  # what it stands for, for a reader that points at it


class Path(NamedTuple):
    points: tuple[tuple[float, float], ...]
    stroke: str
    width: float


class Fill(NamedTuple):
    """Rings filled by the even-odd rule: a ring within a ring is a hole."""

    rings: tuple[tuple[tuple[float, float], ...], ...]
    fill: str


class Word(NamedTuple):
    """anchor: start, middle or end of the text stands at x."""

    x: float
    y: float
    text: str
    size: float = 9.0
    anchor: str = "start"
    bold: bool = False
    fill: str = MUTED


class Disc(NamedTuple):
    x: float
    y: float
    r: float
    fill: str
    opacity: float = 1.0
    stroke: str = ""
    told: str = ""


Shape: TypeAlias = Box | Path | Fill | Word | Disc


class Figure(NamedTuple):
    """In points, y downwards. note: what the drawing leaves out."""

    name: str
    title: str
    width: float
    height: float
    shapes: tuple[Shape, ...]
    note: str = ""


class Step(NamedTuple):
    """One bar of a time series."""

    name: str
    sum: Sum


def steps_of(lines: Sequence[CountLine], unit: str, *, months: bool) -> list[Step]:
    """With the empty ones between; those of unknown time are left out."""
    known = {x.group[0]: x.amounts.get(unit, Sum()) for x in lines if x.group[0] != "?"}
    if not known:
        return []
    first, last = min(known), max(known)
    names: list[str] = []
    year, month = int(first[:4]), int(first[5:7] or 1) if months else 1
    while True:
        name = f"{year}-{month:02d}" if months else str(year)
        if name > last or len(names) > 12 * 200:
            break
        names.append(name)
        year, month = (year, month + 1) if months and month < 12 else (year + 1, 1)
    return [Step(n, known.get(n, Sum())) for n in names]


def time_series(name: str, title: str, steps: Sequence[Step], note: str = "") -> Figure:
    """Bars are the best number, whiskers lowest to highest, an arrow is open upwards."""
    left, foot, head, height = 34.0, 24.0, 14.0, 170.0
    top = max([1, *(s.sum.high or max(s.sum.best, s.sum.low) for s in steps)])
    ticks = _ticks(top)
    top = max(top, ticks[-1])
    step = (WIDE - left - 8) / max(1, len(steps))

    def y(v: float) -> float:
        return head + (height - foot - head) * (1 - v / top)

    shapes: list[Shape] = []
    for v in ticks:
        shapes.append(Path(((left, y(v)), (WIDE - 8, y(v))), GRID, 0.7))
        shapes.append(Word(left - 5, y(v) + 3, str(v), 8, "end"))
    every = ceil(len(steps) * 34 / (WIDE - left))
    wide = max(1.0, min(46.0, step - 2))
    for n, s in enumerate(steps):
        x, at = left + n * step + (step - wide) / 2, s.sum
        told = f"{s.name}: {at.low}–{'…' if at.high is None else at.high}"
        shapes.append(Box(x, y(at.best), wide, y(0) - y(at.best), BAR, 1.0, told))
        shapes += _whisker(x + wide / 2, at, y)
        if n % every == 0:
            shapes.append(Word(x + wide / 2, height - 8, s.name, 8, "middle"))
    shapes.append(Path(((left, y(0)), (WIDE - 8, y(0))), INK, 1.0))
    return Figure(name, title, WIDE, height, tuple(shapes), note)


def _whisker(x: float, at: Sum, y: Callable[[float], float]) -> list[Shape]:
    if at.high is None:
        up = y(at.best)
        return [
            Path(((x, y(at.low)), (x, up - 9)), BAND, 1.2),
            Path(((x - 3, up - 5), (x, up - 10), (x + 3, up - 5)), BAND, 1.2),
        ]
    if at.high == at.low:
        return []
    return [
        Path(((x, y(at.low)), (x, y(at.high))), BAND, 1.2),
        Path(((x - 3, y(at.high)), (x + 3, y(at.high))), BAND, 1.2),
        Path(((x - 3, y(at.low)), (x + 3, y(at.low))), BAND, 1.2),
    ]


def week_grid(title: str, lines: Sequence[CountLine], days: Sequence[str], note: str) -> Figure:
    """Records by weekday (rows, Monday first) and hour of the day in UTC."""
    cell = {line.group: line.records for line in lines if "?" not in line.group}
    top = max([1, *cell.values()])
    left, w, h = 40.0, (WIDE - 48.0) / 24, 18.0
    shapes: list[Shape] = []
    for d in range(7):
        shapes.append(Word(left - 6, d * h + 13, days[d], 8.5, "end"))
        for hour in range(24):
            n = cell.get((str(d + 1), f"{hour:02d}"), 0)
            told = f"{days[d]} {hour:02d}:00: {n}"
            depth = 0.18 + 0.62 * n / top if n else 1.0
            fill = BAR if n else GRID
            shapes.append(Box(left + hour * w, d * h, w - 1.5, h - 1.5, fill, depth, told))
            if n:
                ink = "#ffffff" if depth > 0.55 else INK
                shapes.append(
                    Word(left + hour * w + w / 2, d * h + 12.5, str(n), 8, "middle", True, ink)
                )
    shapes += [Word(left + hour * w, 7 * h + 10, f"{hour:02d}:00", 8) for hour in range(0, 24, 3)]
    return Figure("week", title, WIDE, 7 * h + 16, tuple(shapes), note)


def bars(
    name: str, title: str, lines: Sequence[CountLine], say: Callable[[str], str], note: str = ""
) -> Figure:
    """One bar a group, by its records; the longest first."""
    rows = sorted(lines, key=lambda x: (-x.records, x.group))[:BARS_MAX]
    top, left, h = max([1, *(x.records for x in rows)]), 128.0, 19.0
    shapes: list[Shape] = []
    for n, line in enumerate(rows):
        wide = (WIDE - left - 60) * line.records / top
        shapes.append(Word(left - 8, n * h + 13, _short(say(line.group[0]), 22), 9, "end"))
        shapes.append(Box(left, n * h + 3, wide, h - 6, BAR, 1.0, str(line.records)))
        tail = f"{line.records}" + (f" + {line.maybe} ?" if line.maybe else "")
        shapes.append(Word(left + wide + 6, n * h + 13, tail, 9, "start", True, INK))
    return Figure(name, title, WIDE, max(1, len(rows)) * h + 4, tuple(shapes), note)


# ---- a map -------------------------------------------------------------------------------------


class Outline(NamedTuple):
    """Land as polygons of rings (even-odd) and borders as lines, of (lon_deg, lat_deg)."""

    land: Sequence[Sequence[Sequence[tuple[float, float]]]] = ()
    borders: Sequence[Sequence[tuple[float, float]]] = ()


Bounds = tuple[float, float, float, float]  # west, south, east, north


def bounds_of(incidents: Mapping[str, Incident]) -> Bounds | None:
    """Around the points with some air; at least two degrees. None: there is no point."""
    places = [i.place for i in incidents.values()]
    spots = [(p.lon_deg, p.lat_deg) for p in places if p.lon_deg is not None]
    points = [(x, y) for x, y in spots if y is not None]
    if not points:
        return None
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    air = max(1.0, 0.12 * max(east - west, north - south))
    return (
        max(-180.0, west - air),
        max(-85.0, south - air),
        min(180.0, east + air),
        min(85.0, north + air),
    )


def dot_map(title: str, incidents: Mapping[str, Incident], outline: Outline, note: str) -> Figure:
    """Each place as a dot, larger with more records; its ring is how far off it may be."""
    box = bounds_of(incidents) or (-180.0, -60.0, 180.0, 75.0)
    west, south, east, north = box
    squeeze = cos(radians((south + north) / 2))
    scale = min(WIDE / ((east - west) * squeeze), 330.0 / (north - south))
    height = (north - south) * scale
    across = (east - west) * squeeze * scale
    off = (WIDE - across) / 2

    def at(lon: float, lat: float) -> tuple[float, float]:
        x = off + (lon - west) * squeeze * scale
        return (min(max(x, off), off + across), min(max((north - lat) * scale, 0.0), height))

    shapes: list[Shape] = [Box(off, 0, across, height, SEA)]
    shapes += [
        Fill(tuple(tuple(at(*p) for p in ring) for ring in rings), LAND) for rings in outline.land
    ]
    for row in outline.borders:
        for part in _within(row, box):
            shapes.append(Path(tuple(at(*p) for p in part), "#9aa5ae", 0.6))
    spots: dict[tuple[float, float], list[Incident]] = {}
    for i in incidents.values():
        if i.place.lon_deg is not None and i.place.lat_deg is not None:
            spots.setdefault((i.place.lon_deg, i.place.lat_deg), []).append(i)
    ordered = sorted(spots.items(), key=lambda x: (-len(x[1]), x[0]))[:POINTS_MAX]
    for (lon, lat), found in ordered:
        x, y = at(lon, lat)
        radius_m = max((i.place.radius_m or 0.0) for i in found)
        ring_r = radius_m / 111_200.0 * scale
        told = f"{found[0].place.name or found[0].place.region}: {len(found)}"
        if ring_r > 4.0:
            shapes.append(Disc(x, y, min(ring_r, 160.0), POINT, 0.10, POINT))
        shapes.append(Disc(x, y, 2.6 + 1.8 * len(found) ** 0.5, POINT, 0.85, "#ffffff", told))
        if len(found) > 1:
            shapes.append(Word(x, y + 3, str(len(found)), 8, "middle", True, "#ffffff"))
    shapes += _scale_bar(off + 10, height - 12, scale)
    return Figure("map", title, WIDE, height, tuple(shapes), note)


def _within(
    row: Sequence[tuple[float, float]], box: Bounds
) -> Iterator[Sequence[tuple[float, float]]]:
    """The parts of a line inside; what leaves the box ends there."""
    part: list[tuple[float, float]] = []
    for x, y in row:
        if box[0] <= x <= box[2] and box[1] <= y <= box[3]:
            part.append((x, y))
            continue
        if len(part) > 1:
            yield part
        part = []
    if len(part) > 1:
        yield part


def _scale_bar(x: float, y: float, scale: float) -> list[Shape]:
    km = 111.2 / scale * 110  # about so long
    nice = 10 ** int(log10(max(km, 1)))
    nice = next(m * nice for m in (5, 2, 1) if m * nice <= max(km, 1) or m == 1)
    wide = nice / 111.2 * scale
    return [
        Path(((x, y - 4), (x, y), (x + wide, y), (x + wide, y - 4)), INK, 1.0),
        Word(x + wide + 5, y + 1, f"{nice} km", 8, "start", False, INK),
    ]


def weekdays(names: Callable[[datetime.date], str]) -> list[str]:
    """Monday to Sunday by a namer of days."""
    return [names(datetime.date(2024, 1, n)) for n in range(1, 8)]


def _ticks(top: float) -> list[int]:
    step = 10 ** int(log10(max(1, top)))
    by = step * 2 if top / step > 5 else step if top / step > 2 else max(1, step // 2)
    return [n * by for n in range(int(top // by) + 2) if n * by <= top + by * 0.5]


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
