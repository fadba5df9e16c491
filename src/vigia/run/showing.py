"""Messages -> frames on the pages that may see them, encoded once for each kind of viewer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vigia.events import (
    Alert,
    CoverTold,
    FriendlyEnded,
    MarkedFriendly,
    Reached,
    SightingPlaced,
    TrackJudged,
    TracksPublished,
)
from vigia.run import page_json as out
from vigia.run.fates import Fates
from vigia.run.page_socket import binary_frame, frame_of
from vigia.run.pages import Handover, Hub, Page
from vigia.run.roles import CONSOLE
from vigia.run.sharing import Eyes, Viewer
from vigia.run.track_frame import frame_bytes

if TYPE_CHECKING:
    from vigia.run.view import View


class Frames:
    """One message for many pages. A frame is made when the first page of its kind asks."""

    def __init__(self, eyes: Eyes, message: out.ToPage) -> None:
        self._eyes = eyes
        self._message = message
        self._made: dict[tuple[Viewer, bool], bytes | None] = {}

    def console(self, page: Page) -> bytes | None:
        """For any console of that agency and role; None: not for it."""
        viewer = Viewer("", page.agency_id if self._eyes.apart else "", page.role)
        key = (viewer, page.columns)
        if key not in self._made:
            seen = self._eyes.seen(viewer, self._message)
            self._made[key] = None if seen is None else _frame_for(page, seen)
        return self._made[key]

    def own(self, page: Page) -> bytes | None:
        """For that person, who may be concerned himself."""
        seen = self._eyes.seen(viewer_of(page), self._message)
        return None if seen is None else frame_of(seen)


def _frame_for(page: Page, message: out.ToPage) -> bytes:
    """A picture in columns where the page asked for it; all else is JSON everywhere."""
    if page.columns and isinstance(message, out.PictureOut):
        return binary_frame(frame_bytes(message))
    return frame_of(message)


def viewer_of(page: Page) -> Viewer:
    return Viewer(page.person_id, page.agency_id, page.role)


class Showing:
    """What the watch said -> the pages. Alerts of a page's own person come before all."""

    def __init__(self, view: View, hub: Hub, eyes: Eyes) -> None:
        self._view = view
        self._hub = hub
        self.eyes = eyes
        self._fates = Fates()

    def alert(self, alert: Alert, handover: Handover | None) -> None:
        """Whole to the person it warns, whatever his agency; to consoles as they may see it."""
        self._fates.alert(alert)
        message = out.AlertOut(self._view.alert(alert))
        frames = Frames(self.eyes, message)
        self._hub.alert(alert.person_id, frame_of(message), handover, frames.console)

    def to_consoles(self, message: out.ToPage) -> None:
        consoles = self._hub.officers
        frames = Frames(self.eyes, message)
        for page in consoles:
            frame = frames.console(page)
            if frame is not None:
                page.send(frame)

    def show_consoles(self, kind: str, message: out.ToPage) -> None:
        """A picture or a state: it replaces an older one that waits."""
        frames = Frames(self.eyes, message)
        for page in self._hub.officers:
            frame = frames.console(page)
            if frame is not None:
                page.show(kind, frame)

    def placed(self, body: SightingPlaced) -> None:
        """To the reporter, and to consoles that see his report."""
        self._view.take_placed(body)
        message = self._fates.placed(body)
        own = self._hub.of_person(body.person_id or "")
        frame = frame_of(message)
        for page in own:
            page.send(frame)
        frames = Frames(self.eyes, message)
        for page in self._hub.officers:
            shown = frames.console(page) if page not in own else None
            if shown is not None:
                page.send(shown)

    def tracks(self, body: TracksPublished | TrackJudged | MarkedFriendly | FriendlyEnded) -> None:
        """The picture, and what it tells reporters of their reports."""
        if isinstance(body, TracksPublished):
            self._view.take_tracks(body)
        for told in self._fates.take(body):
            frame = frame_of(told.message)
            for page in self._hub.of_person(told.person_id):
                page.send(frame)

    def fates_to(self, page: Page) -> None:
        """What became of his reports, to somebody who comes (back)."""
        for message in self._fates.of_person(page.person_id):
            page.send(frame_of(message))

    def reached(self, body: Reached) -> None:
        self.to_consoles(self._view.take_reached(body))

    def cover(self, body: CoverTold) -> None:
        """To whom it concerns: consoles see their posts, others how they are watched themselves."""
        said = self._view.take_cover(body)
        self.to_consoles(said)
        frame = frame_of(said)
        for person_id in self._view.concerned(body.target_id):
            for page in self._hub.of_person(person_id):
                if page.role not in CONSOLE:
                    page.send(frame)

    def send(self, page: Page, messages: Iterable[out.ToPage]) -> None:
        for message in messages:
            frame = Frames(self.eyes, message).own(page)
            if frame is not None:
                page.send(frame)

    def show(self, page: Page, kind: str, message: out.ToPage) -> None:
        frame = Frames(self.eyes, message).own(page)
        if frame is not None:
            page.show(kind, frame)
