"""A TAK address -> a wire that takes one event at a time; TCP and TLS streams, UDP, multicast.

A stream speaks XML, which every TAK server takes: an alert does not wait for a negotiation.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from vigia.run.settings import SettingsError
from vigia.run.transports.tcp import client_context
from vigia.run.transports.url import Source, parse_source
from vigia.wire.cot_stream import CotStream, LostCount, Piece

DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
READ = 65_536
Heard = Callable[[Piece], None]
MULTICAST_HOPS = 1  # stay on this network, as ATAK's own mesh does


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """tls: its certificates, as a sensor's source names them; None: plain."""

    scheme: str  # tcp, tls or udp
    host: str
    port: int
    tls: Source | None = None


class Wire(Protocol):
    @property
    def lost(self) -> bool:
        """The other side is gone; `wake` was set when that happened."""
        ...

    @property
    def repeats(self) -> bool:
        """Nobody knows what arrives here: open alerts are to be sent again."""
        ...

    async def send(self, event: bytes) -> None:
        """Returns when the operating system has it. Raises OSError."""
        ...

    def close(self) -> None: ...


def parse_url(url: str) -> Endpoint:
    """Raises SettingsError, saying what is needed."""
    wanted = f"tak.urls: got {url!r}, need tcp://host:port, tls://host:port or udp://host:port"
    if url.startswith("tls://"):
        return _parse_tls(url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")  # what asyncio would stumble over later
    except ValueError as error:
        raise SettingsError(f"{wanted} ({error})") from error
    if parts.scheme not in ("tcp", "udp") or not host or not port or parts.path not in ("", "/"):
        raise SettingsError(f"{wanted}, such as tcp://192.0.2.10:8087")
    return Endpoint(scheme=parts.scheme, host=host, port=port)


def _parse_tls(url: str) -> Endpoint:
    """tls://host:port?ca=FILE&cert=FILE&key=FILE&name=NAME"""
    try:
        source = parse_source(url)
    except SettingsError as error:
        raise SettingsError(f"tak.urls: {error}") from error
    for key in ("ca", "cert", "key"):
        path = source.options.get(key)
        if path is not None and not Path(path).is_file():
            raise SettingsError(f"tak.urls: {key}: got {path!r}; need a PEM file that is there")
    return Endpoint(scheme="tls", host=source.host, port=source.port, tls=source)


def _deaf(_piece: Piece) -> None:
    """Who sends only does not listen."""


async def connect(endpoint: Endpoint, wake: asyncio.Event, heard: Heard = _deaf) -> Wire:
    """Raises OSError. wake: set when the wire is lost. heard: what a stream's other side says."""
    if endpoint.scheme == "tcp":
        reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
        return _Tcp(reader, writer, wake, heard)
    if endpoint.tls is not None:
        context = await asyncio.to_thread(client_context, endpoint.tls)
        name = endpoint.tls.options.get("name") or endpoint.host
        reader, writer = await asyncio.open_connection(
            endpoint.host, endpoint.port, ssl=context, server_hostname=name
        )
        return _Tcp(reader, writer, wake, heard)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(endpoint.host, endpoint.port)
    )
    sock = transport.get_extra_info("socket")
    address = ipaddress.ip_address(transport.get_extra_info("peername")[0].partition("%")[0])
    if address.is_multicast and address.version == 4:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, MULTICAST_HOPS)
    elif address.is_multicast:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, MULTICAST_HOPS)
    return _Udp(transport)


class _Tcp:
    """Events one after another, each on its line, as TAK servers take them."""

    repeats = False

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        wake: asyncio.Event,
        heard: Heard,
    ) -> None:
        self.lost = False
        self._writer = writer
        self._wake = wake
        self._heard = heard
        # drain() then means "the operating system has it", not "it waits in our memory".
        writer.transport.set_write_buffer_limits(high=0)
        if (sock := writer.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listening = asyncio.create_task(self._listen(reader))

    async def send(self, event: bytes) -> None:
        self._writer.write(event + b"\n")
        await self._writer.drain()

    def close(self) -> None:
        self._listening.cancel()
        self._writer.transport.abort()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Read all of it, whatever it is: a server that is not read from stops reading."""
        stream = CotStream()
        try:
            while data := await reader.read(READ):
                for piece in stream.feed(data):
                    self._heard(piece)
        except (OSError, LostCount):
            pass
        self.lost = True
        self._wake.set()


class _Udp:
    """One event a datagram, with the declaration ATAK's mesh writes."""

    lost = False
    repeats = True

    def __init__(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    async def send(self, event: bytes) -> None:
        self._transport.sendto(DECLARATION + event)

    def close(self) -> None:
        self._transport.abort()
