"""Rows and checkpoints as somebody stored them -> the first thing wrong with them, or nothing.

Believes only the log's public key. Names the first bad entry when its own bytes betray it, else
the smallest range between two checkpoints that must hold it. One pass, in constant memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from vigia.ledger.checkpoint import Checkpoint, open_checkpoint
from vigia.ledger.entry import ENTRY_MAX, VERSION, decode_head
from vigia.ledger.note import NoteError, Verifier
from vigia.ledger.tree import Frontier, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator


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
    """finding None: the rows are what the log's key signed.

    size: rows that hold. last: the newest checkpoint that they bear out. heads: of the recomputed
    tree, at the sizes that were asked for and reached.
    """

    size: int
    last: Checkpoint | None
    heads: dict[int, bytes]
    finding: Finding | None


def audit(
    rows: Iterable[Stored], notes: Iterable[bytes], log: Verifier, *, sizes: Container[int] = ()
) -> Audit:
    """Recomputes every leaf and every head, and checks every signature.

    rows: in order of idx. notes: the signed checkpoints, smallest tree first. sizes: of which
    the heads are wanted.
    """
    signed = _Signed(notes, log)
    order = _Order()
    frontier = Frontier()
    heads: dict[int, bytes] = {}
    bad = signed.check(frontier)
    for row in rows if bad is None else ():
        bad = order.check(row)
        if bad is not None:
            break
        frontier.append(row.hash)
        signed.first_seq = signed.first_seq or row.seq
        bad = signed.check(frontier)
        if bad is not None:
            break
        if frontier.size in sizes:
            heads[frontier.size] = frontier.root()
    bad = bad or signed.end(frontier.size)
    if bad is not None:
        first = signed.proved if bad.first == UNSURE else bad.first
        bad = msgspec.structs.replace(bad, proved=signed.proved, first=first)
    return Audit(frontier.size, signed.last, heads, bad)


UNSURE = -1  # as `first` of a finding being made: any entry since the last good checkpoint


class _Order:
    """Each row by itself, and that it follows the one before."""

    def __init__(self) -> None:
        self._next = 0
        self._seq: int = 0
        self._n: int = -1

    def check(self, row: Stored) -> Finding | None:
        i = self._next
        if row.idx != i:
            return Finding(f"it is missing; the next one in the file is {row.idx}", i, i)
        try:
            head = decode_head(row.entry)
        except (ValueError, RecursionError):
            head = None
        if leaf_hash(row.entry) != row.hash:
            what = "its bytes do not have the hash stored beside them: changed"
            return Finding(what, i, i, None if head is None else head.seq)
        if head is None:
            return Finding("its bytes are no entry", i, i)
        if (head.v, head.seq, head.n) != (VERSION, row.seq, row.n) or len(row.entry) > ENTRY_MAX:
            return Finding("it is filed under another number than its own", i, i, head.seq)
        follows = head.n == self._n + 1 if head.seq == self._seq else head.n == 0
        if not follows or head.seq < self._seq:
            what = "they do not follow each other: entries were moved, doubled or cut out"
            return Finding(what, UNSURE, i, head.seq)
        self._next, self._seq, self._n = i + 1, head.seq, head.n
        return None


class _Signed:
    """The checkpoints, opened one after the other as the tree reaches their size."""

    def __init__(self, notes: Iterable[bytes], log: Verifier) -> None:
        self.last: Checkpoint | None = None
        self.first_seq: int | None = None  # of the first entry that is not proved yet
        self._bad_note: Finding | None = None
        self._opened = self._open(notes, log)
        self._ahead = next(self._opened, None)

    @property
    def proved(self) -> int:
        return 0 if self.last is None else self.last.size

    def check(self, frontier: Frontier) -> Finding | None:
        """Is the next checkpoint, if the tree has its size, of this tree?"""
        ahead = self._ahead
        if ahead is None or ahead.size != frontier.size:
            return None
        if ahead.root != frontier.root():
            what = "not what was signed: the head of the recomputed tree differs"
            return Finding(what, self.proved, ahead.size - 1, self.first_seq)
        self.last, self.first_seq = ahead, None
        self._ahead = next(self._opened, None)
        return None

    def end(self, size: int) -> Finding | None:
        """After the last row, all of which were in order."""
        if self._ahead is not None:
            what = f"cut off: {self._ahead.size} entries were signed, the file has {size}"
            return Finding(what, size, self._ahead.size - 1)
        if self._bad_note is not None:
            return self._bad_note
        if size > self.proved:
            what = (
                "no checkpoint covers it; the log signs every entry in the moment it writes it: "
                "checkpoints were removed or entries were added"
            )
            return Finding(what, self.proved, size - 1, self.first_seq)
        return None

    def _open(self, notes: Iterable[bytes], log: Verifier) -> Iterator[Checkpoint]:
        """Ends at the first that the log did not sign or that is out of order."""
        before = -1
        for number, note in enumerate(notes, 1):
            try:
                checkpoint, _ = open_checkpoint(note, log)
            except NoteError as e:
                self._bad_note = Finding(f"checkpoint {number}: {e}")
                return
            if checkpoint.size <= before:
                self._bad_note = Finding(f"checkpoint {number}: out of order")
                return
            before = checkpoint.size
            yield checkpoint
