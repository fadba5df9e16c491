"""A browser's push subscription: read, checked, and kept as one line of text.

The endpoint is an address that a phone tells us and that we then call: without a list of hosts
anybody enrolled could make the server call machines inside the agency's network.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import msgspec

from vigia.wire.webpush import PushRefused, Subscriber, from_base64url

if TYPE_CHECKING:
    from collections.abc import Sequence

ENDPOINT_MAX = 1_500  # characters
SERVICES_MAX = 32  # of the operator's own
# Host names of the browsers' push services; a name also stands for what is below it.
KNOWN_SERVICES = (
    "fcm.googleapis.com",  # Chrome, Edge on Android, Samsung
    "push.services.mozilla.com",  # Firefox
    "push.apple.com",  # Safari
    "notify.windows.com",  # Edge on Windows
)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class Keys(msgspec.Struct, frozen=True):
    p256dh: str
    auth: str


class Subscription(msgspec.Struct, frozen=True):
    """As PushSubscription.toJSON() gives it."""

    endpoint: str
    keys: Keys

    def subscriber(self) -> Subscriber:
        """Raises PushRefused."""
        return Subscriber(from_base64url(self.keys.p256dh), from_base64url(self.keys.auth))


_decoder = msgspec.json.Decoder(Subscription)
_encode = msgspec.json.Encoder().encode


def to_address(subscription: Subscription) -> str:
    return _encode(subscription).decode()


def of_address(address: str) -> Subscription:
    """Raises PushRefused."""
    try:
        return _decoder.decode(address.encode())
    except msgspec.DecodeError as e:
        raise PushRefused(f"subscription: {e}") from None


def refused(subscription: Subscription, services: Sequence[str]) -> str | None:
    """Why it cannot be used, without telling the endpoint, which is a secret. services: the
    operator's own, names or origins such as https://push.agency.example:8443."""
    endpoint = subscription.endpoint
    if len(endpoint) > ENDPOINT_MAX:
        return f"endpoint: got {len(endpoint)} characters; need {ENDPOINT_MAX} at most"
    parts = _split(endpoint)
    if isinstance(parts, str):
        return parts
    if not _allowed(parts, services):
        return (
            f"endpoint: got the host {(parts.hostname or '')[:80]}; need a known push service, or "
            "one named in [channels.push] services"
        )
    try:
        subscription.subscriber()
    except PushRefused as e:
        return str(e)
    return None


def origin_of(endpoint: str) -> str:
    """Scheme, host and port: whom VAPID's token is for."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def service_fault(service: str) -> str | None:
    """What is wrong with an entry of [channels.push] services; None: nothing."""
    if "://" not in service:
        return None if _HOST.fullmatch(service) else "need a host name such as push.agency.example"
    parts = _split(service)
    if isinstance(parts, str):
        return parts
    bare = parts.path in ("", "/") and not parts.query
    return None if bare else "need an origin without a path, such as https://push.example:8443"


def _split(url: str) -> SplitResult | str:
    if not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        return "endpoint: got characters that no address has"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "endpoint: got no address"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "endpoint: got a user name or a fragment; need a plain address"
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "endpoint: got another scheme; need https"
    return parts


def _allowed(parts: SplitResult, services: Sequence[str]) -> bool:
    origin = f"{parts.scheme}://{parts.netloc.lower()}"
    if any(origin == s.lower().rstrip("/") for s in services if "://" in s):
        return True
    if parts.scheme != "https" or parts.port not in (None, 443):
        return False  # another port is another program; it must be named in full
    host = (parts.hostname or "").rstrip(".")
    names = (*KNOWN_SERVICES, *(s.lower() for s in services if "://" not in s))
    return any(host == name or host.endswith(f".{name}") for name in names)
