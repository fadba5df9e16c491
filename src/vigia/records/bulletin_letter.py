"""A bulletin for one person's channel -> the words of an e-mail, or of a chat message.

What a channel may not carry is not carried: TLP:RED is for named eyes only, so an e-mail says no
more than that it waits. Who gets a correction no more learns only that what he has is old.
"""

from __future__ import annotations

from typing import NamedTuple

from vigia.records.bulletin import Bulletin, Tlp
from vigia.records.bulletin_text import CHAT_MAX, Words, short, text
from vigia.records.posted import What
from vigia.terms import Lang

SUBJECT_MAX = 150


class Mail(NamedTuple):
    """whole: the printed bulletin may go with it."""

    subject: str
    body: str
    whole: bool


def mail(b: Bulletin, what: What, lang: Lang, words: Words, *, link: str = "") -> Mail:
    """link: where it is read and receipted; "" where nobody said how people reach the pages."""
    name = f"{words['bulletin.kind']} {b.number}".strip()
    mark = _mark(b, what, words)
    head = " · ".join(x for x in (b.tlp.value, mark, name) if x)
    if what is What.SUPERSEDED:
        return Mail(head[:SUBJECT_MAX], f"{_edition(b, words)}\n\n{_old(words)}\n", whole=False)
    ask = f"\n{words['bulletin.read_here']} {link}\n" if link else ""
    if b.tlp is Tlp.RED:
        why = f"\n{b.reason.of(lang)}\n" if what is What.RECALLED else ""
        body = f"{_edition(b, words)}\n{why}\n{words['bulletin.wait_red']}\n{ask}"
        return Mail(head[:SUBJECT_MAX], body, whole=False)
    subject = f"{head}: {b.title.of(lang)}"[:SUBJECT_MAX]
    asked = "" if what is What.RECALLED else ask
    return Mail(subject, text(b, lang, words) + asked, whole=True)


def chat(b: Bulletin, what: What, lang: Lang, words: Words) -> str:
    """To one person's own client; at most CHAT_MAX characters."""
    if what is What.SUPERSEDED:
        return f"{words['bulletin.superseded']}: {_edition(b, words)}\n{_old(words)}"[:CHAT_MAX]
    if what is What.RECALLED:
        lines = [f"{words['bulletin.recalled']}: {_edition(b, words)}", b.title.of(lang)]
        return "\n".join([*lines, f"{words['bulletin.reason']}: {b.reason.of(lang)}"])[:CHAT_MAX]
    mark = f"{words['bulletin.reminder']}\n" if what is What.REMINDED else ""
    return (mark + short(b, lang, words))[:CHAT_MAX]


def _mark(b: Bulletin, what: What, words: Words) -> str:
    marks = [] if b.mark == "actual" else [words[f"bulletin.{b.mark}"]]
    key = {
        What.RECALLED: "bulletin.recalled",
        What.SUPERSEDED: "bulletin.superseded",
        What.REMINDED: "bulletin.reminder",
    }.get(what)
    return " · ".join([*marks, *([words[key]] if key else [])])


def _edition(b: Bulletin, words: Words) -> str:
    """The number; of a superseded one the edition that has taken its place is not named."""
    return " ".join(x for x in (words["bulletin.kind"], b.number) if x)


def _old(words: Words) -> str:
    return words["bulletin.superseded_text"]
