"""Maps that the operator adds: a PMTiles file -> checked, kept in the data folder, told."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from functools import cache
from pathlib import Path

import msgspec

from vigia.run.settings import SettingsError
from vigia.run.tiles import Tiles, TilesError

FOLDER = "maps"
MAPS_MAX = 16
ABOUT_MAX = 2_000_000  # bytes of an archive's JSON about itself
LAYERS_MAX = 64
TEXT_MAX = 300  # of an attribution
SAMPLES = 16
_KINDS = {1: "vector", 2: "image", 3: "image", 4: "image"}
_SUFFIX = {1: "mvt", 2: "png", 3: "jpg", 4: "webp"}
_BEGINS = {2: b"\x89PNG", 3: b"\xff\xd8\xff", 4: b"RIFF"}
ENCODINGS = ("terrarium", "mapbox")  # how colours of an image mean heights
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class MapFile(msgspec.Struct, frozen=True, kw_only=True):
    """kind: vector, image, or terrain: heights, of which the console makes relief."""

    name: str
    title: str
    kind: str
    suffix: str
    zoom_min: int
    zoom_max: int
    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float
    attribution: str
    layers: tuple[str, ...] = ()
    encoding: str | None = None
    version: str = ""  # changes with the file: what a browser kept of another is not shown


class _Layer(msgspec.Struct):
    id: str = ""


class _About(msgspec.Struct):
    name: str = ""
    attribution: str = ""
    vector_layers: tuple[_Layer, ...] = ()


def inspect(path: Path, *, terrain: str | None = None) -> MapFile:
    """What a file holds, or SettingsError with what is wrong with it."""
    if terrain is not None and terrain not in ENCODINGS:
        raise SettingsError(f"--terrain: got {terrain!r}; need one of {', '.join(ENCODINGS)}")
    try:
        tiles = Tiles(path)
        about = _about(tiles, path)
        samples = tiles.some(SAMPLES)
    except (OSError, TilesError) as e:
        text = str(e) if str(path) in str(e) else f"{path}: {e}"
        raise SettingsError(f"map: {text}; make it again, or copy it again from its source") from e
    _check(tiles, path, samples, terrain)
    head = tiles.head
    kind = "terrain" if terrain is not None else _KINDS[head.kind]
    names = tuple(layer.id for layer in about.vector_layers[:LAYERS_MAX] if layer.id)
    return MapFile(
        name="",
        title=(about.name or path.stem)[:TEXT_MAX],
        kind=kind,
        suffix=_SUFFIX[head.kind],
        zoom_min=head.zoom_min,
        zoom_max=head.zoom_max,
        west_deg=head.west_deg,
        south_deg=head.south_deg,
        east_deg=head.east_deg,
        north_deg=head.north_deg,
        attribution=re.sub(r"<[^>]*>", "", about.attribution)[:TEXT_MAX],
        layers=names if kind == "vector" else (),
        encoding=terrain,
    )


def _about(tiles: Tiles, path: Path) -> _About:
    data = tiles.about()
    if len(data) > ABOUT_MAX:
        raise TilesError(f"{path}: {len(data)} bytes about itself; at most {ABOUT_MAX}")
    if not data.strip():
        return _About()
    try:
        return msgspec.json.decode(data, type=_About)
    except msgspec.DecodeError as e:
        raise TilesError(f"{path}: what it says about itself cannot be read ({e})") from e


def _check(tiles: Tiles, path: Path, samples: list[tuple[int, bytes]], terrain: str | None) -> None:
    """Raises SettingsError."""
    head = tiles.head

    def wrong(got: str, need: str) -> SettingsError:
        return SettingsError(f"map: {path}: got {got}; need {need}")

    for offset, length in (head.root, head.about, head.leaves, head.tiles):
        if offset + length > tiles.size:
            raise wrong(f"{tiles.size} bytes", f"{offset + length}: it was cut off, copy it again")
    if head.kind not in _KINDS:
        raise wrong(f"tiles of type {head.kind}", "vector tiles, PNG, JPEG or WebP")
    if terrain is not None and head.kind not in (2, 4):
        raise wrong("vector tiles or JPEG for --terrain", "heights in PNG or WebP")
    if head.kind == 1 and head.tiles_packing not in (1, 2):
        raise wrong(f"tiles packed with method {head.tiles_packing}", "gzip or none")
    box = (head.west_deg, head.south_deg, head.east_deg, head.north_deg)
    if not (-180 <= box[0] < box[2] <= 180 and -90 <= box[1] < box[3] <= 90):
        raise wrong(f"bounds {box}", "west < east and south < north, in degrees")
    if not 0 <= head.zoom_min <= head.zoom_max <= 24:
        raise wrong(f"zooms {head.zoom_min} to {head.zoom_max}", "0 to 24")
    if not samples:
        raise wrong("no tiles", "some")
    begins = _BEGINS.get(head.kind, b"\x1f\x8b" if tiles.gzipped else b"")
    for tile_id, data in samples:
        if not data or not data.startswith(begins):
            raise wrong(f"tile {tile_id} that is no {_SUFFIX[head.kind]}", "whole tiles")


# ---- kept in the data folder -------------------------------------------------------------------


def add(folder: Path, path: Path, told: MapFile, *, link: bool) -> MapFile:
    """Copies the file, or links to where it is, and writes what it is beside it."""
    maps = folder / FOLDER
    if not folder.is_dir():
        raise SettingsError(f"--data: got {folder}, which is no folder; start vigia on it once")
    maps.mkdir(mode=0o700, exist_ok=True)
    if not NAME.fullmatch(told.name):
        raise SettingsError(
            f"--name: got {told.name!r}; need small letters, digits and -, at most 32"
        )
    others = [m for m in listed(folder) if m.name != told.name]
    if len(others) >= MAPS_MAX:
        raise SettingsError(f"map: got {MAPS_MAX} already; remove one: vigia map remove NAME")
    seen = path.stat()
    whole = msgspec.structs.replace(told, version=f"{seen.st_mtime_ns:x}-{seen.st_size:x}")
    target = maps / f"{told.name}.pmtiles"
    fresh = target.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    try:
        if link:
            fresh.symlink_to(path.resolve())
        else:
            shutil.copyfile(path, fresh)
    except OSError as e:
        raise SettingsError(f"map: cannot keep {path} in {maps}: {e}") from e
    fresh.replace(target)
    beside = target.with_suffix(".json.new")
    beside.write_bytes(msgspec.json.encode(whole))
    beside.replace(target.with_suffix(".json"))
    return whole


def remove(folder: Path, name: str) -> None:
    if not NAME.fullmatch(name) or name not in {m.name for m in listed(folder)}:
        known = ", ".join(m.name for m in listed(folder)) or "none"
        raise SettingsError(f"map: got {name!r}; need one of {known}")
    for suffix in (".json", ".pmtiles"):
        with contextlib.suppress(FileNotFoundError):
            (folder / FOLDER / f"{name}{suffix}").unlink()


def listed(folder: Path) -> list[MapFile]:
    """By name; one whose file is gone or unreadable is left out."""
    found: list[MapFile] = []
    for path in sorted((folder / FOLDER).glob("*.json"))[:MAPS_MAX]:
        try:
            told = msgspec.json.decode(path.read_bytes(), type=MapFile)
        except (OSError, msgspec.DecodeError):
            continue
        if told.name == path.stem and path.with_suffix(".pmtiles").is_file():
            found.append(told)
    return found


# ---- for the gateway ---------------------------------------------------------------------------


class Shelf:
    """Archives that are open, by name and version. From any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, tuple[int, Tiles]] = {}

    def listed(self) -> list[MapFile]:
        return listed(self._folder)

    def tiles(self, name: str) -> Tiles | None:
        """None: there is no such map. Opened again when the file was replaced."""
        if not NAME.fullmatch(name):
            return None
        path = self._folder / FOLDER / f"{name}.pmtiles"
        try:
            t_ns = os.stat(path).st_mtime_ns
            kept = self._open.get(name)
            if kept is not None and kept[0] == t_ns:
                return kept[1]
            tiles = Tiles(path)
        except (OSError, TilesError):
            self._open.pop(name, None)
            return None
        if len(self._open) >= MAPS_MAX:
            self._open.clear()
        self._open[name] = (t_ns, tiles)
        return tiles


@cache
def shelf_of(folder: Path) -> Shelf:
    return Shelf(folder)
