"""One event on its way through the server: read once, written once for each way of writing it."""

from __future__ import annotations

from functools import cached_property

from vigia.run.settings_access import Share
from vigia.wire import takp
from vigia.wire.cot import CotEvent, parse
from vigia.wire.cot_stream import frame_proto

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
OWN = "vigia."  # uids that begin so are ours; nobody else may speak under them


class Item:
    """xml: without a declaration. event: what it says. kept: part of the picture that a client
    which comes later gets, until it is stale; the newest of a uid replaces the older ones.
    owners: the agencies whose it is, None: the whole site's; what: which of their things."""

    def __init__(self, xml: bytes, event: CotEvent) -> None:
        self.xml = xml
        self.event = event
        self.owners: frozenset[str] | None = None
        self.what = Share.PEOPLE if is_person(event) else Share.SIGHTINGS

    @classmethod
    def of(
        cls, xml: bytes, owners: frozenset[str] | None = None, what: Share = Share.ALERTS
    ) -> Item:
        """Of an event we wrote ourselves. Raises AssertionError when we wrote nonsense."""
        event = parse(xml)
        assert isinstance(event, CotEvent), event
        item = cls(xml, event)
        item.owners, item.what = owners, what
        return item

    @property
    def key(self) -> str:
        return self.event.uid

    @cached_property
    def kept(self) -> bool:
        return not self.event.dests and is_kept(self.event.type)

    @cached_property
    def as_xml(self) -> bytes:
        return DECLARATION + self.xml + b"\n"

    @cached_property
    def as_proto(self) -> bytes:
        """Falls back to the XML, which every client reads too, if it cannot be put into one."""
        try:
            return frame_proto(takp.encode(self.xml, self.event))
        except ValueError:
            return self.as_xml


def is_kept(kind: str) -> bool:
    """Atoms (where something is), drawings, markers, emergencies. Talk and tasks are not."""
    return kind.startswith(("a-", "b-m-", "u-d-", "b-a-", "b-r-f-h-c"))


def is_person(event: CotEvent) -> bool:
    """A TAK client's own position: it can be talked to."""
    return event.type.startswith("a-") and "endpoint" in event.detail("contact")
