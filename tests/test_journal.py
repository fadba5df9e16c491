"""The journal: what went in comes out, whatever stopped in between."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from journal_world import (
    HOME,
    T0_NS,
    Recorder,
    alert,
    event,
    moved,
    observation,
    opened,
    operator,
    settings,
    sighting,
    tracks,
    wait_until,
)
from vigia.events import Event, PersonMoved, PositionErased, Tick
from vigia.run.build import this_build
from vigia.run.journal import Erased, JournalError, JournalReader
from vigia.run.journal_store import KEY_SHIFTS
from vigia.run.keys import SHIFT_NS, ShiftKeys, shift_of
from vigia.terms import Mark

SEQUENCE: list[tuple[Event, list[Event]]] = [
    (event(1, settings()), []),
    (event(2, observation(T0_NS, e_m=500.0, n_m=0.0, rows=3)), [event(2, alert("ana"))]),
    (event(3, moved("ana", T0_NS, HOME)), []),
    (event(4, sighting("r1", None, T0_NS, HOME)), [event(4, tracks()), event(4, alert(None))]),
    (event(5, operator("uas", T0_NS, HOME)), []),
    (event(6, Tick()), [event(6, tracks(5))]),
]


def test_what_went_in_comes_out(tmp_path: Path) -> None:
    recorder = Recorder()
    journal = opened(tmp_path, recorder)
    for e, decisions in SEQUENCE:
        assert journal.append(e, decisions)
    recorder.wait_seq(6)
    reader = JournalReader(tmp_path)  # while the writer has it open
    assert list(reader.inputs(proven=True)) == [e for e, _ in SEQUENCE]
    for e, decisions in SEQUENCE:
        assert [d.recorded for d in reader.decisions(e.seq)] == decisions
    assert reader.last_seq == 6
    assert reader.header.mode is Mark.EXERCISE
    assert journal.trouble is None
    assert journal.lag_s == 0.0
    reader.close()
    journal.close(5.0)


def test_a_closed_journal_goes_on_where_it_was(tmp_path: Path) -> None:
    for e, decisions in SEQUENCE:
        journal = opened(tmp_path)
        journal.append(e, decisions)
        journal.close(5.0)
    reader = JournalReader(tmp_path)
    assert list(reader.inputs(proven=True)) == [e for e, _ in SEQUENCE]
    reader.close()


def test_the_header_names_core_libraries_and_processor(tmp_path: Path) -> None:
    opened(tmp_path).close(5.0)
    reader = JournalReader(tmp_path)
    build = reader.header.build
    assert (build, [r.build for r in reader.runs()]) == (this_build(), [this_build()])
    assert build.numpy == np.__version__
    assert len(build.core) == 16
    assert build.processor
    assert build.numba is None or build.numba[0].isdigit()
    reader.close()


def test_demo_and_live_never_share_a_folder(tmp_path: Path) -> None:
    opened(tmp_path, mode=Mark.DEMO).close(5.0)
    with pytest.raises(JournalError, match="mode demo, got mode actual"):
        opened(tmp_path, mode=Mark.ACTUAL)
    opened(tmp_path, mode=Mark.DEMO).close(5.0)  # the refused one left no lock


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    with pytest.raises(JournalError, match="another vigia is writing here"):
        opened(tmp_path)
    journal.close(5.0)
    opened(tmp_path).close(5.0)


def test_a_file_that_is_no_journal_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"no database at all, but long enough " * 200)
    with pytest.raises(JournalError, match="cannot be opened as a journal"):
        opened(tmp_path)


def test_the_core_never_gets_a_seq_twice(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.append(event(5, Tick()), [])
    with pytest.raises(AssertionError, match="got 5 after 5"):
        journal.append(event(5, Tick()), [])
    journal.close(5.0)


KILLED = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {src!r}]
from journal_world import HOME, T0_NS, event, moved, observation, opened, settings, Recorder
r = Recorder()
journal = opened(Path({folder!r}), r)
journal.append(event(1, settings()), [])
for seq in range(2, 10**9):
    body = moved("ana", T0_NS, HOME) if seq % 2 else observation(T0_NS, e_m=1.0, n_m=2.0)
    journal.append(event(seq, body), [])
    r.wait_seq(seq)
    print(seq, flush=True)
"""


