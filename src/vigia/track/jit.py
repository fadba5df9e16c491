"""Plain functions -> compiled kernels, or the same functions as they stand.

An inner function is a kernel's part: it stays plain Python until a kernel that calls it is
compiled. So the interpreter runs the very same code, for tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

# why the ignore: Numba has no types of its own
from numba.extending import register_jitable  # pyright: ignore

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def inner(function: F) -> F:
    """Division by zero gives infinity, as in NumPy, not an exception: less to compile."""
    return register_jitable(error_model="numpy")(function)  # pyright: ignore
