"""Enrolment, sessions, invitations, devices: requests -> the roster's events, and cookies."""

from __future__ import annotations

import asyncio
import sqlite3

import msgspec

from vigia.events import AgencyAdded, DeviceEnrolled, DeviceRevoked, Input, PersonAdded
from vigia.run import page_json as out
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.gateway import SOURCE, Gateway
from vigia.run.http_doors import Caller, committed, received, starting
from vigia.run.http_sessions import HOST, begun
from vigia.run.invitations import Invited, invite, qr_svg
from vigia.run.roles import may_invite
from vigia.run.sessions import (
    device_id_of,
    device_key,
    from_base64url,
    signed_by,
)
from vigia.run.settings import SettingsError

ENROL_S = 5.0
LINK_MINUTES = 15

_enrol = msgspec.json.Decoder(out.EnrolIn)
_challenge = msgspec.json.Decoder(out.ChallengeIn)
_session = msgspec.json.Decoder(out.SessionIn)
_invitation = msgspec.json.Decoder(out.InvitationIn)
_revoke = msgspec.json.Decoder(out.RevokeIn)


async def enrol(gateway: Gateway, request: Request) -> Answer:
    body = decode(request.body, _enrol)
    spki = from_base64url(body.public_key) or b""
    try:
        device_key(spki)
    except ValueError as e:
        raise HttpError(400, str(e), expected="a P-256 key as SPKI, base64url") from e
    if gateway.view.settings is None:
        raise starting()
    now_s = gateway.now_ms() // 1000
    if not gateway.guesses.allows(request.client, now_s=now_s):
        raise HttpError(429, "too many wrong links from this address", fix="wait a minute")
    try:
        invited = await asyncio.to_thread(gateway.invitations.use, body.token, spki, now_s=now_s)
    except (OSError, sqlite3.Error) as e:
        raise HttpError(503, "invitation: cannot be checked", got=str(e), fix="try again") from e
    if isinstance(invited, str):
        gateway.guesses.failed(request.client, now_s=now_s)
        raise HttpError(
            403,
            f"invitation: {invited}",
            expected="a link that nobody has used, within its time",
            fix="ask for a new link",
        )
    device_id = device_id_of(spki)
    device = DeviceEnrolled(device_id=device_id, person_id=invited.person_id, public_key=spki)
    await admit(gateway, invited, device)
    gateway.metrics.counts["enrolled"] += 1
    return json({"device_id": device_id, "person": gateway.view.person(invited.person_id)})


async def admit(gateway: Gateway, invited: Invited, device: DeviceEnrolled | None) -> None:
    """Agency and person if they are new, then the device if there is one; on disk before it
    returns. Raises HttpError(503)."""
    view = gateway.view
    bodies: list[Input] = []
    if invited.agency_id not in view.agencies:
        bodies.append(AgencyAdded(agency_id=invited.agency_id, name=invited.agency_id))
    if invited.person_id not in view.people:
        person = PersonAdded(
            person_id=invited.person_id,
            name=invited.name,
            agency_id=invited.agency_id,
            role=invited.role,
            lang=invited.lang,
            post_id=invited.post_id,
        )
        bodies.append(person)
    if device is not None:
        bodies.append(device)
    for body in bodies:
        await committed(gateway, body, SOURCE, timeout_s=ENROL_S)
        match body:  # the watch says so too; whoever calls next must not find it missing
            case AgencyAdded():
                view.agencies[body.agency_id] = body
            case PersonAdded():
                view.take_person(body)
            case DeviceEnrolled():
                view.take_device(body)
            case _:
                raise AssertionError(type(body).__name__)


async def challenge(gateway: Gateway, request: Request) -> Answer:
    body = decode(request.body, _challenge)
    now_s = gateway.now_ms() // 1000
    return json({"challenge": gateway.sessions.challenge(body.device_id, now_s=now_s)})


