"""The whole core on the demo raid: events a second; limit: encoding and decoding those events."""

from __future__ import annotations

import itertools
import time

import msgspec

from vigia.events import Event, Observation, SettingsApplied, Tick
from vigia.flow import Watch
from vigia.run.simulate.demo import DemoFeed
from vigia.terms import Mark

T0_NS = 1_767_225_600_000_000_000
SECONDS = 240


def inputs() -> list[Event]:
    """The demo's inputs for SECONDS, with the ticks a shell injects."""
    feed = DemoFeed(1)
    watch = Watch()
    events: list[Event] = []

    def add(t_ns: int, source: str, body: object) -> None:
        event = Event(len(events) + 1, max(t_ns, watch.t_ns), source, Mark.DEMO, body)  # pyright: ignore[reportArgumentType] - bodies of the feed are inputs
        events.append(event)
        watch.receive(event)

    add(T0_NS, "settings", SettingsApplied(settings=feed.settings()))
    until = T0_NS + SECONDS * 10**9
    for t_ns, source, body in itertools.takewhile(lambda i: i[0] < until, feed.events(T0_NS)):
        while (due := watch.deadline()) is not None and due < t_ns:
            add(due, "clock", Tick())
        add(t_ns, source, body)
    return events


def main() -> None:
    events = inputs()
    rows = sum(len(e.body.scan) for e in events if isinstance(e.body, Observation))
    best, decisions = float("inf"), 0
    for _ in range(3):
        watch = Watch()
        t = time.perf_counter()
        decisions = sum(len(watch.receive(e)) for e in events)
        best = min(best, time.perf_counter() - t)
    encoder, decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Event)
    t = time.perf_counter()
    for e in events:
        decoder.decode(encoder.encode(e))
    codec = time.perf_counter() - t
    n = len(events)
    print(f"{n} events ({rows} detections) of {SECONDS} s -> {decisions} decisions")
    print(f"core            {n / best:9.0f} events/s, {best / n * 1e6:6.1f} us an event")
    print(f"limit: codec    {n / codec:9.0f} events/s; core/limit {codec / best:.3f}")
    print(f"real time       x {SECONDS / best:.0f}")


if __name__ == "__main__":
    main()
