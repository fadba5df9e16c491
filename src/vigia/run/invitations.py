"""A one-time link -> the person it was made for. Tokens are kept as hashes, in gateway.sqlite.

The file is shared by the gateway and the command line (`vigia invite`), which works without a
running gateway. A token that a key has used stays good for that key until it expires, so that an
answer lost on the way does not lock the phone out; for any other key it is used up.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from pathlib import Path

import msgspec

from vigia.run.gateway_store import NAME, opened
from vigia.run.page_json import NAME_MAX
from vigia.run.plan import RunPlan
from vigia.run.settings import SettingsError
from vigia.terms import Lang, Role

MINUTES_DEFAULT = 15
MINUTES_MAX = 7 * 24 * 60
OPEN_MAX = 10_000  # invitations kept; the oldest go first
TOKEN_BYTES = 24
_SCHEMA = """
CREATE TABLE IF NOT EXISTS invitations(
    token_sha BLOB PRIMARY KEY, invited BLOB NOT NULL, t_end_s INTEGER NOT NULL, key_sha BLOB
) WITHOUT ROWID;
"""


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """Who the link is for."""

    person_id: str
    name: str
    agency_id: str
    role: Role
    lang: Lang = Lang.EN
    post_id: str | None = None


class Invitation(msgspec.Struct, frozen=True):
    token: str
    invited: Invited
    t_end_s: int

    def link(self, base_url: str) -> str:
        """The token stands behind `#`: browsers keep it out of requests and logs."""
        return f"{base_url}/enrol#{self.token}"


class Invitations:
    """Every call opens the file and waits for the disk: call it from a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, invited: Invited, *, minutes: int, now_s: int) -> Invitation:
        """Raises OSError or sqlite3.Error."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        t_end_s = now_s + minutes * 60
        with opened(self._folder, _SCHEMA) as db:
            db.execute("DELETE FROM invitations WHERE t_end_s < ?", (now_s - 86_400,))
            db.execute(
                "DELETE FROM invitations WHERE token_sha IN (SELECT token_sha FROM invitations"
                " ORDER BY t_end_s DESC LIMIT -1 OFFSET ?)",
                (OPEN_MAX - 1,),
            )
            db.execute(
                "INSERT INTO invitations VALUES (?, ?, ?, NULL)",
                (_sha(token), msgspec.json.encode(invited), t_end_s),
            )
        return Invitation(token, invited, t_end_s)

    def use(self, token: str, spki: bytes, *, now_s: int) -> Invited | str:
        """On disk before it returns. A text: why not. Raises OSError or sqlite3.Error."""
        key_sha = hashlib.sha256(spki).digest()
        with opened(self._folder, _SCHEMA) as db:
            row = db.execute(
                "SELECT invited, t_end_s, key_sha FROM invitations WHERE token_sha = ?",
                (_sha(token),),
            ).fetchone()
            if row is None:
                return "not known here"
            invited, t_end_s, used_by = row
            if now_s > t_end_s:
                return "expired"
            if used_by is not None and used_by != key_sha:
                return "used already"
            db.execute(
                "UPDATE invitations SET key_sha = ? WHERE token_sha = ?", (key_sha, _sha(token))
            )
        return msgspec.json.decode(invited, type=Invited)

    def look(self, token: str, *, now_s: int) -> Invited | str:
        """Whose it is, and nothing used up."""
        with opened(self._folder, _SCHEMA) as db:
            ask = "SELECT invited, t_end_s FROM invitations WHERE token_sha = ?"
            row = db.execute(ask, (_sha(token),)).fetchone()
        if row is None:
            return "not known here"
        return "expired" if now_s > row[1] else msgspec.json.decode(row[0], type=Invited)

    def end_of_key(self, spki: bytes) -> None:
        """A revoked device must not enrol itself again by the link it came by."""
        key_sha = hashlib.sha256(spki).digest()
        with opened(self._folder, _SCHEMA) as db:
            db.execute("DELETE FROM invitations WHERE key_sha = ?", (key_sha,))


def invite(
    folder: Path,
    *,
    name: str,
    role: Role = Role.AGENT,
    lang: Lang = Lang.EN,
    post_id: str | None = None,
    agency_id: str = "site",
    person_id: str | None = None,
    minutes: int = MINUTES_DEFAULT,
) -> Invitation:
    """From the command line or the gateway. Raises SettingsError."""
    if not 1 <= len(name.strip()) <= NAME_MAX:
        raise SettingsError(f"invite: name: got {name!r}; need 1 to {NAME_MAX} characters")
    if not 1 <= minutes <= MINUTES_MAX:
        raise SettingsError(f"invite: minutes: got {minutes}; need 1 to {MINUTES_MAX}")
    invited = Invited(
        person_id=person_id or f"p-{secrets.token_hex(5)}",
        name=name.strip(),
        agency_id=agency_id,
        role=role,
        lang=lang,
        post_id=post_id,
    )
    try:
        return Invitations(folder).make(invited, minutes=minutes, now_s=int(time.time()))
    except (OSError, sqlite3.Error) as e:
        raise SettingsError(f"invite: {folder / NAME} cannot be written ({e})") from e


def base_url(plan: RunPlan, *, secure: bool | None = None) -> str:
    """Where people reach the gateway: the first name of the certificate, else the address.

    secure None: as the plan makes it.
    """
    host, _, port = plan.listen.address.rpartition(":")
    bare = host.strip("[]")
    if secure is None:
        secure = not is_loopback(bare) or plan.listen.cert is not None
    if not secure:
        return f"http://{host}:{port}"
    name = plan.listen.hosts[0] if plan.listen.hosts else bare
    if name in ("0.0.0.0", "::"):
        from vigia.run.site_ca import own_addresses

        name = own_addresses()[0]
    return f"https://[{name}]:{port}" if ":" in name else f"https://{name}:{port}"


def is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def qr_svg(link: str) -> str:
    """Black on white with its quiet zone, for any theme."""
    import segno

    return segno.make(link, error="m", micro=False).svg_inline(scale=4, border=4, light="white")


def qr_text(link: str) -> str:
    """For a terminal: half blocks."""
    import io

    import segno

    out = io.StringIO()
    segno.make(link, error="m", micro=False).terminal(out, compact=True, border=2)
    return out.getvalue()


def _sha(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
