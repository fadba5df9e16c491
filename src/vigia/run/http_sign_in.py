"""Names and passwords, passkeys, recovery codes, invitations -> sessions of the console.

Beside the device's key, never instead of it: a phone that reports and is warned stays enrolled by
its key. Guessing is slowed by name and by address; nothing here slows a session that exists.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

import msgspec

from vigia.events import PersonAdded
from vigia.run import access_json as out
from vigia.run.accounts import LOGIN, Account, normal
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private, Public, starting
from vigia.run.http_sessions import begun, end_all
from vigia.run.http_who import admit
from vigia.run.passwords import TooMany, hash_of, is_password, weakness
from vigia.run.roles import CONSOLE

_password = msgspec.json.Decoder(out.PasswordIn)
_recovery = msgspec.json.Decoder(out.RecoveryIn)
_claim = msgspec.json.Decoder(out.ClaimIn)
_account = msgspec.json.Decoder(out.AccountIn)
_T = TypeVar("_T")


async def ways(gateway: Gateway, request: Request) -> Answer:
    settings = gateway.access.sign_in
    return json(
        out.SignInWays(
            passwords=settings.passwords,
            oidc=settings.issuer is not None,
            password_min=settings.password_min,
        )
    )


async def by_password(gateway: Gateway, request: Request) -> Answer:
    body = decode(request.body, _password)
    _check_on(gateway)
    _check_tries(gateway, request, body.login)
    account = await disk(lambda: gateway.accounts.find(body.login))
    kept = None if account is None else account.hash
    good = await _hashing(gateway, lambda: is_password(kept, body.password))
    person = None if account is None else gateway.view.people.get(account.person_id)
    if not good or person is None:
        raise _wrong(gateway, request, body.login, "name or password")
    return sign_in(gateway, request, person, "password")


async def by_recovery(gateway: Gateway, request: Request) -> Answer:
    """A code that was kept for this: spent, and every other session of the person ends."""
    body = decode(request.body, _recovery)
    _check_on(gateway)
    _check_tries(gateway, request, body.login)
    _check_good(gateway, body.password, body.login)
    kept = await _hashing(gateway, lambda: hash_of(body.password))
    account = await disk(lambda: gateway.accounts.recover(body.login, body.code, kept))
    person = None if account is None else gateway.view.people.get(account.person_id)
    if person is None:
        raise _wrong(gateway, request, body.login, "name or recovery code")
    await end_all(gateway, person.person_id)
    return sign_in(gateway, request, person, "recovery")


async def claim(gateway: Gateway, request: Request) -> Answer:
    """An invitation's one-time token makes a console account where a phone makes a key."""
    body = decode(request.body, _claim)
    _check_on(gateway)
    login = _login(body.login)
    _check_good(gateway, body.password, login)
    now_s = gateway.now_ms() // 1000
    if not gateway.guesses.allows(request.client, now_s=now_s):
        raise HttpError(429, "too many wrong links from this address", fix="wait a minute")
    if await disk(lambda: gateway.accounts.find(login)) is not None:
        raise HttpError(409, "login", got=login, expected="a name nobody has", fix="take another")
    mark = f"account/{login}".encode()
    look = gateway.invitations.look
    invited = await disk(lambda: look(body.token, now_s=now_s))
    if not isinstance(invited, str) and invited.role not in CONSOLE:
        raise HttpError(
            403, "role", got=invited.role.value, expected="a role with a console",
            fix="open the link on the phone: it gets a key of its own",
        )  # fmt: skip
    used = await disk(lambda: gateway.invitations.use(body.token, mark, now_s=now_s))
    if isinstance(used, str):
        gateway.guesses.failed(request.client, now_s=now_s)
        raise HttpError(403, f"invitation: {used}", fix="ask for a new link")
    kept = await _hashing(gateway, lambda: hash_of(body.password))
    await admit(gateway, used, None)
    codes = await disk(lambda: gateway.accounts.put(login, used.person_id, kept))
    if codes is None:
        raise HttpError(409, "login", got=login, expected="a name nobody has", fix="take another")
    person = gateway.view.people[used.person_id]
    return sign_in(gateway, request, person, "password", tuple(codes))


