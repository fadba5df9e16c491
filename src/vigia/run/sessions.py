"""A device's signature or a sign-in -> a session cookie; a cookie -> the device or person.

Cookies carry their own proof (HMAC-SHA256 under a key made on first run; challenges under one made
at each start), so nothing is stored: a restart of the gateway signs nobody out, and ten thousand
phones that come back at once cost a hash each. What ends a session early is the device's
revocation, which the roster knows, or an entry in session_book.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from vigia.roster import SIGNED_IN
from vigia.run.settings import SettingsError

COOKIE = "vigia_session"
KEY_NAME = "session.key"
SESSION_S = 12 * 3600
CHALLENGE_S = 60
USED_MAX = 200_000  # challenges used within CHALLENGE_S; the oldest are forgotten beyond it
SPKI_MAX = 200  # bytes; P-256 takes 91
_KEY_BYTES = 32
_NONCE_BYTES = 12
_MAC_BYTES = 16
_COORDINATE_BYTES = 32


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What a cookie says."""

    device_id: str
    t_end_s: int
    nonce: bytes
    person_id: str = ""  # who signed in without a device's key
    t_open_ms: int = 0


class Session(NamedTuple):
    """person_id "": whose the device is."""

    device_id: str
    t_end_s: int
    login_id: str = ""
    person_id: str = ""
    t_open_ms: int = 0


class Issued(NamedTuple):
    """A cookie's value, and what it stands for."""

    value: str
    session: Session


class Sessions:
    """Times are given by the caller, so that tests need no waiting."""

    def __init__(self, key: bytes) -> None:
        assert len(key) == _KEY_BYTES
        self._key = key
        # Which challenges are used is known to this process only, so they are good only here.
        self._challenge_key = secrets.token_bytes(_KEY_BYTES)
        self._used: dict[bytes, int] = {}

    # ---- challenge and answer --------------------------------------------------------------

    def challenge(self, device_id: str, *, now_s: int) -> str:
        """For known and unknown devices alike, so that it tells nobody which there are."""
        head = secrets.token_bytes(_NONCE_BYTES) + (now_s + CHALLENGE_S).to_bytes(8, "big")
        return to_base64url(head + self._challenge_mac(head, device_id))

    def take_challenge(self, challenge: str, device_id: str, *, now_s: int) -> str | None:
        """Why it is not good; None: it is, and is used up now."""
        data = from_base64url(challenge)
        if data is None or len(data) != _NONCE_BYTES + 8 + _MAC_BYTES:
            return "not one of ours"
        head, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._challenge_mac(head, device_id)):
            return "not one of ours for this device"
        t_end_s = int.from_bytes(head[_NONCE_BYTES:], "big")
        if now_s > t_end_s:
            return f"older than {CHALLENGE_S} s"
        if head in self._used:
            return "used already"
        self._forget_used(now_s)
        self._used[head] = t_end_s
        return None

    def _challenge_mac(self, head: bytes, device_id: str) -> bytes:
        return _mac(self._challenge_key, b"challenge", head, device_id.encode())

    def _forget_used(self, now_s: int) -> None:
        while self._used:
            first = next(iter(self._used))
            if self._used[first] >= now_s and len(self._used) < USED_MAX:
                return
            del self._used[first]

    # ---- cookies ---------------------------------------------------------------------------

    def issue(
        self, device_id: str, *, now_ms: int, person_id: str = "", seconds: int = SESSION_S
    ) -> Issued:
        """person_id: of a sign-in; the device is a name made for it, then."""
        nonce = secrets.token_bytes(8)
        device_id = device_id or f"{SIGNED_IN}{nonce.hex()}"
        ticket = _Ticket(device_id, now_ms // 1000 + seconds, nonce, person_id, now_ms)
        data = msgspec.msgpack.encode(ticket)
        return Issued(to_base64url(data + _mac(self._key, b"session", data)), _session(ticket))

    def session(self, cookie: str, *, now_s: int) -> Session | None:
        """None: altered, ended, or of another gateway."""
        data = from_base64url(cookie)
        if data is None or len(data) <= _MAC_BYTES:
            return None
        body, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, _mac(self._key, b"session", body)):
            return None
        ticket = msgspec.msgpack.decode(body, type=_Ticket)
        return _session(ticket) if now_s < ticket.t_end_s else None


def _session(ticket: _Ticket) -> Session:
    return Session(
        device_id=ticket.device_id,
        t_end_s=ticket.t_end_s,
        login_id=ticket.nonce.hex(),
        person_id=ticket.person_id,
        t_open_ms=ticket.t_open_ms,
    )


def _mac(key: bytes, use: bytes, *parts: bytes) -> bytes:
    framed = b"".join(len(p).to_bytes(4, "big") + p for p in (use, *parts))
    return hmac.new(key, framed, hashlib.sha256).digest()[:_MAC_BYTES]


def open_sessions(keys: Path) -> Sessions:
    """With the key in that folder, made on first run. Raises OSError or SettingsError."""
    path = keys / KEY_NAME
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != _KEY_BYTES:
            raise SettingsError(
                f"{path}: got {len(key)} bytes; need {_KEY_BYTES}; delete it, a new one is made "
                "and devices open new sessions by themselves"
            ) from None
        return Sessions(key)
    key = secrets.token_bytes(_KEY_BYTES)
    with os.fdopen(fd, "wb") as f:
        f.write(key)
    return Sessions(key)


def device_key(spki: bytes) -> EllipticCurvePublicKey:
    """Raises ValueError unless it is a P-256 public key."""
    if len(spki) > SPKI_MAX:
        raise ValueError(f"public_key: got {len(spki)} bytes; a P-256 SPKI has 91")
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as e:
        raise ValueError("public_key: not an SPKI DER public key") from e
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("public_key: not of the curve P-256")
    return key


def device_id_of(spki: bytes) -> str:
    """Derives from the key, so that a repeated enrolment gives the same device."""
    return f"dev-{hashlib.sha256(spki).hexdigest()[:20]}"


def signed_by(spki: bytes, signature: bytes, text: str) -> bool:
    """signature: raw r then s, as WebCrypto makes it."""
    if len(signature) != 2 * _COORDINATE_BYTES:
        return False
    r = int.from_bytes(signature[:_COORDINATE_BYTES], "big")
    s = int.from_bytes(signature[_COORDINATE_BYTES:], "big")
    try:
        device_key(spki).verify(encode_dss_signature(r, s), text.encode(), ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes | None:
    """None: not base64url."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
