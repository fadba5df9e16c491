"""Who is at the other end of a TAK connection, and what that makes of his words."""

from __future__ import annotations

import msgspec


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """person_id: proved by his client certificate, else None; then his words are weak.
    positions: he lets his position be used. upstream: another TAK server, or the mesh."""

    address: str
    person_id: str | None = None
    device_id: str | None = None
    positions: bool = False
    upstream: bool = False
