"""Bulletins by the courier's channels: e-mail to whom they are for, CAP to other agencies.

Apart from the alerts in everything: its own senders, its own threads, its own pace, and a mistake
here ends nothing but the bulletins. What was handed over is a record in the journal, so that a
recall reaches exactly those who got it, also after a restart; between handing and record a crash
sends it twice, never not at all.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from vigia.events import CoreSettings, PersonAdded
from vigia.run.channel_settings import Retry
from vigia.run.courier.door import Receipt, Result
from vigia.run.link import Emit, State, ToGateway
from vigia.run.records.following import BulletinBook
from vigia.run.say import say

if TYPE_CHECKING:
    from vigia.records.posting import Desk, Letter
    from vigia.run.link_io import LinkClient

SOURCE = "courier"
LOOK_S = 1.0
TURN_S = 10.0  # a look without news: an edition may have come into force
AGAIN_S = 30.0  # after a mistake of ours, or a journal that cannot be read
TRIED_MAX = 100_000  # letters that are being tried again


class Carrier(Protocol):
    """One channel of bulletins. carry: one letter -> what became of it; may raise."""

    channel: str
    retry: Retry

    def due(
        self, desk: Desk, people: Sequence[PersonAdded], settings: CoreSettings, t_ns: int
    ) -> list[Letter]: ...
    async def carry(self, letter: Letter, person: PersonAdded | None) -> Receipt: ...


class _Tried(msgspec.Struct):
    attempts: int = 0
    t_next_s: float = 0.0


class BulletinPost:
    """told() hears all that the watch says; run() until cancelled."""

    def __init__(
        self,
        folder: Path,
        link: LinkClient,
        carriers: Sequence[Carrier],
        *,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder = folder
        self._link = link
        self._carriers = carriers
        self._clock_ns = clock_ns
        self._book = BulletinBook()
        self._people: dict[str, PersonAdded] = {}
        self._settings: CoreSettings | None = None
        self._tried: dict[tuple[str, Letter], _Tried] = {}

    def told(self, message: ToGateway) -> None:
        if not self._carriers:
            return
        match message:
            case State():
                self._people = {p.person_id: p for p in message.people}
                self._settings = message.settings
                self._book.changed += 1
            case Emit(event=event) if isinstance(event.body, PersonAdded):
                self._people[event.body.person_id] = event.body
                self._book.changed += 1
            case Emit(event=event):
                self._book.take(event)
            case _:
                pass

    async def run(self) -> None:
        if not self._carriers:
            return
        while True:
            try:
                if not self._book.ready:
                    await self._book.recall(self._folder)
                await self._post()
            except (sqlite3.Error, OSError, ValueError) as e:
                say(f"bulletins: {e}")
            except Exception as e:  # noqa: BLE001 - whatever it is, alerts go on
                say(f"bulletins: {type(e).__name__}: {e}")
            await asyncio.sleep(AGAIN_S)

    async def _post(self) -> None:
        async with asyncio.TaskGroup() as group:
            for carrier in self._carriers:
                group.create_task(self._serve(carrier))

    async def _serve(self, carrier: Carrier) -> None:
        seen, t_looked_s = -1, 0.0
        while True:
            now_s = time.monotonic()
            if self._settings is not None and (
                self._book.changed != seen or now_s - t_looked_s > TURN_S or self._tried
            ):
                seen, t_looked_s = self._book.changed, now_s
                people = list(self._people.values())
                desk = self._book.desk()
                letters = carrier.due(desk, people, self._settings, self._clock_ns())
                await self._send(carrier, letters)
            await asyncio.sleep(LOOK_S)

    async def _send(self, carrier: Carrier, letters: Sequence[Letter]) -> None:
        """As many a second as the channel may, the others with the next look."""
        now_s = time.monotonic()
        ready = [x for x in letters if self._next_s(carrier, x) <= now_s]
        most = max(1, min(carrier.retry.batch, int(carrier.retry.rate_per_s)))
        receipts = await asyncio.gather(*(self._carry(carrier, x) for x in ready[:most]))
        for letter, receipt in zip(ready, receipts, strict=False):
            self._settle(carrier, letter, receipt)
        if len(ready) > most:
            self._book.changed += 1  # look again at once

    def _next_s(self, carrier: Carrier, letter: Letter) -> float:
        tried = self._tried.get((carrier.channel, letter))
        return 0.0 if tried is None else tried.t_next_s

    async def _carry(self, carrier: Carrier, letter: Letter) -> Receipt:
        try:
            async with asyncio.timeout(carrier.retry.timeout_s):
                return await carrier.carry(letter, self._people.get(letter.person_id))
        except TimeoutError:
            return Receipt(Result.RETRY, f"no answer within {carrier.retry.timeout_s:g} s")
        except Exception as e:  # noqa: BLE001 - plug-in boundary, as with alerts
            return Receipt(Result.RETRY, type(e).__name__)

    def _settle(self, carrier: Carrier, letter: Letter, receipt: Receipt) -> None:
        key = (carrier.channel, letter)
        failed = ""
        if receipt.result is Result.RETRY:
            tried = self._tried.setdefault(key, _Tried())
            tried.attempts += 1
            if tried.attempts < carrier.retry.attempts and len(self._tried) < TRIED_MAX:
                waits = carrier.retry.backoff_s
                wait_s = waits[min(tried.attempts, len(waits)) - 1]
                tried.t_next_s = time.monotonic() + max(wait_s, receipt.retry_after_s or 0.0)
                return
            failed = f"{tried.attempts} attempts: {receipt.why}"
        elif receipt.result is not Result.OK:
            failed = receipt.why or receipt.result.value
        self._tried.pop(key, None)
        now_ms = self._clock_ns() // 1_000_000
        kept = self._book.kept_of(letter, channel=carrier.channel, t_ms=now_ms, failed=failed)
        self._link.ask(kept, SOURCE)
