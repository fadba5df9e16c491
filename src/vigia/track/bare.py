"""A tuple of arrays -> the same arrays without an owner, for as long as a kernel runs.

Numba counts references to an array's owner at every call that is given the array, with atomic
operations; our kernels give some thirty arrays to every function. Python holds the arrays while a
kernel runs, so nobody needs to count: an array without an owner costs a comparison. Measured on
500 drones: the whole tracker is several times as fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# why Any: Numba and llvmlite have no types
_extending: Any = importlib.import_module("numba.extending")
_types: Any = importlib.import_module("numba.core.types")
_ir: Any = importlib.import_module("llvmlite.ir")


def bare(arrays: T) -> T:
    """In the interpreter: what it was given."""
    return arrays


@_extending.intrinsic
def _unowned(_context: Any, arrays: Any) -> tuple[Any, Any]:
    """Each array of a tuple with neither owner nor parent."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = args[0]
        for k, kind in enumerate(signature.args[0]):
            array = context.make_array(kind)(context, builder, builder.extract_value(value, k))
            array.meminfo = _ir.Constant(array.meminfo.type, None)
            array.parent = _ir.Constant(array.parent.type, None)
            value = builder.insert_value(value, array._getvalue(), k)
        return value

    return arrays(arrays), build


@_extending.overload(bare)
def _compiled(arrays: Any) -> Callable[[Any], Any] | None:
    if not isinstance(arrays, _types.BaseTuple):
        return None

    def unowned(arrays: Any) -> Any:
        return _unowned(arrays)

    return unowned
