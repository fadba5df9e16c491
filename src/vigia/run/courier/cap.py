"""CAP to other agencies: signed once, kept for the feed, and posted where an address is set."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vigia.alert.words import alert_text
from vigia.delivery.channels.cap import CapSite, identifier, post_area, render
from vigia.run.cap_check import offset_min
from vigia.run.cap_keys import cap_identity
from vigia.run.cap_store import CapStore
from vigia.run.catalogue import words_of
from vigia.run.courier.door import Around, Job, Receipt, Result
from vigia.run.courier.http import client, each
from vigia.run.plan import read_plan
from vigia.terms import Channel, Lang
from vigia.wire.cap import to_xml
from vigia.wire.cap_sign import sign

if TYPE_CHECKING:
    import httpx

    from vigia.events import Alert
    from vigia.run.channel_settings import ChannelEntry

LANGUAGES = (Lang.EN, Lang.ES)
TIDY_S = 600.0


class CapSender:
    """url: where each message is posted too; "" for the feed alone."""

    channel = Channel.CAP

    def __init__(
        self,
        name: str,
        entry: ChannelEntry,
        around: Around,
        *,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """Raises SettingsError or OSError: a key or a plan that cannot be read."""
        plan = read_plan(around.folder)
        self._cap = plan.cap
        self._site_name = plan.cap.sender_name or around.site_name
        self._posts = {f"post/{p.post_id}": p for p in around.posts}
        self._danger_radius_m = plan.core.policy.danger_radius_m
        self._key, self._chain = cap_identity(around.folder / "keys", plan.cap.sender)
        self._store = CapStore(around.folder)
        self._words = {lang: words_of(lang) for lang in LANGUAGES}
        self._url = entry.url
        self._http = client(entry) if entry.url else None
        self._wall_s = wall_s
        self._tidied_s = 0.0

    async def send(self, jobs: Sequence[Job]) -> Sequence[Receipt]:
        documents = await asyncio.to_thread(self._documents, jobs)
        told = [n for n, data in enumerate(documents) if data is not None]
        receipts = [Receipt(Result.OK)] * len(jobs)
        if self._http is not None and told:
            bodies = {jobs[n].delivery_id: documents[n] or b"" for n in told}

            async def post(job: Job) -> httpx.Response:
                assert self._http is not None
                headers = {"content-type": "application/cap+xml"}
                body = bodies[job.delivery_id]
                return await self._http.post(self._url, content=body, headers=headers)

            for n, receipt in zip(told, await each([jobs[n] for n in told], post), strict=True):
                receipts[n] = receipt
        return receipts

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    def _documents(self, jobs: Sequence[Job]) -> list[bytes | None]:
        now_s = self._wall_s()
        if now_s - self._tidied_s > TIDY_S:
            self._tidied_s = now_s
            self._store.tidy(now_s)
        return [self._document(job.alert, job.place) for job in jobs]

    def _document(self, alert: Alert, place: str) -> bytes | None:
        """None: there is nothing to tell (it ended before anybody heard of it)."""
        kept = self._store.get(identifier(alert))
        if kept is not None:
            return kept
        post = self._posts.get(alert.target_id)
        target = place or (post.name if post else alert.target_id)
        cap = self._cap
        message = render(
            alert,
            site=CapSite(
                sender=cap.sender,
                sender_name=self._site_name,
                scope=cap.scope,
                restriction=cap.restriction,
                codes=cap.codes,
                offset_min=offset_min(cap, alert.t_decided_ns),
            ),
            words=self._words,
            texts={
                lang: alert_text(alert, words, target=target, t_ns=alert.t_decided_ns)
                for lang, words in self._words.items()
            },
            target=target,
            area=None if post is None else post_area(post, danger_radius_m=self._danger_radius_m),
            earlier=self._store.earlier(alert.alert_id, alert.revision),
        )
        if message is None:
            return None
        return self._store.put(message.identifier, sign(to_xml(message), self._key, self._chain))
