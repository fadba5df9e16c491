"""`vigia track`: scenes of others -> events as they were written down -> tracks, causally."""

from __future__ import annotations

import csv
import itertools
import json
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from corpus import corpus
from vigia.cli import app
from vigia.events import Observation, Sighting
from vigia.geo import Site
from vigia.run import track_files
from vigia.run.settings import SettingsError
from vigia.run.track_courageous import scene_of
from vigia.run.track_emit import Emitted, class_word, emit
from vigia.run.track_files import emissions, read_scene, run_track
from vigia.run.track_out import COLUMNS, open_out
from vigia.run.track_scene import T0_NS
from vigia.run.track_table import NUMBERS, WORDS
from vigia.scan import Flag, IdKind, Layout
from vigia.terms import Bearing, TrackStatus
from vigia.track.tracker import Tracker
from vigia.tracktable import STATE_DTYPE, Fix
from vigia.wire.courageous import (
    Arc,
    BearingElevationDistance,
    Classification,
    DetectionRecord,
    DetectionSet,
    Location,
    Log,
    Place,
    Position3d,
    Quad,
    Quarter,
    TrackSet,
    Velocity,
    decode,
    encode,
)
from vigia.wire.courageous import Bearing as LogBearing

Row = dict[str, Any]
ORIGIN = (31.79, -106.75, 1200.0)
SITE = Site(lat_deg=ORIGIN[0], lon_deg=ORIGIN[1], alt_hae_m=ORIGIN[2])
S = 1_000_000_000
SENSORS: list[Row] = [
    {"sensor_id": "r0", "kind": "radar", "x": 0, "y": 0, "z": 5, "period": 1, "pd": 0.9,
     "lam": 0.01, "max_range": 3000},
    {"sensor_id": "c0", "kind": "eo", "x": 300, "y": -200, "z": 8},
    {"sensor_id": "a0", "kind": "acoustic", "x": 10, "y": 20, "z": 2},
    {"sensor_id": "p1", "kind": "human", "x": -150, "y": 400, "z": 1.5},
    {"sensor_id": "id0", "kind": "rid"},
    {"sensor_id": "ad0", "kind": "adsb"},
]  # fmt: skip
PLOT: Row = {
    "t": 1.0, "t_arr": 1.25, "sensor_id": "r0", "kind": "radar", "scan": 1, "az": 30.0, "el": 4.0,
    "rng": 800.0, "rr": -7.5, "s_az": 0.7, "s_el": 1.0, "s_rng": 5.0, "s_rr": 0.5,
    "cls_hint": "drone",
}  # fmt: skip
SAID: Row = {
    "t": 1.5, "t_arr": 2.0, "sensor_id": "id0", "kind": "rid", "scan": -1, "x": 100.0,
    "y": 200.0, "z": 50.0, "vx": 3.0, "vy": 4.0, "vz": -1.0, "s_xy": 4.0, "s_z": 8.0,
    "uid": "RID1", "cls_hint": "drone",
}  # fmt: skip
SEEN: Row = {
    "t": 2.5, "t_arr": 6.0, "sensor_id": "p1", "kind": "human", "scan": -1, "az": -10.0,
    "el": 20.0, "s_az": 12.0, "s_el": 15.0,
}  # fmt: skip


def put(folder: Path, rows: list[Row], sensors: list[Row] = SENSORS, ending: str = "csv") -> Path:
    """A scene on disk."""
    folder.mkdir(exist_ok=True)
    (folder / "scenario.json").write_text(json.dumps({"name": "test", "origin": ORIGIN}))
    names = sorted({name for row in sensors for name in row})
    with (folder / "sensors.csv").open("w", newline="") as file:
        out = csv.DictWriter(file, names)
        out.writeheader()
        out.writerows(sensors)
    path = folder / f"detections.{ending}"
    columns = list({name: None for row in rows for name in row})
    table = pa.table({name: [row.get(name) for row in rows] for name in columns})
    if ending == "csv":
        pa_csv.write_csv(table, path)
    else:
        pq.write_table(table, path)
    return path


