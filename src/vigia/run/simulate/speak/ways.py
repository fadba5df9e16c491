"""How an invented receiver's messages leave: each way does what the real device does."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple, TypeAlias

from vigia.run.settings import SettingsError
from vigia.run.simulate.speak import Asked

Said: TypeAlias = Callable[[Asked, float], list[bytes]]
LISTENERS_MAX = 100
WAITING_MAX = 1_000_000  # bytes a listener may lag behind; then it misses a moment
KEY = "VIGIA_KEY"  # the environment variable with the key of the observation API


class Voice(NamedTuple):
    """way: one of WAYS. head: what every listener gets first."""

    way: str
    said: Said
    head: bytes = b""


async def listen(asked: Asked, voice: Voice) -> AsyncIterator[str]:
    """A TCP port; vigia connects."""
    listeners: set[asyncio.StreamWriter] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(listeners) >= LISTENERS_MAX:
            writer.close()
            return
        writer.write(voice.head)
        listeners.add(writer)
        try:
            await reader.read()  # they say nothing; this ends when they go
        except ConnectionError:
            pass
        finally:
            listeners.discard(writer)
            writer.close()

    server = await asyncio.start_server(accept, asked.host, asked.port)
    yield f"{asked.flights} flights at tcp://{asked.host}:{asked.port}"
    async with server:
        while True:
            data = b"".join(voice.said(asked, time.time()))
            for writer in list(listeners):
                if writer.transport.get_write_buffer_size() < WAITING_MAX:
                    writer.write(data)
            await asyncio.sleep(1.0 / asked.rate_hz)


async def answer(asked: Asked, voice: Voice) -> AsyncIterator[str]:
    """A web server; vigia asks it. Whatever is asked, it answers with its document."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10.0):
                while await reader.readuntil(b"\r\n\r\n"):
                    body = b"".join(voice.said(asked, time.time()))
                    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n"
                    writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
                    await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, TimeoutError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, asked.host, asked.port)
    yield f"{asked.flights} flights at http://{asked.host}:{asked.port}/"
    async with server:
        await server.serve_forever()


async def datagrams(asked: Asked, voice: Voice) -> AsyncIterator[str]:
    """UDP to vigia, one message each."""
    loop = asyncio.get_running_loop()
    to = (asked.host, asked.port)
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=to)
    yield f"{asked.flights} flights to udp://{asked.host}:{asked.port}"
    try:
        while True:
            for message in voice.said(asked, time.time()):
                transport.sendto(message)
            await asyncio.sleep(1.0 / asked.rate_hz)
    finally:
        transport.close()


async def zmq_publish(asked: Asked, voice: Voice) -> AsyncIterator[str]:
    """A ZeroMQ publisher; vigia subscribes."""
    import zmq
    import zmq.asyncio

    context = zmq.asyncio.Context()
    sock = context.socket(zmq.PUB)
    try:
        sock.setsockopt(zmq.LINGER, 0)
        sock.bind(f"tcp://{asked.host}:{asked.port}")
        yield f"{asked.flights} flights at zmq://{asked.host}:{asked.port}"
        while True:
            for message in voice.said(asked, time.time()):
                await sock.send(message)
            await asyncio.sleep(1.0 / asked.rate_hz)
    except zmq.ZMQError as e:
        raise OSError(str(e)) from e
    finally:
        context.destroy(linger=0)


async def mqtt_publish(asked: Asked, voice: Voice) -> AsyncIterator[str]:
    """To a broker that runs, under the topic "simulated"."""
    from vigia.run.transports.mqtt import plain_client

    client = plain_client()
    await asyncio.to_thread(client.connect, asked.host, asked.port, 20)
    client.loop_start()
    try:
        yield f"{asked.flights} flights to mqtt://{asked.host}:{asked.port}/simulated"
        while True:
            for message in voice.said(asked, time.time()):
                client.publish("simulated", message, qos=1)
            await asyncio.sleep(1.0 / asked.rate_hz)
    finally:
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)


async def post(asked: Asked, voice: Voice) -> AsyncIterator[str]:
    """To vigia's observation API on this machine, under the key in $VIGIA_KEY."""
    import httpx

    key = os.environ.get(KEY, "")
    if not key:
        raise SettingsError(f"--as observations: need the sensor's key in the environment as {KEY}")
    url = f"http://{asked.host}:{asked.port}/api/v1/observations"
    head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
        yield f"{asked.flights} flights to {url}"
        told = 0
        while True:
            for message in voice.said(asked, time.time()):
                try:
                    found = await http.post(url, content=message, headers=head)
                except httpx.HTTPError as e:
                    raise OSError(f"{type(e).__name__}: {e}") from e
                if found.status_code != 200 and found.status_code != told:
                    told = found.status_code
                    yield f"vigia answered {told}: {found.text[:200]}"
            await asyncio.sleep(1.0 / asked.rate_hz)


WAYS: dict[str, Callable[[Asked, Voice], AsyncIterator[str]]] = {
    "listen": listen,
    "answer": answer,
    "datagrams": datagrams,
    "zmq": zmq_publish,
    "mqtt": mqtt_publish,
    "post": post,
}
