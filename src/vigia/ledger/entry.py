"""What to remember <-> the canonical bytes of a leaf, with names as commitments.

Who it was stands as HMAC-SHA256 under a salt of that person's own. With the salt anybody can
check the name; once the salt is destroyed nobody can, and every proof still holds.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from vigia.event_base import ID_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
SALT_BYTES = 32
ENTRY_MAX = 65_536  # bytes of one entry; a longer one is nobody's of ours


class Who(msgspec.Struct, frozen=True):
    """A person or device, written as a commitment. owner: whose device it is, if known."""

    subject: str  # person/<id> or device/<id>
    owner: str | None = None


class Said(msgspec.Struct, frozen=True):
    """A person's own words or another detail of theirs, written as a commitment."""

    subject: str
    text: str


Plain: TypeAlias = str | int | bool | None
Value: TypeAlias = Plain | Who | Said | tuple[str, ...] | tuple[int, ...]
Fields: TypeAlias = dict[str, Value]
Salt: TypeAlias = "Callable[[str, str | None], bytes | None]"  # subject, owner -> salt
UNKNOWN = ":?"  # ends a commitment that cannot be computed, its salt being unknown


class LedgerEntry(msgspec.Struct, frozen=True):
    """One thing to remember. seq: of the journal's input that caused it."""

    seq: int
    t_recv_ns: int
    mark: str
    kind: str
    fields: tuple[tuple[str, Value], ...]


class Head(msgspec.Struct, frozen=True):
    """What every entry says of itself; n numbers the entries of one seq."""

    v: int
    seq: int
    n: int
    t_ns: int
    mark: str
    kind: str


def encode_entry(entry: LedgerEntry, *, n: int, salt: Salt) -> bytes:
    """Canonical: UTF-8 JSON, keys sorted, no spaces, integers only."""
    out: dict[str, Plain | tuple[str, ...] | tuple[int, ...]] = {
        "v": VERSION,
        "seq": entry.seq,
        "n": n,
        "t_ns": entry.t_recv_ns,
        "mark": entry.mark,
        "kind": entry.kind,
    }
    for name, value in entry.fields:
        match value:
            case Who(subject=who, owner=owner):
                who = _utf8(who)
                out[name] = commit_who(salt(who, None if owner is None else _utf8(owner)), who)
            case Said(subject=who, text=text):
                said = f"text\n{entry.seq}\n{name}\n{_utf8(text)}"
                out[name] = _commit("t", salt(_utf8(who), None), said)
            case str():
                out[name] = clip(value)
            case _:
                out[name] = value
    return msgspec.json.encode(out, order="sorted")


def commit_who(salt: bytes | None, subject: str) -> str:
    """The same person is the same commitment throughout, until the salt changes."""
    return _commit("p", salt, f"who\n{subject}")


_head_decoder = msgspec.json.Decoder(Head)
_fields_decoder = msgspec.json.Decoder(dict[str, str | int | bool | list[str | int] | None])


def decode_head(entry: bytes) -> Head:
    """Raises ValueError when the bytes are no entry."""
    return _head_decoder.decode(entry)


def decode_fields(entry: bytes) -> dict[str, str | int | bool | list[str | int] | None]:
    """All of an entry, to show it. Raises ValueError when the bytes are no entry."""
    return _fields_decoder.decode(entry)


def is_commitment(value: object) -> bool:
    return isinstance(value, str) and len(value) == 45 and value[:2] in ("p:", "t:")


def clip(text: str) -> str:
    """A peer made some of these identifiers: bounded, and always UTF-8."""
    return _utf8(text[:ID_MAX])


def _utf8(text: str) -> str:
    """JSON may bring half a surrogate pair, which no database and no hash takes."""
    return text.encode("utf-8", "replace").decode()


def _commit(form: str, salt: bytes | None, message: str) -> str:
    if salt is None:
        return form + UNKNOWN
    mac = hmac.digest(salt, b"vigia ledger 1\n" + message.encode(), "sha256")
    return f"{form}:{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
