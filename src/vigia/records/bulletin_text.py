"""A bulletin -> plain text in one language, for e-mail, TAK chat and reading over the radio.

Also its parts as (heading, lines), which the page and the print are made of, so that all say
the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from vigia.records.bulletin import Both, Bulletin, BulletinStatus
from vigia.records.common import SourceRef
from vigia.terms import Lang

Words = Mapping[str, str]  # the catalogue of one language
CHAT_MAX = 900  # characters; longer ones are cut by some receivers


class Part(NamedTuple):
    """key: of the heading in the catalogue, which the tests and the page know it by."""

    key: str
    heading: str
    lines: tuple[str, ...]


def parts(b: Bulletin, lang: Lang, words: Words) -> list[Part]:
    """In the order they are read: threat, whom, known, unknown, do, do not, report."""

    def texts(lines: Sequence[Both]) -> tuple[str, ...]:
        return tuple(line.of(lang) for line in lines)

    known = tuple(
        s.text.of(lang) + ("" if s.source is None else f" [{s.source + 1}{_grade(b, s.source)}]")
        for s in b.known
    )
    likely: tuple[str, ...] = ()
    if b.likelihood is not None:
        word = words[f"bulletin.likelihood.{b.likelihood.value}"]
        of = b.likelihood_of.of(lang)
        likely = (f"{of}: {word}" if of else word,)
    found = {
        "summary": (b.summary.of(lang),),
        "targeted": texts(b.targeted),
        "known": known,
        "unknown": texts(b.unknown),
        "likelihood": likely,
        "do": texts(b.do),
        "dont": texts(b.dont),
        "report_to": texts(b.report_to),
        "sources": tuple(source_line(n, s) for n, s in enumerate(b.sources, 1)),
    }
    return [
        Part(key, words[f"bulletin.{key}"], lines) for key, lines in found.items() if any(lines)
    ]


def heads(b: Bulletin, words: Words) -> list[tuple[str, str]]:
    """(label, value) of the document's head, without what is not there."""
    edition = words["bulletin.edition"].format(n=b.edition) if b.edition else ""
    rows = [
        ("number", " ".join(x for x in (b.number, edition) if x)),
        ("supersedes", b.supersedes),
        ("issuer", b.issuer),
        ("issued", b.issued),
        ("effective", b.effective),
        ("expires", b.expires),
        ("released_by", b.released_by),
    ]
    return [(words[f"bulletin.{key}"], value) for key, value in rows if value]


def banner(b: Bulletin, words: Words) -> str:
    """What nobody must overlook; empty when it is real and in force."""
    marks = [words[f"bulletin.{b.mark}"]] if b.mark != "actual" else []
    if b.status is BulletinStatus.RECALLED:
        marks.append(words["bulletin.recalled"])
    elif b.status is not BulletinStatus.RELEASED:
        marks.append(words["bulletin.draft"])
    return " · ".join(marks)


def text(b: Bulletin, lang: Lang, words: Words) -> str:
    """The whole bulletin."""
    mark = banner(b, words)
    lines = [*([mark, ""] if mark else []), words["bulletin.kind"], b.title.of(lang), b.tlp.value]
    if b.handling.of(lang):
        lines.append(b.handling.of(lang))
    if b.status is BulletinStatus.RECALLED:
        lines += ["", b.reason.of(lang)]
    lines.append("")
    lines += [f"{label}: {value}" for label, value in heads(b, words)]
    for part in parts(b, lang, words):
        lines += ["", part.heading.upper(), *(f"- {line}" for line in part.lines)]
    lines += ["", words["bulletin.not_an_alarm"], b.tlp.value]
    return "\n".join(lines) + "\n"


def short(b: Bulletin, lang: Lang, words: Words) -> str:
    """For a chat: what, what to do, whom to tell; at most CHAT_MAX characters."""
    mark = banner(b, words)
    lines = [
        *([mark] if mark else []),
        f"{b.tlp.value} {words['bulletin.kind']} {b.number}".strip(),
    ]
    lines += [b.title.of(lang), b.summary.of(lang)]
    lines += [f"- {line.of(lang)}" for line in (*b.do, *b.report_to)]
    told = "\n".join(line for line in lines if line)
    return told if len(told) <= CHAT_MAX else told[: CHAT_MAX - 1].rstrip() + "…"


def source_line(n: int, s: SourceRef) -> str:
    grade = "" if s.grade is None else f" ({s.grade.reliability}{s.grade.credibility})"
    return f"[{n}] " + ", ".join(x for x in (s.title + grade, s.published, s.url) if x)


def _grade(b: Bulletin, source: int) -> str:
    grade = b.sources[source].grade
    return "" if grade is None else f", {grade.reliability}{grade.credibility}"