def flight(seconds: int = 12) -> list[Row]:
    """A drone that crosses at 10 m/s, seen by everybody; a false plot in every scan."""
    rng = np.random.default_rng(5)
    rows: list[Row] = []
    for k in range(seconds):
        x, y, z = -300.0 + 10.0 * k, 400.0, 60.0
        az, range_m = math.degrees(math.atan2(x, y)), math.dist((x, y, z), (0, 0, 5))
        el = math.degrees(math.asin((z - 5) / range_m))
        late = k + float(rng.uniform(0.15, 0.4))
        plot = {**PLOT, "t": k, "t_arr": late, "scan": k, "rr": 10.0 * x / range_m}
        rows.append({**plot, "az": az + rng.normal(0, 0.5), "el": el, "rng": range_m})
        rows.append({**plot, "az": rng.uniform(0, 360), "rng": rng.uniform(500, 2500), "rr": 3.0})
        rows.append({**SAID, "t": k + 0.2, "t_arr": k + 0.9, "x": x + 2, "y": y, "z": z, "vx": 10.0,
                     "vy": 0.0, "vz": 0.0})  # fmt: skip
        if k % 4 == 3:
            # late by seconds, as people are
            rows.append({**SEEN, "t": k - 3.0, "t_arr": k + 0.95, "az": 270.0})
    return rows


def told(path: Path) -> list[Row]:
    with path.open() as file:
        assert file.readline() == ",".join(COLUMNS) + "\n"
        file.seek(0)
        return list(csv.DictReader(file))


# ---- reading -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_rows_become_the_events_they_tell_of(tmp_path: Path, ending: str) -> None:
    rows = [PLOT, {**PLOT, "az": 359.0, "rr": None, "cls_hint": "bird"}, SAID, SEEN]
    scene = read_scene(put(tmp_path, rows, ending=ending))
    assert scene.rows == 4
    assert [t for t, _, _ in scene.events] == [
        T0_NS + ms * 1_000_000 for ms in (1_250, 2_000, 6_000)
    ]
    plots, said, seen = (body for _, body, _ in scene.events)
    assert isinstance(plots, Observation)
    assert plots.scan.layout is Layout.POLAR_1
    found = plots.scan.rows()
    assert found["azimuth_deg_true"].tolist() == [30.0, 359.0]
    assert found["t_obs_ns"].tolist() == [T0_NS + S] * 2
    assert found["range_rate_mps"][0] == -7.5
    assert math.isnan(found["range_rate_mps"][1])
    assert found["p_drone"] == pytest.approx([0.8, 0.25])
    assert isinstance(said, Observation)
    (place,) = said.scan.rows()
    at = {name: float(place[name]) for name in ("lat_deg", "lon_deg", "alt_hae_m")}
    back = SITE.to_enu(**at)
    assert back == pytest.approx((100.0, 200.0, 50.0), abs=1e-3)
    assert (place["identity"], place["id_kind"]) == (b"RID1", IdKind.SERIAL)
    assert (place["speed_mps"], place["climb_mps"]) == (5.0, -1.0)
    assert place["course_deg_true"] == pytest.approx(36.87, abs=0.01)
    assert isinstance(seen, Sighting)
    assert (seen.person_id, seen.t_obs_ns) == ("p1", T0_NS + 2_500_000_000)
    assert seen.bearing == Bearing(350.0, 12.0, 20.0, 15.0)
    stand = scene.events[2][2]
    assert stand is not None
    east, north, up = SITE.to_enu(
        lat_deg=stand.lat_deg, lon_deg=stand.lon_deg, alt_hae_m=stand.alt_hae_m or 0.0
    )
    assert (east, north, up) == pytest.approx((-150.0, 400.0, 1.5), abs=1e-6)


def test_sensors_are_as_they_declare_themselves(tmp_path: Path) -> None:
    by_name = {s.sensor_id: s for s in read_scene(put(tmp_path, [PLOT])).settings.sensors}
    radar = by_name["r0"]
    assert (radar.p_detect, radar.false_per_hour, radar.range_max_m) == (0.9, 36.0, 3000.0)
    assert by_name["id0"].position is None
    there = SITE.to_latlon(e_m=300.0, n_m=-200.0, u_m=8.0)
    placed = [{**s, "x": None, "y": None, "z": None, "lat": there.lat_deg, "lon": there.lon_deg,
               "alt": there.alt_hae_m} for s in SENSORS]  # fmt: skip
    again = {s.sensor_id: s for s in read_scene(put(tmp_path, [PLOT], placed)).settings.sensors}
    assert again["c0"].position == by_name["c0"].position


