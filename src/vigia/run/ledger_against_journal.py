"""The journal's turns + the ledger's entries, both in order of seq -> the first contradiction.

One pass over both; the ledger is rebuilt from the journal and the salts, and compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.ledger.audit import Finding
from vigia.ledger.compare import Comparison, compare_turn
from vigia.run.ledger_keys import Salts, has_salts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vigia.run.ledger_follower import Feed, Turn
    from vigia.run.ledger_store import LedgerReader


class JournalCheck(msgspec.Struct):
    """behind: entries the journal would add. seq_first: its first input that was compared."""

    turns: int = 0
    compared: int = 0
    sealed: int = 0
    erased: int = 0
    damaged: int = 0
    behind: int = 0
    behind_ns: int = 0  # how much older the oldest of them is than the journal's newest event
    seq_first: int | None = None


def compare_journal(
    feed: Feed, reader: LedgerReader, keys: Path, check: JournalCheck
) -> Finding | None:
    """Fills check. Older inputs than the journal's first are left alone: retention took them."""
    salts = Salts(keys) if has_salts(keys) else None
    try:
        return _Walk(reader, salts, check).walk(feed)
    finally:
        if salts:
            salts.close()


class _Walk:
    def __init__(self, reader: LedgerReader, salts: Salts | None, check: JournalCheck) -> None:
        self._held: Iterator[tuple[int, list[tuple[int, bytes]]]] = reader.by_seq()
        self._ahead = next(self._held, None)
        self._next_seq = reader.next_seq()
        self._salts = salts
        self._forgotten = salts.forgotten() if salts else {}
        self._check = check
        self._oldest_behind_ns: int | None = None

    def walk(self, feed: Feed) -> Finding | None:
        newest_ns = 0
        for turn in feed.turns(1):
            if not turn.events:
                continue
            self._check.turns += 1
            newest_ns = max(newest_ns, turn.events[0].t_recv_ns)
            finding = self._no_input_before(turn.seq) or self._turn(turn)
            if finding is not None:
                return finding
        if self._oldest_behind_ns is not None:
            self._check.behind_ns = newest_ns - self._oldest_behind_ns
        return self._no_input_before(None) if self._check.turns else None

    def _no_input_before(self, seq: int | None) -> Finding | None:
        """The ledger's entries of inputs that the journal, which has older ones, has not."""
        while self._ahead is not None and (seq is None or self._ahead[0] < seq):
            told, rows = self._ahead
            self._ahead = next(self._held, None)
            if self._check.seq_first is not None:
                at = rows[0][0]
                return Finding(f"the journal has no input {told}", at, at, told, proved=at)
        return None

    def _turn(self, turn: Turn) -> Finding | None:
        own: list[tuple[int, bytes]] = []
        if self._ahead is not None and self._ahead[0] == turn.seq:
            own = self._ahead[1]
            self._ahead = next(self._held, None)
        result = self._compare(turn, own)
        check = self._check
        if turn.seq >= self._next_seq and not own:
            if result.wanted:
                check.behind += result.wanted
                if self._oldest_behind_ns is None:
                    self._oldest_behind_ns = turn.events[0].t_recv_ns
            return None
        if check.seq_first is None:
            check.seq_first = turn.seq
        check.compared += len(own)
        check.sealed += result.sealed
        check.erased += result.erased
        check.damaged += result.damaged
        if result.difference is None:
            return None
        n = result.difference.n
        at = own[n][0] if n is not None else own[0][0] if own else None
        what = f"input {turn.seq}: {result.difference.what}"
        return Finding(what, at, at, turn.seq, proved=at or 0)

    def _compare(self, turn: Turn, own: list[tuple[int, bytes]]) -> Comparison:
        return compare_turn(
            turn.events,
            [entry for _, entry in own],
            salt=self._salts.find if self._salts else _no_salt,
            forgotten=self._forgotten,
        )


def _no_salt(subject: str, owner: str | None) -> bytes | None:
    return None
