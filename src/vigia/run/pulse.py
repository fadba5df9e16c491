"""The watch's statuses, or their absence -> the state every page shows."""

from __future__ import annotations

from vigia.run.link import Status
from vigia.run.page_json import Beat
from vigia.run.watch_clock import WatchClock

LOST_S = 3.0  # without a Status: WATCH LOST


class Pulse:
    """state: starting, ready, degraded, lost. Steady seconds are given by the caller."""

    def __init__(self, clock: WatchClock) -> None:
        self._clock = clock
        self.state = "starting"
        self._why = ""
        self._since_ns = clock.now_ns()
        self._t_status_s: float | None = None

    def heard(self, status: Status, *, now_s: float) -> bool:
        """True: pages must be told now."""
        self._t_status_s = now_s
        why = "" if status.journal == "ok" else status.journal
        return self._turn(status.state, why)

    def look(self, *, now_s: float) -> bool:
        """True: the watch was lost just now. One that never spoke is starting, not lost."""
        if self._t_status_s is None or now_s - self._t_status_s <= LOST_S:
            return False
        return self._turn("lost", "the watch does not answer")

    def beat(self) -> Beat:
        now_ms = self._clock.now_ns() // 1_000_000
        return Beat(now_ms, self.state, self._since_ns // 1_000_000, self._why)

    def _turn(self, state: str, why: str) -> bool:
        if (state, why) == (self.state, self._why):
            return False
        if state != self.state:
            self._since_ns = self._clock.now_ns()
        self.state, self._why = state, why
        return True
