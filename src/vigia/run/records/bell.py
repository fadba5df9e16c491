"""A bulletin released, recalled or still unread -> a word to the open pages it concerns.

The word says only that there is something to fetch; it rings no siren.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.events import PersonAdded
from vigia.records.bulletin import Bulletin, BulletinStatus
from vigia.records.release import recipients
from vigia.run.page_records import BulletinsOut, RecordsOut
from vigia.run.page_socket import frame_of
from vigia.run.roles import READERS

if TYPE_CHECKING:
    from vigia.records.common import Record
    from vigia.run.gateway import Gateway
    from vigia.run.records.book import Version

ENDS = (BulletinStatus.RELEASED, BulletinStatus.RECALLED)


def hear(gateway: Gateway, version: Version, record: Record) -> None:
    """Consoles hear of every version, readers of what is released or recalled for them."""
    kept = version.kept
    frame = frame_of(RecordsOut(kind=kept.kind.value, id=kept.record_id, version=kept.version))
    for page in gateway.hub:
        if page.role in READERS:
            page.send(frame)
    if isinstance(record, Bulletin) and record.status in ENDS:
        for person in recipients_of(gateway, record):
            tell(gateway, person.person_id)


def tell(gateway: Gateway, person_id: str, *, again: bool = False) -> int:
    """To how many pages."""
    frame = frame_of(BulletinsOut(again=again))
    pages = gateway.hub.of_person(person_id)
    for page in pages:
        page.send(frame)
    return len(pages)


def recipients_of(gateway: Gateway, bulletin: Bulletin) -> list[PersonAdded]:
    settings = gateway.view.settings
    if settings is None:
        return []
    return recipients(bulletin, list(gateway.view.people.values()), settings)
