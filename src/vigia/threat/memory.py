"""What threat keeps of each track from one look to the next; a state knows only its moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.threat.claims import doubt
from vigia.threat.turns import Turn, remember, turns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from vigia.threats import Looking


class TrackMemory(msgspec.Struct):
    """By track; only of those that live. unseen: as claims.doubt counts."""

    unseen: dict[str, int] = {}
    turns: dict[str, Turn] = {}


def recollect(
    states: NDArray[np.void], looking: Sequence[Looking], memory: TrackMemory, *, tick: bool
) -> NDArray[np.float64]:
    """Marks in place what is weak; -> (n,) how fast each has been turning [rad/s]. tick: a full
    second has passed."""
    doubt(states, looking, memory.unseen, tick=tick)
    if tick:
        remember(states, memory.turns)
    return turns_of(states, memory.turns)
