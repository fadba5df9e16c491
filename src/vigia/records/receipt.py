"""That a person has read an edition of a bulletin; who it was signs for the record."""

from __future__ import annotations

from vigia.records.common import Record


class Receipt(Record, frozen=True, kw_only=True):
    """t_read_ms: when, on server-corrected time."""

    bulletin_id: str
    edition: int
    t_read_ms: int