def test_a_scan_is_a_run_of_one_sensor_scan_and_arrival(tmp_path: Path) -> None:
    later = {**PLOT, "t_arr": 1.5}
    rows = [
        PLOT, PLOT, {**PLOT, "scan": 2}, {**PLOT, "scan": 2, "t_arr": 1.3},
        {**PLOT, "sensor_id": "c0", "t_arr": 1.3}, PLOT, later, later,
        {**SAID, "sensor_id": "ad0", "kind": "adsb"}, SAID, {**SAID, "uid": None},
        {**SAID, "uid": None}, SEEN, SEEN,
    ]  # fmt: skip
    events = read_scene(put(tmp_path, rows)).events
    sizes = [len(b.scan) if isinstance(b, Observation) else 0 for _, b, _ in events]
    # PLOT in the middle arrived earlier than the rows before it: it is with the first ones
    assert sizes == [2, 1, 1, 1, 1, 2, 1, 1, 2, 0, 0]
    ids = [b.report_id for _, b, _ in events if isinstance(b, Sighting)]
    assert len(set(ids)) == 2
    kinds = [b.scan.rows()["id_kind"][0] for _, b, _ in events[6:9] if isinstance(b, Observation)]
    assert kinds == [IdKind.ICAO, IdKind.SERIAL, IdKind.NONE]


def test_a_run_longer_than_a_scan_may_be_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigia.run.track_events.ROWS_MAX", 3)
    rows = [{**PLOT, "rng": 100.0 + i} for i in range(7)]
    events = read_scene(put(tmp_path, [*rows, SAID])).events
    ranges = [b.scan.rows()["range_m"].tolist() for _, b, _ in events[:3]
              if isinstance(b, Observation)]  # fmt: skip
    assert ranges == [[100.0, 101.0, 102.0], [103.0, 104.0, 105.0], [106.0]]


def test_events_are_in_order_of_arrival_and_else_of_the_file(tmp_path: Path) -> None:
    rows = [SAID, {**PLOT, "t_arr": 2.0}, {**PLOT, "t_arr": 0.5}, {**SEEN, "t_arr": 2.0}]
    events = read_scene(put(tmp_path, rows)).events
    assert [getattr(b, "sensor_id", "p1") for _, b, _ in events] == ["r0", "id0", "r0", "p1"]


def test_only_needed_columns_are_needed(tmp_path: Path) -> None:
    row = {"t": 1, "t_arr": 1, "sensor_id": "a0", "kind": "acoustic", "scan": None, "az": 5}
    spoken = {**row, "sensor_id": "p1", "kind": "human", "az": None}
    for ending in ("csv", "parquet"):
        (_, heard, _), (_, seen, _) = read_scene(put(tmp_path, [row, spoken], ending=ending)).events
        assert isinstance(heard, Observation)
        (found,) = heard.scan.rows()
        assert found["flags"] == Flag.HEARD
        assert math.isnan(found["azimuth_sigma_deg"])
        assert isinstance(seen, Sighting)
        assert seen.bearing is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{**PLOT, "az": None}], "row 1 (the first is 1): az: got nan, need degrees"),
        ([PLOT, {**PLOT, "s_az": 0.0}], "row 2 (the first is 1): s_az: got 0.0, need 1-sigma"),
        ([{**PLOT, "rng": -3.0}], "rng: got -3.0, need metres"),
        ([{**PLOT, "el": 181.0}], "el: got 181.0, need degrees above the horizon"),
        ([{**PLOT, "t": None}], "t: got nan, need seconds"),
        ([{**PLOT, "t_arr": -1.0}], "t_arr: got -1.0, need seconds, 0 or more"),
        ([{**PLOT, "rr": math.inf}], "rr: got inf, need a finite number"),
        ([{**SAID, "x": None}], "x: got nan, need metres from the origin"),
        ([{**SAID, "uid": "x" * 25}], "need at most 24 bytes"),
        ([{**PLOT, "kind": None}], "kind: got '', need a word"),
        ([{**PLOT, "sensor_id": "r9"}], "got 'r9', need a sensor of sensors.csv, which has r0, c0"),
        ([{**PLOT, "sensor_id": "id0"}], "need a sensor with a place in sensors.csv"),
        ([{"t": 1, "az": 2}], "also need t_arr, sensor_id, kind, scan"),
    ],
)
def test_a_wrong_row_is_the_operators_error(tmp_path: Path, rows: list[Row], said: str) -> None:
    for ending in ("csv", "parquet"):
        with pytest.raises(SettingsError) as e:
            read_scene(put(tmp_path, rows, ending=ending))
        assert said in str(e.value)


