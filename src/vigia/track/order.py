"""Indices in the order of two keys: a merge sort without allocation, the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.jit import inner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RUN = 12  # as many are sorted by insertion


@inner
def order_by(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    n: int,
    out: NDArray[np.int64],
    spare: NDArray[np.int64],
) -> None:
    """Fills out[:n] with 0 .. n-1 by a, where equal by b, where both are by index."""
    for start in range(0, n, RUN):
        for k in range(start, min(start + RUN, n)):
            j = k
            one, two = a[k], b[k]
            while j > start:
                other = out[j - 1]
                if one > a[other] or (one == a[other] and two >= b[other]):
                    break
                out[j] = other
                j -= 1
            out[j] = k
    width = RUN
    while width < n:
        for k in range(n):
            spare[k] = out[k]
        for start in range(0, n, 2 * width):
            left, middle, end = start, min(start + width, n), min(start + 2 * width, n)
            right = middle
            for at in range(start, end):
                take = left < middle
                if take and right < end:
                    i, j = spare[left], spare[right]
                    take = a[i] < a[j] or (a[i] == a[j] and b[i] <= b[j])
                if take:
                    out[at] = spare[left]
                    left += 1
                else:
                    out[at] = spare[right]
                    right += 1
        width *= 2
