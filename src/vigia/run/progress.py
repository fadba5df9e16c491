"""How much of a long job is done -> a bar on standard error, when somebody looks."""

from __future__ import annotations

import sys

SHORT_MAX = 5_000  # steps that need no bar


class Progress:
    def __init__(self, total: int, *, short_max: int = SHORT_MAX) -> None:
        self._total = max(total, 1)
        self._on = sys.stderr.isatty() and total > short_max
        self._shown = -1

    def show(self, done: int) -> None:
        percent = min(100, 100 * done // self._total)
        if self._on and percent != self._shown:
            self._shown = percent
            bar = "#" * (percent * 40 // 100)
            print(f"\r[{bar:40}] {percent:3d} %", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._on:
            print("\r" + " " * 50 + "\r", end="", file=sys.stderr, flush=True)
