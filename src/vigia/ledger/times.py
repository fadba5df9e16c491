"""Events or ledger entries -> for each alert and person the moments T0 to T4.

T0 the deciding input was received, T1 decided, T2 handed to the channel, T3 shown on the device
(answer "delivered"), T4 answered by the person ("seen" or "safe").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from vigia.events import Acknowledged, Alert, Delivery, HandedOver
from vigia.ledger.entry import decode_head
from vigia.terms import AckKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vigia.events import Event

ALERTS_MAX = 100_000  # alerts timed at once; of more the oldest are left out


class RevisionTimes(msgspec.Struct, kw_only=True):
    """One revision for one person. Of each moment the first; None: it has not happened."""

    revision: int
    what: str  # alert, update, cancel
    tier: int
    cause_ns: int  # T0
    decided_ns: int  # T1
    handed_ns: int | None = None  # T2
    delivered_ns: int | None = None  # T3
    seen_ns: int | None = None  # T4
    safe_ns: int | None = None  # T4


class AlertTimes(msgspec.Struct, kw_only=True):
    """One alert and one person (None: a post's alert, which nobody's device received)."""

    alert_id: str
    person: str | None
    target: str
    incident_id: str
    mark: str
    tier_max: int
    ended: str | None  # why; None: it is open
    revisions: list[RevisionTimes]

    @property
    def t0_ns(self) -> int:
        return self.revisions[0].cause_ns

    @property
    def t1_ns(self) -> int:
        return self.revisions[0].decided_ns

    @property
    def t2_ns(self) -> int | None:
        return _first(r.handed_ns for r in self.revisions)

    @property
    def t3_ns(self) -> int | None:
        return _first(r.delivered_ns for r in self.revisions)

    @property
    def t4_ns(self) -> int | None:
        """The first answer of the person: seen or safe."""
        return _first(t for r in self.revisions for t in (r.seen_ns, r.safe_ns))


class Raised(msgspec.Struct, frozen=True, tag="alert", tag_field="kind"):
    """A revision. These shapes are also those of the ledger's entries, by field name."""

    alert: str
    revision: int
    what: str
    incident: str
    target: str
    person: str | None
    tier: int
    mark: str
    cause_ns: int
    decided_ns: int
    end: str | None


class Sent(msgspec.Struct, frozen=True, tag="delivery", tag_field="kind"):
    alert: str
    revision: int
    delivery: str
    person: str | None


class Handed(msgspec.Struct, frozen=True, tag="handed", tag_field="kind"):
    alert: str
    revision: int
    delivery: str
    handed_ns: int
    failed: bool


class Answered(msgspec.Struct, frozen=True, tag="answer", tag_field="kind"):
    alert: str
    revision: int
    person: str
    answer: str
    answered_ns: int


Moment: TypeAlias = Raised | Sent | Handed | Answered
KINDS = frozenset({"alert", "delivery", "handed", "answer"})
_decoder: msgspec.json.Decoder[Moment] = msgspec.json.Decoder(Moment)


def alert_times(events: Iterable[Event], *, since_ns: int = 0) -> list[AlertTimes]:
    """From the journal's events, inputs and decisions in order. Newest alert first.

    since_ns: alerts first decided before it are left out.
    """
    return _fold((m for event in events if (m := _of_event(event)) is not None), since_ns)


def entry_times(entries: Iterable[bytes], *, since_ns: int = 0) -> list[AlertTimes]:
    """From the ledger's entries, in order; persons are commitments there."""
    return _fold((m for entry in entries if (m := moment(entry)) is not None), since_ns)


def moment(entry: bytes) -> Moment | None:
    """None for an entry that times nothing. Raises ValueError when it is no entry."""
    return _decoder.decode(entry) if decode_head(entry).kind in KINDS else None


def _of_event(event: Event) -> Moment | None:
    match event.body:
        case Alert() as b:
            return Raised(
                alert=b.alert_id,
                revision=b.revision,
                what=b.msg_type.value,
                incident=b.incident_id,
                target=b.target_id,
                person=b.person_id,
                tier=int(b.tier),
                mark=b.mark.value,
                cause_ns=b.t_cause_ns,
                decided_ns=b.t_decided_ns,
                end=None if b.end_reason is None else b.end_reason.value,
            )
        case Delivery() as b:
            return Sent(b.alert_id, b.revision, b.delivery_id, b.person_id)
        case HandedOver() as b:
            failed = b.failed is not None
            return Handed(b.alert_id, b.revision, b.delivery_id, b.t_handed_ns, failed)
        case Acknowledged() as b:
            return Answered(b.alert_id, b.revision, b.person_id, b.kind.value, b.t_obs_ns)
        case _:
            return None


class _Held:
    """One alert while its moments arrive."""

    def __init__(self) -> None:
        self.raised: dict[int, Raised] = {}  # by revision
        self.sent: dict[str, Sent] = {}  # by delivery
        self.handed: list[Handed] = []
        self.answered: list[Answered] = []


def _fold(moments: Iterator[Moment], since_ns: int) -> list[AlertTimes]:
    held: dict[str, _Held] = {}
    for m in moments:
        alert = held.setdefault(m.alert, _Held())
        match m:
            case Raised():
                alert.raised.setdefault(m.revision, m)
            case Sent():
                alert.sent.setdefault(m.delivery, m)
            case Handed():
                alert.handed.append(m)
            case Answered():
                alert.answered.append(m)
        if len(held) > ALERTS_MAX:
            held.pop(next(iter(held)))
    found = [t for alert_id, h in held.items() for t in _times(alert_id, h, since_ns)]
    return sorted(found, key=lambda t: (-t.t1_ns, t.alert_id, t.person or ""))


def _times(alert_id: str, held: _Held, since_ns: int) -> Iterator[AlertTimes]:
    """One for each person the alert was meant for; none for an alert whose beginning is unknown."""
    raised = sorted(held.raised.values(), key=lambda r: r.revision)
    if not raised or raised[0].decided_ns < since_ns:
        return
    people = {r.person for r in raised} | {s.person for s in held.sent.values()}
    people |= {a.person for a in held.answered}
    if people != {None}:
        people.discard(None)
    for person in people:
        yield AlertTimes(
            alert_id=alert_id,
            person=person,
            target=raised[0].target,
            incident_id=raised[0].incident,
            mark=raised[0].mark,
            tier_max=max(r.tier for r in raised),
            ended=raised[-1].end,
            revisions=[_revision(r, held, person) for r in raised],
        )


def _revision(raised: Raised, held: _Held, person: str | None) -> RevisionTimes:
    own = {d for d, s in held.sent.items() if s.person in (person, None)}

    def answered(kind: AckKind) -> int | None:
        return _first(
            a.answered_ns
            for a in held.answered
            if (a.revision, a.person, a.answer) == (raised.revision, person, kind.value)
        )

    return RevisionTimes(
        revision=raised.revision,
        what=raised.what,
        tier=raised.tier,
        cause_ns=raised.cause_ns,
        decided_ns=raised.decided_ns,
        handed_ns=_first(
            h.handed_ns
            for h in held.handed
            if h.revision == raised.revision and h.delivery in own and not h.failed
        ),
        delivered_ns=answered(AckKind.DELIVERED),
        seen_ns=answered(AckKind.SEEN),
        safe_ns=answered(AckKind.SAFE),
    )


def _first(moments: Iterable[int | None]) -> int | None:
    return min((t for t in moments if t is not None), default=None)
