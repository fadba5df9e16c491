"""`vigia backup|restore|upgrade|doctor` on the command line. Imports are late: help is instant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vigia.run.operator_errors import operator

Data = Annotated[Path, typer.Option("--data", help="Folder for journal, keys and ledger.")]
Passphrase = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Its first line seals, or opens, the site's keys."),
]


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder.")],
    data: Data = Path("data"),
    passphrase_file: Passphrase = None,
) -> None:
    """Copy journal, ledger and, sealed, the site's keys; never the keys of anybody's position."""
    from vigia.run.looking_after import run_backup

    operator(lambda: run_backup(data, target, passphrase_file))


def restore(
    source: Annotated[Path, typer.Argument(help="A folder that vigia backup made.")],
    data: Data = Path("data"),
    passphrase_file: Passphrase = None,
    without_keys: Annotated[bool, typer.Option(help="Leave the site's keys out.")] = False,
) -> None:
    """Make a data folder from a backup, never over another, and verify its ledger."""
    from vigia.run.looking_after import run_restore

    operator(lambda: run_restore(source, data, passphrase_file, without_keys=without_keys))


def upgrade(
    data: Data = Path("data"),
    backup_to: Annotated[Path | None, typer.Option(help="A new folder for the backup.")] = None,
    passphrase_file: Passphrase = None,
) -> None:
    """Check a data folder of an earlier vigia, back it up, and make it ready for this one."""
    from vigia.run.looking_after import run_upgrade

    operator(lambda: run_upgrade(data, backup_to, passphrase_file))


def doctor(
    data: Data = Path("data"),
    lang: Annotated[str, typer.Option(help="en or es.")] = "en",
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
    witness: Annotated[
        Path | None, typer.Option(help="The ledger's checkpoint that a witness keeps.")
    ] = None,
) -> None:
    """Name every weak spot of an installation, and what to do. Exit code 1 when there is one."""
    from vigia.run.doctor.report import doctor as run_doctor
    from vigia.run.hello import choice
    from vigia.terms import Lang

    operator(
        lambda: run_doctor(
            data, lang=choice(Lang, lang, "--lang"), as_json=json, witness=witness, out=sys.stdout
        )
    )
