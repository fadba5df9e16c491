"""A bulletin -> one printed page (A4 or Letter), as an agency would sign it.

ReportLab (BSD); the standard fonts hold English and Spanish. What does not fit on a page in
small print goes on to the next, nothing is left out.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from vigia.records.bulletin import Bulletin, BulletinStatus, Tlp
from vigia.records.bulletin_text import banner, heads, parts
from vigia.terms import Lang

# FIRST TLP 2.0, section "TLP in documents": colour on black, at the top and the bottom right.
TLP_RGB = {
    Tlp.RED: (1.0, 0.169, 0.169),
    Tlp.AMBER_STRICT: (1.0, 0.753, 0.0),
    Tlp.AMBER: (1.0, 0.753, 0.0),
    Tlp.GREEN: (0.2, 1.0, 0.0),
    Tlp.CLEAR: (1.0, 1.0, 1.0),
}
SIZES_PT = (9.6, 9.0, 8.4, 7.8, 7.2)  # tried in turn until it fits on one page
MARGIN_PT = 46.0
TOP_PT = 40.0


def pdf(b: Bulletin, lang: Lang, words: Mapping[str, str], *, letter: bool = True) -> bytes:
    """One page whenever it fits."""
    made = b""
    for size_pt in SIZES_PT:
        made, pages = _build(b, lang, words, size_pt, letter=letter)
        if pages == 1:
            break
    return made


def _build(
    b: Bulletin, lang: Lang, words: Mapping[str, str], size_pt: float, *, letter: bool
) -> tuple[bytes, int]:
    from reportlab.lib import pagesizes  # late: printing is rare
    from reportlab.platypus import SimpleDocTemplate

    out = io.BytesIO()
    # Any: ReportLab has no types
    template: Any = SimpleDocTemplate(
        out,
        pagesize=pagesizes.LETTER if letter else pagesizes.A4,
        leftMargin=MARGIN_PT,
        rightMargin=MARGIN_PT,
        topMargin=MARGIN_PT + TOP_PT / 2,
        bottomMargin=MARGIN_PT,
        title=b.title.of(lang),
        author=b.issuer,
        lang=lang.value,
        invariant=1,  # the same bulletin gives the same bytes
    )
    pages = 0

    def frame(canvas: Any, page: Any) -> None:
        nonlocal pages
        pages += 1
        _frame(canvas, page, b, lang, words)

    template.build(_story(b, lang, words, size_pt), onFirstPage=frame, onLaterPages=frame)
    return out.getvalue(), pages


def _story(b: Bulletin, lang: Lang, words: Mapping[str, str], size_pt: float) -> list[Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import HRFlowable, KeepTogether, Paragraph, Spacer, Table

    body = ParagraphStyle("body", fontName="Helvetica", fontSize=size_pt, leading=size_pt * 1.32)
    point = ParagraphStyle("point", body, leftIndent=11, bulletIndent=1)
    small = ParagraphStyle("small", body, fontSize=size_pt * 0.84, leading=size_pt * 1.1)
    head = ParagraphStyle("head", body, fontName="Helvetica-Bold", textColor=HexColor("#1d3b53"),
                          spaceBefore=size_pt * 0.6, spaceAfter=2)  # fmt: skip
    title = ParagraphStyle("title", body, fontName="Helvetica-Bold", fontSize=size_pt * 1.75,
                           leading=size_pt * 2.1, spaceAfter=4)  # fmt: skip
    kind = ParagraphStyle("kind", body, fontName="Helvetica-Bold", fontSize=size_pt * 1.1,
                          textColor=HexColor("#8a1c1c"))  # fmt: skip

    def p(text: str, style: Any, **more: Any) -> Any:
        return Paragraph(escape(text), style, **more)

    story: list[Any] = [p(words["bulletin.kind"], kind), Spacer(1, 3), p(b.title.of(lang), title)]
    rows = [[p(label, small), p(value, body)] for label, value in heads(b, words)]
    half = (len(rows) + 1) // 2
    pairs = [
        [*rows[n], *(rows[n + half] if n + half < len(rows) else ["", ""])] for n in range(half)
    ]
    table: Any = Table(pairs, colWidths=[74, 186, 74, 186], hAlign="LEFT")
    table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 0), (-1, -1), 1),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
                    ("LEFTPADDING", (0, 0), (-1, -1), 0)])  # fmt: skip
    story += [table, Spacer(1, 4), HRFlowable(width="100%", color=HexColor("#9aa7b2"))]
    if b.status is BulletinStatus.RECALLED:
        story += [Spacer(1, 4), p(b.reason.of(lang), title)]
    for part in parts(b, lang, words):
        style = small if part.key == "sources" else point
        lone = part.key in ("summary", "likelihood") or part.key == "sources"
        lines = [p(line, body if lone and part.key != "sources" else style) for line in part.lines]
        if not lone:
            lines = [p(line, point, bulletText="•") for line in part.lines]
        story.append(KeepTogether([p(part.heading, head), *lines]))
    story += [Spacer(1, size_pt), p(words["bulletin.not_an_alarm"], small)]
    if b.handling.of(lang):
        story.append(p(f"{words['bulletin.handling']}: {b.handling.of(lang)}", small))
    return story


def _frame(canvas: Any, page: Any, b: Bulletin, lang: Lang, words: Mapping[str, str]) -> None:
    """The mark at the head and the handling at head and foot of every page."""
    width, height = page.pagesize
    canvas.saveState()
    for y in (height - MARGIN_PT + 6, 18):
        label = b.tlp.value
        wide = canvas.stringWidth(label, "Helvetica-Bold", 12) + 14
        canvas.setFillColorRGB(0, 0, 0)
        canvas.rect(width - MARGIN_PT - wide, y - 5, wide, 18, stroke=0, fill=1)
        canvas.setFillColorRGB(*TLP_RGB[b.tlp])
        canvas.setFont("Helvetica-Bold", 12)
        canvas.drawRightString(width - MARGIN_PT - 7, y, label)
    canvas.setFillColorRGB(0.25, 0.3, 0.35)
    canvas.setFont("Helvetica", 8)
    foot = " · ".join(x for x in (b.issuer, b.number, f"{page.page}") if x)
    canvas.drawString(MARGIN_PT, 20, foot)
    mark = banner(b, words)
    if mark:
        canvas.setFillColorRGB(0.7, 0.1, 0.1)
        canvas.setFont("Helvetica-Bold", 13)
        canvas.drawString(MARGIN_PT, height - MARGIN_PT + 6, mark)
    canvas.restoreState()