def test_a_wrong_type_is_the_operators_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"Row #3: .*'noon'"):
        read_scene(put(tmp_path, [{**PLOT, "t": "1"}, {**PLOT, "t": "noon"}]))
    with pytest.raises(SettingsError, match=r"t: got string .*need numbers"):
        read_scene(put(tmp_path, [{**PLOT, "t": "noon"}], ending="parquet"))
    with pytest.raises(SettingsError, match=r"kind: got list.*need words"):
        read_scene(put(tmp_path, [{**PLOT, "kind": [1]}], ending="parquet"))


@pytest.mark.parametrize("name", ["detections.parquet", "detections.csv", "log.json"])
def test_a_file_that_is_none_is_the_operators_error(tmp_path: Path, name: str) -> None:
    put(tmp_path, [PLOT])
    (tmp_path / name).unlink(missing_ok=True)
    for absent in (tmp_path / name, tmp_path):
        with pytest.raises(SettingsError, match="got no file, need detections"):
            read_scene(absent)
    for junk in (b"", b"PAR1 \xff\xfe junk", b"{}", b"t,\xff\n1,2\n"):
        (tmp_path / name).write_bytes(junk)
        with pytest.raises(SettingsError, match="need"):
            read_scene(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("scenario.json", None, "need a JSON file beside the detections"),
        ("scenario.json", '{"origin": [91, 0, 0]}', "need latitude within"),
        ("scenario.json", '{"origin": [1, 2]}', "need a JSON file beside the detections"),
        ("sensors.csv", None, "need a CSV file beside the detections"),
        ("sensors.csv", "sensor_id,kind,x\nr0,radar,far\n", "x: got 'far', need a number"),
        ("sensors.csv", "sensor_id,x\nr0,1\n", "need a sensor_id and a kind"),
        ("sensors.csv", "sensor_id,kind,pd\nr0,radar,2\n", "pd: got 2.0, need more than 0"),
        ("sensors.csv", "sensor_id,kind\nr0,a\nr0,a\n", "got r0 again, need each sensor once"),
        ("sensors.csv", "sensor_id,kind,lat,lon\nr0,radar,99,0\n", "need latitude within"),
        ("sensors.csv", "sensor_id,kind,max_range\nr0,radar,-1\n", "max_range: got -1.0"),
        ("sensors.csv", "sensor_id,kind,lam,period\nr0,radar,-1,1\n", "got lam -1.0"),
    ],
)
def test_wrong_companions_are_the_operators_error(
    tmp_path: Path, name: str, text: str | None, said: str
) -> None:
    path = put(tmp_path, [PLOT])
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(text)
    with pytest.raises(SettingsError) as e:
        read_scene(path)
    assert said in str(e.value)


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["s10", "noradar5"])
def test_a_recorded_scene_is_read_as_row_by_row(name: str) -> None:
    path = corpus(f"tracking/{name}/detections.parquet")
    scene = read_scene(path)
    rows: list[Row] = pq.read_table(path).to_pylist()
    groups = [
        list(rows_of)
        for key, rows_of in itertools.groupby(
            rows, lambda r: (r["sensor_id"], r["scan"], r["t_arr"], r["uid"])
        )
    ]
    assert scene.rows == len(rows)
    assert len(scene.events) == len(groups)
    for (t_ns, body, place), group in zip(scene.events, groups, strict=True):
        first = group[0]
        assert t_ns == T0_NS + round(first["t_arr"] * 1e9)
        if isinstance(body, Sighting):
            assert (body.person_id, first["kind"]) == (first["sensor_id"], "human")
            assert body.bearing is not None
            assert body.bearing.azimuth_deg_true == pytest.approx(first["az"], abs=1e-9)
            assert place is not None
            continue
        assert isinstance(body, Observation)
        found = body.scan.rows()
        assert body.sensor_id == first["sensor_id"]
        assert found["t_obs_ns"].tolist() == [T0_NS + round(r["t"] * 1e9) for r in group]
        if body.scan.layout is Layout.PLACE_1:
            assert found["identity"].tolist() == [r["uid"].encode() for r in group]
        else:
            assert found["azimuth_deg_true"] == pytest.approx([r["az"] for r in group], abs=1e-4)
            want = [math.nan if r["rng"] is None else r["rng"] for r in group]
            assert found["range_m"] == pytest.approx(want, abs=1e-3, nan_ok=True)


