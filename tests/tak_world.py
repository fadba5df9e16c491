"""A TAK client that knows nothing of us: pytak's own workers on a real connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from configparser import ConfigParser
from contextlib import asynccontextmanager
from typing import Any

import pytak

from vigia.wire.cot import CotEvent, parse


class PytakClient:
    """What came, as events; send() takes the XML of one."""

    def __init__(self) -> None:
        self.sending: asyncio.Queue[bytes] = asyncio.Queue()
        self.coming: asyncio.Queue[Any] = asyncio.Queue()
        self.seen: list[CotEvent] = []

    async def send(self, data: bytes) -> None:
        await self.sending.put(data)

    async def wait(self, fits: Callable[[CotEvent], bool], within_s: float = 30.0) -> CotEvent:
        """The first event that fits, of those that came already or come yet."""
        for event in self.seen:
            if fits(event):
                return event
        try:
            async with asyncio.timeout(within_s):
                while True:
                    data = await self.coming.get()
                    begin = data.find(b"<event")
                    event = parse(bytes(data[begin:]))
                    if isinstance(event, CotEvent):
                        self.seen.append(event)
                        if fits(event):
                            return event
        except TimeoutError:
            kinds = [(e.type, e.uid) for e in self.seen[-20:]]
            raise AssertionError(f"no event that fits within {within_s} s; got {kinds}") from None


@asynccontextmanager
async def pytak_client(url: str, **more: str) -> AsyncGenerator[PytakClient]:
    config = ConfigParser()
    config["t"] = {"COT_URL": url, "TAK_PROTO": "0", **more}
    reader, writer = await pytak.protocol_factory(config["t"])
    client = PytakClient()
    workers = [
        pytak.TXWorker(client.sending, config["t"], writer),
        pytak.RXWorker(client.coming, config["t"], reader),
    ]
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield client
    finally:
        for task in tasks:
            task.cancel()
        writer.transport.abort()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        with contextlib.suppress(Exception):
            await writer.wait_closed()
