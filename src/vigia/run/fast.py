"""`vigia watch FILE --fast`: recordings through the core on their own clock -> what it saw."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from msgspec.structs import replace

from vigia.events import (
    Alert,
    Event,
    Fault,
    Input,
    Observation,
    SettingsApplied,
    Tick,
    TracksPublished,
)
from vigia.flow import Watch
from vigia.run.feeds import damage_fault, guarded, load_adapter, read_records
from vigia.run.plan import FeedPlan, RunPlan
from vigia.run.settings import SettingsError
from vigia.run.stream_feeds import is_capture, played
from vigia.terms import Mark, Tier
from vigia.tracktable import published_rows
from vigia.wire.pcap import Damage

AFTER_S = 20.0  # the core's clock runs on so long after every alert must have ended


def run_fast(plan: RunPlan, out: TextIO) -> int:
    """No server, nothing sent. Exit code 0, or 1 when nothing could be decoded."""
    if any(feed.kind != "playback" for feed in plan.feeds):
        raise SettingsError("--fast: needs recordings; a live stream has only its own speed")
    items = heapq.merge(*(_items(feed) for feed in plan.feeds), key=lambda item: item[0])
    report = _Report(out)
    # What is played back is never actual, whatever the settings say
    mode = Mark.EXERCISE if plan.core.mode is Mark.ACTUAL else plan.core.mode
    core = replace(plan.core, mode=mode)
    watch = Watch()
    seq = 0

    def feed(t_ns: int, source: str, body: Input) -> None:
        nonlocal seq
        seq += 1
        event = Event(seq, max(t_ns, watch.t_ns), source, mode, body)
        report.saw(event, watch.receive(event))

    last_ns: int | None = None
    for t_ns, source, body in items:
        if last_ns is None:
            feed(t_ns, "settings", SettingsApplied(settings=core))
        while (due := watch.deadline()) is not None and due < t_ns:
            feed(due, "clock", Tick())
        feed(t_ns, source, body)
        last_ns = t_ns
    if last_ns is not None:
        after_s = core.policy.expire_s + core.policy.blind_s + AFTER_S
        end_ns = last_ns + round(after_s * 1e9)
        while (due := watch.deadline()) is not None and due < end_ns:
            feed(due, "clock", Tick())
    return report.close()


def _items(feed: FeedPlan) -> Iterator[tuple[int, str, Input]]:
    make = load_adapter(feed.adapter)
    t_ns = 0
    try:
        if not is_capture(make):
            for at_ns, body in played(Path(feed.path), make, feed.sensor_id, None):
                yield at_ns, feed.sensor_id, body
            return
        adapter = make(feed.sensor_id)
        for record in read_records(Path(feed.path)):
            if isinstance(record, Damage):
                yield t_ns, feed.sensor_id, damage_fault(feed.sensor_id, record)
                break
            t_ns = max(t_ns, record.t_ns or 0)
            for body in guarded(
                lambda r=record, t=t_ns: adapter.feed_record(r, t), feed.sensor_id, record.frame
            ):
                yield t_ns, feed.sensor_id, body
    except OSError as e:
        raise SettingsError(f"capture {feed.path}: cannot be read ({e.strerror})") from e
    for body in guarded(lambda: adapter.finish(t_ns), feed.sensor_id, b""):
        yield t_ns, feed.sensor_id, body


class _Report:
    """Lines for people while it runs, and a summary."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._counts: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._tracks: dict[bytes, tuple[int, bytes]] = {}
        self._highest: dict[str, Tier] = {}

    def saw(self, event: Event, decisions: list[Event]) -> None:
        for e in (event, *decisions):
            match e.body:
                case Observation(scan=scan):
                    self._counts["detections"] += len(scan)
                case Fault(what=what, count=count):
                    self._faults[what] += count
                case TracksPublished(data=data):
                    for row in published_rows(data):
                        self._tracks[bytes(row["track_id"])] = (
                            int(row["number"]),
                            bytes(row["serial"]),
                        )
                case Alert():
                    self._say(e.t_recv_ns, e.body)
                case _:
                    pass

    def _say(self, t_ns: int, alert: Alert) -> None:
        before = self._highest.get(alert.alert_id, Tier.NONE)
        ended = alert.end_reason is not None
        if alert.tier <= before and not ended:
            return
        self._highest[alert.alert_id] = max(before, alert.tier)
        clock = datetime.fromtimestamp(t_ns / 1e9, UTC).strftime("%H:%M:%S")
        word = f"ended ({alert.end_reason.value})" if alert.end_reason else alert.tier.name
        numbers = ", ".join(f"T-{n:03d}" for n in alert.track_numbers)
        mark = "" if alert.mark is Mark.ACTUAL else f"[{alert.mark.name}] "
        where = "" if alert.range_m is None else f", {alert.range_m:.0f} m {alert.from_point}"
        print(f"{clock}Z {mark}{word:8} {alert.target_id}: {numbers}{where}", file=self._out)

    def close(self) -> int:
        tiers = Counter(t.name for t in self._highest.values())
        tiers_text = ", ".join(f"{n} {name}" for name, n in sorted(tiers.items())) or "none"
        print(
            f"detections {self._counts['detections']}, tracks {len(self._tracks)}, "
            f"alerts {len(self._highest)} (highest tier: {tiers_text})",
            file=self._out,
        )
        for what, n in self._faults.most_common(20):
            print(f"refused {n}: {what}", file=self._out)
        return 0 if self._counts["detections"] else 1
