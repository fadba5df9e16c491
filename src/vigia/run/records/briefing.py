"""Incidents and a question -> drawings of the counts, and a briefing of them on paper (PDF).

Every page tells the question; the last lines tell the ledger's root and the command that gives the
same numbers again.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from msgspec.structs import replace

from vigia.records.common import Span
from vigia.records.counts import Answer, By, Line, Question, Sum, count, fitting
from vigia.records.figures import (
    MONTHS_MAX,
    Figure,
    bars,
    bounds_of,
    dot_map,
    steps_of,
    time_series,
    week_grid,
)
from vigia.records.incident import Incident, Victims
from vigia.run.catalogue import words_of
from vigia.run.records.drawn import drawing
from vigia.run.records.outline import outline_of
from vigia.terms import Lang

Words = Mapping[str, str]
MARGIN_PT = 46.0
LISTED_MAX = 40  # records told one by one
DAYS = {
    Lang.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    Lang.ES: ("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
}


def figures_of(
    incidents: Mapping[str, Incident], question: Question, lang: Lang
) -> dict[str, Figure]:
    """By name: time.UNIT for each unit, week, kind, area where areas are asked for, map."""
    words = words_of(lang)
    found: dict[str, Figure] = {}
    months = count(incidents, replace(question, by=(By.MONTH,)))
    years = count(incidents, replace(question, by=(By.YEAR,)))
    for unit in months.total.amounts:
        steps = steps_of(months.lines, unit, months=True)
        fine = 0 < len(steps) <= MONTHS_MAX
        title = words["brief.by_month" if fine else "brief.by_year"]
        vague = sum(x.records for x in months.lines if x.group == ("?",)) if fine else 0
        found[f"time.{unit}"] = time_series(
            f"time.{unit}",
            _capital(title.format(unit=words[f"console.inc.unit.{unit}"])),
            steps if fine else steps_of(years.lines, unit, months=False),
            _left(words, vague),
        )
    week = count(incidents, replace(question, by=(By.WEEKDAY, By.HOUR)))
    vague = sum(x.records for x in week.lines if "?" in x.group)
    if week.total.records > vague:
        found["week"] = week_grid(words["brief.week"], week.lines, DAYS[lang], _left(words, vague))
    kinds = count(incidents, replace(question, by=(By.KIND,)))
    if kinds.lines:
        found["kind"] = bars(
            "kind", words["brief.kinds"], kinds.lines, lambda k: words[f"console.inc.kind.{k}"]
        )
    if question.areas:
        areas = count(incidents, replace(question, by=(By.AREA,)))
        found["area"] = bars(
            "area",
            words["brief.areas"],
            areas.lines,
            lambda name: name,
            f"+ n ?: {words['brief.maybe']}",
        )
    chosen = fitting(incidents, question)
    bounds = bounds_of(chosen)
    if bounds is not None:
        nowhere = sum(i.place.lat_deg is None for i in chosen.values())
        note = words["brief.map_note"]
        if nowhere:
            note += " " + words["brief.no_point"].format(n=nowhere)
        outline = outline_of(bounds)
        rings = [ring for a in question.areas for polygon in a.polygons for ring in polygon]
        outline = outline._replace(borders=[*outline.borders, *rings])
        found["map"] = dot_map(words["brief.map"], chosen, outline, note)
    return found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _left(words: Words, n: int) -> str:
    return words["brief.time_unknown"].format(n=n) if n else ""


def briefing(
    incidents: Mapping[str, Incident],
    question: Question,
    *,
    lang: Lang,
    issuer: str,
    root: str,
    command: str,
    t_s: float | None = None,
) -> bytes:
    """t_s: when it is printed; None: not said, so that the same records give the same bytes."""
    from reportlab.lib import pagesizes  # late: printing is rare
    from reportlab.platypus import SimpleDocTemplate

    words = words_of(lang)
    out = io.BytesIO()
    made: Any = SimpleDocTemplate(
        out, pagesize=pagesizes.LETTER, leftMargin=MARGIN_PT, rightMargin=MARGIN_PT,
        topMargin=MARGIN_PT + 12, bottomMargin=MARGIN_PT, title=words["brief.title"],
        author=issuer, lang=lang.value, invariant=1,
    )  # fmt: skip
    asked = asked_words(question, words)
    marks = [m for m in question.marks if m != "actual"]
    banner = " · ".join(words[f"bulletin.{m}"] for m in marks)

    def frame(canvas: Any, page: Any) -> None:
        width, height = page.pagesize
        canvas.saveState()
        canvas.setFont("Helvetica", 8)
        canvas.setFillColorRGB(0.3, 0.36, 0.42)
        canvas.drawString(MARGIN_PT, 22, f"{asked}"[:130])
        canvas.drawRightString(width - MARGIN_PT, 22, f"{page.page}")
        if banner:
            canvas.setFillColorRGB(0.7, 0.1, 0.1)
            canvas.setFont("Helvetica-Bold", 12)
            canvas.drawString(MARGIN_PT, height - 34, banner)
        canvas.restoreState()

    story = _story(incidents, question, lang, words, issuer=issuer, asked=asked, t_s=t_s)
    story += _proof(words, asked=asked, root=root, command=command)
    made.build(story, onFirstPage=frame, onLaterPages=frame)
    return out.getvalue()


def _styles() -> dict[str, Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle

    ink: Any = HexColor("#1d3b53")
    body = ParagraphStyle("body", fontName="Helvetica", fontSize=9.4, leading=12.6)
    return {
        "body": body,
        "small": ParagraphStyle("small", body, fontSize=7.8, leading=10.2),
        "code": ParagraphStyle("code", body, fontName="Courier", fontSize=7.6, leading=10),
        "h1": ParagraphStyle("h1", body, fontName="Helvetica-Bold", fontSize=17, leading=21),
        "h2": ParagraphStyle("h2", body, fontName="Helvetica-Bold", fontSize=11, leading=14,
                             textColor=ink, spaceBefore=12, spaceAfter=4),
    }  # fmt: skip


def _story(
    incidents: Mapping[str, Incident],
    question: Question,
    lang: Lang,
    words: Words,
    *,
    issuer: str,
    asked: str,
    t_s: float | None,
) -> list[Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import HRFlowable, KeepTogether, Paragraph, Spacer

    style = _styles()
    by = (By.AREA,) if question.areas else (By.YEAR,)
    answer = count(incidents, replace(question, by=by))
    day = "" if t_s is None else f"{datetime.datetime.fromtimestamp(t_s, datetime.UTC):%Y-%m-%d}"
    story: list[Any] = [
        Paragraph(escape(words["brief.title"]), style["h1"]),
        Paragraph(escape(" · ".join(x for x in (issuer, day) if x)), style["body"]),
        Spacer(1, 5),
        HRFlowable(width="100%", color=HexColor("#9aa7b2")),
        Spacer(1, 4),
        Paragraph(f"<b>{escape(words['console.inc.asked'])}:</b> {escape(asked)}", style["body"]),
        Paragraph(escape(_left_out(answer, words)), style["small"]),
        Spacer(1, 6),
        _table(answer, by[0], words, style),
        Spacer(1, 3),
        Paragraph(escape(words["brief.how_to_read"]), style["small"]),
    ]
    for figure in figures_of(incidents, question, lang).values():
        block: list[Any] = [Paragraph(escape(figure.title), style["h2"]), drawing(figure)]
        if figure.note:
            block.append(Paragraph(escape(figure.note), style["small"]))
        story.append(KeepTogether(block))
    story += _listed(fitting(incidents, question), words, style)
    return story


def _left_out(answer: Answer, words: Words) -> str:
    told = [f"{n} ({words[f'console.inc.left.{why}']})" for why, n in answer.left_out.items()]
    if answer.total.maybe:
        told.append(f"{answer.total.maybe} ({words['brief.maybe']})")
    return f"{words['console.inc.left_out']}: {', '.join(told)}" if told else ""


def _table(answer: Answer, by: By, words: Words, style: Mapping[str, Any]) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Paragraph, Table

    units = list(answer.total.amounts)
    small = style["small"]

    def cell(text: str) -> Any:
        return Paragraph(escape(text), small)

    def row(line: Line, name: str) -> list[Any]:
        sums = [*(line.amounts.get(u, Sum()) for u in units), line.killed, line.injured]
        records = f"{line.records}" + (f" + {line.maybe} ?" if line.maybe else "")
        told = [records, *(sum_said(s, words) for s in sums), f"{line.verified}"]
        return [cell(name), *map(cell, told)]

    head = [
        words[f"console.inc.by.{by.value}"], words["console.inc.records"],
        *(words[f"console.inc.unit.{u}"] for u in units),
        words["console.inc.col.killed"], words["console.inc.col.injured"],
        words["console.inc.status.verified"],
    ]  # fmt: skip
    rows = [[cell(h) for h in head]]
    rows += [row(line, line.group[0]) for line in answer.lines]
    rows.append(row(answer.total, words["console.inc.total"]))
    wide = 520.0 / len(head)
    made: Any = Table(rows, colWidths=[wide] * len(head), repeatRows=1)
    made.setStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), HexColor("#e6eef4")),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#c9d2da")),
        ("LINEABOVE", (0, -1), (-1, -1), 1.0, HexColor("#1c2a36")),
        ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ])  # fmt: skip
    return made


def sum_said(s: Sum, words: Words) -> str:
    """ "3 to 6", "8 or more (15 of 17 do not say)", "not said"; never a bare 0 for silence."""
    if not s.known and not s.low:
        return words["brief.not_said"] if s.unknown else "0"
    silent = words["console.inc.do_not_say"].format(n=s.unknown, all=s.known + s.unknown)
    tail = f" ({silent})" if s.unknown else ""
    if s.high is None:
        return words["brief.or_more"].format(n=s.low) + tail
    return (f"{s.best}" if s.low == s.high else f"{s.low}–{s.high}") + tail


def _listed(chosen: Mapping[str, Incident], words: Words, style: Mapping[str, Any]) -> list[Any]:
    from reportlab.platypus import Paragraph

    rows = sorted(chosen.values(), key=lambda i: i.begins, reverse=True)
    story: list[Any] = [Paragraph(escape(words["brief.records"]), style["h2"])]
    for i in rows[:LISTED_MAX]:
        place = " · ".join(x for x in (i.place.country, i.place.region, i.place.name) if x) or "?"
        kind = words[f"console.inc.kind.{i.kind.value}"]
        status = words[f"console.inc.status.{i.status.value}"]
        harm = _harm_said(i, words)
        text = f"<b>{escape(i.begins)}</b> {escape(place)} — {escape(kind)} ({escape(status)}). "
        grades = " ".join(
            f"{s.title} [{s.grade.reliability}{s.grade.credibility}]" if s.grade else s.title
            for s in i.sources[:2]
        )
        told = f"{text}{escape(i.summary[:220])} {escape(harm)} <i>{escape(grades)}</i>"
        story.append(Paragraph(told, style["small"]))
    if len(rows) > LISTED_MAX:
        more = words["console.inc.more"].format(n=len(rows) - LISTED_MAX)
        story.append(Paragraph(escape(more), style["small"]))
    return story


def _harm_said(i: Incident, words: Words) -> str:
    parts: list[str] = []
    for h in i.harm:
        for name, span in (("killed", h.killed), ("injured", h.injured)):
            if span != Span():
                label = words[f"console.inc.col.{name}"]
                top = "+" if span.high is None else f"–{span.high}"
                said = f"{span.low}" if span.high == span.low else f"{span.low}{top}"
                whom = f"{words[f'console.inc.victims.{h.victims.value}']}: "
                parts.append(f"{'' if h.victims is Victims.UNSAID else whom}{label} {said}.")
    return " ".join(parts)


def _proof(words: Words, *, asked: str, root: str, command: str) -> list[Any]:
    from reportlab.platypus import KeepTogether, Paragraph

    style = _styles()
    lines: list[Any] = [
        Paragraph(escape(words["brief.again"]), style["h2"]),
        Paragraph(escape(f"{words['console.inc.asked']}: {asked}"), style["small"]),
        Paragraph(escape(root), style["code"]),
        Paragraph(escape(command), style["code"]),
    ]
    return [KeepTogether(lines)]


def asked_words(q: Question, words: Words) -> str:
    """The whole filter in one line, for people."""
    period = f"{q.since or '…'} – {q.until or '…'}" if q.since or q.until else ""
    parts = [
        period or words["console.inc.any_time"],
        " ".join((*q.countries, *q.regions)),
        ", ".join(a.name for a in q.areas),
        ", ".join(words[f"console.inc.unit.{u.value}"] for u in q.units),
        ", ".join(words[f"console.inc.kind.{k.value}"] for k in q.kinds),
        ", ".join(words[f"console.inc.cause.{c.value}"] for c in q.causes),
        ", ".join(words[f"console.inc.victims.{v.value}"] for v in q.victims),
        " + ".join(words[f"console.inc.status.{s.value}"] for s in q.statuses),
        " + ".join(words[f"brief.mark.{m}"] for m in q.marks),
    ]
    return "; ".join(p for p in parts if p)
