"""GeoJSON of basemap_prepare.mjs -> src/vigia/web/basemap/base.pmtiles (vector tiles, gzip).

    npm ci --ignore-scripts && npm run basemap && python basemap.py      (in web-tools/)

World at zoom 0-5, the US-Mexico border belt at 6-10. Layers: earth, lake, river,
boundary (kind country, region, county), place (kind city, town, village, country; name, rank).
A sketch map: borders are some hundred metres off; above zoom 11 the console says so.
"""

from __future__ import annotations

import gzip
import json
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from shapely.geometry import Point, box, shape
from shapely.geometry.base import BaseGeometry
from shapely.strtree import STRtree

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "build" / "basemap"
TARGET = HERE.parent / "src" / "vigia" / "web" / "basemap" / "base.pmtiles"
BELT = (-118.6, 25.0, -96.2, 34.2)  # west, south, east, north [deg]
ZOOM_WORLD, ZOOM_BELT = 5, 10
EXTENT = 4096
BUFFER = 64 / EXTENT
SIZE_MAX = 3_000_000
LAKE_MIN = 3e-6  # of a tile
BORDER_SNAP_DEG = 0.09  # the Census outline this near the Natural Earth line is the border
COARSE_BORDER_MAX_Z = 6


@dataclass(frozen=True)
class Layer:
    name: str
    properties: dict[str, Any]
    z_min: int
    z_max: int
    shapes: list[BaseGeometry]
    tree: STRtree


@dataclass(frozen=True)
class Place:
    x: float
    y: float
    z_min: int
    properties: dict[str, Any]


def mercator(lon_lat: Any) -> Any:
    """(n, 2) degrees -> (n, 2) web mercator, 0..1, y down."""
    a = np.asarray(lon_lat, float)
    sin = np.sin(np.radians(np.clip(a[:, 1], -85.0511, 85.0511)))
    y = 0.5 - np.log((1 + sin) / (1 - sin)) / (4 * math.pi)
    return np.column_stack([(a[:, 0] + 180) / 360, y])


def parts_of(name: str) -> list[BaseGeometry]:
    content = json.loads((SOURCE / f"{name}.json").read_text())
    features = content["features"] if content["type"] == "FeatureCollection" else [content]
    shapes = [shape(f.get("geometry", f)) for f in features if f.get("geometry", f)]
    return [p for s in shapes if not s.is_empty for p in shapely.get_parts(s)]


def layer(name: str, z_min: int, z_max: int, parts: Iterable[BaseGeometry], **props: Any) -> Layer:
    shapes = [shapely.transform(p, mercator) for p in parts]
    return Layer(name, props, z_min, z_max, shapes, STRtree(shapes))


def border_lines() -> tuple[list[BaseGeometry], list[BaseGeometry], list[BaseGeometry]]:
    """Other countries' borders, the US-Mexico border coarse, and fine (Census outline)."""
    near_mexico = box(-117.5, 25.5, -97, 32.8)
    lines = parts_of("borders_10m")
    coarse = [g for g in lines if g.intersects(near_mexico) and g.length > 3]
    outline = shapely.union_all(parts_of("us_outline"))
    fine = outline.intersection(shapely.union_all(coarse).buffer(BORDER_SNAP_DEG))
    if not coarse or fine.is_empty:
        raise SystemExit(
            "border: got no US-Mexico line, expected one; see world-atlas and us-atlas"
        )
    merged = shapely.line_merge(fine)
    fine_parts = [g for g in shapely.get_parts(merged) if g.length > 0.3]
    return [g for g in lines if g not in coarse], coarse, fine_parts


def layers() -> list[Layer]:
    others, coarse, fine = border_lines()
    top = ZOOM_BELT
    return [
        layer("earth", 0, 3, parts_of("land_50m")),
        layer("earth", 4, top, parts_of("land_10m")),
        layer("lake", 0, top, parts_of("lakes_50m")),
        layer("river", 2, top, parts_of("rivers_50m")),
        layer("boundary", 7, top, parts_of("us_counties"), kind="county"),
        layer("boundary", 2, 3, parts_of("regions_50m"), kind="region"),
        layer("boundary", 4, top, parts_of("us_states"), kind="region"),
        layer("boundary", 0, 3, parts_of("borders_50m"), kind="country"),
        layer("boundary", 4, top, others, kind="country"),
        layer("boundary", 4, COARSE_BORDER_MAX_Z, coarse, kind="country"),
        layer("boundary", COARSE_BORDER_MAX_Z + 1, top, fine, kind="country"),
    ]


# smallest population shown from this zoom on
PLACE_ZOOM = ((5e6, 2), (1.5e6, 4), (4e5, 5), (1e5, 6), (2e4, 7), (5e3, 8), (0, 9))


def places() -> Iterator[Place]:
    for name, _, code, population, lon, lat in json.loads((SOURCE / "places.json").read_text()):
        z_min = next(z for least, z in PLACE_ZOOM if population >= least)
        if code == "PPLX":  # a part of a town
            z_min = max(z_min + 2, 9)
        if z_min > ZOOM_WORLD + 1 and not (BELT[0] <= lon <= BELT[2] and BELT[1] <= lat <= BELT[3]):
            continue
        kind = "city" if population > 1e5 else "town" if population > 8000 else "village"
        rank = -int(math.log10(max(population, 1)) * 10)
        x, y = mercator([[lon, lat]])[0]
        yield Place(x, y, z_min, {"name": name, "kind": kind, "rank": rank})
    yield from country_names()


