"""Web Push: text <-> the encrypted record of RFC 8291 (aes128gcm, RFC 8188); VAPID's token.

All that needs the elliptic curve is in prepare(), which can be done before there is anything to
say; seal() is then one AES-GCM call. A Prepared holds a key and a nonce: it may seal once. Keys and
salts are given, so that nothing here needs chance.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )

SALT_BYTES = 16
AUTH_BYTES = 16
POINT_BYTES = 65  # an uncompressed point of P-256
TAG_BYTES = 16
RECORD_SIZE = 4096  # stated in the header; one record only, so nothing is longer
HEADER_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES
BODY_MAX = 4096  # RFC 8030 7.2: a push service need not take more
PLAIN_MAX = BODY_MAX - HEADER_BYTES - TAG_BYTES - 1  # and the delimiter's octet
TOKEN_S_MAX = 24 * 3600  # RFC 8292 2: exp no further away
TOPIC_MAX = 32  # RFC 8030 5.4
_LAST_RECORD = b"\x02"


class PushRefused(ValueError):
    """A key or a record that is none. The message names what, got, expected."""


class Subscriber(msgspec.Struct, frozen=True):
    """Whom a record is for: the browser's public point and its shared secret."""

    p256dh: bytes
    auth: bytes

    def __post_init__(self) -> None:
        if len(self.auth) != AUTH_BYTES:
            raise PushRefused(f"auth: got {len(self.auth)} bytes; need {AUTH_BYTES}")
        public_point(self.p256dh)


class Prepared(msgspec.Struct, frozen=True):
    """Everything of one record but its text. Seal once, then throw away."""

    header: bytes
    key: bytes
    nonce: bytes


def public_point(data: bytes) -> EllipticCurvePublicKey:
    """Raises PushRefused unless it is an uncompressed point on P-256."""
    if len(data) != POINT_BYTES or data[0] != 4:
        raise PushRefused(f"p256dh: got {len(data)} bytes; need an uncompressed P-256 point of 65")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
    except ValueError as e:
        raise PushRefused(f"p256dh: got 65 bytes that are no point of P-256 ({e})") from e


def point_bytes(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def prepare(to: Subscriber, ephemeral: EllipticCurvePrivateKey, salt: bytes) -> Prepared:
    """ephemeral and salt: fresh for each record."""
    assert len(salt) == SALT_BYTES, f"salt: got {len(salt)} bytes, need {SALT_BYTES}"
    ours = point_bytes(ephemeral.public_key())
    shared = ephemeral.exchange(ec.ECDH(), public_point(to.p256dh))
    key, nonce = _derive(shared, to.auth, salt, theirs=to.p256dh, ours=ours)
    header = salt + RECORD_SIZE.to_bytes(4, "big") + bytes((POINT_BYTES,)) + ours
    return Prepared(header, key, nonce)


def seal(prepared: Prepared, plain: bytes, *, pad_to: int = 0) -> bytes:
    """The body of one push message. pad_to: length that the text is filled up to, so that an
    encrypted message tells nothing by its size. Raises PushRefused when it is too long."""
    size = max(len(plain), pad_to)
    if size > PLAIN_MAX:
        raise PushRefused(f"push: got {size} bytes of text and padding; at most {PLAIN_MAX}")
    text = plain + _LAST_RECORD + bytes(size - len(plain))
    return prepared.header + AESGCM(prepared.key).encrypt(prepared.nonce, text, None)


def unseal(body: bytes, key: EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What a browser does; ours for tests and tools. Raises PushRefused."""
    if not HEADER_BYTES + TAG_BYTES < len(body) <= BODY_MAX:
        raise PushRefused(f"push: got {len(body)} bytes; need {HEADER_BYTES + 18} to {BODY_MAX}")
    salt, size = body[:SALT_BYTES], int.from_bytes(body[SALT_BYTES:20], "big")
    if body[20] != POINT_BYTES or len(body) - HEADER_BYTES > size:
        raise PushRefused("push: got a header of another scheme; need one record of aes128gcm")
    theirs = body[21:HEADER_BYTES]
    ours = point_bytes(key.public_key())
    shared = key.exchange(ec.ECDH(), public_point(theirs))
    content_key, nonce = _derive(shared, auth, salt, theirs=ours, ours=theirs)
    try:
        text = AESGCM(content_key).decrypt(nonce, body[HEADER_BYTES:], None).rstrip(b"\0")
    except InvalidTag:
        raise PushRefused("push: the record was made for another key, or changed") from None
    if not text.endswith(_LAST_RECORD):
        raise PushRefused("push: got a record without its delimiter")
    return text[:-1]


def topic(name: str) -> str:
    """The same for the same name: a newer message replaces one still waiting at the service."""
    return base64url(sha256(f"vigia-topic:{name}".encode()).digest())[:TOPIC_MAX]


def vapid_token(key: EllipticCurvePrivateKey, *, audience: str, t_exp_s: int, subject: str) -> str:
    """RFC 8292: who sends, good for one push service (audience: its origin) until t_exp_s."""
    claims = {"aud": audience, "exp": t_exp_s, "sub": subject}
    parts = ({"typ": "JWT", "alg": "ES256"}, claims)
    signed = ".".join(base64url(json.dumps(p, separators=(",", ":")).encode()) for p in parts)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def vapid_header(token: str, key: EllipticCurvePublicKey) -> str:
    """Value of the Authorization header."""
    return f"vapid t={token}, k={base64url(point_bytes(key))}"


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """With or without padding. Raises PushRefused."""
    try:
        return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except ValueError as e:
        raise PushRefused(f"base64url: got {text[:40]!r} ({e})") from e


def _derive(
    shared: bytes, auth: bytes, salt: bytes, *, theirs: bytes, ours: bytes
) -> tuple[bytes, bytes]:
    """RFC 8291 3.4; each HKDF-Expand gives at most one block, so it is one HMAC."""
    info = b"WebPush: info\0" + theirs + ours
    secret = _hmac(_hmac(auth, shared), info + b"\x01")
    extracted = _hmac(salt, secret)
    key = _hmac(extracted, b"Content-Encoding: aes128gcm\0\x01")[:16]
    return key, _hmac(extracted, b"Content-Encoding: nonce\0\x01")[:12]


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")
