"""What every event body is built on, below them all: the base class and the bounds of texts."""

from __future__ import annotations

import msgspec

ID_MAX = 64  # characters of any identifier
TEXT_MAX = 500  # characters of any free text
RAW_MAX = 512  # bytes of a refused input that are kept
ALERTS_HELD_MAX = 64  # a device holds at most this many open alerts


class Body(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Base of every body; the tag in the encoding is the class name."""
