"""One errand to every open page, in slices, so that an alert never waits behind ten thousand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vigia.run.pages import Hub, Page

SLICE = 100  # pages served before others get their turn: about a millisecond


class Spread:
    """A newer errand takes the place of one still under way: who waits longest is served first,
    and everybody gets the newest."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._todo: dict[str, Page] = {}  # by session_id, in order
        self._errand: Callable[[Page], None] = lambda _page: None
        self._task: asyncio.Task[None] | None = None

    def start(self, errand: Callable[[Page], None]) -> None:
        self._errand = errand
        for page in self._hub:  # those who still wait keep their places
            self._todo.setdefault(page.session_id, page)
        if self._task is None or self._task.done():
            self._serve_slice()
            if self._todo:
                self._task = asyncio.get_running_loop().create_task(self._rest())

    async def _rest(self) -> None:
        while self._todo:
            await asyncio.sleep(0)
            self._serve_slice()

    def _serve_slice(self) -> None:
        for session_id in list(self._todo)[:SLICE]:
            page = self._todo.pop(session_id)
            if page in self._hub:
                self._errand(page)
