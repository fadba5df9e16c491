"""Settings and options of the command line -> a plan, two processes, and the console's address."""

from __future__ import annotations

import fcntl
import math
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from vigia.events import (
    CoreSettings,
    Post,
    SensorSite,
)
from vigia.run.capture_site import capture_ground_m, capture_origin
from vigia.run.hello import say_hello
from vigia.run.kinds import kind_of
from vigia.run.plan import FeedPlan, RunPlan, write_plan
from vigia.run.settings import (
    Listen,
    Sapient,
    SensorEntry,
    Settings,
    SettingsError,
    Storage,
    Tak,
    TextMessages,
)
from vigia.run.settings_access import Access
from vigia.run.settings_cap import Cap
from vigia.run.settings_check import check_address
from vigia.run.settings_reach import ReachTimes
from vigia.run.settings_witness import Witness
from vigia.run.stdin_io import forget_heads
from vigia.run.supervise import FINAL, Child, supervise
from vigia.run.transports.url import API, is_url
from vigia.terms import Mark, Position


def parse_posts(texts: Sequence[str]) -> tuple[Post, ...]:
    """--post "NAME,LAT,LON[,RADIUS_M]". Raises SettingsError."""
    posts: list[Post] = []
    for text in texts:
        parts = [p.strip() for p in text.split(",")]
        try:
            lat, lon, *rest = (float(p) for p in parts[1:])
            if rest and not 0.0 <= rest[0] < math.inf:
                raise ValueError("the radius must be 0 or more")
            posts.append(
                Post(
                    post_id=parts[0].lower().replace(" ", "-"),
                    name=parts[0],
                    position=Position(lat, lon, None),
                    radius_m=rest[0] if rest else 0.0,
                )
            )
        except ValueError as e:
            raise SettingsError(
                f"--post: got {text!r}; need NAME,LAT,LON or NAME,LAT,LON,RADIUS_M, such as "
                f'"Post 12,31.79,-106.75" ({e})'
            ) from e
    return tuple(posts)


def capture_plan(
    files: Sequence[str],
    *,
    settings: Settings | None,
    posts: Sequence[Post],
    adapter: str,
    listen: Listen | None,
) -> RunPlan:
    """`vigia watch FILE...`: "-" is a live stream; files are recordings, marked EXERCISE."""
    live = "-" in files
    if live and len(files) > 1:
        raise SettingsError('watch: got "-" beside files; need either a live stream or recordings')
    mode = Mark.ACTUAL if live or not files else Mark.EXERCISE
    if settings is not None:
        core = settings.core()
        if not live and files and core.mode is Mark.ACTUAL:
            core = replace(core, mode=Mark.EXERCISE)
    else:
        core = CoreSettings(mode=mode, origin=_origin(files, posts, adapter))
    sites = {site.sensor_id: site for site in core.sensors}
    feeds: list[FeedPlan] = [_settings_feed(n, s) for n, s in _sources(settings)]
    for n, file in enumerate(files, start=1):
        sensor_id = "stdin" if file == "-" else f"capture-{n}"
        sites[sensor_id] = SensorSite(sensor_id=sensor_id, kind=kind_of(adapter))
        feeds.append(
            FeedPlan(
                kind="stdin" if file == "-" else "playback",
                sensor_id=sensor_id,
                adapter=adapter,
                path=file if file == "-" else str(Path(file).resolve()),
            )
        )
    core = replace(core, posts=(*core.posts, *posts), sensors=tuple(sites.values()))
    core = _on_the_ground(core, files, adapter)
    return RunPlan(
        site_name="recording" if settings is None else settings.site.name,
        ground_call="" if settings is None else settings.site.ground_call,
        core=core,
        listen=_listen(listen, settings),
        storage=Storage() if settings is None else settings.storage,
        tak=Tak() if settings is None else settings.tak,
        sapient=Sapient() if settings is None else settings.sapient,
        text=TextMessages() if settings is None else settings.text,
        feeds=tuple(feeds),
        access=Access() if settings is None else settings.access(),
        channels={} if settings is None else settings.channels,
        cap=Cap() if settings is None else settings.cap,
        witness=Witness() if settings is None else settings.witness,
        reach_times=ReachTimes(silent_at="") if settings is None else settings.reach.tests,
    )


def _listen(asked: Listen | None, settings: Settings | None) -> Listen:
    """The command line changes the address only: names, certificate and key stay the settings'."""
    known = Listen() if settings is None else settings.listen
    return known if asked is None else replace(known, address=asked.address)


