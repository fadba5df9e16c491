"""`POST /api/v1/observations`: any sensor's word over HTTP, under a key of its own.

A key belongs to one `[sensors.NAME]` with `source = "api"` and speaks for that sensor only. JSON
and protobuf are answered after the commit; a stream of lines is slowed to its rate, never cut.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from vigia.run.asgi import Answer, HttpError, Receive, Request, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import committed
from vigia.run.observe_api import document
from vigia.run.observe_keys import Bucket
from vigia.sensors.observations import LINE_MAX, inputs
from vigia.wire import observations as wire
from vigia.wire.advert import Refused
from vigia.wire.pieces import Overlong, Pieces

QUIET_S = 120.0  # a stream that says nothing for so long is ended
REASONS_MAX = 20  # different refusals told at the end of a stream
PROTOBUF = ("application/x-protobuf", "application/protobuf")


def _known(gateway: Gateway, request: Request) -> tuple[str, Bucket]:
    """Raises HttpError."""
    now_s = asyncio.get_running_loop().time()
    if not gateway.guesses.allows(request.client, now_s=now_s):
        raise HttpError(429, "key", got="too many wrong ones", fix="wait a minute")
    found = gateway.observers.sensor(request)
    if found is None:
        gateway.guesses.failed(request.client, now_s=now_s)
        raise HttpError(
            401, "key", got="none that is known", expected="Authorization: Bearer KEY",
            fix='the settings name it: [sensors.NAME] source = "api", key_env',
        )  # fmt: skip
    return found


async def observe(gateway: Gateway, request: Request) -> Answer:
    sensor_id, bucket = _known(gateway, request)
    wait_s = bucket.wait_s(asyncio.get_running_loop().time())
    if wait_s > 0.0:
        raise HttpError(
            429, "rate", got="more than this key may", expected="posts_per_s of its sensor",
            fix=f"send it again in {wait_s:.2f} s, several rows in one message",
        )  # fmt: skip
    kind = request.headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip()
    read = wire.read_protobuf if kind in PROTOBUF else wire.read_json
    told = _own(read(request.body), sensor_id)
    if isinstance(told, Refused):
        gateway.metrics.counts["observations_refused"] += 1
        raise HttpError(422, told.what, fix="see docs/sensors/observations.md")
    seq = 0
    for body in inputs(told, gateway.clock.now_ns()):
        seq = (await committed(gateway, body, sensor_id)).seq
    gateway.metrics.counts["observations"] += 1
    rows = sum(len(scan) for scan in told.scans)
    return json({"received": True, "rows": rows, "seq": seq})


async def observe_stream(gateway: Gateway, request: Request, receive: Receive) -> Answer:
    """Lines of the JSON form as they come; the answer at the end says what became of them."""
    sensor_id, bucket = _known(gateway, request)
    pieces = Pieces(LINE_MAX, values=False)
    taken, rows, reasons = 0, 0, Counter[str]()
    more = True
    while more:
        try:
            async with asyncio.timeout(QUIET_S):
                message = await receive()
        except TimeoutError:
            raise HttpError(408, "stream", got="nothing", expected=f"within {QUIET_S} s") from None
        if message["type"] != "http.request":
            break
        more = message.get("more_body", False)
        lines = pieces.feed(message.get("body", b""))
        if not more and (rest := pieces.finish()):
            lines.append(rest)
        for line in lines:
            await _room(bucket)
            told = _line(line, sensor_id)
            if isinstance(told, Refused):
                if told.what in reasons or len(reasons) < REASONS_MAX:
                    reasons[told.what] += 1
                gateway.metrics.counts["observations_refused"] += 1
                continue
            for body in inputs(told, gateway.clock.now_ns()):
                gateway.link.submit_nowait(body, sensor_id)
            taken, rows = taken + 1, rows + sum(len(scan) for scan in told.scans)
            gateway.metrics.counts["observations"] += 1
    return json({"received": taken, "rows": rows, "refused": dict(reasons)})


async def _room(bucket: Bucket) -> None:
    """The sender of a stream waits: nothing of it is lost."""
    loop = asyncio.get_running_loop()
    while (wait_s := bucket.wait_s(loop.time())) > 0.0:  # noqa: ASYNC110 - time is what is awaited
        await asyncio.sleep(wait_s)


def _line(line: bytes | Overlong, sensor_id: str) -> wire.Told | Refused:
    if isinstance(line, Overlong):
        return Refused(code="overlong", what=f"a line is longer than {LINE_MAX} bytes")
    return _own(wire.read_json(line), sensor_id)


def _own(told: wire.Told | Refused, sensor_id: str) -> wire.Told | Refused:
    if isinstance(told, wire.Told) and told.sensor_id != sensor_id:
        what = f"sensor_id: got {told.sensor_id!r}; this key speaks for {sensor_id!r}"
        return Refused(code="sensor_id", what=what)
    return told


async def observe_openapi(gateway: Gateway, request: Request) -> Answer:
    return json(document())
