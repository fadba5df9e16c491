"""`vigia forget`: who is not there is not "destroyed", and a running watch need not be stopped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tools.live import Person, live

from journal_world import T0_NS, event, moved, opened, settings
from vigia.events import PersonAdded, PositionErased
from vigia.flow import Watch
from vigia.run.forget_requests import ask, request_path
from vigia.run.forgetting import forget
from vigia.run.journal import Erased, JournalReader
from vigia.run.keys import ShiftKeys
from vigia.run.plan import RunPlan, write_plan
from vigia.run.settings import Listen, Storage
from vigia.terms import Position, Role

POST = "Post 12,31.79,-106.75"
HERE = Position(31.77, -106.49, 1140.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stopped watch's: Ana moved, Ben never did, a stranger's position is stored too."""
    keys = ShiftKeys.open(tmp_path / "keys")
    journal, watch = opened(tmp_path, keys=keys), Watch()
    for e in (
        event(1, settings()),
        event(2, PersonAdded(person_id="ana", name="Ana", agency_id="x", role=Role.AGENT)),
        event(3, PersonAdded(person_id="ben", name="Ben", agency_id="x", role=Role.AGENT)),
        event(4, moved("ana", T0_NS, HERE)),
        event(5, moved("stranger", T0_NS, HERE)),
    ):
        journal.append(e, watch.receive(e))
    journal.close(10.0)
    keys.close()
    core = settings().settings
    plan = RunPlan(site_name="T", core=core, listen=Listen(), storage=Storage())
    write_plan(tmp_path, plan)
    return tmp_path


def key_ids(folder: Path, person_id: str) -> frozenset[bytes]:
    keys = ShiftKeys.read(folder / "keys")
    try:
        return keys.ids_of(person_id)
    finally:
        keys.close()


def test_a_name_nobody_has_destroys_nothing_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "keys" / "shift.keys").read_bytes()
    assert forget(folder, "anna") == 1
    said = capsys.readouterr()
    assert "nobody of the name 'anna' here; nothing was destroyed" in said.err
    assert "are destroyed" not in said.out + said.err
    assert (folder / "keys" / "shift.keys").read_bytes() == before
    reader = JournalReader(folder)
    assert reader.last_seq == 5
    reader.close()


@pytest.mark.parametrize("person_id", ["ana", "ben", "stranger"])
def test_who_is_in_the_roster_or_has_positions_is_forgotten(folder: Path, person_id: str) -> None:
    request_path(folder, person_id).parent.mkdir()
    request_path(folder, person_id).touch()  # of a watch that stopped before it did it
    assert forget(folder, person_id) == 0
    assert key_ids(folder, person_id) == frozenset()
    assert not request_path(folder, person_id).exists()
    others = {"ana", "stranger"} - {person_id}
    assert all(key_ids(folder, other) for other in others)


def test_a_request_never_leaves_its_folder(tmp_path: Path) -> None:
    for name in ("..", ".", "../keys", "a/b", "\0", "ñ"):
        path = request_path(tmp_path, name)
        assert path.parent == tmp_path / "forget"
        assert path.name not in (".", "..")


def test_a_request_nobody_takes_is_told_and_stays(tmp_path: Path) -> None:
    assert not ask(tmp_path, "ana", wait_s=0.2)
    assert request_path(tmp_path, "ana").exists()


def test_a_running_watch_forgets_while_it_runs(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    def said(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "vigia", "forget", *words, "--data", str(folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    with live(["watch", "--post", POST, "--data", str(folder)], folder) as running:
        agent = Person.enrolled(running, "Agent 1", Role.AGENT)
        place = {"lat_deg": HERE.lat_deg, "lon_deg": HERE.lon_deg, "sigma_m": 5.0}
        report = agent.report("report-1", position=place)
        assert report.json()["received"] is True, report.text
        person_id = agent.person["person_id"]
        before = key_ids(folder, person_id)
        assert before
        assert said("nobody-here").returncode == 1
        done = said(person_id)
        assert (done.returncode, done.stderr) == (0, "")
        assert "are destroyed (by the running watch)" in done.stdout
        assert not before & key_ids(folder, person_id)
        assert not request_path(folder, person_id).exists()
        assert agent.report("report-2", position=place).json()["received"] is True  # it runs on
    reader = JournalReader(folder)
    inputs = list(reader.inputs())
    reader.close()
    erased = [e.body for e in inputs if not isinstance(e, Erased) and hasattr(e, "body")]
    assert PositionErased(person_id=person_id) in erased
    assert person_id in [e.subject for e in inputs if isinstance(e, Erased)]
