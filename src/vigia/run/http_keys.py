"""Service keys over HTTP for admins, and what a service says with its key."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

import msgspec

from vigia.events import SensorHeard
from vigia.events_access import PowerUsed
from vigia.run import access_json as out
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private, committed
from vigia.run.http_sessions import HOST
from vigia.run.page_acts import ReasonIn
from vigia.run.service_keys import Known

_key = msgspec.json.Decoder(out.KeyIn)
_reason = msgspec.json.Decoder(ReasonIn)
_T = TypeVar("_T")


async def keys(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    found = await _disk(gateway.keys.all)
    shown = tuple(_out(one) for one in found if _manages(gateway, caller, one.key.agency_id))
    return json(out.KeysOut(keys=shown))


async def make_key(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _key)
    agency_id = body.agency_id or caller.person.agency_id
    settings = gateway.view.settings
    known = sorted(s.sensor_id for s in settings.sensors) if settings is not None else []
    for sensor_id in body.sensors:
        if sensor_id not in known:
            words = ", ".join(known) or "none"
            raise HttpError(400, "sensors", got=sensor_id, expected=f"one of {words}")
        if not gateway.eyes.owns_sensor(caller.viewer, sensor_id):
            raise HttpError(403, "agency", got=sensor_id, expected="a sensor of your agency")
    if not _manages(gateway, caller, agency_id):
        raise HttpError(403, "agency", got=agency_id, expected=caller.person.agency_id)
    used = PowerUsed(by_person_id=caller.person.person_id, act="key.make", about=body.name)
    await committed(gateway, used, caller.source)
    made = await _disk(
        lambda: gateway.keys.make(
            body.name,
            sensors=body.sensors,
            reads=body.reads,
            agency_id=agency_id,
            days=body.days,
            now_s=gateway.now_ms() // 1000,
            made_by=caller.person.person_id,
        )
    )
    if made is None:
        raise HttpError(409, "keys", expected="fewer of them", fix="revoke some first")
    key, secret = made
    return json(out.KeyMade(key=_out(Known(key, None)), secret=secret))


async def revoke_key(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    reason = decode(request.body, _reason).reason
    key_id = request.params["key_id"]
    found = {one.key.key_id: one.key for one in await _disk(gateway.keys.all)}
    key = found.get(key_id)
    if key is None or not _manages(gateway, caller, key.agency_id):
        raise HttpError(404, "key", got=key_id, expected="one of your agency's")
    used = PowerUsed(
        by_person_id=caller.person.person_id, act="key.revoke", about=key.name, reason=reason
    )
    await committed(gateway, used, caller.source)
    await _disk(lambda: gateway.keys.revoke(key_id))
    return json(out.EndedOut(ended=1))


async def heartbeat(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """A sensor that is alive and sees nothing says so: its cover is proved by it."""
    sensor_id = request.params["sensor_id"]
    if sensor_id not in caller.sensors:
        raise HttpError(
            403, "sensor", got=sensor_id, expected=", ".join(caller.sensors) or "none",
            fix="make a key for it: vigia keys add",
        )  # fmt: skip
    body = SensorHeard(sensor_id=sensor_id, t_obs_ns=gateway.clock.now_ns())
    gateway.link.submit_nowait(body, caller.source)
    return json({"received": True})


def _manages(gateway: Gateway, caller: Caller, agency_id: str) -> bool:
    return not gateway.eyes.apart or caller.person.agency_id in (agency_id, HOST)


def _out(known: Known) -> out.KeyOut:
    key = known.key
    return out.KeyOut(
        key_id=key.key_id,
        name=key.name,
        agency_id=key.agency_id,
        sensors=key.sensors,
        reads=key.reads,
        made_ms=key.t_made_s * 1000,
        expires_ms=key.t_end_s * 1000,
        used_ms=None if known.t_used_s is None else known.t_used_s * 1000,
    )


async def _disk(work: Callable[[], _T]) -> _T:
    try:
        return await asyncio.to_thread(work)
    except (OSError, sqlite3.Error) as e:
        raise HttpError(503, "keys: cannot be read", got=str(e), fix="try again") from e


PRIVATE: dict[str, Private] = {
    "keys": keys,
    "make_key": make_key,
    "revoke_key": revoke_key,
    "heartbeat": heartbeat,
}
