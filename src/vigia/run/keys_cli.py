"""`vigia keys add|list|revoke`: keys of services, with a gateway running or not."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from vigia.run.plan import read_plan
from vigia.run.roles import READS
from vigia.run.service_keys import DAYS_DEFAULT, DAYS_MAX, ServiceKeys
from vigia.run.settings import SettingsError

NAME_MAX = 80
keys_app = typer.Typer(no_args_is_help=True, help="Keys of sensors and integrations over HTTP.")
Data = Annotated[Path, typer.Option("--data", help="Folder for journal, keys and ledger.")]


@keys_app.command("add")
def add(
    name: Annotated[str, typer.Option(help="What will use it.")],
    sensor: Annotated[
        list[str] | None, typer.Option("--sensor", help="A sensor it speaks for; repeatable.")
    ] = None,
    reads: Annotated[
        list[str] | None, typer.Option("--reads", help='What it may read: "cap", the CAP feed.')
    ] = None,
    days: Annotated[int, typer.Option(help="How long it is good for.")] = DAYS_DEFAULT,
    agency: Annotated[str, typer.Option(help="An agency of the settings.")] = "site",
    data: Data = Path("data"),
) -> None:
    """Make a key and print it, this once."""
    _run(lambda: _add(data, name, tuple(sensor or ()), tuple(reads or ()), days, agency))


@keys_app.command("list")
def list_keys(data: Data = Path("data")) -> None:
    """Which keys there are, until when, and when each was last used."""

    def go() -> None:
        for known in ServiceKeys(data).all():
            key, used = known.key, known.t_used_s
            last = "never used" if used is None else f"used {_day(used)}"
            what = f"{key.key_id}  {key.name}  {','.join(key.sensors + key.reads)}"
            print(f"{what}  until {_day(key.t_end_s)}  {last}")

    _run(go)


@keys_app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="As `vigia keys list` shows it.")],
    data: Data = Path("data"),
) -> None:
    """End a key at once."""

    def go() -> None:
        if not ServiceKeys(data).revoke(key_id):
            raise SettingsError(f"keys: got {key_id!r}; need one that `vigia keys list` shows")
        print(f"The key {key_id} opens nothing any more.")

    _run(go)


def _add(
    data: Path,
    name: str,
    sensors: tuple[str, ...],
    reads: tuple[str, ...],
    days: int,
    agency: str,
) -> None:
    try:
        plan = read_plan(data)
    except (OSError, msgspec.ValidationError) as e:
        raise SettingsError(
            f"keys: {data} has never been started ({e}); start `vigia watch --data {data}` once"
        ) from e
    known = {s.sensor_id for s in plan.core.sensors}
    for sensor in sensors:
        if sensor not in known:
            words = ", ".join(sorted(known)) or "none"
            raise SettingsError(f"--sensor: got {sensor!r}; need one of {words}")
    for word in reads:
        if word not in READS:
            raise SettingsError(f"--reads: got {word!r}; need one of {', '.join(READS)}")
    if not sensors and not reads:
        raise SettingsError("keys: got neither --sensor nor --reads; need one: what is it for?")
    if not 1 <= days <= DAYS_MAX:
        raise SettingsError(f"--days: got {days}; need 1 to {DAYS_MAX}")
    if not 1 <= len(name.strip()) <= NAME_MAX:
        raise SettingsError(f"--name: got {name!r}; need 1 to {NAME_MAX} characters")
    made = ServiceKeys(data).make(
        name.strip(),
        sensors=sensors,
        reads=reads,
        agency_id=agency,
        days=days,
        now_s=int(time.time()),
    )
    if made is None:
        raise SettingsError("keys: there are as many as there may be; revoke some first")
    key, secret = made
    print(f"{secret}\nKey {key.key_id}, until {_day(key.t_end_s)}. It is shown only now.")


def _day(t_s: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(t_s))


def _run(call: object) -> None:
    assert callable(call)
    try:
        call()
    except SettingsError as e:
        typer.echo(f"vigia: {e}", err=True)
        raise typer.Exit(2) from e
    except (OSError, sqlite3.Error) as e:
        typer.echo(f"vigia: keys: the data folder cannot be used ({e})", err=True)
        raise typer.Exit(2) from e
