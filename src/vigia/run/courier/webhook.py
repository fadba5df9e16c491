"""Alerts of posts to a server of the agency, signed as Standard Webhooks says.

The receiver checks HMAC-SHA256 over "ID.TIMESTAMP.BODY" with the shared secret, refuses what is
older than five minutes, and leaves a webhook-id that it has had before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence

import httpx

from vigia.run.channel_settings import ChannelEntry, SecretError, read_secret
from vigia.run.courier.bodies import alert_body
from vigia.run.courier.door import Around, Job, Receipt
from vigia.run.courier.http import client, each
from vigia.run.courier.probe import probe_url
from vigia.terms import Channel

SECRET_MIN = 24  # characters


def signature(key: bytes, job_id: str, t_s: int, body: bytes) -> str:
    digest = hmac.new(key, f"{job_id}.{t_s}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def key_of(secret: str) -> bytes:
    """ "whsec_" and base64, or any other text as it is."""
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"))
    return secret.encode()


class Webhook:
    channel = Channel.WEBHOOK

    def __init__(self, name: str, entry: ChannelEntry, around: Around) -> None:
        """Raises SecretError: an unsigned webhook would be anybody's."""
        secret = read_secret(around.folder, entry.secret)
        if len(secret) < SECRET_MIN:
            raise SecretError(f"secret {entry.secret}: need {SECRET_MIN} characters or more")
        self._key = key_of(secret)
        self._entry = entry
        self._client = client(entry)
        self._url = entry.url

    async def send(self, jobs: Sequence[Job]) -> Sequence[Receipt]:
        return await each(jobs, self._send)

    async def _send(self, job: Job) -> httpx.Response:
        body, t_s = alert_body(job), int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": job.delivery_id,
            "webhook-timestamp": str(t_s),
            "webhook-signature": signature(self._key, job.delivery_id, t_s, body),
        }
        return await self._client.post(self._url, content=body, headers=headers)

    async def probe(self) -> str:
        return await probe_url(self._entry, self._url)

    async def close(self) -> None:
        await self._client.aclose()
