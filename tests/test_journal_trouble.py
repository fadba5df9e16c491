"""The journal in trouble: the caller never feels it, it is said, and it ends well."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
import time
from pathlib import Path

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
    settings,
    tracks,
    wait_until,
)
from vigia.events import Event, Tick
from vigia.run import journal as journal_module
from vigia.run.journal import Dropped, JournalReader
from vigia.run.journal_queue import JournalQueue
from vigia.scan import DTYPES, Layout

ROWS = 1_000
SCAN_BYTES = DTYPES[Layout.PLACE_1].itemsize * ROWS


def scan(seq: int) -> Event:
    return event(seq, observation(T0_NS, e_m=500.0, n_m=0.0, rows=ROWS))


class Disk:
    """before_commit: answers, hangs or fails, as the test says."""

    def __init__(self) -> None:
        self.good = threading.Event()
        self.failure: Exception | None = None

    def __call__(self) -> None:
        if self.failure is not None:
            raise self.failure
        assert self.good.wait(30.0)


def test_a_disk_that_hangs_is_not_felt_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "HUNG_S", 0.05)
    disk, recorder = Disk(), Recorder()
    journal = opened(tmp_path, recorder, before_commit=disk)
    journal.append(event(1, settings()), [])
    wait_until(lambda: journal.lag_s > 0.1)
    slowest_s = 0.0
    for seq in range(2, 2_000):
        start_s = time.perf_counter()
        assert journal.append(event(seq, moved("ana", T0_NS, HOME)), [event(seq, alert("ana"))])
        slowest_s = max(slowest_s, time.perf_counter() - start_s)
    # Not a measurement: the disk answers nothing until `good`, so whoever waited for it would hang.
    assert slowest_s < 5.0
    assert recorder.seq == 0
    assert "the disk has not answered" in (journal.trouble or "")
    assert "the disk has not answered" in (recorder.troubles[0] or "")
    disk.good.set()
    recorder.wait_seq(1_999)
    recorder.wait(lambda: recorder.troubles[-1] is None)
    assert journal.trouble is None
    journal.close(10.0)
    reader = JournalReader(tmp_path)
    assert reader.count() == 1_999
    reader.close()


def test_a_full_disk_is_said_retried_and_nothing_is_lost(tmp_path: Path) -> None:
    disk, recorder = Disk(), Recorder()
    disk.good.set()
    disk.failure = OSError(errno.ENOSPC, "No space left on device")
    journal = opened(tmp_path, recorder, before_commit=disk)
    for seq in range(1, 20):
        assert journal.append(scan(seq), [event(seq, tracks())])
    recorder.wait(lambda: bool(recorder.troubles))
    assert (recorder.troubles[0] or "").startswith("journal: the disk is full; nothing is recorded")
    wait_until(lambda: journal.counters["retries"] > 1)
    disk.failure = None
    recorder.wait_seq(19)
    recorder.wait(lambda: recorder.troubles[-1] is None)
    journal.close(10.0)
    reader = JournalReader(tmp_path)
    assert [e for e in reader.inputs(proven=True)] == [scan(s) for s in range(1, 20)]
    reader.close()


REAL = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {src!r}]
from journal_world import HOME, T0_NS, Recorder, event, moved, observation, opened
r = Recorder()
journal = opened(Path({folder!r}), r)
journal.append(event(1, moved("ana", T0_NS, HOME)), [])
r.wait_seq(1)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, hard))
for seq in range(2, 40):
    journal.append(event(seq, observation(T0_NS, e_m=1.0, n_m=2.0, rows=1000)), [])
    journal.append(event(seq + 1000, moved("ana", T0_NS, HOME)), []) if seq == 39 else None
r.wait(lambda: bool(r.troubles))
print("trouble:", r.troubles[0], flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
r.wait_seq(1039)
r.wait(lambda: r.troubles[-1] is None)
journal.close(10.0)
print("well", flush=True)
"""


@pytest.mark.parametrize("limit", [4_096, 70_000, 1_000_000])
def test_writes_that_the_system_refuses_do_no_harm(tmp_path: Path, limit: int) -> None:
    """The real thing: a file size limit makes segments, database and WAL fail in turn."""
    tests = Path(__file__).parent
    src = str(tests.parent / "src")
    script = REAL.format(tests=str(tests), src=src, folder=str(tmp_path), limit=limit)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "trouble: journal: the disk cannot be written" in done.stdout
    assert done.stdout.endswith("well\n")
    reader = JournalReader(tmp_path)
    events = list(reader.inputs(proven=True))
    assert all(isinstance(e, Event) for e in events)
    assert [e.seq for e in events] == [*range(1, 40), 1039]
    reader.close()


