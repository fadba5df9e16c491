"""Rows -> one HTML page with drawings (SVG) and the table; nothing is loaded from elsewhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from vigia.run.score.table import HEAD, cells, days_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigia.run.score.days import DaysRow
    from vigia.run.score.sums import Row


def page(
    rows: Sequence[Row], days: DaysRow | None, set_name: str, digests: Mapping[str, str]
) -> str:
    return ""
