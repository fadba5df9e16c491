"""Times the watch stamps on its messages -> its clock, read here."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

HEARD_MAX = 10  # stamps looked at, one a second


def steady_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class WatchClock:
    """t_recv_ns of the watch as of now: both processes share the machine's steady clock.

    Of the last stamps the one that came quickest is the truest; older ones are forgotten, because
    the watch follows slow corrections of the wall clock.
    """

    def __init__(self, steady_ns: Callable[[], int] = steady_ns) -> None:
        self._steady_ns = steady_ns
        self._ahead_ns: deque[int] = deque(maxlen=HEARD_MAX)

    def now_ns(self) -> int:
        """The wall clock until the watch has spoken."""
        if not self._ahead_ns:
            return time.time_ns()
        return self._steady_ns() + max(self._ahead_ns)

    def heard(self, t_ns: int) -> None:
        """t_ns: the watch's clock just before it sent this."""
        self._ahead_ns.append(t_ns - self._steady_ns())

    def forget(self) -> None:
        """A new watch: its clock may differ from the last one's."""
        self._ahead_ns.clear()
