"""The follower against crashes and failures; the keys and salts it keeps."""

from __future__ import annotations

import sqlite3
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from ledger_world import T_NS, Journal, answer, night, write
from vigia.events import Tick
from vigia.ledger.audit import audit
from vigia.ledger.checkpoint import open_checkpoint
from vigia.ledger.entry import commit_who, decode_head
from vigia.run import ledger_follower
from vigia.run.ledger_follower import LedgerFollower, LedgerState, LedgerWriter
from vigia.run.ledger_keys import Salts, log_signer, witness_signer
from vigia.run.ledger_store import FILE, LedgerError, LedgerReader, LedgerStore
from vigia.terms import AckKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vigia.run.ledger_follower import Turn

WAIT_S = 10.0


def read(folder: Path) -> list[bytes]:
    reader = LedgerReader(folder)
    try:
        return [row.entry for row in reader.rows()]
    finally:
        reader.close()


def is_sound(folder: Path) -> bool:
    reader = LedgerReader(folder)
    try:
        rows, notes = list(reader.rows()), list(reader.checkpoints())
    finally:
        reader.close()
    return audit(rows, notes, log_signer(folder / "keys").verifier).finding is None


def until(follower: LedgerFollower, true: Callable[[LedgerState], bool]) -> LedgerState:
    waited = threading.Event()
    for _ in range(int(WAIT_S / 0.01)):
        if true(follower.state):
            return follower.state
        waited.wait(0.01)
    raise AssertionError(f"after {WAIT_S} s the state is {follower.state}")


def test_a_relative_folder_is_read_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LedgerStore(tmp_path / "demo").close()
    monkeypatch.chdir(tmp_path)
    assert read(type(tmp_path)("demo")) == []


# ---- the writer --------------------------------------------------------------------------------


def test_in_steps_or_at_once_the_tree_is_the_same(tmp_path: Path) -> None:
    journal = night()
    write(tmp_path, journal, step=1)
    stepped = read(tmp_path)
    (tmp_path / FILE).unlink()
    write(tmp_path, journal)  # the same salts: they are kept beside
    assert read(tmp_path) == stepped
    assert is_sound(tmp_path)


def test_every_commit_of_leaves_carries_its_checkpoint(tmp_path: Path) -> None:
    journal = Journal()
    log = log_signer(tmp_path / "keys").verifier
    for i in range(4):
        journal.add(answer("alba", AckKind.SEEN, T_NS + i))
        write(tmp_path, journal)
        reader = LedgerReader(tmp_path)
        note = reader.last_checkpoint()
        reader.close()
        assert note is not None
        assert open_checkpoint(note, log)[0].size == i + 1


@pytest.mark.parametrize("at", ["salts", "leaves"])
def test_a_crash_at_either_commit_neither_loses_nor_doubles(tmp_path: Path, at: str) -> None:
    journal = night()
    store, salts = LedgerStore(tmp_path), Salts(tmp_path / "keys")
    writer = LedgerWriter(store, salts, log_signer(tmp_path / "keys"))
    part = Journal()
    part.held = journal.held[:5]
    writer.step(part, t_ns=T_NS)
    broken = salts if at == "salts" else store
    name = "flush" if at == "salts" else "append"
    whole = getattr(broken, name)

    def crash(*args: object, **named: object) -> None:
        if at == "salts":
            whole(*args, **named)
        raise sqlite3.OperationalError("disk I/O error")

    setattr(broken, name, crash)
    with pytest.raises(sqlite3.OperationalError):
        writer.step(journal, t_ns=T_NS)
    salts.close()
    store.close()
    write(tmp_path, journal)
    seqs = [(decode_head(e).seq, decode_head(e).n) for e in read(tmp_path)]
    assert len(seqs) == len(set(seqs)) == 26
    assert is_sound(tmp_path)


def test_the_ledger_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write(tmp_path, night())
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_inputs_that_leave_nothing_cost_no_commit(tmp_path: Path) -> None:
    journal = Journal()
    for _ in range(50):
        journal.add(Tick())
    assert write(tmp_path, journal) == 0
    store = LedgerStore(tmp_path)
    assert store.next_seq() == 1  # read again after a restart: harmless
    assert store.last_checkpoint() is None
    store.close()


