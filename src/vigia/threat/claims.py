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
LONG_S = 4  # unseen as long as this in full view: not believed behind the ground either
CLAIMED, WEAK = int(TrackFlag.CLAIMED), int(TrackFlag.WEAK)


def doubt(
    states: NDArray[np.void], looking: Sequence[Looking], unseen: dict[str, int], *, tick: bool
) -> None:
    """Marks as WEAK, in place, what only broadcasts state where one of these sensors looks.

    unseen: track -> seconds in full view and not seen; it grows when tick is set, once a second,
    and holds only tracks that live and that nobody measured.
    """
    claimed = states["flags"] & CLAIMED != 0
    if not claimed.any():
        unseen.clear()
        return
    due = claimed & _in_view(states["x"], looking)
    ids: list[str] = states["track_id"][claimed].astype(str).tolist()
    for track_id in unseen.keys() - set(ids):
        del unseen[track_id]
    late = np.zeros(len(states), dtype=np.bool_)
    for k, track_id in zip(np.flatnonzero(claimed).tolist(), ids, strict=True):
        if tick and due[k]:
            unseen[track_id] = unseen.get(track_id, 0) + 1
        late[k] = unseen.get(track_id, 0) >= LONG_S
    states["flags"][due | late] |= WEAK


def _in_view(x: NDArray[np.float64], looking: Sequence[Looking]) -> NDArray[np.bool_]:
    """x (n, 6) -> (n,): would one of these sensors see a drone there, now or on its way?"""
    found = np.zeros(len(x), dtype=np.bool_)
    for s in looking:
        de, dn = x[:, 0] - s.e_m, x[:, 1] - s.n_m
        r = np.hypot(de, dn)
        off = (np.degrees(np.arctan2(de, dn)) - s.view_deg + 180.0) % 360.0 - 180.0
        found |= (r >= NEAR_M) & (r <= REACH * s.reach_m) & (np.abs(off) <= s.half_deg)
    return found & (x[:, 2] >= UP_M)
