"""CAP over HTTP: the feed of what we sent, and messages of other agencies with their verdicts.

A received message is judged against the pinned certificates, kept on record with its verdict and
shown; it warns nobody by itself. What reads XML is loaded with the first request that needs it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vigia.events_desk import RecordKind
from vigia.records.cap_received import CapReceived, received
from vigia.run.asgi import Answer, HttpError, Request, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private
from vigia.run.records.doors import keep_record
from vigia.run.settings_access import Share

if TYPE_CHECKING:
    from vigia.wire.cap import CapMessage

LIST_MAX = 200
TARGET = "vigia.target"  # parameter of our own messages: whose alert it is
BULLETIN = "vigia.bulletin"  # of those that are bulletins


async def feed(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """What this caller's agency may see of the alerts we sent."""
    from vigia.run.cap_feed import render_feed
    from vigia.run.cap_store import CapStore

    _on(gateway)
    messages = await asyncio.to_thread(CapStore(gateway.folder).newest)
    seen = [m for m in messages if _may_see(gateway, caller, m)]
    name = gateway.cap.sender_name or gateway.cap.sender
    body = render_feed(seen, name=name, base_url=gateway.base_url, t_ns=gateway.clock.now_ns())
    return Answer(200, body, b"application/atom+xml")


async def document(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    from vigia.run.cap_store import CapStore
    from vigia.wire.cap import CapMessage, parse

    _on(gateway)
    name = request.params["name"]
    data = await asyncio.to_thread(CapStore(gateway.folder).get, name.removesuffix(".xml"))
    message = None if data is None else parse(data)
    if data is None or not isinstance(message, CapMessage):
        raise HttpError(404, "CAP message", got=name, expected="one that the feed lists")
    if not _may_see(gateway, caller, message):
        raise HttpError(404, "CAP message", got=name, expected="one that the feed lists")
    return Answer(200, data, b"application/cap+xml")


async def receive(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """200 once the message and its verdict are on record, whatever the verdict."""
    from vigia.run.cap_check import load_anchors
    from vigia.wire.cap_sign import judge

    try:
        anchors = await asyncio.to_thread(load_anchors, gateway.cap.trust)
    except ValueError as e:
        raise HttpError(503, f"[cap] trust: {e}", fix="correct the settings") from e
    raw, now_ns = request.body, gateway.clock.now_ns()
    verdict = await asyncio.to_thread(judge, raw, anchors, t_ns=now_ns)
    record = received(raw, verdict)
    record_id = f"cap-{record.sha256[:32]}"
    repeat = bool(gateway.records.versions(RecordKind.CAP, record_id))
    if not repeat:
        await keep_record(gateway, caller, RecordKind.CAP, record_id, record, version=1)
    return json({"received": True, "repeat": repeat, **_row(record_id, record)})


async def listed(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """What others sent, the newest first, with the verdict at receipt."""
    records = gateway.records.all_of(RecordKind.CAP, CapReceived)
    rows: list[tuple[int, dict[str, object]]] = []
    for record_id, record in records.items():
        first = gateway.records.versions(RecordKind.CAP, record_id)[0]
        owner = gateway.eyes.whose_person(first.kept.by_person_id)
        if gateway.eyes.may(caller.viewer, owner, Share.ALERTS):
            row = _row(record_id, record) | {"received_ms": first.t_ns // 1_000_000}
            rows.append((first.seq, row))
    rows.sort(key=lambda r: r[0], reverse=True)
    return json({"messages": [row for _, row in rows[:LIST_MAX]]})


def _row(record_id: str, record: CapReceived) -> dict[str, object]:
    fields = {name: getattr(record, name) for name in record.__struct_fields__ if name != "raw"}
    return {"id": record_id, **fields}


def _on(gateway: Gateway) -> None:
    if not gateway.cap.feed:
        raise HttpError(404, "CAP feed", got="switched off", expected="[cap] feed = true")


def _may_see(gateway: Gateway, caller: Caller, message: CapMessage) -> bool:
    """Another agency's posts are its own; a message of before that parameter is nobody's else."""
    if any(k == BULLETIN for info in message.infos for k, _ in info.parameters):
        return True  # let out of the site by a releaser
    values = [v for info in message.infos for k, v in info.parameters if k == TARGET]
    owner = gateway.eyes.whose_target(values[0]) if values else ""
    return gateway.eyes.may(caller.viewer, owner, Share.ALERTS)


CAP: dict[str, Private] = {
    "cap_feed": feed,
    "cap_document": document,
    "receive_cap": receive,
    "received_cap": listed,
}
