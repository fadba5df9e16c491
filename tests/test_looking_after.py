"""Backup, restore and upgrade: of a running vigia, with keys sealed, of the earliest release."""

from __future__ import annotations

import io
import shutil
from collections import Counter
from pathlib import Path

import pytest
from tools.live import Live, Person, live, wait_for

from test_replay import replayed
from vigia.run.backup import MANIFEST, BackupError, backup
from vigia.run.backup_keys import SealError, open_keys, read_passphrase, seal_keys
from vigia.run.backup_note import read_note
from vigia.run.journal_reader import JournalReader
from vigia.run.restore import LEDGER_BEFORE, restore
from vigia.run.start import lock_folder
from vigia.run.upgrade import upgrade
from vigia.terms import Role

EARLIEST = Path(__file__).parent / "samples" / "journal-0.1"
WORDS = b"correct horse battery"


def earliest(folder: Path) -> Path:
    shutil.copytree(EARLIEST, folder, ignore=shutil.ignore_patterns("README.md"))
    return folder


def test_the_journal_of_the_earliest_release_opens_and_every_input_is_read(tmp_path: Path) -> None:
    reader = JournalReader(earliest(tmp_path / "data"))
    kinds = Counter(type(recorded).__name__ for recorded in reader.inputs(proven=True))
    reader.close()
    assert kinds == {"Event": 154}
    assert reader.header.format == 1


def test_the_journal_of_the_earliest_release_replays_to_its_end(tmp_path: Path) -> None:
    result, text = replayed(earliest(tmp_path / "data"))
    assert result.inputs == 154
    assert result.set_aside == 0
    assert "another core version" in text  # it decides differently today, and says so


def test_an_upgrade_backs_up_reads_everything_and_refuses_a_folder_in_use(tmp_path: Path) -> None:
    data = earliest(tmp_path / "data")
    out = io.StringIO()
    assert upgrade(data, backup_to=tmp_path / "copy", passphrase=None, out=out) == 0
    assert "154 inputs read, 0 damaged" in out.getvalue()
    assert (tmp_path / "copy" / MANIFEST).is_file()
    lock = lock_folder(data)
    assert lock is not None
    with pytest.raises(BackupError, match="stop it first"):
        upgrade(data, backup_to=tmp_path / "other", passphrase=None, out=out)


def _keys(folder: Path) -> Path:
    (folder / "keys" / "tls").mkdir(parents=True)
    (folder / "keys" / "tls" / "ca.key").write_bytes(b"ca")
    (folder / "keys" / "session.key").write_bytes(b"session")
    (folder / "keys" / "shift.keys").write_bytes(b"never")
    (folder / "keys" / "ledger-salts.sqlite").write_bytes(b"never")
    (folder / "keys" / "ledger-salts.sqlite-wal").write_bytes(b"never")
    return folder / "keys"


def test_sealed_keys_open_with_the_passphrase_only_and_hold_none_that_forgets(
    tmp_path: Path,
) -> None:
    sealed = tmp_path / "sealed"
    assert seal_keys(_keys(tmp_path), sealed, WORDS) == ["session.key", "tls/ca.key"]
    assert b"session" not in sealed.read_bytes()
    with pytest.raises(SealError, match="passphrase"):
        open_keys(sealed, tmp_path / "out", b"another passphrase")
    assert not (tmp_path / "out").exists()
    open_keys(sealed, tmp_path / "out", WORDS)
    assert (tmp_path / "out" / "tls" / "ca.key").read_bytes() == b"ca"
    assert (tmp_path / "out" / "tls" / "ca.key").stat().st_mode & 0o077 == 0


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_text("short\n")
    with pytest.raises(SealError, match="need 12"):
        read_passphrase(path)


def test_a_restore_overwrites_nothing_and_refuses_what_was_altered(tmp_path: Path) -> None:
    data, copy = earliest(tmp_path / "data"), tmp_path / "copy"
    backup(data, copy)
    out = io.StringIO()
    with pytest.raises(BackupError, match="not empty"):
        restore(copy, data, passphrase=None, out=out)
    segment = next((copy / "scans").iterdir())
    data_bytes = segment.read_bytes()
    segment.write_bytes(data_bytes[:-1] + bytes((data_bytes[-1] ^ 1,)))
    with pytest.raises(BackupError, match="hash differs"):
        restore(copy, tmp_path / "new", passphrase=None, out=out)
    assert not (tmp_path / "new").exists()
    with pytest.raises(BackupError, match="is no backup"):
        restore(tmp_path / "nothing", tmp_path / "new", passphrase=None, out=out)


@pytest.fixture(scope="module")
def running_copy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A backup taken while the demo runs and warns; and the folder it was taken of."""
    base = tmp_path_factory.mktemp("running")
    data, copy = base / "data", base / "copy"
    with live(["demo", "--no-browser", "--data", str(data)], data) as running:
        Person.enrolled(running, "Ana Ruiz", Role.ADMIN)
        wait_for(lambda: _entries(running) > 0, 20)
        backup(data, copy, passphrase=WORDS)
    return data, copy


def _entries(running: Live) -> int:
    from vigia.run.ledger_store import LedgerError, LedgerReader

    try:
        reader = LedgerReader(running.folder)
    except LedgerError:
        return 0  # it is being begun
    try:
        return reader.size()
    finally:
        reader.close()


def test_a_backup_of_a_running_vigia_is_whole_and_its_ledger_holds(
    running_copy: tuple[Path, Path], tmp_path: Path
) -> None:
    data, copy = running_copy
    out = io.StringIO()
    assert restore(copy, tmp_path / "new", passphrase=WORDS, out=out) == 0, out.getvalue()
    for name in ("session.key", "ledger.key"):
        assert (tmp_path / "new" / "keys" / name).read_bytes() == (
            data / "keys" / name
        ).read_bytes()
    assert not (tmp_path / "new" / "keys" / "shift.keys").exists()
    note = read_note(data)
    assert note is not None
    assert note.with_keys
    result, _ = replayed(tmp_path / "new")
    assert result.inputs > 0
    with live(
        ["demo", "--no-browser", "--data", str(tmp_path / "new")], tmp_path / "new"
    ) as again:  # and it runs
        assert Person.enrolled(again, "Ben Ode", Role.AGENT).person["name"] == "Ben Ode"


def test_without_its_keys_the_old_ledger_is_kept_beside_the_new(
    running_copy: tuple[Path, Path], tmp_path: Path
) -> None:
    _, copy = running_copy
    out = io.StringIO()
    with pytest.raises(BackupError, match="--passphrase-file"):
        restore(copy, tmp_path / "new", passphrase=None, out=out)
    code = restore(copy, tmp_path / "new", passphrase=None, without_keys=True, out=out)
    assert code == 0, out.getvalue()
    assert (tmp_path / "new" / LEDGER_BEFORE).is_file()
    assert not (tmp_path / "new" / "keys").exists()
