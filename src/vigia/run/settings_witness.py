"""`[witness]` of the settings: whose ledgers we witness, and who witnesses ours."""

from __future__ import annotations

import msgspec


class Witness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """docs/ledger.md explains it. logs: public keys of other agencies' ledgers, as they told them.
    ask: addresses of their servers; keys: those servers' witness keys, in the same order."""

    logs: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    ca: str = ""
    every_s: float = 60.0
