"""The gateway's timetable: asks for tests of reach when they are due, and does those asked for.

Beside everything else: what fails here is shown in the test's result and delays no alert.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from vigia.events import Fault, Undone
from vigia.events_reach import DrillOrdered
from vigia.run.courier.contacts import Contacts
from vigia.run.ledger_feed import read_alert_times
from vigia.run.link import Refused
from vigia.run.reach_tests import DRILL, SILENT, Ask, Kept, PersonResult, ReachTests, Result
from vigia.run.settings_reach import ReachTimes, due
from vigia.terms import Tier

if TYPE_CHECKING:
    from vigia.ledger.times import AlertTimes
    from vigia.run.gateway import Gateway
    from vigia.run.reach_board import PersonRow

LOOK_S = 1.0
LATE_MAX_S = 3_600  # a gateway that was away when a test was due does it so much later at most
COMMIT_S = 5.0
BY_SCHEDULE = "weekly drill"
SOURCE = "gateway"
_T = TypeVar("_T")


class Timetable:
    """run() until cancelled."""

    def __init__(self, gateway: Gateway, times: ReachTimes) -> None:
        """Raises ValueError for times that are none; the settings were checked."""
        self._gateway = gateway
        self._tests = ReachTests(gateway.folder)
        self._times = times
        self._silent = due(times.silent_at, "silent_at", weekly=False)
        self._drill = due(times.drill_at, "drill_at", weekly=True)
        self._put: set[str] = set()  # asked for since the start

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._gateway.link.connected or self._gateway.pulse.state != "ready":
                continue
            try:
                await self._turn()
            except (sqlite3.Error, OSError) as e:
                self._gateway.fault("reach tests", f"cannot be kept: {type(e).__name__}")

    async def _turn(self) -> None:
        for ask in self._due(self._gateway.now_ms() // 1000):
            await asyncio.to_thread(self._tests.put, ask)
            self._put.add(ask.test_id)
        for kept in await asyncio.to_thread(self._tests.open):
            await self._do(kept)

    def _due(self, now_s: int) -> list[Ask]:
        found: list[Ask] = []
        times = self._times
        for kind, at in ((SILENT, self._silent), (DRILL, self._drill)):
            last_s = None if at is None else at.last_s(now_s)
            if last_s is None or now_s - last_s > LATE_MAX_S:
                continue
            ask = Ask(
                test_id=f"{kind}-{datetime.fromtimestamp(last_s, UTC):%Y%m%dT%H%M}",
                kind=kind,
                t_asked_s=last_s,
                by=times.drill_by if kind == DRILL else "",
                reason=BY_SCHEDULE if kind == DRILL else "",
                minutes=times.drill_minutes,
            )
            if ask.test_id not in self._put:
                found.append(ask)
        return found

    # ---- doing one -------------------------------------------------------------------------

    async def _do(self, kept: Kept) -> None:
        now_s, ask = self._gateway.now_ms() // 1000, kept.ask
        if ask.kind == SILENT:
            await self._end(ask, await self._look(ask))
        elif kept.t_start_s is None:
            refused = await self._order(ask)
            if refused:
                await self._end(ask, Result(t_ms=self._gateway.now_ms(), refused=refused))
            else:
                await asyncio.to_thread(self._tests.begin, ask.test_id, now_s)
        elif now_s >= kept.t_start_s + ask.minutes * 60:
            result = await self._look(ask)
            over = Undone(order_id=ask.drill_id, by_person_id=ask.by, reason="the drill is over")
            await self._act(over)  # one that was ended by hand is over already
            await self._end(ask, result)

    async def _end(self, ask: Ask, result: Result) -> None:
        await asyncio.to_thread(self._tests.end, ask.test_id, result)

    async def _order(self, ask: Ask) -> str:
        """ "": it went out; else why not."""
        return await self._act(
            DrillOrdered(
                drill_id=ask.drill_id,
                by_person_id=ask.by,
                reason=ask.reason,
                tier=Tier(ask.tier),
                target_ids=ask.target_ids,
            )
        )

    async def _act(self, body: DrillOrdered | Undone) -> str:
        gateway = self._gateway
        try:
            answer = await gateway.link.submit(body, SOURCE, timeout_s=COMMIT_S)
        except TimeoutError:
            return "the watch does not answer"
        if isinstance(answer, Refused):
            return answer.why
        said = gateway.replies.pop(answer.seq, None)
        return said.what if isinstance(said, Fault) else ""

    async def _look(self, ask: Ask) -> Result:
        """Everybody the test was about, as he would be reached now, and how each channel is."""
        gateway = self._gateway
        now_ns = gateway.clock.now_ns()
        courier = await asyncio.to_thread(gateway.reach.courier, now_ns)
        proofs = await asyncio.to_thread(self._with_contacts, Contacts.proofs)
        rows = {row.person_id: row for row in gateway.reach.people(now_ns, proofs, courier)}
        times: dict[str, AlertTimes] = {}
        if ask.kind == DRILL:
            since_ns = (ask.t_asked_s - 60) * 1_000_000_000
            found = await asyncio.to_thread(read_alert_times, gateway.folder, since_ns=since_ns)
            mine = [t for t in found if t.incident_id == f"h{ask.drill_id}" and t.person]
            times = {str(t.person): t for t in mine}
            rows = {person_id: row for person_id, row in rows.items() if person_id in times}
        lanes = () if courier is None else courier.lanes
        return Result(
            t_ms=now_ns // 1_000_000,
            people=tuple(_tested(row, times.get(row.person_id)) for row in rows.values()),
            channels=tuple((lane.name, lane.trouble) for lane in lanes),
        )

    def _with_contacts(self, ask: Callable[[Contacts], _T]) -> _T:
        held = Contacts(self._gateway.folder)
        try:
            return ask(held)
        finally:
            held.close()


def _tested(row: PersonRow, times: AlertTimes | None) -> PersonResult:
    def after(t_ns: int | None) -> float | None:
        known = times is not None and t_ns is not None
        return round((t_ns - times.t1_ns) / 1e9, 3) if known and times and t_ns else None

    return PersonResult(
        person_id=row.person_id,
        name=row.name,
        reach=row.reach,
        handed_s=after(None if times is None else times.t2_ns),
        shown_s=after(None if times is None else times.t3_ns),
        answered_s=after(None if times is None else times.t4_ns),
    )
