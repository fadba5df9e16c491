"""Alerts of posts to an MQTT broker: TOPIC/posts/POST/alert, kept there, QoS 1.

A device that connects later gets the last word on its post at once; who has a higher revision
leaves a lower one.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

from vigia.run.channel_settings import MESHTASTIC, ChannelEntry, read_secret
from vigia.run.courier.bodies import alert_body
from vigia.run.courier.door import Around, Job, Receipt, Result
from vigia.terms import Channel

KEEPALIVE_S = 15
RECONNECT_S = (1, 5)
INFLIGHT_MAX = 100
CONNECT_S = 3.0  # a job waits so long for a connection that is being made
QOS = 1  # the broker says that it has it


def make_mqtt(name: str, entry: ChannelEntry, around: Around) -> Mqtt:
    if entry.form == MESHTASTIC:
        from vigia.run.courier.mesh import Mesh

        return Mesh(name, entry, around)
    return Mqtt(name, entry, around)


class Mqtt:
    channel = Channel.MQTT

    def __init__(self, name: str, entry: ChannelEntry, around: Around) -> None:
        """url: mqtt://HOST[:PORT] or mqtts://. secret: "USER:PASSWORD"."""
        self._url = urlsplit(entry.url)
        self._tls = self._url.scheme == "mqtts"
        self._topic = entry.topic.strip("/") or "vigia"
        client: Any = _client(f"vigia-{name}")  # Any: two major versions of paho are served
        client.max_inflight_messages_set(INFLIGHT_MAX)
        client.reconnect_delay_set(*RECONNECT_S)
        if self._tls:
            client.tls_set_context(ssl.create_default_context(cafile=entry.ca or None))
        if entry.secret:
            user, _, password = read_secret(around.folder, entry.secret).partition(":")
            client.username_pw_set(user, password)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._published
        self._client: Any = client
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_on = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._why = "not connected yet"

    async def send(self, jobs: Sequence[Job]) -> Sequence[Receipt]:
        if not await self._ready():
            return [Receipt(Result.RETRY, self._why)] * len(jobs)
        return await asyncio.gather(*map(self._send, jobs))

    async def probe(self) -> str:
        return "" if await self._ready() else self._why

    async def _ready(self) -> bool:
        if self._loop is None:
            self._start()
        if not self._is_on.is_set():
            try:
                await asyncio.wait_for(self._is_on.wait(), CONNECT_S)
            except TimeoutError:
                return False
        return True

    async def _send(self, job: Job) -> Receipt:
        post = job.alert.target_id.partition("/")[2].translate(_PLAIN)
        return await self._publish(f"{self._topic}/posts/{post}/alert", alert_body(job), keep=True)

    async def _publish(self, topic: str, data: bytes, *, keep: bool) -> Receipt:
        """keep: by the broker, for who comes later."""
        info = self._client.publish(topic, data, qos=QOS, retain=keep)
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            return Receipt(Result.RETRY, f"MQTT: error {int(info.rc)}")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[info.mid] = done
        try:
            await done
        except ConnectionError as e:
            return Receipt(Result.RETRY, str(e))
        finally:
            self._waiting.pop(info.mid, None)
        return Receipt(Result.OK)

    async def close(self) -> None:
        if self._loop is not None:
            self._client.disconnect()
            self._client.loop_stop()

    # ---- paho's thread -----------------------------------------------------------------------

    def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        port = self._url.port or (8883 if self._tls else 1883)
        self._client.connect_async(self._url.hostname or "localhost", port, KEEPALIVE_S)
        self._client.loop_start()

    def _connected(self, _client: Any, _data: Any, _flags: Any, code: Any, *_: Any) -> None:
        failed = bool(getattr(code, "is_failure", code))
        self._why = f"MQTT: the broker refuses us ({code})" if failed else ""
        if not failed:
            self._call(self._is_on.set)

    def _disconnected(self, *_: Any) -> None:
        self._why = self._why or "MQTT: the connection was lost"
        self._call(self._lost)

    def _published(self, _client: Any, _data: Any, mid: int, *_: Any) -> None:
        self._call(self._done, mid)

    def _call(self, what: Any, *args: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *args)

    # ---- the courier's loop --------------------------------------------------------------------

    def _done(self, mid: int) -> None:
        waiting = self._waiting.get(mid)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _lost(self) -> None:
        self._is_on.clear()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError(self._why))


_PLAIN = str.maketrans({"/": "-", "+": "-", "#": "-"})


def _client(name: str) -> Any:
    versions = getattr(mqtt, "CallbackAPIVersion", None)
    make: Any = mqtt.Client
    return make(client_id=name) if versions is None else make(versions.VERSION2, client_id=name)