def test_all_that_was_committed_survives_a_kill(tmp_path: Path) -> None:
    tests = Path(__file__).parent
    script = KILLED.format(tests=str(tests), src=str(tests.parent / "src"), folder=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = 0
    while told < 40:
        told = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])
    process.wait()
    process.stdout.close()
    reader = JournalReader(tmp_path)  # a reader comes before any writer has recovered the WAL
    before = list(reader.inputs(proven=True))
    reader.close()
    assert all(isinstance(e, Event) for e in before)
    assert [e.seq for e in before] == list(range(1, len(before) + 1))
    assert len(before) >= told
    journal = opened(tmp_path)
    journal.append(event(len(before) + 1, observation(T0_NS, e_m=3.0, n_m=4.0)), [])
    journal.close(5.0)
    reader = JournalReader(tmp_path)
    assert list(reader.inputs(proven=True))[:-1] == before
    reader.close()


def test_the_last_two_snapshots_are_kept_each_with_its_key(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path / "keys")
    journal = opened(tmp_path, keys=keys)
    for seq in range(1, 6):
        journal.append(event(seq, Tick()), [])
        journal.put_snapshot(seq, T0_NS + seq, b"state %d" % seq)
        wait_until(lambda: not journal.counters["waiting"])
    journal.close(5.0)
    reader = JournalReader(tmp_path)
    kept = reader.snapshots()
    assert kept[0] == (5, T0_NS + 5, b"state 5")
    assert len(kept) == 2
    assert keys.count == 2
    assert reader.latest_snapshot() == kept[0]
    reader.close()


def test_forgetting_erases_one_person_and_every_older_snapshot(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path / "keys")
    journal = opened(tmp_path, keys=keys)
    journal.append(event(1, moved("ana", T0_NS, HOME)), [event(1, alert("ana"))])
    journal.append(event(2, moved("ben", T0_NS, HOME)), [])
    journal.put_snapshot(2, T0_NS, b"where ana is")
    shift = shift_of(event(1, Tick()).t_recv_ns)
    journal.append(event(3, PositionErased(person_id="ana", shift=shift)), [])
    journal.forget("ana", shift)
    journal.put_snapshot(3, T0_NS, b"ana is nowhere")
    journal.append(event(4, moved("ana", T0_NS, HOME)), [])  # she comes back
    journal.close(5.0)
    reader = JournalReader(tmp_path)
    first, second, _, back = reader.inputs(proven=True)
    assert isinstance(first, Erased)
    assert (first.kind, first.subject) == ("PersonMoved", "ana")
    assert isinstance(reader.decisions(1)[0].recorded, Erased)
    assert isinstance(second, Event)
    assert isinstance(back, Event)
    assert isinstance(back.body, PersonMoved)
    assert reader.snapshots() == [(3, T0_NS, b"ana is nowhere")]
    reader.close()


def test_a_position_is_unreadable_after_a_week_without_anybody_asking(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    old, young = T0_NS, T0_NS + SHIFT_NS
    journal.append(event(1, moved("ana", old, HOME), old), [])
    journal.append(event(2, moved("ana", young, HOME), young), [])
    wait_until(lambda: not journal.counters["waiting"])
    later = (shift_of(T0_NS) + KEY_SHIFTS) * SHIFT_NS
    journal.append(event(3, Tick(), later), [])
    journal.close(5.0)
    reader = JournalReader(tmp_path)
    assert [type(e).__name__ for e in reader.inputs()] == ["Erased", "Event", "Event"]
    reader.close()


def test_a_crash_between_the_erasure_and_its_key_is_made_good(tmp_path: Path) -> None:
    keys = ShiftKeys.open(tmp_path / "keys")
    journal = opened(tmp_path, keys=keys)
    journal.append(event(1, moved("ana", T0_NS, HOME)), [])
    journal.close(5.0)
    copy = (tmp_path / "keys" / "shift.keys").read_bytes()
    shift = shift_of(event(1, Tick()).t_recv_ns)
    journal = opened(tmp_path, keys=keys)
    journal.append(event(2, PositionErased(person_id="ana", shift=shift)), [])
    journal.close(5.0)
    keys.close()
    (tmp_path / "keys" / "shift.keys").write_bytes(copy)  # as if the crash had come before
    opened(tmp_path).close(5.0)
    reader = JournalReader(tmp_path)
    assert isinstance(next(reader.inputs()), Erased)
    reader.close()