async def open_session(gateway: Gateway, request: Request) -> Answer:
    body = decode(request.body, _session)
    if gateway.view.settings is None:
        raise starting()
    now_s = gateway.now_ms() // 1000
    device = gateway.view.devices.get(body.device_id)
    person = gateway.view.person_of_device(body.device_id)
    signature = from_base64url(body.signature) or b""
    text = f"vigia-session:{body.challenge}"
    if device is None or person is None or not signed_by(device.public_key, signature, text):
        gateway.fault("session", "a session was refused: unknown device or wrong signature")
        raise HttpError(
            401,
            "device",
            got=body.device_id,
            expected="an enrolled device and its signature",
            fix="open an invitation link on this device",
        )
    why = gateway.sessions.take_challenge(body.challenge, body.device_id, now_s=now_s)
    if why is not None:
        raise HttpError(401, f"challenge: {why}", expected="a fresh one", fix="ask for another")
    opened_ms = gateway.book.after_cut(person.person_id, gateway.now_ms())
    issued = gateway.sessions.issue(body.device_id, now_ms=opened_ms)
    return begun(gateway, request, issued, person, "key")


async def me(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    settings = gateway.view.settings
    return json(
        {
            "person": gateway.view.person(caller.person.person_id),
            "device_id": caller.device_id,
            "mode": None if settings is None else settings.mode,
            "server_ms": gateway.now_ms(),
        }
    )


async def invite_person(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _invitation)
    view = gateway.view
    known = view.people.get(body.person_id or "")
    role = body.role if known is None else known.role
    agency_id = body.agency_id or caller.person.agency_id
    if known is not None:
        agency_id = known.agency_id
    if gateway.eyes.apart and agency_id != caller.person.agency_id != HOST:
        raise HttpError(
            403, "agency", got=agency_id, expected=caller.person.agency_id, fix="ask its own admin"
        )
    if not may_invite(caller.person.role, role):
        raise HttpError(
            403,
            "role",
            got=f"{caller.person.role.value} invites {role.value}",
            expected="a watch officer invites officers and viewers, an admin anybody",
            fix="ask an admin",
        )
    posts = {p.post_id for p in view.posts()}
    if body.post_id is not None and body.post_id not in posts:
        raise HttpError(
            400, "post_id", got=body.post_id, expected=f"one of {', '.join(sorted(posts)) or '-'}"
        )
    try:
        invitation = await asyncio.to_thread(
            invite,
            gateway.folder,
            name=body.name if known is None else known.name,
            role=role,
            lang=body.lang,
            post_id=body.post_id,
            agency_id=agency_id,
            person_id=body.person_id,
            minutes=LINK_MINUTES,
        )
    except SettingsError as e:
        raise HttpError(400, str(e)) from e
    link = invitation.link(gateway.base_url)
    svg = await asyncio.to_thread(qr_svg, link)
    return json({"link": link, "qr_svg": svg, "expires_ms": invitation.t_end_s * 1000})


async def devices(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    rows = [
        {"device_id": d.device_id, "person": gateway.view.person(d.person_id)}
        for d in gateway.view.devices.values()
        if gateway.eyes.people(caller.viewer, (d.person_id,))
    ]
    return json({"devices": rows})


def _manages(gateway: Gateway, caller: Caller, person_id: str) -> bool:
    """An admin's own agency, or every one for the host's."""
    person = gateway.view.people.get(person_id)
    mine = person is not None and person.agency_id == caller.person.agency_id
    return mine or not gateway.eyes.apart or caller.person.agency_id == HOST


async def revoke(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    """Its sessions end and its pages close with the event that says so."""
    body = decode(request.body, _revoke)
    device_id = request.params["device_id"]
    device = gateway.view.devices.get(device_id)
    if device is None or not _manages(gateway, caller, device.person_id):
        raise HttpError(404, "device", got=device_id, expected="an enrolled one")
    revoked = DeviceRevoked(
        device_id=device_id, by_person_id=caller.person.person_id, reason=body.reason
    )
    answer = await committed(gateway, revoked, caller.source)
    gateway.revoked(revoked)
    return received(answer)
