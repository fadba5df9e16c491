"""A journal, a person and a time -> the decision explained: `vigia why PERSON TIME`.

The core is fed the recorded inputs up to that moment and looked at: which tracks and orders, which
evidence, which threshold, which words. Nothing is sent.
"""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from vigia.alert.cover import sight_of
from vigia.alert.rates import HOUR_S, MEAN_MAX, rings_within
from vigia.alert.words import alert_text, cover_text
from vigia.desk import post_of
from vigia.events import Alert, Event
from vigia.flow import Watch
from vigia.run.catalogue import words_of
from vigia.run.guard import GuardedCore
from vigia.run.journal_reader import JournalReader
from vigia.run.settings import SettingsError
from vigia.terms import Lang, Tier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.alert.state import Fear, Open, Order
    from vigia.events import CoverTold, Policy
    from vigia.threats import Threat

SAID_S = 900.0  # how far back what was said is listed
SAID_MAX = 20
THREATS_MAX = 10
DAY = timedelta(days=1)


def explain(folder: Path, person_id: str, when: str, out: TextIO) -> int:
    """Exit code 0, or 2 when the journal cannot tell. Raises SettingsError for a wrong time."""
    try:
        reader = JournalReader(folder)
    except (OSError, ValueError, sqlite3.Error) as e:
        raise SettingsError(f"why: {folder}: cannot be read: {e}") from e
    try:
        t_ns = parse_time(when, reader.last_t_recv_ns)
        watch, unread = core_at(reader, t_ns)
        person = watch.roster.people.get(person_id)
        if watch.settings is None or person is None:
            known = ", ".join(list(watch.roster.people)[:10])
            raise SettingsError(f"why: nobody {person_id!r} at {when}; known then: {known}")
        print(f"{person.name} ({person_id}) at {_clock(t_ns)}", file=out)
        if unread:
            print(f"{unread} inputs before it cannot be read any more", file=out)
        about = (watch, person_id)
        told = (_cover(*about), _rung(*about, t_ns), _alerts(*about, t_ns))
        for line in chain.from_iterable(told):
            print(line, file=out)
        for line in (*_threats(watch, person_id), *_said(reader, watch, person_id, t_ns)):
            print(line, file=out)
    finally:
        reader.close()
    return 0


def parse_time(text: str, last_ns: int) -> int:
    """2026-01-01T12:00:00Z, or a time of day (UTC): the last one in the journal. -> ns."""
    clock = re.fullmatch(r"(\d\d?):(\d\d)(?::(\d\d(?:\.\d+)?))?Z?", text)
    last = datetime.fromtimestamp(last_ns / 1e9, UTC)
    try:
        if clock is None:
            when = datetime.fromisoformat(text.replace("Z", "+00:00"))
            when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
        else:
            h, m, s = int(clock[1]), int(clock[2]), float(clock[3] or 0.0)
            day = last.replace(hour=0, minute=0, second=0, microsecond=0)
            when = day + timedelta(hours=h, minutes=m, seconds=s)
            when = when - DAY if when > last + timedelta(seconds=1) else when
    except ValueError as e:
        raise SettingsError(
            f"why: time: got {text!r}; need HH:MM:SS (UTC) or such as 2026-01-01T12:00:00Z"
        ) from e
    return round(when.timestamp() * 1e6) * 1_000


def core_at(reader: JournalReader, t_ns: int) -> tuple[Watch, int]:
    """The core as it was then, and how many of its inputs cannot be read any more."""
    core, from_seq = GuardedCore(Watch()), 0
    for seq, t_snapshot_ns, data in reader.snapshots():
        if t_snapshot_ns > t_ns or data is None:
            continue
        try:
            core, from_seq = GuardedCore(Watch.restore(data)), seq + 1
            break
        except (ValueError, TypeError, LookupError, AssertionError):
            continue  # of another version: from an older one, or from the start
    unread = 0
    for recorded in reader.inputs(from_seq):
        if recorded.t_recv_ns > t_ns:
            break
        if not isinstance(recorded, Event):
            unread += 1
            continue
        if not isinstance(core.receive(recorded), list):
            core = GuardedCore(core.watch)  # it was set aside then, too
    return core.watch, unread


