"""A TAK client set up by one scan: an administrator makes a package, its link gives it out once.

The package holds its person's key: it waits in memory only, for LINK_MINUTES at most, and is gone
when it was fetched, whoever fetched it; a device that was not the right one is revoked by the name
the answer gives.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import TYPE_CHECKING, Annotated
from weakref import WeakKeyDictionary

import msgspec

from vigia.event_base import ID_MAX
from vigia.run.asgi import Answer, HttpError, Request, decode, json
from vigia.run.http_doors import Caller, Private, Public
from vigia.run.http_who import HOST, LINK_MINUTES
from vigia.run.invitations import Invited, qr_svg
from vigia.run.page_json import NAME_MAX
from vigia.run.plan import read_plan
from vigia.run.settings import SettingsError
from vigia.run.tak_server.package import Layout, Package, make_package
from vigia.terms import Lang, Role

if TYPE_CHECKING:
    from vigia.run.gateway import Gateway

WAITING_MAX = 20  # packages nobody fetched yet; the oldest goes
TOKEN_BYTES = 32
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_MAX)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_MAX)]


class TakPackageIn(msgspec.Struct, frozen=True, kw_only=True):
    """positions: the person agreed that his position is used to warn him. person_id: of somebody
    who is known already."""

    name: Name
    person_id: Id | None = None
    lang: Lang = Lang.EN
    post_id: Id | None = None
    agency_id: Id | None = None
    positions: bool = False
    client: Layout = Layout.ATAK


class _Waiting(msgspec.Struct, frozen=True):
    package: Package
    t_end_s: int


_body = msgspec.json.Decoder(TakPackageIn)
_shelves: WeakKeyDictionary[Gateway, dict[str, _Waiting]] = WeakKeyDictionary()


async def make(gateway: Gateway, request: Request, caller: Caller) -> Answer:
    body = decode(request.body, _body)
    invited = _invited(gateway, body, caller)
    try:
        plan = await asyncio.to_thread(read_plan, gateway.folder)
        package = await asyncio.to_thread(
            make_package,
            gateway.folder,
            plan,
            invited,
            positions=body.positions,
            layout=body.client,
        )
    except (SettingsError, OSError, msgspec.ValidationError) as e:
        raise HttpError(400, "TAK package", got=str(e)[:300]) from e
    token = secrets.token_urlsafe(TOKEN_BYTES)
    t_end_s = gateway.now_ms() // 1000 + LINK_MINUTES * 60
    shelf = _shelf(gateway)
    shelf[_hash(token)] = _Waiting(package, t_end_s)
    if len(shelf) > WAITING_MAX:
        del shelf[next(iter(shelf))]
    link = f"{gateway.base_url}/api/v1/tak/packages/{token}"
    svg = await asyncio.to_thread(qr_svg, link)
    said = {"link": link, "qr_svg": svg, "expires_ms": t_end_s * 1000}
    return json(said | {"device_id": package.device_id, "person_id": invited.person_id})


async def take(gateway: Gateway, request: Request) -> Answer:
    """Once. A wrong token and one that is over are told alike."""
    now_s = gateway.now_ms() // 1000
    if not gateway.guesses.allows(request.client, now_s=now_s):
        raise HttpError(429, "too many wrong links from this address", fix="wait a minute")
    found = _shelf(gateway).pop(_hash(request.params["token"]), None)
    if found is None:
        gateway.guesses.failed(request.client, now_s=now_s)
        raise HttpError(
            404, "this package", expected="one that nobody fetched yet", fix="ask for a new one"
        )
    name = found.package.name
    headers = (
        (b"content-disposition", f'attachment; filename="{name}"'.encode("ascii", "replace")),
        (b"cache-control", b"no-store"),
    )
    return Answer(200, found.package.data, b"application/zip", headers)


def _invited(gateway: Gateway, body: TakPackageIn, caller: Caller) -> Invited:
    known = gateway.view.people.get(body.person_id or "")
    if body.person_id is not None and known is None:
        raise HttpError(404, "person_id", got=body.person_id, expected="somebody known")
    agency_id = known.agency_id if known else body.agency_id or caller.person.agency_id
    if gateway.eyes.apart and agency_id != caller.person.agency_id != HOST:
        raise HttpError(
            403, "agency", got=agency_id, expected=caller.person.agency_id, fix="ask its own admin"
        )
    posts = {post.post_id for post in gateway.view.posts()}
    if body.post_id is not None and body.post_id not in posts:
        known_posts = ", ".join(sorted(posts)) or "-"
        raise HttpError(400, "post_id", got=body.post_id, expected=f"one of {known_posts}")
    return Invited(
        person_id=body.person_id or f"p-{secrets.token_hex(5)}",
        name=known.name if known else body.name.strip() or body.name,
        agency_id=agency_id,
        role=known.role if known else Role.OFFICER,
        lang=known.lang if known else body.lang,
        post_id=known.post_id if known else body.post_id,
    )


def _shelf(gateway: Gateway) -> dict[str, _Waiting]:
    """Without what is over."""
    shelf = _shelves.setdefault(gateway, {})
    now_s = gateway.now_ms() // 1000
    for key in [key for key, one in shelf.items() if one.t_end_s <= now_s]:
        del shelf[key]
    return shelf


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


TAK: dict[str, Private] = {"make_tak_package": make}
TAK_PUBLIC: dict[str, Public] = {"take_tak_package": take}
