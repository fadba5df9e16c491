"""A shift handed over: what stood at that moment, the out-going officer's remarks, both names.

Made in two versions of one record: the first signed by whoever goes, the second by whoever comes.
"""

from __future__ import annotations

import msgspec

from vigia.records.common import NAME_MAX, NOTE_MAX, Record, bounded

LINES_MAX = 200  # of one part
PARTS_MAX = 20
LINE_MAX = 400


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """key: of the catalogue's handover.part.*; lines: as they were shown to its author."""

    key: str
    lines: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        bounded("part", self.key, NAME_MAX, need=True)
        if len(self.lines) > LINES_MAX:
            raise ValueError(f"part {self.key}: got {len(self.lines)} lines; need {LINES_MAX}")
        for line in self.lines:
            bounded(f"part {self.key}: line", line, LINE_MAX)


class Handover(Record, frozen=True, kw_only=True, omit_defaults=True):
    """in_person_id empty: not taken over yet. Names stand in the roster, not here."""

    t_ms: int  # what the parts tell was so at this moment
    lang: str
    out_person_id: str
    parts: tuple[Part, ...]
    remarks: str = ""
    in_person_id: str = ""
    in_ms: int = 0
    in_remarks: str = ""

    def __post_init__(self) -> None:
        bounded("remarks", self.remarks, NOTE_MAX)
        bounded("in_remarks", self.in_remarks, NOTE_MAX)
        bounded("out_person_id", self.out_person_id, NAME_MAX, need=True)
        if len(self.parts) > PARTS_MAX:
            raise ValueError(f"parts: got {len(self.parts)}; need at most {PARTS_MAX}")
        if bool(self.in_person_id) != bool(self.in_ms):
            raise ValueError("taken over: needs both who and when")
        if self.in_person_id == self.out_person_id:
            raise ValueError("taken over: by the same person; need another one")
