"""Requests of the pages -> the watch or the view -> answers. One function a row of roles.ROUTES.

The guard (http_app.py) has checked role, origin and size before any of these runs.
"""

from __future__ import annotations

import asyncio

import msgspec

from vigia.events import AttackReported, Sighting
from vigia.run import (
    http_keys,
    http_ledger,
    http_oidc,
    http_operators,
    http_passkeys,
    http_sessions,
    http_sign_in,
    http_who,
)
from vigia.run import page_json as out
from vigia.run.asgi import Answer, Request, decode, json
from vigia.run.declination import declination_deg
from vigia.run.gateway import Gateway
from vigia.run.http_acks import ACKS
from vigia.run.http_acts import ACTS
from vigia.run.http_cap import CAP
from vigia.run.http_doors import COMMIT_S, Caller, Private, Public, starting
from vigia.run.http_flights import FLIGHTS
from vigia.run.http_maps import MAPS
from vigia.run.http_observe import observe, observe_openapi
from vigia.run.http_push import PUSH
from vigia.run.http_reach import REACH
from vigia.run.http_tak import TAK, TAK_PUBLIC
from vigia.run.http_words import WORDS, WORDS_PUBLIC
from vigia.run.link import Committed, Refused
from vigia.run.paper_cover import plan_board
from vigia.run.past.doors import PAST
from vigia.run.records.analysis import ANALYSIS
from vigia.run.records.bulletins import BULLETINS
from vigia.run.records.doors import RECORDS
from vigia.run.records.episode import EPISODES
from vigia.run.records.first_aid import FIRST_AID
from vigia.run.records.handover import HANDOVER
from vigia.run.roles import OFFICERS
from vigia.run.signed import check_request
from vigia.run.witness.doors import WITNESS, WITNESS_PUBLIC
from vigia.terms import Bearing, Position

FUTURE_NS = 2_000_000_000  # a device's clock ahead by more is not believed
MINUTES_MAX = 60

_sighting = msgspec.json.Decoder(out.SightingIn)


