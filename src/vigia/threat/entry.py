"""All tracks and all targets -> the pairs that matter; the kernel that Python calls.

`kernels.py` compiles `judge` with one explicit signature; tests may run it as it stands.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.jit import inner
from vigia.threat import cells
from vigia.threat import columns as c
from vigia.threat.beliefs import PLACE_MAX_M
from vigia.threat.flock import count_company
from vigia.threat.motions import MIX_N
from vigia.threat.pairs import earliest, tier_of, write
from vigia.threat.tracks import FAR_SIGMAS, reach_of, rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

WATCH_MAX = 8  # tracks at WATCH a target, the earliest; the rest is left out


@inner
def judge(
    states: NDArray[np.void],
    turns: NDArray[np.float64],
    en: NDArray[np.float64],
    up: NDArray[np.float64],
    extent: NDArray[np.float64],
    sigma: NDArray[np.float64],
    limits: NDArray[np.float64],
    ints: NDArray[np.int64],
    floats: NDArray[np.float64],
) -> int:
    """states (n,) STATE_DTYPE; turns (n,) [rad/s]; en (m, 2), up, extent, sigma (m,) as Targets;
    limits (LIMITS,).

    Fills ints (cap, INT_N) and floats (cap, FLOAT_N) target by target. -> rows there are, which may
    be more than fit.
    """
    index, tracks = rows_of(states, turns, limits)
    if len(index) == 0 or len(en) == 0:
        return 0
    box, east, north = cells.spread(tracks[:, :2])
    starts, points = cells.fill(tracks[:, :2], box, east, north)
    tracks, index = tracks[points], index[points]  # side by side in memory
    count_company(tracks, box, starts, east, north)
    m, near, watch = np.zeros(MIX_N), np.empty(WATCH_MAX), np.empty(WATCH_MAX, np.int64)
    found = np.empty((len(ints), 3), np.int64)
    rows, side, reach = 0, box[cells.BOX_SIDE], reach_of(tracks, limits)
    # neighbours one after another: they look at the same tracks
    around = cells.fill(en, box, east, north)[1]
    for a in range(len(around)):
        g = int(around[a])
        e, n = en[g, 0], en[g, 1]
        if not (abs(e) <= PLACE_MAX_M and abs(n) <= PLACE_MAX_M and sigma[g] >= 0.0):
            continue
        radius, vague = limits[c.L_RADIUS] + extent[g], FAR_SIGMAS * sigma[g] + extent[g]
        far, kept, first = reach + vague, 0, rows
        j0 = cells.at(n - far - box[cells.BOX_N], side, north)
        j1 = cells.at(n + far - box[cells.BOX_N], side, north)
        for j in range(j0, j1 + 1):
            half = cells.half_width(n - box[cells.BOX_N], far, j, side, north)
            i0 = cells.at(e - half - box[cells.BOX_E], side, east)
            i1 = cells.at(e + half - box[cells.BOX_E], side, east)
            for k in range(starts[j * east + i0], starts[j * east + i1 + 1]):
                de, dn = e - tracks[k, c.T_E], n - tracks[k, c.T_N]
                r2 = de * de + dn * dn
                if r2 > far * far:
                    continue
                # most pairs end here: a bound says that they are no more than WATCH
                r = math.sqrt(r2)
                clear = r - vague
                along = tracks[k, c.T_VE] * de + tracks[k, c.T_VN] * dn
                if (
                    clear > tracks[k, c.T_SAFE]
                    or (clear > tracks[k, c.T_FAR] and along < tracks[k, c.T_FAR_MPS] * r)
                    or (clear > tracks[k, c.T_MID] and along < tracks[k, c.T_MID_MPS] * r)
                ):
                    tier = 1 if r <= limits[c.L_WATCH] else 0
                else:
                    above = tracks[k, c.T_UP] - up[g]
                    tier = tier_of(tracks[k], de, dn, above, r, radius, sigma[g], limits, m)
                if tier == 1:
                    soon = earliest(r, radius, sigma[g], tracks[k, c.T_TOP])
                    if kept < WATCH_MAX or soon <= near[kept - 1]:
                        kept = _keep(k, soon, index, near, watch, kept)
                elif tier > 1:
                    rows = _note(found, rows, first, k, g, tier, index)
        for w in range(kept):
            rows = _note(found, rows, rows, watch[w], g, 1, index)
    _tell(found[: min(rows, len(ints))], index, tracks, en, up, extent, sigma, limits, ints, floats)
    return rows


@inner
def _tell(
    found: NDArray[np.int64],
    index: NDArray[np.int64],
    tracks: NDArray[np.float64],
    en: NDArray[np.float64],
    up: NDArray[np.float64],
    extent: NDArray[np.float64],
    sigma: NDArray[np.float64],
    limits: NDArray[np.float64],
    ints: NDArray[np.int64],
    floats: NDArray[np.float64],
) -> None:
    """Fills ints and floats, target by target."""
    m, places = np.zeros(MIX_N), _places(found, len(en))
    for q in range(len(found)):
        k, g, at = int(found[q, c.O_TRACK]), int(found[q, c.O_TARGET]), int(places[q])
        ints[at, c.O_TRACK], ints[at, c.O_TARGET], ints[at, c.O_TIER] = (
            index[k],
            g,
            found[q, c.O_TIER],
        )
        write(tracks[k], en[g, 0], en[g, 1], up[g], extent[g], sigma[g], limits, m,
               ints[at], floats[at])  # fmt: skip


@inner
def _note(
    found: NDArray[np.int64],
    rows: int,
    first: int,
    k: int,
    g: int,
    tier: int,
    index: NDArray[np.int64],
) -> int:
    """One more row, among those from first on in the order of the states. -> how many there are."""
    at = rows
    if at < len(found):
        while at > first and index[found[at - 1, c.O_TRACK]] > index[k]:
            found[at, c.O_TRACK], found[at, c.O_TIER] = (
                found[at - 1, c.O_TRACK],
                found[at - 1, c.O_TIER],
            )
            at -= 1
        found[at, c.O_TRACK], found[rows, c.O_TARGET], found[at, c.O_TIER] = k, g, tier
    return rows + 1


@inner
def _places(found: NDArray[np.int64], targets: int) -> NDArray[np.int64]:
    """Where each row goes (k,), in the order of the targets."""
    free, out = np.zeros(targets + 1, np.int64), np.empty(len(found), np.int64)
    for q in range(len(found)):
        free[found[q, c.O_TARGET] + 1] += 1
    for g in range(targets):
        free[g + 1] += free[g]
    for q in range(len(found)):
        out[q] = free[found[q, c.O_TARGET]]
        free[found[q, c.O_TARGET]] += 1
    return out


@inner
def _keep(
    k: int,
    soon: float,
    index: NDArray[np.int64],
    near: NDArray[np.float64],
    watch: NDArray[np.int64],
    kept: int,
) -> int:
    """The WATCH_MAX earliest, earliest first; of equals the first of the states. -> how many."""
    if kept == WATCH_MAX and not _before(
        soon, int(index[k]), near[kept - 1], int(index[watch[kept - 1]])
    ):
        return kept
    at = min(kept, WATCH_MAX - 1)
    while at > 0 and _before(soon, int(index[k]), near[at - 1], int(index[watch[at - 1]])):
        near[at], watch[at] = near[at - 1], watch[at - 1]
        at -= 1
    near[at], watch[at] = soon, k
    return min(kept + 1, WATCH_MAX)


@inner
def _before(a: float, i: int, b: float, j: int) -> bool:
    return a < b or (a == b and i < j)
