"""An adapter's name -> what kind of sensor it speaks for, as the core's rules know kinds.

An adapter module says it with KIND; one that says nothing is a kind of its own name.
"""

from __future__ import annotations

import importlib
from functools import cache


@cache
def kind_of(adapter: str) -> str:
    """Never raises: an adapter that cannot be loaded is complained about elsewhere."""
    module, _, _ = adapter.partition(":")
    try:
        found = importlib.import_module(module if ":" in adapter else f"vigia.sensors.{module}")
    except (ImportError, ValueError, TypeError):
        return adapter
    kind = getattr(found, "KIND", None)
    return kind if isinstance(kind, str) and kind else adapter
