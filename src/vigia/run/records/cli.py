"""`vigia incidents …`: counts, duplicates, exports, claims, from a data folder or from a table.

Reads only; keeping records is the console's, where a person signs for them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigia.run.records.asked import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigia.records.claim import Claim
    from vigia.records.incident import Incident
    from vigia.run.records.book import RecordBook

incidents_app = typer.Typer(no_args_is_help=True, help="Attacks on record: count, compare, export.")
Data = Annotated[Path, typer.Option("--data", help="Folder of a journal.")]
Table = Annotated[
    Path | None, typer.Option("--table", help="Read this CSV or GeoJSON file instead.")
]
ProfileName = Annotated[
    str, typer.Option("--profile", help="What its columns are: vigia, latam, geojson.")
]


Since = Annotated[str, typer.Option(help="First day, such as 2023-01-01.")]
Until = Annotated[str, typer.Option(help="Last day.")]
Country = Annotated[list[str] | None, typer.Option(help="Such as MX; repeatable.")]
UnitName = Annotated[list[str] | None, typer.Option(help="attack, sortie, munition …")]
CauseName = Annotated[list[str] | None, typer.Option(help="drone, explosive, other, unsaid.")]
ClassName = Annotated[
    list[str] | None, typer.Option("--victims", help="Whose harm: agent, soldier, police …")
]
Areas = Annotated[
    Path | None, typer.Option("--area", help="GeoJSON of named polygons: only what lies in them.")
]
Verified = Annotated[bool, typer.Option(help="Only what a person has verified.")]
Marks = Annotated[
    list[str] | None, typer.Option("--mark", help="actual (the default), exercise, demo.")
]


@incidents_app.command()
def count(
    data: Data = Path("data"),
    table: Table = None,
    profile: ProfileName = "vigia",
    by: Annotated[
        list[str] | None,
        typer.Option(help="year, month, country, region, area, unit, victims …; repeatable."),
    ] = None,
    since: Since = "",
    until: Until = "",
    country: Country = None,
    unit: UnitName = None,
    cause: CauseName = None,
    victims: ClassName = None,
    area: Areas = None,
    verified: Verified = False,
    mark: Marks = None,
) -> None:
    """Count, with what was asked, what is not known, and the ledger's root."""

    def go() -> int:
        from vigia.records.counts import count as add_up
        from vigia.run.records.asking import question_of
        from vigia.run.records.report import again, lines, root_line

        asked = Asked(since, until, country, unit, cause, victims, area, verified, mark, by)
        question = question_of(asked)
        incidents, _ = _records(data, table, profile)
        for line in lines(add_up(incidents, question)):
            typer.echo(line)
        typer.echo(f"from: {table}" if table is not None else root_line(data))
        typer.echo(f"again: {again('count', asked, data=data, table=table, profile=profile)}")
        return 0

    _run(go)


@incidents_app.command()
def alike(data: Data = Path("data"), table: Table = None, profile: ProfileName = "vigia") -> None:
    """Pairs that may be one event; a person decides in the console."""

    def go() -> int:
        from vigia.records.likeness import duplicates

        incidents, _ = _records(data, table, profile)
        for p in duplicates(incidents):
            typer.echo(f"{p.score:.2f}  {', '.join(p.grounds)}")
            for record_id in (p.a, p.b):
                i = incidents[record_id]
                typer.echo(f"      {record_id}  {i.begins}  {i.place.name}  {i.summary[:80]}")
        return 0

    _run(go)


@incidents_app.command()
def export(
    target: Annotated[Path, typer.Argument(help="A .csv, .geojson, .parquet or .json file.")],
    data: Data = Path("data"),
    table: Table = None,
    profile: ProfileName = "vigia",
    since: Since = "",
    until: Until = "",
    country: Country = None,
    unit: UnitName = None,
    area: Areas = None,
    verified: Verified = False,
    mark: Marks = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Rejected, merged and unverified ones too.")
    ] = False,
) -> None:
    """Write the newest versions; from a data folder with proofs: FILE.proofs.json beside it."""

    def go() -> int:
        from vigia.run.records.asking import question_of
        from vigia.run.records.proving import write_export

        asked = Asked(since, until, country, unit, None, None, area, verified, mark, None)
        question = None if everything else question_of(asked)
        book = None if table is not None else _book(data)
        incidents, _ = _records(data, table, profile, book)
        for line in write_export(target, incidents, question, data=data, book=book):
            typer.echo(line)
        return 0

    _run(go)


