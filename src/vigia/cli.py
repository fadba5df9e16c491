"""The command line: words -> one call into run/. Imports are late, so that help is instant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vigia import __version__
from vigia.run.operator_errors import operator

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="vigia warns people on the ground before a hostile drone reaches them.",
)
Data = Annotated[Path, typer.Option("--data", help="Folder for journal, keys and ledger.")]
Listen = Annotated[
    str | None,
    typer.Option("--listen", help="HOST:PORT. Beyond this machine HTTPS is switched on."),
]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="A TOML file.")]


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"vigia {__version__}")
        raise typer.Exit
    from vigia.run.warm import keep_compiled

    keep_compiled()


@app.command()
def watch(
    files: Annotated[
        list[str] | None,
        typer.Argument(help='Captures to play back, or "-" for a live stream on standard input.'),
    ] = None,
    settings: SettingsFile = None,
    post: Annotated[
        list[str] | None, typer.Option("--post", help='"NAME,LAT,LON[,RADIUS_M]"; repeatable.')
    ] = None,
    adapter: Annotated[str, typer.Option(help="How to read the captures.")] = "remote_id",
    data: Data = Path("data"),
    listen: Listen = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="No server: as fast as it goes, print what it saw.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the console in the browser.")] = False,
) -> None:
    """Watch: warn people, live or on recordings."""
    from vigia.run import fast as fast_run
    from vigia.run import start
    from vigia.run.settings import load_settings

    def go() -> int:
        plan = start.capture_plan(
            files or [],
            settings=load_settings(settings) if settings else None,
            posts=start.parse_posts(post or []),
            adapter=adapter,
            listen=start.parse_listen(listen),
        )
        if fast:
            return fast_run.run_fast(plan, sys.stdout)
        folder = start.data_folder(data, plan.core.mode)
        return start.run_plan(folder, plan, open_browser=browser)

    operator(go)


@app.command()
def setup(
    settings: Annotated[Path, typer.Option(help="The file it writes.")] = Path("site.toml"),
    data: Data = Path("data"),
    page: Annotated[
        str, typer.Option(help="HOST:PORT of the setup page; 0.0.0.0 for a browser on the LAN.")
    ] = "127.0.0.1:8469",
    listen: Annotated[
        str, typer.Option(help="HOST:PORT where phones shall reach vigia.")
    ] = "0.0.0.0:8470",
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """The first hour: agency, posts, people, a sensor, enrolment codes, a drill; in the browser."""
    from vigia.run.setup.serve import run_setup

    operator(lambda: run_setup(settings, data, page=page, site=listen, open_browser=browser))


@app.command()
def demo(
    data: Data = Path("demo-data"),
    listen: Listen = None,
    seed: Annotated[int, typer.Option(help="Another seed is another raid.")] = 1,
    browser: Annotated[bool, typer.Option(help="Open the console in the browser.")] = True,
) -> None:
    """Play a raid around invented posts until stopped; the console shows it."""
    from vigia.run import start

    operator(lambda: start.run_plan(data, start.demo_plan(listen, seed), open_browser=browser))


@app.command()
def check(settings: Annotated[Path, typer.Argument(help="A TOML file.")]) -> None:
    """Check a settings file and print all of it with its defaults."""
    from vigia.run.settings import effective, load_settings

    def go() -> int:
        typer.echo(effective(load_settings(settings)))
        return 0

    operator(go)


@app.command()
def invite(
    name: Annotated[str, typer.Option(help="Whom the link is for, as others see it.")],
    role: Annotated[
        str, typer.Option(help="viewer, officer, watch_officer, analyst, releaser or admin.")
    ] = "officer",
    lang: Annotated[str, typer.Option(help="en or es.")] = "en",
    post: Annotated[str | None, typer.Option(help="Id of the post the person belongs to.")] = None,
    minutes: Annotated[int, typer.Option(help="How long the link is good for.")] = 15,
    agency: Annotated[str, typer.Option(help="An agency of the settings.")] = "site",
    data: Data = Path("data"),
) -> None:
    """Make a one-time link (and its QR code) that enrols a phone or a console."""
    from vigia.run.hello import print_invitation

    operator(
        lambda: print_invitation(
            data, name=name, role=role, lang=lang, post_id=post, minutes=minutes, agency_id=agency
        )
    )


@app.command()
def decode(
    sensor: Annotated[str, typer.Argument(help="An adapter, such as remote_id.")],
    files: Annotated[list[Path], typer.Argument(help="Files it reads.")],
) -> None:
    """Print one JSON line a message, to compare decoders line by line."""
    from vigia.run.decode import decode as run_decode

    operator(lambda: run_decode(sensor, files, sys.stdout))


@app.command()
def track(
    detections: Annotated[
        Path,
        typer.Argument(
            help="Parquet or CSV, with sensors.csv and scenario.json beside it; or a COURAGEOUS "
            ".json log."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", help="File for the tracks: .csv, or .json for COURAGEOUS.")
    ],
) -> None:
    """Track recorded detections of any site and write the tracks to a file."""
    from vigia.run.track_files import run_track

    operator(lambda: run_track(detections, out))


@app.command()
def replay(
    journal: Annotated[Path, typer.Argument(help="A data folder or its journal file.")],
) -> None:
    """Compute every decision again from the inputs alone, and compare. Never sends anything."""
    from vigia.flow import Watch
    from vigia.run.replay import replay as run_replay

    operator(lambda: run_replay(journal, Watch, sys.stdout).exit_code)


@app.command()
def why(
    person: Annotated[str, typer.Argument(help="Person id.")],
    time: Annotated[str, typer.Argument(help="HH:MM:SS (UTC), or 2026-01-01T12:00:00Z.")],
    data: Data = Path("data"),
) -> None:
    """Explain what a person was told at a time: which tracks, evidence, threshold and words."""
    from vigia.run.why import explain

    operator(lambda: explain(data, person, time, sys.stdout))


@app.command()
def simulate(
    seed: Annotated[int, typer.Option(help="The first world.")] = 1,
    count: Annotated[int, typer.Option(help="How many worlds.")] = 1,
    verbose: Annotated[bool, typer.Option("--verbose", "-v")] = False,
    as_device: Annotated[
        str,
        typer.Option("--as", help="Speak as this device: docs/sensors/simulators.md."),
    ] = "",
    to: Annotated[str, typer.Option(help="HOST:PORT of the other side, or to listen on.")] = "",
    lat: Annotated[float, typer.Option(help="Middle of the invented flights.")] = 31.79,
    lon: Annotated[float, typer.Option(help="The same.")] = -106.75,
    flights: Annotated[int, typer.Option(help="How many things fly.")] = 3,
    rate: Annotated[float, typer.Option(help="Reports of each a second.")] = 1.0,
    seconds: Annotated[float | None, typer.Option(help="Then stop.")] = None,
    sensor: Annotated[str, typer.Option(help="Of the observation API: whose key it is.")] = "",
) -> None:
    """Drive the core through seeded worlds and check what must always hold; with --as, speak a
    sensor's protocol to a running vigia."""
    if as_device:
        from vigia.run.simulate.speak import Asked, speak

        asked = Asked(
            host="", port=0, lat_deg=lat, lon_deg=lon, flights=flights, rate_hz=rate,
            seconds=seconds, seed=seed, sensor_id=sensor or "simulated",
        )  # fmt: skip
        operator(lambda: speak(as_device, to, asked))
        return
    from vigia.run.simulate.worlds import main

    operator(lambda: main(seed=seed, count=count, verbose=verbose))


