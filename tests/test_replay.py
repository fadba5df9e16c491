"""Replay: decisions come from the inputs alone, and every difference is said."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from journal_world import (
    T0_NS,
    S,
    alert,
    event,
    moved,
    observation,
    opened,
    place,
    raid,
    record,
    settings,
    sighting,
    tracks,
    wait_until,
)
from vigia.events import (
    Alert,
    Event,
    Fault,
    Input,
    Observation,
    PositionErased,
    Restarted,
    Tick,
)
from vigia.flow import Watch
from vigia.run import build as build_module
from vigia.run.compare import differences
from vigia.run.journal import JournalReader
from vigia.run.journal_queue import JournalQueue
from vigia.run.keys import ShiftKeys, shift_of
from vigia.run.recover import recover
from vigia.run.replay import ReplayResult, replay
from vigia.run.rows import pack
from vigia.terms import Mark

CLOSE_S = 10.0


def replayed(folder: Path, factory: Callable[[], Watch] = Watch) -> tuple[ReplayResult, str]:
    out = io.StringIO()
    result = replay(folder, factory, out)
    return result, out.getvalue()


def change(folder: Path, sql: str, *values: object) -> None:
    db = sqlite3.connect(folder / "journal.sqlite")
    changed = db.execute(sql, values).rowcount
    db.commit()
    db.close()
    assert changed > 0


def first_seq(folder: Path, kind: str, skip: int = 0) -> int:
    db = sqlite3.connect(folder / "journal.sqlite")
    row = db.execute(
        "SELECT seq FROM inputs WHERE kind = ? ORDER BY seq LIMIT 1 OFFSET ?", (kind, skip)
    ).fetchone()
    db.close()
    return row[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    record(tmp_path, raid())
    return tmp_path


def test_a_raid_replays_to_identical_bytes(folder: Path) -> None:
    result, text = replayed(folder)
    assert result.exit_code == 0
    assert result.compared == result.decisions > 30
    assert "bytes must be identical" in text
    assert "no difference" in text
    assert replayed(folder / "journal.sqlite")[0] == result


def test_replay_writes_nothing(folder: Path) -> None:
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    replayed(folder)
    after = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert {p: b for p, b in after.items() if not p.name.endswith(("-shm", "-wal"))} == before


# ---- altered inputs --------------------------------------------------------------------------


def test_one_altered_byte_of_a_scan_is_reported(folder: Path) -> None:
    segment = next((folder / "scans").glob("*.seg"))
    data = bytearray(segment.read_bytes())
    data[60] ^= 1  # within the first record, a scan
    segment.write_bytes(data)
    result, text = replayed(folder)
    assert result.exit_code == 1
    assert "input altered (Observation): body: segment 000001.seg" in text


def test_a_scan_replaced_with_its_checksum_is_still_reported(folder: Path) -> None:
    seq = first_seq(folder, "Observation", 3)
    other = first_seq(folder, "Observation", 4)
    change(
        folder,
        "UPDATE inputs SET (segment, offset, length) = "
        "(SELECT segment, offset, length FROM inputs WHERE seq = ?) WHERE seq = ?",
        *(other, seq),
    )
    result, _ = replayed(folder)
    assert result.exit_code == 1
    assert result.differences[0].startswith(f"seq {seq}: input altered (Observation): scan")


@pytest.mark.parametrize(
    ("column", "value"),
    [("t_recv_ns", T0_NS + 7), ("source", "other"), ("mark", "demo"), ("body", b'{"type":"Tick"}')],
)
def test_an_altered_column_is_reported_with_its_seq(
    folder: Path, column: str, value: object
) -> None:
    seq = first_seq(folder, "PersonAdded")
    change(folder, f"UPDATE inputs SET {column} = ? WHERE seq = ?", value, seq)
    result, _ = replayed(folder)
    assert result.exit_code == 1
    assert result.differences[0].startswith(f"seq {seq}: input altered (PersonAdded)")


def test_an_altered_sealed_position_is_reported(folder: Path) -> None:
    seq = first_seq(folder, "PersonMoved")
    db = sqlite3.connect(folder / "journal.sqlite")
    (body,) = db.execute("SELECT body FROM inputs WHERE seq = ?", (seq,)).fetchone()
    db.close()
    altered = body[:20] + bytes([body[20] ^ 1]) + body[21:]
    change(folder, "UPDATE inputs SET body = ? WHERE seq = ?", altered, seq)
    result, _ = replayed(folder)
    assert result.differences[0].startswith(f"seq {seq}: input altered (PersonMoved): body")


def test_a_removed_input_is_reported(folder: Path) -> None:
    seq = first_seq(folder, "Observation", 5)
    change(folder, "DELETE FROM inputs WHERE seq = ?", seq)
    result, _ = replayed(folder)
    assert result.exit_code == 1
    assert result.differences[0].startswith(f"seq {seq + 1}: input altered")


def test_a_cut_tail_shows_by_the_decisions_it_leaves(folder: Path) -> None:
    change(folder, "DELETE FROM inputs WHERE seq >= (SELECT max(seq) FROM decisions)")
    result, text = replayed(folder)
    assert result.exit_code == 1
    assert "their decisions are here" in text


# ---- altered decisions -----------------------------------------------------------------------


def test_an_altered_decision_is_named_with_its_field(folder: Path) -> None:
    db = sqlite3.connect(folder / "journal.sqlite")
    seq, idx, body = db.execute(
        "SELECT seq, idx, body FROM decisions WHERE kind = 'Alert' AND key_id IS NULL LIMIT 1"
    ).fetchone()
    db.close()
    forged = msgspec.json.decode(body)
    forged["range_m"] += 1.0
    text = msgspec.json.encode(forged)
    change(
        folder,
        "UPDATE decisions SET body = ?, sha = ? WHERE seq = ? AND idx = ?",
        *(text, hashlib.sha256(text).digest(), seq, idx),
    )
    result, _ = replayed(folder)
    assert result.difference_count == 1
    assert result.differences[0].startswith(f"seq {seq}: decision {idx} (Alert ")
    assert "range_m: recorded" in result.differences[0]


def test_a_removed_and_an_added_decision_are_told(folder: Path) -> None:
    change(folder, "DELETE FROM decisions WHERE kind = 'TracksPublished' AND seq > 20")
    assert "made this time, not recorded" in replayed(folder)[1]


class Deaf(Watch):
    """Another core: it does not hear of sensors."""

    def receive(self, event: Event) -> list[Event]:
        if isinstance(event.body, Observation):
            event = msgspec.structs.replace(event, body=Tick())
        return super().receive(event)


def test_another_core_gives_a_bounded_diff(tmp_path: Path) -> None:
    record(tmp_path, raid(200))
    result, text = replayed(tmp_path, Deaf)
    assert result.exit_code == 1
    assert result.difference_count > 50
    assert len(result.differences) == 50
    assert "more differences" in text
    assert len(text.splitlines()) < 80


def test_another_processor_may_differ_in_the_seventh_digit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = build_module.this_build()
    text = msgspec.json.encode(msgspec.structs.replace(here, processor="another")).decode()
    change(folder, "UPDATE runs SET build = ?", text)
    result, said = replayed(folder)
    assert result.exit_code == 0
    assert "another processor: floats may differ by 1e-6" in said


def test_another_core_version_is_named(folder: Path) -> None:
    here = build_module.this_build()
    text = msgspec.json.encode(msgspec.structs.replace(here, core="0123456789abcdef")).decode()
    change(folder, "UPDATE runs SET build = ?", text)
    said = replayed(folder)[1]
    assert f"another core version ({here.vigia} 0123456789abcdef): a diff is printed" in said


def test_floats_are_compared_within_a_millionth_on_another_build() -> None:
    a = pack(alert("ana", range_m=500.0))
    near, far = pack(alert("ana", range_m=500.0001)), pack(alert("ana", range_m=500.1))
    assert differences(a, near, exact=False) == []
    assert differences(a, near, exact=True)[0].startswith("range_m: recorded 500.0, recomputed 500")
    assert differences(a, far, exact=False)
    two, three = pack(tracks(2)), pack(tracks(3))
    assert differences(two, three, exact=False) == ["tracks: recorded 2 rows, recomputed 3"]


# ---- what cannot be compared -----------------------------------------------------------------


def test_after_forgetting_the_others_are_still_compared(tmp_path: Path) -> None:
    bodies = raid()
    bodies.insert(30, PositionErased(person_id="ana", shift=shift_of(T0_NS)))
    record(tmp_path, bodies)
    result, text = replayed(tmp_path)
    assert result.exit_code == 0, text
    assert "position erased: 1 inputs (1 PersonMoved)" in text
    assert "decisions about those people are not compared" in text
    assert 20 < result.compared < result.decisions


def test_an_erased_report_ends_comparing_until_a_snapshot(tmp_path: Path) -> None:
    bodies: list[Input] = raid(20)
    bodies.insert(10, sighting("r1", "ana", T0_NS + 4 * S, place(e_m=40, n_m=10)))
    bodies.insert(15, PositionErased(person_id="ana", shift=shift_of(T0_NS)))
    watch = record(tmp_path, bodies)
    result, text = replayed(tmp_path)
    assert result.exit_code == 0
    assert "on not compared: an erased Sighting" in text
    assert result.compared < result.decisions

    journal = opened(tmp_path)
    seq = first_seq(tmp_path, "PositionErased") + 100
    e = Event(seq, watch.t_ns + 1, "clock", Mark.EXERCISE, Tick())
    journal.append(e, watch.receive(e))
    journal.put_snapshot(seq, watch.t_ns, watch.snapshot())
    for k in range(1, 12):
        body = observation(watch.t_ns + k * S, e_m=300.0 - k, n_m=30.0)
        e = Event(seq + k, watch.t_ns + S, "test", Mark.EXERCISE, body)
        journal.append(e, watch.receive(e))
    journal.close(CLOSE_S)
    again, text = replayed(tmp_path)
    assert again.exit_code == 0, text
    assert f"compared again from seq {seq + 1} on" in text
    assert again.compared > result.compared


def test_scans_dropped_by_retention_are_said(folder: Path) -> None:
    for segment in (folder / "scans").glob("*.seg"):
        segment.unlink()
    result, text = replayed(folder)
    assert result.exit_code == 0
    assert result.dropped_inputs == 60
    assert "a scan that is not kept (retention)" in text


def test_a_gap_is_said(tmp_path: Path) -> None:
    journal = opened(tmp_path, queue=JournalQueue(bytes_max=100_000))
    watch = Watch()
    for seq, body in enumerate(raid(3), start=1):
        e = event(seq, body)
        journal.append(e, watch.receive(e))
    big = event(20, observation(T0_NS, e_m=100.0, n_m=1.0, rows=2_000))
    assert not journal.append(big, [])
    last = event(30, Tick())
    assert journal.append(last, [])
    assert journal.counters["detections_not_recorded"] == 2_000
    journal.close(CLOSE_S)
    _, text = replayed(tmp_path)
    assert "from seq 20 on not compared: 1 scans (2000 detections)" in text


def test_an_input_the_live_watch_set_aside_is_counted_and_no_difference(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    watch = Watch()
    for seq, body in enumerate(raid(10), start=1):
        e = event(seq if seq < 8 else seq + 1, body, T0_NS + seq * S // 2)
        journal.append(e, watch.receive(e))
    journal.close(CLOSE_S)
    result, text = replayed(tmp_path)
    assert result.exit_code == 0, text
    assert result.set_aside == 1
    assert "set aside by the live watch: 1 inputs" in text


def test_unreadable_is_told_apart_from_different(tmp_path: Path) -> None:
    assert replayed(tmp_path)[0].exit_code == 2
    (tmp_path / "journal.sqlite").write_bytes(b"x" * 5000)
    result, text = replayed(tmp_path)
    assert result.exit_code == 2
    assert "cannot be read" in text


# ---- a crash in the middle -------------------------------------------------------------------


@pytest.mark.parametrize("with_snapshot", [True, False])
def test_a_restart_replays_as_if_nothing_had_been(tmp_path: Path, with_snapshot: bool) -> None:
    watch = record(tmp_path, raid(20))
    keys = ShiftKeys.open(tmp_path / "keys")
    if with_snapshot:
        journal = opened(tmp_path, keys=keys)
        seq = recover(tmp_path, keys).last_seq
        for body in (Tick(), moved("ana", watch.t_ns, place(e_m=1, n_m=1, u_m=0))):
            seq += 1
            e = Event(seq, watch.t_ns + S, "test", Mark.EXERCISE, body)
            journal.append(e, watch.receive(e))
            if isinstance(body, Tick):
                journal.put_snapshot(seq, watch.t_ns, watch.snapshot())
        journal.close(CLOSE_S)
    back, seq, t_ns = recover(tmp_path, keys)
    assert back.snapshot() == watch.snapshot()
    assert t_ns == watch.t_ns
    journal = opened(tmp_path, keys=keys)
    for k, body in enumerate([Restarted(snapshot_seq=seq), *raid(40)[25:]], start=1):
        e = Event(seq + k, t_ns + k * S // 2, "test", Mark.EXERCISE, body)
        journal.append(e, back.receive(e))
    journal.close(CLOSE_S)
    result, text = replayed(tmp_path)
    assert result.exit_code == 0, text
    assert result.compared == result.decisions


def test_a_broken_snapshot_is_said_and_an_older_one_used(tmp_path: Path) -> None:
    watch = record(tmp_path, raid(10))
    keys = ShiftKeys.open(tmp_path / "keys")
    journal = opened(tmp_path, keys=keys)
    seq = recover(tmp_path, keys).last_seq
    for k in (1, 2):
        e = Event(seq + k, watch.t_ns + S, "test", Mark.EXERCISE, Tick())
        journal.append(e, watch.receive(e))
        journal.put_snapshot(seq + k, watch.t_ns, watch.snapshot())
        wait_until(lambda: not journal.counters["waiting"])
    journal.close(CLOSE_S)
    change(tmp_path, "UPDATE snapshots SET data = x'00112233' WHERE seq = ?", seq + 2)
    faults: list[Fault] = []
    back, last_seq, _ = recover(tmp_path, keys, faults.append)
    assert last_seq == seq + 2
    assert back.snapshot() == watch.snapshot()
    assert [f.whose for f in faults] == ["world"]
    assert f"snapshot {seq + 2} cannot be read" in faults[0].what


def test_settings_come_first_and_alerts_exist_in_the_recorded_raid(folder: Path) -> None:
    """What the other tests rest on."""
    reader = JournalReader(folder)
    events = list(reader.inputs())
    assert isinstance(events[0], Event)
    assert events[0].body == settings()
    alerts = [d for e in events for d in reader.decisions(e.seq) if isinstance(d.recorded, Event)]
    assert any(isinstance(d.recorded.body, Alert) for d in alerts if isinstance(d.recorded, Event))
    reader.close()
