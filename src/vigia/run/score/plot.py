"""Rows -> one HTML page with drawings (SVG) and the table; nothing is loaded from elsewhere."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from vigia.run.score.measure import IN_TIME_S
from vigia.run.score.table import HEAD, cells, days_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigia.run.score.days import DaysRow
    from vigia.run.score.sums import Row

LEFT, WIDE, TALL, GAP = 210, 520, 46, 34  # pixels: labels, a panel, one scene, between panels
LEAD_MAX_S = 100.0
OURS, PEER, ORACLE, INK, RULE = "#0b6e8a", "#c4622d", "#cfd8dc", "#22282b", "#9aa5ab"
STYLE = (
    "body{font:14px system-ui,sans-serif;color:#22282b;margin:2rem;max-width:1400px}"
    "table{border-collapse:collapse;font-size:12px}td,th{padding:3px 8px;text-align:right;"
    "border-bottom:1px solid #dde3e6}td:first-child,td:nth-child(2),th:first-child{text-align:left}"
    "text{font:12px system-ui,sans-serif;fill:#22282b}svg{max-width:100%;height:auto}"
)


def page(
    rows: Sequence[Row], days: DaysRow | None, set_name: str, digests: Mapping[str, str]
) -> str:
    """A whole page. rows: ours and the peer's in turn, scene by scene."""
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    frozen = ", ".join(f"{name} {value}" for name, value in digests.items())
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/><title>vigia score</title>'
        f"<style>{STYLE}</style></head><body>",
        f"<h1>Warnings on seeded scenes, set {escape(set_name)}</h1>",
        f"<p>{escape(frozen)}</p>",
        _drawing(pairs) if pairs else "",
        "<p>" + "<br/>".join(escape(line) for line in days_lines(days)) + "</p>" if days else "",
        _table(rows) if rows else "",
        "</body></html>",
    ]
    return "\n".join(parts)


def _drawing(pairs: Sequence[tuple[Row, Row]]) -> str:
    """Left: leads beside the oracle's. Right: what was missed and what was false."""
    high = 70 + TALL * len(pairs)
    full = LEFT + 2 * WIDE + GAP + 20
    x2 = LEFT + WIDE + GAP
    parts = [
        f'<svg viewBox="0 0 {full} {high}" width="{full}" role="img" '
        f'aria-label="leads and errors of each scene">',
        _text(LEFT, 18, "lead before arrival, p10 to p50 [s]"),
        _text(x2, 18, "missed and false top tier [%]"),
        *_legend(LEFT, 36),
        *_legend_errors(x2, 36),
    ]
    marks = range(0, int(LEAD_MAX_S) + 1, 20)
    parts.extend(_rule(_lead_x(float(k)), high, f"{k}") for k in marks)
    parts.append(_rule(_lead_x(IN_TIME_S), high, f"{IN_TIME_S:.0f}", colour=INK))
    parts.extend(_rule(x2 + WIDE * k / 100.0, high, f"{k}") for k in marks)
    for k, (ours, peer) in enumerate(pairs):
        y = 62 + TALL * k
        parts.append(_text(LEFT - 10, y + 20, ours.scene, end=True))
        parts += _leads(ours, peer, y)
        parts += _errors(ours, peer, x2, y)
    return "\n".join([*parts, "</svg>"])


def _leads(ours: Row, peer: Row, y: float) -> list[str]:
    parts: list[str] = []
    if not math.isnan(ours.oracle_p50_s):
        a, b = _lead_x(ours.oracle_p10_s), _lead_x(ours.oracle_p50_s)
        parts.append(_bar(a, y + 2, b - a, 32, ORACLE, "oracle"))
    for row, colour, dy in ((ours, OURS, 6), (peer, PEER, 20)):
        if not math.isnan(row.lead_p50_s):
            a, b = _lead_x(row.lead_p10_s), _lead_x(row.lead_p50_s)
            says = f"{row.who}: p10 {row.lead_p10_s:.0f} s, p50 {row.lead_p50_s:.0f} s"
            parts.append(_bar(a, y + dy, max(2.0, b - a), 10, colour, says))
    return parts


def _errors(ours: Row, peer: Row, x: float, y: float) -> list[str]:
    parts: list[str] = []
    shown = ((ours, OURS, 2), (peer, PEER, 18))
    for row, colour, dy in shown:
        for share, name, at, opacity in (
            (row.missed_top, "missed", 0, 1.0),
            (row.false_top, "false", 7, 0.5),
        ):
            if not math.isnan(share):
                says = f"{row.who} {name}: {100 * share:.0f} %"
                wide = max(1.0, WIDE * share)
                parts.append(_bar(x, y + dy + at, wide, 6, colour, says, opacity=opacity))
    return parts


def _legend(x: float, y: float) -> list[str]:
    found: list[str] = []
    for k, (name, colour) in enumerate((("oracle", ORACLE), ("vigia", OURS), ("peer", PEER))):
        found.append(_bar(x + 90 * k, y - 9, 14, 10, colour, name))
        found.append(_text(x + 20 + 90 * k, y, name))
    return found


def _legend_errors(x: float, y: float) -> list[str]:
    found: list[str] = []
    marks = (("missed", OURS, 1.0), ("false", OURS, 0.5), ("peer", PEER, 1.0))
    for k, (name, colour, opacity) in enumerate(marks):
        found.append(_bar(x + 90 * k, y - 9, 14, 10, colour, name, opacity=opacity))
        found.append(_text(x + 20 + 90 * k, y, name))
    return found


def _lead_x(lead_s: float) -> float:
    return LEFT + WIDE * min(max(lead_s, 0.0), LEAD_MAX_S) / LEAD_MAX_S


def _rule(x: float, high: float, label: str, *, colour: str = RULE) -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="46" y2="{high - 14}" stroke="{colour}" '
        f'stroke-width="0.7"/><text x="{x:.1f}" y="{high - 1}" text-anchor="middle">{label}</text>'
    )


def _bar(
    x: float, y: float, wide: float, tall: float, colour: str, says: str, *, opacity: float = 1.0
) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall}" fill="{colour}" '
        f'fill-opacity="{opacity}"><title>{escape(says)}</title></rect>'
    )


def _text(x: float, y: float, words: str, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{anchor}>{escape(words)}</text>'


def _table(rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{escape(h)}</th>" for h in HEAD)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(c)}</td>" for c in cells(row)) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"
