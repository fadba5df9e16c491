"""A recorded decision and a recomputed one -> the fields in which they differ, in words."""

from __future__ import annotations

import math
from typing import TypeAlias

import msgspec
import numpy as np

from vigia.run.rows import Packed
from vigia.tracktable import PUBLISHED_DTYPE

TOLERANCE = 1e-6  # relative to the larger of 1 and the values, on another processor or library
FIELDS_MAX = 4  # named per decision
TEXT_MAX = 60  # characters of one value

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | int | bool | None"


def differences(recorded: Packed, again: Packed, *, exact: bool, ignore: str = "") -> list[str]:
    """Empty: the same. exact: byte for byte; else floats within TOLERANCE. ignore: one field."""
    if recorded == again:
        return []
    if recorded.kind != again.kind:
        return [f"kind: recorded {recorded.kind}, recomputed {again.kind}"]
    found: list[str] = []
    a: Json = msgspec.json.decode(recorded.body)
    b: Json = msgspec.json.decode(again.body)
    _compare("", a, b, exact, found)
    if recorded.payload != again.payload:
        _compare_tracks(recorded.payload or b"", again.payload or b"", exact, found)
    if ignore:
        found = [text for text in found if not text.startswith(f"{ignore}:")]
    return found


def _compare(name: str, a: Json, b: Json, exact: bool, found: list[str]) -> None:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(k for k in b if k not in a)]:
            inner = f"{name}.{key}" if name else key
            _compare(inner, a.get(key), b.get(key), exact, found)
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            found.append(f"{name}: recorded {len(a)} items, recomputed {len(b)}")
        for k, (x, y) in enumerate(zip(a, b, strict=False)):
            _compare(f"{name}[{k}]", x, y, exact, found)
    elif not _same(a, b, exact):
        found.append(f"{name}: recorded {_short(a)}, recomputed {_short(b)}")


def _same(a: Json, b: Json, exact: bool) -> bool:
    if exact or not isinstance(a, float | int) or not isinstance(b, float | int):
        return a == b and type(a) is type(b)
    if isinstance(a, int) and isinstance(b, int):
        return a == b  # times, counts and tiers stay what they are
    return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _compare_tracks(a: bytes, b: bytes, exact: bool, found: list[str]) -> None:
    size = PUBLISHED_DTYPE.itemsize
    if len(a) != len(b) or len(a) % size:
        found.append(f"tracks: recorded {len(a) / size:g} rows, recomputed {len(b) / size:g}")
        return
    left, right = np.frombuffer(a, PUBLISHED_DTYPE), np.frombuffer(b, PUBLISHED_DTYPE)
    for name in PUBLISHED_DTYPE.names or ():
        x, y = left[name], right[name]
        if x.dtype.kind == "f":
            far = ~np.isclose(x, y, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
            unlike = (x != y) & ~(np.isnan(x) & np.isnan(y))
            wrong = np.flatnonzero(unlike if exact else far)
        else:
            wrong = np.flatnonzero(x != y)
        if len(wrong):
            k = int(wrong[0])
            more = f" (and {len(wrong) - 1} more rows)" if len(wrong) > 1 else ""
            found.append(
                f"tracks[{k}].{name}: recorded {_short(x[k].item())}, "
                f"recomputed {_short(y[k].item())}{more}"
            )
    if exact and not found:
        found.append("tracks: bytes differ in a sign of zero or in padding")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"