# ---- a COURAGEOUS log --------------------------------------------------------------------------

HERE = Place(lat_deg=ORIGIN[0], lon_deg=ORIGIN[1], height_amsl_m=1230.0)
UAV = DetectionRecord(time_ms=1_000, record_number=0, classification=Classification.UAV)


def log(*records: DetectionRecord, uas_id: int | None = None) -> Log:
    return Log(
        version="0.4.1",
        vendor_name="v",
        system_name="s",
        static_cuas_location=HERE,
        detection=(DetectionSet(records=records, uas_id=uas_id),),
        tracks=(TrackSet(uas_id=1, records=()),),
    )


def observed(scene: track_files.Scene) -> list[Observation]:
    return [body for _, body, _ in scene.events if isinstance(body, Observation)]


def test_every_location_of_a_log_becomes_a_row() -> None:
    at = Position3d(lat_deg=31.8, lon_deg=-106.7, height_amsl_m=1300.0)
    records = [
        replace(UAV, location=at, velocity=Velocity(east_mps=-3.0, north_mps=0.0, up_mps=1.0)),
        replace(UAV, time_ms=2_000, location=Arc(from_deg_true=350.0, to_deg_true=30.0)),
        replace(UAV, time_ms=3_000, location=Quad(quarter=Quarter.WEST)),
        replace(UAV, time_ms=4_000, location=LogBearing(bearing_deg_true=-10.0)),
        replace(
            UAV,
            time_ms=5_000,
            location=BearingElevationDistance(
                bearing_deg_true=45.0, elevation_deg=5.0, distance_m=900.0
            ),
        ),
    ]
    scene = scene_of(log(*records, uas_id=12))
    assert [t for t, _, _ in scene.events] == [n * S for n in (1, 2, 3, 4, 5)]
    assert scene.settings.origin.alt_hae_m == 1230.0
    place, arc, quad, bearing, full = (o.scan.rows()[0] for o in observed(scene))
    assert (place["lat_deg"], place["alt_hae_m"]) == (31.8, 1300.0)
    assert (place["identity"], place["id_kind"]) == (b"uas-12", IdKind.NODE)
    assert (place["course_deg_true"], place["speed_mps"], place["climb_mps"]) == (270.0, 3.0, 1.0)
    assert arc["azimuth_deg_true"] == 10.0
    assert arc["azimuth_sigma_deg"] == pytest.approx(40 / math.sqrt(12))
    assert quad["azimuth_deg_true"] == 270.0
    assert bearing["azimuth_deg_true"] == 350.0
    assert math.isnan(bearing["range_m"])
    assert (full["range_m"], full["elevation_deg"], full["range_sigma_m"]) == (900.0, 5.0, 18.0)
    kinds = [o.sensor_id for o in observed(scene)]
    assert kinds == ["place0", "bearing0", "bearing0", "bearing0", "range0"]


