"""One pair's mixture -> p10, p50, p90 of the arrival, given that it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.threat.motions import T_DASH, arrived

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NODES = 6  # of the first look, denser where it is early
SOONEST = 0.6  # the first one, of the time that a dash takes
TINY = 1e-300


@inner
def quantiles(m: NDArray[np.float64], horizon_s: float, q: NDArray[np.float64]) -> None:
    """Fills q (3,) [s]; the chance to arrive within the horizon must be above 0."""
    total, k = arrived(m, horizon_s), 0
    t0, p0 = 0.0, arrived(m, 0.0)
    while k < 3 and p0 >= _share(k) * total:
        q[k] = 0.0
        k += 1
    first = min(SOONEST * m[T_DASH], 0.5 * horizon_s)
    for node in range(NODES + 1):
        if k >= 3:
            break
        part = node / NODES
        t1 = first + (horizon_s - first) * part * part
        p1 = total if node == NODES else arrived(m, t1)
        while k < 3 and p1 >= _share(k) * total:
            q[k] = _between(m, t0, p0, t1, p1, _share(k) * total)
            k += 1
        t0, p0 = t1, p1


@inner
def _share(k: int) -> float:
    return 0.1 + 0.4 * k


@inner
def _between(
    m: NDArray[np.float64], t0: float, p0: float, t1: float, p1: float, want: float
) -> float:
    """When `arrived` reaches want: cut by interpolation, halve what is left, interpolate."""
    for half in range(2):
        t = 0.5 * (t0 + t1) if half else t0 + (t1 - t0) * (want - p0) / max(p1 - p0, TINY)
        p = arrived(m, t)
        if p >= want:
            t1, p1 = t, p
        else:
            t0, p0 = t, p
    return t0 + (t1 - t0) * min((want - p0) / max(p1 - p0, TINY), 1.0)
