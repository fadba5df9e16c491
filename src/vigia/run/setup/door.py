"""The setup page's HTTP: one person with a one-time token, nobody else.

The token opens once; after that a cookie proves the same browser. Wrong tokens are slowed down and
after WRONG_MAX nothing opens any more until setup is started again.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from vigia.run.asgi import (
    Answer,
    HttpError,
    Receive,
    Request,
    Scope,
    Send,
    decode,
    json,
    read_body,
    refusal,
    request_of,
    respond,
)
from vigia.run.http_pages import PageFiles
from vigia.run.settings import SettingsError
from vigia.run.setup.desk import Desk, PlaceIn, SensorIn
from vigia.run.setup.site import SiteError
from vigia.run.web_files import Files, common_headers

COOKIE = "vigia_setup"
BODY_MAX = 2_000_000  # a table of ten thousand people
WRONG_MAX = 20
WRONG_S = 0.5
_T = TypeVar("_T")


class TokenIn(msgspec.Struct, frozen=True):
    token: str


class TextIn(msgspec.Struct, frozen=True):
    text: str


class SetupApp:
    """Give it to uvicorn."""

    def __init__(self, desk: Desk, token: str, *, secure: bool) -> None:
        self._desk = desk
        self._token: str | None = token
        self._cookie: str | None = None
        self._wrong = 0
        self._secure = secure
        self._files = Files()
        self._tiles = PageFiles(files=self._files)
        self._headers = common_headers(secure=False)  # no HSTS: setup is gone in an hour
        self._lock = asyncio.Lock()  # one step at a time
        self.done = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = request_of(scope)
        try:
            if request.method == "POST":
                self._check_origin(request)
                body = await read_body(receive, limit=BODY_MAX)
                if body is None:
                    return
                request = msgspec.structs.replace(request, body=body)
            answer = await self._answer(request)
        except HttpError as e:
            answer = refusal(e)
        except (SettingsError, SiteError) as e:
            answer = json({"error": {"what": str(e), "got": "", "expected": "", "fix": ""}}, 409)
        await respond(send, answer, self._headers)

    async def _answer(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET", "/":
                return self._file("setup/index.html", request)
            case "GET", path if path.startswith("/static/"):
                return self._file(path.removeprefix("/static/"), request)
            case "GET", path if path.startswith("/tiles/"):
                return await self._tile(path, request)
            case "POST", "/api/open":
                return await self._open(decode(request.body, _token).token)
            case _:
                self._check_cookie(request)
                async with self._lock:
                    return await self._step(request)

    async def _step(self, request: Request) -> Answer:
        desk = self._desk
        match request.method, request.path:
            case "GET", "/api/state":
                pass
            case "POST", "/api/place":
                told = decode(request.body, _place)
                await _work(lambda: desk.place(told))
            case "POST", "/api/people":
                text = decode(request.body, _text).text
                table = await _work(lambda: desk.people(text))
                return json(
                    {"errors": table.errors, "errors_all": table.errors_all, **self._state()}
                )
            case "POST", "/api/sensor":
                sensor = decode(request.body, _sensor)
                await _work(lambda: desk.sensor(sensor))
            case "POST", "/api/start":
                await _work(desk.start)
            case "POST", "/api/codes":
                return json({"codes": await _work(desk.codes)})
            case "POST", "/api/drill":
                reason = decode(request.body, _text).text
                await _work(lambda: desk.drill(reason))
            case "POST", "/api/done":
                self.done.set()
            case _:
                raise HttpError(404, "address", got=request.path)
        return json(await _work(desk.state))

    def end(self) -> None:
        self._desk.end()

    def _state(self) -> dict[str, Any]:
        return self._desk.state()

    # ---- who -------------------------------------------------------------------------------

    async def _open(self, token: str) -> Answer:
        if self._wrong >= WRONG_MAX:
            raise HttpError(403, "too many wrong links", fix="stop vigia setup and start it again")
        if self._token is None or not hmac.compare_digest(token.encode(), self._token.encode()):
            self._wrong += 1
            await asyncio.sleep(WRONG_S)
            raise HttpError(
                403,
                "this link was used, or is not the one",
                fix="go on in the browser that opened it, or stop vigia setup and start it again",
            )
        self._token, self._cookie = None, secrets.token_urlsafe(32)
        secure = "; Secure" if self._secure else ""
        cookie = f"{COOKIE}={self._cookie}; HttpOnly; SameSite=Strict; Path=/{secure}"
        return json(await _work(self._desk.state), 200, (b"set-cookie", cookie.encode()))

    def _check_cookie(self, request: Request) -> None:
        got = request.cookies.get(COOKIE, "")
        if self._cookie is None or not hmac.compare_digest(got.encode(), self._cookie.encode()):
            raise HttpError(
                401, "session", got="none", fix="open the link that vigia setup printed"
            )

    def _check_origin(self, request: Request) -> None:
        origin = request.headers.get(b"origin", b"").decode("latin-1")
        host = request.headers.get(b"host", b"").decode("latin-1")
        ours = f"{'https' if self._secure else 'http'}://{host}"
        if origin and origin.lower() != ours.lower():
            raise HttpError(403, "Origin", got=origin, expected=ours)

    # ---- files -----------------------------------------------------------------------------

    def _file(self, name: str, request: Request) -> Answer:
        return self._files.answer(name, request.headers)

    async def _tile(self, path: str, request: Request) -> Answer:
        parts = path.split("/")[2:]
        if len(parts) != 4:
            raise HttpError(404, "tile", got=path)
        params = dict(zip(("layer", "z", "x", "y"), parts, strict=True))
        return await asyncio.to_thread(
            self._tiles.read_tile, msgspec.structs.replace(request, params=params)
        )


async def _work(call: Callable[[], _T]) -> _T:
    return await asyncio.to_thread(call)


_token = msgspec.json.Decoder(TokenIn)
_text = msgspec.json.Decoder(TextIn)
_place = msgspec.json.Decoder(PlaceIn)
_sensor = msgspec.json.Decoder(SensorIn)
