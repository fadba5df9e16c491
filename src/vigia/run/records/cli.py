"""`vigia incidents …`: counts, duplicates, exports, claims, from a data folder or from a table.

Reads only; keeping records is the console's, where a person signs for them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigia.records.claim import Claim
    from vigia.records.incident import Incident

incidents_app = typer.Typer(no_args_is_help=True, help="Attacks on record: count, compare, export.")
Data = Annotated[Path, typer.Option("--data", help="Folder of a journal.")]
Table = Annotated[
    Path | None, typer.Option("--table", help="Read this CSV or GeoJSON file instead.")
]
ProfileName = Annotated[
    str, typer.Option("--profile", help="What its columns are: vigia, latam, geojson.")
]


@incidents_app.command()
def count(
    data: Data = Path("data"),
    table: Table = None,
    profile: ProfileName = "vigia",
    by: Annotated[
        list[str] | None, typer.Option(help="year, month, country, region, unit …; repeatable.")
    ] = None,
    since: Annotated[str, typer.Option(help="First day, such as 2023-01-01.")] = "",
    until: Annotated[str, typer.Option(help="Last day.")] = "",
    country: Annotated[list[str] | None, typer.Option(help="Such as MX; repeatable.")] = None,
    unit: Annotated[list[str] | None, typer.Option(help="attack, sortie, munition …")] = None,
    verified: Annotated[bool, typer.Option(help="Only what a person has verified.")] = False,
) -> None:
    """Count, with what was asked, what is not known, and the ledger's root."""

    def go() -> int:
        from vigia.records.counts import By, Question
        from vigia.records.counts import count as add_up
        from vigia.records.incident import Status, Unit
        from vigia.run.records.report import lines, root_line

        statuses = (Status.VERIFIED,) if verified else (Status.CANDIDATE, Status.VERIFIED)
        question = Question(
            since=since,
            until=until,
            countries=tuple(country or ()),
            units=tuple(Unit(u) for u in unit or ()),
            by=tuple(By(b) for b in by or ()),
            statuses=statuses,
            marks=("actual",),
        )
        incidents, _ = _records(data, table, profile)
        for line in lines(add_up(incidents, question)):
            typer.echo(line)
        typer.echo(f"from: {table}" if table is not None else root_line(data))
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
    target: Annotated[Path, typer.Argument(help="A .csv, .geojson or .parquet file.")],
    data: Data = Path("data"),
    table: Table = None,
    profile: ProfileName = "vigia",
) -> None:
    """Write the newest version of every incident."""

    def go() -> int:
        from vigia.run.records.report import write_export

        incidents, _ = _records(data, table, profile)
        write_export(target, sorted(incidents.items()))
        typer.echo(f"{target}: {len(incidents)} incidents")
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
    data: Path, table: Path | None, profile: str
) -> tuple[dict[str, Incident], dict[str, Claim]]:
    from vigia.events_desk import RecordKept, RecordKind
    from vigia.records.claim import Claim
    from vigia.records.incident import Incident
    from vigia.run.journal_tables import DATABASE
    from vigia.run.records.book import RecordBook, read_records
    from vigia.run.records.report import read_table

    if table is not None:
        found, refused = read_table(table, profile)
        for e in refused:
            typer.echo(f"{table}: row {e.row} not taken: {e.what}", err=True)
        return found, {}
    if not (data / DATABASE).exists():
        raise ValueError(f"{data}: holds no journal ({DATABASE} is missing); name it with --data")
    book = RecordBook()
    book.recall([e for e in read_records(data) if isinstance(e.body, RecordKept)])
    return book.all_of(RecordKind.INCIDENT, Incident), book.all_of(RecordKind.CLAIM, Claim)


def _run(call: Callable[[], int]) -> None:
    try:
        code = call()
    except (OSError, ValueError) as e:
        typer.echo(f"vigia: {e}", err=True)
        raise typer.Exit(2) from e
    if code:
        raise typer.Exit(code)
    sys.stdout.flush()
