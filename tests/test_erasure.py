"""Forgetting: a position is in no file of the data folder, in no encoding, nor a key to it."""

from __future__ import annotations

import base64
import sqlite3
import struct
from pathlib import Path

import msgspec
import pytest

from journal_world import (
    T0_NS,
    S,
    event,
    moved,
    opened,
    operator,
    place,
    raid,
    record,
    settings,
    sighting,
)
from test_replay import replayed
from vigia.events import Event, Fault, PersonAdded, PositionErased, Tick, encode_body
from vigia.flow import Watch
from vigia.run.backup import BackupError, backup
from vigia.run.journal import Erased, JournalReader
from vigia.run.keys import ShiftKeys, shift_of
from vigia.run.recover import recover
from vigia.terms import Mark, Position, Role

SECRET = Position(31.774321345678, -106.493456765432, 1141.23456789, 4.5)
SHIFT = shift_of(T0_NS)


def traces(at: Position) -> list[bytes]:
    """Every way we can think of in which a position lies in a file; 5 digits are a metre."""
    out: list[bytes] = []
    for value in (at.lat_deg, at.lon_deg, at.alt_hae_m or 0.0):
        doubles = [struct.pack(f, value) for f in ("<d", ">d", "<f", ">f")]
        texts = [repr(value).encode(), f"{value:.5f}".encode()[:-1]]
        radians = [struct.pack(f, value * 3.141592653589793 / 180.0) for f in ("<d", ">d")]
        scale = 1e7 if abs(value) < 200 else 1e3
        micro = [struct.pack(f, round(value * scale)) for f in ("<i", ">i", "<q", ">q")]
        out += [*doubles, *texts, *radians, *micro, msgspec.msgpack.encode(value)[1:]]
        out += [texts[0].decode().encode("utf-16-le"), *(base64.b64encode(t)[:-4] for t in texts)]
    return [t for t in out if len(t) >= 4]


def holding(folder: Path, needles: list[bytes]) -> list[str]:
    found: list[str] = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found += [f"{path.name}: {n!r}" for n in needles if n in data]
    return found


def personal_events() -> list[Event]:
    raw = encode_body(moved("ana", T0_NS, SECRET))
    fault = Fault(where="core", whose="us", what="set aside", raw=raw[:512], person_id="ana")
    return [
        event(1, settings()),
        event(2, moved("ana", T0_NS, SECRET)),
        event(3, sighting("r1", "ana", T0_NS, SECRET)),
        event(4, sighting("r2", None, T0_NS, SECRET)),
        event(5, operator("uas-1", T0_NS, SECRET)),
        event(6, fault),
        event(7, PersonAdded(person_id="ana", name="Ana", agency_id="x", role=Role.AGENT)),
        event(8, moved("ana", T0_NS, SECRET)),
    ]


def test_the_search_would_find_what_is_not_hidden(tmp_path: Path) -> None:
    """Else the tests below prove nothing."""
    (tmp_path / "json").write_bytes(encode_body(moved("ana", T0_NS, SECRET)))
    (tmp_path / "msgpack").write_bytes(msgspec.msgpack.encode(SECRET))
    (tmp_path / "packed").write_bytes(struct.pack("<dd", SECRET.lat_deg, SECRET.lon_deg))
    assert len({f.split(":")[0] for f in holding(tmp_path, traces(SECRET))}) == 3


