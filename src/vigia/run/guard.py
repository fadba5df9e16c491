"""The core, kept alive: an input that breaks it is set aside, its state restored, and it goes on.

Our own mistakes are assertions in the core. One poison event must not stop all warnings, so this
is one of the two places where a broad except may live.
"""

from __future__ import annotations

from vigia.event_base import RAW_MAX
from vigia.events import (
    Event,
    Fault,
    encode_body,
    personal_subject,
)
from vigia.flow import Watch

KEPT_MAX = 20_000  # inputs between two snapshots in memory
FAULTS_MAX = 3  # poison events in a row after which the process gives up and is restarted


class GuardedCore:
    """Wraps a Watch; keeps the last snapshot and the inputs since."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.poisoned = 0
        self._row = 0
        self._snapshot = watch.snapshot()
        self._since: list[Event] = []

    def receive(self, event: Event) -> list[Event] | Fault:
        """Decisions; or the Fault to feed and journal instead of the event.

        Raises what the core raised after FAULTS_MAX poison events in a row.
        """
        try:
            out = self.watch.receive(event)
        except Exception as e:
            self.poisoned += 1
            self._row += 1
            if self._row > FAULTS_MAX:
                raise
            self._go_back()
            return Fault(
                where="core",
                whose="us",
                what=f"{type(event.body).__name__} {event.seq} set aside: {type(e).__name__}: {e}",
                raw=encode_body(event.body)[:RAW_MAX],
                person_id=personal_subject(event.body),
            )
        self._row = 0
        self._since.append(event)
        if len(self._since) >= KEPT_MAX:
            self.snapshot()
        return out

    def snapshot(self) -> bytes:
        """The state now; the inputs before it are not needed any more."""
        self._snapshot = self.watch.snapshot()
        self._since.clear()
        return self._snapshot

    def _go_back(self) -> None:
        watch = Watch.restore(self._snapshot)
        for event in self._since:
            watch.receive(event)  # its decisions left long ago
        self.watch = watch
