"""Keys of services: sensors and integrations that speak over HTTP. Hashed, scoped, and they end.

A key is `vgk_ID_SECRET`, sent as `Authorization: Bearer …` and shown once. Its secret has 256 bits
of chance, so that a plain hash keeps it. The command line and the gateway share gateway.sqlite.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

import msgspec

from vigia.run.gateway_store import opened

PREFIX = "vgk"
KEYS_MAX = 1_000
DAYS_DEFAULT = 90
DAYS_MAX = 366
USED_EVERY_S = 60  # how exactly the last use is kept
_SCHEMA = """
CREATE TABLE IF NOT EXISTS service_keys(
    key_id TEXT PRIMARY KEY, sha BLOB NOT NULL, body BLOB NOT NULL, t_used_s INTEGER,
    told INTEGER NOT NULL
) WITHOUT ROWID;
"""


class ServiceKey(msgspec.Struct, frozen=True, kw_only=True):
    """sensors: the sensor_ids it may speak for. reads: of roles.READS. made_by: person_id, or
    "command line"."""

    key_id: str
    name: str
    agency_id: str
    sensors: tuple[str, ...]
    t_made_s: int
    t_end_s: int
    made_by: str = "command line"
    reads: tuple[str, ...] = ()


class Known(msgspec.Struct, frozen=True):
    key: ServiceKey
    t_used_s: int | None


class ServiceKeys:
    """Every call waits for the disk. Raises OSError or sqlite3.Error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(
        self,
        name: str,
        *,
        sensors: tuple[str, ...],
        reads: tuple[str, ...] = (),
        agency_id: str,
        days: int,
        now_s: int,
        made_by: str = "command line",
    ) -> tuple[ServiceKey, str] | None:
        """The key and its secret text, shown once. None: there are KEYS_MAX already."""
        key = ServiceKey(
            key_id=secrets.token_hex(6),
            name=name,
            agency_id=agency_id,
            sensors=sensors,
            reads=reads,
            t_made_s=now_s,
            t_end_s=now_s + days * 86_400,
            made_by=made_by,
        )
        secret = secrets.token_urlsafe(32)
        with opened(self._folder, _SCHEMA) as db:
            if db.execute("SELECT count(*) FROM service_keys").fetchone()[0] >= KEYS_MAX:
                return None
            db.execute(
                "INSERT INTO service_keys VALUES (?, ?, ?, NULL, ?)",
                (key.key_id, _sha(secret), msgspec.json.encode(key), made_by != "command line"),
            )
        return key, f"{PREFIX}_{key.key_id}_{secret}"

    def find(self, text: str, *, now_s: int) -> ServiceKey | None:
        """None: not one of ours, revoked or ended. Takes as long for either."""
        prefix, _, rest = text.partition("_")
        key_id, _, secret = rest.partition("_")
        with opened(self._folder, _SCHEMA) as db:
            row = db.execute(
                "SELECT sha, body, t_used_s FROM service_keys WHERE key_id = ?", (key_id,)
            ).fetchone()
            sha, body, used_s = row or (bytes(32), None, None)
            good = hmac.compare_digest(sha, _sha(secret)) and prefix == PREFIX
            if not good or body is None:
                return None
            key = msgspec.json.decode(body, type=ServiceKey)
            if now_s >= key.t_end_s:
                return None
            if used_s is None or now_s - used_s >= USED_EVERY_S:
                db.execute("UPDATE service_keys SET t_used_s = ? WHERE key_id = ?", (now_s, key_id))
        return key

    def all(self) -> list[Known]:
        with opened(self._folder, _SCHEMA) as db:
            rows = db.execute("SELECT body, t_used_s FROM service_keys").fetchall()
        return [Known(msgspec.json.decode(body, type=ServiceKey), used) for body, used in rows]

    def revoke(self, key_id: str) -> bool:
        """False: there is none."""
        with opened(self._folder, _SCHEMA) as db:
            return bool(db.execute("DELETE FROM service_keys WHERE key_id = ?", (key_id,)).rowcount)

    def untold(self) -> list[ServiceKey]:
        """Made on the command line since the last call: the gateway puts them on record."""
        with opened(self._folder, _SCHEMA) as db:
            rows = db.execute("SELECT body FROM service_keys WHERE told = 0").fetchall()
            if rows:
                db.execute("UPDATE service_keys SET told = 1")
        return [msgspec.json.decode(body, type=ServiceKey) for (body,) in rows]


def _sha(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
