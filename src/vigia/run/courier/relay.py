"""A siren or loudspeaker of a post, switched through a relay that HTTP can set.

A plain relay knows on and off only, and a drill must not sound like an attack: drills and the demo
switch nothing. The end of the alert switches off.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import httpx

from vigia.run.channel_settings import ChannelEntry, read_secret
from vigia.run.courier.bodies import alert_body
from vigia.run.courier.door import Around, Job, Receipt, Result
from vigia.run.courier.http import client, each
from vigia.run.courier.probe import probe_url
from vigia.terms import Channel, Mark, MsgType, Tier

SILENT = Receipt(Result.REFUSED, "a drill sounds no siren")


class Relay:
    channel = Channel.SIREN

    def __init__(self, name: str, entry: ChannelEntry, around: Around) -> None:
        """url with {turn} (on, off) and {post}: fetched with GET, as most relays want it; without
        {turn}: the alert is posted there as JSON. secret: "USER:PASSWORD" of the relay."""
        self._entry = entry
        self._client = client(entry)
        if entry.secret:
            user, _, password = read_secret(around.folder, entry.secret).partition(":")
            self._client.auth = httpx.BasicAuth(user, password)
        self._url = entry.url

    async def send(self, jobs: Sequence[Job]) -> Sequence[Receipt]:
        real = [job for job in jobs if job.alert.mark is Mark.ACTUAL]
        receipts = iter(await each(real, self._send))
        return [next(receipts) if j.alert.mark is Mark.ACTUAL else SILENT for j in jobs]

    async def _send(self, job: Job) -> httpx.Response:
        alert = job.alert
        on = alert.msg_type is not MsgType.CANCEL and alert.tier >= Tier.DANGER
        post = quote(alert.target_id.partition("/")[2], safe="")
        url = self._url.replace("{turn}", "on" if on else "off").replace("{post}", post)
        if "{turn}" in self._url:
            return await self._client.get(url)
        headers = {"content-type": "application/json"}
        return await self._client.post(url, content=alert_body(job), headers=headers)

    async def probe(self) -> str:
        return await probe_url(self._entry, self._url)

    async def close(self) -> None:
        await self._client.aclose()
