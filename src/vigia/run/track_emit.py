"""The tracker at one moment -> the rows that go into a file of tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vigia.terms import TrackStatus
from vigia.tracktable import Fix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.tracker import Tracker

EMIT_NS = 200_000_000  # of the input's clock, between two emissions
CONFIRMED, TENTATIVE = "confirmed", "tentative"
DRONE, OTHER = "drone", "other"
DRONE_P = 0.5


class Emitted(NamedTuple):
    """n tracks, all told and valid at t_ns. x: (n, 6) east, north, up [m], their rates [m/s]."""

    t_ns: int
    track_id: list[str]
    x: NDArray[np.float64]
    cls: list[str]
    status: list[str]
    certainty: list[float]  # that it exists and is a drone, 0..1


def emit(tracker: Tracker, t_ns: int) -> Emitted:
    """What is known at t_ns and nothing later: the states of that moment."""
    states = tracker.states(t_ns)
    states = states[np.isfinite(states["x"]).all(axis=1)]
    sure = (states["status"] == int(TrackStatus.CONFIRMED)) & (states["fix"] == int(Fix.POSITION))
    return Emitted(
        t_ns,
        states["track_id"].astype(str).tolist(),
        states["x"],
        [class_word(row) for row in states],
        # a sector has no position to stand by, however sure we are that something is there
        [CONFIRMED if s else TENTATIVE for s in sure.tolist()],
        np.clip(states["p_exist"] * states["p_drone"], 0.0, 1.0).tolist(),
    )


def class_word(row: np.void) -> str:
    """row: one of tracktable.STATE_DTYPE."""
    return DRONE if row["p_drone"] >= DRONE_P else OTHER
