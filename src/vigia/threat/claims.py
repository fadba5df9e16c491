"""Tracks that only broadcasts tell of, beside sensors that would see them -> which are weak.

A forged broadcast costs a few dollars. Where a radar or camera is at work, what it does not see is
not believed: such a track gives WATCH until somebody measures or sees it. Where nobody would see
it, a broadcast is believed like any sensor. docs/threat.md, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vigia.threats import Looking

REACH = 1.2  # of a sensor's range: what is farther will be seen before it arrives
NEAR_M = 100.0  # nearer than this to it a radar may be blind
UP_M = 25.0  # lower than this the ground may hide it
CLAIMED, WEAK = int(TrackFlag.CLAIMED), int(TrackFlag.WEAK)
CONFLICT = int(TrackFlag.ID_CONFLICT)


def doubt(states: NDArray[np.void], looking: Sequence[Looking]) -> None:
    """Marks as WEAK, in place, what only broadcasts state where one of these sensors looks. What
    the tracker found unseen sweep after sweep, or contradicted, is not believed behind the ground
    there either."""
    claimed = states["flags"] & CLAIMED != 0
    if not claimed.any():
        return
    forged = states["flags"] & CONFLICT != 0
    hidden = (states["x"][:, 2] < UP_M) & ~forged
    states["flags"][claimed & ~hidden & _in_view(states["x"], looking)] |= WEAK


def _in_view(x: NDArray[np.float64], looking: Sequence[Looking]) -> NDArray[np.bool_]:
    """x (n, 6) -> (n,): would one of these sensors see a drone there, now or on its way?"""
    found = np.zeros(len(x), dtype=np.bool_)
    for s in looking:
        de, dn = x[:, 0] - s.e_m, x[:, 1] - s.n_m
        r = np.hypot(de, dn)
        off = (np.degrees(np.arctan2(de, dn)) - s.view_deg + 180.0) % 360.0 - 180.0
        found |= (r >= NEAR_M) & (r <= REACH * s.reach_m) & (np.abs(off) <= s.half_deg)
    return found
