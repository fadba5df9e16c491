"""All columns as one table of addresses -> the same columns, inside a compiled kernel.

A tuple of thirty arrays is copied to every function that is given it, two hundred words a call,
and unpacked anew for every call from Python. A kernel gets one small array of addresses instead:
in it, `cols` and `w` are pointers, and an array is made of its address where it is used, with
constant strides and without an owner (Python holds the arrays while a kernel runs, so nobody
counts references). Why and what it gains: docs/decisions/0011.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from vigia.scan import DTYPES, Layout
from vigia.track.layout import Cols, Work, empty_cols, empty_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# why Any: Numba and llvmlite have no types
_extending: Any = importlib.import_module("numba.extending")
_types: Any = importlib.import_module("numba.core.types")
_templates: Any = importlib.import_module("numba.core.typing.templates")
_imputils: Any = importlib.import_module("numba.core.imputils")
_dtypes: Any = importlib.import_module("numba.np.numpy_support")
_arrays: Any = importlib.import_module("numba.np.arrayobj")
_ir: Any = importlib.import_module("llvmlite.ir")

NAME_N = 24
NAMES_AT = DTYPES[Layout.PLACE_1].itemsize - NAME_N
_WORD: Any = _ir.IntType(64)


def addresses(cols: Cols, work: Work) -> NDArray[np.int64]:
    """(2 n,) address and length of each array, for compiled kernels. Whoever holds it must hold
    the arrays too, and make a new one when one of them is replaced."""
    return np.array([(a.ctypes.data, len(a)) for a in (*cols, *work)], np.int64).ravel()


def opened(table: Any) -> tuple[Cols, Work]:
    """In the interpreter the table is the pair itself."""
    return table


def words_of(rows: NDArray[np.void]) -> NDArray[np.int32]:
    """(n,) records -> (n, words) the same bytes."""
    return rows.view("<i4").reshape(len(rows), -1)


def names_of(rows: NDArray[np.void]) -> NDArray[np.uint8]:
    """(n,) records of layout place.1 -> (n, NAME_N) the identities at their end."""
    return rows.view(np.uint8).reshape(len(rows), -1)[:, NAMES_AT:]


class Pointers(_types.Type):  # pyright: ignore
    """Numba's type of a table; group: whose arrays are its attributes."""

    def __init__(self, group: str) -> None:
        self.group = group
        super().__init__(name=f"Pointers({group})")  # pyright: ignore


def _samples() -> dict[str, dict[str, tuple[int, Any]]]:
    """By group and name: place in the table, and an array of the same shape but for its length."""
    groups: dict[str, dict[str, tuple[int, Any]]] = {}
    place = 0
    for group, arrays in (("cols", empty_cols(2, 2)), ("work", empty_work(2, 2))):
        groups[group] = {}
        for name, sample in zip(arrays._fields, arrays, strict=True):
            groups[group][name] = place, sample
            place += 1
    return groups


_PLACES = _samples()
COLS, WORK = Pointers("cols"), Pointers("work")


@_extending.register_model(Pointers)
class _Model(_extending.models.PrimitiveModel):  # pyright: ignore
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _WORD.as_pointer())  # pyright: ignore


@_templates.infer_getattr
class _Attributes(_templates.AttributeTemplate):  # pyright: ignore
    key = Pointers

    def generic_resolve(self, kind: Any, name: str) -> Any:
        found = _PLACES[kind.group].get(name)
        return None if found is None else _array_type(found[1])


def _array_type(sample: Any) -> Any:
    order = "C" if sample.flags.c_contiguous else "A"
    return _types.Array(_dtypes.from_dtype(sample.dtype), sample.ndim, order)


@_imputils.lower_getattr_generic(Pointers)
def _attribute(context: Any, builder: Any, kind: Any, table: Any, name: str) -> Any:
    """The array of this name: only its address and its length are read, the rest is constant."""
    place, sample = _PLACES[kind.group][name]

    def word(k: int) -> Any:
        at = builder.gep(table, [_WORD(k)])
        value = builder.load(at)
        # Python changes a table between calls only
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
        return value

    array = context.make_array(_array_type(sample))(context, builder)
    data = builder.inttoptr(word(2 * place), array.data.type)
    shape = [word(2 * place + 1), *(_WORD(n) for n in sample.shape[1:])]
    strides = [_WORD(n) for n in sample.strides]
    _arrays.populate_array(
        array, data=data, shape=shape, strides=strides, itemsize=sample.itemsize, meminfo=None
    )
    return array._getvalue()


@_extending.intrinsic
def _pointers(_context: Any, table: Any) -> tuple[Any, Any]:
    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return context.make_tuple(builder, signature.return_type, (array.data, array.data))

    return _types.Tuple((COLS, WORK))(table), build


@_extending.overload(opened)
def _opened(table: Any) -> Callable[[Any], Any] | None:
    if not isinstance(table, _types.Array):
        return None

    def compiled(table: Any) -> Any:
        return _pointers(table)

    return compiled


@_extending.intrinsic
def _words(_context: Any, rows: Any) -> tuple[Any, Any]:
    return _seen_as(rows, _types.int32, 0, rows.dtype.size // 4)


@_extending.intrinsic
def _names(_context: Any, rows: Any) -> tuple[Any, Any]:
    return _seen_as(rows, _types.uint8, NAMES_AT, NAME_N)


def _seen_as(rows: Any, kind: Any, start: int, width: int) -> tuple[Any, Any]:
    """Part of each record as numbers of another kind, without an owner."""
    seen, size = _types.Array(kind, 2, "A"), kind.bitwidth // 8

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source = context.make_array(signature.args[0])(context, builder, args[0])
        array = context.make_array(seen)(context, builder)
        first = builder.ptrtoint(source.data, _WORD)
        data = builder.inttoptr(builder.add(first, _WORD(start)), array.data.type)
        shape = [builder.extract_value(source.shape, 0), _WORD(width)]
        strides = [_WORD(rows.dtype.size), _WORD(size)]
        _arrays.populate_array(
            array, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None
        )
        return array._getvalue()

    return seen(rows), build


@_extending.overload(words_of)
def _words_of(rows: Any) -> Callable[[Any], Any]:
    def compiled(rows: Any) -> Any:
        return _words(rows)

    return compiled


@_extending.overload(names_of)
def _names_of(rows: Any) -> Callable[[Any], Any]:
    def compiled(rows: Any) -> Any:
        return _names(rows)

    return compiled
