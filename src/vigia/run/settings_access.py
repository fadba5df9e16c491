"""The settings of who may: agencies, what they share, how people sign in, how long is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TypeAlias

import msgspec

from vigia.terms import Role

OPERATORS_DAYS_MAX = 180
SESSION_HOURS_MAX = 24
AGENCIES_MAX = 64


class Share(Enum):
    """What one agency may see of another's."""

    PEOPLE = "people"  # names, posts, who answered, positions while on watch
    TRACKS = "tracks"  # drones near its posts and people
    SIGHTINGS = "sightings"  # what its people report, without their names
    INCIDENTS = "incidents"  # the record of its alerts, without names
    ALERTS = "alerts"  # its open alerts, without names


Sharing: TypeAlias = dict[str, dict[str, tuple[Share, ...]]]  # viewer -> owner -> what


class AgencyEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tenant. Posts and sensors that nobody names are the whole site's."""

    name: str
    posts: tuple[str, ...] = ()
    sensors: tuple[str, ...] = ()


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sign-in to the console without a device's key. Nothing here is a secret."""

    passwords: bool = True  # passwords and passkeys of this server
    password_min: int = 12  # characters
    session_hours: int = 10
    issuer: str | None = None  # OpenID Connect; its discovery document is below it
    client_id: str = "vigia"
    secret_file: str | None = None  # holds the client's secret; None: a public client
    groups_claim: str = "groups"
    roles: dict[str, Role] = {}  # by the provider's group; the first that fits counts
    agencies: dict[str, str] = {}  # by the provider's group
    agency: str = "site"  # of whoever is in none of them


class Privacy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    operators_days: int = 30  # positions of drones' operators, as they broadcast them


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, as the gateway needs it."""

    agencies: dict[str, AgencyEntry] = {}
    sharing: Sharing = {}
    sign_in: SignIn = SignIn()
    privacy: Privacy = Privacy()


def check_access(access: Access, *, posts: Iterable[str], sensors: Iterable[str]) -> str | None:
    """What is wrong with the values, in the words of a settings error; None: nothing."""
    return (
        _check_agencies(access.agencies, set(posts), set(sensors))
        or _check_sharing(access)
        or _check_sign_in(access.sign_in, access.agencies)
        or _check_days(access.privacy)
    )


def _check_agencies(
    agencies: Mapping[str, AgencyEntry], posts: set[str], sensors: set[str]
) -> str | None:
    if len(agencies) > AGENCIES_MAX:
        return f"[agencies]: got {len(agencies)}; need {AGENCIES_MAX} at most"
    for kind, known in (("posts", posts), ("sensors", sensors)):
        whose: dict[str, str] = {}
        for name, agency in agencies.items():
            for one in getattr(agency, kind):
                if one not in known:
                    words = ", ".join(sorted(known)) or "none"
                    return f"[agencies.{name}] {kind}: got {one!r}; known here: {words}"
                if one in whose:
                    return f"[agencies.{name}] {kind}: {one!r} is {whose[one]}'s already"
                whose[one] = name
    return None


def _check_sharing(access: Access) -> str | None:
    known = access.agencies
    for viewer, owners in access.sharing.items():
        for name in (viewer, *owners):
            if name not in known:
                words = ", ".join(known) or "none"
                return f"[sharing.{viewer}]: got {name!r}; need an agency of [agencies]: {words}"
    return None


def _check_sign_in(entry: SignIn, agencies: Mapping[str, AgencyEntry]) -> str | None:
    if not 10 <= entry.password_min <= 64:
        return f"[sign_in] password_min: got {entry.password_min}; need 10 to 64"
    if not 1 <= entry.session_hours <= SESSION_HOURS_MAX:
        return f"[sign_in] session_hours: got {entry.session_hours}; need 1 to {SESSION_HOURS_MAX}"
    if Role.SENSOR in entry.roles.values():
        return '[sign_in.roles]: got "sensor"; people have another role, services have keys'
    if entry.issuer is not None:
        host = entry.issuer.partition("://")[2].partition("/")[0].partition(":")[0]
        if not entry.issuer.startswith("https://") and host not in ("localhost", "127.0.0.1"):
            return f"[sign_in] issuer: got {entry.issuer!r}; need https://"
        if not entry.roles:
            return "[sign_in.roles]: nobody could sign in; name at least one group"
    for name in (*entry.agencies.values(), *((entry.agency,) if agencies else ())):
        if agencies and name not in (*agencies, "site"):
            return f"[sign_in] agency: got {name!r}; need one of {', '.join(agencies)}"
    return None


def _check_days(entry: Privacy) -> str | None:
    if not 1 <= entry.operators_days <= OPERATORS_DAYS_MAX:
        return (
            f"[privacy] operators_days: got {entry.operators_days}; need 1 to {OPERATORS_DAYS_MAX}"
        )
    return None


def post_agencies(agencies: Mapping[str, AgencyEntry]) -> dict[str, str]:
    """post_id -> agency_id."""
    return {post: name for name, agency in agencies.items() for post in agency.posts}


def read_secret(path: str) -> str:
    """Raises OSError or ValueError: others may read it, or it is empty."""
    file = Path(path)
    if file.stat().st_mode & 0o077:
        raise ValueError(f"{path}: others may read it; chmod 600 {path}")
    secret = file.read_text().strip()
    if not secret:
        raise ValueError(f"{path}: it is empty")
    return secret
