"""Settings -> listening sockets: plain TCP on this machine, TLS with client certificates, mesh."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl
import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from vigia.run.settings import SettingsError
from vigia.run.tak_server.enrol import Enrolment, load_chain, server_context
from vigia.run.tak_server.item import Item
from vigia.run.tak_server.peer import Peer
from vigia.run.tak_server.who import Who
from vigia.wire import takp
from vigia.wire.advert import Refused
from vigia.wire.cot import parse
from vigia.wire.cot_stream import Proto, datagram

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from vigia.run.plan import RunPlan
    from vigia.run.tak_server.service import Service

BACKLOG = 512
BIND_TRIES = 30  # an orphan of an earlier start may still hold the port
BIND_RETRY_S = 0.1
HANDSHAKE_S = 10.0
RENEW_LOOK_S = 12 * 3600.0


class PortInUse(Exception):
    """Somebody else listens there."""


@asynccontextmanager
async def open_doors(
    folder: Path, plan: RunPlan, service: Service, enrolment: Enrolment
) -> AsyncGenerator[None]:
    """Open until the block ends. Raises PortInUse, SettingsError or OSError."""
    loop = asyncio.get_running_loop()
    servers: list[asyncio.Server] = []
    renewals: list[asyncio.Task[None]] = []
    mesh: asyncio.BaseTransport | None = None
    try:
        if plan.tak.listen:
            sock = await _bound(plan.tak.listen, "[tak] listen")

            def plain() -> Peer:
                return Peer(service.relay, service.clock.now_ns, _unproved)

            servers.append(await loop.create_server(plain, sock=sock, backlog=BACKLOG))
        if plan.tak.listen_tls:
            context = server_context(folder, plan)
            sock = await _bound(plan.tak.listen_tls, "[tak] listen_tls")

            def proved() -> Peer:
                return Peer(service.relay, service.clock.now_ns, enrolment.who)

            servers.append(
                await loop.create_server(
                    proved,
                    sock=sock,
                    ssl=context,
                    backlog=BACKLOG,
                    ssl_handshake_timeout=HANDSHAKE_S,
                )
            )
            renewals.append(loop.create_task(_renew(context, folder, plan)))
        if plan.tak.mesh:
            mesh_sock = _mesh_socket(plan.tak.mesh)
            mesh, _ = await loop.create_datagram_endpoint(lambda: _Mesh(service), sock=mesh_sock)
        yield
    finally:
        for task in renewals:
            task.cancel()
        for server in servers:
            server.close()
        if mesh is not None:
            mesh.close()
        for peer in service.relay:
            peer.end()


async def _renew(context: ssl.SSLContext, folder: Path, plan: RunPlan) -> None:
    """New connections get the new leaf; nothing restarts."""
    while True:
        await asyncio.sleep(RENEW_LOOK_S)
        await asyncio.to_thread(load_chain, context, folder, plan)


def _unproved(transport: asyncio.Transport) -> Who:
    """Whoever reaches a plain port of this machine; nobody knows who he is."""
    name = transport.get_extra_info("peername")
    return Who(address=str(name[0]) if name else "local")


async def _bound(address: str, key: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for attempt in range(BIND_TRIES):
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host.strip("[]"), int(port)))
            sock.listen(BACKLOG)
        except OSError as e:
            sock.close()
            if e.errno != errno.EADDRINUSE:
                raise SettingsError(
                    f"{key}: got {address} ({e.strerror}); need an address of this machine"
                ) from e
            if attempt == BIND_TRIES - 1:
                raise PortInUse(
                    f"{key}: {address} is in use by another program; stop it or choose another"
                ) from e
            await asyncio.sleep(BIND_RETRY_S)
        else:
            sock.setblocking(False)
            return sock
    raise AssertionError("the loop above returns or raises")


def _mesh_socket(address: str) -> socket.socket:
    """Joins the group on the usual interface. Raises SettingsError."""
    host, _, port = address.rpartition(":")
    group = ipaddress.ip_address(host.strip("[]"))
    family = socket.AF_INET if group.version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((str(group), int(port)))  # the group's address: nothing but its packets
        if group.version == 4:
            joined = group.packed + socket.inet_aton("0.0.0.0")
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        else:
            joined = group.packed + struct.pack("@I", 0)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, joined)
    except OSError as e:
        sock.close()
        raise SettingsError(
            f"[tak] mesh: {address} cannot be heard ({e.strerror}); this machine needs a network "
            "with multicast"
        ) from e
    sock.setblocking(False)
    return sock


class _Mesh(asyncio.DatagramProtocol):
    """One event a packet; nobody there proves who he is."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        piece = datagram(data)
        if isinstance(piece, Refused):
            self._service.fault(piece.what, data)
            return
        xml = takp.decode(piece.data) if isinstance(piece, Proto) else piece.data
        event = xml if isinstance(xml, Refused) else parse(xml)
        if isinstance(event, Refused) or isinstance(xml, Refused):
            what = event.what if isinstance(event, Refused) else "event"
            self._service.fault(what, data)
            return
        who = Who(address=f"mesh {addr[0]}", upstream=True)
        self._service.relay.heard_from_afar(Item(xml, event), who)
