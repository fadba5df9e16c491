"""The witness's door, and the list of who witnesses whom."""

from __future__ import annotations

import asyncio
import time

import msgspec

from vigia.ledger.note import NoteError
from vigia.run.asgi import Answer, HttpError, Request, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private, Public

PLAIN = b"text/plain; charset=utf-8"


async def add_checkpoint(gateway: Gateway, request: Request) -> Answer:
    """c2sp.org/tlog-witness, for the logs that the settings name."""
    keeper = gateway.witnessing.keeper if gateway.witnessing is not None else None
    if keeper is None:
        raise HttpError(404, "witness", got="switched off", expected="[witness] logs")
    try:
        found = await asyncio.to_thread(keeper.add, request.body, t_s=int(time.time()))
    except (OSError, NoteError) as e:
        raise HttpError(503, f"witness: {e}", fix="try again") from e
    if found.split:
        gateway.fault("witness", f"SPLIT VIEW: {found.split}")
    return Answer(found.status, found.text.encode(), PLAIN)


async def witnesses(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Who vouches for our ledger, whose ledgers we vouch for, and where two views differ."""
    mine = gateway.witnessing
    if mine is None:
        return json({"ours": [], "theirs": [], "key": ""})
    theirs = [] if mine.keeper is None else await asyncio.to_thread(mine.keeper.listed)
    return json(
        {
            "ours": [msgspec.to_builtins(a.now) for a in mine.askers],
            "theirs": msgspec.to_builtins(theirs),
            "key": "" if mine.keeper is None else mine.keeper.key,
        }
    )


WITNESS_PUBLIC: dict[str, Public] = {"add_checkpoint": add_checkpoint}
WITNESS: dict[str, Private] = {"witnesses": witnesses}
