"""The demo's script and its people's answers -> inputs of the watch process, in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from vigia.events import Alert, AllClear, AllClearAsked, Input, PersonAdded
from vigia.run.simulate.demo import OFFICER, DemoFeed
from vigia.run.simulate.demo_records import example_records
from vigia.terms import Mark, Role

LOOKS_S = 2.0


if TYPE_CHECKING:  # the supervisor plans the demo and must not load the core
    from vigia.run.clock import Clock
    from vigia.run.watch import WatchProcess


def demo_items(seed: int, *, start_ns: int, now_ns: int) -> Iterator[tuple[int, str, Input]]:
    """Who there is, then what happens. What lies in the past (a restart) is left out."""
    feed = DemoFeed(seed)
    people = ((now_ns, "demo", body) for body in (*feed.people(), *example_records()))
    return chain(people, (item for item in feed.events(start_ns) if item[0] >= now_ns))


def demo_agent() -> PersonAdded:
    """The person whom `vigia demo` lends to the visitor's phone; he answers for himself."""
    people = [p for p in DemoFeed().people() if isinstance(p, PersonAdded)]
    return next(p for p in people if p.role is Role.AGENT)


class DemoAnswers:
    """The invented people acknowledge what they are told, some of them late."""

    def __init__(self, process: WatchProcess, clock: Clock) -> None:
        self._feed = DemoFeed()
        self._visitor = demo_agent().person_id
        self._process = process
        self._clock = clock

    def hear(self, alert: Alert) -> None:
        if alert.person_id == self._visitor:
            return
        loop = asyncio.get_running_loop()
        now_ns = self._clock.now_ns()
        for at_ns, source, body in self._feed.answers(alert, now_ns):
            wait_s = max(0.0, (at_ns - now_ns) / 1e9)
            loop.call_later(wait_s, self._process.put, source, Mark.DEMO, body)

    def asked(self, asked: AllClearAsked) -> None:
        """The invented officer looks at what is open, and gives the all clear."""
        if asked.by_person_id != OFFICER:
            return
        word = AllClear(
            by_person_id=OFFICER,
            reason="Demo: it is the drone that left",
            incident_id=asked.incident_id,
            clear_id=asked.clear_id,
            accepts=asked.open,
        )
        loop = asyncio.get_running_loop()
        loop.call_later(LOOKS_S, self._process.put, "demo-console", Mark.DEMO, word)
