"""Generated scenes through the tracker, scored live; beside the best possible and Stone Soup.

    python -m bench accuracy [SCENE ...] [--seeds 2001 2002 ...] [--peer]

Seeds 1001 to 1010 were used to choose the tracker's numbers; those reported by default (2001 to
2005) never were. Cutoff 50 m, 100 m for noradar5. --peer: Stone Soup's best configuration on the
first seed of each scene with radar, given one second to put detections in order.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.tracking.oracle import bound
from bench.tracking.scenes import RECIPES, generate, write
from bench.tracking.score import Rules, published, score
from bench.tracking.stonesoup_run import Setup
from bench.tracking.stonesoup_run import run as run_peer
from vigia.run.track_files import emissions, read_scene
from vigia.run.warm import warm

if TYPE_CHECKING:
    from bench.tracking.scenes import Scene
    from bench.tracking.tables import Columns

SCENES = ("s10", "quiet", "raid30", "noradar5", "s100", "s500")
PEER_SCENES = ("s10", "raid30")
SEEDS = (2001, 2002, 2003, 2004, 2005)
SHOWN = (
    "gospa_mean", "pos_rmse", "gospa_missed", "gospa_false", "idf1", "id_switches", "purity",
    "false_tracks", "t_confirm_p90",
)  # fmt: skip


def cutoff_m(name: str) -> float:
    return 100.0 if name == "noradar5" else 50.0


def tracked(folder: Path) -> tuple[Columns, float]:
    """(what was told, CPU seconds)."""
    scene = read_scene(folder / "detections.parquet")
    faults: Counter[str] = Counter()
    start = time.process_time()
    told = [emitted for _, emitted in emissions(scene, faults)]
    spent = time.process_time() - start
    n = [len(e.track_id) for e in told]
    t = np.repeat([(e.t_ns - scene.t0_ns) / 1e9 for e in told], n)
    x = np.concatenate([e.x for e in told])
    columns: Columns = {
        "t": t,
        "t_emit": t,
        "track_id": np.array([i for e in told for i in e.track_id]),
        "status": np.array([s for e in told for s in e.status]),
        "cls": np.array([c for e in told for c in e.cls]),
    }
    for k, axis in enumerate(("x", "y", "z", "vx", "vy", "vz")):
        columns[axis] = x[:, k]
    return columns, spent


def judge(scene: Scene, columns: Columns, name: str) -> dict[str, float]:
    rules = Rules(mode="live", cutoff_m=cutoff_m(name))
    found = published(
        score(scene.truth, columns, rules, detections=scene.detections, det_truth=scene.det_truth)
    )
    return {k: _number(found[k]) for k in SHOWN if k in found}


def _number(value: str | float | None) -> float:
    return math.nan if value is None else float(value)


def one(name: str, seed: int, *, peer: bool) -> dict[str, float]:
    scene = generate(RECIPES[name], seed=seed)
    with tempfile.TemporaryDirectory() as there:
        write(scene, Path(there))
        columns, spent = tracked(Path(there))
    out = judge(scene, columns, name)
    out["rows/s"] = len(scene.detections["t"]) / spent
    out["bound"] = bound(scene, cutoff_m(name))
    if peer:
        setup = Setup(reorder_s=1.0, kinds=("radar", "rid", "adsb"), accel_psd=15.0)
        theirs = run_peer(scene.detections, scene.sensors, "jpda_ehm", setup)
        out["peer_gospa"] = judge(scene, theirs.tracks, name)["gospa_mean"]
        out["peer_rows/s"] = theirs.det_per_s
    return out


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("scenes", nargs="*", default=SCENES)
    options.add_argument("--seeds", nargs="*", type=int, default=SEEDS)
    options.add_argument("--peer", action="store_true")
    asked = options.parse_args()
    warm()
    names = ("gospa_mean", "bound", *SHOWN[1:], "rows/s")
    print(f"{'scene':12}" + "".join(f"{n.removesuffix('_mean'):>14}" for n in names))
    for name in asked.scenes:
        found: list[dict[str, float]] = []
        for k, seed in enumerate(asked.seeds):
            peer = asked.peer and k == 0 and name in PEER_SCENES
            found.append(one(name, seed, peer=peer))
            _line(f"{name}-{seed}", found[-1], names)
        if len(found) > 1:
            mean = {n: float(np.nanmean([f.get(n, math.nan) for f in found])) for n in names}
            _line(f"{name} mean", mean, names)


def _line(what: str, values: dict[str, float], names: tuple[str, ...]) -> None:
    print(f"{what:12}" + "".join(f"{values.get(n, math.nan):14.4g}" for n in names), flush=True)
    if "peer_gospa" in values:
        rate = values["rows/s"] / values["peer_rows/s"]
        print(
            f"  Stone Soup (JPDA, radar and positions, 1 s to sort): GOSPA "
            f"{values['peer_gospa']:.1f}, {values['peer_rows/s']:.0f} rows/s: we are {rate:.0f} x",
            flush=True,
        )


if __name__ == "__main__":
    main()