def test_records_of_one_time_are_one_scan_and_a_moved_system_is_another_sensor() -> None:
    here = replace(UAV, location=LogBearing(bearing_deg_true=1.0))
    moved = replace(here, cuas_location=replace(HERE, lat_deg=31.8))
    later = replace(moved, time_ms=2_000, cuas_location=replace(HERE, lat_deg=31.80001))
    scene = scene_of(log(later, here, moved, replace(here, record_number=3)))
    assert [(t // S, o.sensor_id, len(o.scan)) for (t, _, _), o in zip(
        scene.events, observed(scene), strict=True)] == [
        (1, "bearing0", 2), (1, "bearing1", 1), (2, "bearing1", 1)]  # fmt: skip
    assert {s.link for s in scene.settings.sensors} == {"courageous"}


def test_control_stations_and_the_placeless_are_left_out_and_counted() -> None:
    at = Position3d(lat_deg=31.8, lon_deg=-106.7, height_amsl_m=1300.0)
    station = replace(UAV, classification=Classification.GCS, location=at)
    scene = scene_of(log(station, replace(UAV, location=at), UAV))
    assert scene.rows == 1
    assert scene.left_out == {
        "records of control stations": 1, "records without a location": 1,
    }  # fmt: skip
    with pytest.raises(SettingsError, match=r"1 records of control.*1 tracks, which are not read"):
        scene_of(log(station))


def test_a_log_is_tracked_from_end_to_end(tmp_path: Path) -> None:
    records: list[DetectionRecord] = []
    for k in range(15):
        e, n, u = -300.0 + 10.0 * k, 400.0, 60.0
        distance = math.dist((e, n, u), (0, 0, 0))
        location = BearingElevationDistance(
            bearing_deg_true=math.degrees(math.atan2(e, n)),
            elevation_deg=math.degrees(math.asin(u / distance)),
            distance_m=distance,
        )
        records.append(
            replace(UAV, time_ms=1_700_000_000_000 + 1_000 * k, record_number=k, location=location)
        )
    (tmp_path / "in.json").write_bytes(encode(log(*records)))
    assert run_track(tmp_path / "in.json", tmp_path / "out.csv") == 0
    last = told(tmp_path / "out.csv")[-1]
    assert last["t"] == last["t_emit"] == "1700000014"
    assert (float(last["x"]), float(last["y"])) == pytest.approx((-160.0, 400.0), abs=40.0)
    assert run_track(tmp_path / "in.json", tmp_path / "out.json") == 0
    found = decode((tmp_path / "out.json").read_bytes())
    assert found.static_cuas_location == HERE
    assert [t.uas_id for t in found.tracks] == [1]
    record = found.tracks[0].records[-1]
    assert record.time_ms == 1_700_000_014_000
    assert isinstance(record.location, Position3d)
    site = Site(lat_deg=HERE.lat_deg, lon_deg=HERE.lon_deg, alt_hae_m=HERE.height_amsl_m)
    east, north, _ = site.to_enu(
        lat_deg=record.location.lat_deg,
        lon_deg=record.location.lon_deg,
        alt_hae_m=record.location.height_amsl_m,
    )
    assert (east, north) == pytest.approx((float(last["x"]), float(last["y"])), abs=0.01)


# ---- tracks out --------------------------------------------------------------------------------


def test_a_crossing_drone_is_one_confirmed_track(tmp_path: Path) -> None:
    run_track(put(tmp_path, flight()), tmp_path / "out.csv")
    rows = told(tmp_path / "out.csv")
    sure = [r for r in rows if r["status"] == "confirmed"]
    assert {r["status"] for r in rows} <= {"confirmed", "tentative"}
    assert {r["cls"] for r in sure} == {"drone"}
    last = sure[-1]
    truth = (-300.0 + 10.0 * float(last["t"]), 400.0, 60.0)
    assert math.dist([float(last[c]) for c in ("x", "y", "z")], truth) < 40.0
    assert float(last["vx"]) == pytest.approx(10.0, abs=4.0)
    for row in rows:
        assert row["t"] == row["t_emit"]
        for column in ("t", "x", "y", "z", "vx", "vy", "vz"):
            assert len(row[column].partition(".")[2]) <= 3


