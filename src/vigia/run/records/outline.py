"""The base map's vector tiles -> land and borders of a part of the world, for a map on paper.

Mapbox Vector Tile 2.1: layers of features whose geometry is a list of MoveTo, LineTo and ClosePath
with zigzag deltas. The file is our own; what cannot be read gives an empty outline.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import atan, ceil, degrees, floor, log, pi, sinh, tan
from pathlib import Path

from vigia.records.figures import Bounds, Outline
from vigia.run.tiles import Tiles, TilesError, unpack

BASE = Path(__file__).parent.parent.parent / "web" / "basemap" / "base.pmtiles"
ZOOM_MAX = 5  # of the whole world in it
TILES_MAX = 16
Points = list[tuple[float, float]]


def outline_of(bounds: Bounds) -> Outline:
    try:
        tiles = Tiles(BASE)
    except (OSError, TilesError):
        return Outline()
    land: list[list[Points]] = []
    borders: list[Points] = []
    for z, x, y in _tiles_of(bounds):
        data = tiles.get(z, x, y)
        if data is None:
            continue
        try:
            _read(unpack(data) if tiles.gzipped else data, z, x, y, land, borders)
        except (ValueError, IndexError, OSError):
            continue
    return Outline(land, borders)


def _tiles_of(bounds: Bounds) -> list[tuple[int, int, int]]:
    """The finest zoom at which few tiles hold it."""
    for z in range(ZOOM_MAX, -1, -1):
        x1, y1 = _tile(bounds[0], bounds[3], z)
        x2, y2 = _tile(bounds[2], bounds[1], z)
        side = 1 << z
        xs = range(max(0, floor(x1)), min(side, max(floor(x1) + 1, ceil(x2))))
        ys = range(max(0, floor(y1)), min(side, max(floor(y1) + 1, ceil(y2))))
        if len(xs) * len(ys) <= TILES_MAX:
            return [(z, x, y) for x in xs for y in ys]
    return [(0, 0, 0)]


def _tile(lon: float, lat: float, z: int) -> tuple[float, float]:
    lat = min(max(lat, -85.0), 85.0)
    y = (1 - log(tan(pi / 4 + lat * pi / 360)) / pi) / 2
    return (lon + 180) / 360 * (1 << z), y * (1 << z)


def _read(
    data: bytes, z: int, x: int, y: int, land: list[list[Points]], borders: list[Points]
) -> None:
    for field, value in _fields(data):
        if field != 3 or not isinstance(value, bytes):
            continue
        layer = list(_fields(value))
        name = next((v for f, v in layer if f == 1), b"")
        extent = next((v for f, v in layer if f == 5 and isinstance(v, int)), 4096)
        if name not in (b"earth", b"boundary"):
            continue
        for feature in (v for f, v in layer if f == 2 and isinstance(v, bytes)):
            rows = [
                [_lon_lat(px / extent + x, py / extent + y, z) for px, py in ring]
                for ring in _geometry(feature)
            ]
            if name == b"earth":
                land.append(rows)
            else:
                borders += rows


def _lon_lat(x: float, y: float, z: int) -> tuple[float, float]:
    side = 1 << z
    return x / side * 360 - 180, degrees(atan(sinh(pi * (1 - 2 * y / side))))


def _geometry(feature: bytes) -> Iterator[Points]:
    packed = next((v for f, v in _fields(feature) if f == 4 and isinstance(v, bytes)), b"")
    words: list[int] = []
    at = 0
    while at < len(packed):
        word, at = _varint(packed, at)
        words.append(word)
    px = py = n = 0
    row: Points = []
    while n < len(words):
        command, count = words[n] & 7, words[n] >> 3
        n += 1
        if command == 7:
            continue
        for _ in range(count):
            px += (words[n] >> 1) ^ -(words[n] & 1)
            py += (words[n + 1] >> 1) ^ -(words[n + 1] & 1)
            n += 2
            if command == 1:
                if len(row) > 1:
                    yield row
                row = []
            row.append((px, py))
    if len(row) > 1:
        yield row


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Protobuf: (number, value) of each field."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        match key & 7:
            case 0:
                value, at = _varint(data, at)
                yield key >> 3, value
            case 2:
                size, at = _varint(data, at)
                yield key >> 3, data[at : at + size]
                at += size
            case 5:
                at += 4
            case 1:
                at += 8
            case kind:
                raise ValueError(f"wire type {kind}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("varint")
