"""HTTP doors of the past: a timeline of the last hours, and what pages were told in a stretch."""

from __future__ import annotations

import asyncio

import msgspec

from vigia.run.asgi import Answer, HttpError, Request, decode
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private, looked, starting
from vigia.run.past.ask import HOURS_MAX, Ask, Asker, SpanAsk, SpanIn, TimelineAsk

MINUTES_MAX = HOURS_MAX * 60
TOLD_S = 900.0  # one entry in the record a quarter of an hour of looking
PEOPLE_MAX = 1_000  # remembered as told
HOUR_NS = 3_600_000_000_000

_span = msgspec.json.Decoder(SpanIn)


async def timeline(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Alerts by level, reports, watch lost, acts and restarts."""
    minutes = request.number("minutes", 60, low=1, high=MINUTES_MAX)
    now_ns = gateway.clock.now_ns()
    ask = TimelineAsk(_asker(gateway, caller), now_ns - minutes * 60_000_000_000, now_ns)
    return await _answer(gateway, ask)


async def replay(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Who looks back, and at when, is on record before anything is shown."""
    body = decode(request.body, _span)
    now_ns = gateway.clock.now_ns()
    from_ns = body.from_ms * 1_000_000
    if not now_ns - HOURS_MAX * HOUR_NS <= from_ns <= now_ns:
        raise HttpError(
            400, "from_ms", got=str(body.from_ms), expected=f"within the last {HOURS_MAX} hours"
        )
    until_ns = min(from_ns + body.span_s * 1_000_000_000, now_ns)
    await _told(gateway, caller, body.from_ms)
    asker = _asker(gateway, caller)
    ask = SpanAsk(asker, from_ns, until_ns, body.step_ms * 1_000_000, body.whole)
    return await _answer(gateway, ask)


async def _told(gateway: Gateway, caller: Caller, from_ms: int) -> None:
    told, now_s = gateway.past.told_until_s, asyncio.get_running_loop().time()
    key = f"{caller.person.person_id} {caller.login_id}"
    if told.get(key, 0.0) > now_s:
        return
    about = f"replay from {from_ms}"
    await looked(gateway, caller, "replay", about=about, reason="replay on the console", count=0)
    told[key] = now_s + TOLD_S
    if len(told) > PEOPLE_MAX:
        del told[next(iter(told))]


def _asker(gateway: Gateway, caller: Caller) -> Asker:
    view = gateway.view
    if view.settings is None:
        raise starting()
    people, cover = tuple(view.people.values()), tuple(view.cover.values())
    return Asker(caller.viewer, gateway.access, view.settings, people, cover)


async def _answer(gateway: Gateway, ask: Ask) -> Answer:
    said = await gateway.past.ask(ask)
    if said.status != 200:
        raise HttpError(said.status, said.body.decode("utf-8", "replace"), fix="try again")
    return Answer(200, said.body, b"application/json")


PAST: dict[str, Private] = {"timeline": timeline, "replay": replay}