def test_a_changed_file_is_not_signed_over(tmp_path: Path) -> None:
    journal = night()
    write(tmp_path, journal, step=5)
    db = sqlite3.connect(tmp_path / FILE)
    with db:
        db.execute("UPDATE leaves SET hash = zeroblob(32) WHERE idx = 3")
    db.close()
    journal.add(answer("alba", AckKind.SEEN, T_NS))
    with pytest.raises(LedgerError, match="somebody changed it"):
        write(tmp_path, journal)


def test_another_signing_key_does_not_go_on_with_the_ledger(tmp_path: Path) -> None:
    write(tmp_path, night())
    (tmp_path / "keys" / "ledger.key").unlink()
    with pytest.raises(LedgerError, match=r"restore keys/ledger\.key"):
        write(tmp_path, night())


def test_a_ledger_of_another_format_is_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, night())
    db = sqlite3.connect(tmp_path / FILE)
    with db:
        db.execute("UPDATE meta SET value = '9' WHERE key = 'format'")
    db.close()
    with pytest.raises(LedgerError, match="format 9"):
        LedgerStore(tmp_path)
    with pytest.raises(LedgerError, match="format 9"):
        LedgerReader(tmp_path)


def test_a_copy_on_a_medium_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    write(tmp_path, night())
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / FILE).write_bytes((tmp_path / FILE).read_bytes())
    (copy / FILE).chmod(0o444)
    copy.chmod(0o555)
    try:
        assert read(copy) == read(tmp_path)
    finally:
        copy.chmod(0o755)


# ---- the thread --------------------------------------------------------------------------------


def test_the_follower_catches_up_goes_on_and_stops(tmp_path: Path) -> None:
    journal = night()
    follower = LedgerFollower(lambda: journal, ledger=tmp_path, keys=tmp_path / "keys")
    follower.start()
    try:
        until(follower, lambda s: s.size == 26)
        assert follower.state.status == "following"
        journal.add(answer("alba", AckKind.SEEN, T_NS))
        follower.wake()
        until(follower, lambda s: s.size == 27)
        journal.add(answer("alba", AckKind.SAFE, T_NS))
    finally:
        follower.stop()
    assert follower.state.status == "stopped"
    assert len(read(tmp_path)) == 28  # what was committed before the stop is in
    assert is_sound(tmp_path)
    assert journal.closed == 1


class Broken(Journal):
    """Fails a few times, then is the journal."""

    def __init__(self, journal: Journal, failures: int) -> None:
        super().__init__()
        self.held = journal.held
        self.failures = failures

    def turns(self, from_seq: int) -> Iterator[Turn]:
        if self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("database is locked")
        return super().turns(from_seq)


def test_failures_are_tried_again_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_follower, "RETRY_S", (0.3, 0.01))
    feed = Broken(night(), failures=3)
    follower = LedgerFollower(lambda: feed, ledger=tmp_path, keys=tmp_path / "keys")
    follower.start()
    try:
        state = until(follower, lambda s: s.status == "retrying")
        assert "database is locked" in state.why
        state = until(follower, lambda s: s.size == 26)
        assert (state.status, state.why, state.failures) == ("following", "", 0)
    finally:
        follower.stop()
    assert is_sound(tmp_path)


def test_a_follower_that_finds_the_file_changed_refuses_and_stays_alive(tmp_path: Path) -> None:
    write(tmp_path, night())
    db = sqlite3.connect(tmp_path / FILE)
    with db:
        db.execute("DELETE FROM leaves WHERE idx = 25")
    db.close()
    follower = LedgerFollower(night, ledger=tmp_path, keys=tmp_path / "keys")
    follower.start()
    try:
        state = until(follower, lambda s: s.status == "refused")
        assert "are not the 26 that were signed" in state.why
    finally:
        follower.stop()
    assert len(read(tmp_path)) == 25  # nothing was added to it


