"""The function of entry.py -> the kernel that assess calls: compiled, or as it stands.

As track/kernels.py: one explicit signature, so nothing compiles later than here, and a call with
other types is an error. Compiled code lies where the tracker's does (run/warm.py says where), under
a fingerprint of this stage's own code: a change here compiles nothing of the tracker's.
"""

from __future__ import annotations

import hashlib
import importlib
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vigia.jit import Installed
from vigia.threat import (
    attack,
    beliefs,
    cells,
    columns,
    entry,
    flock,
    motions,
    pairs,
    quantiles,
    tracks,
)
from vigia.tracktable import STATE_DTYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODULES: tuple[ModuleType, ...] = (
    *(attack, beliefs, cells, columns, entry, flock, motions, pairs, quantiles, tracks),
)
_judge = entry.judge  # by this name the compiler finds it


class Kernels(NamedTuple):
    """Signature and meaning: the function of the same name in entry.py."""

    judge: Callable[..., Any]


INTERPRETED = Kernels(entry.judge)


def compile_all() -> Iterator[str]:
    """Compiles (or loads) one kernel after another, says which comes next, installs all."""
    # why here: it takes most of a second; why Any: Numba has no types
    numba: Any = importlib.import_module("numba")

    yield "judge"
    types = tuple(numba.typeof(s) for s in _sample())
    function = _of_version(fingerprint())
    install(Kernels(numba.njit(types, cache=True, error_model="numpy")(function)))


def fingerprint() -> str:
    """Of all code and all numbers that the kernel is made of."""
    digest = hashlib.sha256()
    for module in MODULES:
        for name, value in sorted(vars(module).items()):
            if isinstance(value, FunctionType) and value.__module__ == module.__name__:
                _take(digest, value.__code__)
            elif isinstance(value, int | float | tuple):
                digest.update(f"{name}={value!r}".encode())
            elif isinstance(value, np.ndarray):
                digest.update(name.encode() + value.tobytes())
    digest.update(f"{STATE_DTYPE.descr} {np.__version__}".encode())
    return digest.hexdigest()[:16]


def _take(digest: Any, code: CodeType) -> None:
    digest.update(code.co_code + repr((code.co_name, code.co_names, code.co_varnames)).encode())
    for const in code.co_consts:
        if isinstance(const, CodeType):
            _take(digest, const)
        else:
            digest.update(repr(const).encode())


def _of_version(version: str) -> Callable[..., int]:
    """Numba keeps compiled code under a function's own code and what it encloses, not under what
    it calls: so it encloses the version of that."""

    def judge(
        states: Any, turns: Any, en: Any, up: Any, extent: Any, sigma: Any, limits: Any,
        ints: Any, floats: Any,
    ) -> int:  # fmt: skip
        assert version != ""
        return _judge(states, turns, en, up, extent, sigma, limits, ints, floats)

    return judge


def _sample() -> tuple[Any, ...]:
    """One value of each argument's type."""
    one, two = np.zeros(1), np.zeros((1, 2))
    limits, ints = np.zeros(columns.LIMITS), np.zeros((1, columns.INT_N), np.int64)
    floats = np.zeros((1, columns.FLOAT_N))
    return np.zeros(1, STATE_DTYPE), one, two, one, one, one, limits, ints, floats


_installed = Installed[Kernels](compile_all)
install, withdraw, in_use = _installed.install, _installed.withdraw, _installed.in_use
