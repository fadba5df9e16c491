"""Recipe and seed -> a scene: who flew where, what every sensor reported, and when it arrived.

    python -m bench.tracking.scenes OUTDIR s10 quiet --seeds 101 102

writes OUTDIR/s10-101/ and so on (without --seeds: OUTDIR/s10, by the recipe's own seed), each with
truth.parquet, detections.parquet (by arrival, no truth inside), det_truth.parquet (det_id ->
truth_id, -1 for false ones: for the judge only), sensors.csv and scenario.json. The same recipe and
seed give the same rows on any machine whose libm agrees.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from bench.tracking.flights import DT_S, Kind, fly
from bench.tracking.sensing import Detection, sense
from bench.tracking.sky import Flight, Sensor, SensorKind
from bench.tracking.tables import Column, Columns, length, read, write_csv, write_parquet

ORIGIN = (31.3340, -110.9400, 1200.0)  # latitude, longitude [deg], height above WGS84 [m]
A_M, E2 = 6378137.0, 6.69437999014e-3
TRUTH_EVERY = 2  # steps of DT_S
STEPS_MIN = 50  # a flight shorter than this is left out
ORDER_SEED = 1  # of the order within one message, which would otherwise tell the truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How many fly how long over a square of +-half_m, and how many sensors of a kind watch."""

    name: str
    flyers: Mapping[Kind, int]
    length_s: float
    half_m: float
    false_per_scan: float
    seed: int
    sensors: Mapping[SensorKind, int]
    raid: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """Columns as in the files. det_truth is aligned with the detections."""

    about: dict[str, Any]  # why Any: it is scenario.json
    sensors: tuple[Sensor, ...]
    truth: Columns
    detections: Columns
    det_truth: Columns


# Kind -> how far out they stand (share of half_m; one alone stands in the middle), and what it can.
PLACED: dict[SensorKind, tuple[float, dict[str, float]]] = {
    "radar": (
        0.7,
        {"period_s": 1.0, "range_max_m": 3000.0, "p_detect": 0.92}
        | {"sigma_range_m": 5.0, "sigma_az_deg": 0.7, "sigma_el_deg": 1.0, "sigma_rate_mps": 0.5},
    ),
    "eo": (
        0.8,
        {"period_s": 0.5, "range_max_m": 1200.0, "p_detect": 0.85, "false_per_look": 0.2}
        | {"sigma_az_deg": 0.15, "sigma_el_deg": 0.15, "fov_az_deg": 60.0, "fov_el_deg": 40.0},
    ),
    "rf": (
        0.8,
        {"period_s": 1.0, "range_max_m": 4000.0, "p_detect": 0.75, "false_per_look": 0.1}
        | {"sigma_az_deg": 3.0},
    ),
    "acoustic": (
        0.9,
        {"period_s": 1.0, "range_max_m": 350.0, "p_detect": 0.7, "false_per_look": 0.05}
        | {"sigma_az_deg": 6.0, "sigma_el_deg": 10.0},
    ),
    "human": (
        0.9,
        {"period_s": 0.0, "range_max_m": 700.0, "p_detect": 1.0, "false_per_look": 1 / 600.0}
        | {"sigma_az_deg": 15.0, "sigma_el_deg": 15.0},
    ),
    "rid": (
        0.8,
        {"period_s": 1.0, "range_max_m": 1500.0, "p_detect": 0.7, "false_per_look": 0.0}
        | {"sigma_xy_m": 4.0, "sigma_z_m": 8.0},
    ),
    "adsb": (
        0.0,
        {"period_s": 1.0, "range_max_m": 50000.0, "p_detect": 0.95, "false_per_look": 0.0}
        | {"sigma_xy_m": 10.0, "sigma_z_m": 15.0},
    ),
}


def _flyers(drone: int, own: int, bird: int, aircraft: int) -> dict[Kind, int]:
    return {"drone": drone, "own": own, "bird": bird, "aircraft": aircraft}