def demo_plan(listen: str | None, seed: int) -> RunPlan:
    """`vigia demo`: a scripted raid around invented posts."""
    from vigia.run.simulate.demo import DemoFeed  # a live watch never loads the simulator

    return RunPlan(
        site_name="Demo",
        core=DemoFeed(seed).settings(),
        listen=parse_listen(listen) or Listen(),
        storage=Storage(),
        feeds=(FeedPlan(kind="demo", seed=seed),),
    )


def parse_listen(text: str | None) -> Listen | None:
    """Raises SettingsError."""
    if text is None:
        return None
    check_address(text, "--listen")
    return Listen(address=text)


def data_folder(folder: Path, mode: Mark) -> Path:
    """Recordings keep apart from the live data: they never share a folder."""
    return folder if mode is Mark.ACTUAL else folder.with_name(f"{folder.name}-{mode.value}")


def run_plan(folder: Path, plan: RunPlan, *, open_browser: bool) -> int:
    """Write the plan, start its processes, stay until stopped. Exit code for the shell."""
    try:
        lock = lock_folder(folder)
        if lock is None:
            raise SettingsError(
                f"data folder {folder}: another vigia runs on it; stop that one or choose another "
                "folder with --data"
            )
        forget_heads(folder)
        write_plan(folder, plan)
    except OSError as e:
        raise SettingsError(
            f"data folder {folder}: cannot be written ({e.strerror}); choose another with --data"
        ) from e
    command = [sys.executable, "-m"]
    where = ["--data", str(folder)]
    listening, told = os.pipe()
    children = [
        Child(
            "gateway",
            [*command, "vigia.run.gateway_main", *where, "--ready-fd", str(told)],
            pass_fds=(told,),
        ),
        Child(
            "watch",
            [*command, "vigia.run.watch_main", *where],
            stdin=any(feed.kind == "stdin" for feed in plan.feeds),
        ),
    ]
    if plan.tak.used:
        children.append(Child("TAK", [*command, "vigia.run.tak_server_main", *where]))
    if plan.channels:
        courier = [*command, "vigia.run.courier_main", *where]
        children.append(Child("courier", courier))
    hello = threading.Thread(
        target=say_hello,
        args=(folder, plan, listening),
        kwargs={"open_browser": open_browser},
        daemon=True,
    )
    hello.start()
    try:
        code = supervise(children)
    finally:
        os.close(lock)
    return code if code in FINAL else 0  # the process that ended so has said why


def lock_folder(folder: Path) -> int | None:
    """One supervisor a folder; the file descriptor holds the lock until it is closed.

    None: another vigia runs on it. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _origin(files: Sequence[str], posts: Sequence[Post], adapter: str) -> Position:
    if posts:
        return posts[0].position
    captures = [f for f in files if f != "-"]
    if not captures:
        raise SettingsError(
            "watch: no site; give its settings with --settings FILE or a post with "
            '--post "NAME,LAT,LON"'
        )
    return capture_origin(Path(captures[0]), adapter)


def _on_the_ground(core: CoreSettings, files: Sequence[str], adapter: str) -> CoreSettings:
    """With the ground's height where nobody gave one: the site's, else what a capture tells.

    When nothing tells it, it stays unknown, and no height above ground is shown.
    """
    ground = core.origin.alt_hae_m
    captures = [Path(f) for f in files if f != "-"]
    while ground is None and captures:
        ground = capture_ground_m(captures.pop(0), adapter)
    if ground is None:
        return core

    def on_it(at: Position) -> Position:
        return at if at.alt_hae_m is not None else replace(at, alt_hae_m=ground)

    posts = tuple(replace(post, position=on_it(post.position)) for post in core.posts)
    return replace(core, origin=on_it(core.origin), posts=posts)


def _sources(settings: Settings | None) -> list[tuple[str, SensorEntry]]:
    if settings is None:
        return []
    return [(n, s) for n, s in settings.sensors.items() if s.source]


def _settings_feed(sensor_id: str, sensor: SensorEntry) -> FeedPlan:
    source = sensor.source
    kind = {"-": "stdin", API: API}.get(source, "url" if is_url(source) else "playback")
    return FeedPlan(
        kind=kind,
        sensor_id=sensor_id,
        adapter=sensor.adapter,
        path=source,
        heading_deg_true=sensor.heading_deg_true,
        key_env=sensor.key_env,
        posts_per_s=sensor.posts_per_s,
    )
