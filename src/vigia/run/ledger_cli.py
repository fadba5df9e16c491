"""`vigia ledger …`: words -> one call. Imports are late, so that help is instant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

ledger_app = typer.Typer(
    no_args_is_help=True, help="The record that can be verified: check it, read it, witness it."
)
Data = Annotated[Path, typer.Option("--data", help="Folder for journal, keys and ledger.")]
Key = Annotated[
    str | None,
    typer.Option("--key", help="The log's public key, as somebody else told it to you."),
]


@ledger_app.command()
def verify(
    data: Data = Path("data"),
    key: Key = None,
    witness: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint kept elsewhere; repeatable.")
    ] = None,
    witness_key: Annotated[
        list[str] | None, typer.Option(help="A witness's public key; repeatable.")
    ] = None,
    journal: Annotated[bool, typer.Option(help="Compare with the journal, where it is.")] = True,
) -> None:
    """Recompute and check everything. Exit code: 0 holds, 1 changed, 2 cannot check, 3 behind."""
    from vigia.run.ledger_verify import verify as run_verify

    _run(
        lambda: run_verify(
            data,
            key=key,
            witness=witness or [],
            against_journal=journal,
            out=sys.stdout,
            witness_keys=witness_key or [],
        )
    )


@ledger_app.command()
def show(
    data: Data = Path("data"),
    alert: Annotated[str | None, typer.Option(help="Only this alert, with T0 to T4.")] = None,
) -> None:
    """List the entries, oldest first. Proves nothing: that is verify."""
    from vigia.run.ledger_show import show as run_show

    _run(lambda: run_show(data, alert_id=alert, out=sys.stdout))


@ledger_app.command()
def key(data: Data = Path("data")) -> None:
    """Print the log's public key, to be told to whoever shall verify or witness."""
    from vigia.run.ledger_keys import log_signer
    from vigia.run.ledger_store import LedgerError

    def go() -> int:
        if not data.is_dir():
            raise LedgerError(
                f"ledger: there is no folder {data}; name the data folder with --data"
            )
        typer.echo(log_signer(data / "keys").verifier.text())
        return 0

    _run(go)


@ledger_app.command("witness-key")
def witness_key_(data: Data = Path("data")) -> None:
    """Print our key as a witness of other agencies' ledgers, to be told to them."""
    from vigia.run.ledger_keys import witness_signer
    from vigia.run.ledger_store import LedgerError

    def go() -> int:
        if not data.is_dir():
            raise LedgerError(
                f"ledger: there is no folder {data}; name the data folder with --data"
            )
        typer.echo(witness_signer(data / "keys" / "witness.key").verifier.text())
        return 0

    _run(go)


@ledger_app.command("witness-save")
def witness_save(
    file: Annotated[Path, typer.Argument(help="Where to keep it: not on this machine.")],
    data: Data = Path("data"),
    key: Key = None,
    witness_key: Annotated[
        Path | None,
        typer.Option(help="The witness's secret key file, to cosign; made when absent."),
    ] = None,
) -> None:
    """Save the newest checkpoint, if it continues the one that FILE already holds."""
    import time

    from vigia.run.ledger_witness import save_checkpoint

    _run(
        lambda: save_checkpoint(
            data, file, key=key, witness_key=witness_key, t_s=int(time.time()), out=sys.stdout
        )
    )


@ledger_app.command("verify-export")
def verify_export(
    file: Annotated[Path, typer.Argument(help="An export; FILE.proofs.json lies beside it.")],
    key: Key = None,
) -> None:
    """Check an export of incidents against its proofs, anywhere. Exit code: 0 holds, 1 does not."""
    from vigia.run.records.proved import verify_export as run_verify

    _run(lambda: run_verify(file, key=key, out=sys.stdout))


@ledger_app.command()
def forget(
    person: Annotated[str, typer.Argument(help="Person id whose name the ledger shall not tell.")],
    data: Data = Path("data"),
) -> None:
    """Destroy the salts of a person and of the person's devices, for ever. Proofs still hold."""
    import time

    from vigia.run.ledger_keys import Salts

    def go() -> int:
        salts = Salts(data / "keys")
        try:
            gone = salts.forget(person, t_ns=time.time_ns())
        finally:
            salts.close()
        typer.echo(f"{gone} salts destroyed; entries of {person} can no longer be told from others")
        return 0

    _run(go)


def _run(call: Callable[[], int]) -> None:
    """Operator's errors are one line; anything else is ours and shows where."""
    from vigia.ledger.note import NoteError
    from vigia.run.ledger_store import LedgerError

    try:
        code = call()
    except (LedgerError, NoteError) as e:
        typer.echo(f"vigia: {e}", err=True)
        raise typer.Exit(2) from e
    except BrokenPipeError:
        raise typer.Exit(0) from None
    if code:
        raise typer.Exit(code)