def test_nobodys_position_is_readable_in_any_file_even_while_keys_live(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    watch = Watch()
    for e in personal_events():
        journal.append(e, watch.receive(e))
    journal.put_snapshot(8, watch.t_ns, watch.snapshot())
    journal.close(10.0)
    assert any(t in watch.snapshot() for t in traces(SECRET))  # the snapshot does hold it
    assert holding(tmp_path, traces(SECRET)) == []
    reader = JournalReader(tmp_path)
    assert list(reader.inputs()) == personal_events()  # with the keys it is all there
    reader.close()


def test_raw_bytes_of_nobody_in_particular_are_sealed_too(tmp_path: Path) -> None:
    raw = b"...%r..." % SECRET.lat_deg
    journal = opened(tmp_path)
    fault = event(1, Fault(where="rid", whose="peer", what="bad checksum", raw=raw))
    journal.append(fault, [])
    journal.close(10.0)
    assert holding(tmp_path, [*traces(SECRET), base64.b64encode(raw)]) == []
    reader = JournalReader(tmp_path)
    assert list(reader.inputs()) == [fault]
    reader.close()


def test_after_forgetting_no_key_in_the_folder_opens_it(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path / "keys")
    journal = opened(tmp_path, keys=keys)
    watch = Watch()
    for e in personal_events():
        journal.append(e, watch.receive(e))
    journal.put_snapshot(8, watch.t_ns, watch.snapshot())
    journal.append(Event(9, watch.t_ns, "clock", Mark.EXERCISE, Tick()), [])
    journal.close(10.0)
    old_keys = (tmp_path / "keys" / "shift.keys").read_bytes()
    secrets = _secrets(keys)
    old_copy = tmp_path.parent / f"{tmp_path.name}-backup"
    backup(tmp_path, old_copy)

    journal = opened(tmp_path, keys=keys)
    erased = Event(
        10, watch.t_ns, "watch", Mark.EXERCISE, PositionErased(person_id="ana", shift=SHIFT)
    )
    journal.append(erased, watch.receive(erased))
    journal.forget("ana", SHIFT)
    for subject in ("report/r2", "operators"):
        journal.forget(subject, None)
    journal.put_snapshot(10, watch.t_ns, watch.snapshot())
    journal.close(10.0)

    live = _secrets(keys)
    gone = [s for s in secrets if s not in live]
    assert len(gone) == 4  # three subjects and the snapshot
    for folder in (tmp_path, old_copy):
        assert holding(folder, [*traces(SECRET), *gone]) == []
        assert _opened_by_force(folder, live) == []
    assert _opened_by_force(tmp_path, _slots(old_keys))  # and the force is real
    assert holding(tmp_path, traces(SECRET)) == []

    reader = JournalReader(tmp_path)
    erased_seqs = [r.seq for r in reader.inputs() if isinstance(r, Erased)]
    assert erased_seqs == [2, 3, 4, 5, 6, 8]
    assert [s for s, _, data in reader.snapshots() if data is not None] == [10]
    reader.close()
    result, text = replayed(tmp_path)
    assert result.exit_code == 0
    assert "position erased: 6 inputs" in text
    back, _, _ = recover(tmp_path, keys)
    assert not any(t in back.snapshot() for t in traces(SECRET))


def test_a_backup_holds_no_key_and_its_replay_says_so(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    record(data, raid())
    done = backup(data, copy)
    assert done.files >= 2
    assert not (copy / "keys").exists()
    names = {p.name for p in copy.rglob("*")}
    assert {"journal.sqlite", "000001.seg"} <= names
    assert not any(n.endswith((".lock", "-wal", "-shm")) for n in names)
    result, text = replayed(copy)
    assert result.exit_code == 0, text
    assert "position erased: 2 inputs (2 PersonMoved)" in text
    assert result.compared > 30


def test_a_backup_while_the_watch_writes_is_whole(tmp_path: Path) -> None:
    data = tmp_path / "data"
    record(data, raid(30))
    journal = opened(data)
    seq = recover(data, ShiftKeys.read(data / "keys")).last_seq
    for k in range(1, 300):
        journal.append(event(seq + k, Tick(), T0_NS + 900 * S), [])
        if k == 150:
            backup(data, tmp_path / "copy")
    journal.close(10.0)
    reader = JournalReader(tmp_path / "copy")
    recorded = list(reader.inputs(proven=True))
    assert all(isinstance(r, Event | Erased) for r in recorded)
    assert len(recorded) >= seq
    reader.close()


def test_a_backup_goes_into_a_new_folder_elsewhere(tmp_path: Path) -> None:
    data = tmp_path / "data"
    record(data, raid(1))
    with pytest.raises(BackupError, match="lies inside"):
        backup(data, data / "copy")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    with pytest.raises(BackupError, match="is not empty"):
        backup(data, tmp_path / "full")
    with pytest.raises(BackupError, match="is no folder"):
        backup(tmp_path / "absent", tmp_path / "copy")


def test_people_far_from_each_other_are_forgotten_one_by_one(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path / "keys")
    journal = opened(tmp_path, keys=keys)
    people = [f"p{k}" for k in range(20)]
    for k, person in enumerate(people, start=1):
        journal.append(event(k, moved(person, T0_NS, place(e_m=k * 10.0, n_m=0.0))), [])
    journal.forget("p3", None)
    journal.close(10.0)
    reader = JournalReader(tmp_path)
    assert [e.subject for e in reader.inputs() if isinstance(e, Erased)] == ["p3"]
    reader.close()


def _secrets(keys: ShiftKeys) -> list[bytes]:
    return [k.secret for k in keys._by_id.values()]  # pyright: ignore[reportPrivateUsage]


def _slots(key_file: bytes) -> list[bytes]:
    return [key_file[at + 64 : at + 96] for at in range(64, len(key_file), 128)]


def _opened_by_force(folder: Path, secrets: list[bytes]) -> list[bytes]:
    """Every sealed blob of the database tried with every key, whatever the rows say."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from vigia.run.journal_tables import associated

    db = sqlite3.connect(folder / "journal.sqlite")
    rows = db.execute(
        "SELECT 'inputs', seq, -1, t_recv_ns, kind, subject, body FROM inputs "
        "WHERE key_id IS NOT NULL"
    ).fetchall()
    db.close()
    found: list[bytes] = []
    for table, seq, idx, t_ns, kind, subject, body in rows:
        aad = associated(table, seq, idx, t_ns, kind, subject)
        for secret in secrets:
            if len(secret) != 32 or not any(secret):
                continue
            try:
                found.append(AESGCM(secret).decrypt(body[:12], body[12:], aad))
            except InvalidTag:
                continue
    return found
