"""Packed bytes -> records in bounded append-only files -> the same bytes.

    scans/000001.seg = "VIGIASEG1\\n", then records: u32 length, u32 CRC-32, payload

Little-endian; the CRC is of length and payload and tells a torn tail after a crash. The SHA-256
that proves a payload is in the database, beside segment, offset and length.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"VIGIASEG1\n"
SEGMENT_BYTES_MAX = 64 * 1024 * 1024
BUDGET_BYTES = 16 * 1024 * 1024 * 1024  # of the whole folder, when nobody sets another
RECORD_BYTES_MAX = 16 * 1024 * 1024
_HEAD = struct.Struct("<II")


class Ref(NamedTuple):
    """Where a payload lies. offset: of the record's head."""

    segment: int
    offset: int
    length: int


class Segments:
    """The one writer. append() buffers, sync() makes it durable, rollback() forgets the rest."""

    def __init__(
        self,
        folder: Path,
        *,
        budget_bytes: int = BUDGET_BYTES,
        segment_bytes_max: int = SEGMENT_BYTES_MAX,
    ) -> None:
        """Opens or makes the folder and cuts a torn tail (cut_bytes says how much)."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._budget_bytes = budget_bytes
        self._segment_bytes_max = segment_bytes_max
        self._sizes = {n: _path(folder, n).stat().st_size for n in numbers(folder)}
        self._number = max(self._sizes, default=0)
        self._end = 0  # where the next record goes, buffered ones counted
        self._fd = -1
        self._buffer: list[bytes] = []
        self.cut_bytes = 0
        self.dropped_segments = 0
        self.dropped_bytes = 0
        if self._number:
            self._adopt_last()

    def append(self, payload: bytes) -> Ref:
        """Raises OSError when a full segment cannot be finished or a new one not begun."""
        size = len(payload)
        if size > RECORD_BYTES_MAX:
            raise ValueError(f"segment record: got {size} bytes, expected <= {RECORD_BYTES_MAX}")
        if self._fd < 0 or self._end + _HEAD.size + size > self._segment_bytes_max:
            self._rotate()
        ref = Ref(self._number, self._end, size)
        self._buffer.append(_HEAD.pack(size, _crc(payload)))
        self._buffer.append(payload)
        self._end += _HEAD.size + size
        return ref

    def sync(self) -> None:
        """Everything appended is on disk when this returns. Raises OSError."""
        if self._buffer:
            self._write(b"".join(self._buffer))
            self._buffer.clear()
            os.fdatasync(self._fd)
            self._sizes[self._number] = self._end

    def rollback(self) -> None:
        """After a failure: what was not synced is written again, to a fresh segment.

        After a failed fsync the kernel may call lost pages clean, so the old file is left.
        """
        self._buffer.clear()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._sizes.get(self._number) == 0:  # begun and never synced: use its number again
            _path(self._folder, self._number).unlink(missing_ok=True)
            del self._sizes[self._number]
            self._number -= 1

    def retain(self) -> int:
        """Drops the oldest segments beyond the budget, never the newest; how many it dropped."""
        dropped = 0
        while len(self._sizes) > 1 and sum(self._sizes.values()) > self._budget_bytes:
            oldest = min(self._sizes)
            _path(self._folder, oldest).unlink(missing_ok=True)
            self.dropped_bytes += self._sizes.pop(oldest)
            dropped += 1
        self.dropped_segments += dropped
        return dropped

    def close(self) -> None:
        self.rollback()

    def _rotate(self) -> None:
        if self._fd >= 0:
            self.sync()
            os.close(self._fd)
            self._fd = -1
        number = self._number + 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        self._fd = os.open(_path(self._folder, number), flags, 0o600)
        self._number, self._end = number, 0
        self._sizes[number] = 0
        self._write(MAGIC)
        self._end = len(MAGIC)
        _sync_folder(self._folder)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def _adopt_last(self) -> None:
        path = _path(self._folder, self._number)
        good = sound_length(path.read_bytes())
        if good < len(MAGIC):
            self._sizes[self._number] = 0
            return  # torn at birth: the next append begins a new one
        self.cut_bytes = path.stat().st_size - good
        self._fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        if self.cut_bytes:
            os.ftruncate(self._fd, good)
            os.fsync(self._fd)
        os.lseek(self._fd, good, os.SEEK_SET)
        self._end = self._sizes[self._number] = good


class SegmentFiles:
    """The reader; any number of them, in any process, while the writer writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fds: dict[int, int] = {}

    def read(self, ref: Ref) -> bytes | None:
        """None: that segment is gone (dropped by retention). Raises ValueError when it is damaged.

        Whether these are the right bytes the caller proves with the SHA-256.
        """
        fd = self._fd(ref.segment)
        if fd is None:
            return None
        if not 0 <= ref.length <= RECORD_BYTES_MAX:
            raise ValueError(f"segment record: got length {ref.length}; the reference is damaged")
        data = os.pread(fd, _HEAD.size + ref.length, ref.offset)
        payload = data[_HEAD.size :]
        if len(payload) != ref.length or _HEAD.unpack_from(data) != (
            ref.length,
            _crc(payload),
        ):
            raise ValueError(
                f"segment {ref.segment:06d}.seg at byte {ref.offset}: "
                f"the record of {ref.length} bytes is cut or damaged"
            )
        return payload

    def close(self) -> None:
        for fd in self._fds.values():
            os.close(fd)
        self._fds.clear()

    def _fd(self, number: int) -> int | None:
        fd = self._fds.get(number)
        if fd is None:
            try:
                fd = os.open(_path(self._folder, number), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            while len(self._fds) >= OPEN_MAX:
                os.close(self._fds.pop(next(iter(self._fds))))
            self._fds[number] = fd
        return fd


OPEN_MAX = 16  # segments a reader holds open


def numbers(folder: Path) -> list[int]:
    """Of the segments that exist, oldest first."""
    return sorted(int(p.stem) for p in folder.glob("*.seg") if p.stem.isdecimal())


def sound_length(data: bytes) -> int:
    """How many leading bytes of a segment are whole records; 0 when it has no head."""
    if not data.startswith(MAGIC):
        return 0
    end = len(MAGIC)
    view = memoryview(data)
    while end + _HEAD.size <= len(data):
        size, crc = _HEAD.unpack_from(data, end)
        start = end + _HEAD.size
        if start + size > len(data) or _crc(view[start : start + size]) != crc:
            break
        end = start + size
    return end


def _crc(payload: bytes | memoryview) -> int:
    """Of the length too: zeros, which a file system may leave after a crash, are no record."""
    return zlib.crc32(payload, zlib.crc32(len(payload).to_bytes(4, "little")))


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.seg"


def _sync_folder(folder: Path) -> None:
    """A new file's name is durable only after its folder is."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
