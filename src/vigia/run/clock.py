"""The machine's clocks -> t_recv_ns, which never decreases, and the steps it left out.

t_recv_ns follows the wall clock, so that people can read it and slow correction (NTP slewing)
is followed too. A jump of the wall clock is not: t_recv_ns goes on at the pace of the steady
clock, which counts time asleep as well, and the jump is told by stepped_ns().
"""

from __future__ import annotations

import time
from collections.abc import Callable

STEP_NS = 500_000_000  # a difference between two readings beyond this is a step, not drift


def _steady_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Clock:
    """One thread only; a reading costs about a microsecond."""

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = _steady_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._steady_ns = steady_ns
        self._wall_last_ns = wall_ns()
        self._steady_last_ns = steady_ns()
        self._left_out_ns = 0  # all steps since the start
        self._step_ns = 0  # not yet told
        self._now_ns = self._wall_last_ns

    def now_ns(self) -> int:
        """Nanoseconds since 1970, never less than before."""
        wall, steady = self._wall_ns(), self._steady_ns()
        jump = (wall - self._wall_last_ns) - (steady - self._steady_last_ns)
        self._wall_last_ns, self._steady_last_ns = wall, steady
        if abs(jump) > STEP_NS:
            self._left_out_ns += jump
            self._step_ns += jump
        self._now_ns = max(self._now_ns, wall - self._left_out_ns)
        return self._now_ns

    def not_before(self, t_ns: int) -> None:
        """The journal's last t_recv_ns. A wall clock behind it stepped back while we were away."""
        now = self.now_ns()
        if now < t_ns:
            self._left_out_ns += now - t_ns
            self._step_ns += now - t_ns
            self._now_ns = t_ns

    def stepped_ns(self) -> int:
        """Steps of the wall clock since the last call; 0 is none."""
        step, self._step_ns = self._step_ns, 0
        return step

    @property
    def ahead_of_wall_ns(self) -> int:
        """t_recv_ns minus the wall clock: what the steps left out sum up to, negated."""
        return -self._left_out_ns
