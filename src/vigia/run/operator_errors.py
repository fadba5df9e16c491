"""Commands of an operator: his errors are one line and exit code 2."""

from __future__ import annotations

from collections.abc import Callable

import typer


def operator(call: Callable[[], int]) -> None:
    """Operator's errors are one line; anything else is ours and shows where."""
    from vigia.run.settings import SettingsError

    try:
        code = call()
    except SettingsError as e:
        typer.echo(f"vigia: {e}", err=True)
        raise typer.Exit(2) from e
    except BrokenPipeError:
        raise typer.Exit(0) from None
    if code:
        raise typer.Exit(code)
