"""Bulletins to TAK clients: a chat message to whom it is for, on his own certified client.

The client's read receipt is his receipt for the bulletin, as a press on the phone is; its
delivered receipt goes on record too. A recall goes to exactly those who were written to.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

from vigia.events import CoreSettings, PersonAdded
from vigia.events_desk import RecordKept, RecordKind
from vigia.records.bulletin_letter import chat
from vigia.records.common import canonical
from vigia.records.posted import What, posted_id, read_id
from vigia.records.posting import Letter, due
from vigia.records.receipt import Receipt
from vigia.run.records.following import BulletinBook
from vigia.run.say import say
from vigia.run.tak_server.talk import message, receipt_of
from vigia.terms import AckKind, Channel, Lang

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from vigia.events import Event, Input
    from vigia.run.tak_server.hub import Relay
    from vigia.run.tak_server.who import Who
    from vigia.wire.cot import CotEvent

CHANNEL = Channel.COT.value
LOOK_S = 1.0
TURN_S = 10.0  # a look without news: somebody connected, an edition came into force
AGAIN_S = 30.0
BATCH = 50  # messages of one look, so that alerts never wait behind them


class BulletinTalk:
    """All on the event loop of the TAK process. submit: an input for the watch."""

    def __init__(
        self,
        relay: Relay,
        words: Mapping[Lang, dict[str, str]],
        clock_ns: Callable[[], int],
        submit: Callable[[Input, str], None],
    ) -> None:
        self._relay = relay
        self._words = words
        self._clock_ns = clock_ns
        self._submit = submit
        self._book = BulletinBook()
        self.people: dict[str, PersonAdded] = {}
        self.settings: CoreSettings | None = None

    def take(self, event: Event) -> None:
        self._book.take(event)

    async def run(self, folder: Path) -> None:
        """Until cancelled; its trouble is said and tried again, alerts go on."""
        while True:
            try:
                await self._book.recall(folder)
                break
            except (sqlite3.Error, OSError, ValueError) as e:
                say(f"TAK: bulletins cannot be read ({e})")
                await asyncio.sleep(AGAIN_S)
        loop, seen, t_s = asyncio.get_running_loop(), -1, 0.0
        while True:
            if self._book.changed != seen or loop.time() - t_s > TURN_S:
                seen, t_s = self._book.changed, loop.time()
                self.tell()
            await asyncio.sleep(LOOK_S)

    def tell(self) -> None:
        """To whom is connected now; who comes later is told then."""
        if self.settings is None:
            return
        there = self._there()
        people = [p for p in self.people.values() if p.person_id in there]
        desk = self._book.desk()
        t_ns = self._clock_ns()
        found = due(desk, people, self.settings, channel=CHANNEL, t_ns=t_ns)
        for letter in found[:BATCH]:
            self._say(letter, there[letter.person_id], t_ns)
        if len(found) > BATCH:
            self._book.changed += 1

    def _there(self) -> dict[str, tuple[str, str]]:
        """Uid and callsign of each person's own client, as far as it said them."""
        return {
            p.who.person_id: (p.uid, p.callsign)
            for p in self._relay
            if p.who is not None and p.who.person_id is not None and p.uid and p.callsign
        }

    def _say(self, letter: Letter, to: tuple[str, str], t_ns: int) -> None:
        person = self.people[letter.person_id]
        edition = letter.bulletin.edition
        name = posted_id(letter.bulletin_id, edition, letter.what, CHANNEL, letter.person_id)
        told = chat(letter.bulletin, letter.what, person.lang, self._words[person.lang])
        said = message(told, message_id=name, uid=to[0], callsign=to[1], t_ns=t_ns)
        self._relay.say(said, self._relay.of_person(letter.person_id))
        kept = self._book.kept_of(letter, channel=CHANNEL, t_ms=t_ns // 1_000_000)
        self._submit(kept, "tak")

    def answered(self, event: CotEvent, who: Who) -> bool:
        """True: it was the receipt of a bulletin, on record once; only from his own client."""
        found = receipt_of(event)
        posted = None if found is None else self._book.posted(found[0])
        if found is None or posted is None or who.person_id is None:
            return False
        if posted.person_id != who.person_id or who.device_id is None:
            return True
        source, t_ms = f"device/{who.device_id}", self._clock_ns() // 1_000_000
        if posted.t_delivered_ms is None:
            kept = self._book.delivered(found[0], t_ms=t_ms)
            if kept is not None:
                self._submit(kept, source)
        if found[1] is AckKind.SEEN and posted.what in (What.RELEASED, What.REMINDED):
            self._read(posted.bulletin_id, posted.edition, who.person_id, source, t_ms)
        return True

    def _read(self, bulletin_id: str, edition: int, person_id: str, source: str, t_ms: int) -> None:
        record_id = read_id(bulletin_id, edition, person_id)
        if self._book.has_read(record_id):
            return
        receipt = Receipt(bulletin_id=bulletin_id, edition=edition, t_read_ms=t_ms)
        self._submit(
            RecordKept(
                record_id=record_id,
                kind=RecordKind.RECEIPT,
                version=1,
                content=canonical(receipt),
                by_person_id=person_id,
            ),
            source,
        )
