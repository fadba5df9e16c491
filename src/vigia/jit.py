"""Plain functions -> compiled kernels, or the same functions as they stand.

An inner function is a kernel's part: it stays plain Python until a kernel that calls it is
compiled. So the interpreter runs the very same code, for tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

# why the ignore: Numba has no types of its own
from numba.extending import register_jitable  # pyright: ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

F = TypeVar("F", bound="Callable[..., Any]")
K = TypeVar("K")


def inner(function: F) -> F:
    """Division by zero gives infinity, as in NumPy, not an exception: less to compile."""
    return register_jitable(error_model="numpy")(function)  # pyright: ignore


class Installed(Generic[K]):
    """The kernels of one stage that are in use."""

    def __init__(self, compile_all: Callable[[], Iterator[str]]) -> None:
        """compile_all: compiles and installs; its items only say what comes next."""
        self._compile_all = compile_all
        self._kernels: list[K] = []

    def install(self, kernels: K) -> None:
        """In use from now on."""
        self._kernels.append(kernels)

    def withdraw(self) -> None:
        """The ones before are in use again."""
        self._kernels.pop()

    def in_use(self) -> K:
        """The last installed; compiles them if there are none yet."""
        if not self._kernels:
            for _ in self._compile_all():
                pass
        return self._kernels[-1]
