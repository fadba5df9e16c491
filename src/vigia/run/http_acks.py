"""Answers to alerts over HTTP: from a notification, where no page and no socket is open."""

from __future__ import annotations

from typing import Annotated

import msgspec

from vigia.events import Acknowledged
from vigia.run.asgi import Answer, HttpError, Request, decode
from vigia.run.gateway import Gateway
from vigia.run.http_doors import Caller, Private, committed, received, starting
from vigia.run.signed import check_request
from vigia.terms import AckKind

ACK_S = 5.0  # the phone repeats by itself


class AckPost(msgspec.Struct, frozen=True, kw_only=True):
    alert_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    revision: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
    kind: AckKind
    t_ms: Annotated[int, msgspec.Meta(ge=0, le=4_000_000_000_000)]


_ack = msgspec.json.Decoder(AckPost)


async def acknowledge(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """200 once it is on record. Only whom the alert warns can answer it."""
    body = decode(request.body, _ack)
    if body.kind is not AckKind.DELIVERED:
        check_request(gateway, request, caller)
    person_id = caller.person.person_id
    is_for = gateway.view.is_for(body.alert_id, person_id)
    if is_for is None and not gateway.knows_past:
        raise starting()
    if not is_for:
        raise HttpError(
            404,
            "acknowledgement: no such alert of yours",
            got=body.alert_id,
            expected="the alert_id of an alert of yours, open or ended within the last hours",
        )
    told = Acknowledged(
        alert_id=body.alert_id,
        revision=body.revision,
        person_id=person_id,
        device_id=caller.device_id,
        kind=body.kind,
        t_obs_ns=min(body.t_ms * 1_000_000, gateway.clock.now_ns()),
    )
    return received(await committed(gateway, told, caller.source, timeout_s=ACK_S))


ACKS: dict[str, Private] = {"acknowledge": acknowledge}
