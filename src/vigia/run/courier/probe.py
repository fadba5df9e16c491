"""Whether a channel would work now, found out without anybody hearing anything.

An empty text: it works. None: it cannot be asked without sending somebody something. Anything
else: why it would not. A relay's or a webhook's address is never fetched for this: that could
switch a siren on; that somebody answers there, and under TLS with the right name, is all we ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from vigia.run.channel_settings import ChannelEntry

EVERY_S = 300.0
FIRST_S = 5.0  # after the start
TIMEOUT_S = 10.0
PORTS = {"http": 80, "https": 443}


@runtime_checkable
class Probing(Protocol):
    """A Sender that can be asked. Bounded by TIMEOUT_S; what it raises is its answer."""

    async def probe(self) -> str | None: ...


async def probe_url(entry: ChannelEntry, url: str) -> str:
    """Somebody answers at this http(s) URL's host and port, and proves its name under TLS."""
    parts = urlsplit(url)
    tls = ssl.create_default_context(cafile=entry.ca or None) if parts.scheme == "https" else None
    port = parts.port or PORTS[parts.scheme]
    return await probe_port(parts.hostname or "", port, tls)


async def probe_port(host: str, port: int, tls: ssl.SSLContext | None = None) -> str:
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=tls)
    except OSError as e:
        return f"nobody answers at {host}:{port} ({type(e).__name__})"
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return ""


async def asked(sender: object) -> str | None:
    """The plug-in boundary: whatever a sender does, an answer comes."""
    if not isinstance(sender, Probing):
        return None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await sender.probe()
    except TimeoutError:
        return f"no answer within {TIMEOUT_S:g} s"
    except Exception as e:  # noqa: BLE001 - whatever a library raises stays in its channel
        return type(e).__name__
