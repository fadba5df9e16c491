"""Keys of sensors that speak over HTTP, from the environment; and how often each may."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence

from vigia.run.asgi import Request
from vigia.run.plan import FeedPlan
from vigia.run.settings import SettingsError
from vigia.run.transports.url import API

KEY_MIN = 32  # characters
BURST_S = 2.0  # of its rate, after a pause


class Bucket:
    """Messages a second of one key; a stored burst of BURST_S."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._left = per_s * BURST_S
        self._t_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """0: taken; else how long until one is free."""
        since = max(0.0, now_s - self._t_s)
        self._left = min(self._left + since * self._per_s, max(1.0, self._per_s * BURST_S))
        self._t_s = now_s
        if self._left >= 1.0:
            self._left -= 1.0
            return 0.0
        return (1.0 - self._left) / self._per_s


class Observers:
    """The keys by their digests. Raises SettingsError for one that is missing or short."""

    def __init__(
        self, feeds: Sequence[FeedPlan], environment: Mapping[str, str] = os.environ
    ) -> None:
        self._keys: dict[bytes, tuple[str, Bucket]] = {}
        for feed in feeds:
            if feed.kind != API:
                continue
            key = environment.get(feed.key_env, "")
            if len(key) < KEY_MIN:
                raise SettingsError(
                    f"[sensors.{feed.sensor_id}] key_env: {feed.key_env} holds {len(key)} "
                    f"characters; need {KEY_MIN} at least, such as of `openssl rand -hex 32`"
                )
            self._keys[_digest(key)] = (feed.sensor_id, Bucket(feed.posts_per_s))

    def sensor(self, request: Request) -> tuple[str, Bucket] | None:
        word, _, key = request.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if word.lower() != "bearer":
            return None
        given, found = _digest(key.strip()), None
        for digest, one in self._keys.items():  # all of them: the time tells nothing
            if hmac.compare_digest(digest, given):
                found = one
        return found


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
