"""The main job through real processes: capture in, warning on a page, answer, record, replay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tools.live import Live, Page, Person, live, wait_for

from corpus import corpus
from vigia.geo import Site
from vigia.run.simulate.capture import Flight, frames, header
from vigia.terms import Role

LAT, LON = 31.79, -106.75
SITE = Site(lat_deg=LAT, lon_deg=LON, alt_hae_m=0.0)
POST = f"Post 12,{LAT},{LON}"


@pytest.fixture
def approach(tmp_path: Path) -> Path:
    """30 s of a drone that comes from the north at 15 m/s, as a Wi-Fi capture."""
    path = tmp_path / "approach.pcap"
    flight = Flight("VIGIATEST1", 0.0, 600.0, 0.0, -15.0)
    start = 1_767_225_600 * 10**9
    records = b"".join(r for _, r in frames(SITE, [flight], start_ns=start, seconds=30, hz=2))
    path.write_bytes(header() + records)
    return path


def watch(capture: Path, data: Path, post: str = POST) -> list[str]:
    return ["watch", str(capture), "--post", post, "--data", str(data)]


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vigia", *words], capture_output=True, text=True, check=False
    )


def warned(page: Page) -> dict[str, object]:
    return page.wait("alert", lambda m: m["alert"]["tier"] >= 2, 20)["alert"]


def test_a_capture_becomes_a_warning_on_the_phone_an_answer_and_a_record(
    approach: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with live(watch(approach, data), tmp_path / "data-exercise") as running:
        officer = Person.enrolled(running, "Ana Ruiz", Role.WATCH_OFFICER)
        console = officer.socket()
        console.wait("hello")
        agent = Person.enrolled(running, "Agent 1", Role.AGENT, post_id="post-12")
        phone = agent.socket()
        phone.wait("hello")
        phone.send({"t": "holds", "alert_ids": []})
        alert = warned(phone)
        assert alert["mark"] == "exercise"
        assert alert["from_point"] == "n"
        for kind in ("delivered", "safe"):
            ack = {"alert_id": alert["alert_id"], "revision": alert["revision"], "kind": kind}
            phone.send({"t": "ack", "t_ms": int(time.time() * 1000), **ack})
            phone.wait("acked", lambda m, kind=kind: m["kind"] == kind)
            console.wait(
                "reached",
                lambda m, kind=kind: m["alert_id"] == alert["alert_id"] and m["kind"] == kind,
            )
        picture = console.wait("picture", lambda m: bool(m["tracks"]))
        assert picture["tracks"][0]["serial"] == "VIGIATEST1"
        shown = wait_for(lambda: _times(officer, str(alert["alert_id"])), 10)
        assert shown

    folder = str(tmp_path / "data-exercise")
    verified = command("ledger", "verify", "--data", folder)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    replayed = command("replay", folder)
    assert replayed.returncode == 0, replayed.stdout
    assert "no difference" in replayed.stdout
    listed = command("ledger", "show", "--data", folder)
    assert str(alert["alert_id"])[:8] in listed.stdout


@pytest.mark.corpus
def test_a_real_capture_warns_the_post_under_its_flight(tmp_path: Path) -> None:
    capture = corpus("remoteid/odid_wifi_bcn_sample.pcap")
    args = watch(capture, tmp_path / "data", "Post 12,45.5463,-122.9672")
    with live(args, tmp_path / "data-exercise") as running:
        agent = Person.enrolled(running, "Agent 1", Role.AGENT, post_id="post-12")
        phone = agent.socket()
        assert warned(phone)["mark"] == "exercise"


def test_kill_9_loses_nothing_acknowledged_and_is_back_in_five_seconds(
    approach: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data-exercise"
    with live(watch(approach, tmp_path / "data"), folder) as running:
        officer = Person.enrolled(running, "Ana Ruiz", Role.WATCH_OFFICER)
        console = officer.socket()
        agent = Person.enrolled(running, "Agent 1", Role.AGENT, post_id="post-12")
        report = agent.report("report-1", bearing={"azimuth_deg_true": 10.0, "sigma_deg": 10.0})
        assert report.json()["received"] is True
        alert = warned(agent.socket())
        for pid in running.pids("vigia.run.watch_main"):
            os.kill(pid, signal.SIGKILL)
        killed_ms = time.time() * 1000
        console.wait("picture", lambda m: m["t_ms"] > killed_ms and bool(m["tracks"]), 5)
        console.wait("beat", lambda m: m["state"] in ("ready", "degraded"), 5)
        again = officer.socket().wait("hello")
        assert alert["target_id"] in [a["target_id"] for a in again["alerts"]]
        reports = officer.http.get("/api/v1/sightings?minutes=60").json()
        assert "report-1" in str(reports)
        running.kill_everything()
    with live(watch(approach, tmp_path / "data"), folder) as running:
        officer = Person.enrolled(running, "Ben Soto", Role.WATCH_OFFICER)
        reports = officer.http.get("/api/v1/sightings?minutes=60").json()
        assert "report-1" in str(reports)


def test_a_port_in_use_and_a_wrong_key_are_one_clear_line(tmp_path: Path) -> None:
    settings = tmp_path / "site.toml"
    settings.write_text("[site]\nlat_deg = 1.0\nlon_dg = 2.0\n")
    wrong = command("watch", "--settings", str(settings), "--data", str(tmp_path / "data"))
    assert wrong.returncode == 2
    assert "did you mean 'lon_deg'" in wrong.stderr
    assert len(wrong.stderr.strip().splitlines()) == 1
    with live(["watch", "--post", POST, "--data", str(tmp_path / "a")], tmp_path / "a") as first:
        listen = f"127.0.0.1:{first.port}"
        second = command("watch", "--post", POST, "--data", str(tmp_path / "b"), "--listen", listen)
        assert second.returncode == 3
        assert second.stderr.count(f"{listen} is in use") == 1
        same = command("watch", "--post", POST, "--data", str(tmp_path / "a"), "--listen",
                       "127.0.0.1:1")  # fmt: skip
        assert same.returncode == 2
        assert "another vigia runs on" in same.stderr


def _times(officer: Person, alert_id: str) -> object:
    answer = officer.http.get("/api/v1/alerts?hours=1")
    return answer.status_code == 200 and alert_id in answer.text


def test_live_harness_finds_its_own_processes(tmp_path: Path) -> None:
    with live(["watch", "--post", POST, "--data", str(tmp_path / "a")], tmp_path / "a") as running:
        assert isinstance(running, Live)
        assert len(running.pids("vigia.run.watch_main")) == 1
        assert len(running.pids("vigia.run.gateway_main")) == 1
