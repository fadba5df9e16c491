"""A watch officer's acts over HTTP -> the watch -> what became of them.

The guard (http_app.py) has checked role, origin and size. An act that the core refuses is
answered 409 with its reason; an all clear that it asks back is answered with what is open.
"""

from __future__ import annotations

import secrets

import msgspec

from vigia.events import (
    AlertRaised,
    AllClear,
    AllClearAsked,
    AllClearReversed,
    Fault,
    Input,
    MarkedFriendly,
    ReportConfirmed,
    TrackIdentified,
    TrackJudged,
    Undone,
)
from vigia.run import page_acts as out
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private, committed
from vigia.terms import Tier

_all_clear = msgspec.json.Decoder(out.AllClearIn)
_reverse = msgspec.json.Decoder(out.ReverseIn)
_raise = msgspec.json.Decoder(out.RaiseIn)
_identity = msgspec.json.Decoder(out.IdentityIn)
_reason = msgspec.json.Decoder(out.ReasonIn)


async def all_clear(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """200 with `asked` when it was not given yet."""
    body = decode(request.body, _all_clear)
    act = AllClear(
        by_person_id=caller.person.person_id,
        reason=body.reason,
        incident_id=body.incident_id,
        clear_id=body.clear_id or secrets.token_hex(8),
        accepts=body.accepts,
    )
    seq, said = await acted(gateway, act, caller)
    answer: dict[str, object] = {"received": True, "seq": seq, "clear_id": act.clear_id}
    if isinstance(said, AllClearAsked):
        answer["asked"] = {"open": said.open, "track_numbers": said.track_numbers}
    return json(answer)


async def reverse(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _reverse)
    by = caller.person.person_id
    act = AllClearReversed(by_person_id=by, reason=body.reason, clear_id=body.clear_id)
    return await _done(gateway, act, caller)


async def raise_alerts(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _raise)
    act = AlertRaised(
        raise_id=body.raise_id or secrets.token_hex(8),
        by_person_id=caller.person.person_id,
        reason=body.reason,
        tier=Tier(body.tier),
        incident_id=body.incident_id,
        target_ids=body.target_ids,
        radius_m=body.radius_m,
    )
    seq, _ = await acted(gateway, act, caller)
    return json({"received": True, "seq": seq, "raise_id": act.raise_id})


def _own_track(gateway: Gateway, request: Request, caller: Caller) -> None:
    """A drone that is near other agencies' people only is judged by them. Raises HttpError(403)."""
    if not gateway.eyes.apart:
        return
    track_id = request.params["track_id"]
    known = next((t for t in gateway.view.tracks() if t.track_id == track_id), None)
    if known is not None and not gateway.eyes.owns_track(caller.viewer, known):
        raise HttpError(
            403,
            "agency",
            got=f"a drone near people of another agency than {caller.person.agency_id}",
            expected="a drone near its own people or posts",
            fix="ask that agency's watch officer",
        )


async def not_a_drone(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    _own_track(gateway, request, caller)
    act = TrackJudged(
        track_id=request.params["track_id"],
        by_person_id=caller.person.person_id,
        is_drone=False,
        reason=decode(request.body, _reason).reason,
    )
    return await _done(gateway, act, caller)


async def friendly(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    _own_track(gateway, request, caller)
    act = MarkedFriendly(
        track_id=request.params["track_id"],
        by_person_id=caller.person.person_id,
        reason=decode(request.body, _reason).reason,
    )
    return await _done(gateway, act, caller)


async def identify(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    _own_track(gateway, request, caller)
    body = decode(request.body, _identity)
    act = TrackIdentified(
        track_id=request.params["track_id"],
        identity=body.identity,
        by_person_id=caller.person.person_id,
        reason=body.reason,
    )
    return await _done(gateway, act, caller)


async def confirm(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    act = ReportConfirmed(
        report_id=request.params["report_id"],
        by_person_id=caller.person.person_id,
        reason=decode(request.body, _reason).reason,
    )
    return await _done(gateway, act, caller)


async def undo(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    act = Undone(
        order_id=request.params["order_id"],
        by_person_id=caller.person.person_id,
        reason=decode(request.body, _reason).reason,
    )
    answer = await _done(gateway, act, caller)
    gateway.view.flights.pop(act.order_id, None)
    return answer


async def _done(gateway: Gateway, act: Input, caller: Caller) -> Answer:
    seq, _ = await acted(gateway, act, caller)
    return json({"received": True, "seq": seq})


async def acted(
    gateway: Gateway, act: Input, caller: Caller
) -> tuple[int, AllClearAsked | Fault | None]:
    """Raises HttpError(409) with the core's reason when it refused."""
    answer = await committed(gateway, act, caller.source)
    said = gateway.replies.pop(answer.seq, None)
    if isinstance(said, Fault):
        raise HttpError(409, said.what, fix="load the page again and look")
    return answer.seq, said


ACTS: dict[str, Private] = {
    "all_clear": all_clear,
    "reverse": reverse,
    "raise_alerts": raise_alerts,
    "not_a_drone": not_a_drone,
    "friendly": friendly,
    "identify": identify,
    "confirm": confirm,
    "undo": undo,
}
