"""Scans hold read-only columns; every body survives its encoding; nonsense is refused."""

from __future__ import annotations

import math
from typing import get_args

import msgspec
import numpy as np
import pytest

from vigia import events
from vigia.scan import DTYPES, Layout, Scan, optional, pack
from vigia.terms import Bearing, Grade, Mark, Position, Sense


def test_columns_are_read_only_views_and_unknown_is_nan() -> None:
    scan = pack(Layout.POLAR_1, {"t_obs_ns": [1, 2], "azimuth_deg_true": [3.0, 4.0]})
    rows = scan.rows()
    assert len(scan) == 2
    assert not rows.flags.writeable
    assert math.isnan(rows["range_m"][0])
    assert optional(rows["range_m"][0]) is None
    assert optional(rows["azimuth_deg_true"][1]) == 4.0
    with pytest.raises(ValueError, match="read-only"):
        rows["range_m"][0] = 1.0


def test_layouts_are_packed_little_endian() -> None:
    for dtype in DTYPES.values():
        assert dtype.isnative == (np.little_endian if hasattr(np, "little_endian") else True)
        assert dtype.itemsize == sum(dtype[n].itemsize for n in dtype.names or ())


def test_a_scan_of_the_wrong_size_is_refused_with_numbers() -> None:
    with pytest.raises(ValueError, match="got 5 bytes; need 1 to 65536 rows of 56 bytes"):
        Scan(Layout.POLAR_1, b"12345")
    with pytest.raises(ValueError, match="t_obs_ns is missing"):
        pack(Layout.PLACE_1, {"lat_deg": 1.0})
    with pytest.raises(ValueError, match="range_m"):
        pack(Layout.PLACE_1, {"t_obs_ns": 1, "range_m": 1.0})


def test_every_body_survives_its_journal_encoding() -> None:
    scan = pack(Layout.PLACE_1, {"t_obs_ns": 1, "lat_deg": 1.0, "lon_deg": 2.0, "identity": b"X"})
    bodies = [
        events.Observation(sensor_id="n", scan=scan),
        events.Sighting(
            report_id="r", t_obs_ns=5, bearing=Bearing(10.0, 5.0), sense=Sense.HEARD,
            position=Position(1.0, 2.0, None, 3.0),
        ),
        events.Fault(where="x", whose="peer", what="y", raw=b"\x00\xff"),
        events.Tick(),
        events.SettingsApplied(
            settings=events.CoreSettings(mode=Mark.DEMO, origin=Position(1.0, 2.0))
        ),
    ]  # fmt: skip
    for body in bodies:
        assert events.decode_body(events.encode_body(body)) == body
        event = events.Event(1, 2, "s", Mark.DEMO, body)
        packed = msgspec.msgpack.encode(event)
        assert msgspec.msgpack.decode(packed, type=events.Event) == event


def test_the_union_is_closed_and_tags_are_unique() -> None:
    tags = [c.__struct_config__.tag for c in get_args(events.AnyBody)]
    assert len(tags) == len(set(tags)) == 53
    assert set(get_args(events.Decision)) | set(get_args(events.Input)) == set(
        get_args(events.AnyBody)
    )


def test_a_body_nobody_knows_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'Missile'"):
        events.decode_body(b'{"type":"Missile"}')


@pytest.mark.parametrize("position", [(91.0, 0.0), (0.0, 181.0), (math.nan, 0.0)])
def test_impossible_positions_cannot_be_built(position: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="latitude within"):
        Position(*position)


def test_impossible_bearings_and_grades_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="azimuth"):
        Bearing(360.0, 5.0)
    with pytest.raises(ValueError, match="sigma"):
        Bearing(10.0, 0.0)
    with pytest.raises(ValueError, match="A-F"):
        Grade("G", 1)


def test_whereabouts_have_a_subject() -> None:
    moved = events.PersonMoved(person_id="p", t_obs_ns=1, position=Position(1.0, 2.0))
    assert events.personal_subject(moved) == "p"
    anonymous = events.Sighting(report_id="r", t_obs_ns=1)
    assert events.personal_subject(anonymous) == "report/r"
    assert events.personal_subject(events.Tick()) is None
