"""DragonSync, remoteid-web-ui, dronecot, DJI's beacon: what each gets wrong is not taken over."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from corpus import corpus
from vigia.events import Fault, Observation, OperatorSeen, SensorHeard
from vigia.run.settings import SettingsError, parse_settings
from vigia.scan import Flag, IdKind, Layout
from vigia.sensors import dji_antsdr, dji_beacon, dragonsync, dronecot, remoteid_web_ui
from vigia.wire import dji

T_NS = 1_767_226_300_000_000_000
SERIAL = "Serial Number (ANSI/CTA-2063-A)"
SITE = (
    '[site]\nlat_deg = 31.79\nlon_deg = -106.75\n[sensors.kit]\nadapter = "{}"\n'
    'source = "tcp://127.0.0.1:5000"\n'
)


def rows(out: list[Any], layout: Layout = Layout.PLACE_1) -> list[Any]:
    scans = [body.scan for body in out if isinstance(body, Observation)]
    return [row for scan in scans if scan.layout is layout for row in scan.rows()]


def faults(out: list[Any]) -> list[str]:
    return [body.what for body in out if isinstance(body, Fault)]


@pytest.mark.parametrize(
    "name", ["dragonsync", "remoteid_web_ui", "dronecot", "dji_beacon", "dji_antsdr"]
)
def test_it_is_off_until_its_authority_is_recorded(name: str) -> None:
    text = SITE.format(name)
    with pytest.raises(SettingsError, match="on what authority"):
        parse_settings(text.encode(), name="x")
    parse_settings((text + 'authority = "order 12 of the sector"\n').encode(), name="x")


# ---- DragonSync ------------------------------------------------------------------------------


def dragon(name: str, lat: float = 31.79, **place: Any) -> bytes:
    basic = {"id_type": SERIAL, "id": name, "MAC": "02:00:00:00:00:01", "RSSI": -60}
    where = {"latitude": lat, "longitude": -106.75, **place}
    return json.dumps([{"Basic ID": basic}, {"Location/Vector Message": where}]).encode()


def test_a_drone_that_dragonsync_cannot_place_is_near_not_on_top_of_the_kit() -> None:
    """dji_receiver writes the kit's own position under the name drone-alert."""
    out = dragonsync.Adapter("kit").feed_message(dragon("drone-alert-1a2b3c"), T_NS)
    assert rows(out) == []
    [row] = rows(out, Layout.POLAR_1)
    assert math.isnan(row["azimuth_deg_true"])
    assert (row["rssi_dbm"], row["flags"]) == (-60.0, Flag.WEAK)


def test_a_video_signal_is_near_at_most_once_a_second() -> None:
    adapter = dragonsync.Adapter("kit")
    told = {"uid": "fpv-1", "signal_type": "fpv", "lat": 31.79, "lon": -106.75, "rssi": -50}
    out = [
        body
        for k in range(20)
        for body in adapter.feed_message(json.dumps(told).encode(), T_NS + k * 100_000_000)
    ]
    assert rows(out) == []
    assert len(rows(out, Layout.POLAR_1)) == 2


def test_every_scenario_of_dragonsyncs_tests_is_read_with_its_pilot_apart() -> None:
    tried = 0
    for path in sorted(corpus("dragonsync").glob("*.json")):
        for track in json.loads(path.read_text())["scenarios"]["animated_tracks"]:
            config, start = track["drone_config"], track["flight_path"]["waypoints"][0]
            message = [
                {"Basic ID": config["Basic ID"]},
                {"Location/Vector Message": {**start, "geodetic_altitude": start["altitude"]}},
                {"System Message": config["pilot_location"]},
                {"Operator ID Message": {"operator_id": config["operator_id"]}},
            ]
            out = dragonsync.Adapter("kit").feed_message(json.dumps(message).encode(), T_NS)
            [row] = rows(out)
            assert row["identity"].decode() == config["Basic ID"]["id"]
            assert (row["lat_deg"], row["lon_deg"]) == (start["latitude"], start["longitude"])
            [pilot] = [body for body in out if isinstance(body, OperatorSeen)]
            assert pilot.position.lat_deg == config["pilot_location"]["latitude"]
            tried += 1
    assert tried >= 4


