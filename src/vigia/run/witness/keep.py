"""We as a witness (c2sp.org/tlog-witness): a checkpoint and a proof -> our cosignature, or why not.

For each log the newest note that we cosigned is kept in the data folder; one that contradicts it is
kept beside it, once, as the evidence of a split view.

    witness/<log>.note    witness/<log>.evidence
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from vigia.ledger.checkpoint import Checkpoint, cosign_checkpoint, open_checkpoint
from vigia.ledger.note import NOTE_MAX, NoteError, Signer, Verifier, parse_note, render
from vigia.ledger.tree import EMPTY_ROOT, PROOF_MAX, verify_consistency

FOLDER = "witness"
BODY_MAX = 60_000  # bytes; a proof and a note are a few thousand


class Verdict(NamedTuple):
    """As the protocol answers: 200 with cosignature lines, 409 with the size we know, 403 unknown
    log, 422 the proof does not hold, 400 it cannot be read. split: it contradicts what we kept."""

    status: int
    text: str
    split: str = ""


class WitnessedLog(msgspec.Struct, frozen=True, kw_only=True):
    """For people. evidence: a note of that log that contradicts the one we cosigned."""

    log: str
    size: int
    root: str
    evidence: bool


class Keeper:
    """Thread-safe; waits for the disk."""

    def __init__(self, folder: Path, logs: Sequence[Verifier], signer: Signer) -> None:
        self._folder = folder / FOLDER
        self._logs = {v.name: v for v in logs}
        self._signer = signer
        self._lock = threading.Lock()

    @property
    def key(self) -> str:
        return self._signer.verifier.text()

    def add(self, body: bytes, *, t_s: int) -> Verdict:
        """Raises OSError: the disk refuses; nothing is cosigned then."""
        try:
            old_size, proof, note = _parts(body)
            origin = note.partition(b"\n")[0].decode()
            log = self._logs.get(origin)
            if log is None:
                return Verdict(403, f"unknown log {origin[:80]}\n")
            checkpoint, _ = open_checkpoint(note, log)
        except (ValueError, NoteError) as e:
            return Verdict(400, f"{e}\n")
        with self._lock:
            return self._judge(log, checkpoint, note, old_size, proof, t_s)

    def _judge(
        self,
        log: Verifier,
        now: Checkpoint,
        note: bytes,
        old_size: int,
        proof: list[bytes],
        t_s: int,
    ) -> Verdict:
        kept = self._kept(log)
        size, root = (0, EMPTY_ROOT) if kept is None else (kept.size, kept.root)
        if now.size == size and now.root != root:
            return self._split(log, note, f"two heads of {size} entries")
        if now.size < size or old_size != size:
            return Verdict(409, f"{size}\n")  # a log that lost entries learns it here
        fits = verify_consistency(
            first=size, first_root=root, size=now.size, root=now.root, proof=proof
        )
        if size and not fits:
            return self._split(log, note, f"its {now.size} entries do not begin with our {size}")
        signed = cosign_checkpoint(parse_note(note), self._signer, t_s=t_s)
        _write(self._path(log, "note"), render(signed).encode())
        own = self._signer.verifier
        mine = next(s for s in signed.signatures if (s.name, s.key_id) == (own.name, own.key_id))
        line = base64.b64encode(mine.key_id + mine.data).decode()
        return Verdict(200, f"— {own.name} {line}\n")

    def _split(self, log: Verifier, note: bytes, why: str) -> Verdict:
        path = self._path(log, "evidence")
        if not path.exists():
            _write(path, note)
        told = f"{log.name} shows us another record than before: {why}"
        return Verdict(422, f"{told}\n", split=told)

    def listed(self) -> list[WitnessedLog]:
        found: list[WitnessedLog] = []
        for log in self._logs.values():
            kept = self._kept(log)
            found.append(
                WitnessedLog(
                    log=log.name,
                    size=0 if kept is None else kept.size,
                    root="" if kept is None else base64.b64encode(kept.root).decode(),
                    evidence=self._path(log, "evidence").exists(),
                )
            )
        return found

    def _kept(self, log: Verifier) -> Checkpoint | None:
        """Raises OSError, NoteError: what we kept is damaged, and nothing may be cosigned."""
        path = self._path(log, "note")
        if not path.exists():
            return None
        return open_checkpoint(path.read_bytes(), log)[0]

    def _path(self, log: Verifier, what: str) -> Path:
        name = sha256(log.text().encode()).hexdigest()[:16]
        return self._folder / f"{name}.{what}"


def _parts(body: bytes) -> tuple[int, list[bytes], bytes]:
    """ "old SIZE", base64 lines, an empty line, the note. Raises ValueError."""
    if len(body) > BODY_MAX + NOTE_MAX:
        raise ValueError(f"body: got {len(body)} bytes")
    head, gap, note = body.partition(b"\n\n")
    first, *lines = head.decode("ascii").split("\n")
    word, _, number = first.partition(" ")
    if not gap or word != "old" or not number.isdigit() or len(number) > 18:
        raise ValueError("body: need a line `old SIZE`, a proof, an empty line and a checkpoint")
    if len(lines) > PROOF_MAX:
        raise ValueError(f"proof: got {len(lines)} lines; need at most {PROOF_MAX}")
    try:
        return int(number), [base64.b64decode(x, validate=True) for x in lines], note
    except binascii.Error as e:
        raise ValueError(f"proof: {e}") from e


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and on disk before we vouch for it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())
    draft.replace(path)
