"""Checked columns of detections -> Observations and Sightings in order of arrival.

Rows are packed by the column; a scan is a slice of the packed bytes. Rows one after another of
the same sensor, scan and time of arrival are one scan; a person's report and a row that has a
name but no scan number (Remote ID, ADS-B) are alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from vigia.events import Observation, Sighting
from vigia.run.track_table import HUMAN, NO_SCAN, Table
from vigia.scan import DTYPES, ROWS_MAX, Flag, IdKind, Layout, Scan, pack
from vigia.terms import Bearing, Position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vigia.geo import Site

# What a sensor's word about the class is worth: its belief that the thing is a drone
P_DRONE = {"drone": 0.8, "bird": 0.25, "aircraft": 0.05}
HEARD = "acoustic"  # the kind whose angles point where the sound was made
ID_KINDS = {"rid": IdKind.SERIAL, "adsb": IdKind.ICAO}  # other names are the sensor's own
PERSON_SIGMA_DEG = 15.0  # of a person who states none
BEARING_SIGMA_MAX_DEG = 180.0
LAYOUTS = (Layout.POLAR_1, Layout.PLACE_1)
PERSON = 2  # not a layout: the row is somebody's report

# t_recv_ns, what came, and for a Sighting where the person stands
Input: TypeAlias = tuple[int, Observation | Sighting, Position | None]


def events_of(
    table: Table, site: Site, places: dict[str, Position | None], t0_ns: int
) -> list[Input]:
    """t0_ns: what 0 s of the file's clock is. places: where each sensor and person stands."""
    human = table.word["kind"].each(lambda k: k == HUMAN)
    shape = np.where(human, PERSON, table.stated)  # index in LAYOUTS, or PERSON
    t_obs = _ns(table.number["t"], t0_ns)
    packed = (
        packed_rows(Layout.POLAR_1, _polar(table, shape == 0, t_obs)),
        packed_rows(Layout.PLACE_1, _stated(table, shape == 1, t_obs, site)),
    )
    sizes = [DTYPES[layout].itemsize for layout in LAYOUTS]
    place = np.where(shape == 1, np.cumsum(shape == 1), np.cumsum(shape == 0)) - 1
    people = _people(table, np.flatnonzero(human), t_obs, places)
    first = _first_of_each(table, shape)
    sensor = table.word["sensor_id"]
    out: list[Input] = []
    for which, recv, code, at, n in zip(
        _ints(shape[first]),
        _ints(_ns(table.number["t_arr"][first], t0_ns)),
        _ints(sensor.code[first]),
        _ints(place[first]),
        _ints(np.diff(first, append=table.n)),
        strict=True,
    ):
        if which == PERSON:
            out.append((recv, *next(people)))
            continue
        data = packed[which][at * sizes[which] : (at + n) * sizes[which]]
        scan = Scan(LAYOUTS[which], data)
        out.append((recv, Observation(sensor_id=sensor.words[code], scan=scan), None))
    return out


def _ints(column: NDArray[Any]) -> list[int]:
    return column.tolist()


def _ns(t_s: NDArray[np.float64], t0_ns: int) -> NDArray[np.int64]:
    return np.rint(t_s * 1e9).astype(np.int64) + t0_ns


