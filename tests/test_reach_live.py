"""The whole: a raise, no answer, ntfy, the radio desk, told by radio, the end; real processes."""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.live import Live, Person, live, wait_for

from vigia.run.courier.contacts import Contact, Contacts
from vigia.terms import Channel, Role

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
[reach]
answer_s = 2.0
[channels.phones]
kind = "ntfy"
url = "{url}"
"""


@contextmanager
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    got: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["content-length"]))
            got.append(json.loads(data) | {"at": time.time()})
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_who_does_not_answer_is_rung_by_ntfy_and_called_by_radio(tmp_path: Path) -> None:
    settings, folder = tmp_path / "site.toml", tmp_path / "data-exercise"
    with receiver() as (url, got):
        settings.write_text(SETTINGS.format(url=url))
        args = ["watch", "-", "--settings", str(settings), "--data", str(tmp_path / "data")]
        with live(args, folder, stdin=subprocess.PIPE) as it:
            boss = Person.enrolled(it, "Watch floor", Role.WATCH_OFFICER)
            agent = Person.enrolled(it, "Agent 4", Role.OFFICER, post_id="12")
            _reach(it, boss, agent.person["person_id"], got)


def _reach(it: Live, boss: Person, person_id: str, got: list[dict[str, Any]]) -> None:
    held = Contacts(it.folder)
    held.put([Contact(person_id, Channel.NTFY, "agent4")], 1)
    held.close()

    def board() -> dict[str, Any]:
        answer = boss.http.get("/api/v1/reach")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def row() -> dict[str, Any]:
        return next(p for p in board()["people"] if p["person_id"] == person_id)

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = boss.http.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    wait_for(lambda: row()["reach"] == "unproved", 30)
    target = [f"person/{person_id}"]
    raised = post("raise", {"reason": "tower saw it", "tier": 2, "target_ids": target})
    wait_for(lambda: got, 20)
    assert got[0]["message"].startswith("EXERCISE. GET READY.")
    [call] = wait_for(lambda: [c for c in board()["calls"] if c["person_id"] == person_id], 20)
    assert call["tried"] == ["page", "ntfy"]
    told = {"person_id": person_id, "revision": call["revision"]}
    post(f"alerts/{call['alert_id']}/told", told)
    wait_for(lambda: not board()["calls"], 20)
    for pid in it.pids("vigia.run.courier_main"):  # and back by itself
        os.kill(pid, signal.SIGKILL)
    post(f"orders/{raised['raise_id']}/undo", {"reason": "wrong post"})
    wait_for(lambda: len(got) >= 2, 40)
    assert "TAKEN BACK" in got[-1]["message"]
    [again] = wait_for(lambda: board()["calls"], 20)  # whom the desk had told
    assert again["ended"]
    legs = board()["legs"]["today"]
    assert legs["t1_t2/ntfy"]["n"] >= 1


def test_a_drill_is_marked_and_its_results_are_kept(tmp_path: Path) -> None:
    settings, folder = tmp_path / "site.toml", tmp_path / "data-exercise"
    with receiver() as (url, got):
        settings.write_text(SETTINGS.format(url=url))
        args = ["watch", "-", "--settings", str(settings), "--data", str(tmp_path / "data")]
        with live(args, folder, stdin=subprocess.PIPE) as it:
            boss = Person.enrolled(it, "Watch floor", Role.WATCH_OFFICER)
            agent = Person.enrolled(it, "Agent 4", Role.OFFICER, post_id="12")
            answer = boss.http.post("/api/v1/drills", json={"reason": "weekly"})
            drill_id = answer.json()["drill_id"]

            def result() -> list[dict[str, Any]]:
                found = boss.http.get("/api/v1/drills").json()["drills"]
                return [p for d in found if d["drill_id"] == drill_id for p in d["people"]]

            people = wait_for(result, 20)
            assert agent.person["person_id"] in {p["person_id"] for p in people}
    assert got == []
