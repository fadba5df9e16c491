"""An OpenID Connect provider -> who somebody is: authorization code with PKCE, checked by its keys.

Only what the provider signs is believed: issuer, audience, times, nonce and an asymmetric
signature under a key of its JWKS. Its answers are bounded, and it is waited for a few seconds.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vigia.run.provider import Identity, OidcError
from vigia.run.sessions import to_base64url
from vigia.run.settings_access import SignIn, read_secret

WAIT_S = 5.0
ANSWER_MAX = 256 * 1024
KEYS_S = 300.0  # then the provider's keys are asked for again
KEYS_AGAIN_S = 30.0  # after an unknown key, not sooner
PENDING_S = 600
PENDING_MAX = 1_000  # sign-ins under way; the oldest gives way
LEEWAY_S = 60
ALGORITHMS = "RS256 PS256 ES256 EdDSA RS384 PS384 ES384 RS512 PS512 ES512"
FIELD_MAX = 200  # characters of a claim that is used


class Pending(NamedTuple):
    nonce: str
    verifier: str
    redirect: str
    t_end_s: float


class Oidc:
    """One provider. now_s is passed in, so that tests need no waiting."""

    def __init__(self, settings: SignIn, http: httpx.AsyncClient | None = None) -> None:
        assert settings.issuer is not None
        self._settings = settings
        self._issuer = settings.issuer
        self._http = http or httpx.AsyncClient(timeout=WAIT_S, follow_redirects=False)
        self._about: dict[str, Any] | None = None  # Any: the provider's document
        self._keys: KeySet | None = None
        self._t_keys_s = 0.0
        self._pending: dict[str, Pending] = {}

    async def begin(self, redirect: str, *, now_s: float) -> tuple[str, str]:
        """The provider's address for the browser, and the state that binds its return."""
        about = await self._discover()
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        verifier = secrets.token_urlsafe(48)
        self._forget(now_s)
        self._pending[state] = Pending(nonce, verifier, redirect, now_s + PENDING_S)
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": to_base64url(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        where = str(about["authorization_endpoint"])
        return f"{where}{'&' if '?' in where else '?'}{urlencode(query)}", state

    async def finish(self, code: str, state: str, *, now_s: float) -> Identity:
        """Raises OidcError. A state is good once."""
        pending = self._pending.pop(state, None)
        if pending is None or now_s > pending.t_end_s:
            raise OidcError("this sign-in was not begun here, or is too old", ours=False)
        about = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": pending.redirect,
            "client_id": self._settings.client_id,
            "code_verifier": pending.verifier,
        }
        if self._settings.secret_file is not None:
            try:
                form["client_secret"] = read_secret(self._settings.secret_file)
            except (OSError, ValueError) as e:
                raise OidcError(f"the client's secret cannot be read: {e}") from e
        told = await self._ask("POST", str(about["token_endpoint"]), form)
        token = told.get("id_token")
        if not isinstance(token, str):
            raise OidcError("the provider gave no id_token")
        return self._identity(await self._claims(token, about, now_s), pending)

    async def _claims(self, token: str, about: dict[str, Any], now_s: float) -> dict[str, Any]:
        for attempt in (1, 2):
            keys = await self._key_set(about, again=attempt == 2)
            try:
                return dict(jwt.decode(token, keys, algorithms=ALGORITHMS.split()).claims)
            except (JoseError, ValueError) as e:
                if attempt == 2 or self._t_keys_s > time.monotonic() - KEYS_AGAIN_S:
                    raise OidcError(f"the id_token is not the provider's: {e}") from e
        raise AssertionError("two attempts")

    def _identity(self, claims: dict[str, Any], pending: Pending) -> Identity:
        now_s = time.time()
        audiences = _listed(claims.get("aud"))
        client = self._settings.client_id
        wrong = (
            (claims.get("iss") != self._issuer, "iss"),
            (client not in audiences, "aud"),
            (len(audiences) > 1 and claims.get("azp") != client, "azp"),
            (claims.get("nonce") != pending.nonce, "nonce"),
            (not _number(claims.get("exp")) > now_s - LEEWAY_S, "exp"),
            (not _number(claims.get("iat")) < now_s + LEEWAY_S, "iat"),
        )
        for failed, name in wrong:
            if failed:
                raise OidcError(f"the id_token's {name} is not as it must be")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= FIELD_MAX:
            raise OidcError("the id_token names nobody")
        name = claims.get("name") or claims.get("preferred_username") or subject
        groups = tuple(_listed(claims.get(self._settings.groups_claim)))
        return Identity(subject, str(name)[:80], groups)

    async def _discover(self) -> dict[str, Any]:
        if self._about is None:
            where = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            about = await self._ask("GET", where)
            if about.get("issuer") != self._issuer:
                raise OidcError(f"the provider calls itself {about.get('issuer')!r}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not isinstance(about.get(name), str):
                    raise OidcError(f"the provider's document has no {name}")
            self._about = about
        return self._about

    async def _key_set(self, about: dict[str, Any], *, again: bool) -> KeySet:
        old = time.monotonic() - self._t_keys_s > KEYS_S
        if self._keys is None or again or old:
            told = await self._ask("GET", str(about["jwks_uri"]))
            try:
                self._keys = KeySet.import_key_set(told)  # type: ignore[arg-type]
            except (JoseError, ValueError, TypeError, KeyError) as e:
                raise OidcError(f"the provider's keys cannot be read: {e}") from e
            self._t_keys_s = time.monotonic()
        return self._keys

    async def _ask(
        self, method: str, url: str, form: dict[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, url, data=form)
            content: object = answer.json() if len(answer.content) <= ANSWER_MAX else None
        except (httpx.HTTPError, ValueError) as e:
            raise OidcError(f"the provider cannot be reached: {type(e).__name__}") from e
        if answer.status_code != 200 or not isinstance(content, dict):
            raise OidcError(f"the provider answered {answer.status_code}")
        return cast("dict[str, Any]", content)

    def _forget(self, now_s: float) -> None:
        for state in [s for s, p in self._pending.items() if p.t_end_s < now_s]:
            del self._pending[state]
        while len(self._pending) >= PENDING_MAX:
            del self._pending[next(iter(self._pending))]

    async def close(self) -> None:
        await self._http.aclose()


def _listed(value: object) -> list[str]:
    """A claim that is one text or several."""
    several = cast("list[object]", value) if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, str)]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
