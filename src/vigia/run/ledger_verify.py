"""A data folder, and what witnesses keep -> is the ledger what was signed, in plain words.

Reads only. Everything is recomputed: nothing in the file is believed but what the log's key
signed, and of that only what a witness's copy or the journal confirms is called proved.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from vigia.ledger.audit import Audit, Finding, audit
from vigia.ledger.checkpoint import open_checkpoint
from vigia.ledger.compare import compare_turn
from vigia.ledger.note import NoteError, Verifier, cosigned_at_s, parse_note, parse_verifier
from vigia.ledger.tree import Tree
from vigia.run.ledger_feed import journal_feed
from vigia.run.ledger_keys import KEY_FILE, Salts, has_salts, log_signer
from vigia.run.ledger_store import LedgerError, LedgerReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TextIO

    from vigia.ledger.audit import Stored
    from vigia.run.ledger_follower import Feed

OK, BAD, CANNOT, BEHIND = 0, 1, 2, 3  # exit codes
LAG_NS = 10_000_000_000  # the ledger may be this far behind the journal while the watch runs
WITNESS_BYTES_MAX = 65_536


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


def verify(
    folder: Path,
    *,
    key: str | None,
    witness: Sequence[Path],
    against_journal: bool,
    out: TextIO,
    witness_keys: Sequence[str] = (),
    open_feed: Callable[[Path], Feed | None] = journal_feed,
) -> int:
    """Print a report; 0 proved, 1 changed, 2 cannot be checked, 3 entries are still missing.

    folder: the data folder. key: the log's public key as somebody told it who is not this
    machine; None: the one found here. witness: checkpoints that were kept elsewhere.
    """

    def say(line: str) -> None:
        out.write(line + "\n")

    try:
        log = _log_key(folder, key)
        trusted = [parse_verifier(k) for k in witness_keys]
        rows, notes, next_seq = _read(folder)
    except (LedgerError, NoteError) as e:
        say(f"CANNOT CHECK: {e}")
        return CANNOT
    found = audit(rows, notes, log)
    say(f"ledger: {found.size} entries, {len(notes)} checkpoints, log {log.name}")
    say(f"  key {log.text()}")
    bad = found.finding is not None
    if found.finding is not None:
        say(f"CHANGED: {_name(found.finding)}")
    else:
        say("OK: every entry, every hash and every signature was recomputed and holds")
    tree = Tree(found.leaf_hashes if witness else ())
    vouched = 0
    for path in witness:
        problem = _check_witness(path, found, tree, log, trusted, say)
        bad, vouched = bad or problem, vouched + (not problem)
    behind = False
    journal: JournalCheck | None = None
    if against_journal:
        journal = JournalCheck()
        different, behind = _check_journal(folder, open_feed, rows, next_seq, journal, say)
        bad = bad or different
    _say_limits(say, key=key, witnesses=vouched, trusted=bool(trusted), journal=journal)
    return BAD if bad else BEHIND if behind else OK


def _log_key(folder: Path, key: str | None) -> Verifier:
    if key is not None:
        return parse_verifier(key)
    if not (folder / "keys" / KEY_FILE).is_file():
        raise LedgerError(
            f"ledger key: there is no {folder / 'keys' / KEY_FILE}; give the public key with --key"
        )
    return log_signer(folder / "keys").verifier


def _read(folder: Path) -> tuple[list[Stored], list[bytes], int]:
    """All rows and notes of one moment."""
    reader = LedgerReader(folder)
    try:
        reader.snapshot()
        return reader.rows(), reader.checkpoints(), reader.next_seq()
    except (sqlite3.Error, ValueError, TypeError) as e:
        raise LedgerError(f"ledger: the file is damaged: {e}") from e
    finally:
        reader.close()


def _name(finding: Finding) -> str:
    if finding.first is None:
        return finding.what
    seq = "" if finding.seq is None else f" (journal input {finding.seq})"
    if finding.last is None or finding.last <= finding.first:
        between = ""
        if finding.proved < finding.first:
            between = (
                f"; no checkpoint proves entries {finding.proved} to {finding.first - 1} "
                "before it either"
            )
        return f"entry {finding.first}{seq}: {finding.what}{between}"
    return f"first bad entry is one of {finding.first} to {finding.last}{seq}: {finding.what}"


# ---- witnesses ---------------------------------------------------------------------------------


def _check_witness(
    path: Path,
    found: Audit,
    tree: Tree,
    log: Verifier,
    trusted: Sequence[Verifier],
    say: Callable[[str], None],
) -> bool:
    """True: the ledger contradicts what this witness keeps, or it cannot be read."""
    try:
        with path.open("rb") as f:
            data = f.read(WITNESS_BYTES_MAX + 1)
        kept, vouchers = open_checkpoint(data, log, trusted)
        note = parse_note(data)
    except (OSError, NoteError) as e:
        say(f"CHANGED or another ledger: witness {path}: {e}")
        return True
    if trusted and not vouchers:
        say(f"CHANGED: witness {path}: none of the given witness keys signed it")
        return True
    if kept.size > found.size:
        say(
            f"CHANGED: witness {path}: the ledger had {kept.size} entries, "
            f"now it has {found.size}: entries were cut off"
        )
        return True
    if kept.size > tree.size:
        say(f"witness {path}: cannot be compared beyond the bad entry")
        return True
    if tree.root(kept.size) != kept.root:
        say(
            f"CHANGED: witness {path}: the first {kept.size} entries are not those it saw: "
            "the ledger was rewritten and signed again with the log's own key"
        )
        return True
    by = [f"{v.name} at {cosigned_at_s(note, v)} s" for v in vouchers]
    own = f", vouched for by {', '.join(by)}" if by else ""
    say(f"OK: witness {path}: the first {kept.size} entries are those it saw{own}")
    return False


# ---- the journal -------------------------------------------------------------------------------


def _check_journal(
    folder: Path,
    open_feed: Callable[[Path], Feed | None],
    rows: Sequence[Stored],
    next_seq: int,
    check: JournalCheck,
    say: Callable[[str], None],
) -> tuple[bool, bool]:
    """(different, behind)."""
    try:
        feed = open_feed(folder)
        if feed is None:
            say("journal: there is none here to compare with")
            return False, False
        try:
            finding = _compare(feed, folder, rows, next_seq, check)
        finally:
            feed.close()
    except (LedgerError, OSError, ValueError, sqlite3.Error) as e:
        say(f"journal: cannot be compared: {e}")
        return False, False
    if finding is not None:
        say(f"CHANGED: {_name(finding)}")
        return True, False
    say(f"OK: {check.compared} entries are what the journal gives, from input {check.seq_first}")
    if check.sealed or check.erased:
        say(
            f"  {check.sealed} personal details and {check.erased} whole entries could not be "
            "compared: their salts or keys were destroyed, to forget somebody"
        )
    if check.damaged:
        say(
            f"CHANGED: the journal: {check.damaged} of its rows are not what was written, so their "
            "entries could not be compared; run vigia replay"
        )
    behind = check.behind > 0 and check.behind_ns > LAG_NS
    if behind:
        say(
            f"MISSING: the journal holds {check.behind} entries more, the oldest "
            f"{check.behind_ns / 1e9:.0f} s older than its newest. Either the ledger was put back "
            "to an older state, or the gateway did not run; it adds them when it runs"
        )
    elif check.behind:
        say(f"  {check.behind} entries of the last seconds are not in the ledger yet")
    return check.damaged > 0, behind


def _compare(
    feed: Feed, folder: Path, rows: Sequence[Stored], next_seq: int, check: JournalCheck
) -> Finding | None:
    held: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for row in rows:
        held[row.seq].append((row.idx, row.entry))
    salts = Salts(folder / "keys") if has_salts(folder / "keys") else None
    try:
        forgotten = salts.forgotten() if salts else {}
        salt = salts.find if salts else _no_salt
        newest_ns = behind_ns = 0
        for turn in feed.turns(1):
            if not turn.events:
                continue
            check.turns += 1
            newest_ns = max(newest_ns, turn.events[0].t_recv_ns)
            own = held.pop(turn.seq, [])
            if turn.seq >= next_seq and not own:
                more = compare_turn(turn.events, [], salt=salt, forgotten=forgotten)
                if more.difference is not None:
                    behind_ns = behind_ns or turn.events[0].t_recv_ns
                    check.behind += more.wanted
                continue
            check.seq_first = turn.seq if check.seq_first is None else check.seq_first
            result = compare_turn(turn.events, [e for _, e in own], salt=salt, forgotten=forgotten)
            check.compared += len(own)
            check.sealed += result.sealed
            check.erased += result.erased
            check.damaged += result.damaged
            if result.difference is not None:
                at = own[result.difference.n][0] if result.difference.n is not None else None
                at = own[0][0] if at is None and own else at
                what = f"input {turn.seq}: {result.difference.what}"
                return Finding(what, at, at, turn.seq, proved=at or 0)
        check.behind_ns = newest_ns - behind_ns if check.behind else 0
    finally:
        if salts:
            salts.close()
    return _left_over(held, check)


def _left_over(held: dict[int, list[tuple[int, bytes]]], check: JournalCheck) -> Finding | None:
    """Entries of inputs that the journal does not have, though it has older ones."""
    for seq in sorted(held):
        if check.seq_first is not None and seq >= check.seq_first:
            at = held[seq][0][0]
            return Finding(f"the journal has no input {seq}", at, at, seq, proved=at)
    return None


def _no_salt(subject: str, owner: str | None) -> bytes | None:
    return None


# ---- words ---------------------------------------------------------------------------------------


def _say_limits(
    say: Callable[[str], None],
    *,
    key: str | None,
    witnesses: int,
    trusted: bool,
    journal: JournalCheck | None,
) -> None:
    """What nobody may conclude from the lines above."""
    say("What this does not prove:")
    if key is None:
        say(
            "- The public key was read from this machine. Whoever can write here could have "
            "replaced it with the ledger: compare it with one you were told, with --key"
        )
    if not witnesses:
        say(
            "- No witness: whoever holds this machine's signing key can rewrite the whole ledger "
            "and sign it again, or go back to an older state, and this check cannot tell. "
            "Compare with a checkpoint that was kept elsewhere: --witness FILE"
        )
    elif not trusted:
        say(
            "- The witness files were believed as they are: keep them where nobody of this "
            "machine can write, or check a witness's signature with --witness-key"
        )
    else:
        say("- Entries newer than the newest witness's checkpoint rest on the log's key alone")
    if journal is None or not journal.turns:
        say("- Nothing was compared with the journal")
    say("- That what was recorded is true: a ledger only shows that the record did not change")