def _posts(*numbers: int) -> dict[SensorKind, int]:
    """How many of each kind, in the order of PLACED."""
    return dict(zip(PLACED, numbers, strict=True))


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="s10",
            flyers=_flyers(10, 2, 3, 1),
            sensors=_posts(1, 2, 2, 4, 4, 1, 1),
            length_s=300.0,
            half_m=1000.0,
            false_per_scan=10.0,
            seed=10,
        ),
        Recipe(
            name="s100",
            flyers=_flyers(100, 10, 25, 2),
            sensors=_posts(3, 6, 4, 16, 20, 4, 1),
            length_s=180.0,
            half_m=3000.0,
            false_per_scan=20.0,
            seed=100,
        ),
        Recipe(
            name="s500",
            flyers=_flyers(500, 30, 100, 5),
            sensors=_posts(9, 16, 9, 36, 60, 9, 1),
            length_s=120.0,
            half_m=6000.0,
            false_per_scan=30.0,
            seed=500,
        ),
        Recipe(
            name="raid30",
            flyers=_flyers(30, 2, 5, 0),
            sensors=_posts(1, 3, 2, 6, 8, 1, 0),
            length_s=180.0,
            half_m=1500.0,
            false_per_scan=15.0,
            seed=30,
            raid=True,
        ),
        Recipe(
            name="noradar5",
            flyers=_flyers(5, 1, 2, 1),
            sensors=_posts(0, 1, 3, 6, 10, 1, 1),
            length_s=600.0,
            half_m=1200.0,
            false_per_scan=0.0,
            seed=5,
        ),
        Recipe(
            name="quiet",
            flyers=_flyers(0, 0, 6, 1),
            sensors=_posts(1, 2, 2, 4, 4, 1, 1),
            length_s=600.0,
            half_m=1500.0,
            false_per_scan=15.0,
            seed=77,
        ),
    )
}
# Our names of a sensor's fields -> the words of sensors.csv.
SENSOR_WORDS = {
    "sensor_id": "sensor_id",
    "kind": "kind",
    "x_m": "x",
    "y_m": "y",
    "z_m": "z",
    "phase": "phase",
    "period_s": "period",
    "range_max_m": "max_range",
    "p_detect": "pd",
    "false_per_look": "lam",
    "sigma_range_m": "s_rng",
    "sigma_az_deg": "s_az",
    "sigma_el_deg": "s_el",
    "sigma_rate_mps": "s_rr",
    "fov_az_deg": "fov_az",
    "fov_el_deg": "fov_el",
    "boresight_deg": "boresight_az",
    "sigma_xy_m": "s_xy",
    "sigma_z_m": "s_z",
}


def generate(recipe: Recipe, *, seed: int | None = None) -> Scene:
    """seed: instead of the recipe's own."""
    used = recipe.seed if seed is None else seed
    rng = np.random.default_rng(used)
    flights = _flights(recipe, rng)
    sensors = _sensors(recipe, rng)
    rows = sense(rng, flights, sensors, length_s=recipe.length_s)
    detections = _detections(rows)
    det_truth = {"det_id": detections["det_id"], "truth_id": detections.pop("truth_id")}
    about = _about(recipe, used, len(flights), detections, det_truth["truth_id"])
    return Scene(about, tuple(sensors), _truth(flights), detections, det_truth)


