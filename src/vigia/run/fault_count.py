"""Bad input, counted: one Fault a kind, so that a flood of it stays one line."""

from __future__ import annotations

import msgspec

from vigia.events import Fault

FAULTS_MAX = 100  # kinds counted between two reports


class FaultCount:
    def __init__(self) -> None:
        self._faults: dict[tuple[str, str], Fault] = {}

    def add(self, where: str, what: str, raw: bytes, person_id: str | None) -> None:
        known = self._faults.get((where, what))
        if known is not None:
            self._faults[where, what] = msgspec.structs.replace(known, count=known.count + 1)
        elif len(self._faults) < FAULTS_MAX:
            self._faults[where, what] = Fault(
                where=where, whose="peer", what=what, raw=raw, person_id=person_id
            )

    def take(self) -> list[Fault]:
        """What was counted since the last call."""
        found = list(self._faults.values())
        self._faults.clear()
        return found