async def plan(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """What the settings declare, of posts and sensors that the caller may see."""
    settings = gateway.view.settings
    if settings is None:
        raise starting()
    told = await asyncio.to_thread(plan_board, settings)
    seen = {p.post_id for p in gateway.eyes.posts(caller.viewer, gateway.view.posts())}
    own = gateway.eyes.owns_sensor
    return json(
        msgspec.structs.replace(
            told,
            posts=tuple(p for p in told.posts if p.post_id in seen),
            sensors=tuple(s for s in told.sensors if own(caller.viewer, s.sensor_id)),
        )
    )


# ---- reports and acts --------------------------------------------------------------------------


async def report(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """200 only after the commit; else the device keeps it and sends it again."""
    body = decode(request.body, _sighting)
    check_request(gateway, request, caller)
    told = (_to_attack if body.attack else _to_sighting)(gateway, body, caller)
    try:
        answer = await gateway.link.submit(told, caller.source, timeout_s=COMMIT_S)
        why = answer.why if isinstance(answer, Refused) else ""
        warned = isinstance(answer, Refused) and bool(answer.request_id)
    except TimeoutError:
        # With a link the core has it and warns; only the disk has not answered.
        answer, why, warned = None, "not on disk yet", gateway.link.connected
    if isinstance(answer, Committed):
        gateway.metrics.counts["reports"] += 1
        return json(
            {
                "received": True,
                "report_id": body.report_id,
                "seq": answer.seq,
                "server_ms": gateway.now_ms(),
            }
        )
    gateway.metrics.counts["reports_not_received"] += 1
    error = {"what": f"report: {why}", "got": "", "expected": "", "fix": "send it again"}
    return json({"received": False, "warned": warned, "error": error}, 503)


def _to_attack(gateway: Gateway, body: out.SightingIn, caller: Caller) -> AttackReported:
    where = body.position
    return AttackReported(
        report_id=body.refines or body.report_id,  # an undo names the report it takes back
        t_obs_ns=min(body.t_ms * 1_000_000, gateway.clock.now_ns()),
        person_id=caller.person.person_id,
        device_id=caller.device_id,
        position=None
        if where is None
        else Position(where.lat_deg, where.lon_deg, where.alt_hae_m, where.sigma_m),
        withdrawn=body.withdrawn,
        text=body.text or "",
    )


def _to_sighting(gateway: Gateway, body: out.SightingIn, caller: Caller) -> Sighting:
    now = gateway.clock.now_ns()
    t_ns = body.t_ms * 1_000_000
    believed = t_ns <= now + FUTURE_NS
    where = body.position
    position = None
    if where is not None:
        position = Position(where.lat_deg, where.lon_deg, where.alt_hae_m, where.sigma_m)
    return Sighting(
        report_id=body.report_id,
        t_obs_ns=min(t_ns, now),
        t_sigma_s=1.0 if believed else 10.0,
        person_id=caller.person.person_id,
        device_id=caller.device_id,
        position=position,
        bearing=_to_bearing(gateway, body.bearing, position),
        sense=body.sense,
        kind=body.kind,
        count=body.count,
        load=body.load,
        motion=body.motion,
        refines=body.refines,
        withdrawn=body.withdrawn,
        text=body.text or "",
    )


def _to_bearing(
    gateway: Gateway, bearing: out.BearingIn | None, position: Position | None
) -> Bearing | None:
    """Magnetic azimuths become true ones where the reporter stands, else at the site."""
    settings = gateway.view.settings
    assert settings is not None
    if bearing is None:
        return None
    azimuth = bearing.azimuth_deg_true
    if azimuth is None and bearing.azimuth_deg_magnetic is not None:
        at = position or settings.origin
        east_deg = declination_deg(at.lat_deg, at.lon_deg, gateway.clock.now_ns())
        azimuth = (bearing.azimuth_deg_magnetic + east_deg) % 360.0
    if azimuth is None:
        return None
    return Bearing(
        azimuth % 360.0,
        bearing.sigma_deg or settings.person_sigma_deg,
        bearing.elevation_deg,
        bearing.elevation_sigma_deg,
    )


# ---- reading -----------------------------------------------------------------------------------


async def status(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    settings = gateway.view.settings
    content: dict[str, object] = {
        "watch": gateway.pulse.beat(),
        "mode": None if settings is None else settings.mode,
        "server_ms": gateway.now_ms(),
    }
    health = gateway.health()
    if health is not None:
        # What watches here, for everybody: the phone's calm says what is covered and what is not.
        content["sensors"] = [{"kind": s.kind, "state": s.state} for s in health.sensors]
    if caller.person.role in OFFICERS:
        content["legs"] = gateway.reach.legs.table(gateway.clock.now_ns())
        content["health"] = None if health is None else gateway.eyes.seen(caller.viewer, health)
    return json(content)


async def sightings(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    minutes = request.number("minutes", MINUTES_MAX, low=1, high=MINUTES_MAX)
    since_ms = gateway.now_ms() - minutes * 60_000
    eyes, viewer = gateway.eyes, caller.viewer
    rows = (eyes.seen(viewer, s) for s in gateway.view.recent_sightings(since_ms=since_ms))
    return json({"sightings": [row for row in rows if row is not None]})


async def metrics(gateway: Gateway, request: Request) -> Answer:
    text = gateway.metrics.text(gateway.gauges())
    text += "\n".join(gateway.reach.legs.lines(gateway.clock.now_ns())) + "\n"
    return Answer(200, text.encode(), b"text/plain; version=0.0.4; charset=utf-8")


async def _openapi(gateway: Gateway, request: Request) -> Answer:
    from vigia.run.openapi import openapi  # rarely asked for; not at the start

    return await openapi(gateway, request)


async def sensors(gateway: Gateway, request: Request) -> Answer:
    """For `vigia sensors` on this machine: every sensor of every agency."""
    health = gateway.health()
    if health is None:
        raise starting()
    return json({"server_ms": gateway.now_ms(), "sensors": health.sensors})


PUBLIC: dict[str, Public] = {
    **WITNESS_PUBLIC,
    "observe": observe,
    "observe_openapi": observe_openapi,
    "sensors": sensors,
    "enrol": http_who.enrol,
    "challenge": http_who.challenge,
    "open_session": http_who.open_session,
    "metrics": metrics,
    **http_sign_in.PUBLIC,
    **http_passkeys.PUBLIC,
    **http_oidc.PUBLIC,
    "openapi": _openapi,
    **WORDS_PUBLIC,
    **TAK_PUBLIC,
}
PRIVATE: dict[str, Private] = {
    "me": http_who.me,
    "invite": http_who.invite_person,
    "devices": http_who.devices,
    "revoke": http_who.revoke,
    "report": report,
    **ACKS,
    **CAP,
    **PUSH,
    **ACTS,
    **http_sessions.PRIVATE,
    **http_keys.PRIVATE,
    **http_operators.PRIVATE,
    **http_sign_in.PRIVATE,
    **http_passkeys.PRIVATE,
    **REACH,
    **FLIGHTS,
    **WORDS,
    **TAK,
    "status": status,
    "sightings": sightings,
    "alerts": http_ledger.alerts,
    "ledger_checkpoint": http_ledger.checkpoint,
    "ledger_entries": http_ledger.entries,
    **RECORDS,
    **ANALYSIS,
    **WITNESS,
    **EPISODES,
    **BULLETINS,
    **FIRST_AID,
    **PAST,
    **HANDOVER,
    "plan": plan,
    **MAPS,
}