def write(scene: Scene, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_parquet(folder / "truth.parquet", scene.truth)
    write_parquet(folder / "detections.parquet", scene.detections)
    write_parquet(folder / "det_truth.parquet", scene.det_truth)
    write_csv(folder / "sensors.csv", _sensor_columns(scene.sensors))
    (folder / "scenario.json").write_text(json.dumps(scene.about, indent=1))


def load(folder: Path) -> Scene:
    """What write wrote."""
    rows = read(folder / "sensors.csv")
    known = {ours: rows[word] for ours, word in SENSOR_WORDS.items() if word in rows}
    sensors = (
        Sensor(**dict(zip(known, row, strict=True)))
        for row in zip(*(c.tolist() for c in known.values()), strict=True)
    )
    return Scene(
        json.loads((folder / "scenario.json").read_text()),
        tuple(sensors),
        read(folder / "truth.parquet"),
        read(folder / "detections.parquet"),
        read(folder / "det_truth.parquet"),
    )


def geodetic(x_m: Column, y_m: Column, z_m: Column) -> tuple[Column, Column, Column]:
    """Latitude, longitude [deg] and height [m] about ORIGIN, on its tangent radii."""
    lat, lon, alt_m = ORIGIN
    s2 = math.sin(math.radians(lat)) ** 2
    n = A_M / math.sqrt(1 - E2 * s2)
    m = A_M * (1 - E2) / (1 - E2 * s2) ** 1.5
    east = np.degrees(x_m / ((n + alt_m) * math.cos(math.radians(lat))))
    return lat + np.degrees(y_m / (m + alt_m)), lon + east, alt_m + z_m


def _flights(recipe: Recipe, rng: np.random.Generator) -> list[Flight]:
    out: list[Flight] = []
    for kind, number in recipe.flyers.items():
        raid = recipe.raid and kind == "drone"
        for _ in range(number):
            t0_s, at_m, v_mps = fly(
                rng, kind, length_s=recipe.length_s, half_m=recipe.half_m, raid=raid
            )
            if len(at_m) < STEPS_MIN:
                continue
            emits = kind == "own" or (kind == "drone" and rng.random() < 0.7)
            tells = kind == "own" or (kind == "drone" and rng.random() < 0.3)
            uid = f"RID{1000 + len(out)}" if tells else ""
            if kind == "aircraft":
                uid = f"ICAO{len(out):04x}"
            out.append(Flight(kind, t0_s, at_m, v_mps, emits, uid))
    return out


def _sensors(recipe: Recipe, rng: np.random.Generator) -> list[Sensor]:
    """On a jittered grid each; one alone near the middle."""
    half_m = recipe.half_m
    out: list[Sensor] = []
    for kind, (ring, abilities) in PLACED.items():
        number = recipe.sensors.get(kind, 0)
        side = math.ceil(math.sqrt(number))
        for i in range(number):
            if number == 1:
                x, y = rng.uniform(-half_m * 0.1, half_m * 0.1, 2).tolist()
            else:
                column = (i % side + 0.5) / side * 2 - 1
                row = (i // side + 0.5) / max(1, math.ceil(number / side)) * 2 - 1
                jitter = rng.uniform(-half_m * 0.08, half_m * 0.08, 2).tolist()
                x, y = column * half_m * ring + jitter[0], row * half_m * ring + jitter[1]
            own: dict[str, float] = {"z_m": rng.uniform(2, 12), "phase": rng.uniform(0, 1)}
            if kind == "radar":
                own["false_per_look"] = recipe.false_per_scan
            if kind == "eo":
                own["boresight_deg"] = rng.uniform(0, 360)
            out.append(Sensor(sensor_id=f"{kind}{i}", kind=kind, x_m=x, y_m=y, **abilities, **own))
    return out


def _truth(flights: list[Flight]) -> Columns:
    """Every TRUTH_EVERY steps, by time, then flight."""
    steps = [np.arange(0, len(f.at_m), TRUTH_EVERY) for f in flights]
    counts = [len(k) for k in steps]
    t = np.concatenate([f.t0_s + k * DT_S for f, k in zip(flights, steps, strict=True)])
    at = np.concatenate([f.at_m[k] for f, k in zip(flights, steps, strict=True)])
    v = np.concatenate([f.v_mps[k] for f, k in zip(flights, steps, strict=True)])
    number = np.repeat(np.arange(len(flights)), counts)
    columns: Columns = {
        "t": t,
        "truth_id": number,
        "cls": np.array([f.kind for f in flights])[number],
    }
    columns |= {n: at[:, i] for i, n in enumerate("xyz")}
    columns |= {f"v{n}": v[:, i] for i, n in enumerate("xyz")}
    columns |= dict(zip(("lat", "lon", "alt"), geodetic(at[:, 0], at[:, 1], at[:, 2]), strict=True))
    columns["uid"] = np.array([f.uid for f in flights])[number]
    order = np.lexsort((number, t))
    return {n: c[order] for n, c in columns.items()}


def _detections(rows: list[Detection]) -> Columns:
    """By arrival; within one message in an order that says nothing about the truth."""
    columns: Columns = {
        name: np.array(list(map(itemgetter(i), rows))) for i, name in enumerate(Detection._fields)
    }
    order = np.lexsort((columns["t"], columns["t_arr"]))
    shuffle = np.random.default_rng(ORDER_SEED).random(len(order))
    order = order[np.lexsort((shuffle, columns["t_arr"][order]))]
    return {"det_id": np.arange(len(order))} | {n: c[order] for n, c in columns.items()}


def _sensor_columns(sensors: tuple[Sensor, ...]) -> dict[str, list[object]]:
    """What no sensor of the scene has is left out; NaN is written as nothing."""
    rows = [asdict(s) for s in sensors]
    columns: dict[str, list[object]] = {
        word: [None if r[ours] != r[ours] else r[ours] for r in rows]
        for ours, word in SENSOR_WORDS.items()
    }
    columns = {word: c for word, c in columns.items() if any(v is not None for v in c)}
    place = geodetic(*(np.array([r[axis] for r in rows]) for axis in ("x_m", "y_m", "z_m")))
    return columns | {n: c.tolist() for n, c in zip(("lat", "lon", "alt"), place, strict=True)}


def _about(
    recipe: Recipe, seed: int, flights: int, detections: Columns, truth_id: Column
) -> dict[str, Any]:
    t = detections["t"]
    kinds: list[str] = detections["kind"].tolist()
    behind = t < np.maximum.accumulate(t) - 1e-9
    return {
        "name": recipe.name,
        "origin": ORIGIN,
        "T": recipe.length_s,
        "half": recipe.half_m,
        "lam": recipe.false_per_scan,
        "seed": seed,
        "n_targets": flights,
        "n_det": length(detections),
        "clutter_frac": float((truth_id < 0).mean()),
        "out_of_sequence_frac": float(behind.mean()),
        "by_kind": dict(Counter(kinds).most_common()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Seeded multi-sensor scenes, with their truth.")
    parser.add_argument("outdir", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RECIPES)}")
    parser.add_argument("--seeds", nargs="*", type=int, default=[], metavar="N")
    args = parser.parse_args()
    names: list[str] = args.names or list(RECIPES)
    if unknown := [n for n in names if n not in RECIPES]:
        parser.error(f"got {', '.join(unknown)}; need some of {', '.join(RECIPES)}")
    seeds: list[int] = args.seeds
    for name in names:
        for seed in seeds or [None]:
            scene = generate(RECIPES[name], seed=seed)
            folder = args.outdir / (name if seed is None else f"{name}-{seed}")
            write(scene, folder)
            print(
                f"{folder}: {scene.about['n_targets']} flights, {scene.about['n_det']} detections"
            )


if __name__ == "__main__":
    main()
