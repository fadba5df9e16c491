"""Tracks -> how many others fly beside each, alike: birds do that, and few drones.

It is evidence of a class, no more: whoever is in company and said to be a drone counts as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.threat import cells
from vigia.threat import columns as c

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BESIDE_M = 80.0
ALIKE_MPS = 4.0  # difference of their velocities
COMPANY_MAX = 2.0  # counted no further
LOOKS_MAX = 200  # neighbours looked at of one track: a raid of thousands in one place ends


@inner
def count_company(
    tracks: NDArray[np.float64],
    box: NDArray[np.float64],
    starts: NDArray[np.int64],
    east: int,
    north: int,
) -> None:
    """Fills T_COMPANY of tracks, which lie cell by cell; cells are wider than BESIDE_M."""
    side = box[cells.BOX_SIDE]
    for k in range(len(tracks)):
        t, looks = tracks[k], 0
        if t[c.T_VAGUE] != 0.0:
            continue
        i0 = cells.at(t[c.T_E] - BESIDE_M - box[cells.BOX_E], side, east)
        i1 = cells.at(t[c.T_E] + BESIDE_M - box[cells.BOX_E], side, east)
        j0 = cells.at(t[c.T_N] - BESIDE_M - box[cells.BOX_N], side, north)
        j1 = cells.at(t[c.T_N] + BESIDE_M - box[cells.BOX_N], side, north)
        for j in range(j0, j1 + 1):
            for o in range(starts[j * east + i0], starts[j * east + i1 + 1]):
                if looks >= LOOKS_MAX or t[c.T_COMPANY] >= COMPANY_MAX:
                    break
                looks += 1
                if o != k and tracks[o, c.T_VAGUE] == 0.0 and _beside(t, tracks[o]):
                    t[c.T_COMPANY] += 1.0


@inner
def _beside(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    de, dn = a[c.T_E] - b[c.T_E], a[c.T_N] - b[c.T_N]
    ve, vn = a[c.T_VE] - b[c.T_VE], a[c.T_VN] - b[c.T_VN]
    near = de * de + dn * dn < BESIDE_M * BESIDE_M
    return near and ve * ve + vn * vn < ALIKE_MPS * ALIKE_MPS
