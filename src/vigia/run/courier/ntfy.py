"""Alerts to a person's topic on an ntfy server, best one's own: rings without any internet.

ntfy keeps no delivery identifiers: after a crash a message may come twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx

from vigia.run.channel_settings import ChannelEntry, read_secret
from vigia.run.courier.door import Around, Job, Receipt, Result
from vigia.run.courier.http import client, each
from vigia.run.courier.probe import probe_url
from vigia.run.courier.words import title
from vigia.terms import Channel, MsgType, Tier

TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
PRIORITY = {Tier.NONE: 2, Tier.WATCH: 3, Tier.WARNING: 4, Tier.DANGER: 5}
TAGS = {Tier.WATCH: "eyes", Tier.WARNING: "warning", Tier.DANGER: "rotating_light"}


class Ntfy:
    channel = Channel.NTFY

    def __init__(self, name: str, entry: ChannelEntry, around: Around) -> None:
        """url: of the server. secret: an access token, where the server asks for one."""
        headers: dict[str, str] = {}
        if entry.secret:
            headers["Authorization"] = f"Bearer {read_secret(around.folder, entry.secret)}"
        self._entry = entry
        self._client = client(entry, headers=headers)
        self._url = entry.url.rstrip("/") + "/"
        self._page = around.base_url

    async def send(self, jobs: Sequence[Job]) -> Sequence[Receipt]:
        bad = [not TOPIC.fullmatch(job.address) for job in jobs]
        good = [job for job, wrong in zip(jobs, bad, strict=True) if not wrong]
        receipts = iter(await each(good, self._send))
        why = "its topic is none: letters, digits, - and _, 64 at most"
        return [Receipt(Result.REFUSED, why) if wrong else next(receipts) for wrong in bad]

    async def _send(self, job: Job) -> httpx.Response:
        alert = job.alert
        ends = alert.msg_type is MsgType.CANCEL
        body: dict[str, object] = {
            "topic": job.address,
            "title": title(alert, job.lang),
            "message": job.words,
            "priority": 3 if ends else PRIORITY[alert.tier],
            "tags": ["no_bell" if ends else TAGS.get(alert.tier, "eyes")],
        }
        if self._page:
            body["click"] = self._page
        return await self._client.post(self._url, json=body)

    async def probe(self) -> str:
        return await probe_url(self._entry, self._url)

    async def close(self) -> None:
        await self._client.aclose()
