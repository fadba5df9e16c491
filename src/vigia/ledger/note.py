"""Text and keys <-> a C2SP signed note (c2sp.org/signed-note), with Ed25519.

Two signature types: 0x01, Ed25519 over the text, by which a log signs; 0x04, the timestamped
cosignature of a witness (c2sp.org/tlog-cosignature). Keys are exchanged as the text forms of
Go's sumdb/note: NAME+HASH+KEY and, secret, PRIVATE+KEY+NAME+HASH+KEY.
"""

from __future__ import annotations

import base64
import binascii
from enum import IntEnum
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTE_MAX = 65_536  # bytes of a note; a longer one is refused
SIGNATURES_MAX = 100  # as Go's implementation; the specification asks for 16 or more
SEED_BYTES = 32
_DASH = "— "
_SECRET = "PRIVATE+KEY+"


class NoteError(ValueError):
    """The note or key is not of the form, or no trusted key signed it."""


class SigType(IntEnum):
    ED25519 = 0x01
    COSIGNATURE = 0x04


class Signature(msgspec.Struct, frozen=True):
    """One line. data: what follows the key id; for a cosignature a time, then 64 bytes."""

    name: str
    key_id: bytes
    data: bytes


class Note(msgspec.Struct, frozen=True):
    """text ends with a newline; signatures are verified by nobody yet."""

    text: str
    signatures: tuple[Signature, ...]


class Verifier(msgspec.Struct, frozen=True):
    """A public key that somebody decided to trust, under a name."""

    name: str
    public_key: bytes
    sig_type: SigType = SigType.ED25519

    def __post_init__(self) -> None:
        need_name(self.name)
        if len(self.public_key) != 32:
            raise NoteError(f"key {self.name}: got {len(self.public_key)} bytes, need 32 (Ed25519)")

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.sig_type, self.public_key)

    def text(self) -> str:
        """NAME+HASH+KEY, to be told to whoever shall check."""
        return _key_text(self.name, self.key_id, self.sig_type, self.public_key)


class Signer:
    """A secret key and its name. Ed25519 is deterministic: the same text, the same signature."""

    __slots__ = ("_key", "_seed", "verifier")

    def __init__(self, name: str, seed: bytes, sig_type: SigType = SigType.ED25519) -> None:
        if len(seed) != SEED_BYTES:
            raise NoteError(f"key {name}: got a seed of {len(seed)} bytes, need {SEED_BYTES}")
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw(), sig_type)

    def sign(self, text: str) -> Signature:
        """Sign as a log (0x01)."""
        assert self.verifier.sig_type is SigType.ED25519
        data = self._key.sign(_need_text(text).encode())
        return Signature(self.verifier.name, self.verifier.key_id, data)

    def cosign(self, text: str, *, t_s: int) -> Signature:
        """Cosign as a witness (0x04): at this time, seconds since 1970, I knew no longer log."""
        assert self.verifier.sig_type is SigType.COSIGNATURE
        data = t_s.to_bytes(8, "big") + self._key.sign(_cosigned(_need_text(text), t_s))
        return Signature(self.verifier.name, self.verifier.key_id, data)

    def secret_text(self) -> str:
        """PRIVATE+KEY+NAME+HASH+KEY; the key id is the public key's."""
        own = self.verifier
        return _SECRET + _key_text(own.name, own.key_id, own.sig_type, self._seed)


def key_id(name: str, sig_type: SigType, public_key: bytes) -> bytes:
    """The first four bytes of SHA-256(name, newline, type, public key)."""
    return sha256(name.encode() + b"\n" + bytes([sig_type]) + public_key).digest()[:4]


def need_name(name: str) -> str:
    """A key's or log's name: not empty, no white space, no plus, no control character."""
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise NoteError(f"name: got {name!r}; need characters other than space and +")
    return name


def parse_verifier(text: str) -> Verifier:
    """NAME+HASH+KEY -> Verifier."""
    name, sig_type, data, told = _parse_key(text.strip(), "public key")
    verifier = Verifier(name, data, sig_type)
    if verifier.key_id != told:
        raise NoteError(
            f"public key {name}: its hash is {verifier.key_id.hex()}, the text says {told.hex()}; "
            "copy it again"
        )
    return verifier


