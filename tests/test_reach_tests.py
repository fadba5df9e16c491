"""Tests of reach: when they are due, what is kept, and one of each against real processes."""

from __future__ import annotations

import calendar
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools.live import Live, Person, free_port, live, wait_for

from vigia.run.reach_tests import DRILL, SILENT, Ask, PersonResult, ReachTests, Result
from vigia.run.settings import SettingsError, parse_settings
from vigia.run.settings_reach import due
from vigia.terms import Role

SETTINGS = """
mode = "exercise"
[site]
lat_deg = 31.79
lon_deg = -106.75
[[posts]]
id = "12"
name = "Post 12"
lat_deg = 31.791
lon_deg = -106.746
[channels.dispatch]
kind = "siren"
url = "http://127.0.0.1:{port}/{{turn}}"
"""


def s(text: str) -> int:
    day, clock = text.split()
    y, m, d = map(int, day.split("-"))
    hours, minutes = map(int, clock.split(":"))
    return calendar.timegm((y, m, d, hours, minutes, 0))


@pytest.mark.parametrize(
    ("at", "weekly", "now", "last"),
    [
        ("05:30", False, "2026-11-27 05:30", "2026-11-27 05:30"),
        ("05:30", False, "2026-11-27 05:29", "2026-11-26 05:30"),
        ("Mon 06:00", True, "2026-11-27 12:00", "2026-11-23 06:00"),  # that is a Friday
        ("Mon 06:00", True, "2026-11-30 05:59", "2026-11-23 06:00"),
        ("Mon 06:00", True, "2026-11-30 06:00", "2026-11-30 06:00"),
    ],
)
def test_a_test_was_due_last_at(at: str, weekly: bool, now: str, last: str) -> None:
    found = due(at, "at", weekly=weekly)
    assert found is not None
    assert found.last_s(s(now)) == s(last)


@pytest.mark.parametrize("at", ["5:30", "24:00", "Mon 05:30", "noon", "05:60"])
def test_a_time_that_is_none_is_refused_with_an_example(at: str) -> None:
    text = SETTINGS.format(port=1) + f'[reach.tests]\nsilent_at = "{at}"\n'
    with pytest.raises(SettingsError, match=r"silent_at: got .*need \"05:30\""):
        parse_settings(text.encode(), name="site.toml")


def test_a_weekly_drill_needs_somebody_who_orders_it() -> None:
    text = SETTINGS.format(port=1) + '[reach.tests]\ndrill_at = "Mon 06:00"\n'
    with pytest.raises(SettingsError, match="drill_by"):
        parse_settings(text.encode(), name="site.toml")


def test_results_are_kept_and_a_test_is_asked_for_once(tmp_path: Path) -> None:
    tests = ReachTests(tmp_path)
    ask = Ask(test_id="silent-1", kind=SILENT, t_asked_s=10)
    tests.put(ask)
    tests.put(Ask(test_id="silent-1", kind=DRILL, t_asked_s=99))
    assert [k.ask for k in tests.open()] == [ask]
    people = (
        PersonResult(person_id="a", name="A", reach="none"),
        PersonResult(person_id="b", name="B", reach="unproved"),
    )
    tests.end("silent-1", Result(t_ms=11, people=people))
    assert tests.open() == []
    [kept] = tests.latest(5)
    assert kept.result is not None
    assert [p.name for p in kept.result.missing(SILENT)] == ["A"]


def test_a_drill_and_a_silent_test_from_the_command_line(tmp_path: Path) -> None:
    """One page answers and one person has none; the relay's address answers nothing."""
    settings, folder = tmp_path / "site.toml", tmp_path / "data-exercise"
    settings.write_text(SETTINGS.format(port=free_port()))
    args = ["watch", "-", "--settings", str(settings), "--data", str(tmp_path / "data")]
    with live(args, folder, stdin=subprocess.PIPE) as it:
        boss = Person.enrolled(it, "Watch floor", Role.WATCH_OFFICER)
        agent = Person.enrolled(it, "Agent 4", Role.OFFICER, post_id="12")
        Person.enrolled(it, "Agent 5", Role.OFFICER, post_id="12")
        agent_id, boss_id = agent.person["person_id"], boss.person["person_id"]
        refused = vigia_drill(it, "--by", agent_id)
        assert refused.returncode == 2
        assert "is not a watch officer" in refused.stderr
        wait_for(lambda: boss.http.get("/api/v1/reach").json()["courier"]["lanes"][0]["probe"], 30)
        quiet = vigia_drill(it, "--silent")
        assert quiet.returncode == 1
        assert "Agent 4                      NOT reached" in quiet.stdout
        assert "channel dispatch does not work: nobody answers at 127.0.0.1" in quiet.stdout
        page = agent.socket()
        done = vigia_drill(it, "--by", boss_id, "--minutes", "0.05", "--reason", "shift start")
        assert "NOT REACHED" in line(done.stdout, "Agent 5")
        alert = page.wait("alert", standing)["alert"]
        assert alert["mark"] == "exercise"
        page.send(ack(alert))
        again = vigia_drill(it, "--by", boss_id, "--minutes", "0.05", page=page)
        assert "answered after" in line(again.stdout, "Agent 4"), again.stdout
        tests = boss.http.get("/api/v1/reach").json()["tests"]
        assert [t["kind"] for t in tests].count("drill") == 3
        assert any(t["missing"] == ["Agent 5"] for t in tests)
        page.wait("alert", lambda m: m["alert"]["msg_type"] == "cancel")  # the drill is over


def ack(alert: dict[str, Any]) -> dict[str, Any]:
    return {
        "t": "ack",
        "alert_id": alert["alert_id"],
        "revision": alert["revision"],
        "kind": "seen",
        "t_ms": alert["decided_ms"] + 10,
    }


def standing(message: dict[str, Any]) -> bool:
    return message["alert"]["msg_type"] != "cancel"


def line(text: str, name: str) -> str:
    return next(part for part in text.splitlines() if name in part)


def vigia_drill(it: Live, *args: str, page: Any = None) -> subprocess.CompletedProcess[str]:
    """page: answers while the drill goes on."""
    command = [sys.executable, "-m", "vigia", "drill", "--data", str(it.folder), *args]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        if page is not None:
            page.send(ack(page.wait("alert", standing)["alert"]))
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, err)
