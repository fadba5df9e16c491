"""The newest checkpoint -> a file that a witness keeps, if it continues the one kept before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vigia.ledger.audit import audit
from vigia.ledger.checkpoint import cosign_checkpoint, open_checkpoint
from vigia.ledger.note import NoteError, parse_note, parse_verifier, render
from vigia.ledger.tree import Tree, verify_consistency
from vigia.run.ledger_keys import log_signer, witness_signer
from vigia.run.ledger_store import LedgerError, LedgerReader

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
    reader = LedgerReader(folder)
    try:
        reader.snapshot()
        rows, notes = reader.rows(), reader.checkpoints()
    finally:
        reader.close()
    found = audit(rows, notes, log)
    if found.finding is not None or not found.signed:
        what = found.finding.what if found.finding else "it has no entry yet"
        out.write(f"not saved: {what}; see vigia ledger verify\n")
        return 1
    now = found.signed[-1]
    if target.exists():
        problem = _contradiction(target, now, Tree(found.leaf_hashes), log)
        if problem is not None:
            out.write(f"NOT SAVED: {problem}. Keep {target}: it is the evidence\n")
            return 1
    note = parse_note(notes[-1])
    if witness_key is not None:
        witness = witness_signer(witness_key)
        note = cosign_checkpoint(note, witness, t_s=t_s)
        out.write(f"cosigned by {witness.verifier.text()}\n")
    _replace(target, render(note).encode())
    out.write(f"saved: {now.size} entries, head {now.root.hex()}, in {target}\n")
    return 0


def _contradiction(target: Path, now: Checkpoint, tree: Tree, log: Verifier) -> str | None:
    """Does the log, as it is now, continue the checkpoint that was kept?"""
    try:
        kept, _ = open_checkpoint(target.read_bytes(), log)
    except (OSError, NoteError) as e:
        return f"{target} holds no checkpoint of this log: {e}"
    if kept.size > now.size:
        return f"the ledger had {kept.size} entries and now has {now.size}"
    proof = tree.consistency(kept.size, now.size) if kept.size else []
    if not verify_consistency(
        first=kept.size, first_root=kept.root, size=now.size, root=now.root, proof=proof
    ):
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