def _cover(watch: Watch, person_id: str) -> Iterator[str]:
    said = _cover_of(watch, person_id)
    if said is not None:
        yield f"watched: {cover_text(said, words_of(Lang.EN))}"


def _cover_of(watch: Watch, person_id: str) -> CoverTold | None:
    memory, target = watch.state.cover, f"person/{person_id}"
    post_id = post_of(watch.roster, target)
    told = memory.told.get(target) or memory.told.get(f"post/{post_id}")
    return None if told is None else told.said


def _rung(watch: Watch, person_id: str, t_ns: int) -> Iterator[str]:
    """How often this person was rung, beside what EEMUA 191 takes for bearable."""
    rings = watch.state.rates.people.get(person_id)
    if rings is None:
        return
    lately, hour = rings_within(rings, t_ns), rings_within(rings, t_ns, window_s=HOUR_S)
    yield f"rung: {lately} times in ten minutes, {hour} in an hour (bearable: {MEAN_MAX})"


def _alerts(watch: Watch, person_id: str, t_ns: int) -> Iterator[str]:
    """What is open for this person, what it rests on, when it ends."""
    assert watch.settings is not None
    held = [h for h in watch.state.alerts.open.values() if h.alert.person_id == person_id]
    if not held:
        yield "alert: none"
    person = watch.roster.people[person_id]
    for one in held:
        a = one.alert
        yield (
            f"alert {a.alert_id}.{a.revision}: {a.tier.name}, {a.mark.value}, said at "
            f"{_clock(a.t_decided_ns)}, expires {_clock(a.t_expires_ns)}"
        )
        words = words_of(person.lang)
        by = _name(watch, a.by_person_id)
        text = alert_text(a, words, target=_place(watch, person_id), t_ns=a.t_decided_ns, by=by)
        yield f"  words: {text}"
        yield f"  because: {grounds_text(a)}"
        yield from (_fear_text(k, f, t_ns) for k, f in one.fears.items())
        yield from (_order_text(watch, k, o, t_ns) for k, o in one.orders.items())
        yield from _clock_text(watch, one)


def grounds_text(alert: Alert) -> str:
    """Which threshold, and what there was."""
    g = alert.grounds
    if g is None:
        return "recorded without its grounds (an earlier version)"
    found = [g.rule]
    if g.p_min is not None:
        chance = f"chance to come within reach {alert.p_hit}"
        if alert.tier is Tier.DANGER and g.p_attack is not None:
            chance = f"chance of an attack {g.p_attack}"
        found.append(f"{chance}, needs {g.p_min}")
    if g.within_s is not None and g.p10_s is not None:
        found.append(f"early arrival {g.p10_s:.0f} s, needs {g.within_s:.0f} s or less")
    if g.range_max_m is not None:
        found.append(f"{_or_unknown(alert.range_m)} m away, watch radius {g.range_max_m:.0f} m")
    if g.witnesses:
        found.append(f"{g.witnesses} independent witnesses")
    if g.weak:
        found.append("weak evidence: WATCH at most")
    if g.order_id is not None:
        found.append(f"order {g.order_id}")
    if g.reason:
        found.append(f"reason: {g.reason}")
    if g.blind:
        found.append("the place is blind: its clock of expiry stands still")
    sources = ", ".join(alert.sources)
    return "; ".join([*found, f"sources: {sources}" if sources else "no source"])


def _fear_text(track_id: str, fear: Fear, t_ns: int) -> str:
    found = [f"{fear.tier.name}", f"evidence {_age(fear.t_evidence_ns, t_ns)} old"]
    if fear.lost:
        found.append("lost, not confirmed gone")
    if fear.below_since_ns is not None:
        found.append(f"lower since {_age(fear.below_since_ns, t_ns)}, waits to fall")
    if fear.over:
        found.append("ran out; DANGER is not left by silence")
    return f"  drone {track_id}: {', '.join(found)}"


