"""A topic of an MQTT broker: mqtt://host:port/topic/#?user=NAME&password_env=VARIABLE."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any
from urllib.parse import unquote

import paho.mqtt.client as paho

from vigia.run.transports.ears import CONNECT_S, Ears, Talk
from vigia.run.transports.url import Source

PENDING_MAX = 1_000  # messages between paho's thread and our loop; further ones are dropped, told
MESSAGE_MAX = 1_000_000
KEEPALIVE_S = 20


class MqttSubscriber:
    """paho's thread reads the network; messages are heard on the loop."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def run(self, ears: Ears) -> None:
        loop = asyncio.get_running_loop()
        over: asyncio.Future[str] = loop.create_future()
        topic = unquote(self._source.path[1:])
        client = _client(self._source)
        bridge = _Bridge(loop, ears, over)

        # Why Any: the arguments differ between paho's two interfaces; both are taken.
        def connected(*args: Any) -> None:
            code = args[3]
            failed = getattr(code, "is_failure", code != 0)
            if failed:
                bridge.end(f"the broker refused: {code}")
            else:
                client.subscribe(topic, qos=1)

        def disconnected(*_args: Any) -> None:
            bridge.end("the broker closed the connection")

        def arrived(_client: Any, _data: Any, message: Any) -> None:
            bridge.hand(bytes(message.payload))

        client.on_connect, client.on_disconnect, client.on_message = (
            connected,
            disconnected,
            arrived,
        )
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.to_thread(
                    client.connect, self._source.host, self._source.port, KEEPALIVE_S
                )
        except TimeoutError as e:
            raise OSError(f"no connection within {CONNECT_S:.0f} s") from e
        bridge.talk = ears.opened(self._source.text, None)
        client.loop_start()
        try:
            raise OSError(await over)
        finally:
            client.on_disconnect = None
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)
            bridge.talk.over()


class _Bridge:
    """From paho's thread to the loop, bounded."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, ears: Ears, over: asyncio.Future[str]
    ) -> None:
        self.talk: Talk | None = None
        self._loop = loop
        self._ears = ears
        self._over = over
        self._lock = threading.Lock()
        self._pending = 0

    def hand(self, payload: bytes) -> None:
        if len(payload) > MESSAGE_MAX:
            self._call(self._ears.fault, f"a message is longer than {MESSAGE_MAX} bytes")
            return
        with self._lock:
            full = self._pending >= PENDING_MAX
            self._pending += not full
        if full:
            self._call(self._ears.fault, f"{PENDING_MAX} messages wait: newer ones are dropped")
        else:
            self._call(self._hear, payload)

    def end(self, why: str) -> None:
        self._call(self._ended, why)

    def _hear(self, payload: bytes) -> None:
        with self._lock:
            self._pending -= 1
        if self.talk is not None:
            self.talk.message(payload)

    def _ended(self, why: str) -> None:
        if not self._over.done():
            self._over.set_result(why)

    def _call(self, function: Any, argument: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, argument)
        except RuntimeError:  # the loop is closed: the watch is ending
            return


def plain_client() -> Any:
    """Any: see below. Without TLS or password, for simulators on this machine."""
    return _client(Source(scheme="mqtt"))


def _client(source: Source) -> Any:
    """Any: paho's two interfaces are constructed differently."""
    options = source.options
    name = options.get("client_id", "")
    library: Any = paho
    if hasattr(library, "CallbackAPIVersion"):  # paho 2
        client: Any = library.Client(library.CallbackAPIVersion.VERSION2, client_id=name)
    else:
        client = library.Client(client_id=name)
    if "user" in options:
        client.username_pw_set(
            options["user"], os.environ.get(options.get("password_env", "")) or None
        )
    if source.scheme == "mqtts":
        client.tls_set(
            ca_certs=options.get("ca"), certfile=options.get("cert"), keyfile=options.get("key")
        )
    return client
