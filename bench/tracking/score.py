"""Truth and the tracks of any tracker -> how good they were: GOSPA, OSPA, SIAP, MOTA, IDF1, delays.

    python -m bench.tracking.score --truth DIR/truth.parquet --tracks tracks.csv [--mode live]
        [--cutoff 50] [--step 1] [--dont-care bird,aircraft] [--json out.json]

Tracks: CSV, Parquet or a C-UAS log (.json) with t, track_id and x, y, z [m] or lat, lon, alt;
if they have them also t_emit (clock time at which the row left the tracker; else t), vx, vy, vz,
and status (only "confirmed" rows count). Modes:

valid: what is said of time T, interpolated between rows at most --gap apart, or extrapolated at
    most --hold. How exact it was, looked at afterwards.
live: what was known at clock time T: the newest row emitted by then, extrapolated to T, gone when
    --hold old. Buffers, latency and late data cost; the honest one for warning.

Objects of a class in --dont-care absorb the tracks on them: neither right nor false, never missed.
Shares no code with the tracker it judges.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, assert_never

import numpy as np
from numpy.typing import NDArray

from bench.tracking.matching import near_pairs, nearest_truth
from bench.tracking.measures import (
    Case,
    Clear,
    Confirmation,
    Gospa,
    Identity,
    Siap,
    clear,
    confirmation,
    first_seen_s,
    gospa,
    identity,
    matched,
    siap,
)
from bench.tracking.sampling import (
    Estimate,
    Floats,
    Series,
    grouped,
    interpolated,
    live_series,
    lived,
    newest_known,
    sampled,
    valid_series,
)
from bench.tracking.tables import Column, Columns, read

Table = Mapping[str, Column] | NDArray[Any]
Mode = Literal["valid", "live"]
A_M, E2 = 6378137.0, 6.69437999014e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """dims: 3, or 2 to leave height out. start_s, end_s: None for those of the truth."""

    mode: Mode = "valid"
    cutoff_m: float = 50.0
    step_s: float = 1.0
    gap_s: float = 4.0
    hold_s: float = 3.0
    dont_care: Collection[str] = ()
    start_s: float | None = None
    end_s: float | None = None
    dims: int = 3


DEFAULT = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """confirmation: None without detections, or if nothing detected was ever tracked."""

    rules: Rules
    n_truth: int
    n_tracks: int
    gospa: Gospa
    siap: Siap
    clear: Clear
    identity: Identity
    confirmation: Confirmation | None


def score(
    truth: Table,
    tracks: Table,
    rules: Rules = DEFAULT,
    *,
    detections: Table | None = None,
    det_truth: Table | None = None,
) -> Score:
    """Tables are columns by name, as a dict or a structured array; their words as in the files.

    truth: t, truth_id, cls, x, y, z. tracks: t, track_id, x, y, z and what else they have.
    detections (det_id, t_arr) and det_truth (det_id, truth_id) for the time to confirm.
    """
    case = _case(_columns(truth), _columns(tracks), rules)
    matching = matched(case)
    waits = None
    if detections is not None and det_truth is not None:
        seen_s = first_seen_s(case.truth_ids, _columns(detections), _columns(det_truth))
        waits = confirmation(case, matching, seen_s)
    return Score(
        rules=rules,
        n_truth=int(case.care.sum()),
        n_tracks=len(np.unique(case.tracks_at.who)),
        gospa=gospa(case),
        siap=siap(case, matching),
        clear=clear(case, matching),
        identity=identity(case, matching),
        confirmation=waits,
    )


def published(score: Score) -> dict[str, str | float | None]:
    """Flat, with the names used in published tables."""
    out: dict[str, str | float | None] = {
        "mode": score.rules.mode,
        "cutoff": score.rules.cutoff_m,
        "n_truth": score.n_truth,
        "n_tracks": score.n_tracks,
        "gospa_mean": score.gospa.mean_m,
        "gospa_loc_rmse": score.gospa.loc_rmse_m,
        "gospa_missed": score.gospa.missed,
        "gospa_false": score.gospa.false,
        "ospa_mean": score.gospa.ospa_mean_m,
        "siap_C": score.siap.completeness,
        "siap_A": score.siap.ambiguity,
        "siap_S": score.siap.spuriousness,
        "siap_LS": score.siap.longest,
        "pos_rmse": score.clear.rmse_m,
        "pos_median": score.clear.median_m,
        "mota": score.clear.mota,
        "recall": score.clear.recall,
        "precision": score.clear.precision,
        "id_switches": score.clear.id_switches,
        "fragmentations": score.clear.fragmentations,
        "idf1": score.identity.idf1,
        "purity": score.identity.purity,
        "false_tracks": score.identity.false_tracks,
        "false_tracks_per_h": score.identity.false_tracks_per_h,
        "truths_never_tracked": score.identity.never_tracked,
    }
    if (c := score.confirmation) is not None:
        out |= {"t_confirm_median": c.median_s, "t_confirm_p90": c.p90_s}
        out |= {"n_confirmed": c.confirmed, "n_detectable": c.detectable}
    return out


def _columns(table: Table) -> Columns:
    if isinstance(table, np.ndarray):
        return {name: table[name] for name in table.dtype.names or ()}
    return dict(table)


def _case(truth: Columns, tracks: Columns, rules: Rules) -> Case:
    if not len(truth["t"]):
        raise ValueError("truth: got no rows, need at least one")
    start_s = float(truth["t"].min()) if rules.start_s is None else rules.start_s
    end_s = float(truth["t"].max()) if rules.end_s is None else rules.end_s
    grid_s = np.arange(math.ceil(start_s), end_s + 1e-9, rules.step_s)
    truth_ids, rows = grouped(truth["truth_id"])
    care = np.array([truth["cls"][r[0]] not in rules.dont_care for r in rows], dtype=np.bool_)
    still = {n: c for n, c in truth.items() if n not in ("vx", "vy", "vz")} | {"t_emit": truth["t"]}
    true_series = [valid_series(still, r, rules.dims) for r in rows]
    track_series, estimate = _track_series(_confirmed(tracks), rules)
    truths_at = sampled(true_series, grid_s, lived, hold_s=0.0)
    tracks_at = sampled(track_series, grid_s, estimate, rules.hold_s)
    pairs = near_pairs(truths_at, tracks_at, rules.cutoff_m)
    return Case(
        cutoff_m=rules.cutoff_m,
        step_s=rules.step_s,
        steps=len(grid_s),
        length_s=end_s - start_s,
        truth_ids=truth_ids,
        truth=true_series,
        tracks=track_series,
        care=care,
        truths_at=truths_at,
        tracks_at=tracks_at,
        pairs=pairs,
        nearest=nearest_truth(pairs, len(tracks_at.who)),
    )


def _confirmed(tracks: Columns) -> Columns:
    ids = tracks["track_id"]
    which = ids == ids  # no NaN
    if "status" in tracks:
        which &= tracks["status"] == "confirmed"
    return {"t_emit": tracks["t"][which]} | {n: c[which] for n, c in tracks.items()}


def _track_series(tracks: Columns, rules: Rules) -> tuple[list[Series], Estimate]:
    _, rows = grouped(tracks["track_id"])
    match rules.mode:
        case "valid":
            estimate = functools.partial(interpolated, gap_s=rules.gap_s, hold_s=rules.hold_s)
            return [valid_series(tracks, r, rules.dims) for r in rows], estimate
        case "live":
            estimate = functools.partial(newest_known, hold_s=rules.hold_s)
            return [live_series(tracks, r, rules.dims) for r in rows], estimate
        case _:
            assert_never(rules.mode)


def to_enu(lat: Floats, lon: Floats, alt_m: Floats, origin: tuple[float, float, float]) -> Floats:
    """(n, 3) [m] on the plane that touches WGS84 at the origin (degrees, degrees, metres)."""
    away = _ecef(lat, lon, alt_m) - _ecef(*(np.array([v]) for v in origin))
    la, lo = math.radians(origin[0]), math.radians(origin[1])
    axes = np.array(
        [
            [-math.sin(lo), math.cos(lo), 0.0],
            [-math.sin(la) * math.cos(lo), -math.sin(la) * math.sin(lo), math.cos(la)],
            [math.cos(la) * math.cos(lo), math.cos(la) * math.sin(lo), math.sin(la)],
        ]
    )
    return away @ axes.T


def _ecef(lat: Floats, lon: Floats, alt_m: Floats) -> Floats:
    la, lo = np.radians(lat), np.radians(lon)
    n = A_M / np.sqrt(1 - E2 * np.sin(la) ** 2)
    flat = (n + alt_m) * np.cos(la)
    return np.column_stack(
        (flat * np.cos(lo), flat * np.sin(lo), (n * (1 - E2) + alt_m) * np.sin(la))
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Score the tracks of any tracker.")
    parser.add_argument("--truth", type=Path, required=True)
    parser.add_argument("--tracks", type=Path, required=True)
    parser.add_argument("--det", type=Path, help="default: detections.parquet beside the truth")
    parser.add_argument("--dettruth", type=Path, help="default: det_truth.parquet beside it")
    parser.add_argument("--cutoff", type=float, default=50.0, metavar="M")
    parser.add_argument("--mode", default="valid", choices=["valid", "live"])
    parser.add_argument("--step", type=float, default=1.0, metavar="S")
    parser.add_argument("--gap", type=float, default=4.0, metavar="S")
    parser.add_argument("--hold", type=float, default=3.0, metavar="S")
    parser.add_argument("--dont-care", default="", metavar="CLS,CLS")
    parser.add_argument("--origin", metavar="LAT,LON,ALT", help="default: of scenario.json")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--dims", type=int, default=3, choices=[2, 3])
    return parser.parse_args()


def _placed(tracks: Columns, origin: str | None, folder: Path) -> Columns:
    if "x" in tracks:
        return tracks
    if origin is None:
        lat, lon, alt_m = json.loads((folder / "scenario.json").read_text())["origin"]
    else:
        lat, lon, alt_m = map(float, origin.split(","))
    at_m = to_enu(tracks["lat"], tracks["lon"], tracks["alt"], (lat, lon, alt_m))
    return tracks | {axis: at_m[:, i] for i, axis in enumerate("xyz")}


def _read_beside(path: Path | None, beside: Path) -> Columns | None:
    if path is not None:
        return read(path)
    return read(beside) if beside.exists() else None


def main() -> None:
    args = _options()
    folder: Path = args.truth.parent
    rules = Rules(
        mode=args.mode,
        cutoff_m=args.cutoff,
        step_s=args.step,
        gap_s=args.gap,
        hold_s=args.hold,
        dont_care=tuple(cls for cls in args.dont_care.split(",") if cls),
        dims=args.dims,
    )
    result = score(
        read(args.truth),
        _placed(read(args.tracks), args.origin, folder),
        rules,
        detections=_read_beside(args.det, folder / "detections.parquet"),
        det_truth=_read_beside(args.dettruth, folder / "det_truth.parquet"),
    )
    flat = {n: round(v, 4) if isinstance(v, float) else v for n, v in published(result).items()}
    text = json.dumps(flat, indent=1)
    print(text)
    if args.json is not None:
        args.json.write_text(text)


if __name__ == "__main__":
    main()
