"""Rows of many objects and a grid of times -> where each object was, or was thought to be, then.

Truth and offline accuracy interpolate between rows; the live view takes the newest row that had
left the tracker by then and extrapolates it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.tracking.tables import Column, Columns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
TRUTH_GAP_S, TRUTH_HOLD_S = 1.0, 0.3


@dataclass(frozen=True, slots=True)
class Series:
    """One object's rows. at_m: (n, dims); v_mps likewise or None; newest: see live_series."""

    t_s: Floats
    t_emit_s: Floats
    at_m: Floats
    v_mps: Floats | None
    newest: Ints


@dataclass(frozen=True, slots=True)
class Samples:
    """Sorted by step, then object. step, who: (n,); at_m: (n, dims)."""

    step: Ints
    who: Ints
    at_m: Floats


Estimate = Callable[[Series, Floats], Floats]


def grouped(ids: Column) -> tuple[Column, list[Ints]]:
    """The different ids in order, and the rows of each in their order."""
    known, number = np.unique(ids, return_inverse=True)
    rows = np.argsort(number, kind="stable").astype(np.int64)
    ends = np.cumsum(np.bincount(number, minlength=len(known)))
    return known, [r.astype(np.int64) for r in np.split(rows, ends[:-1])] if len(known) else []


def valid_series(table: Columns, rows: Ints, dims: int) -> Series:
    """By the time each row speaks of; of rows for the same time the last."""
    t = table["t"][rows]
    order = np.argsort(t, kind="stable")
    t = t[order]
    last = np.append(t[1:] != t[:-1], True)
    return _series(table, rows[order[last]], dims)


def live_series(table: Columns, rows: Ints, dims: int) -> Series:
    """By the clock time of emission. newest[i]: the one of rows 0..i for the latest t."""
    t, emitted = table["t"][rows], table["t_emit"][rows]
    order = np.lexsort((t, emitted))
    t, emitted = t[order], emitted[order]
    last = np.append((t[1:] != t[:-1]) | (emitted[1:] != emitted[:-1]), True)
    return _series(table, rows[order[last]], dims)


def _series(table: Columns, rows: Ints, dims: int) -> Series:
    axes = "xyz"[:dims]
    t = table["t"][rows].astype(np.float64)
    moving = all(f"v{axis}" in table for axis in axes)
    latest = t >= np.maximum.accumulate(t)
    return Series(
        t_s=t,
        t_emit_s=table["t_emit"][rows].astype(np.float64),
        at_m=_stacked([table[axis][rows] for axis in axes]),
        v_mps=_stacked([table[f"v{axis}"][rows] for axis in axes]) if moving else None,
        newest=np.maximum.accumulate(np.where(latest, np.arange(len(t)), 0)),
    )


def _stacked(columns: Sequence[Column]) -> Floats:
    return np.column_stack(columns).astype(np.float64)


def interpolated(series: Series, when_s: Floats, *, gap_s: float, hold_s: float) -> Floats:
    """(n, dims), NaN where unknown: before the first row, and later than hold_s after a row with
    no other within gap_s of it; until then extrapolated."""
    t = series.t_s
    i = np.searchsorted(t, when_s, side="right") - 1
    known = i >= 0
    i = np.maximum(i, 0)
    after = np.minimum(i + 1, len(t) - 1)
    since = when_s - t[i]
    span = t[after] - t[i]
    between = (after > i) & (span <= gap_s)
    known &= (since == 0) | between | (since <= hold_s)
    # A row at its own time is itself, even if its velocity is unknown.
    out = np.where((since == 0)[:, None], series.at_m[i], _extrapolated(series, i, since))
    share = (since / np.where(between, span, 1.0))[:, None]
    inside = (between & (since > 0))[:, None]
    out = np.where(inside, series.at_m[i] * (1 - share) + series.at_m[after] * share, out)
    return np.where(known[:, None], out, np.nan)


def lived(series: Series, when_s: Floats) -> Floats:
    """Of a true object, (n, dims): NaN before its first and after its last row."""
    at_m = interpolated(series, when_s, gap_s=TRUTH_GAP_S, hold_s=TRUTH_HOLD_S)
    return np.where((when_s <= series.t_s[-1])[:, None], at_m, np.nan)


def newest_known(series: Series, when_s: Floats, *, hold_s: float) -> Floats:
    """(n, dims): the newest estimate that had been emitted, extrapolated; NaN: none fresh."""
    i = np.searchsorted(series.t_emit_s, when_s, side="right") - 1
    k = series.newest[np.maximum(i, 0)]
    since = when_s - series.t_s[k]
    known = (i >= 0) & (since <= hold_s)
    return np.where(known[:, None], _extrapolated(series, k, since), np.nan)


def _extrapolated(series: Series, i: NDArray[Any], since_s: Floats) -> Floats:
    if series.v_mps is None:
        return series.at_m[i]
    return series.at_m[i] + series.v_mps[i] * since_s[:, None]


def sampled(series: Sequence[Series], grid_s: Floats, estimate: Estimate, hold_s: float) -> Samples:
    """All objects on the grid, where they have a finite estimate."""
    steps: list[NDArray[Any]] = []
    whos: list[NDArray[Any]] = []
    places: list[Floats] = []
    for who, s in enumerate(series):
        first = int(np.searchsorted(grid_s, float(min(s.t_s[0], s.t_emit_s[0]))))
        end = int(np.searchsorted(grid_s, float(s.t_s.max()) + hold_s, side="right")) + 1
        at_m = estimate(s, grid_s[first:end])
        there = np.flatnonzero(np.isfinite(at_m).all(axis=1))
        steps.append(there + first)
        whos.append(np.full(len(there), who))
        places.append(at_m[there])
    if not steps:
        nothing = np.empty(0, dtype=np.int64)
        return Samples(nothing, nothing, np.empty((0, 1)))
    step, who = np.concatenate(steps), np.concatenate(whos)
    order = np.lexsort((who, step))
    return Samples(step[order], who[order], np.concatenate(places)[order])