def test_rows_are_told_every_fifth_of_a_second_and_at_the_end(tmp_path: Path) -> None:
    run_track(put(tmp_path, flight()), tmp_path / "out.csv")
    times = sorted({float(r["t"]) for r in told(tmp_path / "out.csv")})
    assert times[-1] == 11.95  # the last report arrived
    assert all(round(t * 5, 6) == round(t * 5) for t in times[:-1])
    steps = {round(b - a, 3) for a, b in itertools.pairwise(times[:-1])}
    assert steps == {0.2}


CUTS_S = (1.3, 4.0, 4.92, 9.95)


def before(path: Path, t_s: float) -> list[str]:
    """The rows told before a moment."""
    lines = path.read_text().splitlines()[1:]
    return [line for line in lines if float(line.split(",")[1]) < t_s]


@pytest.mark.parametrize("cut_s", CUTS_S)
def test_rows_told_stay_when_the_input_is_cut(tmp_path: Path, cut_s: float) -> None:
    rows = flight()
    early = [r for r in rows if r["t_arr"] <= cut_s]
    last_s = round(max(r["t_arr"] for r in early), 3)
    run_track(put(tmp_path / "all", rows), tmp_path / "all.csv")
    run_track(put(tmp_path / "cut", early), tmp_path / "cut.csv")
    assert before(tmp_path / "all.csv", last_s) == before(tmp_path / "cut.csv", last_s)
    assert cut_s < 2.0 or before(tmp_path / "cut.csv", last_s)


@pytest.mark.parametrize("cut_s", CUTS_S)
def test_nothing_told_depends_on_what_arrives_later(tmp_path: Path, cut_s: float) -> None:
    rows = flight()
    other = [
        r if r["t_arr"] <= cut_s else {**r, "az": 200.0, "x": -900.0, "t_arr": r["t_arr"] + 0.7}
        for r in rows
    ]
    run_track(put(tmp_path / "one", rows), tmp_path / "one.csv")
    run_track(put(tmp_path / "other", other), tmp_path / "other.csv")
    until_s = math.nextafter(cut_s, math.inf)
    assert before(tmp_path / "one.csv", until_s) == before(tmp_path / "other.csv", until_s)
    assert (tmp_path / "one.csv").read_text() != (tmp_path / "other.csv").read_text()


def test_a_day_of_silence_takes_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = flight(6)
    again = [{**r, "t": r["t"] + 90_000.0, "t_arr": r["t_arr"] + 90_000.0} for r in rows]
    calls = Counter[str]()

    def counted(tracker: Tracker, t_ns: int, before: Emitted | None = None) -> Emitted:
        calls["emit"] += 1
        return emit(tracker, t_ns, before)

    monkeypatch.setattr(track_files, "emit", counted)
    scene = read_scene(put(tmp_path, rows + again))
    told_s = [(e.t_ns - T0_NS) / 1e9 for _, e in emissions(scene, Counter()) if e.track_id]
    assert told_s[-1] == pytest.approx(90_005.9)
    assert min(t for t in told_s if t > 50_000) < 90_003.0
    assert calls["emit"] < 2_000


def emitted(t_ms: int, *names: str, status: str = "confirmed") -> Emitted:
    n = len(names)
    x = np.tile([1.0, -0.0004, 2.00049, -3.0, 0.5, 0.0], (n, 1))
    return Emitted(T0_NS + t_ms * 1_000_000, list(names), x, ["drone"] * n, [status] * n, [0.9] * n)


def test_a_csv_row_is_rounded_to_millimetres(tmp_path: Path) -> None:
    out = open_out(tmp_path / "o.csv", SITE, T0_NS)
    out.add(emitted(0))
    out.add(emitted(200, "a", "b", status="tentative"))
    out.add(emitted(1_700_000_000_123, "a"))
    out.close()
    assert (tmp_path / "o.csv").read_text().splitlines() == [
        "t,t_emit,track_id,x,y,z,vx,vy,vz,cls,status",
        "0.2,0.2,a,1,0,2,-3,0.5,0,drone,tentative",
        "0.2,0.2,b,1,0,2,-3,0.5,0,drone,tentative",
        "1700000000.123,1700000000.123,a,1,0,2,-3,0.5,0,drone,confirmed",
    ]


