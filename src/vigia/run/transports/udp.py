"""Datagrams to an address of this machine, or to a multicast group; each is one message."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct

from vigia.run.transports.ears import Ears, Talk
from vigia.run.transports.url import Source

RECEIVE_BUFFER = 1 << 20  # asked of the system: a burst waits there, not in our memory


class UdpListener:
    """udp://address:port?from=NETWORKS&interface=ADDRESS."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def run(self, ears: Ears) -> None:
        loop = asyncio.get_running_loop()
        sock = _bound(self._source)
        talk = ears.opened(self._source.text, None)
        over: asyncio.Future[None] = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._source, ears, talk, over), sock=sock
        )
        try:
            await over
        finally:
            transport.close()
            talk.over()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, source: Source, ears: Ears, talk: Talk, over: asyncio.Future[None]) -> None:
        self._source = source
        self._ears = ears
        self._talk = talk
        self._over = over

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._source.admits(addr[0]):
            self._talk.message(data)
        else:
            self._ears.fault("datagrams were refused from an address that `from` does not name")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._over.done():
            if exc is None:
                self._over.set_result(None)
            else:
                self._over.set_exception(OSError(str(exc)))


def _bound(source: Source) -> socket.socket:
    """Raises OSError."""
    info = socket.getaddrinfo(source.host, source.port, type=socket.SOCK_DGRAM)[0]
    family, address = info[0], info[4]
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        group = ipaddress.ip_address(str(address[0]).partition("%")[0])
        if group.is_multicast:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _join(sock, group, source.options.get("interface", ""))
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _join(
    sock: socket.socket, group: ipaddress.IPv4Address | ipaddress.IPv6Address, interface: str
) -> None:
    if group.version == 4:
        own = socket.inet_aton(interface or "0.0.0.0")
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group.packed + own)
        return
    index = socket.if_nametoindex(interface) if interface else 0
    member = group.packed + struct.pack("@I", index)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