@app.command()
def sensors(data: Data = Path("data")) -> None:
    """Adapters that there are; and, while vigia runs on the folder, how each sensor is."""
    from vigia.run.sensors_cli import main

    operator(lambda: main(data))


@app.command()
def score(
    seeds: Annotated[int, typer.Option(help="How many seeds of each scene.")] = 20,
    set_name: Annotated[
        str, typer.Option("--set", help="tuning (seeds from 1) or report (seeds from 1001).")
    ] = "tuning",
    scene: Annotated[
        list[str] | None,
        typer.Option("--scene", help='A scene, or "ordinary" for harmless days; repeatable.'),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Only this seed; tells its story.")] = None,
    days: Annotated[int, typer.Option(help="Harmless days of 100 flights; 0: none.")] = 30,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 2,
    plot: Annotated[Path | None, typer.Option(help="Write a page with drawings.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write every number.")] = None,
    table: Annotated[Path | None, typer.Option(help="Write the table as Markdown.")] = None,
    write: Annotated[
        Path | None, typer.Option(help="Write the truth of each seed to a folder, run nothing.")
    ] = None,
) -> None:
    """Score the warnings on seeded scenes: lead, missed, false, beside oracle and peer."""
    from vigia.run.score.bench import Wanted, main
    from vigia.run.score.scene import set_of

    operator(
        lambda: main(
            Wanted(
                set_name=set_of(set_name), seeds=seeds, scenes=tuple(scene or ()), seed=seed,
                days=days, jobs=jobs, plot=plot, json=json, write=write, table=table,
            )
        )
    )  # fmt: skip


@app.command()
def openapi() -> None:
    """Print the HTTP interface as an OpenAPI 3.1 document."""
    import msgspec

    from vigia.run.openapi import document

    typer.echo(msgspec.json.format(msgspec.json.encode(document()), indent=2).decode())


@app.command()
def forget(
    person: Annotated[str, typer.Argument(help="Person id whose positions are to be forgotten.")],
    data: Data = Path("data"),
) -> None:
    """Destroy the keys of a person's stored positions, for ever and everywhere."""
    from vigia.run.forgetting import forget as run_forget

    operator(lambda: run_forget(data, person))


def _add_keys() -> None:
    from vigia.run.keys_cli import keys_app

    app.add_typer(keys_app, name="keys")
    from vigia.run.tak_server.app import report, tak_app

    app.add_typer(tak_app, name="tak")
    app.command()(report)
    from vigia.run.drill_cli import drill

    app.command()(drill)
    from vigia.run import looking_after_cli as after

    for command in (after.backup, after.restore, after.upgrade, after.doctor):
        app.command()(command)


def _add_ledger() -> None:
    from vigia.run.ledger_cli import ledger_app

    app.add_typer(ledger_app, name="ledger")
    from vigia.run.records.cli import incidents_app

    app.add_typer(incidents_app, name="incidents")
    from vigia.run.records.aid_cli import aid_app

    app.add_typer(aid_app, name="first-aid")
    from vigia.run.cap_cli import cap_app

    app.add_typer(cap_app, name="cap")
    from vigia.run.contacts_cli import contacts_app

    app.add_typer(contacts_app, name="contacts")


def _add_maps() -> None:
    from vigia.run.map_cli import map_app

    app.add_typer(map_app, name="map")


_add_ledger()
_add_keys()
_add_maps()
