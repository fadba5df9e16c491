"""`[cap]` of the settings: who we are in CAP messages and whom we believe."""

from __future__ import annotations

import msgspec


class Cap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """docs/cap.md explains each. trust: PEM files of the signers, or authorities, we believe."""

    sender: str = ""
    sender_name: str = ""
    scope: str = "Restricted"
    restriction: str = ""
    codes: tuple[str, ...] = ()
    time_zone: str = "UTC"
    feed: bool = False
    trust: tuple[str, ...] = ()