def test_zero_is_unknown_and_the_lost_west_bit_is_found() -> None:
    zero = dragon("A1B2C3", speed=0, vert_speed=0, geodetic_altitude=0, height_agl=0, direction=0)
    [row] = rows(dragonsync.Adapter("kit").feed_message(zero, T_NS))
    unknown = ("speed_mps", "climb_mps", "alt_hae_m", "height_m", "course_deg_true")
    assert all(math.isnan(row[key]) for key in unknown)
    west = dragon("A1B2C3", direction=20, ew_dir_segment="West")
    [row] = rows(dragonsync.Adapter("kit").feed_message(west, T_NS))
    assert row["course_deg_true"] == 200.0


def test_a_retained_message_of_yesterday_is_refused_with_its_age() -> None:
    told = {"id": "drone-A1B2C3", "lat": 31.79, "lon": -106.75, "observed_at": T_NS / 1e9 - 86_400}
    out = dragonsync.Adapter("kit").feed_message(json.dumps(told).encode(), T_NS)
    assert rows(out) == []
    assert "86400 s ago" in faults(out)[0]


def test_what_dragonsync_says_of_itself_and_of_aircraft_is_no_drone() -> None:
    adapter = dragonsync.Adapter("kit")
    for told in (
        {"id": "wardragon-1", "latitude": 31.79, "longitude": -106.75, "lat": 31.79, "lon": -106.7},
        {"icao": "ABC123", "id": "ABC123", "lat": 31.79, "lon": -106.75, "track_type": "aircraft"},
        {"latitude": 31.79, "longitude": -106.75, "gps_accuracy": 0.0},
    ):
        out = adapter.feed_message(json.dumps(told).encode(), T_NS)
        assert not rows(out)
        assert not faults(out)


# ---- remoteid-web-ui --------------------------------------------------------------------------


def answer(*told: tuple[str, float, float]) -> bytes:
    """(name, seconds ago, latitude)."""
    from datetime import UTC, datetime

    found = [
        {
            "uas_id": name,
            "timestamp": datetime.fromtimestamp(T_NS / 1e9 - ago_s, UTC).isoformat(),
            "latitude": lat,
            "longitude": -106.75,
        }
        for name, ago_s, lat in told
    ]
    return json.dumps({"positions": found}).encode()


def test_hours_of_history_are_no_drones_and_no_faults() -> None:
    adapter = remoteid_web_ui.Adapter("web")
    first = answer(("A", 1.0, 31.79), ("A", 2.0, 31.7899), ("B", 7_200.0, 31.5))
    out = adapter.feed_message(first, T_NS)
    assert [bytes(row["identity"]) for row in rows(out)] == [b"A", b"A"]
    assert rows(out)[0]["lat_deg"] < rows(out)[1]["lat_deg"]  # as it happened, not as it was listed
    again = adapter.feed_message(first, T_NS + 1_000_000_000)
    assert (rows(again), faults(again)) == ([], [])


def test_a_new_row_that_is_old_is_told_because_a_clock_may_be_wrong() -> None:
    adapter = remoteid_web_ui.Adapter("web")
    adapter.feed_message(answer(("A", 1.0, 31.79)), T_NS)
    out = adapter.feed_message(answer(("A", 1.0, 31.79), ("C", 300.0, 31.6)), T_NS)
    assert rows(out) == []
    assert "300 s ago" in faults(out)[0]


# ---- dronecot ---------------------------------------------------------------------------------


def made(function: str, drone: dict[str, Any]) -> bytes:
    functions = pytest.importorskip("dronecot.functions")
    return functions.xml_to_cot(drone, {"COT_HOST_ID": "t"}, function)


