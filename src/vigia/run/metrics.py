"""Counts and delays of the gateway -> Prometheus text."""

from __future__ import annotations

from collections import Counter

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Histogram:
    """Cumulative when written, as Prometheus wants it."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BUCKETS_S) + 1)
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        n = sum(1 for bound in BUCKETS_S if seconds > bound)
        self._counts[n] += 1
        self._sum_s += seconds

    def lines(self, name: str) -> list[str]:
        out = [f"# TYPE {name} histogram"]
        total = 0
        for bound, count in zip((*BUCKETS_S, "+Inf"), self._counts, strict=True):
            total += count
            out.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*out, f"{name}_sum {self._sum_s:.6f}", f"{name}_count {total}"]


class Metrics:
    def __init__(self) -> None:
        self.t0_t2 = Histogram()
        self.t0_t3 = Histogram()
        self.counts: Counter[str] = Counter()

    def text(self, gauges: dict[str, float]) -> str:
        """gauges: what is so now."""
        lines = [
            *self.t0_t2.lines("vigia_t0_to_t2_seconds"),
            *self.t0_t3.lines("vigia_t0_to_t3_seconds"),
        ]
        for name, value in sorted(gauges.items()):
            lines += [f"# TYPE vigia_{name} gauge", f"vigia_{name} {value:g}"]
        for name, count in sorted(self.counts.items()):
            lines += [f"# TYPE vigia_{name}_total counter", f"vigia_{name}_total {count}"]
        return "\n".join(lines) + "\n"
