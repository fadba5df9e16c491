"""Handover notes that were drawn and are not signed yet; memory only."""

from __future__ import annotations

import secrets

from vigia.records.handover import Handover

DRAFTS_MAX = 50
DRAFT_MS = 30 * 60_000  # older: the moment has passed


class Drafts:
    """By a name that only its author was told."""

    def __init__(self) -> None:
        self._held: dict[str, Handover] = {}

    def put(self, made: Handover) -> str:
        name = secrets.token_urlsafe(12)
        self._held[name] = made
        if len(self._held) > DRAFTS_MAX:
            del self._held[next(iter(self._held))]
        return name

    def take(self, name: str, person_id: str, now_ms: int) -> Handover | None:
        found = self._held.get(name)
        if found is None or found.out_person_id != person_id or now_ms - found.t_ms > DRAFT_MS:
            return None
        return found

    def drop(self, name: str) -> None:
        self._held.pop(name, None)
