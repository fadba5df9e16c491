"""A file forget/<person> in the data folder -> that person's positions forgotten by the running
watch. The file is deleted only when no key is left that could open one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from urllib.parse import quote, unquote

from vigia.events import PositionErased
from vigia.run.doors import Put
from vigia.run.keys import ShiftKeys
from vigia.terms import Mark

FOLDER = "forget"
LOOK_S = 1.0
LOOK_MAX = 100  # requests taken in one look
WAIT_POLL_S = 0.1


def request_path(folder: Path, person_id: str) -> Path:
    """A dot is encoded too: no name leaves the folder."""
    return folder / FOLDER / quote(person_id, safe="").replace(".", "%2E")


def ask(folder: Path, person_id: str, *, wait_s: float) -> bool:
    """Of the watch that runs on the folder; False: not done within wait_s. Raises OSError."""
    path = request_path(folder, person_id)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    end_s = time.monotonic() + wait_s
    while path.exists():
        if time.monotonic() > end_s:
            return False
        time.sleep(WAIT_POLL_S)
    return True


class ForgetFeed:
    """The watch's side. A request stays on disk until it is done, so a crash loses none."""

    source = "vigia forget"

    def __init__(self, folder: Path, keys: ShiftKeys, mark: Mark) -> None:
        self._folder = folder
        self._keys = keys
        self._mark = mark
        self._asked: dict[str, frozenset[bytes]] = {}  # person -> keys that are to go

    async def run(self, put: Put) -> None:
        while True:
            # In a thread: a disk that hangs must not hold up warnings
            for person_id in await asyncio.to_thread(self._requests):
                found = await asyncio.to_thread(self._keys.ids_of, person_id)
                asked = self._asked.get(person_id)
                if asked is None:
                    if put(self.source, self._mark, PositionErased(person_id=person_id)):
                        self._asked[person_id] = found
                elif not asked & found:
                    del self._asked[person_id]
                    await asyncio.to_thread(self._done, person_id)
            await asyncio.sleep(LOOK_S)

    def _requests(self) -> list[str]:
        try:
            names = [path.name for path in (self._folder / FOLDER).iterdir()]
        except OSError:  # nobody ever asked; or the disk's trouble, which the journal tells
            return []
        people = [unquote(name) for name in sorted(names)[:LOOK_MAX]]
        return [p for p in people if request_path(self._folder, p).name in names]

    def _done(self, person_id: str) -> None:
        with contextlib.suppress(OSError):
            request_path(self._folder, person_id).unlink(missing_ok=True)
