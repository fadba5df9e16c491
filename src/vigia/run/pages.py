"""Frames for people -> their open pages. Alerts before everything; a slow page delays nobody.

Writes are direct while a page keeps up. When it does not, its own bounded queue fills: alerts
first, pictures replaced by newer ones; a queue that is full ends the page, which comes back and
gets the present state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from vigia.events import Delivery
from vigia.terms import Role

PAGES_MAX = 20_000  # further ones are refused
PAGES_PER_PERSON_MAX = 16  # the oldest is dropped
URGENT_MAX = 512  # waiting alerts and answers of one page; beyond it the page is dropped
OTHER_MAX = 512  # waiting others; likewise


class Socket(Protocol):
    """What the hub needs of a connection (page_socket.PageSocket)."""

    full: bool
    on_writable: Callable[[], None] | None

    @property
    def is_open(self) -> bool: ...
    def write_frame(self, frame: bytes) -> None: ...
    def drop(self) -> None: ...


class Handover:
    """One delivery on its way to all pages of a person: T2 is the first write of any."""

    __slots__ = ("_done", "_tell", "_waiting", "delivery")

    def __init__(self, delivery: Delivery, tell: Callable[[Delivery, str | None], None]) -> None:
        """tell: once; with None when written, else why it never was."""
        self.delivery = delivery
        self._tell = tell
        self._waiting = 1  # the giver itself, until close()
        self._done = False

    def given(self) -> None:
        self._waiting += 1

    def written(self) -> None:
        if not self._done:
            self._done = True
            self._tell(self.delivery, None)

    def lost(self, why: str) -> None:
        self._waiting -= 1
        if self._waiting == 0 and not self._done:
            self._done = True
            self._tell(self.delivery, why)


class Page:
    """One open page of one device."""

    def __init__(self, socket: Socket, *, session_id: str, device_id: str, person_id: str) -> None:
        self.socket = socket
        self.session_id = session_id
        self.device_id = device_id
        self.person_id = person_id
        self.role = Role.OFFICER
        self.agency_id = "site"
        self.login_id = ""  # the session its cookie stands for
        self.on_watch = False
        self.siren = False
        self.looking = True  # False: no pictures until somebody looks at it again
        self.columns = False  # it asked for its pictures as binary frames
        self.quiet = False  # a shift in hiding: it shakes, and makes no sound
        self.t_spot_ns = 0
        self.t_heard_ns = 0  # its last word; it pings every few seconds
        self.acking: set[tuple[str, int, str]] = set()
        self.drops = 0
        self._urgent: deque[tuple[bytes, Handover | None]] = deque()
        self._other: deque[bytes] = deque()
        self._latest: dict[str, bytes] = {}
        socket.on_writable = self._flush

    @property
    def waiting(self) -> int:
        return len(self._urgent) + len(self._other) + len(self._latest)

    def alert(self, frame: bytes, handover: Handover | None = None) -> None:
        """Before everything else that waits."""
        if handover is not None:
            handover.given()
        if self._free() and not self._urgent:
            self.socket.write_frame(frame)
            if handover is not None:
                handover.written()
            return
        self._urgent.append((frame, handover))
        if len(self._urgent) > URGENT_MAX:
            self.close("the page reads too slowly")

    def send(self, frame: bytes) -> None:
        if self._free() and not self.waiting:
            self.socket.write_frame(frame)
            return
        self._other.append(frame)
        if len(self._other) > OTHER_MAX:
            self.close("the page reads too slowly")

    def show(self, kind: str, frame: bytes) -> None:
        """Replaces an older frame of its kind that still waits."""
        if self._free() and not self.waiting:
            self.socket.write_frame(frame)
        else:
            self._latest[kind] = frame

    def close(self, why: str) -> None:
        """Drops it; what waits was never handed over."""
        self.drops += 1
        self.forget(why)
        self.socket.drop()

    def forget(self, why: str) -> None:
        while self._urgent:
            _, handover = self._urgent.popleft()
            if handover is not None:
                handover.lost(why)
        self._other.clear()
        self._latest.clear()

    def _free(self) -> bool:
        return self.socket.is_open and not self.socket.full

    def _flush(self) -> None:
        while self._free():
            if self._urgent:
                frame, handover = self._urgent.popleft()
                self.socket.write_frame(frame)
                if handover is not None:
                    handover.written()
            elif self._other:
                self.socket.write_frame(self._other.popleft())
            elif self._latest:
                self.socket.write_frame(self._latest.pop(next(iter(self._latest))))
            else:
                return


class Hub:
    """All open pages."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}  # by session_id
        self._of_person: dict[str, dict[str, Page]] = {}
        self._officers: dict[str, Page] = {}
        self.dropped = 0  # pages that read too slowly

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[Page]:
        return iter(list(self._pages.values()))

    def __contains__(self, page: Page) -> bool:
        return self._pages.get(page.session_id) is page

    @property
    def waiting(self) -> int:
        return sum(page.waiting for page in self._pages.values())

    @property
    def officers(self) -> list[Page]:
        return list(self._officers.values())

    def of_person(self, person_id: str) -> list[Page]:
        return list(self._of_person.get(person_id, {}).values())

    def join(self, page: Page, *, officer: bool) -> None:
        own = self._of_person.setdefault(page.person_id, {})
        if len(own) >= PAGES_PER_PERSON_MAX:
            oldest = next(iter(own.values()))
            self.leave(oldest, "more pages than one person may have")
            oldest.socket.drop()
        own[page.session_id] = page
        self._pages[page.session_id] = page
        if officer:
            self._officers[page.session_id] = page

    def leave(self, page: Page, why: str = "the page was closed") -> bool:
        """False: it had left already."""
        if self._pages.pop(page.session_id, None) is None:
            return False
        self._officers.pop(page.session_id, None)
        own = self._of_person[page.person_id]
        del own[page.session_id]
        if not own:
            del self._of_person[page.person_id]
        self.dropped += page.drops
        page.forget(why)
        return True

    def alert(
        self,
        person_id: str | None,
        frame: bytes,
        handover: Handover | None,
        console: Callable[[Page], bytes | None],
    ) -> None:
        """frame to the person's pages, then to consoles what each may see of it, if anything."""
        own = self._of_person.get(person_id or "", {})
        for page in list(own.values()):
            page.alert(frame, handover)
            # given() counted the page; while its frame waits, the page owes the answer
        if handover is not None:
            handover.lost("no open page")
        for page in self.officers:
            shown = None if page.session_id in own else console(page)
            if shown is not None:
                page.alert(shown)

    def drop_device(self, device_id: str) -> None:
        for page in self:
            if page.device_id == device_id:
                page.close("the device was revoked")

    def drop_login(self, login_ids: frozenset[str]) -> None:
        """Sessions that were ended: their pages go with them."""
        for page in self:
            if page.login_id in login_ids:
                page.close("the session was ended")

    def drop_person(self, person_id: str) -> None:
        """They come back and are greeted with what they may see now."""
        for page in self.of_person(person_id):
            page.close("the person's role changed")
