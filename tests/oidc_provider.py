"""A small OpenID Connect provider on a real port: discovery, JWKS, authorize, token with PKCE.

It signs what a test puts into `claims`, so that each wrong claim can be tried.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey


class Provider:
    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig", "alg": "ES256"})
        self.issuer = ""
        self.secret = "hush"
        self.subject = "u-4471"
        self.groups: list[str] = ["drone-watch"]
        self.change: dict[str, Any] = {}  # claims that override the right ones
        self.sign_with: ECKey | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.token_requests = 0

    def authorize(self, query: dict[str, str]) -> str:
        """The person says yes at once."""
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(12)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.token_requests += 1
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = (
            asked is not None
            and asked["code_challenge"] == challenge
            and asked["redirect_uri"] == form.get("redirect_uri")
            and form.get("client_secret") == self.secret
        )
        if asked is None or not good:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": asked["client_id"],
            "sub": self.subject,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "name": "Olga Provider",
            "groups": self.groups,
        } | self.change
        key = self.sign_with or self.key
        signed = jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)
        return 200, {"id_token": signed, "token_type": "Bearer", "access_token": "x"}


@contextlib.contextmanager
def provider() -> Generator[Provider]:
    here = Provider()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def answer(self, status: int, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            where = urlsplit(self.path)
            if where.path == "/.well-known/openid-configuration":
                self.answer(
                    200,
                    {
                        "issuer": here.issuer,
                        "authorization_endpoint": f"{here.issuer}/authorize",
                        "token_endpoint": f"{here.issuer}/token",
                        "jwks_uri": f"{here.issuer}/jwks",
                    },
                )
            elif where.path == "/jwks":
                self.answer(200, {"keys": [here.key.as_dict(private=False)]})
            else:
                query = {k: v[0] for k, v in parse_qs(where.query).items()}
                self.send_response(302)
                self.send_header("location", here.authorize(query))
                self.send_header("content-length", "0")
                self.end_headers()

        def do_POST(self) -> None:
            size = int(self.headers["content-length"])
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(size).decode()).items()}
            self.answer(*here.token(form))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
