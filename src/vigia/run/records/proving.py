"""Records that answer a question -> a file of them and, from a data folder, its proofs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from vigia.events_desk import RecordKind
from vigia.records.counts import Question, fitting
from vigia.records.incident import Incident
from vigia.run.ledger_keys import log_signer
from vigia.run.ledger_store import LedgerError
from vigia.run.records.book import RecordBook
from vigia.run.records.proved import SUFFIX, encode, prove
from vigia.run.records.tables import exported, format_of


def write_export(
    target: Path,
    incidents: Mapping[str, Incident],
    question: Question | None,
    *,
    data: Path,
    book: RecordBook | None,
) -> Iterator[str]:
    """What was written, line by line. question None: everything. book None: no proofs, because
    they come from a table. Raises ValueError, OSError."""
    chosen = incidents if question is None else fitting(incidents, question)
    file = exported(sorted(chosen.items()), format_of(target))
    target.write_bytes(file)
    yield f"{target}: {len(chosen)} of {len(incidents)} incidents"
    if book is None:
        return
    versions = {i: v for i, v in book.newest(RecordKind.INCIDENT).items() if i in chosen}
    try:
        proofs = prove(
            data,
            versions,
            name=target.name,
            file=file,
            key=log_signer(data / "keys").verifier,
            question=plain_question(question),
        )
    except LedgerError as e:
        yield f"no proofs: {e}"
        return
    beside = target.with_name(target.name + SUFFIX)
    beside.write_bytes(encode(proofs))
    missing = f"; {len(proofs.unproved)} not in the ledger yet" if proofs.unproved else ""
    yield f"{beside}: {len(proofs.records)} proofs{missing}"
    yield f"check it anywhere: vigia ledger verify-export {target} --key '{proofs.key}'"


def plain_question(question: Question | None) -> dict[str, object]:
    """As JSON; polygons by their names, for they may be large."""
    if question is None:
        return {}
    plain: dict[str, object] = msgspec.to_builtins(question)
    if question.areas:
        plain["areas"] = [a.name for a in question.areas]
    return plain
