"""A push service of our own: decrypts by RFC 8291, checks RFC 8292, answers as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import Any

import http_ece
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from vigia.run.push_address import Keys, Subscription, to_address
from vigia.wire.webpush import base64url, from_base64url, point_bytes, public_point

Json = dict[str, Any]


class Phone:
    """A browser that has subscribed."""

    def __init__(self, service: PushDouble) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = secrets.token_bytes(16)
        self.path = f"/push/{secrets.token_urlsafe(12)}"
        self.got: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.sizes: list[int] = []
        self.statuses: list[int] = []  # answered in turn; then 201
        keys = Keys(base64url(point_bytes(self.key.public_key())), base64url(self.auth))
        self.subscription = Subscription(service.base + self.path, keys)
        service.phones[self.path] = self

    @property
    def address(self) -> str:
        return to_address(self.subscription)


class PushDouble:
    """`async with PushDouble() as service`; base is its origin."""

    def __init__(self) -> None:
        self.phones: dict[str, Phone] = {}
        self.base = ""
        self.retry_after: str | None = None
        self.hangs = False
        self.connections = 0
        self.order: list[str] = []
        self.other: list[bytes] = []  # bodies of what is no push
        self.bad: list[str] = []  # what a real service would have refused
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> PushDouble:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.split("\r\n")
                headers = {k.lower(): v for k, _, v in (x.partition(": ") for x in lines if x)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                if self.hangs:
                    await asyncio.sleep(60)
                status = self._take(first, headers, body)
                more = f"Retry-After: {self.retry_after}\r\n" if self.retry_after else ""
                writer.write(f"HTTP/1.1 {status} x\r\n{more}Content-Length: 2\r\n\r\nok".encode())
        self._writers.discard(writer)
        writer.close()

    def _take(self, first: str, headers: dict[str, str], body: bytes) -> int:
        method, path, _ = first.split(" ")
        phone = self.phones.get(path)
        if method == "POST" and path == "/cap-in":
            self.other.append(body)
            return 200
        if method != "POST" or phone is None:
            return 404
        status = phone.statuses.pop(0) if phone.statuses else 201
        if status == 201:
            self._check(headers, body)
            opened = http_ece.decrypt(body, private_key=phone.key, auth_secret=phone.auth)
            phone.got.append(msgspec.json.decode(opened))
            phone.headers.append(headers)
            phone.sizes.append(len(body))
            self.order.append(path)
        return status

    def _check(self, headers: dict[str, str], body: bytes) -> None:
        token, _, key = headers.get("authorization", "").removeprefix("vapid t=").partition(", k=")
        public = ECKey.import_key(public_point(from_base64url(key)))
        claims = jwt.decode(token, public, algorithms=["ES256"]).claims
        if claims["aud"] != self.base:
            self.bad.append(f"aud {claims['aud']}")
        if not 0 < claims["exp"] - time.time() <= 24 * 3600:
            self.bad.append("exp")
        if not claims["sub"].startswith(("mailto:", "https:")):
            self.bad.append("sub")
        if headers.get("content-encoding") != "aes128gcm" or len(body) > 4096:
            self.bad.append("encoding")
        if headers.get("urgency") not in {"very-low", "low", "normal", "high"}:
            self.bad.append("urgency")
        if not headers.get("ttl", "").isdigit() or len(headers.get("topic", "")) > 32:
            self.bad.append("ttl or topic")
