"""Decisions as the core made them -> the order in which they leave: each alert with its way out.

The core gives all alerts, most endangered first, then all deliveries. With 10,000 of each the first
person would be told after the last alert was sent; so each alert takes its deliveries along.
"""

from __future__ import annotations

from collections.abc import Sequence

from vigia.events import Alert, Delivery, Event


def leaving_order(out: Sequence[Event]) -> list[Event]:
    """The same events; deliveries directly behind their alert, the rest in its order."""
    after: dict[tuple[str, int], list[Event]] = {}
    for event in out:
        if isinstance(event.body, Alert):
            after[event.body.alert_id, event.body.revision] = []
    if len(after) < 2:
        return list(out)
    kept: list[Event] = []
    for event in out:
        body = event.body
        own = after.get((body.alert_id, body.revision)) if isinstance(body, Delivery) else None
        (kept if own is None else own).append(event)
    found: list[Event] = []
    for event in kept:
        found.append(event)
        if isinstance(event.body, Alert):
            found += after.pop((event.body.alert_id, event.body.revision), [])
    return found
