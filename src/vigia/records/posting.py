"""What of the bulletins has to go out by one channel, and to whom.

Pure. A release goes to whom it is for; a recall, and a correction that is not for him any more,
go to exactly those whom the channel reached before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from vigia.events import CoreSettings, PersonAdded
from vigia.records.bulletin import Bulletin, BulletinStatus
from vigia.records.posted import Posted, What
from vigia.records.release import in_force, recipients

NOBODY = ""  # who stands for another agency's door


class Letter(NamedTuple):
    """bulletin: as it is to be told; of a recall the recalled one with its reason."""

    bulletin_id: str
    bulletin: Bulletin
    what: What
    person_id: str


class Desk(NamedTuple):
    """What is on record. past: all versions of each bulletin, oldest first. reminded: the newest
    reminder of each [ms]. read: (bulletin, edition, person) of the receipts."""

    past: Mapping[str, Sequence[Bulletin]]
    posted: Iterable[Posted]
    read: frozenset[tuple[str, int, str]] = frozenset()
    reminded: Mapping[str, tuple[int, int]] = {}  # edition, t_ms


def due(
    desk: Desk,
    people: Sequence[PersonAdded],
    settings: CoreSettings,
    *,
    channel: str,
    t_ns: int,
) -> list[Letter]:
    """In the order of the bulletins; what is on record as handed over is not due again."""

    def meant(b: Bulletin) -> list[str]:
        return [p.person_id for p in recipients(b, people, settings)]

    return _due(desk, [p.person_id for p in people], meant, channel=channel, t_ns=t_ns)


def due_outside(desk: Desk, *, channel: str, t_ns: int) -> list[Letter]:
    """For another agency's door: only what a releaser let out of the site, and its end."""

    def meant(b: Bulletin) -> list[str]:
        return [NOBODY] if b.recipients.outside else []

    return _due(desk, [NOBODY], meant, channel=channel, t_ns=t_ns)


def _due(
    desk: Desk,
    everybody: Sequence[str],
    meant: Callable[[Bulletin], list[str]],
    *,
    channel: str,
    t_ns: int,
) -> list[Letter]:
    book = _Book(p for p in desk.posted if p.channel == channel)
    found: list[Letter] = []
    for bulletin_id, past in desk.past.items():
        released = [b for b in past if b.status is BulletinStatus.RELEASED]
        if not released:
            continue
        newest = past[-1]
        if newest.status is BulletinStatus.RECALLED:
            found += _recalls(bulletin_id, newest, book, everybody)
        elif in_force(released[-1], t_ns):
            to = meant(released[-1])
            found += _releases(bulletin_id, released[-1], book, everybody, to)
            found += _reminders(bulletin_id, released[-1], book, desk, to)
    return found


class _Book:
    """Of one channel: which hand-overs are on record, whom which bulletin reached."""

    def __init__(self, posted: Iterable[Posted]) -> None:
        self.done: dict[tuple[str, int, What, str], int] = {}
        self.reached: dict[str, dict[str, int]] = {}  # bulletin -> person -> newest edition
        for p in posted:
            self.done[p.bulletin_id, p.edition, p.what, p.person_id] = p.t_ms
            if p.what is What.RELEASED and not p.failed:
                had = self.reached.setdefault(p.bulletin_id, {})
                had[p.person_id] = max(had.get(p.person_id, 0), p.edition)


def _recalls(
    bulletin_id: str, b: Bulletin, book: _Book, everybody: Sequence[str]
) -> Iterator[Letter]:
    had = book.reached.get(bulletin_id, {})
    for person_id in everybody:
        done = (bulletin_id, b.edition, What.RECALLED, person_id) in book.done
        if person_id in had and not done:
            yield Letter(bulletin_id, b, What.RECALLED, person_id)


def _releases(
    bulletin_id: str, b: Bulletin, book: _Book, everybody: Sequence[str], to: Sequence[str]
) -> Iterator[Letter]:
    for person_id in to:
        if (bulletin_id, b.edition, What.RELEASED, person_id) not in book.done:
            yield Letter(bulletin_id, b, What.RELEASED, person_id)
    had, meant = book.reached.get(bulletin_id, {}), frozenset(to)
    for person_id in everybody:
        told = (bulletin_id, b.edition, What.SUPERSEDED, person_id) in book.done
        if person_id not in meant and 0 < had.get(person_id, 0) < b.edition and not told:
            yield Letter(bulletin_id, b, What.SUPERSEDED, person_id)


def _reminders(
    bulletin_id: str, b: Bulletin, book: _Book, desk: Desk, to: Sequence[str]
) -> Iterator[Letter]:
    """Whoever got this edition before the reminder and has not read it."""
    edition, t_ms = desk.reminded.get(bulletin_id, (0, 0))
    if edition != b.edition:
        return
    for person_id in to:
        got_ms = book.done.get((bulletin_id, edition, What.RELEASED, person_id))
        last_ms = book.done.get((bulletin_id, edition, What.REMINDED, person_id), got_ms)
        read = (bulletin_id, edition, person_id) in desk.read
        if last_ms is not None and last_ms < t_ms and not read:
            yield Letter(bulletin_id, b, What.REMINDED, person_id)