def dronecots(n: int, **more: Any) -> dict[str, Any]:
    data = {"MAC address": f"02:00:00:00:07:{n:02X}", "RSSI": -60, "timestamp": T_NS // 1_000_000}
    base = {"BasicID": f"TEST{n:04}", "Latitude": 31.79, "Longitude": -106.75, "data": data}
    return {**base, **more}


def test_dronecots_course_and_speed_are_not_taken_over() -> None:
    """It loses the east/west bit: of its courses the most are off by exactly 180 degrees."""
    event = made("rid_uas_to_cot_xml", dronecots(1, SpeedHorizontal=200.0, Direction=45.0))
    [row] = rows(dronecot.Adapter("cot").feed(event, T_NS))
    assert math.isnan(row["course_deg_true"])
    assert math.isnan(row["speed_mps"])
    assert bytes(row["identity"]) == b"TEST0001"


def test_an_operators_event_is_no_drone_and_bears_the_drones_name() -> None:
    drone = dronecots(2, OperatorLatitude=31.8, OperatorLongitude=-106.76, OperatorID="OP 1")
    out: list[Any] = dronecot.Adapter("cot").feed(made("rid_op_to_cot_xml", drone), T_NS)
    assert rows(out) == []
    [seen] = [body for body in out if isinstance(body, OperatorSeen)]
    assert (seen.uas_id, seen.position.lat_deg) == ("TEST0002", 31.8)


def test_nameless_drones_stay_apart_and_an_unplaced_one_is_near() -> None:
    pytest.importorskip("dronecot.functions")
    import dronecot.functions as functions  # pyright: ignore[reportMissingImports]

    bare = dronecots(3)
    del bare["BasicID"], bare["data"]
    [row] = rows(dronecot.Adapter("cot").feed(made("rid_uas_to_cot_xml", bare), T_NS))
    assert (bytes(row["identity"]), row["id_kind"]) == (b"", IdKind.NONE)
    line = "dji_O,2/3,5756.5,-72,DJI(63),,0,0,999,999,0,0,0|0,0|0|0,1;"
    parsed = functions.dji_parse_text_line(line)
    events = functions.dji_handle_parsed_data(parsed, {"COT_HOST_ID": "t", "SENSOR_LAT": 31.79})
    adapter = dronecot.Adapter("cot")
    now = [body for event in events for body in adapter.feed(as_of(event), T_NS)]
    assert rows(now) == []
    assert len(rows(now, Layout.POLAR_1)) == 1


def test_a_replayed_event_of_dronecot_is_refused_with_its_age() -> None:
    drone = dronecots(4)
    drone["data"]["timestamp"] -= 600_000
    out = dronecot.Adapter("cot").feed(made("rid_uas_to_cot_xml", drone), T_NS)
    assert rows(out) == []
    assert "600 s ago" in faults(out)[0]


def as_of(event: bytes) -> bytes:
    import re

    when = b"2026-01-01T00:11:40.000000Z"
    return re.sub(rb' (time|start)="[^"]*"', rb' \1="' + when + b'"', event, count=2)


def test_other_peoples_cot_is_passed_over_and_a_receivers_beacon_is_its_word_of_life() -> None:
    head = b'type="a-f-G-U-C" how="m-g" time="2026-01-01T00:11:40Z" start="2026-01-01T00:11:40Z"'
    event = (
        b'<event version="2.0" uid="%s" ' + head + b' stale="2026-01-01T00:12:40Z">'
        b'<point lat="31.79" lon="-106.75" hae="1" ce="1" le="1"/><detail/></event>'
    )
    adapter = dronecot.Adapter("cot")
    assert adapter.feed(event % b"ANDROID-1", T_NS) == []
    assert isinstance(adapter.feed(event % b"SNSTAC-CUAS.7", T_NS)[0], SensorHeard)


# ---- DJI's beacon -----------------------------------------------------------------------------


def test_beacons_of_others_are_read_without_their_decoders_rounding() -> None:
    tried = 0
    for line in (corpus("dji_droneid") / "reference_decode.jsonl").read_text().splitlines():
        told = json.loads(line)
        found, known = dji.parse(bytes.fromhex(told["ie_hex"])), told["struct_unscaled"]
        assert isinstance(found, dji.Beacon)
        assert found.serial == known["serial"]
        assert (found.lat_deg, found.lon_deg) == pytest.approx(
            (known["lat"], known["lon"]), abs=1e-4
        )
        if found.operator is not None:
            assert found.operator == pytest.approx((known["i12"], known["i13"]), abs=1e-3)
        tried += 1
    assert tried == 87
    captured = sum(
        line["ok"]
        for path in sorted(corpus("dji_droneid").glob("*.pcapng"))
        for line in dji_beacon.decode_lines(path.read_bytes(), path.name)
    )
    assert captured == 87


def test_an_encrypted_beacon_is_near_and_nothing_is_decrypted() -> None:
    line = b"dji_O,4,5776.5,-80,dji(15529374),,0,0,0,0,0,0,0|0,0|0|0;"
    out = dji_antsdr.Adapter("sdr").feed(line, T_NS)
    assert rows(out) == []
    [row] = rows(out, Layout.POLAR_1)
    assert row["rssi_dbm"] == -80.0


def test_where_it_took_off_is_never_kept() -> None:
    line = (
        b"dji_O,2/3,5756.5,-72,DJI Mini 2(63),TESTLINE01,-106.75,31.76,0,0,-106.77,31.81,9|4,0|0|0;"
    )
    out = dji_antsdr.Adapter("sdr").feed(line, T_NS)
    assert len(rows(out)) == 1
    assert not [body for body in out if isinstance(body, OperatorSeen)]
