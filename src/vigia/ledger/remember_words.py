"""People's words and what became of them -> the fields of one entry.

The words are committed to, never written: whoever sent them may have named anybody.
"""

from __future__ import annotations

from typing import TypeAlias

from vigia.events_words import WordReceived, WordSettled
from vigia.ledger.entry import Fields, Said
from vigia.ledger.remember_acts import who

Words: TypeAlias = WordReceived | WordSettled
KIND_OF_WORDS = {"WordReceived": "word", "WordSettled": "settled"}


def remember_words(body: Words) -> tuple[str, Fields]:
    match body:
        case WordReceived():
            owner = f"person/{body.person_id}" if body.person_id else f"report/{body.word_id}"
            return "word", {
                "word": body.word_id,
                "kind": body.kind.value,
                "via": body.via.value,
                "person": who(body.person_id),
                "sent_ns": body.t_obs_ns,
                "report": body.report_id,
                "why": body.why,
                "text": Said(owner, body.text),
            }
        case WordSettled():
            return "settled", {
                "word": body.word_id,
                "by": who(body.by_person_id),
                "reason": Said(f"person/{body.by_person_id}", body.reason),
            }
