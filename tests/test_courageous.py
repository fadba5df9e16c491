"""The COURAGEOUS log: what is written is read the same; garbage gives one error that says why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigia.wire.courageous import (
    ID_MAX,
    TIME_MS_MAX,
    VERSION,
    Alarm,
    Arc,
    Bearing,
    BearingElevation,
    BearingElevationDistance,
    Classification,
    CourageousError,
    DetectionRecord,
    DetectionSet,
    Log,
    Place,
    Position2d,
    Position3d,
    Quad,
    Quarter,
    TrackRecord,
    TrackSet,
    Velocity,
    decode,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# By hand after schemas/v0.4.1.json, in the spelling of the schema.
TEXT = """
{ "version": "0.4.1", "vendor_name": "Somebody", "system_name": "Box 2",
  "static_cuas_location": {"lat": 40.5, "lon": -3.25, "height_amsl": 610},
  "detection": [
    {"uas_id": null, "records": [
      {"time": 1700000000123, "record_number": 0, "classification": "Unknown",
       "location": {"$type": "Arc", "from": 350, "to": 10}},
      {"time": 1700000000124, "record_number": 1, "classification": "Other",
       "location": {"$type": "Quad", "quad": "West"}, "alarm": null},
      {"time": 1700000000125, "record_number": 2, "classification": "UAV",
       "location": {"$type": "Bearing", "bearing": 91.5}, "model": "not in the schema"},
      {"time": 1700000000126, "record_number": 3, "classification": "UAV"}]},
    {"uas_id": 18446744073709551615, "name": "set 2",
     "uav_home_location": {"lat": 40.6, "lon": -3.2, "height_amsl": 600.5}, "records": [
      {"time": 1700000000127, "record_number": 4, "classification": "GCS",
       "location": {"lat": 40.51, "lon": -3.26, "$type": "Position2d"}},
      {"time": 1700000000128, "record_number": 5, "classification": "UAV",
       "location": {"$type": "BearingElevation", "bearing": 1, "elevation": 2.5},
       "cuas_location": {"lat": 40.51, "lon": -3.2, "height_amsl": 611}},
      {"time": 1700000000129, "record_number": 6, "classification": "UAV",
       "location": {"$type": "BearingElevationDistance", "bearing": 3, "elevation": -1,
                    "distance": 812.5}, "identification": "quad, grey"}]}],
  "tracks": [
    {"uas_id": 7, "name": "A", "records": [
      {"time": 1700000000130, "record_number": 0, "classification": "UAV",
       "alarm": {"active": true, "certainty": 0.75},
       "location": {"$type": "Position3d", "lat": 40.52, "lon": -3.24, "height_amsl": 700.25},
       "velocity": {"east": -3.5, "north": 4, "up": 0.5}}]}]}
