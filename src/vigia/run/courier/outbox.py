"""What has to go out by one channel, and what became of it: order, retries, what replaces what.

Pure: no disk, no clock; store.py keeps it, lane.py drives it. The rules:

- At least once: a job is waiting until the channel took it, refused it for good, it was tried
  often enough, or it is over. What was being sent when the process died is sent again.
- A later revision of an alert replaces an earlier one that still waits for the same address.
- An end (cancel) goes to exactly those addresses that may have got the alert: where nothing was
  ever tried, both fall away.
- The most endangered first; of what must wait in a full box the least urgent goes.
"""

from __future__ import annotations

import heapq
from enum import Enum

import msgspec

from vigia.events import Alert, Delivery
from vigia.run.channel_settings import Retry
from vigia.run.courier.door import Receipt, Result
from vigia.terms import EndReason, MsgType

WAITING_MAX = 50_000  # jobs of one channel
DONE_MAX = 200_000  # remembered, so that what comes again is known; the oldest are forgotten
S = 1_000_000_000


class Fate(Enum):
    WAITING = "waiting"
    SENT = "sent"  # the channel took it
    FAILED = "failed"  # it never will
    REPLACED = "replaced"  # by a later revision, before it was ever sent


class Item(msgspec.Struct):
    """One job and its life. alert: None once its fate is known: it tells where somebody is."""

    delivery_id: str
    address: str
    alert_id: str
    revision: int
    ends: bool  # it is the alert's cancel
    t_ns: int  # decided
    person_id: str | None
    alert: Alert | None = None
    device_id: str = ""
    rank: int = 0
    attempts: int = 0
    t_next_ns: int = 0
    fate: Fate = Fate.WAITING
    why: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return (self.delivery_id, self.address)

    @property
    def line(self) -> tuple[str, str]:
        """One alert on its way to one address."""
        return (self.alert_id, self.address)

    def urgency(self) -> tuple[int, int, int, int]:
        a = self.alert
        assert a is not None
        first = a.t_earliest_ns if a.t_earliest_ns is not None else a.t_decided_ns
        return (-int(a.tier), int(self.ends), first, self.rank)


def item_of(alert: Alert, delivery: Delivery, address: str, device_id: str = "") -> Item:
    return Item(
        delivery_id=delivery.delivery_id,
        address=address,
        alert_id=alert.alert_id,
        revision=alert.revision,
        ends=alert.msg_type is MsgType.CANCEL,
        t_ns=alert.t_decided_ns,
        person_id=alert.person_id,
        alert=alert,
        device_id=device_id,
        rank=delivery.rank,
    )


class _Line(msgspec.Struct):
    """What is known of one alert at one address."""

    revision: int  # the newest that was put
    person_id: str | None
    t_ns: int  # of that revision
    tried: bool = False  # some revision may be there
    ended: bool = False  # the end was taken
    waiting: Item | None = None


