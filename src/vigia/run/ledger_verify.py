"""A data folder, and what witnesses keep -> is the ledger what was signed, in plain words.

Reads only. Everything is recomputed: nothing in the file is believed but what the log's key
signed, and of that only what a witness's copy or the journal confirms is called proved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.ledger.audit import Audit, Finding, audit
from vigia.ledger.checkpoint import Checkpoint, open_checkpoint
from vigia.ledger.note import NoteError, Verifier, cosigned_at_s, parse_note, parse_verifier
from vigia.ledger.tree import EMPTY_ROOT
from vigia.run.ledger_against_journal import JournalCheck, compare_journal
from vigia.run.ledger_feed import journal_feed
from vigia.run.ledger_keys import KEY_FILE, log_signer
from vigia.run.ledger_store import DAMAGE, LedgerError, LedgerReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TextIO

    from vigia.run.ledger_follower import Feed

OK, BAD, CANNOT, BEHIND = 0, 1, 2, 3  # exit codes
LAG_NS = 10_000_000_000  # the ledger may be this far behind the journal while the watch runs
WITNESS_BYTES_MAX = 65_536


class Kept(msgspec.Struct, frozen=True):
    """What a witness's file says. problem: why it cannot be believed."""

    path: Path
    checkpoint: Checkpoint | None = None
    by: str = ""  # who vouched for it, and when
    problem: str = ""


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
        kept = [_open_witness(path, log, trusted) for path in witness]
        reader = LedgerReader(folder)
    except (LedgerError, NoteError) as e:
        say(f"CANNOT CHECK: {e}")
        return CANNOT
    journal = JournalCheck() if against_journal else None
    try:
        reader.snapshot()
        bad = _check_file(reader, log, kept, say)
        behind = False
        if journal is not None:
            different, behind = _check_journal(folder, open_feed, reader, journal, say)
            bad = bad or different
    except DAMAGE as e:
        say(f"CANNOT CHECK: ledger: the file is damaged: {e}")
        return CANNOT
    finally:
        reader.close()
    _say_limits(say, key=key, witnesses=len(kept), trusted=bool(trusted), journal=journal)
    return BAD if bad else BEHIND if behind else OK


def _log_key(folder: Path, key: str | None) -> Verifier:
    if key is not None:
        return parse_verifier(key)
    if not (folder / "keys" / KEY_FILE).is_file():
        raise LedgerError(
            f"ledger key: there is no {folder / 'keys' / KEY_FILE}; give the public key with --key"
        )
    return log_signer(folder / "keys").verifier


def _check_file(
    reader: LedgerReader, log: Verifier, kept: Sequence[Kept], say: Callable[[str], None]
) -> bool:
    """True: something is wrong."""
    size = reader.size()
    sizes = {k.checkpoint.size for k in kept if k.checkpoint is not None}
    found = audit(reader.rows(), reader.checkpoints(), log, sizes=sizes)
    say(f"ledger: {size} entries, {reader.checkpoint_count()} checkpoints, log {log.name}")
    say(f"  key {log.text()}")
    if found.finding is None:
        say("OK: every entry, every hash and every signature was recomputed and holds")
    else:
        say(f"CHANGED: {_name(found.finding)}")
    contradictions = [_check_witness(k, found, size, say) for k in kept]
    return found.finding is not None or any(contradictions)


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


def _open_witness(path: Path, log: Verifier, trusted: Sequence[Verifier]) -> Kept:
    try:
        with path.open("rb") as f:
            data = f.read(WITNESS_BYTES_MAX + 1)
        checkpoint, vouchers = open_checkpoint(data, log, trusted)
        note = parse_note(data)
    except (OSError, NoteError) as e:
        return Kept(path, problem=str(e))
    if trusted and not vouchers:
        return Kept(path, problem="none of the given witness keys signed it")
    by = ", ".join(f"{v.name} at {cosigned_at_s(note, v)} s" for v in vouchers)
    return Kept(path, checkpoint, by)


def _check_witness(kept: Kept, found: Audit, size: int, say: Callable[[str], None]) -> bool:
    """True: the ledger contradicts what this witness keeps, or its file is not to be believed."""
    seen = kept.checkpoint
    if seen is None:
        say(f"CHANGED, or another ledger's: witness {kept.path}: {kept.problem}")
        return True
    if seen.size > size:
        say(
            f"CHANGED: witness {kept.path}: the ledger had {seen.size} entries, "
            f"now it has {size}: entries were cut off"
        )
        return True
    head = EMPTY_ROOT if seen.size == 0 else found.heads.get(seen.size)
    if head is None:
        say(f"witness {kept.path}: lies behind the bad entry, cannot be compared")
        return True
    if head != seen.root:
        say(
            f"CHANGED: witness {kept.path}: the first {seen.size} entries are not those it saw: "
            "the ledger was rewritten and signed again with the log's own key"
        )
        return True
    by = f", vouched for by {kept.by}" if kept.by else ""
    say(f"OK: witness {kept.path}: the first {seen.size} entries are those it saw{by}")
    return False


def _check_journal(
    folder: Path,
    open_feed: Callable[[Path], Feed | None],
    reader: LedgerReader,
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
            finding = compare_journal(feed, reader, folder / "keys", check)
        finally:
            feed.close()
    except (LedgerError, OSError, *DAMAGE) as e:
        say(f"journal: cannot be compared: {e}")
        return False, False
    if finding is not None:
        say(f"CHANGED: {_name(finding)}")
        return True, False
    return check.damaged > 0, _say_journal(check, say)


def _say_journal(check: JournalCheck, say: Callable[[str], None]) -> bool:
    """True: the ledger is further behind than it should be."""
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
    if check.behind and check.behind_ns > LAG_NS:
        say(
            f"MISSING: the journal holds {check.behind} entries more, the oldest "
            f"{check.behind_ns / 1e9:.0f} s older than its newest. Either the ledger was put back "
            "to an older state, or the gateway did not run; it adds them when it runs"
        )
        return True
    if check.behind:
        say(f"  {check.behind} entries of the last seconds are not in the ledger yet")
    return False


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
