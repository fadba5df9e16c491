"""A transport and a sensor's adapter -> inputs; it comes back by itself for as long as we run.

Every connection has an adapter of its own, so that one peer's damage is not another's. What an
adapter gives back as bytes goes to its peer. A way that is gone is told as SensorLost with the
reason, once a reason; the sensor's next word undoes it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

from vigia.events import Fault, Input, SensorLost
from vigia.run.clock import Clock
from vigia.run.doors import Put
from vigia.run.feeds import Adapter
from vigia.run.transports.ears import Send, Talk, Transport
from vigia.run.transports.url import Source
from vigia.sensors.door import Facts
from vigia.terms import Mark

BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # the last one repeats
STEADY_S = 30.0  # a connection that lasted so long begins the backoff anew
TICK_S = 0.5  # how often adapters are asked what time has made due
FAULT_EVERY_NS = 10_000_000_000  # one text of a transport is told this often at most
TEXTS_MAX = 100  # different texts remembered for it


class UrlFeed:
    def __init__(
        self,
        sensor_id: str,
        adapter: type[Adapter],
        clock: Clock,
        source: Source,
        *,
        mark: Mark = Mark.ACTUAL,
        facts: Facts | None = None,
    ) -> None:
        """facts: for adapters that ask for them."""
        self.source = sensor_id
        self._adapter = adapter
        self._clock = clock
        self._source = source
        self._transport = transport_of(source)
        self._mark = mark
        self._facts = facts
        self._put: Put | None = None
        self._talks: set[_Talk] = set()
        self._told: dict[str, int] = {}
        self._lost = ""

    async def run(self, put: Put) -> None:
        self._put = put
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ticks())
            group.create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began_s = loop.time()
            try:
                await self._transport.run(self)
                why = "the other side closed the connection"
            except OSError as e:
                why = str(e) or type(e).__name__
            self._gone(why)
            failures = 0 if loop.time() - began_s >= STEADY_S else failures + 1
            wait_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))  # not all at once

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for talk in list(self._talks):
                talk.tick()

    # ---- Ears ------------------------------------------------------------------------------

    def opened(self, peer: str, send: Send | None) -> Talk:
        if self._lost:
            self._gone("connected again; nothing heard from it yet")
        adapter: Any = self._adapter(self.source)
        if self._facts is not None:
            adapter.know(self._facts)
        talk = _Talk(self, adapter, send)
        self._talks.add(talk)
        talk.start(peer)
        return talk

    def fault(self, what: str) -> None:
        now = self._clock.now_ns()
        if now - self._told.get(what, -FAULT_EVERY_NS) < FAULT_EVERY_NS:
            return
        if len(self._told) >= TEXTS_MAX:
            self._told.clear()
        self._told[what] = now
        self.take(Fault(where=f"sensor/{self.source}", whose="world", what=what))

    # ---- for a talk --------------------------------------------------------------------------

    def now_ns(self) -> int:
        return self._clock.now_ns()

    def take(self, body: Input) -> None:
        assert self._put is not None
        if not isinstance(body, Fault | SensorLost):
            self._lost = ""
        self._put(self.source, self._mark, body)

    def closed(self, talk: _Talk) -> None:
        self._talks.discard(talk)

    def _gone(self, why: str) -> None:
        if why == self._lost:
            return
        self._lost = why
        assert self._put is not None
        lost = SensorLost(sensor_id=self.source, t_obs_ns=self._clock.now_ns(), why=why[:500])
        self._put(self.source, self._mark, lost)


class _Talk:
    """One connection and its adapter. The plug-in boundary: a mistake there is a Fault."""

    def __init__(self, feed: UrlFeed, adapter: Adapter, send: Send | None) -> None:
        self._feed = feed
        self._adapter: Any = adapter  # Any: what else it offers is asked for by name
        self._send = send

    def start(self, peer: str) -> None:
        """An adapter that speaks first, or wants to know to whom, has begin()."""
        begin = getattr(self._adapter, "begin", None)
        if begin is not None:
            self._do(lambda now: begin(peer, now), b"")

    def stream(self, data: bytes) -> None:
        self._do(lambda now: self._adapter.feed(data, now), data)

    def message(self, data: bytes) -> None:
        take = getattr(self._adapter, "feed_message", None) or self._adapter.feed
        self._do(lambda now: take(data, now), data)

    def over(self) -> None:
        self._do(lambda now: self._adapter.finish(now), b"")
        self._feed.closed(self)

    def tick(self) -> None:
        tick = getattr(self._adapter, "tick", None)
        if tick is not None:
            self._do(tick, b"")

    def _do(self, call: Callable[[int], Sequence[Input | bytes]], raw: bytes) -> None:
        try:
            found = call(self._feed.now_ns())
        except Exception as e:  # noqa: BLE001 - a third party's adapter must not stop the watch
            what = f"adapter failed on {len(raw)} bytes: {type(e).__name__}: {e}"
            found = [Fault(where=f"sensor/{self._feed.source}", whose="us", what=what[:500])]
        for body in found:
            if not isinstance(body, bytes):
                self._feed.take(body)
            elif self._send is not None:
                self._send(body)


def transport_of(source: Source) -> Transport:
    """Imports are late: a watch loads only the libraries of the transports it uses."""
    match source.scheme:
        case "tcp" | "tls":
            from vigia.run.transports.tcp import TcpClient

            return TcpClient(source)
        case "tcp-listen" | "tls-listen":
            from vigia.run.transports.tcp import TcpListener

            return TcpListener(source)
        case "udp":
            from vigia.run.transports.udp import UdpListener

            return UdpListener(source)
        case "mqtt" | "mqtts":
            from vigia.run.transports.mqtt import MqttSubscriber

            return MqttSubscriber(source)
        case "zmq":
            from vigia.run.transports.zmq_sub import ZmqSubscriber

            return ZmqSubscriber(source)
        case "serial":
            from vigia.run.transports.serial_port import SerialPort

            return SerialPort(source)
        case "poll+http" | "poll+https":
            from vigia.run.transports.poll import Poller

            return Poller(source)
        case _:
            raise AssertionError(f"scheme {source.scheme}: parse_source lets no other through")
