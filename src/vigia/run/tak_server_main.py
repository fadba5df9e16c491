"""`python -m vigia.run.tak_server_main --data DIR`: the TAK process, from the plan in its folder.

Exit codes: 0 stopped, 2 the operator's mistake, 3 an address is in use.
"""

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
import uvloop

from vigia.run.catalogue import load_words
from vigia.run.link_io import TAK_NAME, LinkClient, link_path
from vigia.run.plan import RunPlan, read_plan
from vigia.run.say import say
from vigia.run.settings import SettingsError
from vigia.run.supervise import EXIT_OPERATOR, EXIT_PORT
from vigia.run.tak import TakSender
from vigia.run.tak_server.doors import PortInUse, open_doors
from vigia.run.tak_server.hear import Hearing
from vigia.run.tak_server.service import Service
from vigia.terms import Lang

PARENT_POLL_S = 0.5


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
    except (SettingsError, OSError, msgspec.DecodeError) as e:
        say(f"{e}")
        return EXIT_OPERATOR
    except asyncio.CancelledError:
        return 0
    return 0


async def _serve(folder: Path, plan: RunPlan) -> None:
    words = {lang: load_words(lang) for lang in Lang}
    places = {f"post/{post.post_id}": post.position for post in plan.core.posts}
    service = Service(
        LinkClient(lambda: link_path(folder, TAK_NAME)),
        words,
        rules=Hearing(callsigns=plan.tak.callsigns),
        senders=[TakSender(url, words[Lang.EN], places=places) for url in plan.tak.urls],
    )
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with open_doors(folder, plan, service):
        gc.freeze()  # what was built at the start lives for ever: no pause to look at it again
        async with asyncio.TaskGroup() as group:
            group.create_task(_end_with_parent(task))
            group.create_task(service.run())


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
