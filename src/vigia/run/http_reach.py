"""Reach board, radio desk, drills and contacts over HTTP. The guard has checked role and origin."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec

from vigia.events_reach import DrillOrdered, ToldByRadio
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.channel_settings import OF_A_PERSON
from vigia.run.courier.contacts import ContactError, Contacts
from vigia.run.http_doors import Caller, Private, committed
from vigia.run.ledger_feed import read_alert_times
from vigia.run.page_acts import TARGETS_MAX, Id, Reason
from vigia.run.reach_tests import ReachTests
from vigia.run.settings_access import Share
from vigia.terms import Channel, Tier

if TYPE_CHECKING:
    from vigia.ledger.times import AlertTimes
    from vigia.run.gateway import Gateway

ADDRESSES_MAX = 16
HOURS_MAX = 24 * 31
TESTS_SHOWN = 14
DRILL = "drill-"  # begins a drill's id, and so names its incident
_T = TypeVar("_T")


class DrillIn(msgspec.Struct, frozen=True, kw_only=True):
    """target_ids: "person/…", "post/…"; none: everybody of the caller's agency."""

    reason: Reason
    tier: Annotated[int, msgspec.Meta(ge=1, le=3)] = 2
    target_ids: Annotated[tuple[Id, ...], msgspec.Meta(max_length=TARGETS_MAX)] = ()


class ToldIn(msgspec.Struct, frozen=True, kw_only=True):
    person_id: Id
    revision: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000_000)]


class ContactsIn(msgspec.Struct, frozen=True, kw_only=True):
    """All addresses of one person on one channel; none: he is not reached by it any more."""

    person_id: Id
    channel: Channel
    addresses: Annotated[
        tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=512)], ...],
        msgspec.Meta(max_length=ADDRESSES_MAX),
    ]


_drill = msgspec.json.Decoder(DrillIn)
_told = msgspec.json.Decoder(ToldIn)
_contacts = msgspec.json.Decoder(ContactsIn)


