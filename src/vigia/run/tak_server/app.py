"""`vigia tak ...` and `vigia report`: words of the command line; loaded when asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

tak_app = typer.Typer(no_args_is_help=True, help="Set up ATAK, WinTAK and iTAK.")


@tak_app.callback()
def _tak() -> None:
    pass


@tak_app.command()
def package(
    name: Annotated[str, typer.Option(help="The person's name, also the callsign.")],
    person: Annotated[str | None, typer.Option(help="Id of a person who is known already.")] = None,
    role: Annotated[
        str, typer.Option(help="officer, watch_officer, analyst or admin.")
    ] = "officer",
    lang: Annotated[str, typer.Option(help="en or es.")] = "en",
    post: Annotated[str | None, typer.Option(help="Id of the person's post.")] = None,
    positions: Annotated[
        bool,
        typer.Option(help="The person agreed that his position is used to warn him."),
    ] = False,
    client: Annotated[str, typer.Option(help="atak (also WinTAK) or itak.")] = "atak",
    out: Annotated[Path | None, typer.Option(help="The zip to write.")] = None,
    data: Annotated[
        Path, typer.Option("--data", help="Folder for journal, keys and ledger.")
    ] = Path("data"),
) -> None:
    """Make a data package: certificates and connection of one person's TAK client."""
    from vigia.run.settings import SettingsError
    from vigia.run.tak_server.cli import write_package

    try:
        write_package(
            data,
            name=name,
            person_id=person,
            role=role,
            lang=lang,
            post_id=post,
            positions=positions,
            client=client,
            out=out,
        )
    except SettingsError as e:
        typer.echo(f"vigia: {e}", err=True)
        raise typer.Exit(2) from e


def report(
    text: Annotated[str, typer.Argument(help="What was seen, in English or Spanish.")],
    lang: Annotated[str, typer.Option(help="Of the answer: en or es.")] = "en",
    dry: Annotated[bool, typer.Option("--dry", help="Only say what is understood.")] = False,
    data: Annotated[
        Path, typer.Option("--data", help="Folder for journal, keys and ledger.")
    ] = Path("data"),
) -> None:
    """Report a drone in words, as from the radio desk."""
    from vigia.run.hello import choice
    from vigia.run.settings import SettingsError
    from vigia.run.word_requests import send_report
    from vigia.terms import Lang

    try:
        send_report(data, text, lang=choice(Lang, lang, "--lang"), dry=dry)
    except SettingsError as e:
        typer.echo(f"vigia: {e}", err=True)
        raise typer.Exit(2) from e
