"""The push that only asks "are you there?", and what proves that the answer follows from it.

The question carries its time and a MAC over device and time, under a key derived from the site's
push key. Nothing is stored: who can name the MAC of his device has had the push on that device.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Annotated

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from vigia.wire.webpush import base64url, topic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

VERSION = 1
TTL_S = 6 * 3600  # the push service keeps the question so long for a phone without a network
LATE_S = TTL_S + 3600  # an answer later than this proves nothing about now
EARLY_S = 60  # clocks of courier and gateway are those of one machine
MAC_BYTES = 16
TOPIC = topic("vigia heartbeat")  # a newer question replaces one that still waits


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """What the service worker reads, and posts back as it is. t_s: seconds since 1970."""

    v: int = VERSION
    t: str = "beat"
    t_s: int
    mac: str


class BeatIn(msgspec.Struct, frozen=True, kw_only=True):
    t_s: Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800)]
    mac: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


def secret_of(key: EllipticCurvePrivateKey) -> bytes:
    """Of the site's push key; another key, another secret."""
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return hmac.new(der, b"vigia push heartbeat", hashlib.sha256).digest()


def make_beat(secret: bytes, device_id: str, t_s: int) -> bytes:
    """The plain text of the question to that device."""
    return msgspec.json.encode(Beat(t_s=t_s, mac=_mac(secret, device_id, t_s)))


def answers(secret: bytes, device_id: str, said: BeatIn, now_s: int) -> bool:
    """True: that device has had a question of the last hours."""
    if not -EARLY_S <= now_s - said.t_s <= LATE_S:
        return False
    return hmac.compare_digest(_mac(secret, device_id, said.t_s), said.mac)


def _mac(secret: bytes, device_id: str, t_s: int) -> str:
    text = f"{device_id}\n{t_s}".encode()
    return base64url(hmac.new(secret, text, hashlib.sha256).digest()[:MAC_BYTES])
