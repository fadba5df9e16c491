"""The tracker at one moment -> the rows that go into a file of tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vigia.terms import TrackStatus
from vigia.tracktable import CLASSES, Fix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.tracker import Tracker

EMIT_NS = 200_000_000  # of the input's clock, between two emissions
CONFIRMED, TENTATIVE = "confirmed", "tentative"
P_MIN = 0.7  # less probable than this, a track claims no position
SPREAD_MAX_M = 48.0  # nor when it is this uncertain: root of the trace of its place's covariance


class Emitted(NamedTuple):
    """n tracks, all told and valid at t_ns. x: (n, 6) east, north, up [m], their rates [m/s];
    NaN where the track claims no position from now on."""

    t_ns: int
    track_id: list[str]
    x: NDArray[np.float64]
    cls: list[str]
    status: list[str]
    certainty: list[float]  # that it exists and is a drone, 0..1


def emit(tracker: Tracker, t_ns: int, before: Emitted | None = None) -> Emitted:
    """What is known at t_ns and nothing later: the states of that moment. A track told before
    that is no more is told once again, without a position."""
    states = tracker.states(t_ns)
    x = states["x"].copy()
    x[~claimed(states)] = np.nan
    confirmed = (states["status"] == int(TrackStatus.CONFIRMED)).tolist()
    ids: list[str] = states["track_id"].astype(str).tolist()
    cls = [class_word(row) for row in states]
    status = [CONFIRMED if s else TENTATIVE for s in confirmed]
    certainty: list[float] = np.clip(states["p_exist"] * states["p_drone"], 0.0, 1.0).tolist()
    live = set(ids)
    for i, track_id in enumerate(before.track_id if before else ()):
        assert before is not None
        if track_id not in live and np.isfinite(before.x[i, 0]):
            ids.append(track_id)
            cls.append(before.cls[i])
            status.append(before.status[i])
            certainty.append(0.0)
            x = np.concatenate((x, np.full((1, 6), np.nan)))
    return Emitted(t_ns, ids, x, cls, status, certainty)


def claimed(states: NDArray[np.void]) -> NDArray[np.bool_]:
    """(n,) Does a track claim a position? A sector has none to stand by, however sure we are
    that something is there; nor has a track that may be gone, or may be anywhere."""
    cov = states["cov"]
    spread2 = cov[:, 0, 0] + cov[:, 1, 1] + cov[:, 2, 2]
    placed = states["fix"] == int(Fix.POSITION)
    return placed & (states["p_exist"] >= P_MIN) & (spread2 <= SPREAD_MAX_M * SPREAD_MAX_M)


def class_word(row: np.void) -> str:
    """row: one of tracktable.STATE_DTYPE."""
    return CLASSES[int(row["cls"])]
