"""Web Push: alerts to closed phones through the browsers' push services.

Sealing is prepared while nothing happens (push_ready.py); one VAPID token a service is used for
half its life. What a service says is taken at its word: gone is gone, and its Retry-After holds
for all its phones.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import sqlite3
import ssl
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import httpx
import msgspec

from vigia.delivery.channels.push import PAD_TO, PushMessage, render
from vigia.run.courier.contacts import Contact, Contacts
from vigia.run.courier.door import Around, Job, Receipt, Result
from vigia.run.courier.push_beats import AT_ONCE_MAX, Beats
from vigia.run.courier.push_ready import ReadyRecords
from vigia.run.pem_keys import own_key
from vigia.run.push_address import Subscription, of_address, origin_of, refused
from vigia.run.push_beat import TOPIC, TTL_S, secret_of
from vigia.terms import Channel
from vigia.wire.webpush import PushRefused, seal, vapid_header, vapid_token

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from vigia.run.channel_settings import ChannelEntry

TOKEN_S = 12 * 3600
CLIENTS = 8
IN_EACH = 8  # requests on their way at once in each: one large pool costs four times the CPU
REQUEST_S = 10.0
RETRY_AFTER_MAX_S = 3_600.0
RETRY_S = 30.0  # of a service that says "later" and not when
ORIGINS_MAX = 256  # services whose token or pause is remembered
FILL_AT_ONCE = 20  # exchanges between two looks at the loop: a millisecond and a half
FILL_PAUSE_S = 0.02
LOOK_S = 5.0  # between two looks whether the address book has changed
ASK_S = 60.0  # between two looks who has to be asked whether he is there; sooner while many are due
KEY = "push.key"
ANSWER_MAX = 4_096  # bytes of a service's answer that are read, so that its connection lives on


class PushSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[channels.push]`. contact: whom a push service writes to when we are a nuisance."""

    contact: str
    services: tuple[str, ...] = ()
    ca: str | None = None
    proxy: str | None = None


def make_push(_name: str, entry: ChannelEntry, around: Around) -> PushSender:
    """Of `[channels.NAME]`; the key is made at first need. Raises SettingsError or OSError."""
    settings = PushSettings(
        contact=entry.subject,
        services=entry.services,
        ca=entry.ca or None,
        proxy=entry.proxy or None,
    )
    key = own_key(around.folder / "keys" / KEY)
    return PushSender(settings, key, contacts=Contacts(around.folder))


