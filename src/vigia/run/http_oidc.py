"""Sign-in at the agency's own provider: there and back, and the person's role by his groups."""

from __future__ import annotations

import hashlib
import hmac

from vigia.events import AgencyAdded, PersonAdded
from vigia.run.asgi import Answer, HttpError, Request
from vigia.run.gateway import SOURCE, Gateway
from vigia.run.http_doors import Public, committed, starting
from vigia.run.http_sessions import note_session, set_cookie
from vigia.run.provider import Identity, OidcError, Provider
from vigia.run.settings_access import SignIn
from vigia.terms import Lang, Role

STATE_COOKIE = "vigia_state"
BACK = "/api/v1/sign-in/oidc/back"
STATE_S = 600


async def oidc_begin(gateway: Gateway, request: Request) -> Answer:
    provider = _provider(gateway)
    host = request.headers.get(b"host", b"").decode("latin-1")
    redirect = f"{'https' if request.secure else 'http'}://{host}{BACK}"
    try:
        where, state = await provider.begin(redirect, now_s=gateway.now_ms() / 1000)
    except OidcError as e:
        raise _failed(gateway, e) from e
    # Lax: it must come along when the provider sends the browser back here.
    cookie = f"{STATE_COOKIE}={state}; Path={BACK}; Max-Age={STATE_S}; HttpOnly; SameSite=Lax"
    cookie += "; Secure" if gateway.secure else ""
    return Answer(
        302, b"", headers=((b"location", where.encode()), (b"set-cookie", cookie.encode()))
    )


async def oidc_back(gateway: Gateway, request: Request) -> Answer:
    """Only the browser that began may end: the state stands in its cookie, too."""
    provider = _provider(gateway)
    if gateway.view.settings is None:
        raise starting()
    state, code = request.query.get("state", ""), request.query.get("code", "")
    held = request.cookies.get(STATE_COOKIE, "")
    if not state or not hmac.compare_digest(state.encode(), held.encode()):
        raise HttpError(403, "sign-in: not begun in this browser", fix="begin again at /sign-in")
    try:
        found = await provider.finish(code, state, now_s=gateway.now_ms() / 1000)
    except OidcError as e:
        raise _failed(gateway, e) from e
    person = await _person(gateway, found)
    issued = gateway.sessions.issue(
        "",
        now_ms=gateway.book.after_cut(person.person_id, gateway.now_ms()),
        person_id=person.person_id,
        seconds=gateway.access.sign_in.session_hours * 3600,
    )
    note_session(gateway, request, issued, person, "oidc")
    over = f"{STATE_COOKIE}=; Path={BACK}; Max-Age=0; HttpOnly; SameSite=Lax"
    return Answer(
        302,
        b"",
        headers=(
            (b"location", b"/console"),
            (b"set-cookie", set_cookie(gateway, issued)),
            (b"set-cookie", over.encode()),
        ),
    )


async def _person(gateway: Gateway, found: Identity) -> PersonAdded:
    """Role and agency are the provider's word of today; on record when they are new."""
    settings = gateway.access.sign_in
    role, agency_id = role_of(settings, found.groups), agency_of(settings, found.groups)
    if role is None:
        gateway.fault("sign-in", "a sign-in was refused: no group with a role")
        raise HttpError(
            403, "role", got="no group that has one", expected="a group of [sign_in.roles]",
            fix="ask an admin of your agency",
        )  # fmt: skip
    digest = hashlib.sha256(f"{settings.issuer}\n{found.subject}".encode()).hexdigest()
    known = gateway.view.people.get(f"oidc-{digest[:20]}")
    person = PersonAdded(
        person_id=f"oidc-{digest[:20]}",
        name=found.name,
        agency_id=agency_id,
        role=role,
        lang=Lang.EN if known is None else known.lang,
        post_id=None if known is None else known.post_id,
    )
    if agency_id not in gateway.view.agencies:
        named = gateway.access.agencies.get(agency_id)
        agency = AgencyAdded(agency_id=agency_id, name=agency_id if named is None else named.name)
        await committed(gateway, agency, SOURCE)
        gateway.view.agencies[agency_id] = agency
    if person != known:
        await committed(gateway, person, SOURCE)
        if gateway.view.take_person(person):
            gateway.hub.drop_person(person.person_id)
    return person


def role_of(settings: SignIn, groups: tuple[str, ...]) -> Role | None:
    return next((role for group, role in settings.roles.items() if group in groups), None)


def agency_of(settings: SignIn, groups: tuple[str, ...]) -> str:
    named = (agency for group, agency in settings.agencies.items() if group in groups)
    return next(named, settings.agency)


def _provider(gateway: Gateway) -> Provider:
    if gateway.oidc is None:
        raise HttpError(404, "sign-in", expected="another way; no provider is set up here")
    return gateway.oidc


def _failed(gateway: Gateway, error: OidcError) -> HttpError:
    if not error.ours:
        return HttpError(403, f"sign-in: {error}", fix="begin again at /sign-in")
    gateway.fault("sign-in", f"OpenID Connect: {error}")
    return HttpError(502, f"sign-in: {error}", fix="try again, or ask an admin")


PUBLIC: dict[str, Public] = {"oidc_begin": oidc_begin, "oidc_back": oidc_back}
