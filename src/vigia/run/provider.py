"""What the gateway needs of a sign-in provider; oidc.py is one, loaded only where there is one."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Identity(NamedTuple):
    """subject: of this issuer, for ever the same person."""

    subject: str
    name: str
    groups: tuple[str, ...]


class OidcError(Exception):
    """Why nobody was signed in. ours: not the person's fault, and worth telling an admin."""

    def __init__(self, what: str, *, ours: bool = True) -> None:
        super().__init__(what)
        self.ours = ours


class Provider(Protocol):
    """Both raise OidcError."""

    async def begin(self, redirect: str, *, now_s: float) -> tuple[str, str]: ...
    async def finish(self, code: str, state: str, *, now_s: float) -> Identity: ...
    async def close(self) -> None: ...
