"""The ASGI application: finds the row of the table, guards it, calls its handler, adds headers."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import sqlite3
from urllib.parse import urlsplit

import msgspec

from vigia.event_base import RAW_MAX
from vigia.events import PersonAdded
from vigia.run import track_frame
from vigia.run.asgi import (
    Answer,
    HttpError,
    Receive,
    Request,
    Scope,
    Send,
    json,
    read_body,
    refusal,
    request_of,
    respond,
)
from vigia.run.gateway import Gateway
from vigia.run.http_api import PRIVATE, PUBLIC
from vigia.run.http_doors import Caller, starting
from vigia.run.http_observe import observe_stream
from vigia.run.http_pages import PageFiles
from vigia.run.invitations import is_loopback
from vigia.run.looking import DOORS, PICTURE, Looking
from vigia.run.page_talk import serve_page
from vigia.run.roles import READS, ROUTES, SOCKET, Open, Route, allows
from vigia.run.sessions import COOKIE
from vigia.run.web_files import common_headers
from vigia.terms import Role

KEYED = frozenset({"observe", "observe_stream"})  # sensors' keys of the settings, not services'
STREAM = "observe_stream"  # the only handler that reads its body as it comes
_PART = re.compile(r"\\\{(\w+)(\\\*)?\\\}")


class App:
    """Give it to uvicorn."""

    def __init__(self, gateway: Gateway, files: PageFiles) -> None:
        self._gateway = gateway
        self._looking = Looking()
        self._public = PUBLIC | files.handlers
        self._headers = common_headers(secure=gateway.secure)
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: list[tuple[re.Pattern[str], Route]] = []
        for route in ROUTES:
            if "{" in route.path:
                self._patterns.append((_pattern(route.path), route))
            else:
                self._exact.setdefault(route.path, {})[route.method] = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            answer = await self._http(scope, receive)
            if answer is not None:
                await respond(send, answer, self._headers)

    # ---- HTTP ------------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive) -> Answer | None:
        """None: the client went away while it sent."""
        request = request_of(scope)
        head = request.method == "HEAD"
        caller = None
        try:
            self._check_host(request)
            route, params = self._find("GET" if head else request.method, request.path)
            service = None if route.handler in KEYED else await self._service(request)
            caller = self._guard(route, request, service)
            if route.method == "POST":
                self._check_origin(request)
                if route.handler == STREAM:
                    return await observe_stream(self._gateway, request, receive)
                body = await read_body(receive)
                if body is None:
                    return None
                request = msgspec.structs.replace(request, body=body)
            answer = await self._call(
                route, msgspec.structs.replace(request, params=params), caller
            )
        except HttpError as e:
            if e.status == 400:
                who = None if caller is None else caller.person.person_id
                # Without a person nothing says whose position the bytes may hold: left out.
                raw = b"" if who is None else request.body[:RAW_MAX]
                self._gateway.fault(f"http {request.path[:60]}", str(e), raw, who)
            answer = refusal(e)
        self._gateway.metrics.counts["requests"] += 1
        return msgspec.structs.replace(answer, body=b"") if head else answer

    async def _call(self, route: Route, request: Request, caller: Caller | None) -> Answer:
        public = self._public.get(route.handler)
        if public is not None:
            return await public(self._gateway, request)
        assert caller is not None, "a row without a public handler needs a role"
        shown = DOORS.get(route.handler)
        if shown is not None:
            self._looking.note(self._gateway, caller, shown)
        return await PRIVATE[route.handler](self._gateway, request, caller)

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        exact = self._exact.get(path)
        found = list(exact.values()) if exact is not None else []
        if exact is not None and method in exact:
            return exact[method], {}
        for pattern, route in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None:
                if route.method == method:
                    return route, match.groupdict()
                found.append(route)
        if found:
            words = ", ".join(sorted({r.method for r in found}))
            raise HttpError(405, "method", got=method, expected=words)
        raise HttpError(404, "address", got=path, expected="one of docs/web-protocol.md")

    def _guard(
        self, route: Route, request: Request, service: Caller | None = None
    ) -> Caller | None:
        """The only place that decides who may. Raises HttpError."""
        caller = None if isinstance(route.need, Open) else service or self._caller(request)
        role = None if caller is None else caller.person.role
        if allows(route.need, role, loopback=_from_here(request)):
            return caller
        if service is not None and any(route.handler in READS[r] for r in service.reads):
            return service
        if isinstance(route.need, Open):
            raise HttpError(403, "address", got=request.client, expected="this machine only")
        if self._gateway.view.settings is None:
            raise starting()
        words = " or ".join(sorted(r.value for r in route.need))
        raise HttpError(
            401 if caller is None else 403,
            "session" if caller is None else "role",
            got="no session" if role is None else role.value,
            expected=words,
            fix="open a session with the device's key" if caller is None else "ask an admin",
        )

    async def _service(self, request: Request) -> Caller | None:
        """Whoever sends a key speaks as that service, whatever cookie comes along."""
        kind, _, text = request.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            return None
        gateway, now_s = self._gateway, self._gateway.now_ms() // 1000
        if not gateway.guesses.allows(request.client, now_s=now_s):
            raise HttpError(429, "too many wrong keys from this address", fix="wait a minute")
        try:
            key = await asyncio.to_thread(gateway.keys.find, text.strip(), now_s=now_s)
        except (OSError, sqlite3.Error) as e:
            raise HttpError(503, "key: cannot be checked", got=str(e), fix="try again") from e
        if key is None:
            gateway.guesses.failed(request.client, now_s=now_s)
            raise HttpError(401, "key", got="one that is not good", expected="a service key")
        name = f"service/{key.key_id}"
        person = PersonAdded(
            person_id=name, name=key.name, agency_id=key.agency_id, role=Role.SENSOR
        )
        return Caller(name, person, sensors=key.sensors, reads=key.reads)

    def _caller(self, request: Request) -> Caller | None:
        gateway = self._gateway
        cookie = request.cookies.get(COOKIE, "")
        session = gateway.sessions.session(cookie, now_s=gateway.now_ms() // 1000)
        if session is None:
            return None
        person = gateway.view.person_at(session.device_id, session.person_id)
        if person is None:
            return None
        if gateway.book.is_void(session.login_id, person.person_id, session.t_open_ms):
            return None
        return Caller(session.device_id, person, session.login_id)

    # ---- where a request comes from --------------------------------------------------------

    def _check_host(self, request: Request) -> None:
        """A name that is not ours may be another site's, pointed at this address."""
        host = _host_of(request)
        if host in self._gateway.hosts or is_loopback(host) or _is_address(host):
            return
        raise HttpError(
            421,
            "Host",
            got=host,
            expected="a name of this site",
            fix=f'add it to [listen] hosts = ["{host}"] in the settings',
        )

    def _check_origin(self, request: Request) -> None:
        """Browsers say where a POST or a socket comes from; only our own pages may."""
        origin = request.headers.get(b"origin")
        if origin is None:
            return
        host = request.headers.get(b"host", b"").decode("latin-1")
        ours = f"{'https' if request.secure else 'http'}://{host}"
        if origin.decode("latin-1").lower() != ours.lower():
            raise HttpError(
                403,
                "Origin",
                got=origin.decode("latin-1"),
                expected=ours,
                fix="use the pages of this site",
            )

    # ---- the socket ------------------------------------------------------------------------

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        await receive()  # websocket.connect
        try:
            self._check_host(request)
            if request.path != SOCKET.path:
                raise HttpError(404, "address", got=request.path, expected=SOCKET.path)
            self._check_origin(request)
            caller = self._guard(SOCKET, request)
            assert caller is not None
            self._looking.note(self._gateway, caller, PICTURE)
        except HttpError as e:
            answer = json({"error": e.error}, e.status)
            await _refuse_socket(send, answer, self._headers)
            return
        await serve_page(
            self._gateway,
            scope,
            receive,
            send,
            device_id=caller.device_id,
            person=caller.person,
            login_id=caller.login_id,
            columns=request.query.get("tracks") == str(track_frame.VERSION),
            headers=[],
        )


async def _refuse_socket(
    send: Send, answer: Answer, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    await send(
        {
            "type": "websocket.http.response.start",
            "status": answer.status,
            "headers": [(b"content-type", answer.kind), *headers],
        }
    )
    await send({"type": "websocket.http.response.body", "body": answer.body})


def _pattern(path: str) -> re.Pattern[str]:
    """`{name}` is one part of a path, `{name*}` all that follows."""
    return re.compile(
        _PART.sub(
            lambda m: f"(?P<{m[1]}>.{{1,300}})" if m[2] else f"(?P<{m[1]}>[^/]{{1,64}})",
            re.escape(path),
        )
    )


def _host_of(request: Request) -> str:
    text = request.headers.get(b"host", b"").decode("latin-1")
    try:
        return (urlsplit(f"//{text}").hostname or "").lower()
    except ValueError:
        return text[:100]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _from_here(request: Request) -> bool:
    """A proxy on this machine speaks for others: then it is not from here."""
    proxied = b"x-forwarded-for" in request.headers or b"forwarded" in request.headers
    return is_loopback(request.client) and not proxied
