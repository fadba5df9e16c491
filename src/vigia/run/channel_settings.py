"""`[channels.NAME]` of the settings, and what each kind of channel does when nothing else is said.

Secrets are never in the settings: a file in the data folder's keys/, or an environment variable.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from vigia.terms import Channel

MESHTASTIC = "meshtastic"
SECRET_MAX = 16_384  # bytes of a secret's file
OF_A_PERSON = frozenset({Channel.PUSH, Channel.NTFY, Channel.SMS, Channel.EMAIL})


class ChannelEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way out of this site. docs/reach.md shows each kind.

    secret: "file:NAME" is a file in the data folder's keys/ (or an absolute path), "env:NAME" an
    environment variable. What is None is as RETRY says for the kind.
    """

    kind: Channel
    url: str = ""
    topic: str = ""  # MQTT: the first part of all topics
    form: str = ""  # MQTT: "" JSON, kept by the broker; "meshtastic": 40 bytes for a radio mesh
    node: int = 0  # of form meshtastic: number of the gateway node that puts it on the air
    mesh_channel: int = 0  # of form meshtastic: index of the mesh's channel
    secret: str = ""
    ca: str = ""  # PEM file of the receiver's own certificate authority
    subject: str = ""  # e-mail: the subject line; Web Push: whom a push service may write to
    services: tuple[str, ...] = ()  # Web Push: push services besides the browsers' own
    proxy: str = ""  # Web Push: http://HOST:PORT, where there is no other way to the internet
    attempts: int | None = None
    backoff_s: tuple[float, ...] | None = None
    timeout_s: float | None = None
    rate_per_s: float | None = None
    batch: int | None = None


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """attempts: of one job. backoff_s: before the second, third …; the last one repeats.
    timeout_s: of one batch. rate_per_s: jobs, at most. batch: jobs given at once."""

    attempts: int
    backoff_s: tuple[float, ...]
    timeout_s: float
    rate_per_s: float
    batch: int


RETRY: dict[Channel, Retry] = {
    Channel.PUSH: Retry(
        attempts=5, backoff_s=(1, 3, 10, 30), timeout_s=15, rate_per_s=5_000, batch=500
    ),
    Channel.NTFY: Retry(
        attempts=8, backoff_s=(0.5, 1, 2, 5, 10), timeout_s=10, rate_per_s=500, batch=50
    ),
    Channel.SMS: Retry(attempts=4, backoff_s=(3, 10, 30), timeout_s=20, rate_per_s=10, batch=8),
    Channel.EMAIL: Retry(attempts=5, backoff_s=(5, 20, 60), timeout_s=30, rate_per_s=10, batch=8),
    Channel.WEBHOOK: Retry(
        attempts=10, backoff_s=(0.5, 1, 2, 5, 15, 60), timeout_s=10, rate_per_s=100, batch=20
    ),
    Channel.MQTT: Retry(
        attempts=20, backoff_s=(0.5, 1, 2, 5), timeout_s=10, rate_per_s=1_000, batch=100
    ),
    Channel.SIREN: Retry(attempts=10, backoff_s=(0.5, 1, 2), timeout_s=5, rate_per_s=20, batch=5),
    Channel.CAP: Retry(
        attempts=5, backoff_s=(0.5, 1, 2, 5), timeout_s=10, rate_per_s=200, batch=50
    ),
}


def retry_of(entry: ChannelEntry) -> Retry:
    """The kind's, with what the settings say instead."""
    base = RETRY[entry.kind]
    said = {f: getattr(entry, f) for f in Retry.__struct_fields__}
    return msgspec.structs.replace(base, **{k: v for k, v in said.items() if v is not None})


class SecretError(ValueError):
    """A secret that the settings name is not there: the operator's; never shows the secret."""


def read_secret(folder: Path, name: str) -> str:
    """name: as in ChannelEntry.secret. Raises SecretError."""
    how, _, what = name.partition(":")
    if how == "env" and what:
        found = os.environ.get(what)
        if not found:
            raise SecretError(f"secret {name}: the environment variable {what} is not set")
        return found.strip()
    if how != "file" or not what:
        raise SecretError(f'secret: got {name!r}; need "file:NAME" or "env:NAME"')
    path = Path(what) if Path(what).is_absolute() else folder / "keys" / what
    try:
        if path.stat().st_mode & 0o077:
            raise SecretError(f"secret {path}: others may read it; chmod 600 it")
        data = path.read_bytes()
    except OSError as e:
        raise SecretError(f"secret {path}: cannot be read ({e.strerror})") from e
    if len(data) > SECRET_MAX:
        raise SecretError(f"secret {path}: got {len(data)} bytes; need {SECRET_MAX} at most")
    return data.decode(errors="replace").strip()