def test_a_ledger_that_cannot_be_opened_is_a_state_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    follower = LedgerFollower(night, ledger=tmp_path, keys=tmp_path / "keys")
    follower.start()
    try:
        state = until(follower, lambda s: s.status == "retrying")
        assert "unable to open database file" in state.why
    finally:
        follower.stop()


# ---- keys and salts ----------------------------------------------------------------------------


def test_the_signing_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    first = log_signer(keys)
    assert log_signer(keys).secret_text() == first.secret_text()
    path = keys / "ledger.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert [p.name for p in keys.iterdir()] == ["ledger.key"]  # no draft is left
    assert first.verifier.text().encode() not in path.read_bytes()
    path.chmod(0o644)
    with pytest.raises(LedgerError, match="chmod 600"):
        log_signer(keys)


def test_a_damaged_or_foreign_key_file_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    log_signer(tmp_path)
    path = tmp_path / "ledger.key"
    path.write_text(path.read_text().replace("PRIVATE", "PUBLIC"))
    with pytest.raises(LedgerError, match="restore it from a backup"):
        log_signer(tmp_path)
    witness_signer(tmp_path / "w.key")
    (tmp_path / "w.key").replace(path)
    with pytest.raises(LedgerError, match="another kind"):
        log_signer(tmp_path)


def test_a_salt_is_kept_and_is_not_in_the_ledger(tmp_path: Path) -> None:
    write(tmp_path, night())
    salts = Salts(tmp_path / "keys")
    salt = salts.find("person/alba", None)
    assert salt is not None
    assert salts.names()[commit_who(salt, "person/alba")] == "person/alba"
    salts.close()
    assert salt not in (tmp_path / FILE).read_bytes()
    assert b"alba" not in (tmp_path / FILE).read_bytes().replace(b"aalba", b"")
    assert stat.S_IMODE((tmp_path / "keys" / "ledger-salts.sqlite").stat().st_mode) == 0o600


def test_salts_that_were_not_flushed_are_not_kept(tmp_path: Path) -> None:
    salts = Salts(tmp_path)
    first = salts.get("person/alba", None)
    assert salts.get("person/alba", None) == first
    salts.drop()
    second = salts.get("person/alba", None)
    assert second != first
    salts.flush()
    assert salts.get("person/alba", None) == second
    salts.close()


def test_forgetting_destroys_the_salts_of_a_person_and_of_the_persons_devices(
    tmp_path: Path,
) -> None:
    journal = night()
    write(tmp_path, journal)
    salts = Salts(tmp_path / "keys")
    own = [salts.find("person/alba", None), salts.find("device/phone-alba", None)]
    assert None not in own
    assert salts.forget("alba", t_ns=T_NS) == 2
    assert salts.find("person/bruno", None) is not None
    assert len(salts.forgotten()) == 2
    salts.close()
    for path in tmp_path.rglob("*"):
        for salt in own:
            assert path.is_dir() or salt is None or salt not in path.read_bytes(), path
    assert is_sound(tmp_path)  # every proof still holds
    journal.add(answer("alba", AckKind.SEEN, T_NS))
    write(tmp_path, journal)  # who goes on working is somebody new to the ledger
    assert is_sound(tmp_path)


def test_a_salt_destroyed_by_another_process_is_not_used_again(tmp_path: Path) -> None:
    journal = night()
    store, salts = LedgerStore(tmp_path), Salts(tmp_path / "keys")
    writer = LedgerWriter(store, salts, log_signer(tmp_path / "keys"))
    writer.step(journal, t_ns=T_NS)
    other = Salts(tmp_path / "keys")
    before = {c for c, name in other.names().items() if name == "person/alba"}
    other.forget("alba", t_ns=T_NS)
    other.close()
    journal.add(answer("alba", AckKind.SEEN, T_NS))
    writer.step(journal, t_ns=T_NS)
    after = {c for c, name in salts.names().items() if name == "person/alba"}
    assert len(after) == 1
    assert after != before
    salts.close()
    store.close()
