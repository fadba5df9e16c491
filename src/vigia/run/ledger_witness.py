"""The newest checkpoint -> a file that a witness keeps, if it continues the one kept before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vigia.ledger.audit import Audit, audit
from vigia.ledger.checkpoint import cosign_checkpoint, open_checkpoint
from vigia.ledger.note import NoteError, parse_note, parse_verifier, render
from vigia.ledger.tree import EMPTY_ROOT
from vigia.run.ledger_keys import log_signer, witness_signer
from vigia.run.ledger_store import DAMAGE, LedgerError, LedgerReader

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from vigia.ledger.checkpoint import Checkpoint
    from vigia.ledger.note import Verifier


def save_checkpoint(
    folder: Path, target: Path, *, key: str | None, witness_key: Path | None, t_s: int, out: TextIO
) -> int:
    """Write the newest checkpoint to target; 1 when the ledger is not sound or not the same log.

    target: a file of before is replaced only by one that provably continues it. witness_key: the
    witness's own secret key, made when absent; the note then carries its cosignature of t_s.
    Raises LedgerError.
    """
    log = parse_verifier(key) if key else log_signer(folder / "keys").verifier
    kept, problem = _kept(target, log) if target.exists() else (None, None)
    reader = LedgerReader(folder)
    try:
        reader.snapshot()
        found = audit(
            reader.rows(), reader.checkpoints(), log, sizes=() if kept is None else (kept.size,)
        )
        newest = reader.last_checkpoint()
    except DAMAGE as e:
        raise LedgerError(f"ledger: the file is damaged: {e}") from e
    finally:
        reader.close()
    if found.finding is not None or found.last is None or newest is None:
        what = found.finding.what if found.finding else "it has no entry yet"
        out.write(f"not saved: {what}; see vigia ledger verify\n")
        return 1
    now = found.last
    problem = problem or (None if kept is None else _contradiction(kept, found))
    if problem is not None:
        out.write(f"NOT SAVED: {problem}. Keep {target}: it is the evidence\n")
        return 1
    note = parse_note(newest)
    if witness_key is not None:
        witness = witness_signer(witness_key)
        note = cosign_checkpoint(note, witness, t_s=t_s)
        out.write(f"cosigned by {witness.verifier.text()}\n")
    _replace(target, render(note).encode())
    out.write(f"saved: {now.size} entries, head {now.root.hex()}, in {target}\n")
    return 0


def _kept(target: Path, log: Verifier) -> tuple[Checkpoint | None, str | None]:
    """The checkpoint kept before, or why the file holds none."""
    try:
        return open_checkpoint(target.read_bytes(), log)[0], None
    except (OSError, NoteError) as e:
        return None, f"{target} holds no checkpoint of this log: {e}"


def _contradiction(kept: Checkpoint, found: Audit) -> str | None:
    """Does the log, as it is now, continue the checkpoint that was kept?

    The whole tree was recomputed, so comparing heads says as much as a consistency proof.
    """
    if kept.size > found.size:
        return f"the ledger had {kept.size} entries and now has {found.size}"
    head = EMPTY_ROOT if kept.size == 0 else found.heads.get(kept.size)
    if head != kept.root:
        return f"the first {kept.size} entries are not those of the checkpoint that was kept"
    return None


def _replace(target: Path, data: bytes) -> None:
    """Whole or not at all: the old checkpoint is worth more than half a new one."""
    draft = target.with_name(f".{target.name}.new")
    try:
        with draft.open("wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        draft.replace(target)
    except OSError as e:
        raise LedgerError(f"checkpoint: {target} cannot be written: {e.strerror}") from e