async def reach(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Who would not be reached now, and why; whom to call; how each channel is; the legs."""
    now = gateway.clock.now_ns()
    board = gateway.reach
    courier = await asyncio.to_thread(board.courier, now)
    proofs = await _store(gateway, Contacts.proofs)
    may = gateway.eyes
    people = [
        row
        for row in board.people(now, proofs, courier)
        if may.may(caller.viewer, may.whose_person(row.person_id), Share.PEOPLE)
    ]
    calls = [
        row
        for row in board.calls()
        if may.may(caller.viewer, may.whose_person(row.person_id), Share.PEOPLE)
    ]
    return json(
        {
            "server_ms": gateway.now_ms(),
            "people": people,
            "calls": calls,
            "courier": courier,
            "legs": board.legs.table(now),
            "tests": await _tests(gateway, caller),
        }
    )


async def _tests(gateway: Gateway, caller: Caller) -> list[dict[str, object]]:
    """The newest tests of reach, of people he may see."""
    try:
        found = await asyncio.to_thread(ReachTests(gateway.folder).latest, TESTS_SHOWN)
    except (sqlite3.Error, OSError):
        return []  # the board itself is worth more than its history
    rows: list[dict[str, object]] = []
    for kept in found:
        result = kept.result
        people = () if result is None else result.people
        mine = [p for p in people if _seen(gateway, caller, p.person_id)]
        lost = () if result is None else result.missing(kept.ask.kind)
        rows.append(
            {
                "kind": kept.ask.kind,
                "t_ms": kept.ask.t_asked_s * 1000,
                "over": result is not None,
                "refused": "" if result is None else result.refused,
                "people": len(mine),
                "missing": [p.name for p in lost if _seen(gateway, caller, p.person_id)],
                "channels_down": [] if result is None else [n for n, why in result.channels if why],
            }
        )
    return rows


def _seen(gateway: Gateway, caller: Caller, person_id: str) -> bool:
    return gateway.eyes.may(caller.viewer, gateway.eyes.whose_person(person_id), Share.PEOPLE)


async def told_by_radio(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _told)
    eyes = gateway.eyes
    if not eyes.may(caller.viewer, eyes.whose_person(body.person_id), Share.PEOPLE):
        raise HttpError(404, "told by radio: no such person of yours", got=body.person_id)
    act = ToldByRadio(
        alert_id=request.params["alert_id"],
        revision=body.revision,
        person_id=body.person_id,
        by_person_id=caller.person.person_id,
        t_obs_ns=gateway.clock.now_ns(),
    )
    return await _act(gateway, act, caller, {})


async def drill(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Ended by POST /orders/{drill_id}/undo, as any order."""
    body = decode(request.body, _drill)
    act = DrillOrdered(
        drill_id=DRILL + secrets.token_hex(6),
        by_person_id=caller.person.person_id,
        reason=body.reason,
        tier=Tier(body.tier),
        target_ids=body.target_ids,
    )
    return await _act(gateway, act, caller, {"drill_id": act.drill_id})


async def drills(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Each drill of the last hours: who was reached and who answered, after how long."""
    hours = request.number("hours", 24 * 7, low=1, high=HOURS_MAX)
    since_ns = (gateway.now_ms() - hours * 3_600_000) * 1_000_000
    try:
        found = await asyncio.to_thread(read_alert_times, gateway.folder, since_ns=since_ns)
    except (sqlite3.Error, OSError, ValueError) as e:
        raise HttpError(503, f"the journal cannot be read: {e}", fix="try again") from e
    eyes, results = gateway.eyes, dict[str, list[dict[str, object]]]()
    for times in found:
        mine = eyes.may(caller.viewer, eyes.whose_person(times.person), Share.PEOPLE)
        if times.person is not None and mine and times.incident_id.startswith(f"h{DRILL}"):
            results.setdefault(times.incident_id[1:], []).append(_result(gateway, times))
    return json({"drills": [{"drill_id": k, "people": v} for k, v in results.items()]})


def _result(gateway: Gateway, times: AlertTimes) -> dict[str, object]:
    person = gateway.view.people.get(times.person or "")

    def after(t_ns: int | None) -> float | None:
        return None if t_ns is None else round((t_ns - times.t1_ns) / 1e9, 3)

    return {
        "person_id": times.person,
        "name": None if person is None else person.name,
        "t_ms": times.t1_ns // 1_000_000,
        "handed_s": after(times.t2_ns),
        "shown_s": after(times.t3_ns),
        "answered_s": after(times.t4_ns),
    }


# ---- contacts ------------------------------------------------------------------------------------


async def contacts(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    found = await _store(gateway, Contacts.all)
    eyes = gateway.eyes
    rows = [
        {"person_id": c.person_id, "channel": c.channel.value, "address": c.address}
        for c in found
        if c.channel is not Channel.PUSH  # a device's, not a person's; of use to nobody
        and eyes.may(caller.viewer, eyes.whose_person(c.person_id), Share.PEOPLE)
    ]
    return json({"contacts": rows})


async def set_contacts(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _contacts)
    eyes = gateway.eyes
    if body.person_id not in gateway.view.people or not eyes.may(
        caller.viewer, eyes.whose_person(body.person_id), Share.PEOPLE
    ):
        raise HttpError(404, "contacts: no such person of yours", got=body.person_id)
    if body.channel not in OF_A_PERSON - {Channel.PUSH}:
        raise HttpError(
            400, "contacts: channel", got=body.channel.value, expected="ntfy, sms or email"
        )
    t_ns = gateway.clock.now_ns()

    def put(held: Contacts) -> None:
        held.replace(body.person_id, body.channel, body.addresses, t_ns)

    try:
        await _store(gateway, put)
    except ContactError as e:
        raise HttpError(400, str(e)) from e
    return json({"received": True})


async def _store(gateway: Gateway, ask: Callable[[Contacts], _T]) -> _T:
    """On a thread: nothing on the event loop waits for a disk."""

    def use() -> _T:
        held = Contacts(gateway.folder)
        try:
            return ask(held)
        finally:
            held.close()

    try:
        return await asyncio.to_thread(use)
    except (sqlite3.Error, OSError) as e:
        raise HttpError(503, f"contacts: {type(e).__name__}", fix="try again") from e


async def _act(
    gateway: Gateway, act: ToldByRadio | DrillOrdered, caller: Caller, more: dict[str, object]
) -> Answer:
    answer = await committed(gateway, act, caller.source)
    said = gateway.replies.pop(answer.seq, None)
    if said is not None:
        what = getattr(said, "what", "refused")
        raise HttpError(409, str(what), fix="load the page again and look")
    return json({"received": True, "seq": answer.seq, **more})


REACH: dict[str, Private] = {
    "reach": reach,
    "told_by_radio": told_by_radio,
    "drill": drill,
    "drills": drills,
    "contacts": contacts,
    "set_contacts": set_contacts,
}
