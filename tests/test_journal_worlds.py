"""Whole simulated worlds through the journal on disk: crash, recover, replay, forget, tamper."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from random import Random

import pytest

from journal_world import WAIT_S, opened
from test_replay import replayed
from vigia.run.keys import ShiftKeys
from vigia.run.recover import recover
from vigia.run.simulate.driver import play
from vigia.run.simulate.world import make_world

SEEDS = (4, 10)  # with people who move and do not report, and operators


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One world in a folder, written in three sittings with recovery between them."""
    seed: int = request.param
    folder = tmp_path_factory.mktemp(f"world{seed}")
    steps = play(make_world(seed)).steps
    mode = steps[0].event.mark
    keys = ShiftKeys.open(folder / "keys")
    cuts = sorted(Random(seed).sample(range(10, len(steps) - 10), 2))
    for first, last in zip([0, *cuts], [*cuts, len(steps)], strict=True):
        journal = opened(folder, mode=mode, keys=keys)
        watch, last_seq, last_t_ns = recover(folder, keys)
        if first:
            assert last_seq == steps[first - 1].event.seq
            assert last_t_ns == steps[first - 1].event.t_recv_ns
        for k in range(first, last):
            step = steps[k]
            out = watch.receive(step.event)
            assert journal.append(step.event, out)
            if k == (first + last) // 2:
                journal.put_snapshot(step.event.seq, watch.t_ns, watch.snapshot())
        journal.close(WAIT_S)
    keys.close()
    return folder


def test_a_world_of_three_sittings_replays_identically(world: Path) -> None:
    result, text = replayed(world)
    assert result.exit_code == 0, text
    assert result.compared == result.decisions > 50


def test_forgetting_one_after_another_never_makes_a_difference_appear(
    world: Path, tmp_path: Path
) -> None:
    folder = _copy(world, tmp_path)
    people = sorted(_subjects(folder))
    assert people
    keys = ShiftKeys.open(folder / "keys")
    compared: list[int] = []
    for person in people:
        keys.destroy_all(person)
        result, text = replayed(folder)
        assert result.exit_code == 0, f"after forgetting {person}: {text}"
        assert "position erased" in text
        compared.append(result.compared)
    assert compared == sorted(compared, reverse=True)
    keys.close()


def test_any_altered_input_is_reported(world: Path, tmp_path: Path) -> None:
    random = Random(str(world))
    for k in range(2):
        folder = _copy(world, tmp_path / str(k))
        db = sqlite3.connect(folder / "journal.sqlite")
        (last,) = db.execute("SELECT max(seq) FROM inputs").fetchone()
        (seq,) = db.execute(
            "SELECT max(seq) FROM inputs WHERE seq <= ?", (random.randrange(2, last),)
        ).fetchone()
        (body,) = db.execute("SELECT body FROM inputs WHERE seq = ?", (seq,)).fetchone()
        at = random.randrange(len(body))
        altered = body[:at] + bytes([body[at] ^ (1 << random.randrange(8))]) + body[at + 1 :]
        db.execute("UPDATE inputs SET body = ? WHERE seq = ?", (altered, seq))
        db.commit()
        db.close()
        result, _ = replayed(folder)
        assert result.exit_code == 1
        assert result.differences[0].startswith(f"seq {seq}: input altered")


def _subjects(folder: Path) -> set[str]:
    db = sqlite3.connect(folder / "journal.sqlite")
    rows = db.execute("SELECT DISTINCT subject FROM inputs WHERE subject IS NOT NULL").fetchall()
    db.close()
    return {row[0] for row in rows}


def _copy(world: Path, target: Path) -> Path:
    return Path(shutil.copytree(world, target / "data"))
