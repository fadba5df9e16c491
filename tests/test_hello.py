"""A link that makes a watch officer is shown to who started vigia, and never written to a log."""

from __future__ import annotations

import io
import os
import sqlite3
from pathlib import Path

import pytest

from vigia.events import CoreSettings
from vigia.run.hello import say_hello
from vigia.run.plan import RunPlan
from vigia.run.settings import Listen, Storage
from vigia.terms import Mark, Position

URL = "https://192.0.2.7:8470"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(
    folder: Path, mode: Mark, out: io.StringIO, monkeypatch: pytest.MonkeyPatch, url: str = URL
) -> str:
    core = CoreSettings(mode=mode, origin=Position(31.79, -106.75, 0.0))
    plan = RunPlan(site_name="Sector 4", core=core, listen=Listen(), storage=Storage())
    read, write = os.pipe()
    os.write(write, f"{url}\n".encode() if url else b"")
    os.close(write)
    monkeypatch.setattr("sys.stdout", out)
    say_hello(folder, plan, read, open_browser=False)
    os.close(read)
    return out.getvalue()


def invitations(folder: Path) -> int:
    path = folder / "gateway.sqlite"
    if not path.exists():
        return 0
    db = sqlite3.connect(path)
    try:
        return db.execute("SELECT count(*) FROM invitations").fetchone()[0]
    finally:
        db.close()


@pytest.mark.parametrize("mode", [Mark.ACTUAL, Mark.EXERCISE])
def test_a_log_gets_the_address_and_the_way_to_a_link_but_no_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mark
) -> None:
    text = said(tmp_path, mode, io.StringIO(), monkeypatch)
    assert f"{URL}/console" in text
    assert "/enrol" not in text
    assert f'vigia invite --role watch_officer --name "Watch floor" --data {tmp_path}' in text
    assert invitations(tmp_path) == 0


def test_a_terminal_gets_the_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = said(tmp_path, Mark.ACTUAL, Terminal(), monkeypatch)
    assert f"{URL}/enrol#" in text
    assert invitations(tmp_path) == 1


def test_the_demo_gives_its_links_wherever_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = said(tmp_path, Mark.DEMO, io.StringIO(), monkeypatch)
    assert text.count(f"{URL}/enrol#") == 2


def test_a_gateway_that_never_listened_is_not_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(tmp_path, Mark.DEMO, io.StringIO(), monkeypatch, url="") == ""
