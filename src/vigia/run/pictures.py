"""The view, once a second -> one frame for each kind of console, drawn in slices."""

from __future__ import annotations

import asyncio

from vigia.run import page_json as out
from vigia.run.page_socket import binary_frame
from vigia.run.pages import Hub, Page
from vigia.run.sharing import Eyes
from vigia.run.showing import Frames, viewer_of
from vigia.run.view import View

SLICE_TRACKS = 500  # drawn before others get their turn: some milliseconds


class Picture:
    """One second. In columns it is made of the published rows as they are, for consoles that see
    every track; objects are made only for others."""

    def __init__(self, view: View, eyes: Eyes) -> None:
        self._eyes = eyes
        self._bare = out.PictureOut(view.t_picture_ns // 1_000_000, (), view.spots)
        self._rows = view.rows()
        self._columns: dict[bool, bytes] = {}  # with people's places, and without
        self._frames: Frames | None = None

    def plain(self, page: Page) -> bool:
        return page.columns and not self._eyes.apart

    async def draw(self, view: View) -> None:
        """Tracks as objects, in slices."""
        tracks: list[out.TrackOut] = []
        for n, track in enumerate(view.tracks(), start=1):
            tracks.append(track)
            if n % SLICE_TRACKS == 0:
                await asyncio.sleep(0)
        bare = self._bare
        self._frames = Frames(self._eyes, out.PictureOut(bare.t_ms, tuple(tracks), bare.people))

    def console(self, page: Page) -> bytes | None:
        """None: not for it, or not drawn for its kind."""
        if not self.plain(page):
            return None if self._frames is None else self._frames.console(page)
        seen = self._eyes.seen(viewer_of(page), self._bare)
        if not isinstance(seen, out.PictureOut):
            return None
        with_people = bool(seen.people)
        if with_people not in self._columns:
            self._columns[with_people] = binary_frame(self._rows(seen.people, seen.t_ms))
        return self._columns[with_people]


class Pictures:
    """An alert never waits for ten thousand tracks, nor a newcomer for the next second."""

    def __init__(self, view: View, hub: Hub, eyes: Eyes) -> None:
        self._view = view
        self._hub = hub
        self._eyes = eyes
        self._drawing: asyncio.Task[None] | None = None
        self._last: Picture | None = None

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
        picture = Picture(self._view, self._eyes)
        looking = [page for page in self._hub.officers if page.looking]
        if not all(picture.plain(page) for page in looking):
            await picture.draw(self._view)
        self._last = picture
        for page in self._hub.officers:
            frame = picture.console(page) if page.looking else None
            if frame is not None:
                page.show("picture", frame)
