"""A PMTiles v3 archive, mapped read-only -> one tile's bytes as they are stored.

Format: https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md. A file that breaks it is
refused at the start, or answers "no tile" where it breaks.
"""

from __future__ import annotations

import gzip
import mmap
import threading
import zlib
from pathlib import Path
from typing import NamedTuple

HEADER_BYTES = 127
DIRECTORY_MAX = 16 * 1024 * 1024  # bytes of one unpacked directory
DIRECTORIES_MAX = 64  # leaves kept unpacked
DEPTH_MAX = 4  # 3 in the specification
ZOOM_MAX = 24
_NONE, _GZIP = 1, 2


class TilesError(Exception):
    """The file is no PMTiles archive of a kind that is read here."""


class Head(NamedTuple):
    """What the first 127 bytes say. Parts are (offset, length) in the file."""

    root: tuple[int, int]
    about: tuple[int, int]  # JSON
    leaves: tuple[int, int]
    tiles: tuple[int, int]
    about_packed: bool
    tiles_packing: int
    kind: int  # 1 vector, 2 PNG, 3 JPEG, 4 WebP, 5 AVIF
    zoom_min: int
    zoom_max: int
    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float


def head_of(data: bytes, path: Path) -> Head:
    """Raises TilesError."""
    if len(data) < HEADER_BYTES or data[:7] != b"PMTiles" or data[7] != 3:
        raise TilesError(f"{path}: not a PMTiles v3 archive")
    if data[97] not in (_NONE, _GZIP):
        raise TilesError(f"{path}: directories packed with method {data[97]}; need gzip or none")
    root, about, leaves, tiles = ((_u64(data, at), _u64(data, at + 8)) for at in (8, 24, 40, 56))
    return Head(
        root=root,
        about=about,
        leaves=leaves,
        tiles=tiles,
        about_packed=data[97] == _GZIP,
        tiles_packing=data[98],
        kind=data[99],
        zoom_min=data[100],
        zoom_max=data[101],
        west_deg=_degrees(data, 102),
        south_deg=_degrees(data, 106),
        east_deg=_degrees(data, 110),
        north_deg=_degrees(data, 114),
    )


def _degrees(data: bytes, at: int) -> float:
    return int.from_bytes(data[at : at + 4], "little", signed=True) / 1e7


class _Entry(NamedTuple):
    tile_id: int
    offset: int
    length: int
    run: int


class Tiles:
    """get() costs some microseconds once its directory is unpacked."""

    def __init__(self, path: Path) -> None:
        """Raises OSError or TilesError."""
        with path.open("rb") as f:
            try:
                self._map = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as e:
                raise TilesError(f"{path}: empty") from e
        self.head = head_of(self._map[:HEADER_BYTES], path)
        self._root = self.head.root
        self._leaves_at, self._tiles_at = self.head.leaves[0], self.head.tiles[0]
        self._packed = self.head.about_packed
        self.gzipped = self.head.tiles_packing == _GZIP
        self.zoom_max = self.head.zoom_max
        self.size = len(self._map)
        self._kept: dict[tuple[int, int], list[_Entry]] = {}
        self._lock = threading.Lock()
        self._directory(*self._root)

    def get(self, z: int, x: int, y: int) -> bytes | None:
        """None: no such tile. From any thread."""
        if not (0 <= z <= ZOOM_MAX and 0 <= x < 1 << z and 0 <= y < 1 << z):
            return None
        with self._lock:
            return self._find_tile(_tile_id(z, x, y))

    def about(self) -> bytes:
        """The archive's JSON about itself. Raises TilesError."""
        offset, length = self.head.about
        data = self._map[offset : offset + length]
        return self._unpacked(data, offset) if self._packed else data[:DIRECTORY_MAX]

    def some(self, count: int) -> list[tuple[int, bytes]]:
        """At most so many tiles spread over the archive's first directory: a look at what is in it.
        Raises TilesError."""
        entries = self._directory(*self._root)
        while entries and entries[0].run == 0:
            entries = self._directory(self._leaves_at + entries[0].offset, entries[0].length)
        step = max(1, len(entries) // count)
        return [
            (e.tile_id, self._map[self._tiles_at + e.offset : self._tiles_at + e.offset + e.length])
            for e in entries[::step][:count]
            if e.run > 0
        ]

    def _unpacked(self, data: bytes, at: int) -> bytes:
        try:
            return zlib.decompressobj(wbits=31).decompress(data, DIRECTORY_MAX)
        except zlib.error as e:
            raise TilesError(f"directory at {at}: {e}") from e

    def _find_tile(self, tile_id: int) -> bytes | None:
        offset, length = self._root
        for _ in range(DEPTH_MAX):
            try:
                found = _find(self._directory(offset, length), tile_id)
            except TilesError:
                return None
            if found is None:
                return None
            if found.run > 0:
                start = self._tiles_at + found.offset
                return self._map[start : start + found.length] or None
            offset, length = self._leaves_at + found.offset, found.length
        return None

    def _directory(self, offset: int, length: int) -> list[_Entry]:
        known = self._kept.get((offset, length))
        if known is not None:
            return known
        data = self._map[offset : offset + length]
        if self._packed:
            data = self._unpacked(data, offset)
        entries = _entries(data)
        if len(self._kept) >= DIRECTORIES_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[(offset, length)] = entries
        return entries


def unpack(data: bytes) -> bytes:
    """For a client that does not take gzip."""
    return gzip.decompress(data)


def _u64(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _entries(data: bytes) -> list[_Entry]:
    """Spec section 4.2: count, then columns of varints: ids (deltas), runs, lengths, offsets."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            if at >= len(data) or shift > 63:
                raise TilesError("directory: cut off")
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    count = varint()
    if count > len(data):
        raise TilesError(f"directory: {count} entries in {len(data)} bytes")
    ids: list[int] = []
    last = 0
    for _ in range(count):
        last += varint()
        ids.append(last)
    runs = [varint() for _ in range(count)]
    lengths = [varint() for _ in range(count)]
    offsets: list[int] = []
    for n in range(count):
        value = varint()
        offsets.append(offsets[n - 1] + lengths[n - 1] if value == 0 and n > 0 else value - 1)
    return [_Entry(*e) for e in zip(ids, offsets, lengths, runs, strict=True)]


def _find(entries: list[_Entry], tile_id: int) -> _Entry | None:
    """The entry that holds the tile, or the leaf where it may be."""
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        if entries[middle].tile_id <= tile_id:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return None
    found = entries[low - 1]
    if found.run == 0 or tile_id < found.tile_id + found.run:
        return found
    return None


def _tile_id(z: int, x: int, y: int) -> int:
    """Position on the Hilbert curve of the zoom level, after all lower levels."""
    base = ((1 << (2 * z)) - 1) // 3
    d = 0
    side = 1 << z >> 1
    while side > 0:
        rx = 1 if x & side else 0
        ry = 1 if y & side else 0
        d += side * side * ((3 * rx) ^ ry)
        if ry == 0:
            if rx:
                x, y = side - 1 - (x & (side - 1)), side - 1 - (y & (side - 1))
            x, y = y, x
        side >>= 1
    return base + d
