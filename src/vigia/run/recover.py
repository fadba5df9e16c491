"""A data folder after a stop of any kind -> the core as it was at the last committed input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from vigia.events import Event, Fault
from vigia.flow import Watch
from vigia.run.guard import GuardedCore
from vigia.run.journal_reader import Damaged, Dropped, Erased, JournalReader, Recorded
from vigia.run.journal_tables import DATABASE
from vigia.run.keys import ShiftKeys
from vigia.run.say import say

NAMED_MAX = 5  # inputs named in one fault


class Recovered(NamedTuple):
    """All zero and a new Watch when the folder holds no inputs."""

    watch: Watch
    last_seq: int
    last_t_recv_ns: int


def recover(
    folder: Path, keys: ShiftKeys, on_fault: Callable[[Fault], None] | None = None
) -> Recovered:
    """Newest snapshot and the inputs after it; an older one when it is broken; else all inputs.

    on_fault hears of everything that could not be had; default: standard error.
    Raises what JournalReader raises when there is a file that is no journal.
    """
    tell = on_fault or _print
    if not (folder / DATABASE).is_file():
        return Recovered(Watch(), 0, 0)
    reader = JournalReader(folder, keys)
    try:
        core, from_seq = _start(reader, tell)
        missing: list[Recorded] = []
        for recorded in reader.inputs(from_seq):
            if isinstance(recorded, Event):
                core = _feed(core, recorded, tell)
            else:
                missing.append(recorded)
        if missing:
            names = ", ".join(map(_name, missing[:NAMED_MAX]))
            tell(_fault(f"recovered without {len(missing)} inputs: {names} ..."))
        return Recovered(core.watch, reader.last_seq, reader.last_t_recv_ns)
    finally:
        reader.close()


def _start(reader: JournalReader, tell: Callable[[Fault], None]) -> tuple[GuardedCore, int]:
    """From the newest snapshot that can be used; the first input to feed after it."""
    for seq, _, data in reader.snapshots():
        if data is None:
            tell(
                _fault(
                    f"snapshot {seq} cannot be read (forgotten or damaged); an older one is used"
                )
            )
            continue
        try:
            return GuardedCore(Watch.restore(data)), seq + 1
        except (ValueError, TypeError, LookupError, AssertionError) as e:
            tell(_fault(f"snapshot {seq} does not fit this version ({e}); an older one is used"))
    return GuardedCore(Watch()), 0


def _feed(core: GuardedCore, event: Event, tell: Callable[[Fault], None]) -> GuardedCore:
    out = core.receive(event)
    if isinstance(out, Fault):
        tell(out)
        return GuardedCore(core.watch)  # its patience is for running, not for old inputs
    return core


def _name(recorded: Recorded) -> str:
    match recorded:
        case Event():
            return f"{recorded.seq}"
        case Erased():
            return f"{recorded.seq} ({recorded.kind}: position erased)"
        case Dropped():
            return f"{recorded.seq} ({recorded.kind}: not kept, {recorded.why})"
        case Damaged():
            return f"{recorded.seq} ({recorded.kind}: {recorded.field}: {recorded.why})"


def _fault(what: str) -> Fault:
    return Fault(where="journal", whose="world", what=what)


def _print(fault: Fault) -> None:
    say(f"{fault.where}: {fault.what}")
