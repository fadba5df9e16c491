"""Standard input -> chunks of bytes; the head of its capture <-> a file, for the next process.

Both wait on threads that nobody waits for: a stream that is silent must not delay the end of the
watch, and a disk that hangs must not delay the stream.
"""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from vigia.run.say import say

CHUNK = 65_536
CHUNKS_MAX = 4  # read ahead of the watch; then the writer waits


class Chunks:
    """Reads a descriptor of any kind; asyncio's own pipes refuse files, its executor is joined."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[bytes | OSError] = asyncio.Queue()
        self._room = threading.Semaphore(CHUNKS_MAX)
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    async def next(self) -> bytes:
        """b"" at the end. Raises OSError."""
        got = await self._queue.get()
        self._room.release()
        if isinstance(got, OSError):
            raise got
        return got

    def _read(self) -> None:
        got: bytes | OSError = b" "
        while got and not isinstance(got, OSError):
            self._room.acquire()
            try:
                got = os.read(self._fd, CHUNK)
            except OSError as e:
                got = e
            try:
                self._loop.call_soon_threadsafe(self._queue.put_nowait, got)
            except RuntimeError:  # the loop is closed: the watch is ending
                return


class HeadFile:
    """`stdin-<sensor>.head` in the data folder; written whole or not at all."""

    def __init__(self, folder: Path, sensor_id: str) -> None:
        self._path = folder / f"stdin-{quote(sensor_id, safe='')}.head"
        self._head = b""
        self._lock = threading.Lock()

    def read(self) -> bytes:
        """b"" when there is none, or none that can be read."""
        with suppress(OSError):
            self._head = self._path.read_bytes()
        return self._head

    def keep(self, head: bytes) -> None:
        if head == self._head:
            return
        self._head = head
        threading.Thread(target=self._write, name="stdin-head", daemon=True).start()

    def _write(self) -> None:
        part = self._path.with_suffix(".head.part")
        try:
            with self._lock:  # whichever thread comes last writes the newest
                part.write_bytes(self._head)
                os.replace(part, self._path)
        except OSError as e:
            say(f"{self._path} cannot be written ({e.strerror}): after a restart of the watch the "
                "stream could not be taken up again")  # fmt: skip


def forget_heads(folder: Path) -> None:
    """At a fresh start: the streams of the last run are over. Raises OSError."""
    for path in folder.glob("stdin-*.head"):
        path.unlink(missing_ok=True)
