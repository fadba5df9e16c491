"""`python -m vigia.run.courier_main --data DIR`: the courier process, from the plan in its folder.

Exit codes: 0 stopped, 1 it could not work (said on standard error): the supervisor tries again, and
the watch and the gateway go on without it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from vigia.run.channel_settings import ChannelEntry
from vigia.run.courier.carriers import make_carriers
from vigia.run.courier.contacts import Contacts
from vigia.run.courier.courier import Courier
from vigia.run.courier.door import Around, Sender
from vigia.run.courier.letters import BulletinPost
from vigia.run.courier.senders import make_sender
from vigia.run.courier.store import Store
from vigia.run.link_io import COURIER, LinkClient, link_path
from vigia.run.plan import RunPlan, read_plan
from vigia.run.say import say
from vigia.terms import Channel

PARENT_POLL_S = 0.5


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    folder: Path = parser.parse_args(argv).data
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides
    os.umask(0o077)
    try:
        asyncio.run(_serve(folder, read_plan(folder)))
    except (ValueError, OSError, sqlite3.Error) as e:
        say(f"courier: {e}")
        return 1
    except asyncio.CancelledError:
        return 0
    return 0


async def _serve(folder: Path, plan: RunPlan) -> None:
    around = Around(
        folder=folder,
        site_name=plan.site_name,
        mode=plan.core.mode,
        base_url=plan.listen.public_url,
        posts=plan.core.posts,
    )
    senders: dict[str, tuple[ChannelEntry, Sender]] = {
        name: (entry, make_sender(name, entry, around)) for name, entry in plan.channels.items()
    }
    store, contacts = Store(folder), Contacts(folder)
    link = LinkClient(lambda: link_path(folder, COURIER))

    def addresses(person_id: str, channel: Channel) -> list[str]:
        return [found.address for found in contacts.of(person_id, channel)]

    bulletins = BulletinPost(folder, link, make_carriers(plan.channels, around, addresses))
    courier = Courier(folder, link, store, contacts, around, senders, bulletins=bulletins)
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(courier.run())
            group.create_task(_end_with_parent(task))
    finally:
        store.close()
        contacts.close()


async def _end_with_parent(task: asyncio.Task[None]) -> None:
    parent = os.getppid()
    while True:
        await asyncio.sleep(PARENT_POLL_S)
        if os.getppid() != parent:
            task.cancel()
            return


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a thread of a library that hangs must not keep the process
