"""`vigia drill` on the command line. Imports are late, so that help is instant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vigia.run.operator_errors import operator

Data = Annotated[Path, typer.Option("--data", help="Folder of a vigia that runs.")]


def drill(
    silent: Annotated[bool, typer.Option("--silent", help="Nobody hears: who would be?")] = False,
    by: Annotated[str, typer.Option(help="Person id of the watch officer who orders it.")] = "",
    reason: Annotated[str, typer.Option(help="What people and the ledger are told.")] = "drill",
    minutes: Annotated[float, typer.Option(help="How long answers are waited for.")] = 2.0,
    tier: Annotated[int, typer.Option(help="1 watch, 2 warning, 3 danger.")] = 2,
    target: Annotated[
        list[str] | None, typer.Option(help='"person/ID" or "post/ID"; none: everybody.')
    ] = None,
    last: Annotated[int, typer.Option("--last", help="Show so many earlier tests instead.")] = 0,
    data: Annotated[Path, typer.Option("--data", help="Folder of a vigia that runs.")] = Path(
        "data"
    ),
) -> None:
    """Test who is reached. Exit code 1 when somebody was not, or a channel does not work."""
    from vigia.run import drill as run_drill

    if last:
        return operator(lambda: run_drill.kept_tests(data, last))
    return operator(
        lambda: run_drill.drill(
            data,
            silent=silent,
            by=by,
            reason=reason,
            minutes=minutes,
            tier=tier,
            target_ids=tuple(target or ()),
        )
    )
