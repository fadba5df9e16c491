"""Alerts as text messages and e-mail through Apprise, which knows some hundred services.

Slow paths, and overheard: the words tell action and direction only. Each runs on a thread of its
own, so that a service that hangs holds up this channel and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, cast
from urllib.parse import quote

from vigia.run.channel_settings import ChannelEntry, SecretError, read_secret
from vigia.run.courier.door import Around, Job, Receipt, Result
from vigia.run.courier.probe import probe_port
from vigia.run.courier.words import title
from vigia.terms import Channel

THREADS_MAX = 8
SLOT = "{address}"
SMTP_PORT = 587  # where the URL names none


class Texts:
    """One for SMS, one for e-mail; `channel` says which."""

    def __init__(self, name: str, entry: ChannelEntry, around: Around) -> None:
        """secret: an Apprise URL with {address} where the number or the mail address belongs, as
        in mailtos://user:password@host?to={address}. Raises SecretError."""
        self.channel = entry.kind
        self._url = read_secret(around.folder, entry.secret)
        self._subject = entry.subject
        if SLOT not in self._url or not _readable(self._url.replace(SLOT, _SAMPLE[entry.kind])):
            raise SecretError(
                f"secret {entry.secret}: need an Apprise URL with {SLOT} in it; see docs/reach.md"
            )
        self._pool = ThreadPoolExecutor(THREADS_MAX, f"channel-{name}")

    async def send(self, jobs: Sequence[Job]) -> Sequence[Receipt]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(
            *(loop.run_in_executor(self._pool, self._send, job) for job in jobs)
        )

    def _send(self, job: Job) -> Receipt:
        found = _notifier(self._url.replace(SLOT, quote(job.address, safe="@+")))
        if found is None:
            return Receipt(Result.REFUSED, "its address cannot be used with this service")
        head = self._subject or title(job.alert, job.lang)
        if self.channel is Channel.SMS:
            head = ""  # it would stand before the words, and make them longer
        taken = found.notify(body=job.words, title=head, body_format="text")
        return Receipt(Result.OK) if taken else Receipt(Result.RETRY, "the service did not take it")

    async def probe(self) -> str | None:
        """The mail server is asked; a service that sends text messages only by sending one."""
        found = _notifier(self._url.replace(SLOT, _SAMPLE[self.channel]))
        service = None if found is None else next(iter(found), None)
        host = getattr(service, "smtp_host", None)
        if not isinstance(host, str) or not host:
            return None
        port = getattr(service, "port", None)
        return await probe_port(host, port if isinstance(port, int) else SMTP_PORT)

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


_SAMPLE = {Channel.SMS: "+15005550006", Channel.EMAIL: "a@example.org"}


def _readable(url: str) -> bool:
    return _notifier(url) is not None


def _notifier(url: str) -> Any:
    """An Apprise with this one service; None: it cannot read the URL. Any: it is half typed."""
    # Half a second, and only where such a channel is set.
    found = cast(Any, import_module("apprise")).Apprise()
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it writes URLs, which are secrets
    return found if found.add(url) else None
