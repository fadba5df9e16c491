"""What the HTTP senders share: one client, and what an answer means for a job."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence

import httpx

from vigia.run.channel_settings import ChannelEntry
from vigia.run.courier.door import Job, Receipt, Result

CONNECTIONS_MAX = 20
RETRY_AFTER_MAX_S = 300.0
ANSWER_MAX = 65_536  # bytes; more is not read
NOT_ALLOWED = {401, 403}  # the operator may mend it while we try
OK = Receipt(Result.OK)


def client(entry: ChannelEntry, *, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    """No redirects, no proxies of the environment: an alert goes where the settings say."""
    verify: ssl.SSLContext | bool = True
    if entry.ca:
        verify = ssl.create_default_context(cafile=entry.ca)
    return httpx.AsyncClient(
        verify=verify,
        headers=headers,
        timeout=httpx.Timeout(entry.timeout_s or 10.0),
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
        follow_redirects=False,
        trust_env=False,
    )


def meaning(answer: httpx.Response) -> Receipt:
    code = answer.status_code
    if answer.is_success:
        return OK
    if code in NOT_ALLOWED:
        return Receipt(Result.RETRY, f"it answers {code}: not allowed; look at the secret")
    if code in {408, 425, 429} or code >= 500:
        return Receipt(Result.RETRY, f"it answers {code}", _after_s(answer))
    return Receipt(Result.REFUSED, f"it answers {code}")


async def each(
    jobs: Sequence[Job], send: Callable[[Job], Awaitable[httpx.Response]]
) -> list[Receipt]:
    """All at once; the trouble of one is its own."""

    async def one(job: Job) -> Receipt:
        try:
            return meaning(await send(job))
        except httpx.HTTPError as e:
            return Receipt(Result.RETRY, f"{type(e).__name__}: no answer")

    return await asyncio.gather(*map(one, jobs))


def _after_s(answer: httpx.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return min(float(text), RETRY_AFTER_MAX_S) if text.isascii() and text.isdigit() else None
