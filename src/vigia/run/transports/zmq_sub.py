"""A ZeroMQ publisher: zmq://host:port?topic=PREFIX; the last frame of each message is read."""

from __future__ import annotations

import zmq
import zmq.asyncio
from zmq.utils.monitor import parse_monitor_message

from vigia.run.transports.ears import Ears
from vigia.run.transports.url import Source

WAITING_MAX = 1_000  # messages in ZeroMQ's queue; the newest beyond it are lost there
MESSAGE_MAX = 4_000_000
HEARTBEAT_MS = 10_000


class ZmqSubscriber:
    """ZeroMQ connects and connects again by itself; its monitor tells us when it could not."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def run(self, ears: Ears) -> None:
        context = zmq.asyncio.Context()
        sock = context.socket(zmq.SUB)
        try:
            sock.setsockopt(zmq.RCVHWM, WAITING_MAX)
            sock.setsockopt(zmq.MAXMSGSIZE, MESSAGE_MAX)
            sock.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
            sock.setsockopt(zmq.LINGER, 0)
            sock.setsockopt(zmq.IPV6, 1)
            sock.setsockopt(zmq.SUBSCRIBE, self._source.options.get("topic", "").encode())
            monitor = sock.get_monitor_socket(
                zmq.EVENT_DISCONNECTED | zmq.EVENT_CONNECT_RETRIED | zmq.EVENT_CONNECTED
            )
            host = f"[{self._source.host}]" if ":" in self._source.host else self._source.host
            sock.connect(f"tcp://{host}:{self._source.port}")
            talk = ears.opened(self._source.text, None)
            poller = zmq.asyncio.Poller()
            poller.register(sock, zmq.POLLIN)
            poller.register(monitor, zmq.POLLIN)
            try:
                while True:
                    ready = dict(await poller.poll())
                    if sock in ready:
                        talk.message((await sock.recv_multipart())[-1])
                    elif monitor in ready:
                        _look(await monitor.recv_multipart())
            finally:
                talk.over()
        except zmq.ZMQError as e:
            raise OSError(f"{self._source.text}: {e}") from e
        finally:
            sock.disable_monitor()
            context.destroy(linger=0)  # the monitor's end too


def _look(frames: list[bytes]) -> None:
    """Raises OSError when the publisher is gone or refuses."""
    event = parse_monitor_message(frames)["event"]
    if event == zmq.EVENT_CONNECT_RETRIED:
        raise OSError("no publisher answers there")
    if event == zmq.EVENT_DISCONNECTED:
        raise OSError("the publisher closed the connection")
