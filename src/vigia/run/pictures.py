"""The view, once a second -> one frame for each kind of console, drawn in slices."""

from __future__ import annotations

import asyncio

from vigia.run import page_json as out
from vigia.run.pages import Hub, Page
from vigia.run.sharing import Eyes
from vigia.run.showing import Frames
from vigia.run.view import View

SLICE_TRACKS = 500  # drawn before others get their turn: some milliseconds


class Pictures:
    """An alert never waits for ten thousand tracks, nor a newcomer for the next second."""

    def __init__(self, view: View, hub: Hub, eyes: Eyes) -> None:
        self._view = view
        self._hub = hub
        self._eyes = eyes
        self._drawing: asyncio.Task[None] | None = None
        self._last: Frames | None = None

    def refresh(self) -> None:
        """One at a time: of pictures that come faster than they are drawn, some are left out."""
        if not self._hub.officers:
            self._last = None  # it would be old when the next officer comes
        elif self._drawing is None or self._drawing.done():
            self._drawing = asyncio.get_running_loop().create_task(self._draw())

    def show_to(self, page: Page) -> None:
        frame = None if self._last is None else self._last.console(page)
        if frame is None:
            self.refresh()
        else:
            page.show("picture", frame)

    async def _draw(self) -> None:
        t_ms, spots = self._view.t_picture_ns // 1_000_000, self._view.spots
        tracks: list[out.TrackOut] = []
        for n, track in enumerate(self._view.tracks(), start=1):
            tracks.append(track)
            if n % SLICE_TRACKS == 0:
                await asyncio.sleep(0)
        self._last = last = Frames(self._eyes, out.PictureOut(t_ms, tuple(tracks), spots))
        for page in self._hub.officers:
            frame = last.console(page)
            if frame is not None:
                page.show("picture", frame)
