"""An export and its proofs: each record's version, its ledger entry, and the way to a signed root.

    incidents.csv   incidents.csv.proofs.json

Verified without a network and without vigia's data: the signature, each way to the root, each
content's hash, and that the file is just what those contents give. It cannot prove that no record
was left out, nor that a version is still the newest: the count of the question tells how many.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TextIO

import msgspec

from vigia.ledger.checkpoint import Checkpoint, open_checkpoint
from vigia.ledger.entry import decode_fields
from vigia.ledger.note import NoteError, Verifier, parse_verifier
from vigia.ledger.tree import Tree, leaf_hash, verify_inclusion
from vigia.records.common import digest, read
from vigia.records.incident import Incident
from vigia.run.ledger_store import DAMAGE, LedgerError, LedgerReader
from vigia.run.records.book import Version
from vigia.run.records.tables import Rows, exported, format_of, read_parquet

FORM = "vigia.proofs/1"
SUFFIX = ".proofs.json"
PROOFS_MAX = 512 * 1024 * 1024  # bytes of a file of proofs that is read


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """One version. entry: the ledger's canonical JSON; content: the record's; proof: base64."""

    id: str
    version: int
    index: int
    entry: str
    content: str
    proof: tuple[str, ...]


class Proofs(msgspec.Struct, frozen=True, kw_only=True):
    """file_sha256: of the export. checkpoint: the signed note. key: of the log, as it says itself.
    left_out: records of the export that are not in the ledger yet."""

    form: str
    file: str
    file_sha256: str
    question: dict[str, object]
    checkpoint: str
    key: str
    records: tuple[Proved, ...]
    unproved: tuple[str, ...] = ()


def prove(
    data: Path,
    versions: Mapping[str, Version],
    *,
    name: str,
    file: bytes,
    key: Verifier,
    question: Mapping[str, object],
) -> Proofs:
    """versions: of the records in the file. Raises LedgerError when there is no ledger to prove
    with."""
    reader = LedgerReader(data)
    try:
        reader.snapshot()
        note = reader.last_checkpoint()
        if note is None:
            raise LedgerError("ledger: no checkpoint yet; try again in a moment")
        checkpoint, _ = open_checkpoint(note, key)
        leaves = [row.hash for row in reader.rows()][: checkpoint.size]
        found = {i: _entry(reader, i, v, checkpoint.size) for i, v in versions.items()}
    except DAMAGE as e:
        raise LedgerError(f"ledger: the file is damaged: {e}") from e
    finally:
        reader.close()
    tree = Tree(leaves)
    records = [
        Proved(
            id=record_id,
            version=versions[record_id].number,
            index=at[0],
            entry=at[1].decode(),
            content=versions[record_id].kept.content.decode(),
            proof=tuple(_b64(h) for h in tree.inclusion(at[0], checkpoint.size)),
        )
        for record_id, at in sorted(found.items())
        if at is not None
    ]
    return Proofs(
        form=FORM,
        file=name,
        file_sha256=sha256(file).hexdigest(),
        question=dict(question),
        checkpoint=note.decode(),
        key=key.text(),
        records=tuple(records),
        unproved=tuple(sorted(i for i, at in found.items() if at is None)),
    )


def _entry(
    reader: LedgerReader, record_id: str, version: Version, size: int
) -> tuple[int, bytes] | None:
    """Index and bytes of the entry that remembers this version; None: not in the ledger yet."""
    for index, entry in reader.of_seq(version.seq):
        fields = decode_fields(entry)
        mine = (fields.get("record"), fields.get("version")) == (record_id, version.number)
        if mine and index < size:
            return index, entry
    return None


# ---- verified anywhere -------------------------------------------------------------------------


def verify_export(path: Path, *, key: str | None, out: TextIO) -> int:
    """0: it holds. 1: something is not as the ledger has it. Raises LedgerError: cannot check."""
    proofs = _read(path.with_name(path.name + SUFFIX))
    try:
        file = path.read_bytes()
    except OSError as e:
        raise LedgerError(f"export: {path} cannot be read: {e.strerror}") from e
    log = parse_verifier(key or proofs.key)
    try:
        checkpoint, _ = open_checkpoint(proofs.checkpoint.encode(), log)
    except NoteError as e:
        out.write(f"DOES NOT HOLD: {e}\n")
        return 1
    wrong = [why for p in proofs.records if (why := why_wrong(p, checkpoint)) is not None]
    if not wrong and sha256(file).hexdigest() != proofs.file_sha256:
        wrong.append(f"{path.name} is not the file that these proofs are of")
    if not wrong and not proofs.unproved and not _same(path, file, proofs.records):
        wrong.append(f"{path.name} does not say what the proved records say")
    for why in wrong[:20]:
        out.write(f"DOES NOT HOLD: {why}\n")
    if wrong:
        return 1
    root = base64.b64encode(checkpoint.root).decode()
    told = "" if key else " (as the export itself says: give the key you were told with --key)"
    out.write(
        f"{len(proofs.records)} records are in the ledger: {checkpoint.size} entries,\n"
        f"root {root}, signed by {log.text()}{told}\n"
    )
    if proofs.unproved:
        out.write(f"NOT PROVED: {len(proofs.unproved)} records were not in the ledger yet\n")
        return 1
    out.write(f"{path.name} is exactly what they say; asked: {_plain(proofs.question)}\n")
    return 0


def why_wrong(p: Proved, checkpoint: Checkpoint) -> str | None:
    """None: this version is in the tree, with this content."""
    try:
        proof = [base64.b64decode(h, validate=True) for h in p.proof]
        fields = decode_fields(p.entry.encode())
    except (ValueError, binascii.Error):
        return f"{p.id}: its proof cannot be read"
    held = verify_inclusion(
        leaf=leaf_hash(p.entry.encode()),
        index=p.index,
        size=checkpoint.size,
        proof=proof,
        root=checkpoint.root,
    )
    if not held:
        return f"{p.id}: its entry is not under the root"
    if (fields.get("kind"), fields.get("record"), fields.get("version")) != (
        "record",
        p.id,
        p.version,
    ):
        return f"{p.id}: the entry is of another record"
    if fields.get("content") != digest(p.content.encode()):
        return f"{p.id}: its content is not what the ledger remembers"
    return None


def _same(path: Path, file: bytes, records: Sequence[Proved]) -> bool:
    """Written again from the proved contents it is the same file; a Parquet file, the same rows."""
    try:
        rows: Rows = [(p.id, read(p.content.encode(), Incident)) for p in records]
        again = exported(rows, format_of(path))
        if path.suffix == ".parquet":
            return read_parquet(again) == read_parquet(file)
    except ValueError:
        return False
    return again == file


def _read(path: Path) -> Proofs:
    try:
        if path.stat().st_size > PROOFS_MAX:
            raise LedgerError(f"proofs: {path} has more than {PROOFS_MAX} bytes")
        proofs = msgspec.json.decode(path.read_bytes(), type=Proofs)
    except OSError as e:
        raise LedgerError(f"proofs: {path} cannot be read: {e.strerror}") from e
    except msgspec.DecodeError as e:
        raise LedgerError(f"proofs: {path} is no file of proofs ({e})") from e
    if proofs.form != FORM:
        raise LedgerError(f"proofs: {path} has form {proofs.form!r}; this vigia reads {FORM}")
    return proofs


def encode(proofs: Proofs) -> bytes:
    return msgspec.json.format(msgspec.json.encode(proofs), indent=1)


def _plain(question: Mapping[str, object]) -> str:
    return msgspec.json.encode(question).decode() if question else "everything"


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
