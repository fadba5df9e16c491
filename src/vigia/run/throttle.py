"""Failed tries by address or name -> whether another is let through. For guessing only.

Never used for reports, acknowledgements or sessions of enrolled devices: many phones may share
one address, and one that misbehaves must not silence the others.
"""

from __future__ import annotations

from collections import deque

FAILURES_MAX = 30  # of one address within WINDOW_S
WINDOW_S = 60.0
NAME_FAILURES_MAX = 10  # wrong passwords of one name within NAME_WINDOW_S
NAME_WINDOW_S = 900.0
ADDRESSES_MAX = 4_096  # the one that failed longest ago is forgotten


class Throttle:
    def __init__(self, failures: int = FAILURES_MAX, window_s: float = WINDOW_S) -> None:
        self._failures = failures
        self._window_s = window_s
        self._failed: dict[str, deque[float]] = {}

    def allows(self, address: str, *, now_s: float) -> bool:
        times = self._failed.get(address)
        return times is None or len(times) < self._failures or now_s - times[0] > self._window_s

    def failed(self, address: str, *, now_s: float) -> None:
        times = self._failed.pop(address, None) or deque(maxlen=self._failures)
        times.append(now_s)
        self._failed[address] = times
        if len(self._failed) > ADDRESSES_MAX:
            del self._failed[next(iter(self._failed))]
