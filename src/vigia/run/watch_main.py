"""`python -m vigia.run.watch_main --data DIR`: the watch process, from the plan in its folder."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from vigia.events import OPERATORS, SettingsApplied
from vigia.run.clock import Clock
from vigia.run.demo_clock import demo_start_ns
from vigia.run.feeds import PlaybackFeed, ScriptFeed, StdinFeed, load_adapter
from vigia.run.forget_requests import ForgetFeed
from vigia.run.guard import GuardedCore
from vigia.run.journal import Journal, JournalError
from vigia.run.keys import ShiftKeys, shift_of
from vigia.run.link_io import COURIER, NAME, TAK_NAME, LinkServer, link_path
from vigia.run.links import Links
from vigia.run.node_id import node_id, site_facts
from vigia.run.plan import FeedPlan, RunPlan, read_plan
from vigia.run.recover import recover
from vigia.run.sapient_out import SapientOut
from vigia.run.say import say
from vigia.run.settings import SettingsError
from vigia.run.stream_feeds import StreamPlaybackFeed, StreamStdinFeed, is_capture
from vigia.run.supervise import EXIT_OPERATOR
from vigia.run.transports.feed import UrlFeed
from vigia.run.transports.url import API, parse_source
from vigia.run.watch import Feed, WatchProcess
from vigia.run.word_requests import WordFeed
from vigia.terms import Mark

PARENT_POLL_S = 0.5
CLOSE_S = 3.0
EXPIRE_EVERY_S = 600.0
HOUR_NS = 3_600_000_000_000


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 stopped, 2 the operator's mistake (said on standard error)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    folder: Path = parser.parse_args(argv).data
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides
    try:
        plan = read_plan(folder)
        asyncio.run(_serve(folder, plan))
    except (SettingsError, JournalError, OSError, msgspec.ValidationError) as e:
        say(f"{e}")
        return EXIT_OPERATOR
    except asyncio.CancelledError:
        return 0
    return 0


async def _serve(folder: Path, plan: RunPlan) -> None:
    process: WatchProcess | None = None
    clock = Clock()
    keys = ShiftKeys(folder / "keys")

    def committed(seq: int) -> None:
        if process is not None:
            process.committed(seq)

    journal = Journal.open(
        folder,
        mode=plan.core.mode,
        keys=keys,
        on_committed=committed,
        on_trouble=_say_trouble,
        scan_budget_bytes=plan.storage.scans_mb_max * 1_000_000,
    )
    watch, last_seq, last_t_ns = recover(folder, keys)
    clock.not_before(last_t_ns)
    links = Links([LinkServer(link_path(folder, name)) for name in _joined(plan)])
    process = WatchProcess(
        GuardedCore(watch),
        settings=SettingsApplied(settings=plan.core),
        clock=clock,
        journal=journal,
        link=links,
        feeds=[
            *(_feed(f, plan, clock, folder, last_t_ns) for f in plan.feeds if f.kind != API),
            ForgetFeed(folder, keys, plan.core.mode),
            WordFeed(folder, plan.core, clock),
        ],
        outlets=sapient_outlets(plan.sapient.urls, plan, folder, clock),
        last_seq=last_seq,
    )
    running = process
    for link in links.servers:
        _join(link, running)
    if any(feed.kind == "demo" for feed in plan.feeds):
        from vigia.run.demo import DemoAnswers

        answers = DemoAnswers(running, clock)
        running.on_alert, running.on_asked = answers.hear, answers.asked
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    gc.freeze()  # what was built at the start lives for ever: no pause to look at it again
    try:
        async with asyncio.TaskGroup() as group:
            for link in links.servers:
                group.create_task(link.run())
            group.create_task(_end_with_parent(task))
            group.create_task(process.run(restarted=last_seq > 0))
            group.create_task(_expire_keys(keys, clock, plan))
    finally:
        journal.close(CLOSE_S)
        keys.close()


def _joined(plan: RunPlan) -> tuple[str, ...]:
    """The sockets of the processes that this start has."""
    tak = (TAK_NAME,) if plan.tak.used else ()
    return (NAME, *tak, *((COURIER,) if plan.channels else ()))


def _join(link: LinkServer, process: WatchProcess) -> None:
    link.on_submit = process.submit
    link.on_connected = lambda: link.send(process.state())
    link.on_fault = process.link_fault


def sapient_outlets(
    urls: Sequence[str], plan: RunPlan, folder: Path, clock: Clock
) -> list[SapientOut]:
    """vigia as a node of others' fusion nodes."""
    if not urls:
        return []
    own, site = node_id(folder), plan.core.origin
    return [SapientOut(parse_source(u), own, plan.site_name, site, clock.now_ns) for u in urls]


def _say_trouble(text: str | None) -> None:
    say(text or "journal: well again")


async def _expire_keys(keys: ShiftKeys, clock: Clock, plan: RunPlan) -> None:
    """What was somebody's position in a shift long over becomes unreadable, everywhere."""
    while True:
        now = clock.now_ns()
        oldest = shift_of(now - plan.storage.forget_after_h * HOUR_NS)
        operators = shift_of(now - plan.access.privacy.operators_days * 24 * HOUR_NS)
        await asyncio.to_thread(keys.expire, oldest, own={OPERATORS: operators})
        await asyncio.sleep(EXPIRE_EVERY_S)


async def _end_with_parent(task: asyncio.Task[None]) -> None:
    """A watch without its supervisor would hold the journal's lock for ever."""
    parent = os.getppid()
    while True:
        await asyncio.sleep(PARENT_POLL_S)
        if os.getppid() != parent:
            task.cancel()
            return


def _feed(feed: FeedPlan, plan: RunPlan, clock: Clock, folder: Path, last_t_ns: int) -> Feed:
    match feed.kind:
        case "stdin":
            adapter = load_adapter(feed.adapter)
            if is_capture(adapter):
                return StdinFeed(feed.sensor_id, adapter, clock, folder)
            return StreamStdinFeed(feed.sensor_id, adapter, clock)
        case "playback":
            adapter = load_adapter(feed.adapter)
            make = PlaybackFeed if is_capture(adapter) else StreamPlaybackFeed
            return make(feed.sensor_id, adapter, clock, Path(feed.path))
        case "url":
            source = parse_source(feed.path)
            adapter = load_adapter(feed.adapter)
            knows = hasattr(adapter, "know")
            facts = site_facts(folder, plan.core.origin, feed, clock.now_ns()) if knows else None
            return UrlFeed(feed.sensor_id, adapter, clock, source, facts=facts)
        case "demo":
            from vigia.run.demo import demo_items  # a live watch never loads the simulator

            now_ns = clock.now_ns()
            start_ns = demo_start_ns(folder, now_ns=now_ns, last_t_ns=last_t_ns)
            items = demo_items(feed.seed, start_ns=start_ns, now_ns=now_ns)
            return ScriptFeed(items, clock, mark=Mark.DEMO)
        case _:
            raise SettingsError(f"feed: got {feed.kind!r}; need stdin, playback, url or demo")


if __name__ == "__main__":
    sys.exit(main())
