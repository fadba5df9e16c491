"""The bench of trackers: scenes are the recorded ones, scores are what one computes by hand."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.tracking import stonesoup_run
from bench.tracking.scenes import ORIGIN, RECIPES, Scene, generate, load, write
from bench.tracking.score import Rules, Score, published, score, to_enu
from bench.tracking.tables import Columns, read, write_csv
from pyproj import Transformer

from corpus import corpus

SAME_M = 1e-9  # also degrees and m/s; libraries of other machines differ in the last bit
SHORT = dataclasses.replace(RECIPES["s10"], length_s=20.0)
CUTOFF_M = 50.0
HALF_C = CUTOFF_M / math.sqrt(2.0)  # what one missed or one false object costs a step
STEPS = 11


def differences(a: Columns, b: Columns) -> list[str]:
    assert set(a) == set(b)
    return [
        name
        for name in a
        if a[name].dtype.kind != b[name].dtype.kind
        or not (
            np.allclose(a[name], b[name], rtol=0.0, atol=SAME_M, equal_nan=True)
            if a[name].dtype.kind == "f"
            else np.array_equal(a[name], b[name])
        )
    ]


def assert_same(a: Scene, b: Scene) -> None:
    assert differences(a.truth, b.truth) == []
    assert differences(a.detections, b.detections) == []
    assert differences(a.det_truth, b.det_truth) == []
    assert list(map(repr, a.sensors)) == list(map(repr, b.sensors))
    assert json.loads(json.dumps(a.about)) == json.loads(json.dumps(b.about))


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["s10", "quiet", "raid30", "noradar5"])
def test_a_recipe_gives_the_recorded_scene(name: str) -> None:
    assert_same(generate(RECIPES[name]), load(corpus(f"tracking/{name}")))


def test_a_seed_gives_the_same_scene_again_and_another_seed_another() -> None:
    first = generate(SHORT, seed=7)
    assert_same(first, generate(SHORT, seed=7))
    assert first.about["seed"] == 7
    other = generate(SHORT, seed=8)
    assert len(first.detections["t"]) != len(other.detections["t"])


def test_a_scene_reads_back_as_it_was_written(tmp_path: Path) -> None:
    scene = generate(SHORT)
    write(scene, tmp_path / "s10")
    assert_same(scene, load(tmp_path / "s10"))


def test_detections_come_by_arrival_and_hold_no_truth() -> None:
    scene = generate(SHORT)
    assert (np.diff(scene.detections["t_arr"]) >= 0).all()
    assert "truth_id" not in scene.detections
    assert (scene.detections["t_arr"] > scene.detections["t"] - 5.0).all()


def line(
    i: int,
    *,
    north_m: float = 0.0,
    speed_mps: float = 0.0,
    seconds: range = range(STEPS),
    off_m: float = 0.0,
) -> list[dict[str, Any]]:
    return [
        {"id": i, "t": float(t), "x": speed_mps * t + off_m, "y": north_m, "z": 50.0}
        for t in seconds
    ]


def truth(*rows: dict[str, Any], cls: dict[int, str] | None = None) -> Columns:
    out = {n: np.array([r[n] for r in rows]) for n in ("t", "x", "y", "z")}
    kinds = [(cls or {}).get(r["id"], "drone") for r in rows]
    return out | {"truth_id": np.array([r["id"] for r in rows]), "cls": np.array(kinds)}


def tracks(*rows: dict[str, Any], late_s: float = 0.0, **more: Any) -> Columns:
    out = {n: np.array([r[n] for r in rows]) for n in ("t", "x", "y", "z")}
    out |= {"track_id": np.array([r["id"] for r in rows]), "t_emit": out["t"] + late_s}
    return out | {n: np.full(len(rows), v) for n, v in more.items()}


def test_perfect_tracks_cost_nothing() -> None:
    world = (*line(0, speed_mps=10.0), *line(1, north_m=400.0))
    result = score(truth(*world), tracks(*world))
    assert result.gospa.mean_m == 0.0
    assert result.gospa.ospa_mean_m == 0.0
    assert (result.clear.mota, result.clear.recall, result.clear.precision) == (1.0, 1.0, 1.0)
    assert (result.siap.completeness, result.siap.ambiguity) == (1.0, 1.0)
    assert (result.siap.spuriousness, result.identity.idf1) == (0.0, 1.0)


def test_one_missed_object_costs_the_cutoff_over_root_two() -> None:
    result = score(truth(*line(0), *line(1, north_m=400.0)), tracks(*line(0)))
    assert result.gospa.mean_m == pytest.approx(HALF_C)
    assert (result.gospa.missed, result.gospa.false) == (1.0, 0.0)
    assert result.gospa.ospa_mean_m == pytest.approx(HALF_C)  # (0 + c^2) / 2 objects
    assert result.clear.recall == 0.5
    assert result.identity.never_tracked == 1


def test_one_false_track_costs_the_same_and_is_counted_by_the_hour() -> None:
    result = score(truth(*line(0)), tracks(*line(0), *line(1, north_m=400.0)))
    assert result.gospa.mean_m == pytest.approx(HALF_C)
    assert result.clear.precision == 0.5
    assert result.identity.false_tracks == 1
    assert result.identity.false_tracks_per_h == pytest.approx(360.0)  # one in ten seconds


def test_an_error_of_position_costs_its_length() -> None:
    result = score(truth(*line(0)), tracks(*line(0, north_m=4.0, off_m=3.0)))
    assert result.gospa.mean_m == pytest.approx(5.0)
    assert (result.clear.rmse_m, result.clear.median_m) == pytest.approx((5.0, 5.0))


def test_a_change_of_track_is_a_switch() -> None:
    parts = (*line(1, seconds=range(6)), *line(2, seconds=range(6, STEPS)))
    result = score(truth(*line(0)), tracks(*parts), Rules(hold_s=0.5))
    assert (result.clear.id_switches, result.clear.fragmentations) == (1, 0)
    assert result.identity.idf1 == pytest.approx(12 / 22)  # 6 steps right of 11 and 11
    assert result.identity.purity == 1.0


def test_a_track_lost_and_found_is_a_fragment_not_a_switch() -> None:
    parts = (*line(1, seconds=range(4)), *line(1, seconds=range(5, STEPS)))
    result = score(truth(*line(0)), tracks(*parts), Rules(hold_s=0.5, gap_s=1.0))
    assert (result.clear.id_switches, result.clear.fragmentations) == (0, 1)
    assert result.clear.recall == pytest.approx(10 / 11)


def test_a_pair_holds_while_near_though_another_is_nearer() -> None:
    pair = (*line(1, off_m=20.0), *line(2, seconds=range(5, STEPS)))
    result = score(truth(*line(0)), tracks(*pair))
    assert result.clear.id_switches == 0
    assert result.clear.rmse_m == pytest.approx(20.0)
    assert result.siap.ambiguity == pytest.approx((5 + 2 * 6) / 11)


def test_live_mode_punishes_lateness() -> None:
    moving = line(0, speed_mps=10.0)
    late = tracks(*moving, late_s=2.0)
    assert score(truth(*moving), late).gospa.mean_m == 0.0
    live = score(truth(*moving), late, Rules(mode="live"))
    assert live.gospa.mean_m == pytest.approx((2 * HALF_C + 9 * 20.0) / STEPS)
    swift = score(
        truth(*moving), late | {"vx": np.full(STEPS, 10.0)} | _still(), Rules(mode="live")
    )
    assert swift.gospa.mean_m == pytest.approx(2 * HALF_C / STEPS)
    hopeless = score(truth(*moving), tracks(*moving, late_s=4.0), Rules(mode="live", hold_s=3.0))
    assert hopeless.gospa.mean_m == pytest.approx(HALF_C)


def _still() -> Columns:
    return {"vy": np.zeros(STEPS), "vz": np.zeros(STEPS)}


def test_live_mode_keeps_the_newest_when_older_rows_come_later() -> None:
    moving = line(0, speed_mps=10.0)
    emitted = np.array([3.0, 1.0, 2.0, 2.9, *range(4, STEPS)])  # the first comes after the fourth
    result = score(truth(*moving), tracks(*moving) | {"t_emit": emitted}, Rules(mode="live"))
    assert result.gospa.mean_m == pytest.approx(HALF_C / STEPS)


def test_objects_that_do_not_count_absorb_the_tracks_on_them() -> None:
    world = truth(*line(0), *line(1, north_m=400.0), cls={1: "bird"})
    both = tracks(*line(0), *line(1, north_m=410.0))
    result = score(world, both, Rules(dont_care=("bird",)))
    assert (result.n_truth, result.gospa.mean_m, result.clear.precision) == (1, 0.0, 1.0)
    alone = score(world, tracks(*line(0)), Rules(dont_care=("bird",)))
    assert (alone.gospa.mean_m, alone.clear.recall) == (0.0, 1.0)


def test_a_track_belongs_to_the_nearest_of_two_objects() -> None:
    world = truth(*line(0), *line(1, north_m=30.0), cls={1: "bird"})
    result = score(world, tracks(*line(0, north_m=20.0)), Rules(dont_care=("bird",)))
    assert (result.gospa.missed, result.gospa.false) == (1.0, 0.0)


def test_only_confirmed_rows_count() -> None:
    result = score(truth(*line(0)), tracks(*line(0), status="tentative"))
    assert (result.n_tracks, result.clear.rmse_m) == (0, None)
    assert result.gospa.mean_m == pytest.approx(HALF_C)


def test_the_time_to_confirm_runs_from_the_first_arrival_to_the_first_near_row() -> None:
    seen = {"det_id": np.array([4, 5, 6]), "t_arr": np.array([0.2, 0.5, 3.0])}
    whose = {"det_id": np.array([6, 5, 4]), "truth_id": np.array([0, 0, -1])}
    late = tracks(*line(1), late_s=2.0)
    result = score(truth(*line(0)), late, detections=seen, det_truth=whose)
    assert result.confirmation is not None
    assert result.confirmation.median_s == pytest.approx(2.0 - 0.5)
    assert (result.confirmation.confirmed, result.confirmation.detectable) == (1, 1)


def brute_gospa_m(a: np.ndarray, b: np.ndarray) -> float:
    """Every way to pair two small sets."""
    if len(a) > len(b):
        a, b = b, a
    off2 = np.minimum(np.linalg.norm(a[:, None] - b[None], axis=2), CUTOFF_M) ** 2
    ways = itertools.permutations(range(len(b)), len(a))
    best = min(sum(off2[i, j] for i, j in enumerate(way)) for way in ways)
    return math.sqrt(best + CUTOFF_M**2 / 2 * (len(b) - len(a)))


def test_gospa_is_the_best_of_all_pairings() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        n, k = rng.integers(1, 6, 2)
        a, b = rng.uniform(0.0, 70.0, (n, 3)), rng.uniform(0.0, 70.0, (k, 3))
        zero = {"t": np.zeros(n), "truth_id": np.arange(n), "cls": np.full(n, "drone")}
        world = zero | {axis: a[:, i] for i, axis in enumerate("xyz")}
        said = {"t": np.zeros(k), "track_id": np.arange(k)}
        said |= {axis: b[:, i] for i, axis in enumerate("xyz")}
        result = score(world, said, Rules(start_s=0.0, end_s=0.5))
        assert result.gospa.mean_m == pytest.approx(brute_gospa_m(a, b), abs=1e-9)


def as_records(columns: Columns) -> np.ndarray:
    return np.rec.fromarrays(list(columns.values()), names=list(columns))


def test_structured_arrays_score_as_columns_do() -> None:
    world, said = truth(*line(0)), tracks(*line(1, off_m=9.0))
    assert score(as_records(world), as_records(said)) == score(world, said)


def test_tracks_from_a_file_score_as_they_do_from_memory(tmp_path: Path) -> None:
    said = tracks(*line(1, off_m=9.0), status="confirmed")
    write_csv(tmp_path / "tracks.csv", said)
    result: Score = score(truth(*line(0)), read(tmp_path / "tracks.csv"))
    assert result == score(truth(*line(0)), said)
    assert published(result)["gospa_mean"] == pytest.approx(9.0)


def test_a_log_of_another_system_is_read_with_its_unknowns(tmp_path: Path) -> None:
    place = {"lat": 31.0, "lon": -110.0}
    records = [
        {"time": 1500, "location": {"Position3d": place | {"height_amsl": 1230.0}}},
        {"time": 2500, "location": place, "velocity": {"east": 3.0}},
        {"time": 3500, "location": {"bearing": 12.0}},
    ]
    (tmp_path / "log.json").write_text(json.dumps({"tracks": [{"records": records}]}))
    log = read(tmp_path / "log.json")
    assert log["t"].tolist() == [1.5, 2.5]
    assert log["track_id"].tolist() == [0, 0]
    assert math.isnan(log["alt"][1])
    assert log["vx"].tolist() == [0.0, 3.0]


def test_local_places_agree_with_proj() -> None:
    lat, lon, alt_m = ORIGIN
    steps = "+step +proj=cart +ellps=WGS84 +step +proj=topocentric +ellps=WGS84"
    proj = Transformer.from_pipeline(
        f"+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad {steps}"
        f" +lon_0={lon} +lat_0={lat} +h_0={alt_m}"
    )
    there = np.array([[lat + 0.02, lon - 0.03, 1500.0], [lat - 0.01, lon + 0.01, 1210.0]])
    want = np.column_stack(proj.transform(there[:, 1], there[:, 0], there[:, 2]))
    got = to_enu(there[:, 0], there[:, 1], there[:, 2], ORIGIN)
    assert np.abs(got - want).max() < 1e-6


def test_the_peer_tracks_a_scene_and_stops_where_told() -> None:
    scene = generate(SHORT)
    setup = stonesoup_run.Setup(kinds=("radar",), reorder_s=1.0, until_s=6.0)
    peer = stonesoup_run.run(scene.detections, scene.sensors, "gnn_ekf", setup)
    assert peer.error is None
    assert 0.0 < peer.scene_s <= 6.0
    assert peer.n_tracks > 0
    assert (peer.tracks["t_emit"] == peer.tracks["t"] + 1.0).all()
    short = dataclasses.replace(setup, cpu_max_s=0.0)
    assert stonesoup_run.run(scene.detections, scene.sensors, "gnn_ekf", short).batches == 1
