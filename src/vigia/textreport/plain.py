"""Text as people send it -> plain text that the vocabulary is matched on."""

from __future__ import annotations

import re
from unicodedata import combining, normalize

TEXT_MAX = 1_000  # characters looked at; a text message of ten parts has 1,530

_NUMBERS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "un": 1,
    "uno": 1,
    "una": 1,
    "dos": 2,
    "tres": 3,
    "cuatro": 4,
    "cinco": 5,
    "seis": 6,
    "siete": 7,
    "ocho": 8,
    "nueve": 9,
    "diez": 10,
    "doce": 12,
    "trece": 13,
    "catorce": 14,
    "quince": 15,
    "dieciseis": 16,
    "diecisiete": 17,
    "dieciocho": 18,
    "diecinueve": 19,
    "veinte": 20,
    "couple of": 2,
    "pair of": 2,
    "par de": 2,
}  # fmt: skip - "once" is eleven in Spanish and a common word in English: left out
_WORD = re.compile(r"\b(" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + r")\b")
_ARTICLE = re.compile(r"\b(?:a|an) (?=\d)")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "×": "x"})


def plain(text: str) -> str:
    """Lower case, no accents, single spaces, number words as digits; TEXT_MAX at most."""
    folded = normalize("NFKD", text[:TEXT_MAX].translate(_QUOTES).casefold())
    bare = "".join(c for c in folded if not combining(c))
    spaced = " ".join(bare.split())
    said = _WORD.sub(lambda m: str(_NUMBERS[m.group(1)]), spaced)
    return _ARTICLE.sub("", said)[:TEXT_MAX]
