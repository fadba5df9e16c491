"""The demo scenario: the same for a seed, every kind of input, the whole story in two minutes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

import numpy as np

from vigia.events import (
    Alert,
    Event,
    Input,
    Observation,
    SettingsApplied,
    Sighting,
    Tick,
)
from vigia.flow import Watch
from vigia.run.simulate.demo import CYCLE_S, OFFICER, DemoFeed
from vigia.scan import Layout
from vigia.terms import EndReason, Mark, MsgType, Tier

S_NS = 1_000_000_000
T0_NS = 1_800_000_000 * S_NS


def _first(feed: DemoFeed, seconds: float) -> list[tuple[int, str, Input]]:
    end = T0_NS + round(seconds * S_NS)
    return list(takewhile(lambda e: e[0] < end, feed.events(T0_NS)))


def test_a_seed_plays_the_same_demo_and_time_never_goes_back() -> None:
    once, again = _first(DemoFeed(1), 3.2 * CYCLE_S), _first(DemoFeed(1), 3.2 * CYCLE_S)
    assert once == again
    times = [t for t, _, _ in once]
    assert times == sorted(times)
    assert _first(DemoFeed(2), CYCLE_S) != _first(DemoFeed(1), CYCLE_S)


def test_reports_of_different_cycles_are_different_reports() -> None:
    ids = {
        (b.report_id, b.t_obs_ns)
        for _, _, b in _first(DemoFeed(1), 4 * CYCLE_S)
        if isinstance(b, Sighting)
    }
    assert len({i for i, _ in ids}) == len(ids)


def test_the_first_two_minutes_bring_every_kind_of_input() -> None:
    kinds = {k for _, _, b in _first(DemoFeed(1), 115.0) for k in _kinds(b)}
    assert kinds >= {"range", "bearing", "place", "person"}


def test_a_watch_becomes_a_warning_becomes_danger_becomes_all_clear_within_two_minutes() -> None:
    feed = DemoFeed(1)
    story: dict[str, list[str]] = {}
    for event in _decide(feed, 120.0):
        a = event.body
        if not isinstance(a, Alert):
            continue
        assert a.mark is Mark.DEMO
        word = a.end_reason.name if a.msg_type is MsgType.CANCEL else Tier(a.tier).name
        line = story.setdefault(f"{a.person_id}", [])
        if not line or line[-1] != word:
            line.append(word)
    whole = [Tier.WATCH.name, Tier.WARNING.name, Tier.DANGER.name, EndReason.ALL_CLEAR.name]
    people = {p: line for p, line in story.items() if p != "None"}
    assert any(line == whole for line in people.values()), story
    assert OFFICER not in people


def test_invented_people_answer_alerts_and_nobody_else_does() -> None:
    feed = DemoFeed(1)
    answers = [
        answer
        for event in _decide(feed, 100.0)
        if hasattr(event.body, "tier")
        for answer in feed.answers(event.body, event.t_recv_ns)
    ]
    kinds = {b.kind.value for _, _, b in answers if hasattr(b, "kind")}
    assert kinds >= {"delivered", "seen"}
    assert {b.person_id for _, _, b in answers} <= {p.person_id for p in feed.people()[1:]}


def _decide(feed: DemoFeed, seconds: float) -> Iterator[Event]:
    """The demo through the core, with ticks, as fast as it goes."""
    watch, seq = Watch(), 0

    def give(t_ns: int, body: Input) -> list[Event]:
        nonlocal seq
        seq += 1
        return watch.receive(Event(seq, t_ns, "demo", Mark.DEMO, body))

    give(T0_NS, SettingsApplied(settings=feed.settings()))
    for body in feed.people():
        give(T0_NS, body)
    for t_ns, _, body in _first(feed, seconds):
        while (due := watch.deadline()) is not None and due <= t_ns:
            yield from give(due, Tick())
        yield from give(t_ns, body)


def _kinds(body: Input) -> Iterator[str]:
    if isinstance(body, Sighting) and body.bearing is not None:
        yield "person"
    if isinstance(body, Observation) and body.scan.layout is Layout.PLACE_1:
        yield "place"
    if isinstance(body, Observation) and body.scan.layout is Layout.POLAR_1:
        yield "bearing" if np.isnan(body.scan.rows()["range_m"]).all() else "range"
