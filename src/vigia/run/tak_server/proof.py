"""Proof of reach: whose TAK client spoke lately -> the contacts' store, for the reach board."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

from vigia.run.courier.contacts import Contacts
from vigia.run.say import say
from vigia.terms import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from vigia.run.tak_server.peer import Peer

EVERY_S = 20.0  # a proof is good for 60 s


def heard_lately(peers: Iterable[Peer], now_ns: int) -> dict[str, int]:
    """By person: when his client was last heard, as far as that is news."""
    found: dict[str, int] = {}
    for peer in peers:
        person_id = None if peer.who is None else peer.who.person_id
        if person_id is not None and now_ns - peer.t_heard_ns < 2 * EVERY_S * 1e9:
            found[person_id] = max(found.get(person_id, 0), peer.t_heard_ns)
    return found


async def prove_reach(
    folder: Path, heard: Callable[[], dict[str, int]], *, every_s: float = EVERY_S
) -> None:
    """Until cancelled. A disk that fails is said once, and tried again."""
    trouble = ""
    while True:
        await asyncio.sleep(every_s)
        said = ""
        try:
            await asyncio.to_thread(_write, folder, heard())
        except (sqlite3.Error, OSError) as e:
            said = f"TAK: proof of reach cannot be written ({e})"
        if said and said != trouble:
            say(said)
        trouble = said


def _write(folder: Path, heard: dict[str, int]) -> None:
    if not heard:
        return
    contacts = Contacts(folder)
    try:
        for person_id, t_ns in heard.items():
            contacts.prove(person_id, Channel.COT, t_ns)
    finally:
        contacts.close()
