"""Signing in, sessions, keys and looks at personal data, as types of the pages.

docs/web-protocol.md in Python; see page_json.py for units.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from vigia.event_base import ID_MAX
from vigia.run.page_json import Id, PersonOut, Reason

TOKEN_MAX = 512
CREDENTIAL_MAX = 16_000  # characters of a passkey's answer

Login = Annotated[str, msgspec.Meta(min_length=3, max_length=64)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Token = Annotated[str, msgspec.Meta(min_length=8, max_length=TOKEN_MAX)]


class PasswordIn(msgspec.Struct, frozen=True, kw_only=True):
    login: Login
    password: Password


class RecoveryIn(msgspec.Struct, frozen=True, kw_only=True):
    """code: one of those shown once; password: the new one."""

    login: Login
    code: Annotated[str, msgspec.Meta(min_length=8, max_length=64)]
    password: Password


class ClaimIn(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation's token -> an account that signs in by name."""

    token: Token
    login: Login
    password: Password


class AccountIn(msgspec.Struct, frozen=True, kw_only=True):
    """current: the password of today, where there is one."""

    login: Login
    password: Password
    current: Annotated[str, msgspec.Meta(max_length=256)] = ""


class PasskeyIn(msgspec.Struct, frozen=True, kw_only=True):
    """credential: what navigator.credentials gave, as JSON; challenge: the one it answers."""

    challenge: Annotated[str, msgspec.Meta(max_length=200)]
    credential: dict[str, Any]  # Any: the library checks it
    name: Annotated[str, msgspec.Meta(max_length=ID_MAX)] = ""


class EndIn(msgspec.Struct, frozen=True, kw_only=True):
    """devices: also revoke every enrolled device, for one that is lost or stolen."""

    reason: Reason
    devices: bool = False


class SignInWays(msgspec.Struct, frozen=True, kw_only=True):
    passwords: bool
    oidc: bool
    password_min: int


class SessionOut(msgspec.Struct, frozen=True, kw_only=True):
    """One session as its person sees it. method: key, password, passkey, recovery, oidc."""

    login_id: str
    device_id: str
    method: str
    opened_ms: int
    expires_ms: int
    address: str
    browser: str
    this: bool  # the one that asks


class SessionsOut(msgspec.Struct, frozen=True, kw_only=True):
    person_id: str
    sessions: tuple[SessionOut, ...]


class BegunOut(msgspec.Struct, frozen=True, kw_only=True):
    """A session began. codes: recovery codes, shown this once."""

    person: PersonOut | None
    expires_ms: int
    codes: tuple[str, ...] = ()


class EndedOut(msgspec.Struct, frozen=True, kw_only=True):
    ended: int


class PasskeyOut(msgspec.Struct, frozen=True, kw_only=True):
    passkey_id: str
    name: str


class AccountOut(msgspec.Struct, frozen=True, kw_only=True):
    login: str | None
    codes_left: int
    passkeys: tuple[PasskeyOut, ...]


class CodesOut(msgspec.Struct, frozen=True, kw_only=True):
    codes: tuple[str, ...]


class OptionsOut(msgspec.Struct, frozen=True, kw_only=True):
    """options: for navigator.credentials, as WebAuthn's JSON."""

    challenge: str
    options: msgspec.Raw


class KeyIn(msgspec.Struct, frozen=True, kw_only=True):
    """A service key. sensors: which it may speak for; doors: handlers of run/roles.py."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    sensors: Annotated[tuple[Id, ...], msgspec.Meta(max_length=100)] = ()
    reads: tuple[Literal["cap"], ...] = ()
    days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 90
    agency_id: Id | None = None


class KeyOut(msgspec.Struct, frozen=True, kw_only=True):
    key_id: str
    name: str
    agency_id: str
    sensors: tuple[str, ...]
    reads: tuple[str, ...]
    made_ms: int
    expires_ms: int
    used_ms: int | None


class KeyMade(msgspec.Struct, frozen=True, kw_only=True):
    """secret: shown this once."""

    key: KeyOut
    secret: str


class KeysOut(msgspec.Struct, frozen=True, kw_only=True):
    keys: tuple[KeyOut, ...]


class LookIn(msgspec.Struct, frozen=True, kw_only=True):
    """Where drones' operators were, as they broadcast it. uas_id: of one drone only."""

    reason: Reason
    hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 180)] = 24
    uas_id: Id | None = None


class OperatorOut(msgspec.Struct, frozen=True, kw_only=True):
    uas_id: str
    t_ms: int
    sensor_id: str
    lat_deg: float
    lon_deg: float


class OperatorsOut(msgspec.Struct, frozen=True, kw_only=True):
    operators: tuple[OperatorOut, ...]
    left_out: int
