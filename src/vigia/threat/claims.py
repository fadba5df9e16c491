"""Tracks that only broadcasts tell of, beside sensors that should see them -> which to doubt.

A forged broadcast costs a few dollars. Where a radar or camera that works looks and sees nothing,
again and again, the place that is stated is no evidence: the track is weak and gives WATCH, until
somebody sees it. Where nobody could see it, a broadcast is believed. docs/threat.md, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vigia.threats import Looking

LOOKS = 4  # seconds in which it should have been seen and was not
REACH = 0.5  # of a sensor's range: nearer than that it hardly misses
NEAR_M = 100.0
UP_M = 25.0  # lower than this the ground may hide it
RATE_MPS = 3.0  # slower along the line of sight a radar may not see it
CLAIMED, WEAK = int(TrackFlag.CLAIMED), int(TrackFlag.WEAK)


def count_unseen(
    unseen: dict[str, int], states: NDArray[np.void], looking: Sequence[Looking]
) -> None:
    """Once a second. unseen: track -> seconds in which it should have been seen; only tracks that
    live and that nobody measured stay in it."""
    only = states[states["flags"] & CLAIMED != 0]
    ids: list[str] = only["track_id"].astype(str).tolist()
    due = _should_be_seen(only, looking)
    for track_id in unseen.keys() - set(ids):
        del unseen[track_id]
    for track_id in (i for i, d in zip(ids, due.tolist(), strict=True) if d):
        unseen[track_id] = unseen.get(track_id, 0) + 1


def doubt(states: NDArray[np.void], unseen: dict[str, int]) -> None:
    """Marks as WEAK, in place, what should have been seen long since."""
    for track_id, seconds in unseen.items():
        if seconds >= LOOKS:
            mine = states["track_id"] == track_id.encode()
            states["flags"][mine & (states["flags"] & CLAIMED != 0)] |= WEAK


def _should_be_seen(only: NDArray[np.void], looking: Sequence[Looking]) -> NDArray[np.bool_]:
    """(n,) Would any of these sensors see a drone that is and flies as stated?"""
    x = only["x"]
    due = np.zeros(len(only), dtype=np.bool_)
    for s in looking:
        de, dn = x[:, 0] - s.e_m, x[:, 1] - s.n_m
        r = np.maximum(np.hypot(de, dn), 1.0)
        rate = np.abs(de * x[:, 3] + dn * x[:, 4]) / r
        off = (np.degrees(np.arctan2(de, dn)) - s.view_deg + 180.0) % 360.0 - 180.0
        due |= (
            (r >= NEAR_M)
            & (r <= REACH * s.reach_m)
            & (np.abs(off) <= s.half_deg)
            & (rate >= RATE_MPS)
            & (x[:, 2] >= UP_M)
        )
    return due
