"""Plain shapes -> SVG text, or a ReportLab flowable on paper."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from vigia.records.figures import Box, Disc, Figure, Fill, Path, Shape, Word

FONT = "Helvetica, Arial, sans-serif"


def svg(figure: Figure, *, foot: str = "") -> str:
    """By itself, with its title and what it leaves out; foot: the question and the root."""
    notes = [x for x in (figure.note, foot) if x]
    head, tail = 22.0, 13.0 * len(notes) + 6
    whole = head + figure.height + tail
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {figure.width:g} {whole:g}"'
        f' width="{figure.width:g}" height="{whole:g}" font-family="{FONT}">',
        f"<title>{escape(figure.title)}</title>",
        f'<rect width="{figure.width:g}" height="{whole:g}" fill="#ffffff"/>',
        f'<text x="0" y="14" font-size="12" font-weight="bold">{escape(figure.title)}</text>',
        f'<g transform="translate(0 {head:g})">',
        *map(_svg, figure.shapes),
        "</g>",
    ]
    for n, note in enumerate(notes):
        y = head + figure.height + 12 + 13 * n
        lines.append(f'<text x="0" y="{y:g}" font-size="8.5" fill="#5d6b78">{escape(note)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _svg(shape: Shape) -> str:
    match shape:
        case Box():
            told = f"<title>{escape(shape.told)}</title>" if shape.told else ""
            return (
                f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.w:.1f}" '
                f'height="{shape.h:.1f}" fill="{shape.fill}" fill-opacity="{shape.opacity:.2f}">'
                f"{told}</rect>"
            )
        case Path():
            d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shape.points)
            pen = f'stroke="{shape.stroke}" stroke-width="{shape.width:g}"'
            return f'<path d="{d}" fill="none" {pen}/>'
        case Fill():
            rings = ("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in r) + "Z" for r in shape.rings)
            return f'<path d="{"".join(rings)}" fill="{shape.fill}" fill-rule="evenodd"/>'
        case Word():
            bold = ' font-weight="bold"' if shape.bold else ""
            return (
                f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}" '
                f'text-anchor={quoteattr(shape.anchor)} fill="{shape.fill}"{bold}>'
                f"{escape(shape.text)}</text>"
            )
        case Disc():
            edge = f' stroke="{shape.stroke}" stroke-width="0.8"' if shape.stroke else ""
            told = f"<title>{escape(shape.told)}</title>" if shape.told else ""
            return (
                f'<circle cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="{shape.r:.1f}" '
                f'fill="{shape.fill}" fill-opacity="{shape.opacity:.2f}"{edge}>{told}</circle>'
            )


def drawing(figure: Figure) -> Any:
    """A ReportLab Drawing, which is a flowable. Any: ReportLab has no types."""
    from reportlab.graphics.shapes import Drawing

    found: Any = Drawing(figure.width, figure.height)
    for shape in figure.shapes:
        found.add(_paper(shape, figure.height))
    return found


def _paper(shape: Shape, height: float) -> Any:
    from reportlab.graphics import shapes as rl
    from reportlab.lib.colors import HexColor

    kit: Any = rl

    def ink(colour: str, opacity: float = 1.0) -> Any:
        made: Any = HexColor(colour)
        return made.clone(alpha=opacity)

    match shape:
        case Box():
            return kit.Rect(
                shape.x, height - shape.y - shape.h, shape.w, max(0.0, shape.h),
                fillColor=ink(shape.fill, shape.opacity), strokeColor=None,
            )  # fmt: skip
        case Path():
            flat = [v for x, y in shape.points for v in (x, height - y)]
            return kit.PolyLine(flat, strokeColor=ink(shape.stroke), strokeWidth=shape.width)
        case Fill():
            made = kit.Path(fillColor=ink(shape.fill), strokeColor=None)
            made.fillMode = kit.FILL_EVEN_ODD
            for ring in shape.rings:
                for n, (x, y) in enumerate(ring):
                    (made.lineTo if n else made.moveTo)(x, height - y)
                made.closePath()
            return made
        case Word():
            return kit.String(
                shape.x, height - shape.y, shape.text, fontSize=shape.size,
                fontName="Helvetica-Bold" if shape.bold else "Helvetica",
                textAnchor=shape.anchor, fillColor=ink(shape.fill),
            )  # fmt: skip
        case Disc():
            return kit.Circle(
                shape.x, height - shape.y, shape.r, fillColor=ink(shape.fill, shape.opacity),
                strokeColor=ink(shape.stroke) if shape.stroke else None, strokeWidth=0.8,
            )  # fmt: skip