"""
HOME = Place(lat_deg=40.6, lon_deg=-3.2, height_amsl_m=600.5)
T = 1_700_000_000_123
LOG = Log(
    version=VERSION,
    vendor_name="Somebody",
    system_name="Box 2",
    static_cuas_location=Place(lat_deg=40.5, lon_deg=-3.25, height_amsl_m=610.0),
    detection=(
        DetectionSet(
            records=(
                DetectionRecord(
                    time_ms=T,
                    record_number=0,
                    classification=Classification.UNKNOWN,
                    location=Arc(from_deg_true=350.0, to_deg_true=10.0),
                ),
                DetectionRecord(
                    time_ms=T + 1,
                    record_number=1,
                    classification=Classification.OTHER,
                    location=Quad(quarter=Quarter.WEST),
                ),
                DetectionRecord(
                    time_ms=T + 2,
                    record_number=2,
                    classification=Classification.UAV,
                    location=Bearing(bearing_deg_true=91.5),
                ),
                DetectionRecord(time_ms=T + 3, record_number=3, classification=Classification.UAV),
            ),
        ),
        DetectionSet(
            uas_id=ID_MAX,
            name="set 2",
            uav_home_location=HOME,
            records=(
                DetectionRecord(
                    time_ms=T + 4,
                    record_number=4,
                    classification=Classification.GCS,
                    location=Position2d(lat_deg=40.51, lon_deg=-3.26),
                ),
                DetectionRecord(
                    time_ms=T + 5,
                    record_number=5,
                    classification=Classification.UAV,
                    location=BearingElevation(bearing_deg_true=1.0, elevation_deg=2.5),
                    cuas_location=Place(lat_deg=40.51, lon_deg=-3.2, height_amsl_m=611.0),
                ),
                DetectionRecord(
                    time_ms=T + 6,
                    record_number=6,
                    classification=Classification.UAV,
                    location=BearingElevationDistance(
                        bearing_deg_true=3.0, elevation_deg=-1.0, distance_m=812.5
                    ),
                    identification="quad, grey",
                ),
            ),
        ),
    ),
    tracks=(
        TrackSet(
            uas_id=7,
            name="A",
            records=(
                TrackRecord(
                    time_ms=T + 7,
                    record_number=0,
                    classification=Classification.UAV,
                    alarm=Alarm(active=True, certainty=0.75),
                    location=Position3d(lat_deg=40.52, lon_deg=-3.24, height_amsl_m=700.25),
                    velocity=Velocity(east_mps=-3.5, north_mps=4.0, up_mps=0.5),
                ),
            ),
        ),
    ),
)


def test_a_log_of_every_location_kind_is_read() -> None:
    assert decode(TEXT.encode()) == LOG
    assert decode(b"\xef\xbb\xbf" + TEXT.encode()) == LOG


def test_what_is_written_has_the_members_of_the_schema() -> None:
    def known(value: Any) -> Any:
        """Without what is unknown, and without what the schema does not have."""
        if isinstance(value, dict):
            return {k: known(v) for k, v in value.items() if v is not None and k != "model"}
        return [known(v) for v in value] if isinstance(value, list) else value

    assert json.loads(encode(LOG)) == known(json.loads(TEXT))


lat, lon = st.floats(-90, 90), st.floats(-180, 180)
angle, up, metres = st.floats(-360, 360), st.floats(-90, 90), st.floats(-10_000, 10_000)
place = st.builds(Place, lat_deg=lat, lon_deg=lon, height_amsl_m=metres)
location = st.one_of(
    st.builds(Arc, from_deg_true=angle, to_deg_true=angle),
    st.builds(Quad, quarter=st.sampled_from(Quarter)),
    st.builds(Bearing, bearing_deg_true=angle),
    st.builds(Position2d, lat_deg=lat, lon_deg=lon),
    st.builds(Position3d, lat_deg=lat, lon_deg=lon, height_amsl_m=metres),
    st.builds(BearingElevation, bearing_deg_true=angle, elevation_deg=up),
    st.builds(
        BearingElevationDistance,
        bearing_deg_true=angle,
        elevation_deg=up,
        distance_m=st.floats(0, 1e6),
    ),
)
alarm = st.builds(Alarm, active=st.booleans(), certainty=st.floats(0, 1))
number = st.integers(0, ID_MAX)
words = st.text(st.characters(codec="utf-8"), max_size=20)
record: dict[str, Any] = {
    "time_ms": st.integers(0, TIME_MS_MAX),
    "record_number": number,
    "classification": st.sampled_from(Classification),
    "velocity": st.none() | st.builds(Velocity, east_mps=metres, north_mps=metres, up_mps=metres),
    "identification": st.none() | words,
    "cuas_location": st.none() | place,
}
group: dict[str, Any] = {"name": st.none() | words, "uav_home_location": st.none() | place}
logs = st.builds(
    Log,
    version=st.sampled_from(["0.4.0", VERSION]),
    vendor_name=words,
    system_name=words,
    static_cuas_location=place,
    detection=st.lists(
        st.builds(
            DetectionSet,
            uas_id=st.none() | number,
            records=st.lists(
                st.builds(
                    DetectionRecord,
                    alarm=st.none() | alarm,
                    location=st.none() | location,
                    **record,
                ),
                max_size=3,
            ).map(tuple),
            **group,
        ),
        max_size=2,
    ).map(tuple),
    tracks=st.lists(
        st.builds(
            TrackSet,
            uas_id=number,
            records=st.lists(
                st.builds(TrackRecord, alarm=alarm, location=location, **record), max_size=3
            ).map(tuple),
            **group,
        ),
        max_size=2,
    ).map(tuple),
)


@given(logs)
def test_what_is_written_is_read_the_same(log: Log) -> None:
    assert decode(encode(log)) == log


def refuse_or_read(data: bytes) -> None:
    """Nothing else ever comes of it; what is read can be written again."""
    try:
        log = decode(data)
    except CourageousError:
        return
    assert decode(encode(log)) == log


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda s: s.encode("utf-8", "replace")))
def test_garbage_gives_the_one_error(data: bytes) -> None:
    refuse_or_read(data)


@given(st.data())
def test_a_damaged_log_gives_the_one_error(data: st.DataObject) -> None:
    text = bytearray(TEXT.encode())
    at = data.draw(st.integers(0, len(text) - 1))
    until = data.draw(st.integers(at, min(at + 30, len(text))))
    text[at:until] = data.draw(st.binary(max_size=8))
    refuse_or_read(bytes(text))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.data(), anything)
def test_a_wrong_value_anywhere_gives_the_one_error(data: st.DataObject, value: Any) -> None:
    doc: Any = json.loads(TEXT)
    spot: Any = doc
    while True:
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(spot[key], dict | list) or not spot[key] or data.draw(st.booleans()):
            spot[key] = value
            break
        spot = spot[key]
    refuse_or_read(msgspec.json.encode(doc))


def first(doc: Any) -> Any:
    return doc["detection"][0]["records"][0]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda d: d.update(version="0.3.3"), 'version: got "0.3.3", need 0.4.1 or 0.4.0'),
        (lambda d: d.pop("tracks"), "log: object missing required field `tracks`"),
        (lambda d: first(d).update(time="noon"), 'records[0].time: got "noon", need int'),
        (lambda d: first(d).update(time=-1), "records[0].time: got -1, need int >= 0"),
        (
            lambda d: first(d).update(classification="Bird"),
            'got "Bird", need one of Unknown, UAV, GCS, Other',
        ),
        (
            lambda d: first(d)["location"].update({"$type": "Circle"}),
            'location.$type: got "Circle", need one of Arc, Quad, Bearing',
        ),
        (lambda d: first(d)["location"].update(to=400), "to: got 400, need float <= 360"),
        (lambda d: first(d).update(record_number=2**64), "record_number: got 18446744073709551616"),
    ],
)
def test_the_error_says_where_what_and_what_is_needed(
    damage: Callable[[Any], None], said: str
) -> None:
    doc = json.loads(TEXT)
    damage(doc)
    with pytest.raises(CourageousError) as e:
        decode(json.dumps(doc).encode())
    assert said in str(e.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b'{"x":' + b"[" * 100_000,
        TEXT.encode().replace(b"Somebody", b"\xff"),
        TEXT.encode().replace(b"812.5", b"1e999"),
    ],
)
def test_hostile_bytes_give_the_one_error(data: bytes) -> None:
    with pytest.raises(CourageousError, match=r"need|require"):
        decode(data)


def test_a_log_that_could_not_be_read_is_never_written() -> None:
    nowhere = Place(lat_deg=float("nan"), lon_deg=0.0, height_amsl_m=0.0)
    with pytest.raises(ValueError, match="lat"):
        encode(msgspec.structs.replace(LOG, static_cuas_location=nowhere))
