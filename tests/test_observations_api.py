"""A key speaks for its one sensor: JSON, protobuf and lines, refused by name, slowed by rate."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools.live import Live, Person, free_port, live, wait_for

from vigia.run.observe_api import document
from vigia.run.observe_keys import Bucket, Observers
from vigia.run.plan import FeedPlan
from vigia.run.settings import SettingsError
from vigia.terms import Role
from vigia.wire import observations as wire
from vigia.wire.advert import Refused

ROOT = Path(__file__).resolve().parents[1]
KEY = "0123456789abcdef0123456789abcdef"
SITE = """
[site]
lat_deg = 31.79
lon_deg = -106.75
alt_hae_m = 1200.0
[[posts]]
id = "1"
name = "Post 1"
lat_deg = 31.79
lon_deg = -106.75
[sensors.radar]
adapter = "observations"
kind = "radar"
source = "api"
key_env = "VIGIA_TEST_KEY"
posts_per_s = 8.0
lat_deg = 31.79
lon_deg = -106.75
"""


def message(n: int = 0, **more: Any) -> dict[str, Any]:
    row = {
        "t_ms": int(time.time() * 1000), "azimuth_deg_true": 45.0, "azimuth_sigma_deg": 1.0,
        "range_m": 1500.0 - 10.0 * n, "range_sigma_m": 5.0, "range_rate_mps": -15.0,
        "elevation_deg": 4.0, "elevation_sigma_deg": 1.0, "p_drone": 0.9,
    }  # fmt: skip
    return {"sensor_id": "radar", "bearings": [{**row, **more}]}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("api")
    settings = folder / "site.toml"
    settings.write_text(SITE)
    data = folder / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIGIA_TEST_KEY", KEY)
        args = ["watch", "--settings", str(settings), "--data", str(data)]
        with live(args, data, free_port()) as running:
            Person.enrolled(running, "Watch", Role.WATCH_OFFICER)  # it is ready then
            yield running


def post(site: Live, body: Any, key: str = KEY, kind: str = "application/json") -> httpx.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(
        f"{site.url}/api/v1/observations",
        content=data,
        headers={"Authorization": f"Bearer {key}", "Content-Type": kind},
    )


def test_json_and_protobuf_are_on_record_and_make_a_track(site: Live) -> None:
    page = Person.enrolled(site, "Second", Role.WATCH_OFFICER).socket()
    answer = post(site, message())
    assert (answer.status_code, answer.json()["rows"]) == (200, 1)
    made: Any = wire.MESSAGE()
    made.sensor_id = "radar"
    row = made.bearings.add()
    for name, value in message()["bearings"][0].items():
        setattr(row, name, value)
    for n in range(8):
        row.t_ms, row.range_m = int(time.time() * 1000), 1500.0 - 10.0 * n
        answer = post(site, made.SerializeToString(), kind="application/x-protobuf")
        assert answer.status_code == 200, answer.text
        time.sleep(0.3)
    page.wait("picture", lambda m: bool(m.get("tracks")), seconds=20)


def test_a_stream_of_lines_is_slowed_not_cut_and_tells_at_its_end(site: Live) -> None:
    def lines() -> Iterator[bytes]:
        for n in range(12):
            yield json.dumps(message(n)).encode() + b"\n"
        yield b'{"sensor_id": "radar", "alive": tr'
        yield b'ue}\nnonsense\n{"sensor_id": "other", "alive": true}'

    answer = httpx.post(
        f"{site.url}/api/v1/observations/stream",
        content=lines(),
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=30,
    )
    told = answer.json()
    assert (told["received"], told["rows"]) == (13, 12)
    assert sum(told["refused"].values()) == 2
    assert "speaks for 'radar'" in str(told["refused"])


def test_wrong_keys_other_sensors_and_bad_fields_are_refused_by_name(site: Live) -> None:
    time.sleep(1.0)
    assert post(site, message(), key="x" * 40).status_code == 401
    assert "Authorization" in post(site, message(), key="none").text
    other = post(site, {"sensor_id": "other", "alive": True})
    assert (other.status_code, "speaks for" in other.text) == (422, True)
    bad = post(site, message(colour=1))
    assert (bad.status_code, "unknown 'colour'" in bad.text) == (422, True)
    assert post(site, b"{").status_code == 422


def test_more_than_its_rate_is_told_to_come_again(site: Live) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=site.url, headers=headers) as http:
        body = {"sensor_id": "radar", "alive": True}
        sent = (http.post("/api/v1/observations", json=body) for _ in range(100))
        codes = [answer.status_code for answer in sent]
    assert 200 in codes
    assert 429 in codes


def test_vigia_sensors_lists_it_with_rate_and_reasons(site: Live) -> None:
    def shown() -> str:
        command = [sys.executable, "-m", "vigia", "sensors", "--data", str(site.folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    wait_for(lambda: "in all" in shown(), 20)
    text = shown()
    assert "radar" in text
    assert "adsb" in text
    assert "sapient" in text


def test_a_key_must_be_in_the_environment_and_long() -> None:
    feed = FeedPlan(kind="api", sensor_id="r", key_env="NOT_SET")
    with pytest.raises(SettingsError, match="NOT_SET holds 0 characters"):
        Observers([feed], {})


def test_a_bucket_gives_its_rate_and_a_burst() -> None:
    bucket = Bucket(10.0)
    taken = sum(bucket.wait_s(n / 1000.0) == 0.0 for n in range(5_000))
    assert 50 <= taken <= 71


def test_the_proto_file_and_the_openapi_document_are_of_the_same_table() -> None:
    assert (ROOT / "docs" / "observations.proto").read_text() == wire.proto_text()
    paths = document()["paths"]["/api/v1/observations"]["post"]["requestBody"]["content"]
    rows = paths["application/json"]["schema"]["properties"]["positions"]["items"]["properties"]
    assert list(rows) == [name for name, _ in wire.columns(wire.LAYOUTS["positions"])]


@given(st.binary(max_size=200))
def test_garbage_is_refused_never_raised(data: bytes) -> None:
    assert isinstance(wire.read_json(data), Refused)
    found = wire.read_protobuf(data)
    assert isinstance(found, Refused | wire.Told)


@given(
    st.dictionaries(
        st.sampled_from([name for name, _ in wire.columns(wire.LAYOUTS["positions"])]),
        st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.none()),
    )
)
def test_any_value_is_a_row_or_a_reason(row: dict[str, Any]) -> None:
    data = json.dumps({"sensor_id": "s", "positions": [row]}).encode()
    found = wire.read_json(data)
    assert isinstance(found, Refused | wire.Told)
