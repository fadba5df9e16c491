"""Refused messages -> faults: told at once, then counted, then told again with their count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.event_base import RAW_MAX
from vigia.events import Fault

if TYPE_CHECKING:
    from vigia.wire.advert import Refused

FAULT_EVERY_NS = 10_000_000_000  # faults of one kind are counted and told this often


class FaultTally:
    """A stream of bad messages costs one fault each FAULT_EVERY_NS and code."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._told: dict[str, int] = {}  # code: when last told; the codes are a closed set
        self._held: dict[str, Fault] = {}

    def add(
        self, refused: Refused, *, t_ns: int, raw: bytes = b"", subject: str | None = None
    ) -> list[Fault]:
        """subject: whose position the raw bytes may hold, so that they are kept encrypted."""
        held = self._held.pop(refused.code, None)
        fault = Fault(
            where=self._where,
            whose="peer",
            what=refused.what,
            raw=raw[:RAW_MAX],
            person_id="operators" if raw and subject else None,
            count=1 + (held.count if held else 0),
        )
        told = self._told.get(refused.code)
        if told is not None and abs(t_ns - told) < FAULT_EVERY_NS:
            self._held[refused.code] = fault
            return []
        self._told[refused.code] = t_ns
        return [fault]

    def rest(self) -> list[Fault]:
        held, self._held = self._held, {}
        return list(held.values())

    def due(self, t_ns: int) -> list[Fault]:
        """Counted ones whose time has come although no other followed."""
        codes = [c for c in self._held if abs(t_ns - self._told[c]) >= FAULT_EVERY_NS]
        for code in codes:
            self._told[code] = t_ns
        return [self._held.pop(code) for code in codes]
