"""ASGI's dictionaries -> Request and Answer: all of HTTP that the handlers need.

Measured, see docs/decisions: a framework costs as much time at the start as everything else here
together, and the guard, the headers and the errors would be ours all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, TypeAlias, TypeVar
from urllib.parse import parse_qsl

import msgspec

BODY_MAX = 64 * 1024
BODY_S = 15.0  # a phone on a bad radio link still gets 64 kB through
QUERY_MAX = 2_000  # characters looked at
QUERY_FIELDS_MAX = 20
SHOWN_MAX = 100  # characters of what was got, in an error

# ASGI's own types: its messages are untyped dictionaries.
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

_T = TypeVar("_T")


class HttpError(Exception):
    """A refusal in the words of the house: what, got, expected, what to do."""

    def __init__(
        self, status: int, what: str, *, got: str = "", expected: str = "", fix: str = ""
    ) -> None:
        super().__init__(what)
        self.status = status
        self.error = {
            "what": what,
            "got": got[:SHOWN_MAX],
            "expected": expected,
            "fix": fix,
        }


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    kind: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[bytes, bytes]
    client: str  # address; empty when unknown
    secure: bool
    body: bytes = b""
    params: dict[str, str] = {}

    @property
    def cookies(self) -> dict[str, str]:
        text = self.headers.get(b"cookie", b"").decode("latin-1")
        pairs = (part.partition("=") for part in text.split(";"))
        return {name.strip(): value.strip() for name, _, value in pairs}

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        """A bounded whole number of the query. Raises HttpError."""
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or not low <= int(text[:20]) <= high:
            raise HttpError(
                400,
                f"query {name}",
                got=text,
                expected=f"a whole number from {low} to {high}",
                fix=f"correct or leave out {name}",
            )
        return int(text)


def request_of(scope: Scope) -> Request:
    """Without its body. Of a repeated header the last one counts."""
    client = scope.get("client")
    query: bytes = scope.get("query_string", b"")
    try:
        pairs = parse_qsl(query[:QUERY_MAX].decode("latin-1"), max_num_fields=QUERY_FIELDS_MAX)
    except ValueError:
        pairs = []  # more fields than any door has: as if there were none
    return Request(
        method=scope.get("method", "GET"),
        path=scope["path"],
        query=dict(pairs),
        headers=dict(scope["headers"]),
        client=client[0] if client else "",
        secure=scope.get("scheme") in ("https", "wss"),
    )


async def read_body(receive: Receive, *, limit: int = BODY_MAX) -> bytes | None:
    """None: the client went away. Raises HttpError beyond the limit (bytes) or BODY_S."""
    try:
        async with asyncio.timeout(BODY_S):
            return await _read_body(receive, limit)
    except TimeoutError:
        raise HttpError(408, "body", got="not all of it", expected=f"within {BODY_S} s") from None


async def _read_body(receive: Receive, limit: int) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise HttpError(
                413, "body", got=f"more than {limit} bytes", expected=f"at most {limit}"
            )
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def decode(body: bytes, decoder: msgspec.json.Decoder[_T]) -> _T:
    """Raises HttpError(400) that names the field."""
    try:
        return decoder.decode(body)
    except msgspec.DecodeError as e:
        raise HttpError(
            400,
            str(e).replace("`$.", "`").replace("`$`", "the body"),
            got=body[:SHOWN_MAX].decode("utf-8", "replace"),
            expected="JSON as in docs/web-protocol.md",
            fix="correct the field and send it again",
        ) from e


def json(content: object, status: int = 200, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(status, msgspec.json.encode(content), headers=headers)


def refusal(error: HttpError) -> Answer:
    return json({"error": error.error}, error.status)


async def respond(send: Send, answer: Answer, headers: Headers) -> None:
    """headers: those that every answer has."""
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [
                (b"content-type", answer.kind),
                (b"content-length", str(len(answer.body)).encode()),
                *headers,
                *answer.headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": answer.body})
