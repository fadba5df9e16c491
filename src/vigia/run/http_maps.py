"""Maps that the operator added -> consoles. For who is signed in: they tell where we are."""

from __future__ import annotations

import asyncio

from vigia.run.asgi import Answer, HttpError, Request, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private
from vigia.run.map_files import shelf_of
from vigia.run.tiles import unpack

_KINDS = {
    "mvt": b"application/vnd.mapbox-vector-tile",
    "png": b"image/png",
    "jpg": b"image/jpeg",
    "webp": b"image/webp",
}
_SUFFIX = {1: "mvt", 2: "png", 3: "jpg", 4: "webp"}
_CACHE = (b"cache-control", b"private, max-age=604800, immutable")  # the address has a version


async def maps(gateway: Gateway, _request: Request, _caller: Caller) -> Answer:
    found = await asyncio.to_thread(shelf_of(gateway.folder).listed)
    return json({"maps": found}, 200, (b"cache-control", b"no-store"))


async def map_tile(gateway: Gateway, request: Request, _caller: Caller) -> Answer:
    return await asyncio.to_thread(_read, gateway, request)


def _read(gateway: Gateway, request: Request) -> Answer:
    """Waits for the disk. Raises HttpError."""
    name = request.params["name"]
    tiles = shelf_of(gateway.folder).tiles(name)
    if tiles is None:
        raise HttpError(404, "map", got=name, expected="one of GET /api/v1/maps")
    try:
        z, x, y = (int(request.params[part]) for part in "zxy")
    except ValueError:
        raise HttpError(404, "tile", got=request.path, expected="whole numbers") from None
    kind = _KINDS[_SUFFIX.get(tiles.head.kind, "mvt")]
    data = tiles.get(z, x, y)
    if data is None:
        return Answer(204, b"", kind, (_CACHE,))
    if not tiles.gzipped:
        return Answer(200, data, kind, (_CACHE,))
    vary = (b"vary", b"accept-encoding")
    if b"gzip" not in request.headers.get(b"accept-encoding", b""):
        return Answer(200, unpack(data), kind, (_CACHE, vary))
    return Answer(200, data, kind, (_CACHE, vary, (b"content-encoding", b"gzip")))


MAPS: dict[str, Private] = {"maps": maps, "map_tile": map_tile}
