"""The functions of entry.py -> the kernels the tracker calls: compiled, or as they stand.

Every kernel has one explicit signature: nothing compiles later than here, and a call with other
types is an error. Where compiled code is kept is the shell's business (run/warm.py).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vigia.jit import Installed
from vigia.scan import DTYPES, Layout
from vigia.track import entry
from vigia.track.layout import Cols, Work, empty_cols, empty_work
from vigia.track.sense import Z_N
from vigia.track.table import addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Kernels(NamedTuple):
    """Signatures and meanings: the functions of the same names in entry.py."""

    observe_polar: Callable[..., Any]
    observe_place: Callable[..., Any]
    observe_person: Callable[..., Any]
    advance: Callable[..., Any]
    states: Callable[..., Any]
    refill: Callable[..., Any]
    take_more: Callable[..., Any]
    believe: Callable[..., Any]
    finish: Callable[..., Any]
    clear: Callable[..., Any]


INTERPRETED = Kernels(*(getattr(entry, name) for name in Kernels._fields))


def table_of(kernels: Kernels, cols: Cols, work: Work) -> Any:
    """What these kernels take for all columns."""
    return (cols, work) if kernels is INTERPRETED else addresses(cols, work)


def compile_all() -> Iterator[str]:
    """Compiles (or loads) one kernel after another, says which comes next, installs all."""
    # why here: it takes most of a second; why Any: Numba has no types
    numba: Any = importlib.import_module("numba")

    made: list[Callable[..., Any]] = []
    for name, samples in _samples().items():
        yield name
        types = tuple(numba.typeof(s) for s in samples)
        made.append(numba.njit(types, cache=True, error_model="numpy")(getattr(entry, name)))
    install(Kernels(*made))


def _samples() -> dict[str, tuple[Any, ...]]:
    """One value of each argument's type, for each kernel."""
    table = addresses(empty_cols(1, 1), empty_work(1, 1))
    i, f, z = 0, 0.0, np.zeros(Z_N)
    ints, floats = np.zeros(1, np.int64), np.zeros(1)

    def scan(layout: Layout) -> Any:
        return np.frombuffer(bytes(DTYPES[layout].itemsize), DTYPES[layout])

    return {
        "observe_polar": (table, scan(Layout.POLAR_1), i, i, i),
        "observe_place": (table, scan(Layout.PLACE_1), i, i, i),
        "observe_person": (table, z, i, i, i, f, True, f, i, i),
        "advance": (table, i, ints),
        "states": (table, i, ints, ints.reshape(1, 1), floats.reshape(1, 1), floats.reshape(1, 1)),
        "refill": (table, i, z, i, f),
        "take_more": (table, i, z, i, f),
        "believe": (table, i, f),
        "finish": (table, i, i),
        "clear": (table,),
    }


_installed = Installed[Kernels](compile_all)
install, withdraw, in_use = _installed.install, _installed.withdraw, _installed.in_use
