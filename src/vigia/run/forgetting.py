"""`vigia forget PERSON`: destroys the keys of stored positions, whether a watch runs or not."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import time
from pathlib import Path

import msgspec

from vigia.events import Event, PositionErased
from vigia.run.forget_requests import ask, request_path
from vigia.run.journal import Journal, JournalError
from vigia.run.keys import ShiftKeys
from vigia.run.plan import RunPlan, read_plan
from vigia.run.recover import recover
from vigia.run.settings import SettingsError
from vigia.run.start import lock_folder

FORGET_CLOSE_S = 30.0
FORGET_WAIT_S = 10.0


def forget(folder: Path, person_id: str) -> int:
    """Exit code 1: nobody of that name, or not done yet. Raises SettingsError."""
    try:
        plan = read_plan(folder)
        if not _known(folder, person_id):
            print(f"vigia: nobody of the name {person_id!r} here; nothing was destroyed",
                  file=sys.stderr)  # fmt: skip
            return 1
        lock = lock_folder(folder)
        if lock is None:
            return _by_the_watch(folder, person_id)
        try:
            return _by_ourselves(folder, plan, person_id)
        finally:
            os.close(lock)
    except (OSError, ValueError, msgspec.ValidationError, JournalError, sqlite3.Error) as e:
        raise SettingsError(f"forget: {e}") from e


def _known(folder: Path, person_id: str) -> bool:
    """In the roster as the journal has it, or somebody whose positions are stored."""
    keys = ShiftKeys.read(folder / "keys")
    try:
        if keys.ids_of(person_id):
            return True
        return person_id in recover(folder, keys, on_fault=lambda _fault: None).watch.roster.people
    finally:
        keys.close()


def _by_the_watch(folder: Path, person_id: str) -> int:
    if ask(folder, person_id, wait_s=FORGET_WAIT_S):
        print(f"The keys of every stored position of {person_id} are destroyed (by the running "
              "watch).")  # fmt: skip
        return 0
    print(
        f"vigia: the running watch has not done it within {FORGET_WAIT_S:.0f} s; the request "
        f"stays and is done as soon as it can: {request_path(folder, person_id)} is gone then",
        file=sys.stderr,
    )
    return 1


def _by_ourselves(folder: Path, plan: RunPlan, person_id: str) -> int:
    keys = ShiftKeys(folder / "keys")
    before = keys.ids_of(person_id)
    journal = Journal.open(
        folder,
        mode=plan.core.mode,
        keys=keys,
        on_committed=lambda _seq: None,
        on_trouble=lambda text: print(f"vigia: {text}", file=sys.stderr),
        writer="vigia forget",
    )
    watch, last_seq, last_t_ns = recover(folder, keys)
    event = Event(
        last_seq + 1,
        max(last_t_ns, time.time_ns()),
        "vigia forget",
        plan.core.mode,
        PositionErased(person_id=person_id),
    )
    known = watch.settings is not None
    journal.append(event, watch.receive(event) if known else [])
    journal.forget(person_id, None)
    if known:
        journal.put_snapshot(event.seq, event.t_recv_ns, watch.snapshot())
    journal.close(FORGET_CLOSE_S)
    left = before & keys.ids_of(person_id)
    keys.close()
    if left:
        raise SettingsError(f"forget: {len(left)} keys of {person_id} are not destroyed; try again")
    with contextlib.suppress(OSError):  # asked of a watch that stopped before it did it
        request_path(folder, person_id).unlink(missing_ok=True)
    print(f"The keys of every stored position of {person_id} are destroyed.")
    return 0
