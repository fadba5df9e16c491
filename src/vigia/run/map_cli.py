"""`vigia map add|list|remove`: detailed maps for the console, with vigia running or not."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from vigia.run import map_files
from vigia.run.map_files import MapFile
from vigia.run.settings import SettingsError

map_app = typer.Typer(no_args_is_help=True, help="Detailed maps for the console (PMTiles).")
Data = Annotated[Path, typer.Option("--data", help="Folder for journal, keys and ledger.")]
_OPERATOR = 2


@map_app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="A PMTiles file: vector tiles, images or heights.")],
    name: Annotated[
        str | None, typer.Option(help="Short name; another file of the same name takes its place.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="As the console calls it.")] = None,
    attribution: Annotated[
        str | None, typer.Option(help="Whose data it is, when the file does not say.")
    ] = None,
    terrain: Annotated[
        str | None, typer.Option(help="Its images are heights: terrarium or mapbox.")
    ] = None,
    link: Annotated[bool, typer.Option("--link", help="Leave the file where it is.")] = False,
    data: Data = Path("data"),
) -> None:
    """Check a map, keep it in the data folder, say what it covers. Reload open consoles."""

    def go() -> None:
        told = map_files.inspect(file, terrain=terrain)
        whole = msgspec.structs.replace(
            told,
            name=name or _short(file.stem),
            title=title or told.title,
            attribution=attribution or told.attribution,
        )
        sys.stdout.write(_words(map_files.add(data, file, whole, link=link)))
        if not whole.attribution:
            sys.stdout.write("  nobody is named as its source: say it with --attribution\n")

    _run(go)


@map_app.command("list")
def show(data: Data = Path("data")) -> None:
    """The maps of a data folder."""

    def go() -> None:
        found = map_files.listed(data)
        sys.stdout.write("".join(map(_words, found)) or "none; vigia map add FILE.pmtiles\n")

    _run(go)


@map_app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="Its short name.")], data: Data = Path("data")
) -> None:
    """Take a map out of the data folder; a linked file stays where it is."""
    _run(lambda: map_files.remove(data, name))


def _short(stem: str) -> str:
    """A name out of a file's."""
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:32] or "map"


def _words(m: MapFile) -> str:
    box = f"{m.south_deg:.3f} {m.west_deg:.3f} to {m.north_deg:.3f} {m.east_deg:.3f}"
    kind = f"{m.kind} ({m.encoding})" if m.encoding else m.kind
    return (
        f"{m.name}: {m.title}\n  {kind}, zoom {m.zoom_min} to {m.zoom_max}, {box}\n"
        f"  {m.attribution or 'no attribution'}\n"
    )


def _run(go: object) -> None:
    assert callable(go)
    try:
        go()
    except SettingsError as e:
        typer.echo(f"vigia: {e}", err=True)
        raise typer.Exit(_OPERATOR) from e