class Outbox:
    """One channel's. Each method gives the items that changed, for the store and for receipts."""

    def __init__(self, retry: Retry) -> None:
        self.retry = retry
        self._lines: dict[tuple[str, str], _Line] = {}
        self._done: dict[tuple[str, str], Item] = {}  # by key
        self._flying: dict[tuple[str, str], Item] = {}
        self._ready: list[tuple[tuple[int, int, int, int], int, Item]] = []
        self._later: list[tuple[int, int, Item]] = []  # by t_next_ns
        self._n = 0
        self.waiting = 0

    # ---- in ----------------------------------------------------------------------------------

    def done_of(self, delivery_id: str, address: str) -> Item | None:
        """What became of it, as long as that is remembered."""
        return self._done.get((delivery_id, address))

    def put(self, item: Item) -> list[Item]:
        """Takes it; gives what changed: itself, and what it replaced. Idempotent by key."""
        if item.key in self._done or item.key in self._flying:
            return []
        line = self._lines.get(item.line)
        fresh = line is None
        if line is None:
            line = self._lines[item.line] = _Line(item.revision, item.person_id, item.t_ns)
        elif line.waiting is not None and line.waiting.key == item.key:
            return []
        elif item.revision < line.revision:
            return [self._finish(item, Fate.REPLACED, f"revision {line.revision} is newer")]
        changed: list[Item] = []
        line.revision, line.t_ns = item.revision, item.t_ns
        if line.waiting is not None:
            older = self._unwait(line)
            why = f"revision {item.revision} came before it was sent"
            changed.append(self._finish(older, Fate.REPLACED, why))
        if item.ends and not self._may_have(line, item, fresh=fresh):
            return [*changed, self._finish(item, Fate.REPLACED, "the alert never went there")]
        self._wait(line, item)
        if self.waiting > WAITING_MAX:
            changed.append(self._make_room())
        return [*changed, item] if item not in changed else changed

    def restore(self, item: Item) -> list[Item]:
        """One that the store had kept, in the order of putting; gives what changed. One that was
        being sent when the process died gives way to a later revision."""
        line = self._lines.setdefault(item.line, _Line(item.revision, item.person_id, item.t_ns))
        newest = max(line.revision, item.revision)
        line.revision, line.t_ns = newest, max(line.t_ns, item.t_ns)
        line.tried = line.tried or item.attempts > 0
        if item.fate is not Fate.WAITING:
            self._remember(item)
            line.ended = line.ended or (item.ends and item.fate is Fate.SENT)
            return []
        why = f"revision {newest} goes instead"
        if item.revision < newest:
            return [self._finish(item, Fate.REPLACED, why)]
        changed: list[Item] = []
        if line.waiting is not None:
            changed = [self._finish(self._unwait(line), Fate.REPLACED, why)]
        self._wait(line, item)
        return changed

    # ---- out ---------------------------------------------------------------------------------

    def take(self, now_ns: int, most: int) -> list[Item]:
        """The most urgent that are due, as tried from now on; the caller stores them first."""
        while self._later and self._later[0][0] <= now_ns:
            _, n, item = heapq.heappop(self._later)
            if item.fate is Fate.WAITING:
                heapq.heappush(self._ready, (item.urgency(), n, item))
        found: list[Item] = []
        while self._ready and len(found) < most:
            _, _, item = heapq.heappop(self._ready)
            line = self._lines.get(item.line)
            if line is None or line.waiting is not item:
                continue  # replaced meanwhile
            self._unwait(line)
            line.tried = True
            item.attempts += 1
            self._flying[item.key] = item
            found.append(item)
        return found

    def expire(self, now_ns: int) -> list[Item]:
        """What waits and whose alert's time has passed; an end is always told."""
        found: list[Item] = []
        for line in self._lines.values():
            item = line.waiting
            alert = None if item is None else item.alert
            if item is None or alert is None or item.ends or now_ns <= alert.t_expires_ns:
                continue
            self._unwait(line)
            found.append(self._finish(item, Fate.FAILED, "it expired before it could be sent"))
        return found

    def done(self, item: Item, receipt: Receipt, now_ns: int) -> list[Item]:
        """What the channel said of one that was taken; gives what changed."""
        self._flying.pop(item.key, None)
        line = self._lines.setdefault(
            item.line, _Line(item.revision, item.person_id, item.t_ns, tried=True)
        )
        match receipt.result:
            case Result.OK:
                line.ended = line.ended or item.ends
                return [self._finish(item, Fate.SENT, "")]
            case Result.REFUSED | Result.GONE:
                return [self._finish(item, Fate.FAILED, receipt.why or receipt.result.value)]
            case Result.RETRY:
                pass
        if line.revision > item.revision:
            return [self._finish(item, Fate.REPLACED, f"revision {line.revision} goes instead")]
        if item.attempts >= self.retry.attempts:
            return [self._finish(item, Fate.FAILED, f"{item.attempts} attempts: {receipt.why}")]
        item.why = receipt.why
        wait_s = self.retry.backoff_s[min(item.attempts, len(self.retry.backoff_s)) - 1]
        item.t_next_ns = now_ns + round(max(wait_s, receipt.retry_after_s or 0.0) * S)
        self._wait(line, item)
        return [item]

    def next_ns(self) -> int | None:
        """When something may be due: 0 is now, None is never."""
        if self._ready:
            return 0
        return self._later[0][0] if self._later else None

    def forget(self, before_ns: int) -> None:
        """Alerts whose last revision is older."""
        for key in [k for k, v in self._lines.items() if v.waiting is None and v.t_ns < before_ns]:
            del self._lines[key]
        for key in [k for k, item in self._done.items() if item.t_ns < before_ns]:
            del self._done[key]

    def holds(self) -> set[tuple[str, str]]:
        """(person, alert) of all that people were given and that has not ended there."""
        return {
            (line.person_id, key[0])
            for key, line in self._lines.items()
            if line.person_id is not None and line.tried and not line.ended
        }

    # ---- inside ------------------------------------------------------------------------------

    def _may_have(self, line: _Line, item: Item, *, fresh: bool) -> bool:
        """A line that is new here, but not to the core: a life of ours may have sent it whose
        disk was lost. Only an end that the core made up for somebody's page goes nowhere then."""
        if line.ended:
            return False
        alert = item.alert
        guess = alert is None or alert.end_reason is EndReason.UNKNOWN_AFTER_RESTART
        return line.tried or (fresh and not guess)

    def _make_room(self) -> Item:
        """The least urgent gives way."""
        waiting = [line for line in self._lines.values() if line.waiting is not None]
        line = max(waiting, key=lambda w: w.waiting.urgency() if w.waiting else (0, 0, 0, 0))
        return self._finish(self._unwait(line), Fate.FAILED, f"more than {WAITING_MAX} wait")

    def _wait(self, line: _Line, item: Item) -> None:
        line.waiting = item
        self.waiting += 1
        self._n += 1
        if item.t_next_ns:
            heapq.heappush(self._later, (item.t_next_ns, self._n, item))
        else:
            heapq.heappush(self._ready, (item.urgency(), self._n, item))

    def _unwait(self, line: _Line) -> Item:
        item, line.waiting = line.waiting, None
        assert item is not None
        self.waiting -= 1
        return item

    def _finish(self, item: Item, fate: Fate, why: str) -> Item:
        item.fate, item.why, item.alert = fate, why, None
        self._remember(item)
        return item

    def _remember(self, item: Item) -> None:
        self._done[item.key] = item
        if len(self._done) > DONE_MAX:
            del self._done[next(iter(self._done))]
