"""The journal -> reports of the last hour, so that a gateway that starts again shows them."""

from __future__ import annotations

from pathlib import Path

from vigia.events import Event, Sighting, SightingPlaced, WordReceived, WordSettled
from vigia.run.ledger_feed import journal_feed

KEPT = (Sighting, SightingPlaced, WordReceived, WordSettled)


def read_reports(folder: Path, *, since_ns: int) -> list[Event]:
    """Sightings and what became of them, in order. Those whose key is destroyed are left out.

    Raises sqlite3.Error, OSError or ValueError.
    """
    feed = journal_feed(folder)
    if feed is None:
        return []
    try:
        first = feed.first_seq_since(since_ns)
        if first is None:
            return []
        return [
            event
            for turn in feed.turns(first)
            for event in turn.events
            if isinstance(event, Event) and isinstance(event.body, KEPT)
        ]
    finally:
        feed.close()
