"""Where drones' operators were, as broadcast: hidden until somebody asks, with a reason.

Each look is on record before anything is shown. What is older than [privacy] operators_days has
lost its key and cannot be shown to anybody.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import msgspec

from vigia.events import Event, OperatorSeen
from vigia.run import access_json as out
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private, looked
from vigia.run.ledger_feed import journal_feed

SHOWN_MAX = 2_000  # the newest
READ_MAX = 200_000  # looked at in one request
_look = msgspec.json.Decoder(out.LookIn)


async def operators(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _look)
    since_ns = (gateway.now_ms() - body.hours * 3_600_000) * 1_000_000
    try:
        found = await asyncio.to_thread(read_operators, gateway.folder, since_ns=since_ns)
    except (sqlite3.Error, OSError, ValueError) as e:
        raise HttpError(503, f"the journal cannot be read: {e}", fix="try again") from e
    eyes, viewer = gateway.eyes, caller.viewer
    kept = [
        seen
        for seen in found
        if body.uas_id in (None, seen.uas_id) and eyes.owns_sensor(viewer, seen.sensor_id)
    ]
    shown = kept[-SHOWN_MAX:]
    about = body.uas_id or f"the last {body.hours} h"
    await looked(gateway, caller, "operators", about=about, reason=body.reason, count=len(shown))
    return json(
        out.OperatorsOut(
            operators=tuple(_out(seen) for seen in reversed(shown)),
            left_out=len(kept) - len(shown),
        )
    )


def read_operators(folder: Path, *, since_ns: int) -> list[OperatorSeen]:
    """Oldest first; those whose key is destroyed are left out. Raises as JournalFeed."""
    feed = journal_feed(folder)
    if feed is None:
        return []
    try:
        first = feed.first_seq_since(since_ns)
        if first is None:
            return []
        found = feed.inputs_of("OperatorSeen", first, READ_MAX)
        return [e.body for e in found if isinstance(e, Event) and isinstance(e.body, OperatorSeen)]
    finally:
        feed.close()


def _out(seen: OperatorSeen) -> out.OperatorOut:
    return out.OperatorOut(
        uas_id=seen.uas_id,
        t_ms=seen.t_obs_ns // 1_000_000,
        sensor_id=seen.sensor_id,
        lat_deg=seen.position.lat_deg,
        lon_deg=seen.position.lon_deg,
    )


PRIVATE: dict[str, Private] = {"operators": operators}
