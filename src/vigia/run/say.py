"""A line for the operator -> standard error, which may be a file on a disk that is full."""

from __future__ import annotations

import sys
from contextlib import suppress


def say(text: str) -> None:
    """Never raises: whoever has trouble to tell must not end of it. Pages show it as well."""
    with suppress(OSError, ValueError):  # ValueError: standard error is closed
        print(f"vigia: {text}", file=sys.stderr, flush=True)
