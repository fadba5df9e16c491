"""What the journal says should be in the ledger + what is in it -> the first contradiction.

A commitment whose salt was destroyed cannot be computed again; it is counted, not believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.ledger.entry import (
    KIND_OF,
    LOST,
    UNKNOWN,
    Erased,
    LedgerEntry,
    Salt,
    decode_fields,
    decode_head,
    encode_entry,
    entries,
    is_commitment,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from vigia.events import Event


class Difference(msgspec.Struct, frozen=True):
    """n: which entry of the turn; None: their number."""

    n: int | None
    what: str


class Comparison(msgspec.Struct):
    """wanted: entries the journal gives. sealed: personal details that could not be compared;
    erased: whole entries."""

    wanted: int = 0
    difference: Difference | None = None
    sealed: int = 0
    erased: int = 0


def compare_turn(
    told: Iterable[Event | Erased], held: Sequence[bytes], *, salt: Salt, forgotten: Container[str]
) -> Comparison:
    """told: one input of the journal and its decisions. held: the ledger's entries of that seq.

    salt gives None for a salt that does not exist. forgotten: commitments whose salt is destroyed.
    """
    want = [(event, entry) for event in told for entry in entries(event)]
    out = Comparison(wanted=len(want))
    if len(want) != len(held):
        out.difference = Difference(
            None, f"the journal's input gives {len(want)} entries, the ledger holds {len(held)}"
        )
        return out
    for n, ((event, entry), bytes_held) in enumerate(zip(want, held, strict=True)):
        if isinstance(event, Erased):
            out.erased += 1
            what = _erased_difference(event, bytes_held)
        else:
            what = _difference(entry, n, bytes_held, salt, forgotten, out)
        if what is not None:
            out.difference = Difference(n, what)
            return out
    return out


def _erased_difference(event: Erased, held: bytes) -> str | None:
    """Only that such an entry stands here can still be compared."""
    head = decode_head(held)
    right = head.kind in (LOST, KIND_OF[event.was]) and head.t_ns == event.t_recv_ns
    return None if right else f"the journal has an erased {event.was} here, the ledger {head.kind}"


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
