"""Rows and checkpoints as somebody stored them -> the first thing wrong with them, or nothing.

Believes only the log's public key. Names the first bad entry when its own bytes betray it, else
the smallest range between two checkpoints that must hold it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from vigia.ledger.checkpoint import Checkpoint, open_checkpoint
from vigia.ledger.entry import ENTRY_MAX, VERSION, decode_head
from vigia.ledger.note import NoteError, Verifier
from vigia.ledger.tree import Frontier, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Sequence


UNSURE = -1  # as `first` of a finding being made: any entry since the last good checkpoint


class Stored(NamedTuple):
    """A leaf as it stands in a file; seq and n are the columns beside the entry."""

    idx: int
    seq: int
    n: int
    entry: bytes
    hash: bytes


class Finding(msgspec.Struct, frozen=True):
    """Entries first..last hold a bad one; both None: the fault is in no entry.

    seq: the journal's input it came from, when the entry still tells. proved: entries before
    this one are what was signed; those from here to first are only not known to be bad.
    """

    what: str
    first: int | None = None
    last: int | None = None
    seq: int | None = None
    proved: int = 0


class Audit(msgspec.Struct, frozen=True):
    """finding None: the file is what the log's key signed. roots: head of each checkpoint."""

    size: int
    signed: tuple[Checkpoint, ...]
    leaf_hashes: tuple[bytes, ...]
    finding: Finding | None


def audit(rows: Sequence[Stored], notes: Sequence[bytes], log: Verifier) -> Audit:
    """Recomputes every leaf and every head, and checks every signature.

    rows: in order of idx. notes: the signed checkpoints, smallest tree first.
    """
    signed, bad_note = _open_notes(notes, log)
    hashes, bad_row = _hash_rows(rows)
    proved, bad_head = _check_heads(hashes, signed, rows, whole=bad_row is None)
    found = bad_head or bad_row  # a head that is wrong before the bad row comes first
    if found is None and len(rows) > proved:
        found = bad_note or _unsigned(rows, proved)
    found = found or bad_note
    if found is not None:
        found = msgspec.structs.replace(found, proved=proved)
        if found.first == UNSURE:
            found = msgspec.structs.replace(found, first=proved)
    return Audit(len(rows), tuple(signed), tuple(hashes), found)


def _open_notes(notes: Sequence[bytes], log: Verifier) -> tuple[list[Checkpoint], Finding | None]:
    """The checkpoints that are in order and signed by the log, up to the first that is not."""
    signed: list[Checkpoint] = []
    for number, note in enumerate(notes, 1):
        try:
            checkpoint, _ = open_checkpoint(note, log)
        except NoteError as e:
            return signed, Finding(f"checkpoint {number} of {len(notes)}: {e}")
        if signed and checkpoint.size <= signed[-1].size:
            return signed, Finding(f"checkpoint {number} of {len(notes)}: out of order")
        signed.append(checkpoint)
    return signed, None


def _hash_rows(rows: Sequence[Stored]) -> tuple[list[bytes], Finding | None]:
    """Leaf hashes recomputed from the entries' bytes, up to the first bad row."""
    hashes: list[bytes] = []
    last = (0, -1)
    for i, row in enumerate(rows):
        leaf = leaf_hash(row.entry)
        if row.idx != i or leaf != row.hash:
            return hashes, _bad_row(i, row, row.idx != i)
        try:
            head = decode_head(row.entry)
        except (ValueError, RecursionError):
            return hashes, Finding("its bytes are no entry", i, i)
        if (head.v, head.seq, head.n) != (VERSION, row.seq, row.n) or len(row.entry) > ENTRY_MAX:
            return hashes, Finding("it is filed under another number than its own", i, i, head.seq)
        if (head.seq, head.n) != (last[0], last[1] + 1) and (head.seq <= last[0] or head.n != 0):
            what = "they do not follow each other: entries were moved, doubled or cut out"
            return hashes, Finding(what, UNSURE, i, head.seq)
        last = (head.seq, head.n)
        hashes.append(leaf)
    return hashes, None


def _bad_row(i: int, row: Stored, missing: bool) -> Finding:
    if missing:
        return Finding(f"it is missing; the next one in the file is {row.idx}", i, i)
    try:
        seq = decode_head(row.entry).seq
    except (ValueError, RecursionError):
        seq = None
    return Finding("its bytes do not have the hash stored beside them: changed", i, i, seq)


def _check_heads(
    hashes: Sequence[bytes], signed: Sequence[Checkpoint], rows: Sequence[Stored], *, whole: bool
) -> tuple[int, Finding | None]:
    """How many entries are proved, and the first checkpoint that is not the entries' head.

    whole: no row was bad; else a checkpoint beyond the bad row says nothing.
    """
    frontier = Frontier()
    proved = 0
    for checkpoint in signed:
        for leaf in hashes[proved : checkpoint.size]:
            frontier.append(leaf)
        if frontier.size < checkpoint.size:
            if not whole:
                return proved, None
            what = f"cut off: {checkpoint.size} entries were signed, the file has {len(hashes)}"
            return proved, Finding(what, len(hashes), checkpoint.size - 1)
        if frontier.root() != checkpoint.root:
            what = "not what was signed: the head of the recomputed tree differs"
            return proved, Finding(what, proved, checkpoint.size - 1, rows[proved].seq)
        proved = checkpoint.size
    return proved, None


def _unsigned(rows: Sequence[Stored], proved: int) -> Finding:
    what = (
        "no checkpoint covers it; the log signs every entry in the moment it writes it: "
        "checkpoints were removed or entries were added"
    )
    return Finding(what, proved, len(rows) - 1, rows[proved].seq)