class PushSender:
    """The courier's door for Channel.PUSH; the address is a subscription (push_address.py)."""

    channel = Channel.PUSH

    def __init__(
        self,
        settings: PushSettings,
        key: EllipticCurvePrivateKey,
        *,
        contacts: Contacts | None = None,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """contacts: whose phones are prepared for while nothing happens. Raises OSError or
        ssl.SSLError for a ca that cannot be read."""
        self.ready = ReadyRecords()
        self._settings = settings
        self._key = key
        self._wall_ns = wall_ns
        context = ssl.create_default_context(cafile=settings.ca)
        self._clients = [
            (
                httpx.AsyncClient(
                    verify=context,
                    proxy=settings.proxy,
                    trust_env=False,
                    follow_redirects=False,
                    timeout=REQUEST_S,
                    limits=httpx.Limits(max_connections=IN_EACH, keepalive_expiry=60.0),
                ),
                asyncio.Semaphore(IN_EACH),
            )
            for _ in range(CLIENTS)
        ]
        self._tokens: dict[str, tuple[str, int]] = {}
        self._quiet: dict[str, float] = {}  # by origin: monotonic time until which it wants none
        self._filling: asyncio.Task[None] | None = None
        self._sending = 0
        self._contacts = contacts
        self._beats = Beats(secret_of(key), wall_ns)
        self._seen_version = -1
        self._phones = 0
        self._t_ask = 0.0  # monotonic: when to look next
        if contacts is not None:
            self._fill_by_itself()

    async def send(self, jobs: Sequence[Job]) -> Sequence[Receipt]:
        self._sending += 1
        try:
            return await asyncio.gather(*(self._one(n, job) for n, job in enumerate(jobs)))
        finally:
            self._sending -= 1
            self._fill_by_itself()

    async def close(self) -> None:
        if self._filling is not None:
            self._filling.cancel()
        if self._contacts is not None:
            self._contacts.close()
        with contextlib.suppress(Exception):
            for http, _ in self._clients:
                await http.aclose()

    def expect(self, addresses: Iterable[str]) -> None:
        """These phones may be sent something: their key exchanges are made when there is time."""
        self._expect(addresses)
        self._fill_by_itself()

    def _expect(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            with contextlib.suppress(PushRefused):
                self.ready.expect(address, of_address(address).subscriber())

    async def _one(self, number: int, job: Job) -> Receipt:
        try:
            subscription = of_address(job.address)
            why = refused(subscription, self._settings.services)
            if why is not None:
                return Receipt(Result.REFUSED, why)
            to = subscription.subscriber()
        except PushRefused as e:
            return Receipt(Result.REFUSED, str(e))
        origin = origin_of(subscription.endpoint)
        left_s = self._quiet.get(origin, 0.0) - time.monotonic()
        if left_s > 0.0:
            return Receipt(Result.RETRY, "the push service asks us to wait", left_s)
        http, gate = self._clients[number % CLIENTS]
        async with gate:
            message = render(job.alert, t_ns=self._wall_ns())
            body = seal(self.ready.take(job.address, to), message.plain, pad_to=PAD_TO)
            return await self._post(http, subscription, origin, message, body, job.address)

    async def ask(self) -> int:
        """Asks phones that have not proved themselves for most of a day. Returns how many."""
        book = self._contacts
        if book is None:
            return 0
        phones = [c for c in book.all() if c.channel is Channel.PUSH]
        due = self._beats.due(phones, book.proofs())
        for phone, plain in due:
            if self._sending:
                break  # an alert goes first; who was not asked is asked in some hours
            receipt = await self._ask_one(phone, plain)
            if receipt.result is Result.GONE:
                book.drop(phone.person_id, Channel.PUSH, phone.address)
        return len(due)

    async def _ask_one(self, phone: Contact, plain: bytes) -> Receipt:
        try:
            subscription = of_address(phone.address)
            why = refused(subscription, self._settings.services)
            if why is not None:
                return Receipt(Result.REFUSED, why)
            body = seal(
                self.ready.take(phone.address, subscription.subscriber()), plain, pad_to=PAD_TO
            )
        except PushRefused as e:
            return Receipt(Result.REFUSED, str(e))
        origin = origin_of(subscription.endpoint)
        if self._quiet.get(origin, 0.0) > time.monotonic():
            return Receipt(Result.RETRY, "the push service asks us to wait")
        question = PushMessage(plain=plain, topic=TOPIC, urgency="normal", ttl_s=TTL_S)
        http, _ = self._clients[0]
        return await self._post(http, subscription, origin, question, body, phone.address)

    async def _post(
        self,
        http: httpx.AsyncClient,
        subscription: Subscription,
        origin: str,
        message: PushMessage,
        body: bytes,
        address: str,
    ) -> Receipt:
        headers = {
            "TTL": str(message.ttl_s),
            "Urgency": message.urgency,
            "Topic": message.topic,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "Authorization": self._authorization(origin),
        }
        try:
            async with http.stream(
                "POST", subscription.endpoint, content=body, headers=headers
            ) as answer:
                receipt = self._judge(answer, origin)
                await _read_some(answer)
        except httpx.HTTPError as e:
            return Receipt(Result.RETRY, f"push service: {type(e).__name__}")
        if receipt.result is Result.GONE:
            self.ready.forget(address)
        return receipt

    def _judge(self, answer: httpx.Response, origin: str) -> Receipt:
        status = answer.status_code
        why = f"push service: HTTP {status}"
        if 200 <= status < 300:
            return Receipt(Result.OK)
        if status in (404, 410):
            return Receipt(Result.GONE, f"{why}: the phone has unsubscribed")
        if status == 429 or status >= 500:
            asked_s = retry_after_s(answer.headers.get("retry-after"), self._wall_ns())
            if status == 429 or asked_s is not None:
                wait_s = RETRY_S if asked_s is None else asked_s
                if len(self._quiet) >= ORIGINS_MAX:
                    self._quiet.clear()
                self._quiet[origin] = time.monotonic() + wait_s
                return Receipt(Result.RETRY, why, wait_s)
            return Receipt(Result.RETRY, why)
        # Ours or the operator's fault (a wrong clock, a lost key): the phone is not gone.
        return Receipt(Result.REFUSED, why)

    def _authorization(self, origin: str) -> str:
        now_s = self._wall_ns() // 1_000_000_000
        held = self._tokens.get(origin)
        if held is not None and now_s < held[1] and held[1] - now_s <= TOKEN_S:
            return held[0]
        token = vapid_token(
            self._key, audience=origin, t_exp_s=now_s + TOKEN_S, subject=self._settings.contact
        )
        header = vapid_header(token, self._key.public_key())
        if len(self._tokens) >= ORIGINS_MAX:
            self._tokens.clear()
        self._tokens[origin] = (header, now_s + TOKEN_S // 2)
        return header

    def _fill_by_itself(self) -> None:
        if self._filling is None or self._filling.done():
            self._filling = asyncio.get_running_loop().create_task(self._fill())

    async def _fill(self) -> None:
        """Until all are ready, and then as phones come; not while messages go out."""
        while True:
            if self._sending or self.ready.fill(FILL_AT_ONCE):
                await asyncio.sleep(FILL_PAUSE_S)
            elif self._contacts is None:
                return
            else:
                self._look(self._contacts)
                if time.monotonic() >= self._t_ask:
                    await self._ask_quietly()
                await asyncio.sleep(LOOK_S)

    async def _ask_quietly(self) -> None:
        """A question is worth nothing beside an alert: whatever goes wrong with it waits."""
        self._t_ask = time.monotonic() + ASK_S
        with contextlib.suppress(sqlite3.Error, OSError):
            if await self.ask() == AT_ONCE_MAX:
                self._t_ask = 0.0  # more are due

    def _look(self, contacts: Contacts) -> None:
        """The address book's phones, when it changed. What is not to be had now comes later."""
        with contextlib.suppress(sqlite3.Error):
            version = contacts.version
            if version != self._seen_version:
                found = [c.address for c in contacts.all() if c.channel is Channel.PUSH]
                self._expect(found)
                self._seen_version = version
                if len(found) != self._phones:  # somebody new is asked at once
                    self._phones, self._t_ask = len(found), 0.0


async def _read_some(answer: httpx.Response) -> None:
    size = 0
    async for part in answer.aiter_raw():
        size += len(part)
        if size > ANSWER_MAX:
            return


def retry_after_s(text: str | None, now_ns: int) -> float | None:
    """Seconds or a date (RFC 9110 10.2.3), bounded; None: not said, or not to be read."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_MAX_S)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return min(max(at.timestamp() - now_ns / 1e9, 0.0), RETRY_AFTER_MAX_S)
