"""`vigia contacts …`: a list of people's addresses -> the store, all of it or nothing of it."""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

contacts_app = typer.Typer(
    no_args_is_help=True, help="Addresses that people are reached at: text message, e-mail, ntfy."
)
Data = Annotated[Path, typer.Option("--data", help="Folder for journal, keys and ledger.")]
COLUMNS = ("person_id", "channel", "address")
ROWS_MAX = 200_000


@contacts_app.command("import")
def import_csv(file: Path, data: Data = Path("data")) -> None:
    """CSV with columns person_id, channel (ntfy, sms, email), address; adds to what is there."""
    from vigia.run.channel_settings import OF_A_PERSON
    from vigia.run.courier.contacts import Contact, ContactError, Contacts
    from vigia.terms import Channel

    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))[: ROWS_MAX + 1]
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise _mistake(f"{file}: cannot be read ({e}); need a CSV file in UTF-8") from e
    if len(rows) > ROWS_MAX:
        raise _mistake(f"{file}: got more than {ROWS_MAX} rows")
    kinds = {c.value: c for c in OF_A_PERSON - {Channel.PUSH}}
    found: list[Contact] = []
    for n, row in enumerate(rows, start=2):
        person_id, kind, address = ((row.get(c) or "").strip() for c in COLUMNS)
        if kind not in kinds or not person_id or not address:
            raise _mistake(
                f"{file} line {n}: got person_id {person_id!r}, channel {kind!r}; need the "
                f"columns {', '.join(COLUMNS)}, with channel one of {', '.join(sorted(kinds))}"
            )
        found.append(Contact(person_id, kinds[kind], address))
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = Contacts(data)
    try:
        n = held.put(found, time.time_ns())
    except ContactError as e:
        raise _mistake(f"{file}: {e}") from e
    finally:
        held.close()
    typer.echo(f"{n} addresses; a running vigia knows them within a second")


@contacts_app.command("list")
def list_contacts(data: Data = Path("data")) -> None:
    """Who has an address on which channel. The addresses themselves are not shown."""
    from vigia.run.courier.contacts import Contacts

    held = Contacts(data)
    for contact in held.all():
        typer.echo(f"{contact.person_id}\t{contact.channel.value}")
    held.close()


@contacts_app.command()
def forget(person_id: str, data: Data = Path("data")) -> None:
    """All addresses of one person are deleted."""
    from vigia.run.courier.contacts import Contacts

    held = Contacts(data)
    held.forget(person_id)
    held.close()


def _mistake(what: str) -> typer.Exit:
    print(f"contacts: {what}", file=sys.stderr)
    return typer.Exit(2)
