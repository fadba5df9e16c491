"""What was asked on the command line, word for word, so that it can be printed and asked again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple


class Asked(NamedTuple):
    """As typed. area: a GeoJSON file."""

    since: str = ""
    until: str = ""
    country: list[str] | None = None
    unit: list[str] | None = None
    cause: list[str] | None = None
    victims: list[str] | None = None
    area: Path | None = None
    verified: bool = False
    mark: list[str] | None = None
    by: list[str] | None = None

    def words(self) -> str:
        """The options that give the same question."""
        parts: list[str] = []
        lists = {
            "country": self.country, "unit": self.unit, "cause": self.cause,
            "victims": self.victims, "mark": self.mark, "by": self.by,
        }  # fmt: skip
        for name, one in (("since", self.since), ("until", self.until), ("area", self.area)):
            if one:
                parts.append(f"--{name} {shlex.quote(str(one))}")
        for name, values in lists.items():
            parts += [f"--{name} {shlex.quote(value)}" for value in values or ()]
        if self.verified:
            parts.append("--verified")
        return " ".join(parts)
