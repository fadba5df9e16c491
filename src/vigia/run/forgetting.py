"""`vigia forget PERSON`: destroys the keys of stored positions, while no watch runs."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec

from vigia.events import Event, PositionErased
from vigia.run.journal import Journal, JournalError
from vigia.run.keys import ShiftKeys
from vigia.run.plan import read_plan
from vigia.run.recover import recover
from vigia.run.settings import SettingsError

FORGET_CLOSE_S = 30.0


def forget(folder: Path, person_id: str) -> int:
    """`vigia forget` while no watch runs on the folder. Raises SettingsError."""
    try:
        plan = read_plan(folder)
        keys = ShiftKeys(folder / "keys")
        journal = Journal.open(
            folder,
            mode=plan.core.mode,
            keys=keys,
            on_committed=lambda _seq: None,
            on_trouble=lambda text: print(f"vigia: {text}", file=sys.stderr),
            writer="vigia forget",
        )
    except (OSError, ValueError, msgspec.ValidationError, JournalError) as e:
        raise SettingsError(f"forget: {e}") from e
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
    keys.close()
    print(f"The keys of every stored position of {person_id} are destroyed.")
    return 0
