"""Pages, their files, the map's tiles and the site CA's certificate -> answers for anybody.

Disks are read on threads: one that hangs must not hold up an alert on the event loop.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from vigia.run.asgi import Answer, HttpError, Request
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Public
from vigia.run.tiles import Tiles, TilesError, unpack
from vigia.run.web_files import WEB, Files

LAYERS_MAX = 16
_TILE = b"application/vnd.mapbox-vector-tile"
_TILE_CACHE = (b"cache-control", b"public, max-age=604800, immutable")


class PageFiles:
    """Opens archives when the first tile of a layer is asked for."""

    def __init__(
        self, *, ca: Path | None = None, files: Files | None = None, maps: Path | None = None
    ) -> None:
        """ca: the site CA's certificate, where there is one."""
        self._ca = ca
        self._files = files or Files()
        self._maps = maps or WEB / "basemap"
        self._layers: dict[str, Tiles] = {}
        self.handlers: dict[str, Public] = {
            "phone_page": self._fixed("phone/index.html"),
            "console_page": self._fixed("console/index.html"),
            "enrol_page": self._fixed("enrol/index.html"),
            "sign_in_page": self._fixed("sign-in/index.html"),
            "account_page": self._fixed("account/index.html"),
            "service_worker": self._fixed("sw.js"),
            "manifest": self._fixed("manifest.webmanifest"),
            "favicon": self._fixed("icons/vigia.svg"),
            "static_file": self._static,
            "tile": self._tile,
            "ca_certificate": self._ca_certificate,
        }

    def _fixed(self, name: str) -> Public:
        async def page(_gateway: Gateway, request: Request) -> Answer:
            return await asyncio.to_thread(self._files.answer, name, request.headers)

        return page

    async def _static(self, _gateway: Gateway, request: Request) -> Answer:
        return await asyncio.to_thread(self._files.answer, request.params["path"], request.headers)

    async def _tile(self, _gateway: Gateway, request: Request) -> Answer:
        return await asyncio.to_thread(self.read_tile, request)

    def read_tile(self, request: Request) -> Answer:
        """Waits for the disk. Raises HttpError."""
        tiles = self._layer(request.params["layer"])
        try:
            z, x, y = (int(request.params[name].removesuffix(".mvt")) for name in "zxy")
        except ValueError:
            raise HttpError(404, "tile", got=request.path, expected="whole numbers") from None
        data = tiles.get(z, x, y)
        if data is None:
            return Answer(204, b"", _TILE, (_TILE_CACHE,))
        if not tiles.gzipped:
            return Answer(200, data, _TILE, (_TILE_CACHE,))
        vary = (b"vary", b"accept-encoding")
        if b"gzip" not in request.headers.get(b"accept-encoding", b""):
            return Answer(200, unpack(data), _TILE, (_TILE_CACHE, vary))
        return Answer(200, data, _TILE, (_TILE_CACHE, vary, (b"content-encoding", b"gzip")))

    def _layer(self, name: str) -> Tiles:
        known = self._layers.get(name)
        if known is not None:
            return known
        if not name.replace("-", "").isalnum() or len(self._layers) >= LAYERS_MAX:
            raise HttpError(404, "layer", got=name, expected="letters and digits")
        try:
            tiles = Tiles(self._maps / f"{name}.pmtiles")
        except (OSError, TilesError) as e:
            raise HttpError(404, "layer", got=name, expected="an archive of the basemap") from e
        self._layers[name] = tiles
        return tiles

    async def _ca_certificate(self, _gateway: Gateway, _request: Request) -> Answer:
        if self._ca is None or not self._ca.is_file():
            raise HttpError(404, "ca.crt", expected="a site with a CA of its own")
        return Answer(
            200,
            await asyncio.to_thread(self._ca.read_bytes),
            b"application/x-x509-ca-cert",
            ((b"content-disposition", b'attachment; filename="vigia-site-ca.crt"'),),
        )
