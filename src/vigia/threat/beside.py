"""A drone that attacks somebody endangers those beside him: whom it aims at is never that sure.

Only where DANGER is decided by the chance of an attack; else everybody it comes near has it anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigia.terms import Tier
from vigia.threat import columns as c
from vigia.threats import BESIDE_P

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.events import Policy

BESIDE_M = 100.0  # two danger radii: a drone between two people threatens both


def beside(
    ints: NDArray[np.int64],
    floats: NDArray[np.float64],
    en_m: NDArray[np.float64],
    policy: Policy,
) -> None:
    """Rows of the answer at WARNING become DANGER where the same track is DANGER for a target
    within BESIDE_M, and is as likely as not to come near this one, and soon. en_m: (m, 2) of the
    targets."""
    tier = ints[:, c.O_TIER]
    struck = np.flatnonzero(tier == Tier.DANGER)
    if len(struck) == 0:
        return
    near = (floats[:, c.O_P] >= BESIDE_P) & (floats[:, c.O_P10] <= policy.danger_s)
    may = np.flatnonzero((tier == Tier.WARNING) & near)
    if len(may) == 0:
        return
    struck, may = _by_track(ints, struck), _by_track(ints, may)
    of_struck, of_may = ints[struck, c.O_TRACK], ints[may, c.O_TRACK]
    for track in np.intersect1d(of_struck, of_may):
        first, last = np.searchsorted(of_struck, (track, track + 1))
        at = en_m[ints[struck[first:last], c.O_TARGET]]
        first, last = np.searchsorted(of_may, (track, track + 1))
        rows = may[first:last]
        own = en_m[ints[rows, c.O_TARGET]]
        apart = np.hypot(*np.moveaxis(own[:, None, :] - at[None, :, :], -1, 0))
        ints[rows[apart.min(axis=1) <= BESIDE_M], c.O_TIER] = int(Tier.DANGER)


def _by_track(ints: NDArray[np.int64], rows: NDArray[np.intp]) -> NDArray[np.intp]:
    return rows[np.argsort(ints[rows, c.O_TRACK], kind="stable")]
