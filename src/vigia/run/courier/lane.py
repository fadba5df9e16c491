"""One channel at work: its outbox, its sender, its pace. Whatever the sender does, others go on."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from vigia.run.channel_settings import Retry
from vigia.run.courier.door import Job, Receipt, Result, Sender
from vigia.run.courier.outbox import Fate, Item, Outbox
from vigia.run.courier.probe import asked
from vigia.run.courier.store import Store

DISK_S = 0.25  # then the alert goes before its row: a slow disk must not hold up a warning
LOOK_S = 1.0  # between two looks for what has expired
TRIES_KEPT = 50  # of which the lane's health is told


class LaneHealth(msgspec.Struct):
    """What is shown of a channel. Counts since the start of the process."""

    name: str
    channel: str
    waiting: int = 0
    sent: int = 0
    failed: int = 0
    retried: int = 0
    last_ok_ns: int | None = None
    last_error: str = ""
    last_error_ns: int | None = None
    unstored: int = 0  # sent before the disk had it
    probed_ns: int | None = None  # last asked, without sending anything
    probe: str | None = None  # "": it would work; else why not; None: cannot be asked

    @property
    def works(self) -> bool | None:
        """None: never tried. The last word counts, be it of an alert or of a probe."""
        good, bad = self.last_ok_ns or 0, self.last_error_ns or 0
        if self.probed_ns is not None and self.probe is not None:
            good = max(good, 0 if self.probe else self.probed_ns)
            bad = max(bad, self.probed_ns if self.probe else 0)
        return None if not good and not bad else good >= bad

    @property
    def trouble(self) -> str:
        """Why it does not work; "" when it does or was never tried."""
        if self.works is not False:
            return ""
        return self.probe if self.probe and self._probed_last else self.last_error

    @property
    def _probed_last(self) -> bool:
        return (self.probed_ns or 0) >= (self.last_error_ns or 0)


class Lane:
    """run() until cancelled. on_fate hears of every item whose fate became known."""

    def __init__(
        self,
        name: str,
        sender: Sender,
        retry: Retry,
        store: Store,
        to_job: Callable[[Item], Job],
        *,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.name = name
        self.channel = sender.channel
        self.outbox = Outbox(retry)
        self.health = LaneHealth(name, sender.channel.value)
        self.on_fate: Callable[[Item], None] = lambda _item: None
        self.on_gone: Callable[[Item], None] = lambda _item: None
        self._sender = sender
        self._retry = retry
        self._store = store
        self._to_job = to_job
        self._clock_ns = clock_ns
        self._wake = asyncio.Event()
        self._paced: deque[float] = deque()  # when the jobs of the last second left

    def put(self, item: Item) -> None:
        self._settle(self.outbox.put(item))
        self._wake.set()

    async def run(self) -> None:
        try:
            while True:
                taken = self.outbox.take(self._clock_ns(), self._batch())
                if taken:
                    await self._send(taken)
                    continue
                self._wake.clear()
                try:
                    async with asyncio.timeout(self._idle_s()):
                        await self._wake.wait()
                except TimeoutError:
                    self._settle(self.outbox.expire(self._clock_ns()))
        finally:
            await self._sender.close()

    async def probe(self) -> None:
        """Asked beside the sending: it takes no job's place."""
        answer = await asked(self._sender)
        self.health.probe, self.health.probed_ns = answer, self._clock_ns()

    async def _send(self, items: Sequence[Item]) -> None:
        self._store.put(self.name, items)
        if not await self._store.kept(DISK_S):
            self.health.unstored += len(items)
        receipts = await self._ask([self._to_job(item) for item in items])
        now = self._clock_ns()
        for item, receipt in zip(items, receipts, strict=True):
            if receipt.result is Result.GONE:
                self.on_gone(item)
            if receipt.result is Result.OK:
                self.health.last_ok_ns = now
            else:
                self.health.last_error, self.health.last_error_ns = receipt.why, now
                self.health.retried += receipt.result is Result.RETRY
            self._settle(self.outbox.done(item, receipt, now))
        self._paced.extend([time.monotonic()] * len(items))

    async def _ask(self, jobs: Sequence[Job]) -> Sequence[Receipt]:
        """The plug-in boundary: a sender's mistake or silence is a reason to try again."""
        try:
            async with asyncio.timeout(self._retry.timeout_s):
                receipts = await self._sender.send(jobs)
        except TimeoutError:
            why = f"no answer within {self._retry.timeout_s:g} s"
            return [Receipt(Result.RETRY, why)] * len(jobs)
        except Exception as e:  # noqa: BLE001 - whatever a library raises stays in its channel
            return [Receipt(Result.RETRY, type(e).__name__)] * len(jobs)
        if len(receipts) != len(jobs):
            why = f"its sender gave {len(receipts)} receipts for {len(jobs)} jobs"
            return [Receipt(Result.RETRY, why)] * len(jobs)
        return receipts

    def _settle(self, changed: Sequence[Item]) -> None:
        if not changed:
            return
        self._store.put(self.name, changed)
        self.health.waiting = self.outbox.waiting
        for item in changed:
            if item.fate is Fate.WAITING:
                continue
            self.health.sent += item.fate is Fate.SENT
            self.health.failed += item.fate is Fate.FAILED
            self.on_fate(item)

    def _batch(self) -> int:
        """How many may go now, by the rate."""
        now = time.monotonic()
        while self._paced and self._paced[0] < now - 1.0:
            self._paced.popleft()
        free = int(max(1.0, self._retry.rate_per_s)) - len(self._paced)
        if self._retry.rate_per_s < 1.0 and self._paced:
            free = 0
        return max(0, min(self._retry.batch, free))

    def _idle_s(self) -> float:
        due = self.outbox.next_ns()
        if due is None:
            return LOOK_S
        if due == 0:  # ready, but the rate is used up
            return max(0.01, self._paced[0] + 1.0 - time.monotonic()) if self._paced else 0.01
        return min(LOOK_S, max(0.001, (due - self._clock_ns()) / 1e9))