def test_a_log_holds_what_is_confirmed_and_a_broken_track_keeps_its_number(tmp_path: Path) -> None:
    out = open_out(tmp_path / "o.json", SITE, T0_NS)
    for t_ms in (200, 400, 600):
        out.add(emitted(t_ms, "a", "b"))
    for t_ms in (800, 2_000):
        out.add(emitted(t_ms, "a", status="tentative"))
    for t_ms in (2_200, 2_400):
        out.add(emitted(t_ms, "a"))
    out.close()
    found = decode((tmp_path / "o.json").read_bytes())
    assert [(t.uas_id, t.name, len(t.records)) for t in found.tracks] == [
        (1, "a", 3), (2, "b", 3), (1, "a", 2)]  # fmt: skip
    records = [r for t in found.tracks for r in t.records]
    assert len({r.record_number for r in records}) == len(records)
    assert records[-1].time_ms == 2_400
    assert records[0].velocity == Velocity(east_mps=-3.0, north_mps=0.5, up_mps=0.0)
    assert records[0].alarm.active


def test_words_of_class_and_status_come_from_the_state() -> None:
    states = np.zeros(4, dtype=STATE_DTYPE)
    states["cls"] = [1, 2, 3, 0]
    states["p_exist"] = [0.9, 0.5, 0.9, 0.9]
    states["p_drone"] = 0.9
    states["status"] = TrackStatus.CONFIRMED
    states["status"][2] = TrackStatus.POSSIBLE
    states["fix"] = Fix.POSITION
    states["fix"][3] = Fix.SECTOR

    class Still(Tracker):
        def __init__(self) -> None:
            pass

        def states(self, t_ns: int) -> Any:
            return states

    words = ["drone", "bird", "aircraft", "unknown"]
    assert [class_word(row) for row in states] == words
    told_now = emit(Still(), 5)
    assert told_now.cls == words
    assert told_now.status == ["confirmed", "confirmed", "tentative", "confirmed"]
    # the second may be gone, the fourth is a sector: neither claims a position
    assert np.isfinite(told_now.x[:, 0]).tolist() == [True, False, True, False]


# ---- the command -------------------------------------------------------------------------------


def test_the_command_says_in_one_line_what_it_did(tmp_path: Path) -> None:
    path, out = put(tmp_path, flight(), ending="parquet"), tmp_path / "tracks.csv"
    result = CliRunner().invoke(app, ["track", str(path), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "39 rows, " in result.stderr
    assert "rows/s" in result.stderr
    assert told(out)


def test_the_command_tells_what_the_operator_can_mend(tmp_path: Path) -> None:
    path = put(tmp_path, [PLOT])
    for out, said in (
        (path, "is the input"),
        (tmp_path / "no" / "o.csv", "cannot be written"),
        (tmp_path / "o.kml", "need a name that ends in .csv or .json"),
    ):
        result = CliRunner().invoke(app, ["track", str(path), "--out", str(out)])
        assert result.exit_code == 2
        assert said in result.stderr


def test_late_rows_are_counted_for_the_operator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_track(
        put(tmp_path, [PLOT, {**PLOT, "t_arr": 100.0, "scan": 2, "az": 1}]), tmp_path / "o.csv"
    )
    assert "left out 1: r0: " in capsys.readouterr().err


def test_every_column_and_location_is_documented() -> None:
    text = (Path(__file__).resolve().parent.parent / "docs" / "track-files.md").read_text()
    kinds = [t.__name__ for t in get_args(Location)]
    for name in (*NUMBERS, *WORDS, *COLUMNS, *kinds):
        assert f"`{name}`" in text, name


def test_the_example_of_the_page_works(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parent.parent / "docs" / "track-files.md").read_text()
    example = text.partition("```sh\nmkdir scene\n")[2].partition("vigia track")[0]
    (tmp_path / "scene").mkdir()
    subprocess.run(["sh", "-c", example], cwd=tmp_path, check=True)
    assert run_track(tmp_path / "scene" / "detections.csv", tmp_path / "tracks.csv") == 0
    assert told(tmp_path / "tracks.csv")


def test_pyarrow_is_imported_only_when_a_file_is_read() -> None:
    code = "import sys, vigia.cli, vigia.run.track_files; assert 'pyarrow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
