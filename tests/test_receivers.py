"""Receivers that decode by themselves: their real messages, their stand-ins, their stale lists."""

from __future__ import annotations

import base64
import json
import lzma
import math
import struct
from typing import Any

import pytest

from corpus import corpus
from vigia.events import Fault, Observation, OperatorSeen, SensorHeard
from vigia.run.settings import SettingsError, parse_settings
from vigia.scan import IdKind
from vigia.sensors import dronescout, mavlink_odid, mesh_mapper

T_NS = 1_767_226_300_000_000_000
SITE = (
    '[site]\nlat_deg = 31.79\nlon_deg = -106.75\n[sensors.scout]\nadapter = "{}"\nsource = "{}"\n'
)


def rows(out: list[Any]) -> list[Any]:
    return [row for body in out if isinstance(body, Observation) for row in body.scan.rows()]


def test_dronescouts_real_messages_are_all_read() -> None:
    tried = 0
    for path in sorted(corpus("dronescout").glob("*.json")):
        adapter = dronescout.Adapter("scout")
        data = path.read_bytes()
        out = adapter.feed(data, T_NS) + adapter.finish(T_NS)
        assert not [b for b in out if isinstance(b, Fault)], path.name
        if path.name == "sensor_status.json":
            assert isinstance(out[0], SensorHeard)
            continue
        for row in rows(out):
            assert row["id_kind"] == IdKind.SERIAL
            assert 37.0 < row["lat_deg"] < 38.0
            assert -123.0 < row["lon_deg"] < -122.0
            tried += 1
        assert any(isinstance(b, OperatorSeen) for b in out), path.name
    assert tried >= 5


def test_dronescouts_struct_says_what_core_c_put_into_it() -> None:
    made = bytearray(921)
    struct.pack_into("<ii20s", made, 0, 2, 1, b"TEST0001")
    struct.pack_into("<ifff", made, 64, 2, 361.0, 255.0, 63.0)  # stand-ins for unknown
    struct.pack_into("<ddff", made, 80, 31.79, -106.75, -1000.0, 1290.0)
    made[892] = made[894] = 1
    text = base64.b64encode(made).decode()
    message = {"data": {"timestamp": T_NS // 1_000_000, "UASdata": text, "RSSI": -70}}
    [row] = rows(dronescout.Adapter("s").feed_message(json.dumps(message).encode(), T_NS))
    unknown = [row[k] for k in ("speed_mps", "course_deg_true", "climb_mps", "alt_baro_m")]
    assert all(math.isnan(v) for v in unknown)
    assert (row["alt_hae_m"], bytes(row["identity"])) == (1290.0, b"TEST0001")
    packed = lzma.compress(json.dumps(message).encode())
    assert len(rows(dronescout.Adapter("s").feed_message(packed, T_NS))) == 1


def test_a_bomb_of_lzma_is_bounded() -> None:
    bomb = lzma.compress(b"[" + b"0," * 5_000_000)
    out = dronescout.Adapter("s").feed_message(bomb, T_NS)
    assert [type(b) for b in out] == [Fault]


def detection(**more: Any) -> bytes:
    base = {"mac": "02:00:00:00:00:02", "rssi": -61, "drone_lat": 31.79, "drone_long": -106.75}
    return json.dumps({**base, "drone_altitude": 90, **more}).encode()


def test_zero_is_unknown_for_the_mesh_mapper() -> None:
    adapter = mesh_mapper.Adapter("m")
    assert rows(adapter.feed(detection(drone_lat=0, drone_long=0) + b"\n", T_NS)) == []
    [row] = rows(adapter.feed(detection(drone_altitude=0) + b"\n", T_NS))
    assert math.isnan(row["alt_hae_m"])
    assert (bytes(row["identity"]), row["id_kind"]) == (b"020000000002", IdKind.NODE)


def test_a_web_servers_old_drones_are_refused_and_counted_not_shown_as_new() -> None:
    now_s = T_NS / 1e9
    old = json.loads(detection(last_update=now_s - 600, mac="02:00:00:00:00:09"))
    new = json.loads(detection(last_update=now_s - 1))
    page = json.dumps({"02:09": old, "02:02": new}).encode()
    adapter = mesh_mapper.Adapter("m")
    out = adapter.feed_message(page, T_NS)
    assert len(rows(out)) == 1
    assert "600 s ago" in next(b.what for b in out if isinstance(b, Fault))
    assert rows(adapter.feed_message(page, T_NS + 2_000_000_000)) == []  # nothing new was said


@pytest.mark.parametrize("name", ["dronescout", "mesh_mapper", "mavlink_odid"])
def test_it_is_off_until_its_authority_is_recorded(name: str) -> None:
    text = SITE.format(name, "udp://127.0.0.1:5000")
    with pytest.raises(SettingsError, match="on what authority"):
        parse_settings(text.encode(), name="x")
    parse_settings((text + 'authority = "order 12 of the sector"\n').encode(), name="x")


def test_pymavlinks_frames_are_read_and_a_consoles_damage_is_undone() -> None:
    pytest.importorskip("pymavlink")
    from samples.make_mavlink_odid import clean, damaged

    whole = clean()
    assert damaged(whole) != whole
    for data in (whole, damaged(whole)):
        adapter = mavlink_odid.Adapter("m")
        out = adapter.feed(data, T_NS) + adapter.finish(T_NS)
        assert [bytes(r["identity"]) for r in rows(out)] == [b"TEST00000000010"] * 3 + [
            b"TEST00000000011"
        ]
        assert (rows(out)[0]["speed_mps"], rows(out)[0]["course_deg_true"]) == (12.5, 45.0)
        assert not [b for b in out if isinstance(b, Fault)]
        assert len([b for b in out if isinstance(b, OperatorSeen)]) == 1


def test_a_wrong_checksum_is_counted_and_never_shown() -> None:
    pytest.importorskip("pymavlink")
    from samples.make_mavlink_odid import clean

    data = bytearray(clean())
    data[-40] ^= 1  # in the pack
    adapter = mavlink_odid.Adapter("m")
    out = adapter.feed(bytes(data), T_NS) + adapter.finish(T_NS)
    assert len(rows(out)) == 3
    assert "checksum" in next(b.what for b in out if isinstance(b, Fault))
