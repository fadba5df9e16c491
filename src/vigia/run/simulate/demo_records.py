"""The desk's records that the demo begins with: the sentence 260/42/0 and what contradicts it."""

from __future__ import annotations

from vigia.events_desk import RecordKept, RecordKind
from vigia.records.common import canonical
from vigia.records.example_claims import example_claims


def example_records() -> list[RecordKept]:
    return [
        RecordKept(record_id=claim_id, kind=RecordKind.CLAIM, version=1, content=canonical(claim))
        for claim_id, claim in example_claims().items()
    ]
