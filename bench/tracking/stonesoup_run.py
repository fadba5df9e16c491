"""A scene's detections through Stone Soup, the field's reference library -> its tracks, its pace.

    python -m bench.tracking.stonesoup_run DIR gnn_ekf [OUT.csv] [--sensors radar,rid,adsb]
        [--buffer 1] [--tmax 60] [--limit-cpu 120]

A peer for ours, on the same detections. It needs them in the order in which they were true: by
default it gets that for nothing, however late they came; with --buffer S it waits S seconds, loses
what comes later, and says everything S seconds late, as it would in the field. Prints
one line of JSON. OUT.csv is for bench.tracking.score.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from bench.tracking.scenes import load
from bench.tracking.sky import Sensor
from bench.tracking.tables import Columns, length, write_csv

Config = Literal["gnn_ekf", "jpda_ehm"]
START = datetime(2026, 1, 1)  # noqa: DTZ001 - the library's own timestamps have no zone
P_DETECT, P_GATE = 0.8, 0.997
TENTATIVE_S = 3.2
SPREAD_MAX_M = 400.0
SINGLES = ("rid", "adsb", "human")  # kinds whose rows come one by one, not as a scan
ROW = ("t", "track_id", "x", "y", "z", "vx", "vy", "vz", "t_emit", "uid")
Soup = Callable[[str], Any]
Batch = tuple[datetime, set[Any]]
Row = tuple[float, int, float, float, float, float, float, float, float, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """kinds: of sensors, None for all. reorder_s: None for the order of truth at no cost.

    until_s: of the scene. cpu_max_s: stops after the batch that exceeds it. accel_psd: [m2/s3].
    """

    kinds: Collection[str] | None = None
    reorder_s: float | None = None
    until_s: float = math.inf
    cpu_max_s: float = math.inf
    accel_psd: float = 6.0
    points_min: int = 3
    gate_sigmas: float = 3.5
    delete_s: float = 5.0
    clutter_density: float | None = None


DEFAULT = Setup()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """detections: those fed, of detections_all of the wanted kinds. tracks: columns as ROW.

    error: what the library raised, which ended the run there.
    """

    config: Config
    detections: int
    detections_all: int
    batches: int
    cpu_s: float
    det_per_s: float
    scene_s: float
    realtime_factor: float
    batch_ms_p50: float | None
    batch_ms_p99: float | None
    n_tracks: int
    error: str | None
    tracks: Columns


def run(
    detections: Columns, sensors: Sequence[Sensor], config: Config, setup: Setup = DEFAULT
) -> Run:
    """Building the library's objects is not timed; taking the tracks out of it is."""
    wanted = np.ones(length(detections), dtype=np.bool_)
    if setup.kinds is not None:
        wanted &= np.isin(detections["kind"], list(setup.kinds))
    total = int(wanted.sum())
    if setup.reorder_s is not None:
        wanted &= detections["t_arr"] - detections["t"] <= setup.reorder_s
    wanted &= detections["t"] <= setup.until_s
    order = np.lexsort((detections["det_id"], detections["t"]))
    order = order[wanted[order]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the library, not ours to mend
        batches = _batches({n: c[order] for n, c in detections.items()}, sensors)
        tracker = _tracker(config, setup, batches)
        return _timed(tracker, batches, config, setup, total)


def _timed(tracker: Any, batches: Sequence[Batch], config: Config, setup: Setup, total: int) -> Run:
    rows: list[Row] = []
    take = _taker(setup.reorder_s or 0.0)
    fed, scene_s, error = 0, 0.0, None
    spent_s: list[float] = []
    start_s = time.process_time()
    for _, batch in batches:
        before_s = time.perf_counter()
        try:
            when, tracks = next(tracker)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is a result of the peer
            error = repr(problem)[:200]
            break
        spent_s.append(time.perf_counter() - before_s)
        fed += len(batch)
        scene_s = (when - START).total_seconds()
        rows.extend(take(scene_s, tracks))
        if time.process_time() - start_s > setup.cpu_max_s:
            break
    cpu_s = time.process_time() - start_s
    columns = zip(*rows, strict=True) if rows else ((),) * len(ROW)
    tracks_out: Columns = {n: np.array(c) for n, c in zip(ROW, columns, strict=True)}
    return Run(
        config=config,
        detections=fed,
        detections_all=total,
        batches=len(spent_s),
        cpu_s=cpu_s,
        det_per_s=fed / cpu_s,
        scene_s=scene_s,
        realtime_factor=scene_s / cpu_s,
        batch_ms_p50=float(np.median(spent_s)) * 1e3 if spent_s else None,
        batch_ms_p99=float(np.percentile(spent_s, 99)) * 1e3 if spent_s else None,
        n_tracks=len(np.unique(tracks_out["track_id"])),
        error=error,
        tracks=tracks_out,
    )


def _taker(late_s: float) -> Callable[[float, set[Any]], Iterator[Row]]:
    """Tracks after a batch -> a row for each that this batch updated."""
    numbers: dict[str, int] = {}
    said: dict[str, datetime] = {}

    def take(t_s: float, tracks: set[Any]) -> Iterator[Row]:
        for track in tracks:
            state = track.state
            updated = bool(getattr(state, "hypothesis", None))
            if not updated or said.get(track.id) == state.timestamp:
                continue
            said[track.id] = state.timestamp
            number = numbers.setdefault(track.id, len(numbers))
            x, vx, y, vy, z, vz = map(float, np.asarray(state.mean, dtype=np.float64).ravel())
            uid = str(track.metadata.get("uid", ""))
            yield t_s, number, x, y, z, vx, vy, vz, t_s + late_s, uid

    return take


def _soup(module: str) -> Any:
    # why Any: Stone Soup comes without types, and only for this bench
    return importlib.import_module(f"stonesoup.{module}")


def _batches(columns: Columns, sensors: Sequence[Sensor]) -> list[Batch]:
    """One a scan, or a single message, in order of the time they speak of."""
    models = {s.sensor_id: _model(s) for s in sensors}
    names = list(columns)
    scans: dict[tuple[str, int], Batch] = {}
    for cells in zip(*(columns[n].tolist() for n in names), strict=True):
        row = dict(zip(names, cells, strict=True))
        single = row["kind"] in SINGLES
        key = ("", row["det_id"]) if single else (row["sensor_id"], row["scan"])
        when = START + timedelta(seconds=row["t"])
        scans.setdefault(key, (when, set()))[1].add(_detection(row, when, models[row["sensor_id"]]))
    return sorted(scans.values(), key=lambda batch: batch[0])


def _detection(row: dict[str, Any], when: datetime, model: Any) -> Any:
    angle = _soup("types.angle")
    match row["kind"]:
        case "rid" | "adsb":
            z = [row[n] for n in ("x", "y", "z", "vx", "vy", "vz")]
        case "rf":
            z = [angle.Bearing(_mathematical(row["az"]))]
        case kind:
            z = [angle.Elevation(math.radians(row["el"])), angle.Bearing(_mathematical(row["az"]))]
            z += [row["rng"], row["rr"]] if kind == "radar" else []
    return _soup("types.detection").Detection(
        _soup("types.state").StateVector(z),
        timestamp=when,
        measurement_model=model,
        metadata={"uid": row["uid"]} if row["uid"] else {},
    )


def _mathematical(az_deg: float) -> float:
    """Clockwise from north [deg] -> counter-clockwise from east [rad]."""
    return math.pi / 2 - math.radians(az_deg)


def _model(s: Sensor) -> Any:
    """State: x, vx, y, vy, z, vz."""
    nonlinear, vector = _soup("models.measurement.nonlinear"), _soup("types.state").StateVector
    at = vector([[s.x_m], [s.y_m], [s.z_m]])
    mapping = np.array((0, 2, 4))
    el, az = math.radians(s.sigma_el_deg) ** 2, math.radians(s.sigma_az_deg) ** 2
    match s.kind:
        case "radar":
            noise = np.diag([el, az, s.sigma_range_m**2, s.sigma_rate_mps**2])
            model = nonlinear.CartesianToElevationBearingRangeRate
            return model(6, mapping, noise, translation_offset=at)
        case "rf":
            at = vector([[s.x_m], [s.y_m]])
            noise = np.array([[az]])
            return nonlinear.Cartesian2DToBearing(6, (0, 2), noise, translation_offset=at)
        case "eo" | "acoustic" | "human":
            noise = np.diag([el, az])
            model = nonlinear.CartesianToElevationBearing
            return model(6, mapping, noise, translation_offset=at)
        case "rid" | "adsb":
            noise = np.diag([s.sigma_xy_m**2, s.sigma_xy_m**2, s.sigma_z_m**2, 1.0, 1.0, 1.0])
            linear = _soup("models.measurement.linear")
            return linear.LinearGaussian(6, (0, 2, 4, 1, 3, 5), noise)


def _tracker(config: Config, setup: Setup, batches: Sequence[Batch]) -> Any:
    transition, kalman = _soup("models.transition.linear"), _soup("updater.kalman")
    psd = setup.accel_psd
    axes = [transition.ConstantVelocity(q) for q in (psd, psd, psd * 0.5)]
    predictor = _soup("predictor.kalman").KalmanPredictor(
        transition.CombinedLinearGaussianTransitionModel(axes)
    )
    updater = kalman.ExtendedKalmanUpdater(force_symmetric_covariance=True)
    initiator, deleter = _lives(setup, predictor, updater)
    simple = _soup("tracker.simple")
    match config:
        case "gnn_ekf":
            associator = _nearest(setup, predictor, updater)
            tracker = simple.MultiTargetTracker(initiator, deleter, batches, associator, updater)
        case "jpda_ehm":
            hypothesiser = _soup("hypothesiser.probability").PDAHypothesiser(
                predictor,
                updater,
                clutter_spatial_density=setup.clutter_density,
                prob_detect=P_DETECT,
                prob_gate=P_GATE,
            )
            jpda = _soup("dataassociator.probability").JPDAwithEHM2(_same_uid(hypothesiser))
            tracker = simple.MultiTargetMixtureTracker(initiator, deleter, batches, jpda, updater)
    tracker.detector_iter = iter(batches)
    return tracker


def _lives(setup: Setup, predictor: Any, updater: Any) -> tuple[Any, Any]:
    """How tracks begin and end."""
    state, deleters, simple = _soup("types.state"), _soup("deleter.time"), _soup("initiator.simple")
    spread = np.diag([0.0, 15.0**2, 0.0, 15.0**2, 0.0, 4.0**2])
    prior = state.GaussianState(state.StateVector([0.0] * 6), spread, timestamp=START)
    initiator = simple.MultiMeasurementInitiator(
        prior_state=prior,
        deleter=deleters.UpdateTimeDeleter(timedelta(seconds=TENTATIVE_S)),
        data_associator=_nearest(setup, predictor, updater),
        updater=updater,
        min_points=setup.points_min,
        initiator=simple.SimpleMeasurementInitiator(prior, skip_non_reversible=True),
        skip_non_reversible=True,
    )
    ends = [
        deleters.UpdateTimeDeleter(timedelta(seconds=setup.delete_s)),
        _soup("deleter.error").CovarianceBasedDeleter(SPREAD_MAX_M**2, mapping=[0, 2]),
    ]
    return initiator, _soup("deleter.multi").CompositeDeleter(ends, intersect=False)


def _nearest(setup: Setup, predictor: Any, updater: Any) -> Any:
    distance = _soup("measures").Mahalanobis()
    hypothesiser = _soup("hypothesiser.distance").DistanceHypothesiser(
        predictor, updater, distance, missed_distance=setup.gate_sigmas
    )
    return _soup("dataassociator.neighbour").GNNWith2DAssignment(_same_uid(hypothesiser))


def _same_uid(hypothesiser: Any) -> Any:
    gater = _soup("gater.filtered").FilteredDetectionsGater
    return gater(hypothesiser, metadata_filter="uid", match_missing=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Stone Soup on a scene's detections.")
    parser.add_argument("folder", type=Path, help="of a scene")
    parser.add_argument("config", choices=get_args(Config))
    parser.add_argument("out", type=Path, nargs="?", metavar="OUT.csv")
    parser.add_argument("--sensors", default="all", metavar="KIND,KIND")
    parser.add_argument("--buffer", type=float, default=math.inf, metavar="S")
    parser.add_argument("--tmax", type=float, default=math.inf, metavar="S", help="of the scene")
    parser.add_argument("--limit-cpu", type=float, default=math.inf, metavar="S")
    parser.add_argument("--q", type=float, default=DEFAULT.accel_psd, metavar="M2_PER_S3")
    parser.add_argument("--minpts", type=int, default=DEFAULT.points_min)
    parser.add_argument("--gate", type=float, default=DEFAULT.gate_sigmas, metavar="SIGMAS")
    parser.add_argument("--del_s", type=float, default=DEFAULT.delete_s, metavar="S")
    parser.add_argument("--pdaclutter", type=float, metavar="DENSITY")
    return parser.parse_args()


def main() -> None:
    args = _options()
    scene = load(args.folder)
    setup = Setup(
        kinds=None if args.sensors == "all" else args.sensors.split(","),
        reorder_s=args.buffer if math.isfinite(args.buffer) else None,
        until_s=args.tmax,
        cpu_max_s=args.limit_cpu,
        accel_psd=args.q,
        points_min=args.minpts,
        gate_sigmas=args.gate,
        delete_s=args.del_s,
        clutter_density=args.pdaclutter,
    )
    result = run(scene.detections, scene.sensors, args.config, setup)
    flat = {f.name: getattr(result, f.name) for f in fields(result) if f.name != "tracks"}
    print(json.dumps({"scene": scene.about["name"], "sensors": args.sensors} | flat))
    if args.out is not None:
        write_csv(args.out, result.tracks)


if __name__ == "__main__":
    main()
