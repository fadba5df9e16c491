"""The one catalogue of words (pages and channels) -> a dict for one language."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from vigia.terms import Lang

FOLDER = Path(__file__).parent.parent / "web" / "static" / "i18n"


def load_words(lang: Lang) -> dict[str, str]:
    """Flat keys such as alert.action.take_cover. Raises OSError when the package is damaged."""
    return msgspec.json.decode((FOLDER / f"{lang.value}.json").read_bytes(), type=dict[str, str])


@cache
def words_of(lang: Lang) -> dict[str, str]:
    """load_words, once for each language; not to be changed."""
    return load_words(lang)


@cache
def setup_words(lang: Lang) -> dict[str, str]:
    """Of setting up and looking after an installation: apart, so that phones need not load them."""
    data = (FOLDER.parent / "setup" / f"{lang.value}.json").read_bytes()
    return msgspec.json.decode(data, type=dict[str, str])
