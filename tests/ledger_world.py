"""A small night's events, a journal in memory, and a data folder with a ledger of them."""

from __future__ import annotations

import typing
from enum import Enum
from typing import TYPE_CHECKING

import msgspec

from vigia.events import (
    Acknowledged,
    Alert,
    AllClear,
    AnyBody,
    CoreSettings,
    Delivery,
    DeviceEnrolled,
    Event,
    Fault,
    HandedOver,
    Observation,
    PersonAdded,
    Reached,
    Restarted,
    SettingsApplied,
    Sighting,
    SightingPlaced,
    Thinned,
    Tick,
)
from vigia.run.ledger_follower import LedgerWriter, Turn
from vigia.run.ledger_keys import Salts, log_signer
from vigia.run.ledger_store import LedgerStore
from vigia.scan import Layout, pack
from vigia.terms import (
    AckKind,
    Bearing,
    Channel,
    EndReason,
    Mark,
    MsgType,
    Position,
    Role,
    Tier,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vigia.ledger.remember import Source
    from vigia.run.ledger_follower import Feed

S = 1_000_000_000
T_NS = 1_790_000_000 * S
LAT_DEG, LON_DEG = 31.234567, -106.765432  # of the reporter: must appear nowhere
BEARING_DEG = 123.456


class Journal:
    """A Feed: turns in memory. Grows by add()."""

    def __init__(self) -> None:
        self.held: list[Turn] = []
        self.closed = 0

    def add(
        self, body: AnyBody, *decisions: AnyBody, t_ns: int | None = None, mark: Mark = Mark.ACTUAL
    ) -> Turn:
        seq = len(self.held) + 1
        t_ns = T_NS + seq * S if t_ns is None else t_ns
        turn = Turn(seq, [Event(seq, t_ns, "test", mark, b) for b in (body, *decisions)])
        self.held.append(turn)
        return turn

    def turns(self, from_seq: int) -> Iterator[Turn]:
        return (turn for turn in list(self.held) if turn.seq >= from_seq)

    def events(self) -> list[Source]:
        return [event for turn in self.held for event in turn.events]

    def close(self) -> None:
        self.closed += 1


def alert(
    person: str, revision: int = 1, tier: Tier = Tier.DANGER, what: MsgType = MsgType.ALERT
) -> Alert:
    return Alert(
        alert_id=f"a{person}",
        revision=revision,
        msg_type=what,
        incident_id="i1",
        target_id=f"person/{person}",
        person_id=person,
        tier=tier,
        mark=Mark.ACTUAL,
        action="take_cover",
        sound=True,
        t_cause_ns=T_NS,
        t_decided_ns=T_NS + 20_000_000,
        t_expires_ns=T_NS + 180 * S,
        track_ids=("t1",),
        track_numbers=(41,),
        bearing_deg_true=BEARING_DEG,
        range_m=777.7,
        t_p50_ns=T_NS + 31 * S,
        sources=("person",),
        end_reason=EndReason.ALL_CLEAR if what is MsgType.CANCEL else None,
        by_person_id="chief" if what is MsgType.CANCEL else None,
    )


def delivery(person: str, revision: int = 1) -> Delivery:
    return Delivery(
        delivery_id=f"a{person}.{revision}.page",
        alert_id=f"a{person}",
        revision=revision,
        target_id=f"person/{person}",
        person_id=person,
        channel=Channel.PAGE,
        rank=0,
    )


def answer(person: str, kind: AckKind, t_ns: int, revision: int = 1) -> Acknowledged:
    return Acknowledged(
        alert_id=f"a{person}",
        revision=revision,
        person_id=person,
        device_id=f"phone-{person}",
        kind=kind,
        t_obs_ns=t_ns,
    )


def handed(person: str, t_ns: int, revision: int = 1, failed: str | None = None) -> HandedOver:
    return HandedOver(
        delivery_id=f"a{person}.{revision}.page",
        alert_id=f"a{person}",
        revision=revision,
        t_handed_ns=t_ns,
        failed=failed,
    )


def night(people: Sequence[str] = ("alba", "bruno")) -> Journal:
    """Settings, people, a sighting that alerts everybody, answers, an all clear."""
    journal = Journal()
    origin = Position(LAT_DEG, LON_DEG)
    journal.add(SettingsApplied(settings=CoreSettings(mode=Mark.ACTUAL, origin=origin)))
    for name in people:
        journal.add(PersonAdded(person_id=name, name=name, agency_id="x", role=Role.AGENT))
        journal.add(DeviceEnrolled(device_id=f"phone-{name}", person_id=name, public_key=b"k"))
    journal.add(Tick())
    journal.add(
        Sighting(
            report_id="r1",
            t_obs_ns=T_NS,
            person_id=people[0],
            position=Position(LAT_DEG, LON_DEG),
            bearing=Bearing(BEARING_DEG, 5.0),
            text="over the old mill",
        ),
        SightingPlaced(report_id="r1", person_id=people[0], track_id="t1", number=41),
        *[alert(p) for p in people],
        *[delivery(p) for p in people],
    )
    for i, name in enumerate(people):
        journal.add(handed(name, T_NS + 30_000_000 + i))
        for kind, ms in ((AckKind.DELIVERED, 200), (AckKind.SEEN, 3_000), (AckKind.SAFE, 9_000)):
            ack = answer(name, kind, T_NS + ms * 1_000_000 + i)
            journal.add(
                ack,
                Reached(alert_id=ack.alert_id, person_id=name, kind=kind, t_obs_ns=ack.t_obs_ns),
            )
    journal.add(Thinned(sensor_id="radar", scans=3, detections=90))
    journal.add(
        AllClear(by_person_id="chief", reason="alba saw it leave", incident_id="i1"),
        *[alert(p, 2, Tier.DANGER, MsgType.CANCEL) for p in people],
        *[delivery(p, 2) for p in people],
    )
    journal.add(Restarted(snapshot_seq=3))
    return journal


def write_feed(folder: Path, feed: Feed) -> int:
    """Bring the ledger in folder up to date with a feed; how many entries it has."""
    store, salts = LedgerStore(folder), Salts(folder / "keys")
    try:
        writer = LedgerWriter(store, salts, log_signer(folder / "keys"))
        while writer.step(feed, t_ns=T_NS):
            pass
        return writer.size
    finally:
        salts.close()
        store.close()


def smallest_bodies() -> Iterator[AnyBody]:
    """One of each body of the union, from the least that it needs."""
    for body_type in typing.get_args(AnyBody):
        if body_type is Observation:
            yield Observation(sensor_id="s", scan=pack(Layout.POLAR_1, {"t_obs_ns": 1}))
            continue
        values = {f.name: _least(f.type) for f in msgspec.structs.fields(body_type) if f.required}
        if body_type is Fault:
            values["whose"] = "us"
        yield msgspec.convert(values, body_type)


def _least(of: object) -> object:
    if of is CoreSettings:
        return {"mode": "actual", "origin": [0.0, 0.0]}
    if of is Position:
        return [0.0, 0.0]
    if type(None) in typing.get_args(of):
        return None
    if typing.get_origin(of) is tuple:
        return []
    if isinstance(of, type) and issubclass(of, Enum):
        return next(iter(of)).value
    plain: dict[object, object] = {str: "x", int: 1, bool: False, bytes: b"x", float: 1.0}
    return plain[of]


def write(folder: Path, journal: Journal, *, step: int | None = None) -> int:
    """Bring the ledger in folder up to date, `step` turns a commit; how many entries it has."""
    store, salts = LedgerStore(folder), Salts(folder / "keys")
    try:
        writer = LedgerWriter(store, salts, log_signer(folder / "keys"))
        while writer.next_seq <= len(journal.held):
            until = len(journal.held) if step is None else writer.next_seq + step - 1
            part = Journal()
            part.held = journal.held[:until]
            writer.step(part, t_ns=T_NS)
        return writer.size
    finally:
        salts.close()
        store.close()
