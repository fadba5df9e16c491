"""`vigia first-aid`: the card's text and its SHA-256, for the medical officer who approves it."""

from __future__ import annotations

import typer

aid_app = typer.Typer(no_args_is_help=True, help="The first-aid card of the phones.")


@aid_app.command()
def text() -> None:
    """Print the card in both languages as phones show it, and the SHA-256 to approve."""
    from vigia.records.card import canonical_card, card_sha256
    from vigia.run.catalogue import words_of
    from vigia.terms import Lang

    words = {lang: words_of(lang) for lang in Lang}
    for line in canonical_card(words).splitlines():
        lang, key, said = line.split("\t")
        typer.echo(f"{lang}  {key.removeprefix('card.'):<34}{said}")
    typer.echo(f"\nSHA-256: {card_sha256(words)}")
    typer.echo("A medical officer reads it; an administrator records his approval of this SHA-256.")
    typer.echo("Any change to the text makes it another one, and phones say so again.")


@aid_app.callback()
def _group() -> None:
    """Keeps `text` a command of its own."""