async def account(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    person_id = caller.person.person_id

    def read() -> out.AccountOut:
        found = gateway.accounts.of_person(person_id)
        return out.AccountOut(
            login=None if found is None else found.login,
            codes_left=gateway.accounts.codes_left(person_id),
            passkeys=tuple(
                out.PasskeyOut(passkey_id=p.passkey_id, name=p.name)
                for p in gateway.accounts.passkeys_of(person_id)
            ),
        )

    return json(await disk(read))


async def set_password(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """A first one, or another: then the one of today is asked, and other sessions end."""
    body = decode(request.body, _account)
    _check_on(gateway)
    login = _login(body.login)
    _check_tries(gateway, request, f"person/{caller.person.person_id}")
    _check_good(gateway, body.password, login)
    found: Account | None = await disk(lambda: gateway.accounts.of_person(caller.person.person_id))
    if found is not None:
        kept = found.hash
        if not await _hashing(gateway, lambda: is_password(kept, body.current)):
            raise _wrong(gateway, request, f"person/{caller.person.person_id}", "current password")
    new = await _hashing(gateway, lambda: hash_of(body.password))
    codes = await disk(lambda: gateway.accounts.put(login, caller.person.person_id, new))
    if codes is None:
        raise HttpError(409, "login", got=login, expected="a name nobody has", fix="take another")
    if found is None:
        return json(out.CodesOut(codes=tuple(codes)))
    await end_all(gateway, caller.person.person_id)
    return json(out.CodesOut(codes=tuple(codes)))


def sign_in(
    gateway: Gateway,
    request: Request,
    person: PersonAdded,
    method: str,
    codes: tuple[str, ...] = (),
) -> Answer:
    issued = gateway.sessions.issue(
        "",
        now_ms=gateway.book.after_cut(person.person_id, gateway.now_ms()),
        person_id=person.person_id,
        seconds=gateway.access.sign_in.session_hours * 3600,
    )
    return begun(gateway, request, issued, person, method, codes)


# ---- what slows guessing, and what waits ---------------------------------------------------------


def _check_on(gateway: Gateway) -> None:
    if not gateway.access.sign_in.passwords:
        raise HttpError(404, "passwords", expected="another way to sign in", fix="ask an admin")
    if gateway.view.settings is None:
        raise starting()


def _check_tries(gateway: Gateway, request: Request, login: str) -> None:
    now_s = gateway.now_ms() // 1000
    by_name = gateway.name_guesses.allows(normal(login), now_s=now_s)
    if not by_name or not gateway.guesses.allows(request.client, now_s=now_s):
        raise HttpError(
            429, "too many wrong tries", fix="wait a quarter of an hour, or use another way"
        )


def _wrong(gateway: Gateway, request: Request, login: str, what: str) -> HttpError:
    now_s = gateway.now_ms() // 1000
    gateway.name_guesses.failed(normal(login), now_s=now_s)
    gateway.guesses.failed(request.client, now_s=now_s)
    gateway.fault("sign-in", f"a sign-in was refused: wrong {what}")
    return HttpError(401, f"wrong {what}", fix="try again, or use a recovery code")


def _check_good(gateway: Gateway, password: str, login: str) -> None:
    minimum = gateway.access.sign_in.password_min
    why = weakness(password, login=normal(login), minimum=minimum)
    if why is not None:
        raise HttpError(400, f"password: {why}", expected=f"{minimum} characters or more")


def _login(text: str) -> str:
    login = normal(text)
    if LOGIN.fullmatch(login) is None:
        raise HttpError(
            400, "login", got=text, expected="3 to 64 letters, digits and . _ @ + -",
            fix="take another name",
        )  # fmt: skip
    return login


async def _hashing(gateway: Gateway, work: Callable[[], _T]) -> _T:
    try:
        return await gateway.hashing.run(work)
    except TooMany:
        raise HttpError(503, "too many sign-ins at once", fix="try again in a moment") from None


async def disk(work: Callable[[], _T]) -> _T:
    try:
        return await asyncio.to_thread(work)
    except (OSError, sqlite3.Error) as e:
        raise HttpError(503, "accounts: cannot be read", got=str(e), fix="try again") from e


PUBLIC: dict[str, Public] = {
    "sign_in_ways": ways,
    "by_password": by_password,
    "by_recovery": by_recovery,
    "claim": claim,
}
PRIVATE: dict[str, Private] = {"account": account, "set_password": set_password}
