"""Words that wait for a person at the desk, and what the SMS door needs to know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vigia.events_words import WordReceived, WordSettled
from vigia.run.page_records import RecordsOut
from vigia.run.page_socket import frame_of
from vigia.run.roles import OFFICERS
from vigia.run.settings import SettingsError
from vigia.terms import Position

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigia.events import AnyBody
    from vigia.run.gateway import Gateway
    from vigia.run.plan import RunPlan
    from vigia.run.view import View

OPEN_MAX = 500  # that the desk is shown, the newest
WORD = "word"  # what pages hear of it as
KEY_BYTES_MIN = 16


class DeskWords:
    """State. key "": no text messages are taken."""

    def __init__(self, changed: Callable[[str], None] = lambda _word_id: None) -> None:
        """changed: is called with the name of a word that came or went."""
        self.open: dict[str, WordReceived] = {}
        self._changed = changed
        self.key = ""
        self.url = ""
        self.numbers: dict[str, str] = {}
        self._settled: dict[str, None] = {}

    def take(self, body: AnyBody) -> None:
        """Live or from the record, in any order."""
        if isinstance(body, WordSettled):
            if self.open.pop(body.word_id, None) is not None:
                self._changed(body.word_id)
            self._settled[body.word_id] = None
            if len(self._settled) > OPEN_MAX:
                del self._settled[next(iter(self._settled))]
        elif isinstance(body, WordReceived) and body.word_id not in self._settled:
            if body.word_id in self.open:
                return
            self.open[body.word_id] = body
            if len(self.open) > OPEN_MAX:
                self._make_room()
            self._changed(body.word_id)

    def _make_room(self) -> None:
        """The oldest that counts as a report goes; only among what nobody understood, the oldest.
        None of them leaves the record."""
        counted = (word_id for word_id, word in self.open.items() if word.report_id is not None)
        del self.open[next(counted, next(iter(self.open)))]

    def set_up(self, plan: RunPlan) -> None:
        """Raises SettingsError when the key is not there or too short to be one."""
        self.url, self.numbers = plan.text.url, plan.text.numbers
        if plan.text.key_file is None:
            return
        try:
            self.key = Path(plan.text.key_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as e:
            raise SettingsError(
                f"[text] key_file: {plan.text.key_file} cannot be read ({e})"
            ) from e
        if len(self.key) < KEY_BYTES_MIN:
            raise SettingsError(
                f"[text] key_file: {plan.text.key_file}: got {len(self.key)} characters; need "
                f"{KEY_BYTES_MIN} or more, such as from: openssl rand -hex 24"
            )


def ring(gateway: Gateway, word_id: str) -> None:
    """Consoles of those who may handle words hear that there is something to fetch."""
    frame = frame_of(RecordsOut(kind=WORD, id=word_id, version=1))
    for page in gateway.hub:
        if page.role in OFFICERS:
            page.send(frame)


def place_of(view: View, person_id: str) -> Position | None:
    """Where somebody is, as far as we know: his last point, else his post."""
    for spot in view.spots:
        if spot.person_id == person_id:
            return Position(spot.lat_deg, spot.lon_deg, None, spot.sigma_m)
    person = view.people.get(person_id)
    for post in () if view.settings is None else view.settings.posts:
        if person is not None and post.post_id == person.post_id:
            return post.position
    return None
