"""The journal on this disk; peer: bare SQLite (WAL, FULL, executemany) given the same rows."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vigia.events import Event, Input, Observation, PersonMoved, Tick
from vigia.run.journal import Journal, JournalReader
from vigia.run.journal_queue import BATCH_COUNT_MAX
from vigia.run.keys import ShiftKeys
from vigia.scan import Layout, pack
from vigia.terms import Mark, Position

T0_NS = 1_800_000_000_000_000_000
EVENTS = 20_000
SCANS = 2_000
ROWS = 500
PACED = 400  # reports at a walking pace, for the latency of one
PACE_S = 0.005
AT = Position(31.7619, -106.4850, 1140.0)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        people = [
            PersonMoved(person_id=f"p{k % 50}", t_obs_ns=T0_NS, position=AT) for k in range(EVENTS)
        ]
        ticks: list[Input] = [Tick() for _ in range(EVENTS)]
        scans = _scans()
        for name, bodies, unit in (
            ("ticks (in clear)", ticks, 1),
            ("positions (sealed)", people, 1),
            (f"scans of {ROWS} detections", scans, ROWS),
        ):
            took_s, append_us = _fill(base / name[:5], bodies)
            bare_s = _bare(base / name[:5], base / f"bare-{name[:5]}.sqlite")
            rate = len(bodies) / took_s
            detections = f", {rate * unit:,.0f} detections/s" if unit > 1 else ""
            print(
                f"{name}: {rate:,.0f} events/s on disk{detections}; append() p50 "
                f"{append_us[0]:.1f} p99 {append_us[1]:.1f} us; bare SQLite takes "
                f"{bare_s / took_s:.2f} of the time"
            )
        _latency(base / "paced", load=False)
        _latency(base / "loaded", load=True)


def _scans() -> list[Input]:
    rng = np.random.default_rng(1)
    out: list[Input] = []
    for _ in range(SCANS):
        columns = {
            "t_obs_ns": np.full(ROWS, T0_NS),
            "azimuth_deg_true": rng.uniform(0, 360, ROWS),
            "azimuth_sigma_deg": 1.0,
            "range_m": rng.uniform(0, 5000, ROWS),
            "range_sigma_m": 10.0,
        }
        out.append(Observation(sensor_id="radar", scan=pack(Layout.POLAR_1, columns)))
    return out


class _Waiter:
    def __init__(self) -> None:
        self.seq = 0
        self.at_s: dict[int, float] = {}
        self.news = threading.Condition()

    def committed(self, seq: int) -> None:
        now_s = time.perf_counter()
        with self.news:
            for s in range(self.seq + 1, seq + 1):
                self.at_s[s] = now_s
            self.seq = seq
            self.news.notify_all()

    def wait(self, seq: int) -> None:
        with self.news:
            self.news.wait_for(lambda: self.seq >= seq)


def _open(folder: Path, waiter: _Waiter) -> Journal:
    return Journal.open(
        folder,
        mode=Mark.EXERCISE,
        keys=ShiftKeys.open(folder / "keys"),
        on_committed=waiter.committed,
        on_trouble=lambda text: print(text) if text else None,
    )


def _fill(folder: Path, bodies: Sequence[Input]) -> tuple[float, tuple[float, float]]:
    """Seconds until all is on disk; p50 and p99 of append() [us]."""
    waiter = _Waiter()
    journal = _open(folder, waiter)
    each: list[float] = []
    start_s = time.perf_counter()
    for seq, body in enumerate(bodies, start=1):
        e = Event(seq, T0_NS + seq, "bench", Mark.EXERCISE, body)
        t_s = time.perf_counter()
        taken = journal.append(e, ())
        each.append(time.perf_counter() - t_s)
        assert taken, "the queue is full: choose fewer events"
    waiter.wait(len(bodies))
    took_s = time.perf_counter() - start_s
    journal.close(30.0)
    reader = JournalReader(folder)
    assert reader.count() == len(bodies), (reader.count(), journal.counters)
    reader.close()
    q = statistics.quantiles(each, n=100)
    return took_s, (q[49] * 1e6, q[98] * 1e6)


def _bare(folder: Path, path: Path) -> float:
    """The rows the journal wrote, and its scans as blobs, in transactions of the same size."""
    source = sqlite3.connect(folder / "journal.sqlite")
    rows: list[tuple[object, ...]] = source.execute("SELECT * FROM inputs").fetchall()
    names = [c[1] for c in source.execute("PRAGMA table_info(inputs)")]
    source.close()
    segments = sorted((folder / "scans").glob("*.seg"))
    scans = b"".join(p.read_bytes() for p in segments)
    step = len(scans) // len(rows)
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(f"CREATE TABLE inputs({', '.join(names)}, scan BLOB, PRIMARY KEY(seq))")
    insert = f"INSERT INTO inputs VALUES({', '.join('?' * (len(names) + 1))})"
    size = max(1, min(BATCH_COUNT_MAX, 8_388_608 // max(step, 1)))
    full = [(*row, scans[k * step : (k + 1) * step]) for k, row in enumerate(rows)]
    start_s = time.perf_counter()
    for k in range(0, len(full), size):
        db.execute("BEGIN")
        db.executemany(insert, full[k : k + size])
        db.execute("COMMIT")
    took_s = time.perf_counter() - start_s
    db.close()
    return took_s


def _latency(folder: Path, *, load: bool) -> None:
    """From append() to "on disk" for reports that come one by one, alone or among scans."""
    waiter = _Waiter()
    journal = _open(folder, waiter)
    scans = _scans()[:50]
    put_s: dict[int, float] = {}
    seq = 0
    for k in range(PACED):
        if load:
            for scan in scans[k % 10 :: 10]:
                seq += 1
                journal.append(Event(seq, T0_NS + seq, "bench", Mark.EXERCISE, scan), ())
        seq += 1
        body = PersonMoved(person_id=f"p{k % 50}", t_obs_ns=T0_NS, position=AT)
        put_s[seq] = time.perf_counter()
        journal.append(Event(seq, T0_NS + seq, "bench", Mark.EXERCISE, body), ())
        time.sleep(PACE_S)
    waiter.wait(seq)
    journal.close(30.0)
    waits = [(waiter.at_s[s] - t_s) * 1e3 for s, t_s in put_s.items()]
    q = statistics.quantiles(waits, n=100)
    detections = f" among {5 * ROWS / PACE_S:,.0f} detections/s" if load else ""
    print(
        f"a report every {PACE_S * 1e3:.0f} ms{detections}: on disk p50 {q[49]:.1f} "
        f"p99 {q[98]:.1f} ms, {len(put_s) / max(journal.counters['commits'], 1):.1f} a commit"
    )


if __name__ == "__main__":
    main()
