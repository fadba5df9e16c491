"""Any sequence of appends, snapshots, erasures, failing disks and restarts, against a model."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from journal_world import HOME, T0_NS, WAIT_S, alert, event, moved, observation, opened, tracks
from vigia.events import Event, PositionErased, Tick
from vigia.run.journal import Erased, JournalReader
from vigia.run.keys import ShiftKeys

PEOPLE = ("ana", "ben")
STEPS = st.lists(
    st.sampled_from(["tick", "scan", "move ana", "move ben", "alert", "snap", "fail", "restart"])
    | st.sampled_from(["erase ana", "erase ben"]),
    max_size=40,
)


class Model:
    """What the folder must hold."""

    def __init__(self) -> None:
        self.inputs: list[tuple[Event, list[Event]]] = []
        self.erased: dict[str, int] = {}  # person: seq of the last erasure
        self.snapshots: list[tuple[int, bytes]] = []

    def readable(self, seq: int, subject: str | None) -> bool:
        return subject is None or seq >= self.erased.get(subject, 0)


class FlakyDisk:
    def __init__(self) -> None:
        self.failures = 0

    def __call__(self) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("once")


def make(step: str, seq: int) -> tuple[Event, list[Event], str | None]:
    person = step.split()[-1]
    match step.split()[0]:
        case "scan":
            body = observation(T0_NS, e_m=seq * 1.0, n_m=0.0, rows=seq % 5 + 1)
            return event(seq, body), [event(seq, tracks(seq % 3))], None
        case "move":
            return event(seq, moved(person, T0_NS, HOME)), [], person
        case "alert":
            return event(seq, Tick()), [event(seq, alert("ana")), event(seq, alert(None))], None
        case "erase":
            return event(seq, PositionErased(person_id=person)), [], None
        case _:
            return event(seq, Tick()), [], None


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_the_folder_always_holds_what_it_should(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = ShiftKeys.open(folder / "keys")
        disk, model, seq = FlakyDisk(), Model(), 0
        journal = opened(folder, keys=keys, before_commit=disk)
        for step in steps:
            if step == "restart":
                journal.close(WAIT_S)
                keys.close()
                keys = ShiftKeys.open(folder / "keys")
                journal = opened(folder, keys=keys, before_commit=disk)
            elif step == "fail":
                disk.failures = 1
            elif step == "snap":
                model.snapshots.append((seq, b"%d" % seq))
                journal.put_snapshot(seq, T0_NS, b"%d" % seq)
            else:
                seq += 1
                e, decisions, _ = make(step, seq)
                assert journal.append(e, decisions)
                model.inputs.append((e, decisions))
                if isinstance(e.body, PositionErased):
                    model.erased[e.body.person_id] = seq
                    model.snapshots = [s for s in model.snapshots if s[0] >= seq]
        journal.close(WAIT_S)
        keys.close()
        check(folder, model, steps)


def check(folder: Path, model: Model, steps: list[str]) -> None:
    reader = JournalReader(folder)
    recorded = list(reader.inputs(proven=True))
    assert len(recorded) == len(model.inputs)
    kinds = [s for s in steps if s not in ("restart", "fail", "snap")]
    for got, step, (e, decisions) in zip(recorded, kinds, model.inputs, strict=True):
        subject = step.split()[1] if step.startswith("move") else None
        if model.readable(e.seq, subject):
            assert got == e
        else:
            assert isinstance(got, Erased)
            assert (got.seq, got.subject) == (e.seq, subject)
        for d, want in zip(reader.decisions(e.seq), decisions, strict=True):
            about = getattr(want.body, "person_id", None)
            if model.readable(e.seq, about):
                assert d.recorded == want
            else:
                assert isinstance(d.recorded, Erased)
    held = [(s, data) for s, _, data in reader.snapshots()]
    # Those that still waited when a newer one came were never written.
    assert all(h in model.snapshots for h in held)
    if model.snapshots:
        assert held[0] == model.snapshots[-1]
    assert len(held) <= 2
    reader.close()