@incidents_app.command()
def schema() -> None:
    """Print the JSON Schema of one incident."""
    import msgspec

    from vigia.run.records.tables import json_schema

    typer.echo(msgspec.json.format(msgspec.json.encode(json_schema())).decode())


@incidents_app.command("report")
def report_(
    target: Annotated[Path, typer.Argument(help="A .pdf file.")],
    data: Data = Path("data"),
    table: Table = None,
    profile: ProfileName = "vigia",
    lang: Annotated[str, typer.Option(help="en or es.")] = "en",
    since: Since = "",
    until: Until = "",
    country: Country = None,
    unit: UnitName = None,
    cause: CauseName = None,
    area: Areas = None,
    verified: Verified = False,
    mark: Marks = None,
    title: Annotated[str, typer.Option(help="What stands at the head; your agency's name.")] = "",
) -> None:
    """A briefing on paper: counts, their drawings, a map, and how to reckon each number again."""

    def go() -> int:
        from vigia.run.records.asking import question_of
        from vigia.run.records.briefing import briefing
        from vigia.run.records.report import again, root_line
        from vigia.terms import Lang

        asked = Asked(since, until, country, unit, cause, None, area, verified, mark, None)
        incidents, _ = _records(data, table, profile)
        made = briefing(
            incidents,
            question_of(asked),
            lang=Lang(lang),
            issuer=title,
            root=f"{table}" if table is not None else root_line(data),
            command=again("count", asked, data=data, table=table, profile=profile),
        )
        target.write_bytes(made)
        typer.echo(f"{target}: {len(made)} bytes")
        return 0

    _run(go)


@incidents_app.command()
def claims(
    data: Data = Path("data"),
    example: Annotated[
        bool, typer.Option(help="The sentence 260/42/0 and the sources against it.")
    ] = False,
) -> None:
    """Each published sentence against the others and against our own records."""

    def go() -> int:
        from vigia.records.example_claims import example_claims
        from vigia.run.records.report import claim_lines

        incidents, found = _records(data, None, "") if not example else ({}, example_claims())
        for line in claim_lines(found, incidents):
            typer.echo(line)
        return 0

    _run(go)


def _records(
    data: Path, table: Path | None, profile: str, book: RecordBook | None = None
) -> tuple[dict[str, Incident], dict[str, Claim]]:
    from vigia.events_desk import RecordKind
    from vigia.records.claim import Claim
    from vigia.records.incident import Incident
    from vigia.run.records.tables import read_table

    if table is not None:
        found, refused = read_table(table, profile)
        for e in refused:
            typer.echo(f"{table}: row {e.row} not taken: {e.what}", err=True)
        return found, {}
    book = book or _book(data)
    return book.all_of(RecordKind.INCIDENT, Incident), book.all_of(RecordKind.CLAIM, Claim)


def _book(data: Path) -> RecordBook:
    from vigia.events_desk import RecordKept
    from vigia.run.journal_tables import DATABASE
    from vigia.run.records.book import RecordBook, read_records

    if not (data / DATABASE).exists():
        raise ValueError(f"{data}: holds no journal ({DATABASE} is missing); name it with --data")
    book = RecordBook()
    book.recall([e for e in read_records(data) if isinstance(e.body, RecordKept)])
    return book


def _run(call: Callable[[], int]) -> None:
    try:
        code = call()
    except (OSError, ValueError) as e:
        typer.echo(f"vigia: {e}", err=True)
        raise typer.Exit(2) from e
    if code:
        raise typer.Exit(code)
    sys.stdout.flush()
