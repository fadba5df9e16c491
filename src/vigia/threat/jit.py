"""Plain functions -> parts of the threat kernel, or the same functions as they stand.

As track/jit.py: an inner function stays plain Python until the kernel that calls it is compiled,
so the interpreter runs the very same code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

# why the ignore: Numba has no types of its own
from numba.extending import register_jitable  # pyright: ignore

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def inner(function: F) -> F:
    """Division by zero gives infinity, as in NumPy, not an exception."""
    return register_jitable(error_model="numpy")(function)  # pyright: ignore
