"""Is this machine's clock kept in step with others? The kernel knows, whoever keeps it."""

from __future__ import annotations

import ctypes
import ctypes.util

TIME_ERROR = 5  # adjtimex(2): not synchronised
_STRUCT_BYTES = 512  # struct timex is 208 bytes on 64 bit Linux; with modes 0 it is only filled


def clock_in_step() -> bool | None:
    """None: this system cannot tell (not Linux, or a container that may not ask)."""
    name = ctypes.util.find_library("c")
    try:
        libc = ctypes.CDLL(name, use_errno=True)
        buffer = ctypes.create_string_buffer(_STRUCT_BYTES)
        state = libc.adjtimex(buffer)
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != TIME_ERROR
