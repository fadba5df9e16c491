"""TCP streams, plain or TLS: one that we open, or many that are opened to us."""

from __future__ import annotations

import asyncio
import socket
import ssl

from vigia.run.transports.ears import CONNECT_S, READ, SEND_BUFFER_MAX, Ears
from vigia.run.transports.url import Source

PEERS_MAX = 1_000  # connections to one listener; a further one is closed at once
KEEPALIVE_S = 20  # an end that vanished is noticed within about four of it


class TcpClient:
    """tcp://host:port and tls://host:port?ca=FILE&cert=FILE&key=FILE&name=NAME."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def run(self, ears: Ears) -> None:
        source = self._source
        context, name = None, None
        if source.scheme == "tls":
            context = client_context(source)
            name = source.options.get("name", source.host)
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(
                    source.host, source.port, ssl=context, server_hostname=name
                )
        except TimeoutError as e:
            raise OSError(f"no connection within {CONNECT_S:.0f} s") from e
        await _hear(reader, writer, ears)


class TcpListener:
    """tcp-listen:// and tls-listen:// (clients prove themselves with a certificate)."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._peers = 0

    async def run(self, ears: Ears) -> None:
        source = self._source
        context = server_context(source) if source.scheme == "tls-listen" else None

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peer = _peer(writer)[0]
            tls = source.scheme == "tls-listen" and not source.networks()
            if not tls and not source.admits(peer):
                ears.fault(f"a connection from {peer} was refused; `from` does not name it")
                writer.transport.abort()
                return
            if self._peers >= PEERS_MAX:
                ears.fault(f"a connection from {peer} was refused; {PEERS_MAX} are open")
                writer.transport.abort()
                return
            self._peers += 1
            try:
                await _hear(reader, writer, ears)
            except OSError as e:
                ears.fault(f"connection from {peer}: {e}")
            finally:
                self._peers -= 1

        server = await asyncio.start_server(accept, source.host, source.port, ssl=context)
        async with server:
            await server.serve_forever()


async def _hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ears: Ears) -> None:
    _keep_alive(writer)
    name = _peer(writer)

    def send(data: bytes) -> None:
        transport = writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > SEND_BUFFER_MAX:
            ears.fault(f"{name[0]}:{name[1]} does not read what it is sent; cut off")
            transport.abort()
            return
        writer.write(data)

    talk = ears.opened(f"{name[0]}:{name[1]}", send)
    try:
        while data := await reader.read(READ):
            talk.stream(data)
            await asyncio.sleep(0)  # a peer that never pauses must not have the loop for itself
    finally:
        talk.over()
        writer.transport.abort() if writer.is_closing() else writer.close()


def _peer(writer: asyncio.StreamWriter) -> tuple[str, int]:
    """Its address; the unspecified one, which nothing admits, when it is gone already."""
    name = writer.get_extra_info("peername")
    return (str(name[0]), int(name[1])) if name else ("0.0.0.0", 0)


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is None:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for key in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, key):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, key), KEEPALIVE_S)
    if hasattr(socket, "TCP_KEEPCNT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


def client_context(source: Source) -> ssl.SSLContext:
    """Raises OSError for a file that cannot be used."""
    context = ssl.create_default_context(cafile=source.options.get("ca") or None)
    if "cert" in source.options:
        context.load_cert_chain(source.options["cert"], source.options.get("key") or None)
    return context


def server_context(source: Source) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=source.options["ca"])
    context.load_cert_chain(source.options["cert"], source.options["key"])
    context.verify_mode = ssl.CERT_REQUIRED
    return context
