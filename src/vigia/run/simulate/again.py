"""The journal of a run -> the same decisions a second time, byte for byte, or where they differ."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from vigia.flow import Watch
from vigia.run.simulate.driver import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.run.simulate.driver import Run


def again(run: Run) -> Iterator[str]:
    """Replays the journaled inputs in a fresh core; somewhere on the way that core is packed
    into a snapshot and another one goes on from it."""
    change = Random(f"{run.world.seed}/again").randrange(1, len(run.steps))
    watch = Watch()
    if run.restore_differs is not None:
        yield f"after the crash: seq {run.restore_differs} decided otherwise than before it"
    for k, step in enumerate(run.steps):
        if k == change:
            watch = Watch.restore(watch.snapshot())
        decided = watch.receive(step.event)
        if encode(decided) != encode(step.decisions):
            how = f"after a snapshot at seq {change}" if k >= change else "in a plain replay"
            yield f"seq {step.event.seq} ({type(step.event.body).__name__}) decided otherwise {how}"
            return
