"""Aircraft become rows under their address; stale and impossible ones are refused and counted."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tools.live import Person, free_port, live

from corpus import corpus
from vigia.events import Fault, Observation, SensorHeard
from vigia.scan import Flag, IdKind
from vigia.sensors.adsb import AIRCRAFT_MAX, Adapter
from vigia.terms import Role

T_NS = 1_767_226_300_000_000_000
S = 1_000_000_000


def entry(**more: Any) -> dict[str, Any]:
    return {"hex": "a1b2c3", "lat": 31.8, "lon": -106.7, "seen_pos": 0.5, "gs": 100, **more}


def document(*entries: dict[str, Any], now_s: float = 0.0) -> bytes:
    return json.dumps({"now": T_NS / 1e9 + now_s, "aircraft": entries}).encode()


def rows(out: list[Any]) -> list[Any]:
    return [row for body in out if isinstance(body, Observation) for row in body.scan.rows()]


def faults(out: list[Any]) -> list[str]:
    return [body.what for body in out if isinstance(body, Fault)]


def test_an_aircraft_is_a_row_under_its_address_in_metres() -> None:
    [row] = rows(Adapter("a").feed_message(document(entry(alt_geom=1000, nac_p=8)), T_NS))
    assert (bytes(row["identity"]), row["id_kind"]) == (b"A1B2C3", IdKind.ICAO)
    assert row["t_obs_ns"] == T_NS - S // 2
    assert row["alt_hae_m"] == pytest.approx(304.8)
    assert row["speed_mps"] == pytest.approx(51.44, abs=0.01)
    assert row["sigma_m"] == pytest.approx(92.6 / 2.45, rel=1e-3)
    assert row["flags"] == Flag.AIRBORNE
    assert row["p_drone"] < 0.1


def test_what_says_it_is_unmanned_is_no_aircraft() -> None:
    [row] = rows(Adapter("a").feed_message(document(entry(category="B6")), T_NS))
    assert row["id_kind"] == IdKind.NODE
    assert row["p_drone"] > 0.5


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"lat": 95.0}, "no such place"),
        ({"lat": 0.0, "lon": 0.0}, "no such place"),
        ({"alt_baro": 200_000}, "altitude"),
        ({"gs": 5_000}, "speed"),
        ({"seen_pos": 11.0}, "11 s old"),
        ({"hex": "nobody"}, "six hex"),
        ({"lat": "north"}, "float"),
    ],
)
def test_impossible_and_stale_ones_are_refused_alone_with_the_reason(
    wrong: dict[str, Any], why: str
) -> None:
    out = Adapter("a").feed_message(document(entry(**wrong), entry(hex="00aa11")), T_NS)
    assert len(rows(out)) == 1
    assert why in " ".join(faults(out))


def test_a_stale_aircraft_is_counted_once() -> None:
    adapter = Adapter("a")
    found: list[str] = []
    for n in range(20):
        out = adapter.feed_message(document(entry(seen_pos=11.0 + n), now_s=n), T_NS + n * S)
        found += faults(out)
    assert len(found) == 1


def test_a_jump_is_refused_until_it_is_told_three_times() -> None:
    adapter, told = Adapter("a"), []
    adapter.feed_message(document(entry()), T_NS)
    for n in range(1, 5):
        out = adapter.feed_message(document(entry(lat=40.0 + n / 1000), now_s=n), T_NS + n * S)
        told.append(len(rows(out)))
    assert told == [0, 0, 1, 1]


def test_a_document_that_stands_still_is_silence_and_one_without_aircraft_is_word() -> None:
    adapter = Adapter("a")
    assert isinstance(adapter.feed_message(document(), T_NS)[0], SensorHeard)
    assert adapter.feed_message(document(), T_NS + 60 * S) == []
    assert adapter.feed_message(document(now_s=60.0), T_NS + 60 * S) != []


def test_a_wrong_clock_is_told_and_its_aircraft_are_dated_by_the_receipt() -> None:
    out = Adapter("a").feed_message(document(entry(), now_s=-3_600.0), T_NS)
    assert "NTP" in faults(out)[0]
    assert rows(out)[0]["t_obs_ns"] == T_NS - S // 2


def test_addresses_are_bounded() -> None:
    adapter = Adapter("a")
    for n in range(0, AIRCRAFT_MAX + 50, 1_000):
        many = [entry(hex=f"{n + k + 1:06x}") for k in range(1_000)]
        adapter.feed_message(document(*many, now_s=n / 1e6), T_NS)
    assert len(adapter._known) == AIRCRAFT_MAX  # pyright: ignore[reportPrivateUsage]


def test_readsbs_own_output_is_read() -> None:
    data = corpus("adsb/short_flights.aircraft.json").read_bytes()
    found = json.loads(data)
    t_ns = round(found["now"] * 1e9)
    fresh = [a for a in found["aircraft"] if a.get("seen_pos", 99) <= 10.0]
    out = Adapter("a").feed_message(data, t_ns)
    assert {bytes(r["identity"]).decode().lower() for r in rows(out)} == {a["hex"] for a in fresh}
    assert all("old" in what for what in faults(out))


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        now = time.time()
        far = -106.75 + 0.00053 * (now % 60)
        body = {"now": now, "aircraft": [entry(lon=far, lat=31.79, alt_geom=6000, track=90)]}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


def test_a_polled_decoder_gives_a_track_on_the_console_that_warns_nobody(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = tmp_path / "site.toml"
    site.write_text(
        f"""
[site]
lat_deg = 31.79
lon_deg = -106.75
alt_hae_m = 1200.0
[[posts]]
id = "1"
name = "Post 1"
lat_deg = 31.79
lon_deg = -106.74
[sensors.air]
adapter = "adsb"
source = "poll+http://127.0.0.1:{server.server_port}/aircraft.json?every_s=0.5"
silent_after_s = 5.0
"""
    )
    folder = tmp_path / "data"
    try:
        with live(
            ["watch", "--settings", str(site), "--data", str(folder)], folder, free_port()
        ) as running:
            page = Person.enrolled(running, "Watch", Role.WATCH_OFFICER).socket()
            told = page.wait("picture", lambda m: "A1B2C3" in json.dumps(m), seconds=25)
            assert told["t"] == "picture"
            assert not [m for m in page.seen if m["t"] == "alert"]
    finally:
        server.shutdown()
        server.server_close()
