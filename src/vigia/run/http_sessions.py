"""Sessions as their people see them: begun, listed, ended at once."""

from __future__ import annotations

import asyncio
import sqlite3

import msgspec

from vigia.events import DeviceRevoked, PersonAdded
from vigia.events_access import PowerUsed, SignedIn
from vigia.run import access_json as out
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.gateway import SOURCE, Gateway
from vigia.run.http_doors import Caller, Private, committed, looked
from vigia.run.roles import OFFICERS, may_invite
from vigia.run.session_book import WHERE_MAX, Login
from vigia.run.sessions import COOKIE, Issued
from vigia.terms import Role

HOST = "site"  # whoever runs the server; its admins manage people of every agency
_end = msgspec.json.Decoder(out.EndIn)


def begun(
    gateway: Gateway,
    request: Request,
    issued: Issued,
    person: PersonAdded,
    method: str,
    codes: tuple[str, ...] = (),
) -> Answer:
    """The cookie; and the session in the book, and for a sign-in in the record."""
    note_session(gateway, request, issued, person, method)
    content = out.BegunOut(
        person=gateway.view.person(person.person_id),
        expires_ms=issued.session.t_end_s * 1000,
        codes=codes,
    )
    return json(content, 200, (b"set-cookie", set_cookie(gateway, issued)))


def note_session(
    gateway: Gateway, request: Request, issued: Issued, person: PersonAdded, method: str
) -> None:
    session = issued.session
    login = Login(
        login_id=session.login_id,
        person_id=person.person_id,
        device_id=session.device_id,
        method=method,
        t_open_ms=session.t_open_ms,
        t_end_s=session.t_end_s,
        address=request.client[:WHERE_MAX],
        browser=request.headers.get(b"user-agent", b"").decode("latin-1")[:WHERE_MAX],
    )
    gateway.book.opened(login)
    gateway.metrics.counts[f"sessions_{method}"] += 1
    if method != "key":
        signed = SignedIn(person_id=person.person_id, session_id=session.login_id, method=method)
        gateway.link.submit_nowait(signed, SOURCE)


def set_cookie(gateway: Gateway, issued: Issued) -> bytes:
    seconds = issued.session.t_end_s - issued.session.t_open_ms // 1000
    cookie = f"{COOKIE}={issued.value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict"
    return (cookie + ("; Secure" if gateway.secure else "")).encode()


async def sessions(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """One's own; of somebody else for who manages him."""
    person_id = request.query.get("person_id", caller.person.person_id)
    _check_manages(gateway, caller, person_id)
    now_s = gateway.now_ms() // 1000
    rows = tuple(
        out.SessionOut(
            login_id=one.login_id,
            device_id=one.device_id,
            method=one.method,
            opened_ms=one.t_open_ms,
            expires_ms=one.t_end_s * 1000,
            address=one.address,
            browser=one.browser,
            this=one.login_id == caller.login_id,
        )
        for one in gateway.book.of_person(person_id, now_s=now_s)
    )
    if person_id != caller.person.person_id:
        await looked(gateway, caller, "sessions", about=person_id, count=len(rows))
    return json(out.SessionsOut(person_id=person_id, sessions=rows))


async def end_session(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    login = gateway.book.get(request.params["login_id"])
    if login is None:
        raise HttpError(404, "session", got=request.params["login_id"], expected="an open one")
    reason = decode(request.body, _end).reason
    _check_manages(gateway, caller, login.person_id)
    await _used(gateway, caller, "session.end", login.person_id, reason)
    await _on_disk(gateway, login)
    gateway.hub.drop_login(frozenset((login.login_id,)))
    return json(out.EndedOut(ended=1))


async def sign_out(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    login = gateway.book.get(caller.login_id)
    if login is not None:
        await _on_disk(gateway, login)
    gateway.hub.drop_login(frozenset((caller.login_id,)))
    gone = f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
    return json(out.EndedOut(ended=1), 200, (b"set-cookie", gone.encode()))


async def end_person(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """All of a person at once; with devices for one that is lost: its key opens nothing more."""
    body = decode(request.body, _end)
    person_id = request.params["person_id"]
    _check_manages(gateway, caller, person_id)
    await _used(gateway, caller, "sessions.end", person_id, body.reason)
    gone = await end_all(gateway, person_id)
    if body.devices:
        held = [d for d in gateway.view.devices.values() if d.person_id == person_id]
        for device in held:
            revoked = DeviceRevoked(
                device_id=device.device_id,
                by_person_id=caller.person.person_id,
                reason=body.reason,
            )
            await committed(gateway, revoked, caller.source)
            gateway.revoked(revoked)
    return json(out.EndedOut(ended=gone))


async def end_all(gateway: Gateway, person_id: str) -> int:
    """Raises HttpError(503)."""
    try:
        gone = await asyncio.to_thread(gateway.book.end_all, person_id, now_ms=gateway.now_ms())
    except (OSError, sqlite3.Error) as e:
        raise _not_kept(e) from e
    for page in gateway.hub.of_person(person_id):
        page.close("the sessions were ended")
    return len(gone)


def may_manage(gateway: Gateway, caller: Caller, person_id: str) -> bool:
    """Oneself; an admin his agency's people; a watch officer those he may invite."""
    if person_id == caller.person.person_id:
        return True
    person = gateway.view.people.get(person_id)
    if person is None or caller.person.role not in OFFICERS:
        return False
    if gateway.eyes.apart and person.agency_id != caller.person.agency_id != HOST:
        return False
    return caller.person.role is Role.ADMIN or may_invite(caller.person.role, person.role)


def _check_manages(gateway: Gateway, caller: Caller, person_id: str) -> None:
    """Raises HttpError; somebody unknown and somebody else's are told apart to nobody."""
    if not may_manage(gateway, caller, person_id):
        raise HttpError(
            403, "person", got=person_id, expected="yourself, or somebody you manage",
            fix="ask an admin of that agency",
        )  # fmt: skip


async def _used(gateway: Gateway, caller: Caller, act: str, about: str, reason: str) -> None:
    """On record before it is done. Raises HttpError(503)."""
    used = PowerUsed(by_person_id=caller.person.person_id, act=act, about=about, reason=reason)
    await committed(gateway, used, caller.source)


async def _on_disk(gateway: Gateway, login: Login) -> None:
    try:
        await asyncio.to_thread(gateway.book.end, login)
    except (OSError, sqlite3.Error) as e:
        raise _not_kept(e) from e


def _not_kept(e: Exception) -> HttpError:
    """It is void in this process all the same."""
    return HttpError(503, "session: ended, but not on disk", got=str(e), fix="end it again")


PRIVATE: dict[str, Private] = {
    "sessions": sessions,
    "end_session": end_session,
    "sign_out": sign_out,
    "end_person": end_person,
}
