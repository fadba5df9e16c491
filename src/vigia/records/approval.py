"""A medical officer's word that a first-aid text may be used as it stands."""

from __future__ import annotations

import re

from vigia.records.common import NAME_MAX, Record, bounded, iso_date


class Approval(Record, frozen=True, kw_only=True, omit_defaults=True):
    """text_sha256: of the text in both languages, as the phone computes it; another text needs
    another approval. by: the medical officer's name and office. on: ISO date."""

    text_sha256: str
    by: str
    on: str
    withdrawn: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.text_sha256):
            raise ValueError("text_sha256: need 64 hexadecimal digits")
        bounded("by", self.by, NAME_MAX, need=True)
        iso_date(self.on, "on")