def parse_signer(text: str) -> Signer:
    """PRIVATE+KEY+NAME+HASH+KEY -> Signer."""
    text = text.strip()
    if not text.startswith(_SECRET):
        raise NoteError(f"secret key: need a line that begins with {_SECRET}")
    name, sig_type, data, told = _parse_key(text.removeprefix(_SECRET), "secret key")
    signer = Signer(name, data, sig_type)
    if signer.verifier.key_id != told:
        raise NoteError(f"secret key {name}: its hash does not match; the file is damaged")
    return signer


def render(note: Note) -> str:
    lines = [
        f"{_DASH}{s.name} {base64.b64encode(s.key_id + s.data).decode()}\n" for s in note.signatures
    ]
    return f"{_need_text(note.text)}\n{''.join(lines)}"


def parse_note(data: bytes) -> Note:
    """Raises NoteError for whatever is not a signed note. Nothing is verified yet."""
    if len(data) > NOTE_MAX:
        raise NoteError(f"note: got {len(data)} bytes, need at most {NOTE_MAX}")
    try:
        text = data.decode()
    except UnicodeDecodeError as e:
        raise NoteError("note: not UTF-8") from e
    if any(c < " " and c != "\n" for c in text):
        raise NoteError("note: holds a control character")
    body, gap, tail = text.rpartition("\n\n")
    if not gap or not body or not tail.endswith("\n"):
        raise NoteError("note: need text, an empty line, then signature lines ending in newline")
    lines = tail[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise NoteError(f"note: got {len(lines)} signatures, need at most {SIGNATURES_MAX}")
    return Note(body + "\n", tuple(_parse_signature(line) for line in lines))


def verify(note: Note, trusted: Sequence[Verifier]) -> tuple[Verifier, ...]:
    """Which trusted keys signed. Unknown keys are ignored.

    Raises NoteError when a trusted key's signature does not hold, and when no trusted key signed.
    """
    found: list[Verifier] = []
    for s in note.signatures:
        for verifier in trusted:
            if s.name != verifier.name or s.key_id != verifier.key_id or verifier in found:
                continue
            if not _holds(verifier, note.text, s.data):
                raise NoteError(f"note: the signature of {s.name} does not hold")
            found.append(verifier)
    if not found:
        told = ", ".join(sorted({s.name for s in note.signatures}))
        raise NoteError(f"note: no trusted key signed it; it is signed by {told}")
    return tuple(found)


def cosigned_at_s(note: Note, verifier: Verifier) -> int | None:
    """When this witness says it signed, seconds since 1970; None: it did not, or without time."""
    if verifier.sig_type is SigType.COSIGNATURE:
        for s in note.signatures:
            if (s.name, s.key_id, len(s.data)) == (verifier.name, verifier.key_id, 72):
                return int.from_bytes(s.data[:8], "big")
    return None


def _holds(verifier: Verifier, text: str, data: bytes) -> bool:
    message = text.encode()
    if verifier.sig_type is SigType.COSIGNATURE:
        if len(data) != 72:
            return False
        message, data = _cosigned(text, int.from_bytes(data[:8], "big")), data[8:]
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public_key).verify(data, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _cosigned(text: str, t_s: int) -> bytes:
    return f"cosignature/v1\ntime {t_s}\n{text}".encode()


def _need_text(text: str) -> str:
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise NoteError("note: the text must end with a newline and hold no control character")
    return text


def _parse_signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = _unbase64(encoded)
    if not line.startswith(_DASH) or data is None or len(data) < 5:
        raise NoteError(f"note: got signature line {line[:40]!r}; need “— name base64”")
    return Signature(need_name(name), data[:4], data[4:])


def _parse_key(text: str, what: str) -> tuple[str, SigType, bytes, bytes]:
    name, _, rest = text.partition("+")
    told, _, encoded = rest.partition("+")
    data = _unbase64(encoded)
    if len(told) != 8 or not set(told) <= set("0123456789abcdef") or not data:
        raise NoteError(f"{what}: got {text[:40]!r}; need NAME+HASH+KEY")
    if data[0] not in (SigType.ED25519, SigType.COSIGNATURE):
        raise NoteError(f"{what} {name}: got type {data[0]}, need 1 (Ed25519) or 4 (cosignature)")
    return need_name(name), SigType(data[0]), data[1:], bytes.fromhex(told)


def _key_text(name: str, told: bytes, sig_type: SigType, key: bytes) -> str:
    return f"{name}+{told.hex()}+{base64.b64encode(bytes([sig_type]) + key).decode()}"


def _unbase64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
