"""When each alert was where (T0 to T4) -> p50 and p99 of each leg, by channel, now and today."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from vigia.events import Alert, Delivery, HandedOver, Reached
from vigia.terms import AckKind

SAMPLES_MAX = 50_000  # of all legs; the oldest are forgotten
ALERTS_MAX = 20_000  # revisions waited for
NOW_NS = 300 * 10**9
DAY_NS = 86_400 * 10**9
QUANTILES = (0.5, 0.99)


class Sample(NamedTuple):
    t_ns: int
    leg: str  # t0_t1, t1_t2, t2_t3, t3_t4
    channel: str  # "" before there is one
    seconds: float


class _Times:
    """One revision of one alert."""

    __slots__ = ("decided_ns", "handed", "shown_ns")

    def __init__(self, decided_ns: int) -> None:
        self.decided_ns = decided_ns
        self.handed: set[str] = set()
        self.shown_ns: int | None = None


class Legs:
    """Take what the watch says; nothing here decides anything."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=SAMPLES_MAX)
        self._alerts: dict[tuple[str, int], _Times] = {}
        self._first: dict[str, tuple[int, int | None]] = {}  # alert -> page hand-over, shown

    def decided(self, alert: Alert) -> None:
        self._add(alert.t_decided_ns, "t0_t1", "", alert.t_decided_ns - alert.t_cause_ns)
        self._alerts[alert.alert_id, alert.revision] = _Times(alert.t_decided_ns)
        if len(self._alerts) > ALERTS_MAX:
            self._alerts.pop(next(iter(self._alerts)))

    def handed(self, body: HandedOver) -> None:
        """Of each channel the first hand-over of a revision."""
        channel = body.delivery_id.rpartition(".")[2]
        times = self._alerts.get((body.alert_id, body.revision))
        if body.failed is not None or times is None or channel in times.handed:
            return
        times.handed.add(channel)
        self._add(body.t_handed_ns, "t1_t2", channel, body.t_handed_ns - times.decided_ns)
        if channel == "page" and body.alert_id not in self._first:
            self._first[body.alert_id] = (body.t_handed_ns, None)
            if len(self._first) > ALERTS_MAX:
                self._first.pop(next(iter(self._first)))

    def page_handed(self, delivery: Delivery, t_ns: int) -> None:
        body = HandedOver(
            delivery_id=delivery.delivery_id,
            alert_id=delivery.alert_id,
            revision=delivery.revision,
            t_handed_ns=t_ns,
        )
        self.handed(body)

    def reached(self, body: Reached) -> None:
        """Answers come by the page, whatever rang."""
        first = self._first.get(body.alert_id)
        if first is None:
            return
        handed_ns, shown_ns = first
        if body.kind is AckKind.DELIVERED:
            self._first[body.alert_id] = (handed_ns, body.t_obs_ns)
            self._add(body.t_obs_ns, "t2_t3", "page", body.t_obs_ns - handed_ns)
        elif shown_ns is not None:
            self._add(body.t_obs_ns, "t3_t4", "page", body.t_obs_ns - shown_ns)

    def table(self, now_ns: int) -> dict[str, dict[str, dict[str, float]]]:
        """window -> "leg/channel" -> n, p50 and p99 in seconds. Windows: now, today (UTC)."""
        day_ns = now_ns - now_ns % DAY_NS
        return {
            "now": self._quantiles(now_ns - NOW_NS),
            "today": self._quantiles(day_ns),
        }

    def lines(self, now_ns: int) -> list[str]:
        """For Prometheus."""
        name = "vigia_leg_seconds"
        out = [f"# TYPE {name} gauge"]
        for window, legs in self.table(now_ns).items():
            for key, found in legs.items():
                leg, _, channel = key.partition("/")
                labels = f'leg="{leg}",channel="{channel}",window="{window}"'
                out += [
                    f'{name}{{{labels},quantile="{q}"}} {found[f"p{q * 100:g}"]:.6f}'
                    for q in QUANTILES
                ]
        return out

    def _add(self, t_ns: int, leg: str, channel: str, took_ns: int) -> None:
        self._samples.append(Sample(t_ns, leg, channel, max(0, took_ns) / 1e9))

    def _quantiles(self, since_ns: int) -> dict[str, dict[str, float]]:
        groups: dict[str, list[float]] = {}
        for s in self._samples:
            if s.t_ns >= since_ns:
                key = f"{s.leg}/{s.channel}" if s.channel else s.leg
                groups.setdefault(key, []).append(s.seconds)
        return {
            key: {
                "n": float(len(values)),
                **{f"p{q * 100:g}": _quantile(sorted(values), q) for q in QUANTILES},
            }
            for key, values in sorted(groups.items())
        }


def _quantile(values: list[float], q: float) -> float:
    """The smallest that q of all do not exceed."""
    return values[min(len(values) - 1, max(0, -int(-q * len(values) // 1) - 1))]
