"""`python -m vigia.run.tak_server_main --data DIR`: the TAK process, from the plan in its folder.

Exit codes: 0 stopped, 2 the operator's mistake, 3 an address is in use.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import uvloop

from vigia.run.catalogue import load_words
from vigia.run.link_io import TAK_NAME, LinkClient, link_path
from vigia.run.plan import RunPlan, read_plan
from vigia.run.say import say
from vigia.run.settings import SettingsError
from vigia.run.supervise import EXIT_OPERATOR, EXIT_PORT
from vigia.run.tak import TakSender
from vigia.run.tak_server.doors import PortInUse, open_doors
from vigia.run.tak_server.enrol import Enrolment
from vigia.run.tak_server.proof import prove_reach
from vigia.run.tak_server.service import Service
from vigia.run.tak_server.store import Store
from vigia.run.watch_clock import WatchClock
from vigia.terms import Lang

PARENT_POLL_S = 0.5
STORE_STOP_S = 3.0  # what waits for the disk is written by then


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="vigia TAK server")
    parser.add_argument("--data", type=Path, required=True)
    folder: Path = parser.parse_args(argv).data
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides
    try:
        plan = read_plan(folder)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(folder, plan))
    except PortInUse as e:
        say(f"{e}")
        return EXIT_PORT
    except (SettingsError, OSError, msgspec.DecodeError, sqlite3.Error) as e:
        say(f"{e}")
        return EXIT_OPERATOR
    except asyncio.CancelledError:
        return 0
    return 0


async def _serve(folder: Path, plan: RunPlan) -> None:
    words = {lang: load_words(lang) for lang in Lang}
    places = {f"post/{post.post_id}": post.position for post in plan.core.posts}
    link = LinkClient(lambda: link_path(folder, TAK_NAME))
    clock = WatchClock()
    store = Store(folder, keep_h=plan.tak.keep_h, keep_mb=plan.tak.keep_mb, clock_ns=clock.now_ns)
    service = Service(
        link,
        clock,
        words,
        callsigns=plan.tak.callsigns,
        store=store,
        access=plan.access,
        senders=[TakSender(url, words[Lang.EN], places=places) for url in plan.tak.urls],
    )
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await _run(service, folder, plan, task, link)
    finally:
        store.stop(STORE_STOP_S)


async def _run(
    service: Service, folder: Path, plan: RunPlan, task: asyncio.Task[None], link: LinkClient
) -> None:
    async with open_doors(folder, plan, service, Enrolment(folder, service, link)):
        gc.freeze()  # what was built at the start lives for ever: no pause to look at it again
        async with asyncio.TaskGroup() as group:
            group.create_task(_end_with_parent(task))
            group.create_task(service.run())
            group.create_task(service.bulletins.run(folder))
            group.create_task(prove_reach(folder, service.heard_lately))


async def _end_with_parent(task: asyncio.Task[None]) -> None:
    """Without its supervisor it would hold the port against the next start."""
    parent = os.getppid()
    while True:
        await asyncio.sleep(PARENT_POLL_S)
        if os.getppid() != parent:
            task.cancel()
            return


if __name__ == "__main__":
    sys.exit(main())
