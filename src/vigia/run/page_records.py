"""What pages hear of the desk's records: only that there is something to fetch."""

from __future__ import annotations

import msgspec


class BulletinsOut(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="bulletins"):
    """Fetch GET /api/v1/bulletins. again: a reminder of what was not read."""

    again: bool = False


class RecordsOut(msgspec.Struct, frozen=True, kw_only=True, tag_field="t", tag="records"):
    """A record has a new version; to consoles."""

    kind: str
    id: str
    version: int