def test_under_pressure_scans_go_first_and_people_stay(tmp_path: Path) -> None:
    disk = Disk()
    queue = JournalQueue(count_max=10_000, bytes_max=10 * SCAN_BYTES)
    journal = opened(tmp_path, before_commit=disk, queue=queue)
    journal.append(event(1, Tick()), [])
    wait_until(lambda: journal.lag_s > 0)  # the writer hangs with the tick
    taken = [journal.append(scan(s), [event(s, alert("ana"))]) for s in range(2, 30)]
    assert taken.count(True) == 7  # 80 % of 10, and what a scan weighs beside its bytes
    assert taken == sorted(taken, reverse=True)
    assert journal.counters["scans_not_recorded"] == 21
    people = [journal.append(event(s, moved("ana", T0_NS, HOME)), []) for s in range(30, 1_500)]
    assert all(people)
    assert journal.counters["scans_not_recorded"] > 21  # waiting ones made room
    assert journal.counters["waiting_bytes"] <= 10 * SCAN_BYTES
    disk.good.set()
    journal.close(20.0)
    reader = JournalReader(tmp_path)
    recorded = list(reader.inputs(proven=True))
    people_seqs = {e.seq for e in recorded if isinstance(e, Event) and e.seq >= 30}
    assert people_seqs == set(range(30, 1_500))
    alerts = [d for s in range(2, 30) for d in reader.decisions(s)]
    assert len(alerts) == 28  # an alert is kept even when the scan behind it is not
    assert {r.why for r in recorded if isinstance(r, Dropped)} == {"overload"}
    reader.close()


def test_a_full_queue_refuses_and_the_gap_is_on_record(tmp_path: Path) -> None:
    disk = Disk()
    journal = opened(tmp_path, before_commit=disk, queue=JournalQueue(count_max=10))
    taken = [journal.append(event(s, Tick()), []) for s in range(1, 30)]
    assert taken.count(False) >= 10
    refused = taken.count(False)
    assert journal.counters["inputs_not_recorded"] == refused
    disk.good.set()
    wait_until(lambda: not journal.counters["waiting"])
    assert journal.append(event(100, Tick()), [])
    journal.close(10.0)
    reader = JournalReader(tmp_path)
    (gap,) = reader.gaps()
    assert (gap.people, gap.last_seq, gap.why) == (refused, 29, "overload")
    reader.close()


def test_closing_waits_no_longer_than_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = Disk()
    journal = opened(tmp_path, before_commit=disk)
    journal.append(event(1, Tick()), [])
    start_s = time.perf_counter()
    journal.close(0.2)
    assert time.perf_counter() - start_s < 5.0
    assert "not on disk after" in capsys.readouterr().err
    disk.good.set()


def test_a_newer_snapshot_replaces_one_that_still_waits(tmp_path: Path) -> None:
    disk = Disk()
    journal = opened(tmp_path, before_commit=disk, queue=JournalQueue(bytes_max=1_000_000))
    journal.append(event(1, Tick()), [])
    wait_until(lambda: journal.lag_s > 0)
    for k in range(50):
        journal.put_snapshot(1, T0_NS, bytes([k]) * 400_000)
    assert journal.counters["waiting_bytes"] < 500_000
    disk.good.set()
    journal.close(10.0)
    reader = JournalReader(tmp_path)
    assert reader.latest_snapshot() == (1, T0_NS, bytes([49]) * 400_000)
    reader.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_died_of_our_mistake_is_said_and_takes_nothing(tmp_path: Path) -> None:
    disk, recorder = Disk(), Recorder()
    disk.failure = RuntimeError("a bug")
    journal = opened(tmp_path, recorder, before_commit=disk)
    journal.append(event(1, Tick()), [])
    recorder.wait(lambda: bool(recorder.troubles))
    assert "by a mistake of ours" in (journal.trouble or "")
    assert not journal.append(event(2, Tick()), [])
    for thread in threading.enumerate():  # what it died of is told when it ends: still in this test
        if thread.name == "vigia-journal":
            thread.join(10.0)
    opened(tmp_path).close(10.0)  # and the folder is free for the next process


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {src!r}]
from journal_world import WAIT_S, T0_NS, Recorder, event, observation, opened
from vigia.run.keys import ShiftKeys
from vigia.run.recover import recover
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
# SQLite's index of the WAL fits, as it does on a full disk where it lies already; the WAL does not.
folder = Path({folder!r})
r = Recorder()
keys = ShiftKeys.open(folder / "keys")
journal = opened(folder, r, keys=keys)
watch, seq, t_ns = recover(folder, keys)
e = event(seq + 1, observation(t_ns, e_m=300.0, n_m=30.0), t_ns + 1)
out = watch.receive(e)
assert journal.append(e, out)
r.wait(lambda: bool(r.troubles))
assert "cannot be written" in r.troubles[0] or "full" in r.troubles[0], r.troubles
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
r.wait_seq(seq + 1)
journal.close(WAIT_S)
"""

KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [{tests!r}, {src!r}]
from journal_world import Recorder, event, opened, raid
from vigia.flow import Watch
r, watch = Recorder(), Watch()
journal = opened(Path({folder!r}), r)
for seq, body in enumerate(raid(10), start=1):
    e = event(seq, body)
    journal.append(e, watch.receive(e))
r.wait_seq(15)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_crash_on_a_full_disk_the_watch_comes_back_and_warns(tmp_path: Path) -> None:
    tests = Path(__file__).parent
    names = {"tests": str(tests), "src": str(tests.parent / "src"), "folder": str(tmp_path)}
    subprocess.run([sys.executable, "-c", KILLED.format(**names)], check=False, timeout=60)
    done = subprocess.run(
        [sys.executable, "-c", FULL.format(**names)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reader = JournalReader(tmp_path)
    assert [e.seq for e in reader.inputs(proven=True)] == list(range(1, 17))
    reader.close()
