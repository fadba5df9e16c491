"""The first-aid card's text in both languages -> what a medical officer approves, and its SHA-256.

The same as static/phone/card.mjs, which reckons it on the phone; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from vigia.terms import Lang

PREFIXES = ("card.step.", "card.march.")


def canonical_card(words: Mapping[Lang, Mapping[str, str]]) -> str:
    """One line for each text: language, key, text; English first, keys in order."""
    return "".join(
        f"{lang.value}\t{key}\t{text}\n"
        for lang in (Lang.EN, Lang.ES)
        for key, text in sorted(words[lang].items())
        if key.startswith(PREFIXES)
    )


def card_sha256(words: Mapping[Lang, Mapping[str, str]]) -> str:
    return sha256(canonical_card(words).encode()).hexdigest()