def _order_text(watch: Watch, order_id: str, order: Order, t_ns: int) -> str:
    by = _name(watch, order.by_person_id) or "somebody not enrolled"
    why = f": {order.reason}" if order.reason else ""
    age = _age(order.t_evidence_ns, t_ns)
    return f"  order {order_id}: {order.kind} by {by}, {order.tier.name}, {age} ago{why}"


def _clock_text(watch: Watch, held: Open) -> Iterator[str]:
    stopped = max((s.stopped_ns for s in held.standing()), default=0)
    target = held.alert.target_id
    sight = sight_of(watch.state.cover, target, post_of(watch.roster, target))
    if stopped or sight.blind:
        yield f"  clock of expiry: stood still for {stopped / 1e9:.0f} s, blind {sight.blind}"


def _threats(watch: Watch, person_id: str) -> Iterator[str]:
    assert watch.settings is not None
    own = [t for t in watch.threats if t.person_id == person_id]
    if not own:
        yield "tracks: none threatened this person"
    for threat in own[:THREATS_MAX]:
        yield f"track T-{threat.number:03d}: {_threat_text(threat, watch.settings.policy)}"


def _threat_text(t: Threat, policy: Policy) -> str:
    p10 = "never" if t.p10_s is None else f"{t.p10_s:.0f} s"
    found = [
        f"{t.tier.name}",
        "confirmed" if t.confirmed else "not confirmed",
        f"{t.range_m:.0f} m at {t.bearing_deg_true:.0f}°",
        f"chance to come near {t.p_hit:.2f} (WARNING {policy.warning_p}), "
        f"of an attack {t.p_attack:.2f} (DANGER {policy.danger_p})",
        f"early arrival {p10} (WARNING {policy.warning_s:.0f} s, DANGER {policy.danger_s:.0f} s)",
    ]
    found += ["weak: WATCH at most"] if t.weak and t.tier is Tier.WATCH else []
    found += ["departing"] if t.departing else []
    found += [f"{t.witnesses} witnesses"] if t.witnesses else []
    return ", ".join(found)


def _said(reader: JournalReader, watch: Watch, person_id: str, t_ns: int) -> Iterator[str]:
    """The revisions on record, newest last."""
    found = reader.alerts(since_ns=t_ns - round(SAID_S * 1e9), until_ns=t_ns)
    own = [e for e in found if isinstance(e.body, Alert) and e.body.person_id == person_id]
    if own:
        yield "said to this person:"
    for event in own[-SAID_MAX:]:
        a = event.body
        assert isinstance(a, Alert)
        rings = "rings" if a.sound else "silent"
        end = "" if a.end_reason is None else f", ended: {a.end_reason.value}"
        by = _name(watch, a.by_person_id)
        yield (
            f"  {_clock(event.t_recv_ns)} {a.msg_type.value} {a.tier.name} {a.action} ({rings})"
            f"{end}{f', by {by}' if by else ''}: {grounds_text(a) if a.end_reason is None else ''}"
        ).rstrip(": ")


def _place(watch: Watch, person_id: str) -> str:
    """The post's name; of a person elsewhere, his own."""
    person = watch.roster.people[person_id]
    posts = () if watch.settings is None else watch.settings.posts
    name = next((p.name for p in posts if p.post_id == person.post_id), person.name)
    return person.name if person_id in watch.roster.spots else name


def _name(watch: Watch, person_id: str | None) -> str | None:
    person = watch.roster.people.get(person_id or "")
    return person_id if person is None else person.name


def _age(then_ns: int, t_ns: int) -> str:
    return f"{max(0, t_ns - then_ns) / 1e9:.0f} s"


def _or_unknown(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0f}"


def _clock(t_ns: int) -> str:
    return datetime.fromtimestamp(t_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
