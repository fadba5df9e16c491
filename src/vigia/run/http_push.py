"""Web Push for a phone: our key, and its subscription into the courier's address book.

The endpoint is a secret between phone, push service and us: it stands in the address book only.
"""

from __future__ import annotations

import asyncio
import sqlite3

import msgspec

from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.courier.contacts import Contact, ContactError, Contacts
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private
from vigia.run.pem_keys import own_key
from vigia.run.push_address import Subscription, refused, to_address
from vigia.run.push_beat import BeatIn, answers, secret_of
from vigia.run.settings import SettingsError
from vigia.terms import Channel
from vigia.wire.webpush import base64url, point_bytes

KEY = "push.key"


_subscription = msgspec.json.Decoder(Subscription)
_beat = msgspec.json.Decoder(BeatIn)


async def push_key(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """The public key that a browser subscribes with."""
    _services(gateway)
    try:
        key = await asyncio.to_thread(own_key, gateway.folder / "keys" / KEY)
    except SettingsError as e:
        gateway.fault("push", str(e))
        raise HttpError(503, "push: the key cannot be read", fix="ask an admin") from e
    return json({"key": base64url(point_bytes(key.public_key()))})


async def subscribe(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """One subscription a device: the newest."""
    services = _services(gateway)
    body = decode(request.body, _subscription)
    why = refused(body, services)
    if why is not None:
        raise HttpError(400, why, fix="allow notifications again on this phone")
    await _change(gateway, caller, to_address(body))
    return json({"received": True})


async def unsubscribe(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    await _change(gateway, caller, None)
    return json({"received": True})


async def heartbeat(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """A phone whose page is closed has had our question: a proof of reach, of its person."""
    _services(gateway)
    said = decode(request.body, _beat)
    try:
        good = await asyncio.to_thread(_proved, gateway, caller, said)
    except (sqlite3.Error, OSError, SettingsError, ContactError) as e:
        gateway.fault("push", f"a heartbeat could not be kept: {type(e).__name__}")
        raise HttpError(503, "push: not kept", fix="the next one counts") from e
    if not good:
        raise HttpError(409, "push: no question of ours to this phone, or too old", got=said.mac)
    return json({"received": True})


def _proved(gateway: Gateway, caller: Caller, said: BeatIn) -> bool:
    secret = secret_of(own_key(gateway.folder / "keys" / KEY))
    now_ns = gateway.clock.now_ns()
    if not answers(secret, caller.device_id, said, now_ns // 1_000_000_000):
        return False
    contacts = Contacts(gateway.folder)
    try:
        contacts.prove(caller.person.person_id, Channel.PUSH, now_ns)
    finally:
        contacts.close()
    return True


async def _change(gateway: Gateway, caller: Caller, address: str | None) -> None:
    try:
        await asyncio.to_thread(_write, gateway, caller, address)
    except (sqlite3.Error, OSError, ContactError) as e:
        gateway.fault("push", f"a subscription could not be kept: {type(e).__name__}")
        raise HttpError(503, "push: not kept", fix="try again") from e


def _write(gateway: Gateway, caller: Caller, address: str | None) -> None:
    person_id, device_id = caller.person.person_id, caller.device_id
    contacts = Contacts(gateway.folder)
    try:
        held = contacts.of(person_id, Channel.PUSH)
        new = None if address is None else Contact(person_id, Channel.PUSH, address, device_id)
        if new is not None and new not in held:  # what is known costs no write
            contacts.put([new], gateway.clock.now_ns())
        for old in held:
            if old.device_id == device_id and old.address != address:
                contacts.drop(person_id, Channel.PUSH, old.address)
    finally:
        contacts.close()


def _services(gateway: Gateway) -> tuple[str, ...]:
    if gateway.push_services is None:
        raise HttpError(
            404, "push: this site sends none", expected='a channel of kind "push" in the settings'
        )
    return gateway.push_services


PUSH: dict[str, Private] = {
    "push_key": push_key,
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "push_heartbeat": heartbeat,
}
