"""The data folder of a soak run -> what must be true of it, counted."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.soak_people import Reporter, SoakPage
from vigia.events import Acknowledged, Event, Sighting, SightingPlaced
from vigia.run.journal import Damaged, JournalReader

SHOWN_MAX = 5  # cases printed of one check; all are counted
BAD_WORDS = ("Traceback", "by a mistake of ours")


class Checks:
    """By name: how often it was looked at, and what was wrong."""

    def __init__(self) -> None:
        self._looked: Counter[str] = Counter()
        self._wrong: dict[str, list[str]] = {}

    def see(self, name: str, good: bool, otherwise: str) -> None:
        self._looked[name] += 1
        if not good:
            self._wrong.setdefault(name, []).append(otherwise)
            print(f"WRONG {name}: {otherwise}", flush=True)

    @property
    def failures(self) -> list[str]:
        return [f"{name}: {wrong[0]}" for name, wrong in self._wrong.items()]

    @property
    def failed(self) -> int:
        return len(self._wrong)

    @property
    def passed(self) -> int:
        return len(self._looked) - self.failed

    def print(self) -> None:
        for name, times in self._looked.items():
            wrong = self._wrong.get(name, [])
            print(f"{'FAILED' if wrong else 'passed'}  {name} ({times} looks, {len(wrong)} wrong)")
            for case in wrong[:SHOWN_MAX]:
                print(f"        {case}")


def check_folder(
    folder: Path, checks: Checks, *, pages: list[SoakPage], reporters: list[Reporter]
) -> None:
    """After the processes ended."""
    reader = JournalReader(folder)
    try:
        inputs = list(reader.inputs(proven=True))
        _check_reports(reader, inputs_by_seq(inputs), checks, reporters)
        acked = {
            (e.body.alert_id, e.body.revision, e.body.kind.value)
            for e in inputs
            if isinstance(e, Event) and isinstance(e.body, Acknowledged)
        }
        damaged = [r.seq for r in inputs if isinstance(r, Damaged)]
        checks.see("the journal's chain holds", not damaged, f"damaged: {damaged[:SHOWN_MAX]}")
        checks.see("the journal has no gaps", not reader.gaps(), f"{reader.gaps()[:SHOWN_MAX]}")
    finally:
        reader.close()
    for page in pages:
        lost = page.acked - acked
        checks.see("an answer told acked is in the journal", not lost, f"{sorted(lost)}")
        repeated = page.changed
        checks.see("a revision never comes with other content", not repeated, "; ".join(repeated))
    for words in (["ledger", "verify", "--data", str(folder)], ["replay", str(folder)]):
        done = subprocess.run(
            [sys.executable, "-m", "vigia", *words], capture_output=True, text=True, check=False
        )
        good = done.returncode == 0 and (words[0] != "replay" or "no difference" in done.stdout)
        said = f"exit code {done.returncode}: {done.stdout[-800:]}{done.stderr[-800:]}"
        checks.see(f"vigia {words[0]} passes", good, said)


def inputs_by_seq(inputs: Sequence[object]) -> dict[int, Event]:
    return {e.seq: e for e in inputs if isinstance(e, Event)}


def _check_reports(
    reader: JournalReader, by_seq: dict[int, Event], checks: Checks, reporters: list[Reporter]
) -> None:
    """A retry is an input of its own; the core counts the report once, and says "repeat" then."""
    counted: Counter[str] = Counter()
    for event in by_seq.values():
        if isinstance(event.body, Sighting):
            for decided in reader.decisions(event.seq):
                made = decided.recorded
                if isinstance(made, Event) and isinstance(made.body, SightingPlaced):
                    counted[made.body.report_id] += not made.body.repeat
    for reporter in reporters:
        checks.see("a report is never refused", not reporter.refused, "; ".join(reporter.refused))
        left = reporter.waiting
        checks.see("every report is received in the end", not left, f"{left} were not")
        for report_id, seqs in reporter.received.items():
            for seq in seqs:
                event = by_seq.get(seq)
                body = None if event is None else event.body
                there = isinstance(body, Sighting) and body.report_id == report_id
                checks.see("a receipt's seq is that report", there, f"{report_id}: input {seq}")
            n = counted[report_id]
            checks.see("a report told received counts exactly once", n == 1, f"{report_id}: {n}")


def check_log(log: Path, checks: Checks) -> None:
    lines = log.read_text(errors="replace").splitlines()
    bad = [line for line in lines if any(word in line for word in BAD_WORDS)]
    checks.see("no process ended by a mistake of ours", not bad, f"{len(bad)}: {bad[:3]}, {log}")
