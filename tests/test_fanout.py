"""Many pages at once: the order alerts leave in, errands in slices, one newcomer a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from gateway_world import alert, delivery_of, run, world
from vigia.events import AnyBody, Event
from vigia.run.leaving import leaving_order
from vigia.run.pages import Hub, Page
from vigia.run.spread import SLICE, Spread
from vigia.terms import Mark


class _Socket:
    full = False
    on_writable: Callable[[], None] | None = None
    is_open = True

    def write_frame(self, frame: bytes) -> None: ...
    def drop(self) -> None: ...


def _event(body: AnyBody) -> Event:
    return Event(1, 1, "core", Mark.DEMO, body)


def _hub(pages: int) -> Hub:
    hub = Hub()
    for n in range(pages):
        page = Page(_Socket(), session_id=f"s{n}", device_id=f"d{n}", person_id=f"p{n}")
        hub.join(page, officer=False)
    return hub


def test_each_alert_leaves_with_its_delivery_most_endangered_first() -> None:
    alerts = [alert(f"p{n}") for n in range(4)]
    made = [*alerts, *(delivery_of(a) for a in alerts)]
    old = delivery_of(alert("elsewhere", revision=3))  # its alert was decided before
    out = [_event(body) for body in (*made, old)]
    left = [e.body for e in leaving_order(out)]
    assert left == [*(b for a in alerts for b in (a, delivery_of(a))), old]


def test_an_errand_reaches_everybody_in_slices_and_a_newer_one_takes_its_place() -> None:
    async def go() -> None:
        hub = _hub(3 * SLICE)
        spread = Spread(hub)
        got: list[tuple[str, str]] = []
        spread.start(lambda page: got.append(("old", page.person_id)))
        assert len(got) == SLICE  # the rest waits for its turn
        spread.start(lambda page: got.append(("new", page.person_id)))
        for _ in range(10):
            await asyncio.sleep(0)
        assert {p for _, p in got} == {f"p{n}" for n in range(3 * SLICE)}
        assert {p for word, p in got if word == "new"} == {p for _, p in got}
        assert [p for _, p in got[: 3 * SLICE]] == [f"p{n}" for n in range(3 * SLICE)]

    run(go)


def test_an_errand_leaves_out_who_has_gone() -> None:
    async def go() -> None:
        hub = _hub(2 * SLICE)
        spread = Spread(hub)
        got: list[str] = []
        spread.start(lambda page: got.append(page.person_id))
        [last] = hub.of_person(f"p{2 * SLICE - 1}")
        hub.leave(last)
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(got) == 2 * SLICE - 1

    run(go)


def test_a_newcomer_who_says_nothing_keeps_nobody_out(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            port = int(w.url.rpartition(":")[2])
            mute = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
            async with phone.page() as page:
                await page.hear("hello")
                w.watch.warn(alert("p1"))
                await page.hear("alert")
            for _, writer in mute:
                writer.close()

    run(go)
