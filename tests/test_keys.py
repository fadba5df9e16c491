"""Keys: sealed bodies open until the key is destroyed, and then nothing of it is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vigia.run import keys as keys_module
from vigia.run.journal_tables import JournalError
from vigia.run.keys import NO_SHIFT, SHIFT_NS, ShiftKeys, shift_of

AAD = b"row 1"
PLAIN = b"31.7619,-106.4850"


def secrets(keys: ShiftKeys) -> list[bytes]:
    return [k.secret for k in keys._by_id.values()]  # pyright: ignore[reportPrivateUsage]


def test_a_shift_is_eight_hours() -> None:
    assert SHIFT_NS == 8 * 3600 * 10**9
    assert shift_of(SHIFT_NS * 5 - 1) == 4
    assert shift_of(SHIFT_NS * 5) == 5


def test_what_is_sealed_opens_in_another_process_later(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path)
    key_id, sealed = keys.seal(PLAIN, subject="ana", shift=1, seq=1, aad=AAD)
    assert PLAIN not in sealed
    keys.commit()
    for again in (ShiftKeys.read(tmp_path), ShiftKeys.open(tmp_path)):
        assert again.unseal(sealed, key_id=key_id, aad=AAD) == PLAIN
        again.close()
    keys.close()


def test_a_reader_finds_a_key_made_after_it_was_opened(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path)
    reader = ShiftKeys.read(tmp_path)
    key_id, sealed = keys.seal(PLAIN, subject="ana", shift=1, seq=1, aad=AAD)
    keys.commit()
    assert reader.unseal(sealed, key_id=key_id, aad=AAD) == PLAIN
    keys.destroy("ana", 1)
    assert reader.unseal(sealed, key_id=key_id, aad=AAD) is None


def test_one_key_for_a_subject_and_shift_and_a_nonce_for_each_record(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path)
    seals = [keys.seal(PLAIN, subject="ana", shift=1, seq=s, aad=AAD) for s in range(100)]
    other = keys.seal(PLAIN, subject="ana", shift=2, seq=1, aad=AAD)
    third = keys.seal(PLAIN, subject="ben", shift=1, seq=1, aad=AAD)
    assert len({key_id for key_id, _ in seals}) == 1
    assert len({sealed for _, sealed in seals}) == 100
    assert len({seals[0][0], other[0], third[0]}) == 3


def test_a_destroyed_key_is_gone_from_memory_and_file(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path)
    sealed = {s: keys.seal(PLAIN, subject=s, shift=1, seq=1, aad=AAD) for s in ("ana", "ben")}
    keys.commit()
    before = secrets(keys)
    assert keys.destroy("ana", 1) == 1
    assert keys.destroy("ana", 1) == 0
    gone = [s for s in before if s not in secrets(keys)]
    assert len(gone) == 1
    for path in tmp_path.rglob("*"):
        assert gone[0] not in path.read_bytes()
    for k in (keys, ShiftKeys.read(tmp_path)):
        assert k.unseal(sealed["ana"][1], key_id=sealed["ana"][0], aad=AAD) is None
        assert k.unseal(sealed["ben"][1], key_id=sealed["ben"][0], aad=AAD) == PLAIN


def test_one_who_returns_after_being_forgotten_gets_a_new_key(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path)
    old_id, old = keys.seal(PLAIN, subject="ana", shift=1, seq=1, aad=AAD)
    keys.commit()
    keys.destroy("ana", 1)
    new_id, new = keys.seal(PLAIN, subject="ana", shift=1, seq=9, aad=AAD)
    keys.commit()
    assert new_id != old_id
    assert keys.unseal(old, key_id=old_id, aad=AAD) is None
    assert keys.unseal(new, key_id=new_id, aad=AAD) == PLAIN
    assert keys.destroy("ana", 1, before_seq=9) == 0  # a late, repeated order spares it
    assert keys.unseal(new, key_id=new_id, aad=AAD) == PLAIN


def test_a_key_destroyed_before_it_was_written_never_is(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path)
    keys.seal(PLAIN, subject="ana", shift=1, seq=1, aad=AAD)
    (secret,) = secrets(keys)
    keys.destroy_all("ana")
    keys.commit()
    assert secret not in keys.path.read_bytes()


def test_old_shifts_expire_and_snapshots_do_not(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path)
    for shift in (1, 2, 3, NO_SHIFT):
        keys.seal(PLAIN, subject="ana", shift=shift, seq=1, aad=AAD)
    keys.commit()
    assert keys.expire(3) == 2
    assert keys.count == 2
    assert keys.keep_snapshots(set()) == 1
    assert keys.destroy_all("ana") == 1


def test_slots_are_used_again(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path)
    for round_ in range(50):
        keys.seal(PLAIN, subject=f"p{round_}", shift=round_, seq=1, aad=AAD)
        keys.commit()
        keys.expire(round_ + 1)
    assert keys.path.stat().st_size <= 64 + 2 * 128


def test_at_the_limit_the_oldest_shift_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_module, "KEYS_MAX", 10)
    keys = ShiftKeys.open(tmp_path)
    for k in range(11):
        keys.seal(PLAIN, subject=f"p{k}", shift=k // 5, seq=1, aad=AAD)
    keys.commit()
    assert keys.expired_by_limit == 5
    assert keys.count == 6


def test_a_sealed_body_fits_only_its_row(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path)
    key_id, sealed = keys.seal(PLAIN, subject="ana", shift=1, seq=1, aad=AAD)
    with pytest.raises(ValueError, match="altered"):
        keys.unseal(sealed, key_id=key_id, aad=b"row 2")
    with pytest.raises(ValueError, match="altered"):
        keys.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), key_id=key_id, aad=AAD)
    with pytest.raises(ValueError, match="altered"):
        keys.unseal(b"", key_id=key_id, aad=AAD)


def test_a_torn_slot_is_no_key(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path)
    keys.seal(PLAIN, subject="ana", shift=1, seq=1, aad=AAD)
    keys.seal(PLAIN, subject="ben", shift=1, seq=1, aad=AAD)
    keys.commit()
    keys.close()
    path = tmp_path / "shift.keys"
    path.write_bytes(path.read_bytes()[:-60])
    again = ShiftKeys.open(tmp_path)
    assert again.count == 1


def test_a_file_that_is_no_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shift.keys").write_bytes(b"something else")
    with pytest.raises(JournalError, match="is no key file of vigia"):
        ShiftKeys.open(tmp_path)


def test_without_a_file_a_reader_opens_nothing(tmp_path: Path) -> None:
    keys = ShiftKeys.read(tmp_path)
    assert keys.unseal(b"x" * 40, key_id=b"12345678", aad=AAD) is None
    key_id, sealed = ShiftKeys.open(tmp_path).seal(PLAIN, subject="a", shift=1, seq=1, aad=AAD)
    assert keys.unseal(sealed, key_id=key_id, aad=AAD) is None  # not committed


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path / "keys")
    assert keys.path.stat().st_mode & 0o077 == 0
    assert keys.path.parent.stat().st_mode & 0o077 == 0


def test_keys_committed_before_a_kill_are_there(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from vigia.run.keys import ShiftKeys\n"
        f"keys = ShiftKeys.open(Path({str(tmp_path)!r}))\n"
        "for k in range(50): keys.seal(b'x', subject=str(k), shift=1, seq=k, aad=b'')\n"
        "keys.commit(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    assert ShiftKeys.read(tmp_path).count == 50
