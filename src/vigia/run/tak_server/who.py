"""Who is at the other end of a TAK connection, and what that makes of his words."""

from __future__ import annotations

import msgspec


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """person_id: proved by his client certificate, else None; then his words are weak.
    upstream: another TAK server, or the mesh: what it says is heard and not sent back to it."""

    address: str
    person_id: str | None = None
    device_id: str | None = None
    upstream: bool = False
