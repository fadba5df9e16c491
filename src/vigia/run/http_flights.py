"""Authorised flights over HTTP. The guard has checked role and origin, the core checks the rest."""

from __future__ import annotations

import secrets
from typing import Annotated

import msgspec

from vigia.alert.flights import RADIUS_MAX_M, SERIAL_MAX, SERIAL_MIN
from vigia.events_flight import FlightAuthorised
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.gateway import Gateway
from vigia.run.http_acts import acted
from vigia.run.http_doors import Caller, Private
from vigia.run.page_acts import Id, Reason
from vigia.run.settings_access import Share
from vigia.terms import Position

WHOSE_MAX = 100
Serial = Annotated[str, msgspec.Meta(min_length=SERIAL_MIN, max_length=SERIAL_MAX)]
Degrees = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class FlightIn(msgspec.Struct, frozen=True, kw_only=True):
    """from_ms, until_ms: since 1970. ceiling_m: above the ground; null: any height. flight_id:
    again, to change one."""

    serial: Serial
    from_ms: Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]
    until_ms: Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]
    lat_deg: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon_deg: Degrees
    radius_m: Annotated[float, msgspec.Meta(gt=0, le=RADIUS_MAX_M)]
    ceiling_m: Annotated[float, msgspec.Meta(gt=0, le=RADIUS_MAX_M)] | None = None
    whose: Annotated[str, msgspec.Meta(max_length=WHOSE_MAX)] = ""
    reason: Reason
    flight_id: Id | None = None


_flight = msgspec.json.Decoder(FlightIn)


async def authorise(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """409 with the core's reason when it is too long, too wide, or over already."""
    body = decode(request.body, _flight)
    flight = FlightAuthorised(
        flight_id=body.flight_id or f"flight-{secrets.token_hex(6)}",
        by_person_id=caller.person.person_id,
        serial=body.serial,
        t_from_ns=body.from_ms * 1_000_000,
        t_until_ns=body.until_ms * 1_000_000,
        center=Position(body.lat_deg, body.lon_deg),
        radius_m=body.radius_m,
        ceiling_m=body.ceiling_m,
        whose=body.whose,
        reason=body.reason,
    )
    known = gateway.view.flights.get(flight.flight_id)
    if known is not None and not _his(gateway, caller, known):
        raise HttpError(404, "flight", got=flight.flight_id, expected="one of your agency's")
    seq, _ = await acted(gateway, flight, caller)
    gateway.view.flights[flight.flight_id] = flight
    return json({"received": True, "seq": seq, "flight_id": flight.flight_id})


async def listed(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Those that are not over, the next one first. Everybody's: they hush for everybody."""
    now_ns = gateway.clock.now_ns()
    held = sorted(gateway.view.flights.values(), key=lambda f: (f.t_from_ns, f.flight_id))
    rows = [_row(gateway, caller, f) for f in held if f.t_until_ns > now_ns]
    return json({"flights": rows})


def _row(gateway: Gateway, caller: Caller, f: FlightAuthorised) -> dict[str, object]:
    person = gateway.view.people.get(f.by_person_id)
    return {
        "flight_id": f.flight_id,
        "serial": f.serial,
        "from_ms": f.t_from_ns // 1_000_000,
        "until_ms": f.t_until_ns // 1_000_000,
        "lat_deg": f.center.lat_deg,
        "lon_deg": f.center.lon_deg,
        "radius_m": f.radius_m,
        "ceiling_m": f.ceiling_m,
        "whose": f.whose,
        "by": person.name if person is not None and _his(gateway, caller, f) else None,
    }


def _his(gateway: Gateway, caller: Caller, f: FlightAuthorised) -> bool:
    eyes = gateway.eyes
    return eyes.may(caller.viewer, eyes.whose_person(f.by_person_id), Share.PEOPLE)


FLIGHTS: dict[str, Private] = {"authorise_flight": authorise, "flights": listed}