def _first_of_each(table: Table, shape: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows that begin an event."""
    scan = np.nan_to_num(table.number["scan"], nan=NO_SCAN)
    named = table.word["uid"].each(lambda w: w != "")
    alone = (shape == PERSON) | ((scan == NO_SCAN) & named)
    begins = alone.copy()
    begins[0] = True
    begins[1:] |= alone[:-1]
    for column in (table.word["sensor_id"].code, scan, table.number["t_arr"], shape):
        begins[1:] |= column[1:] != column[:-1]
    first = np.flatnonzero(begins)
    # a scan has at most ROWS_MAX rows: a longer run is cut
    long = np.flatnonzero(np.diff(first, append=table.n) > ROWS_MAX)
    ends = np.append(first, table.n)
    cuts: list[NDArray[np.int64]] = [
        np.arange(ends[i] + ROWS_MAX, ends[i + 1], ROWS_MAX) for i in _ints(long)
    ]
    return np.sort(np.concatenate((first, *cuts)))


def packed_rows(layout: Layout, columns: dict[str, NDArray[Any]]) -> bytes:
    """All rows of a layout one after another, more than one scan may hold."""
    n = len(columns["t_obs_ns"])
    return b"".join(
        pack(layout, {name: v[i : i + ROWS_MAX] for name, v in columns.items()}).data
        for i in range(0, n, ROWS_MAX)
    )


def _polar(
    table: Table, rows: NDArray[np.bool_], t_obs: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    of = {name: v[rows] for name, v in table.number.items()}
    heard = table.word["kind"].each(lambda k: int(Flag.HEARD if k == HEARD else Flag.NONE))
    return {
        "t_obs_ns": t_obs[rows],
        "azimuth_deg_true": of["az"] % 360.0,
        "azimuth_sigma_deg": of["s_az"],
        "elevation_deg": of["el"],
        "elevation_sigma_deg": of["s_el"],
        "range_m": of["rng"],
        "range_sigma_m": of["s_rng"],
        "range_rate_mps": of["rr"],
        "range_rate_sigma_mps": of["s_rr"],
        "p_drone": _hint(table)[rows],
        "flags": heard[rows],
    }


def _stated(
    table: Table, rows: NDArray[np.bool_], t_obs: NDArray[np.int64], site: Site
) -> dict[str, NDArray[Any]]:
    of = {name: v[rows] for name, v in table.number.items()}
    # an unknown height needs some height to turn into a latitude; which one moves it by nothing
    at = site.columns_to_latlon(np.column_stack((of["x"], of["y"], np.nan_to_num(of["z"]))))
    uid = table.word["uid"]
    identity = np.array([w.encode() for w in uid.words] or [b""])[uid.code]
    id_kind = table.word["kind"].each(lambda k: int(ID_KINDS.get(k, IdKind.NODE)))
    return {
        "t_obs_ns": t_obs[rows],
        "lat_deg": at[:, 0],
        "lon_deg": at[:, 1],
        "alt_hae_m": np.where(np.isnan(of["z"]), math.nan, at[:, 2]),
        "sigma_m": of["s_xy"],
        "alt_sigma_m": of["s_z"],
        "speed_mps": np.hypot(of["vx"], of["vy"]),
        "course_deg_true": np.degrees(np.arctan2(of["vx"], of["vy"])) % 360.0,
        "climb_mps": of["vz"],
        "id_kind": np.where(identity == b"", int(IdKind.NONE), id_kind)[rows],
        "identity": identity[rows],
        "p_drone": _hint(table)[rows],
    }


def _hint(table: Table) -> NDArray[np.float64]:
    return table.word["cls_hint"].each(lambda w: P_DRONE.get(w, math.nan))


def _people(
    table: Table,
    rows: NDArray[np.int64],
    t_obs: NDArray[np.int64],
    places: dict[str, Position | None],
) -> Iterator[tuple[Sighting, Position | None]]:
    person = table.word["sensor_id"]
    angles = np.stack([table.number[c][rows] for c in ("az", "s_az", "el", "s_el")], axis=1)
    bearings: list[tuple[float, float, float, float]] = angles.tolist()
    for row, t, code, bearing in zip(
        _ints(table.row[rows]),
        _ints(t_obs[rows]),
        _ints(person.code[rows]),
        bearings,
        strict=True,
    ):
        who = person.words[code]
        sighting = Sighting(
            report_id=f"d{row}", person_id=who, t_obs_ns=t, bearing=_bearing(*bearing)
        )
        yield sighting, places[who]


def _bearing(az: float, s_az: float, el: float, s_el: float) -> Bearing | None:
    if math.isnan(az):
        return None
    turned = az % 360.0
    return Bearing(
        turned if turned < 360.0 else 0.0,  # -1e-16 % 360 rounds to 360
        PERSON_SIGMA_DEG if math.isnan(s_az) else min(s_az, BEARING_SIGMA_MAX_DEG),
        None if math.isnan(el) else el,
        None if math.isnan(s_el) else s_el,
    )
