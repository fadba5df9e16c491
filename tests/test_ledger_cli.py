"""The commands: what they print and their exit codes."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from ledger_world import T_NS, answer, night, write
from vigia.ledger.note import parse_note, parse_verifier
from vigia.run.ledger_cli import ledger_app
from vigia.run.ledger_keys import log_signer
from vigia.run.ledger_store import FILE
from vigia.terms import AckKind

if TYPE_CHECKING:
    from pathlib import Path


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(ledger_app, [str(w) for w in words])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("written")
    write(made, night(), step=4)
    return made


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_verify_says_ok_and_what_it_does_not_prove(folder: Path) -> None:
    code, said = run("verify", "--data", folder)
    assert code == 0
    assert "ledger: 26 entries" in said
    assert "What this does not prove" in said


def test_verify_of_a_changed_ledger_exits_with_one(folder: Path) -> None:
    db = sqlite3.connect(folder / FILE)
    with db:
        db.execute("DELETE FROM leaves WHERE idx = 3")
    db.close()
    code, said = run("verify", "--data", folder)
    assert code == 1
    assert "entry 3: it is missing" in said


def test_no_ledger_is_one_line_and_code_two(tmp_path: Path) -> None:
    for words in (["verify"], ["show"], ["key"]):
        code, said = run(*words, "--data", tmp_path / "absent")
        assert code == 2
        assert "Traceback" not in said
    assert not (tmp_path / "absent").exists()  # a wrong folder's name makes no folder


def test_the_printed_key_is_the_public_one_and_verifies(folder: Path) -> None:
    code, said = run("key", "--data", folder)
    assert code == 0
    assert parse_verifier(said) == log_signer(folder / "keys").verifier
    assert run("verify", "--data", folder, "--key", said.strip())[0] == 0
    other = log_signer(folder / "other").verifier.text()
    assert run("verify", "--data", folder, "--key", other)[0] == 1


def test_a_witness_saves_cosigns_and_later_catches_a_rewritten_ledger(folder: Path) -> None:
    kept, secret = folder / "usb" / "vigia.note", folder / "usb" / "witness.key"
    kept.parent.mkdir()
    code, said = run("witness-save", kept, "--data", folder, "--witness-key", secret)
    assert code == 0
    public = said.split("cosigned by ")[1].split("\n")[0]
    assert len(parse_note(kept.read_bytes()).signatures) == 2
    code, said = run("verify", "--data", folder, "--witness", kept, "--witness-key", public)
    assert code == 0
    assert "vouched for by vigia.witness/" in said
    # the ledger grows: the witness's next visit replaces the note
    journal = night()
    journal.add(answer("alba", AckKind.SEEN, T_NS))
    write(folder, journal)
    before = kept.read_bytes()
    assert run("witness-save", kept, "--data", folder, "--witness-key", secret)[0] == 0
    assert kept.read_bytes() != before
    # somebody begins it anew, with the same key, and other answers
    (folder / FILE).unlink()
    other = night()
    other.add(answer("bruno", AckKind.SEEN, T_NS))
    other.add(answer("bruno", AckKind.SAFE, T_NS))
    write(folder, other)
    before = kept.read_bytes()
    code, said = run("witness-save", kept, "--data", folder, "--witness-key", secret)
    assert code == 1
    assert "NOT SAVED" in said
    assert kept.read_bytes() == before  # the evidence stays
    assert run("verify", "--data", folder, "--witness", kept)[0] == 1


def test_witness_save_refuses_a_ledger_that_is_shorter_or_damaged_or_empty(folder: Path) -> None:
    kept = folder / "kept.note"
    assert run("witness-save", kept, "--data", folder)[0] == 0
    db = sqlite3.connect(folder / FILE)
    with db:
        (last,) = db.execute("SELECT max(size) FROM checkpoints").fetchone()
        (before,) = db.execute(
            "SELECT max(size) FROM checkpoints WHERE size < ?", (last,)
        ).fetchone()
        db.execute("DELETE FROM checkpoints WHERE size = ?", (last,))
        db.execute("DELETE FROM leaves WHERE idx >= ?", (before,))
    db.close()
    code, said = run("witness-save", kept, "--data", folder)
    assert (code, f"had {last} entries and now has {before}" in said) == (1, True)
    db = sqlite3.connect(folder / FILE)
    with db:
        db.execute("DELETE FROM leaves WHERE idx = 1")
    db.close()
    code, said = run("witness-save", folder / "new.note", "--data", folder)
    assert (code, "it is missing" in said) == (1, True)
    assert not (folder / "new.note").exists()


def test_show_lists_every_entry_with_names(folder: Path) -> None:
    code, said = run("show", "--data", folder)
    assert code == 0
    lines = said.strip().split("\n")
    assert len(lines) == 26
    assert "person=person/alba" in lines[1]
    assert any("all_clear" in line and "by=person/chief" in line for line in lines)


def test_show_of_an_alert_tells_t0_to_t4(folder: Path) -> None:
    code, said = run("show", "--data", folder, "--alert", "aalba")
    assert code == 0
    assert "alert aalba for person/alba, ended: all_clear" in said
    assert "T0→T1 +20.0 ms  T0→T2 +30.0 ms  T0→T3 +200.0 ms  T0→T4 +3000.0 ms" in said
    assert "abruno" not in said
    code, said = run("show", "--data", folder, "--alert", "nothing")
    assert (code, "no entry of alert nothing" in said) == (1, True)


def test_after_forgetting_nobody_can_tell_whom_the_entries_name(folder: Path) -> None:
    code, said = run("forget", "alba", "--data", folder)
    assert (code, "2 salts destroyed" in said) == (0, True)
    code, said = run("show", "--data", folder, "--alert", "aalba")
    assert code == 0
    assert "person/alba" not in said
    assert "forgotten on" in said
    assert run("verify", "--data", folder)[0] == 0
