"""Passkeys: a person's authenticator registers once, and signs in without a name or password.

WebAuthn needs a name, not a bare address: https://vigia.lan or localhost (docs/who.md). The
authenticator verifies its user (PIN, finger, face), so it is two factors in one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from vigia.events_access import PowerUsed
from vigia.run import access_json as out
from vigia.run.accounts import Passkey
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private, Public, starting
from vigia.run.http_sign_in import disk, sign_in
from vigia.run.sessions import from_base64url

if TYPE_CHECKING:
    from vigia.run.passkeys import Where

ANYBODY = "passkey/"  # whom a challenge is for: whoever holds a passkey
_passkey = msgspec.json.Decoder(out.PasskeyIn)


async def passkey_new(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """What the browser needs to make one for the person of this session."""
    person = caller.person
    challenge = _challenge(gateway, person.person_id)

    def options() -> bytes:
        from vigia.run.passkeys import registration  # on this thread: no alert waits for it

        held = gateway.accounts.passkeys_of(person.person_id)
        words = from_base64url(challenge) or b""
        return registration(_where(request), words, person.person_id, person.name, held)

    raw = msgspec.Raw(await disk(options))
    return json(out.OptionsOut(challenge=challenge, options=raw))


async def passkey_add(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _passkey)
    person_id = caller.person.person_id
    _take(gateway, body.challenge, person_id)
    words, name = from_base64url(body.challenge) or b"", body.name or "passkey"

    def keep() -> bool:
        from vigia.run.passkeys import registered

        made = registered(_where(request), words, body.credential, person_id, name)
        return gateway.accounts.add_passkey(made)

    try:
        kept = await disk(keep)
    except ValueError as e:
        raise HttpError(400, f"passkey: {e}", fix="try again") from e
    if not kept:
        raise HttpError(409, "passkey", expected="a new one, and at most 10", fix="use another")
    return json({"received": True})


async def passkey_remove(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """One's own; the way in that it was is closed at once, sessions it opened go on."""
    passkey_id, person_id = request.params["passkey_id"], caller.person.person_id
    gone = await disk(lambda: gateway.accounts.remove_passkey(person_id, passkey_id))
    if gone is None:
        raise HttpError(404, "passkey", got=passkey_id, expected="one of yours")
    used = PowerUsed(by_person_id=person_id, act="passkey.remove", about=gone.name)
    gateway.link.submit_nowait(used, caller.source)
    return json({"received": True})


async def passkey_begin(gateway: Gateway, request: Request) -> Answer:
    """The same for everybody: it tells nobody who has one."""
    if not gateway.access.sign_in.passwords:
        raise HttpError(404, "passkeys", expected="another way to sign in", fix="ask an admin")
    challenge = _challenge(gateway, "")
    words = from_base64url(challenge) or b""

    def options() -> bytes:
        from vigia.run import passkeys

        return passkeys.request(_where(request), words)

    raw = msgspec.Raw(await disk(options))
    return json(out.OptionsOut(challenge=challenge, options=raw))


async def by_passkey(gateway: Gateway, request: Request) -> Answer:
    body = decode(request.body, _passkey)
    if gateway.view.settings is None:
        raise starting()
    now_s = gateway.now_ms() // 1000
    if not gateway.guesses.allows(request.client, now_s=now_s):
        raise HttpError(429, "too many wrong tries from this address", fix="wait a minute")
    _take(gateway, body.challenge, "")
    words = from_base64url(body.challenge) or b""
    credential_id = from_base64url(str(body.credential.get("rawId", ""))) or b""

    def check() -> Passkey | None:
        from vigia.run.passkeys import answered

        known = gateway.accounts.passkey(credential_id)
        if known is not None:
            count = answered(_where(request), words, body.credential, known)
            gateway.accounts.used_passkey(credential_id, count)
        return known

    try:
        known = await disk(check)
        why = "not known here"
    except ValueError as e:
        known, why = None, str(e)
    person = None if known is None else gateway.view.people.get(known.person_id)
    if person is None:
        gateway.guesses.failed(request.client, now_s=now_s)
        gateway.fault("sign-in", "a passkey was refused")
        raise HttpError(401, f"passkey: {why}", fix="try again, or use another way")
    return sign_in(gateway, request, person, "passkey")


def _challenge(gateway: Gateway, person_id: str) -> str:
    return gateway.sessions.challenge(ANYBODY + person_id, now_s=gateway.now_ms() // 1000)


def _take(gateway: Gateway, challenge: str, person_id: str) -> None:
    now_s = gateway.now_ms() // 1000
    why = gateway.sessions.take_challenge(challenge, ANYBODY + person_id, now_s=now_s)
    if why is not None:
        raise HttpError(401, f"challenge: {why}", expected="a fresh one", fix="try again")


def _where(request: Request) -> Where:
    """The guard has checked that the name is one of ours."""
    from vigia.run.passkeys import Where

    host = request.headers.get(b"host", b"").decode("latin-1")
    site = (urlsplit(f"//{host}").hostname or "").lower()
    return Where(site, f"{'https' if request.secure else 'http'}://{host}")


PUBLIC: dict[str, Public] = {"passkey_begin": passkey_begin, "by_passkey": by_passkey}
PRIVATE: dict[str, Private] = {
    "passkey_new": passkey_new,
    "passkey_add": passkey_add,
    "passkey_remove": passkey_remove,
}