def country_names() -> Iterator[Place]:
    content = json.loads((SOURCE / "countries_50m.json").read_text())
    for feature in content["features"]:
        if not feature["geometry"]:
            continue
        name = feature["properties"]["name"]
        biggest = max(shapely.get_parts(shape(feature["geometry"])), key=lambda p: p.area)
        spot = biggest.representative_point()
        if name == "United States of America":
            name, spot = "United States", Point(-98.5, 39.5)
        x, y = mercator([[spot.x, spot.y]])[0]
        z_min = 1 if biggest.area > 80 else 2 if biggest.area > 8 else 4
        yield Place(x, y, z_min, {"name": name, "kind": "country", "rank": -100})


def clipped(piece: BaseGeometry, name: str, n: int, bounds: tuple[float, ...]) -> Any:
    piece = shapely.clip_by_rect(piece, *bounds)
    if piece.is_empty:
        return None
    piece = shapely.simplify(piece, 6 / n / EXTENT, preserve_topology=name == "earth")
    if name in ("earth", "lake") and not piece.is_empty:
        areas = [
            p for p in shapely.get_parts(shapely.make_valid(piece)) if "Polygon" in p.geom_type
        ]
        piece = shapely.union_all(areas)
        if name == "lake" and piece.area * n * n < LAKE_MIN:
            return None
    return None if piece.is_empty else piece


def tile(z: int, x: int, y: int, lines: list[Layer], points: list[Place]) -> bytes | None:
    n = 2**z
    bounds = ((x - BUFFER) / n, (y - BUFFER) / n, (x + 1 + BUFFER) / n, (y + 1 + BUFFER) / n)

    def local(a: Any) -> Any:
        return np.column_stack([(a[:, 0] * n - x) * EXTENT, (1 - (a[:, 1] * n - y)) * EXTENT])

    found: dict[str, list[dict[str, Any]]] = {}
    for row in lines:
        if not row.z_min <= z <= row.z_max:
            continue
        for i in row.tree.query(box(*bounds)):
            piece = clipped(row.shapes[i], row.name, n, bounds)
            if piece is not None:
                content = {
                    "geometry": shapely.transform(piece, local),
                    "properties": row.properties,
                }
                found.setdefault(row.name, []).append(content)
    for p in points:
        if p.z_min <= z and bounds[0] <= p.x <= bounds[2] and bounds[1] <= p.y <= bounds[3]:
            spot = Point((p.x * n - x) * EXTENT, (1 - (p.y * n - y)) * EXTENT)
            found.setdefault("place", []).append({"geometry": spot, "properties": p.properties})
    if not found:
        return None
    rows = [{"name": name, "features": features} for name, features in found.items()]
    options = {"extents": EXTENT, "y_coord_down": False}
    return gzip.compress(mapbox_vector_tile.encode(rows, default_options=options), 9, mtime=0)


def addresses() -> Iterator[tuple[int, int, int]]:
    for z in range(ZOOM_WORLD + 1):
        yield from ((z, x, y) for x in range(2**z) for y in range(2**z))
    (west, north), (east, south) = mercator([[BELT[0], BELT[3]], [BELT[2], BELT[1]]])
    for z in range(ZOOM_WORLD + 1, ZOOM_BELT + 1):
        n = 2**z
        for x in range(int(west * n), int(east * n) + 1):
            yield from ((z, x, y) for y in range(int(north * n), int(south * n) + 1))


def write(tiles: dict[int, bytes]) -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with TARGET.open("wb") as file:
        writer = Writer(file)
        for tile_id in sorted(tiles):
            writer.write_tile(tile_id, tiles[tile_id])
        header = {
            "tile_type": TileType.MVT, "tile_compression": Compression.GZIP,
            "min_zoom": 0, "max_zoom": ZOOM_BELT, "center_zoom": 5,
            "min_lon_e7": -1800000000, "min_lat_e7": -850000000,
            "max_lon_e7": 1800000000, "max_lat_e7": 850000000,
            "center_lon_e7": -1065000000, "center_lat_e7": 317000000,
        }  # fmt: skip
        ids = ("earth", "lake", "river", "boundary", "place")
        credit = "Natural Earth · US Census Bureau · GeoNames (CC BY 4.0)"
        vector_layers = [{"id": name, "fields": {}} for name in ids]
        writer.finalize(header, {"attribution": credit, "vector_layers": vector_layers})


def main() -> int:
    lines, points = layers(), list(places())
    tiles: dict[int, bytes] = {}
    for z, x, y in addresses():
        data = tile(z, x, y, lines, points)
        if data:
            tiles[zxy_to_tileid(z, x, y)] = data
    write(tiles)
    size = TARGET.stat().st_size
    print(f"{len(tiles)} tiles, {size / 1e6:.2f} MB -> {TARGET}")
    if size > SIZE_MAX:
        print(f"base.pmtiles: got {size} bytes, expected at most {SIZE_MAX}; narrow BELT or zooms")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
