"""The gateway's side of the reading process: started when somebody looks back, ended when idle."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import msgspec

from vigia.run.asgi import HttpError
from vigia.run.past.ask import Ask, Said
from vigia.run.past.main import HEAD

ANSWER_S = 20.0  # longer: it hangs, and is ended
IDLE_S = 180.0
WAITING_MAX = 8  # asks of all consoles
SAID_BYTES_MAX = 64 * 1024 * 1024

_said = msgspec.msgpack.Decoder(Said)


class PastWorker:
    """One process for all consoles, one ask at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._idle: asyncio.TimerHandle | None = None
        self.told_until_s: dict[str, float] = {}  # by person: his looks are on record until then

    async def ask(self, ask: Ask) -> Said:
        """Raises HttpError."""
        if self._waiting >= WAITING_MAX:
            raise HttpError(
                429, "replay", got=f"{self._waiting} waiting", fix="try again in some seconds"
            )
        self._waiting += 1
        try:
            async with self._lock:
                async with asyncio.timeout(ANSWER_S):
                    return await self._exchange(msgspec.msgpack.encode(ask))
        except (TimeoutError, OSError, asyncio.IncompleteReadError, msgspec.DecodeError) as e:
            self.stop()
            what = "replay: the reading process did not answer"
            raise HttpError(503, what, got=type(e).__name__, fix="try a shorter span") from e
        except asyncio.CancelledError:
            self.stop()  # its answer would be taken for the next one's
            raise
        finally:
            self._waiting -= 1

    async def _exchange(self, payload: bytes) -> Said:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "vigia.run.past.main", "--data", str(self._folder),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(HEAD.pack(len(payload)) + payload)
        await process.stdin.drain()
        (size,) = HEAD.unpack(await process.stdout.readexactly(HEAD.size))
        if size > SAID_BYTES_MAX:
            raise OSError(f"an answer of {size} bytes")
        said = _said.decode(await process.stdout.readexactly(size))
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self.stop)
        return said

    def stop(self) -> None:
        """At once; the next ask starts another."""
        process, self._process = self._process, None
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
