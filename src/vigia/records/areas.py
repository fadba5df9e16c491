"""Named polygons (GeoJSON) and a place that is known only so well -> inside, outside, or maybe.

A place vaguer than the polygon's edge is far away may lie inside and is never counted as inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from math import cos, hypot, radians

import msgspec

from vigia.records.common import NAME_MAX, bounded
from vigia.records.incident import Place

Ring = tuple[tuple[float, float], ...]  # (lon_deg, lat_deg), GeoJSON's order
Polygon = tuple[Ring, ...]  # the outer ring, then holes
AREAS_MAX = 500
POINTS_MAX = 200_000  # of all areas together
REGION_M = 50_000.0  # a point whose precision nobody said, and whose place has no name
NAMES = ("name", "NAME", "name_en", "NAME_1", "title", "id")
_DEG_M = 111_200.0


class Where(Enum):
    INSIDE = "inside"
    MAYBE = "maybe"  # it may be inside: the place is known too vaguely to tell
    OUTSIDE = "outside"


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A region by its polygons; none crosses the antimeridian."""

    name: str
    polygons: tuple[Polygon, ...]

    def __post_init__(self) -> None:
        bounded("area's name", self.name, NAME_MAX, need=True)


def where(place: Place, area: Area) -> Where:
    """A place without a point may be anywhere."""
    lat, lon = place.lat_deg, place.lon_deg
    if lat is None or lon is None:
        return Where.MAYBE
    radius_m = place.radius_m
    if radius_m is None:
        radius_m = 0.0 if place.name else REGION_M
    held = any(_holds(p, lon, lat) for p in area.polygons)
    if radius_m <= 0.0:
        return Where.INSIDE if held else Where.OUTSIDE
    edge_m = min((_edge_m(r, lon, lat) for p in area.polygons for r in p), default=0.0)
    if edge_m < radius_m:
        return Where.MAYBE
    return Where.INSIDE if held else Where.OUTSIDE


def inside(lon_deg: float, lat_deg: float, ring: Ring) -> bool:
    """Even-odd rule on plain degrees."""
    found = False
    for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], *ring[:1]), strict=True):
        if (y1 > lat_deg) != (y2 > lat_deg):
            found ^= lon_deg < (x2 - x1) * (lat_deg - y1) / (y2 - y1) + x1
    return found


def _holds(polygon: Polygon, lon: float, lat: float) -> bool:
    return inside(lon, lat, polygon[0]) and not any(inside(lon, lat, h) for h in polygon[1:])


def _edge_m(ring: Ring, lon: float, lat: float) -> float:
    """To the nearest edge, on a plane that touches the earth at the point."""
    east = cos(radians(lat)) * _DEG_M
    points = [((x - lon) * east, (y - lat) * _DEG_M) for x, y in ring]
    nearest = float("inf")
    for (x1, y1), (x2, y2) in zip(points, (*points[1:], *points[:1]), strict=True):
        dx, dy = x2 - x1, y2 - y1
        length = dx * dx + dy * dy
        t = 0.0 if length == 0.0 else max(0.0, min(1.0, -(x1 * dx + y1 * dy) / length))
        nearest = min(nearest, hypot(x1 + t * dx, y1 + t * dy))
    return nearest


class _Kind(msgspec.Struct):
    type: str = ""


class _Feature(msgspec.Struct):
    geometry: msgspec.Raw
    properties: dict[str, object] | None = None


class _Collection(msgspec.Struct):
    features: list[_Feature]


class _One(msgspec.Struct):
    coordinates: list[list[list[float]]]


class _Many(msgspec.Struct):
    coordinates: list[list[list[list[float]]]]


def read_areas(data: bytes) -> tuple[Area, ...]:
    """GeoJSON: a FeatureCollection, a Feature or a geometry of polygons. Raises ValueError."""
    try:
        found = tuple(_area(n, feature) for n, feature in enumerate(_features(data), 1))
    except msgspec.DecodeError as e:
        raise ValueError(f"areas: {e}; need GeoJSON of polygons") from e
    if not 0 < len(found) <= AREAS_MAX:
        raise ValueError(f"areas: got {len(found)}; need 1 to {AREAS_MAX} polygons with names")
    points = sum(len(r) for a in found for p in a.polygons for r in p)
    if points > POINTS_MAX:
        raise ValueError(f"areas: got {points} points; need at most {POINTS_MAX}: simplify them")
    names = [a.name for a in found]
    if len(set(names)) != len(names):
        raise ValueError("areas: got a name twice; need each once")
    return found


def _features(data: bytes) -> list[_Feature]:
    match msgspec.json.decode(data, type=_Kind).type:
        case "FeatureCollection":
            return msgspec.json.decode(data, type=_Collection).features
        case "Feature":
            return [msgspec.json.decode(data, type=_Feature)]
        case "Polygon" | "MultiPolygon":
            return [_Feature(geometry=msgspec.Raw(data))]
        case other:
            raise ValueError(f"areas: got type {other!r}; need a FeatureCollection of polygons")


def _area(n: int, feature: _Feature) -> Area:
    said = feature.properties or {}
    name = next((str(said[k]) for k in NAMES if said.get(k)), f"area {n}")
    match msgspec.json.decode(feature.geometry, type=_Kind).type:
        case "Polygon":
            shapes = [msgspec.json.decode(feature.geometry, type=_One).coordinates]
        case "MultiPolygon":
            shapes = msgspec.json.decode(feature.geometry, type=_Many).coordinates
        case other:
            raise ValueError(f"area {name}: got {other!r}; need Polygon or MultiPolygon")
    try:
        polygons = tuple(tuple(_ring(r) for r in shape) for shape in shapes)
    except (ValueError, IndexError) as e:
        raise ValueError(f"area {name}: its coordinates cannot be read ({e})") from e
    if not polygons or not all(p and len(p[0]) >= 3 for p in polygons):
        raise ValueError(f"area {name}: need rings of three points or more")
    return Area(name=name, polygons=polygons)


def _ring(points: Sequence[Sequence[float]]) -> Ring:
    ring = tuple((float(p[0]), float(p[1])) for p in points)
    if any(not (abs(x) <= 180.0 and abs(y) <= 90.0) for x, y in ring):
        raise ValueError("a point is not on the earth")
    return ring
