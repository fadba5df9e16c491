"""What the journal says should be in the ledger + what is in it -> the first contradiction.

A commitment whose salt was destroyed cannot be computed again; it is counted, not believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.ledger.entry import (
    UNKNOWN,
    LedgerEntry,
    Salt,
    decode_fields,
    decode_head,
    encode_entry,
    is_commitment,
)
from vigia.ledger.remember import KIND_OF, LOST, Unread, entries

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from vigia.ledger.remember import Source


class Difference(msgspec.Struct, frozen=True):
    """n: which entry of the turn; None: their number."""

    n: int | None
    what: str


class Comparison(msgspec.Struct):
    """wanted: entries the journal gives. sealed: personal details that could not be compared;
    erased: whole entries, their event being forgotten; damaged: being unreadable."""

    wanted: int = 0
    difference: Difference | None = None
    sealed: int = 0
    erased: int = 0
    damaged: int = 0


def compare_turn(
    told: Iterable[Source], held: Sequence[bytes], *, salt: Salt, forgotten: Container[str]
) -> Comparison:
    """told: one input of the journal and its decisions. held: the ledger's entries of that seq.

    salt gives None for a salt that does not exist. forgotten: commitments whose salt is destroyed.
    """
    out = Comparison()
    n = 0
    for event in told:
        if isinstance(event, Unread):
            n = _pass_unread(event, n, held, out)
            continue
        for entry in entries(event):
            out.wanted += 1
            if n < len(held) and out.difference is None:
                what = _difference(entry, n, held[n], salt, forgotten, out)
                out.difference = None if what is None else Difference(n, what)
            n += 1
    if n != len(held) and out.difference is None:
        what = f"the journal's input gives {n} entries, the ledger holds {len(held)}"
        out.difference = Difference(None, what)
    return out


def _pass_unread(event: Unread, n: int, held: Sequence[bytes], out: Comparison) -> int:
    """Where an event that cannot be read left its entry, that entry can only be counted.

    Every alert and report leaves one; of a fault nobody can tell any more.
    """
    kind = KIND_OF.get(event.was)
    if n < len(held):
        head = decode_head(held[n])
        if head.kind in (LOST, kind or event.was.lower()) and head.t_ns == event.t_recv_ns:
            out.erased += not event.damaged
            out.damaged += event.damaged
            return n + 1
    if kind is None:
        return n
    out.wanted += 1
    if n < len(held) and out.difference is None:
        found = decode_head(held[n]).kind
        out.difference = Difference(n, f"the journal has a {kind} here, the ledger {found}")
    return n + 1


def _difference(
    entry: LedgerEntry,
    n: int,
    held: bytes,
    salt: Salt,
    forgotten: Container[str],
    out: Comparison,
) -> str | None:
    want_bytes = encode_entry(entry, n=n, salt=salt)
    if want_bytes == held:
        return None
    want, found = decode_fields(want_bytes), decode_fields(held)
    if found.get("kind") == LOST:
        out.erased += 1  # the ledger was behind when it was written; a backup has it still
        return None
    if sorted(want) != sorted(found):
        return f"the journal gives a {want['kind']}, the ledger has a {found.get('kind')}"
    closed = any(value in forgotten for value in found.values() if isinstance(value, str))
    for name, value in want.items():
        if value == found[name]:
            continue
        unknown = isinstance(value, str) and value.endswith(UNKNOWN)
        if is_commitment(found[name]) and (unknown or closed):
            out.sealed += 1
            continue
        return f"{name}: the journal says {value!r}, the ledger {found[name]!r}"
    return None
