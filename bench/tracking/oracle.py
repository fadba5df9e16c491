"""A scene with the true origin of every detection -> the best that a tracker could reach there.

Each object is filtered alone from exactly the detections that came from it, in the order they
arrived, by the tracker's own models (so the bound is of these models, not of nature); a position
counts only when it helps (nearer than cutoff / sqrt 2), nothing is ever false and nothing waits
for confirmation. No association, no end of a track to be guessed: a real tracker stays above.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from vigia.track import imm
from vigia.track.models import MODELS
from vigia.track.sense import (
    AZ,
    EL,
    HEARD,
    IS_PLACE,
    RNG,
    SOUND_MPS,
    STAND_E,
    STAND_N,
    STAND_U,
    Z_N,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.tracking.scenes import Scene

MOVES = 3
WINDOW_S = 60.0  # what is older says nothing any more
FIRST_RANGE_M = 500.0


def measurements(scene: Scene) -> NDArray[np.float64]:
    """(n, Z_N) as the tracker reads them."""
    d = scene.detections
    stands = {s.sensor_id: (s.x_m, s.y_m, s.z_m) for s in scene.sensors}
    z = np.full((len(d["t"]), Z_N), np.nan)
    z[:, STAND_E : STAND_U + 1] = [stands[str(name)] for name in d["sensor_id"]]
    z[:, STAND_U + 1 : IS_PLACE] = 0.0
    z[:, IS_PLACE] = np.isin(d["kind"], ("rid", "adsb"))
    z[:, HEARD] = d["kind"] == "acoustic"
    place = z[:, IS_PLACE] > 0.5
    radians = ("az", "s_az", "el", "s_el")
    for k, name in enumerate((*radians, "rng", "s_rng", "rr", "s_rr")):
        value = np.radians(d[name]) if name in radians else d[name]
        z[~place, k] = value[~place]
    for k, name in enumerate(("x", "y", "z", "s_xy", "s_z", "vx", "vy", "vz")):
        z[place, k] = d[name][place]
    z[place, 8] = 0.5
    z[place, STAND_E : STAND_U + 1] = 0.0
    human = d["kind"] == "human"
    z[human, RNG] = np.nan
    z[human, STAND_U + 2] = 1.0
    return z


def bound(scene: Scene, cutoff_m: float) -> float:
    """Mean GOSPA (p 2, alpha 2) over whole seconds."""
    truth, d = scene.truth, scene.detections
    z, origin = measurements(scene), scene.det_truth["truth_id"]
    first, last = float(truth["t"].min()), float(truth["t"].max())
    grid: NDArray[np.float64] = np.arange(float(math.ceil(first)), last + 1e-9)
    cost = np.zeros(len(grid))
    half = 0.5 * cutoff_m * cutoff_m
    for one in np.unique(truth["truth_id"]):
        mine = truth["truth_id"] == one
        t = truth["t"][mine]
        alive = (grid >= t[0]) & (grid <= t[-1])
        rows = np.flatnonzero(origin == one)
        known = np.full((len(grid), 3), np.inf)
        if len(rows):
            _filtered(d["t"][rows], d["t_arr"][rows], z[rows], grid, MODELS, known)
        off = np.stack(
            [known[:, k] - np.interp(grid, t, truth[a][mine]) for k, a in enumerate("xyz")]
        )
        wrong2 = (off * off).sum(axis=0)
        cost[alive] += np.minimum(wrong2, half)[alive]
    return float(np.sqrt(cost).mean())


@numba.njit(cache=True, error_model="numpy")
def _begun(g: Any, z: Any, models: Any) -> None:
    """Wide around the first place, wherever a bearing says nothing of range."""
    if z[IS_PLACE] > 0.5:
        x, y, u = z[0], z[1], z[2]
    else:
        el = 0.1 if math.isnan(z[EL]) else z[EL]
        r = FIRST_RANGE_M if math.isnan(z[RNG]) else z[RNG]
        x = z[STAND_E] + r * math.cos(el) * math.sin(z[AZ])
        y = z[STAND_N] + r * math.cos(el) * math.cos(z[AZ])
        u = z[STAND_U] + r * math.sin(el)
    for k in range(MOVES):
        g[k, :] = 0.0
        g[k, 0], g[k, 1], g[k, 2], g[k, 3] = models[k, 5], x, y, u
        g[k, 7] = g[k, 13] = 400.0**2
        g[k, 18] = 200.0**2
        g[k, 22] = g[k, 25] = models[k, 6] ** 2
        g[k, 27] = 9.0


@numba.njit(cache=True, error_model="numpy")
def _filtered(t: Any, t_arr: Any, z: Any, grid: Any, models: Any, out: Any) -> None:
    """out (len(grid), 3): what was known at each time, everything arrived by then in true order."""
    g, tmp = np.zeros((MOVES, imm.SIZE)), np.zeros((6, imm.SIZE))
    rows, mean = np.zeros((6, 8)), np.zeros(imm.SIZE)
    for q in range(len(grid)):
        now = grid[q]
        there = np.flatnonzero((t_arr <= now) & (t > now - WINDOW_S))
        if len(there) == 0:
            continue
        there = there[np.argsort(t[there])]
        _begun(g, z[there[0]], models)
        at = t[there[0]]
        for i in there:
            true = t[i]
            if z[i, HEARD] > 0.5:
                imm.moments(g, MOVES, mean)
                de, dn = mean[1] - z[i, STAND_E], mean[2] - z[i, STAND_N]
                du = mean[3] - z[i, STAND_U]
                true = max(true - math.sqrt(de * de + dn * dn + du * du) / SOUND_MPS, at)
            imm.predict(g, MOVES, true - at, models, tmp)
            at = max(true, at)
            imm.update(g, MOVES, z[i], tmp, rows)
        imm.predict(g, MOVES, now - at, models, tmp)
        imm.moments(g, MOVES, mean)
        out[q, 0], out[q, 1], out[q, 2] = mean[1], mean[2], mean[3]
