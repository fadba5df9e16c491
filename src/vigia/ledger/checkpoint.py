"""A tree head <-> the text of a C2SP checkpoint (c2sp.org/tlog-checkpoint), signed as a note."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import msgspec

from vigia.ledger.note import Note, NoteError, Signer, Verifier, need_name, parse_note, verify
from vigia.ledger.tree import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE_MAX = 1 << 62  # leaves; fits a database's integer


class Checkpoint(msgspec.Struct, frozen=True):
    """What a log states: my first `size` leaves have this head. origin: which log."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        head = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.size, head, *self.extensions))


def sign_checkpoint(*, size: int, root: bytes, signer: Signer) -> Note:
    """A log's origin line is its key's name."""
    text = Checkpoint(need_name(signer.verifier.name), size, root).text()
    return Note(text, (signer.sign(text),))


def cosign_checkpoint(note: Note, witness: Signer, *, t_s: int) -> Note:
    """The same note with one more signature line. The witness has checked consistency before."""
    own = witness.verifier
    others = tuple(s for s in note.signatures if (s.name, s.key_id) != (own.name, own.key_id))
    return Note(note.text, (*others, witness.cosign(note.text, t_s=t_s)))


def parse_checkpoint(note: Note) -> Checkpoint:
    """Raises NoteError when the text is no checkpoint. Says nothing of the signatures."""
    lines = note.text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise NoteError("checkpoint: need three lines or more, none empty")
    origin, size_text, head, *extensions = lines
    plain = size_text.isascii() and size_text.isdigit()
    if not plain or str(int(size_text[:20])) != size_text or int(size_text) > SIZE_MAX:
        raise NoteError(f"checkpoint: got size {size_text[:24]!r}; need a number without zeros")
    try:
        root = base64.b64decode(head, validate=True)
    except (binascii.Error, ValueError) as e:
        raise NoteError(f"checkpoint: got head {head[:24]!r}; need base64") from e
    if len(root) != HASH_BYTES:
        raise NoteError(f"checkpoint: got a head of {len(root)} bytes, need {HASH_BYTES}")
    return Checkpoint(origin, int(size_text), root, tuple(extensions))


def open_checkpoint(
    data: bytes, log: Verifier, witnesses: Sequence[Verifier] = ()
) -> tuple[Checkpoint, tuple[Verifier, ...]]:
    """Signed bytes -> what the log states, and which of the witnesses vouch for it.

    Raises NoteError unless the log itself signed and the origin is its name.
    """
    note = parse_note(data)
    signed = verify(note, (log, *witnesses))
    if log not in signed:
        raise NoteError(f"checkpoint: {log.name} (key {log.key_id.hex()}) did not sign it")
    checkpoint = parse_checkpoint(note)
    if checkpoint.origin != log.name:
        raise NoteError(f"checkpoint: got origin {checkpoint.origin!r}, need {log.name!r}")
    return checkpoint, tuple(v for v in signed if v is not log)
