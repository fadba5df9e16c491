"""Small PMTiles archives made here: roads as vector tiles, a picture, and hills as heights."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

SITE = (31.792, -106.742)
BOX = (-107.0, 31.6, -106.5, 32.0)  # west, south, east, north
EXTENT = 4096


def xy(lon_deg: float, lat_deg: float, zoom: int) -> tuple[float, float]:
    """In tiles of a zoom, counted from the north-west."""
    n = 1 << zoom
    y = (1 - math.asinh(math.tan(math.radians(lat_deg))) / math.pi) / 2
    return (lon_deg + 180) / 360 * n, y * n


def archive(
    path: Path,
    make: Callable[[int, int, int], bytes],
    kind: TileType,
    zooms: range,
    about: dict[str, object],
    packed: bool = False,
) -> Path:
    """Every tile of BOX at those zooms."""
    with path.open("wb") as f:
        writer = Writer(f)
        tiles: dict[int, bytes] = {}
        for z in zooms:
            west, north = xy(BOX[0], BOX[3], z)
            east, south = xy(BOX[2], BOX[1], z)
            for x in range(int(west), int(east) + 1):
                for y in range(int(north), int(south) + 1):
                    tiles[zxy_to_tileid(z, x, y)] = make(z, x, y)
        for tile_id in sorted(tiles):
            data = tiles[tile_id]
            writer.write_tile(tile_id, gzip.compress(data) if packed else data)
        e7 = [round(v * 1e7) for v in BOX]
        header = {
            "tile_type": kind,
            "tile_compression": Compression.GZIP if packed else Compression.NONE,
            "min_zoom": zooms[0],
            "max_zoom": zooms[-1],
            "min_lon_e7": e7[0],
            "min_lat_e7": e7[1],
            "max_lon_e7": e7[2],
            "max_lat_e7": e7[3],
            "center_zoom": zooms[0],
            "center_lon_e7": (e7[0] + e7[2]) // 2,
            "center_lat_e7": (e7[1] + e7[3]) // 2,
        }
        writer.finalize(header, about)
    return path


# ---- heights and pictures ----------------------------------------------------------------------


def png(rgb: Callable[[int, int], tuple[int, int, int]], size: int = 256) -> bytes:
    rows = b"".join(b"\0" + b"".join(bytes(rgb(x, y)) for x in range(size)) for y in range(size))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def hill_m(x: float, y: float) -> float:
    """Invented ranges; x, y in tiles of zoom 8."""
    u, v = x * 40, y * 40
    return (
        1200
        + 320 * math.sin(u / 3) * math.cos(v / 2.3)
        + 140 * math.sin(u * 1.3 + v)
        + 60 * math.cos(u * 2.9 - v * 2)
    )


def heights(z: int, x: int, y: int) -> bytes:
    """Terrarium: (red * 256 + green + blue / 256) - 32768 metres."""
    scale = 2.0 ** (8 - z)

    def rgb(px: int, py: int) -> tuple[int, int, int]:
        value = hill_m((x + px / 256) * scale, (y + py / 256) * scale) + 32_768
        return int(value) >> 8, int(value) & 255, int(value * 256) & 255

    return png(rgb)


def terrain_file(path: Path, zooms: range = range(9, 12)) -> Path:
    return archive(path, heights, TileType.PNG, zooms, {"name": "Hills", "attribution": "invented"})


# ---- roads -------------------------------------------------------------------------------------


def _varint(n: int) -> bytes:
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes([*out, n])


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _line(points: list[tuple[int, int]]) -> bytes:
    """Move to the first, draw to the others; steps in zigzag."""
    out, at = b"", (0, 0)
    for n, point in enumerate(points):
        if n < 2:
            out += _varint((1 if n == 0 else 2) | (1 if n == 0 else len(points) - 1) << 3)
        for a, b in zip(point, at, strict=True):
            step = a - b
            out += _varint(step * 2 if step >= 0 else -step * 2 - 1)
        at = point
    return out


def roads(z: int, x: int, y: int) -> bytes:
    """A main road and a grid of lanes, the same on the ground at every zoom."""
    lines: list[tuple[str, list[tuple[float, float]]]] = [
        ("highway", [(BOX[0] + i / 60 * 0.5, 31.77 + 0.03 * math.sin(i / 7)) for i in range(61)])
    ]
    for i in range(40):
        lon, lat = BOX[0] + i * 0.0125, BOX[1] + i * 0.01
        lines.append(("minor_road", [(lon, BOX[1] + 0.4 * k / 20) for k in range(21)]))
        lines.append(("minor_road", [(BOX[0] + 0.5 * k / 20, lat) for k in range(21)]))
    features = b""
    for kind, points in lines:
        inside = [
            (round((tx - x) * EXTENT), round((ty - y) * EXTENT))
            for tx, ty in (xy(lon, lat, z) for lon, lat in points)
        ]
        near = [p for p in inside if all(-2 * EXTENT <= v <= 3 * EXTENT for v in p)]
        if len(near) > 1:
            value = b"\0" if kind == "highway" else b"\1"
            features += _field(2, _field(2, b"\0" + value) + b"\x18\x02" + _field(4, _line(near)))
    values = b"".join(_field(4, _field(1, k.encode())) for k in ("highway", "minor_road"))
    layer = _field(1, b"roads") + features + _field(3, b"kind") + values
    return _field(3, layer + b"\x28" + _varint(EXTENT) + b"\x78\x02")


def roads_file(path: Path, zooms: range = range(8, 13)) -> Path:
    about = {
        "name": "Roads of the site",
        "attribution": '<a href="https://example.org">invented roads</a>',
        "vector_layers": [{"id": "roads", "fields": {"kind": "String"}}],
    }
    return archive(path, roads, TileType.MVT, zooms, about, packed=True)
