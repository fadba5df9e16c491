"""The courier's two ways for bulletins: an e-mail with the printed page, and a CAP message."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from vigia.delivery.channels.cap import CapSite
from vigia.records.bulletin_letter import mail
from vigia.records.posted import What
from vigia.records.posting import due, due_outside
from vigia.run.channel_settings import read_secret, retry_of
from vigia.run.courier.door import Receipt, Result
from vigia.run.courier.texts import SLOT
from vigia.run.say import say
from vigia.terms import Channel, Lang

if TYPE_CHECKING:
    from vigia.events import CoreSettings, PersonAdded
    from vigia.records.posting import Desk, Letter
    from vigia.run.channel_settings import ChannelEntry
    from vigia.run.courier.door import Around
    from vigia.run.courier.letters import Carrier

THREADS = 2  # for the mail server's patience; alerts have threads of their own
Addresses = Callable[[str, Channel], Sequence[str]]


def make_carriers(
    channels: Mapping[str, ChannelEntry], around: Around, addresses: Addresses
) -> list[Carrier]:
    """One channel of e-mail, as for alerts the first; every CAP channel. One that cannot be made
    is said, and left out."""
    from vigia.run.catalogue import words_of

    words = {lang: words_of(lang) for lang in Lang}
    found: list[Carrier] = []
    for name, entry in channels.items():
        try:
            if entry.kind is Channel.EMAIL and not any(c.channel == "email" for c in found):
                found.append(MailCarrier(entry, around, addresses, words))
            elif entry.kind is Channel.CAP:
                found.append(CapCarrier(name, entry, around, words))
        except (OSError, ValueError, ImportError) as e:
            say(f"bulletins by [channels.{name}]: {e}")
    return found


class MailCarrier:
    channel = Channel.EMAIL.value

    def __init__(
        self,
        entry: ChannelEntry,
        around: Around,
        addresses: Addresses,
        words: Mapping[Lang, dict[str, str]],
    ) -> None:
        """Raises SecretError."""
        self.retry = retry_of(entry)
        self._url = read_secret(around.folder, entry.secret)
        self._addresses = addresses
        self._words = words
        self._link = f"{around.base_url}/" if around.base_url else ""
        self._pool = ThreadPoolExecutor(THREADS, "bulletins")

    def due(
        self, desk: Desk, people: Sequence[PersonAdded], settings: CoreSettings, t_ns: int
    ) -> list[Letter]:
        """Of people who have an address."""
        found = due(desk, people, settings, channel=self.channel, t_ns=t_ns)
        return [x for x in found if self._addresses(x.person_id, Channel.EMAIL)]

    async def carry(self, letter: Letter, person: PersonAdded | None) -> Receipt:
        """To all addresses of the person; taken by one is taken."""
        if person is None:
            return Receipt(Result.REFUSED, "nobody of that name any more")
        loop = asyncio.get_running_loop()
        to = self._addresses(person.person_id, Channel.EMAIL)
        return await loop.run_in_executor(self._pool, self._send, letter, person.lang, to)

    def _send(self, letter: Letter, lang: Lang, to: Sequence[str]) -> Receipt:
        from vigia.run.records.bulletin_pdf import pdf

        b, words = letter.bulletin, self._words[lang]
        made = mail(b, letter.what, lang, words, link=self._link)
        printed = pdf(b, lang, words) if made.whole else None
        taken = [
            self._notify(address, made.subject, made.body, printed, b.number) for address in to
        ]
        if any(taken):
            return Receipt(Result.OK)
        return Receipt(Result.RETRY, "the mail server did not take it")

    def _notify(
        self, address: str, subject: str, body: str, printed: bytes | None, name: str
    ) -> bool:
        apprise = cast(Any, import_module("apprise"))  # half typed, and slow to load
        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it writes URLs: secrets
        found = apprise.Apprise()
        if not found.add(self._url.replace(SLOT, quote(address, safe="@+"))):
            return False
        attach = None
        if printed is not None:
            memory = cast(Any, import_module("apprise.attachment.memory"))
            file = memory.AttachMemory(
                content=printed, name=f"{name or 'bulletin'}.pdf", mimetype="application/pdf"
            )
            attach = apprise.AppriseAttachment(file)
        return bool(found.notify(body=body, title=subject, body_format="text", attach=attach))


class CapCarrier:
    """Each CAP channel apart: the feed, and the address it posts to."""

    def __init__(
        self,
        name: str,
        entry: ChannelEntry,
        around: Around,
        words: Mapping[Lang, dict[str, str]],
        *,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Raises SettingsError or OSError: a key or a plan that cannot be read."""
        from vigia.run.cap_keys import cap_identity
        from vigia.run.cap_store import CapStore
        from vigia.run.courier.http import client
        from vigia.run.plan import read_plan

        self.channel = f"cap/{name}"
        self.retry = retry_of(entry)
        self._cap = read_plan(around.folder).cap
        self._site_name = self._cap.sender_name or around.site_name
        self._key, self._chain = cap_identity(around.folder / "keys", self._cap.sender)
        self._store = CapStore(around.folder)
        self._url, self._words, self._clock_ns = entry.url, words, clock_ns
        self._http = client(entry) if entry.url else None

    def due(
        self, desk: Desk, people: Sequence[PersonAdded], settings: CoreSettings, t_ns: int
    ) -> list[Letter]:
        found = due_outside(desk, channel=self.channel, t_ns=t_ns)
        return [x for x in found if x.what is not What.REMINDED]

    async def carry(self, letter: Letter, person: PersonAdded | None) -> Receipt:
        from vigia.run.courier.http import meaning

        data = await asyncio.to_thread(self._document, letter)
        if self._http is None:
            return Receipt(Result.OK)
        headers = {"content-type": "application/cap+xml"}
        return meaning(await self._http.post(self._url, content=data, headers=headers))

    def _document(self, letter: Letter) -> bytes:
        from vigia.run.cap_check import offset_min
        from vigia.run.records.bulletin_cap import name_of, render, revision_of
        from vigia.wire.cap import to_xml
        from vigia.wire.cap_sign import sign

        name, revision = name_of(letter.bulletin_id), revision_of(letter)
        kept = self._store.get(f"vigia.{name}.{revision}")
        if kept is not None:
            return kept
        t_ns = self._clock_ns()
        message = render(
            letter,
            site=CapSite(
                sender=self._cap.sender,
                sender_name=self._site_name,
                scope=self._cap.scope,
                restriction=self._cap.restriction,
                codes=self._cap.codes,
                offset_min=offset_min(self._cap, t_ns),
            ),
            words=self._words,
            area=self._site_name,
            t_ns=t_ns,
            earlier=self._store.earlier(name, revision),
        )
        return self._store.put(message.identifier, sign(to_xml(message), self._key, self._chain))
