"""Counts and comparisons -> plain lines; tables in and exports out, for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from vigia.records.claim import Claim, Figure
from vigia.records.common import Span
from vigia.records.confront import Comparison, Verdict, confront
from vigia.records.counts import Answer, Line, Question, Sum
from vigia.records.incident import Cause, Incident
from vigia.run.ledger_store import DAMAGE, LedgerError, LedgerReader
from vigia.run.records.asked import Asked

WORDS = {
    Verdict.AGREES: "agrees",
    Verdict.CONTRADICTS: "CONTRADICTS",
    Verdict.AT_LEAST: "CONTRADICTS (a part is larger than the whole)",
    Verdict.FITS: "could both be so",
    Verdict.OTHER_THING: "counts something else",
    Verdict.OWN_RECORDS_THIN: "our records hold less: they prove nothing against it",
}


def again(command: str, asked: Asked, *, data: Path, table: Path | None, profile: str) -> str:
    """The command that gives the same numbers of the same records."""
    where = f"--data {data}" if table is None else f"--table {table} --profile {profile}"
    return " ".join(x for x in (f"vigia incidents {command}", where, asked.words()) if x)


def root_line(data: Path) -> str:
    """The ledger's newest signed head, which everything kept until then is under."""
    try:
        reader = LedgerReader(data)
        try:
            note = reader.last_checkpoint()
        finally:
            reader.close()
    except (LedgerError, *DAMAGE):
        note = None
    if note is None:
        return "ledger: no checkpoint yet"
    lines = note.decode().split("\n")
    return f"ledger: {lines[1]} entries, root {lines[2]}"


def lines(answer: Answer) -> Iterator[str]:
    yield f"asked: {question_words(answer.question)}"
    for line in (*answer.lines, answer.total):
        yield f"{' / '.join(line.group) or 'all':28} {line_words(line)}"
    if answer.left_out:
        told = ", ".join(f"{n} by {why}" for why, n in answer.left_out.items())
        yield f"left out: {told}"
    yield '"or more": some records do not say; they count with the least they say'


def question_words(q: Question) -> str:
    """Everything that decides the count, in one line."""
    parts: list[str] = []
    for field in msgspec.structs.fields(Question):
        value: object = msgspec.to_builtins(getattr(q, field.name))
        if field.name == "areas":
            value = [a.name for a in q.areas]
        if value:
            words = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            parts.append(f"{field.name} {words}")
    return "; ".join(parts)


def line_words(line: Line) -> str:
    """One group in a line; what may lie in the areas asked for is told behind it, not added."""
    maybe = f"; {line.maybe} more may be inside" if line.maybe else ""
    amounts = ", ".join(f"{sum_words(s)} {unit}" for unit, s in line.amounts.items())
    return (
        f"{line.records} records ({line.verified} verified): {amounts or 'none'}; "
        f"killed {sum_words(line.killed)}, injured {sum_words(line.injured)}{maybe}"
    )


def sum_words(s: Sum) -> str:
    """ "8 or more (15 records do not say)"; "5"; "3 to 6"; "not said"."""
    if not s.known and not s.low:
        return "not said" if s.unknown else "0"
    tail = f" ({s.unknown} of {s.known + s.unknown} records do not say)" if s.unknown else ""
    if s.high is None:
        return f"{s.low} or more{tail}"
    return (str(s.best) if s.low == s.high else f"{s.low} to {s.high}") + tail


def claim_lines(claims: Mapping[str, Claim], incidents: Mapping[str, Incident]) -> Iterator[str]:
    for claim_id, claim in claims.items():
        yield f'{claim_id}: "{claim.sentence}"'
        yield "  by " + "; ".join(f"{s.title} {s.published}".strip() for s in claim.sources)
        told = -1
        for c in confront(claim_id, claims, incidents):
            if c.index != told:
                told = c.index
                yield f"  {figure_words(claim.figures[told])}"
            yield f"      {_against(c, claims)}"
        yield ""


def figure_words(f: Figure) -> str:
    what = f.what if f.unit is None else f"{f.what} ({f.unit.value})"
    whom = ", ".join(v.value for v in f.victims)
    where = "/".join(x for x in (f.country, f.region) if x) or "anywhere"
    cause = "" if f.cause is Cause.UNSAID else f"by {f.cause.value}"
    parts = [f"{span_words(f.value)} {what}", whom, cause, f"{f.since} to {f.until}", where]
    return ", ".join(p for p in parts if p)


def span_words(s: Span) -> str:
    if s.best is None:
        return f"{s.low} or more" if s.low else "an unknown number of"
    return str(s.best) if s.low == s.high else f"{s.low} to {s.high}"


def _against(c: Comparison, claims: Mapping[str, Claim]) -> str:
    if c.ours is not None:
        return f"our records: {sum_words(c.ours)}: {WORDS[c.verdict]}"
    other = claims[c.other_id].figures[c.other_index]
    differs = f" (other {', '.join(c.differs)})" if c.differs else ""
    return f"{c.other_id}: {figure_words(other)}: {WORDS[c.verdict]}{differs}"
