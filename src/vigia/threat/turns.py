"""States, second by second -> how fast each track has been turning one way of late.

A state knows its heading and not where it came round from; a pilot's circle, seen at one moment,
flies straight at whoever it points at.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEMORY_S = 8.0
MOVES_MPS = 2.0  # slower, a heading is chance
KEEP = math.exp(-1.0 / MEMORY_S)  # of what was, each second
SUM_S = 1.0 / (1.0 - KEEP)  # what an even turn adds up to


class Turn(msgspec.Struct):
    """heading_rad: at the last full second; None: it hardly moved. turned_rad: summed, fading."""

    heading_rad: float | None
    turned_rad: float = 0.0


def remember(states: NDArray[np.void], memory: dict[str, Turn]) -> None:
    """Once a second; memory holds only tracks that live."""
    ids: list[str] = states["track_id"].astype(str).tolist()
    for track_id in memory.keys() - set(ids):
        del memory[track_id]
    speed: list[float] = np.hypot(states["x"][:, 3], states["x"][:, 4]).tolist()
    heading: list[float] = np.arctan2(states["x"][:, 3], states["x"][:, 4]).tolist()
    for track_id, v, h in zip(ids, speed, heading, strict=True):
        now = h if v >= MOVES_MPS else None
        was = memory.get(track_id)
        if was is None:
            memory[track_id] = Turn(now)
            continue
        by = 0.0 if now is None or was.heading_rad is None else now - was.heading_rad
        was.turned_rad = was.turned_rad * KEEP + (by + math.pi) % (2.0 * math.pi) - math.pi
        was.heading_rad = now


def turns_of(states: NDArray[np.void], memory: dict[str, Turn]) -> NDArray[np.float64]:
    """(n,) [rad/s], clockwise; 0 of a track that is new."""
    if not memory:
        return np.zeros(len(states))
    ids: list[str] = states["track_id"].astype(str).tolist()
    new = Turn(None)
    return np.array([memory.get(track_id, new).turned_rad / SUM_S for track_id in ids])
