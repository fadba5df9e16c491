"""The steps of setting up: each takes what somebody told, writes it down, and says what is missing.

Everything here may wait for a disk or a process: the door calls it from a thread, one at a time.
READY is a fact, not a button: a drill was answered on a device other than this one.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from pathlib import Path
from typing import Any

import msgspec

from vigia.run.feeds import load_adapter
from vigia.run.invitations import base_url, invite, is_loopback, qr_svg
from vigia.run.page_json import NAME_MAX
from vigia.run.plan import RunPlan
from vigia.run.settings import (
    Listen,
    PostEntry,
    SensorEntry,
    Settings,
    SettingsError,
    Storage,
    load_settings,
)
from vigia.run.settings import Site as SiteSettings
from vigia.run.setup.draft import (
    POSTS_MAX,
    Invitee,
    only_ours,
    post_of,
    read_invitees,
    write_invitees,
    write_settings,
)
from vigia.run.setup.people_csv import Row, Table, read_people
from vigia.run.setup.site import Site, SiteError
from vigia.terms import Role

TEST_S = 10.0
LOOK_S = 1.0
CODE_MINUTES = 7 * 24 * 60  # printed codes live a week
DRILL_AGE_MS = 3_600_000
HINT_MAX = 5


class PostIn(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    lat_deg: float
    lon_deg: float
    radius_m: float = 100.0


class PlaceIn(msgspec.Struct, frozen=True, kw_only=True):
    agency: str
    posts: tuple[PostIn, ...]


class SensorIn(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    adapter: str
    source: str
    simulated: bool = False


class Desk:
    """One for the process."""

    def __init__(self, settings_path: Path, folder: Path, listen: str) -> None:
        """listen: where the vigia that is set up shall be reached. Raises SettingsError."""
        self._path = settings_path
        self._folder = folder
        self._listen = listen
        self._site = Site(settings_path, folder)
        self._settings: Settings | None = None
        if settings_path.exists():
            if not only_ours(settings_path):
                raise SettingsError(
                    f"setup: {settings_path} holds more than setup writes, and would lose it; edit "
                    "it by hand, or name another file with --settings"
                )
            self._settings = load_settings(settings_path)
        self._people = read_invitees(folder)
        self._codes_made = False
        self._drill_ms: int | None = None
        self._heard: dict[str, Any] | None = None
        self._answered: list[str] = []

    # ---- steps -----------------------------------------------------------------------------

    def place(self, told: PlaceIn) -> None:
        """Raises SettingsError."""
        name = told.agency.strip()
        if not 1 <= len(name) <= NAME_MAX:
            raise SettingsError(f"agency: got {len(name)} characters; need 1 to {NAME_MAX}")
        if not 1 <= len(told.posts) <= POSTS_MAX:
            raise SettingsError(f"posts: got {len(told.posts)}; need 1 to {POSTS_MAX}")
        posts: list[PostEntry] = []
        for post in told.posts:
            taken = {p.id for p in posts}
            posts.append(
                post_of(post.name.strip(), post.lat_deg, post.lon_deg, post.radius_m, taken)
            )
        site = SiteSettings(
            name=name,
            lat_deg=sum(p.lat_deg for p in posts) / len(posts),
            lon_deg=sum(p.lon_deg for p in posts) / len(posts),
        )
        sensors = {} if self._settings is None else self._settings.sensors
        self._write(
            Settings(
                site=site,
                posts=tuple(posts),
                sensors=sensors,
                listen=Listen(address=self._listen),
            )
        )

    def people(self, text: str) -> Table:
        """Rows without a mistake are kept. People known by name keep their ids."""
        posts = [] if self._settings is None else [(p.id, p.name) for p in self._settings.posts]
        table = read_people(text, posts)
        known = {p.row.name.lower(): p.person_id for p in self._people}
        self._people = tuple(
            Invitee(person_id=known.get(row.name.lower()) or f"p-{secrets.token_hex(5)}", row=row)
            for row in table.rows
        )
        write_invitees(self._folder, self._people)
        return table

    def sensor(self, told: SensorIn) -> dict[str, Any]:
        """Adds it, starts vigia with it, listens for TEST_S. Raises SettingsError, SiteError."""
        settings = self._need()
        load_adapter(told.adapter)
        entry = SensorEntry(
            adapter=told.adapter, source=told.source.strip(), simulated=told.simulated
        )
        others = {n: s for n, s in settings.sensors.items() if n != told.name}
        self._write(msgspec.structs.replace(settings, sensors={**others, told.name: entry}))
        self.start()
        before = self._of(told.name)
        end_s = time.monotonic() + TEST_S
        while time.monotonic() < end_s and not self._site.over.is_set():
            self._site.over.wait(LOOK_S)
        after = self._of(told.name)
        self._heard = {
            "sensor": told.name,
            "seconds": TEST_S,
            "detections": after.get("detections", 0) - before.get("detections", 0),
            "faults": after.get("faults", 0) - before.get("faults", 0),
            "last_fault": after.get("last_fault", ""),
            "state": after.get("state", "failed"),
        }
        return self._heard

    def start(self) -> None:
        """Raises SettingsError, SiteError."""
        settings = self._need()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._site.start(settings.listen.address)

    def codes(self) -> list[dict[str, str]]:
        """One link and its QR code for each on the list; older codes stay good. Raises
        SettingsError."""
        settings = self._need()
        posts = {p.id: p.name for p in settings.posts}
        url = self.url()
        out: list[dict[str, str]] = []
        for who in self._people:
            made = invite(
                self._folder,
                name=who.row.name,
                role=who.row.role,
                lang=who.row.lang,
                post_id=who.row.post_id,
                person_id=who.person_id,
                minutes=CODE_MINUTES,
            )
            link = made.link(url)
            out.append(
                {
                    "name": who.row.name,
                    "role": who.row.role.value,
                    "lang": who.row.lang.value,
                    "post": posts.get(who.row.post_id or "", ""),
                    "link": link,
                    "qr_svg": qr_svg(link),
                }
            )
        self._codes_made = self._codes_made or bool(out)
        return out

    def drill(self, reason: str) -> None:
        """Raises SiteError."""
        now_ms = int(time.time() * 1000)  # of before it: under load its commit takes seconds
        self._site.drill(reason)
        self._drill_ms = now_ms

    # ---- what is so ------------------------------------------------------------------------

    def url(self) -> str:
        settings = self._need()
        plan = RunPlan(
            site_name="", core=settings.core(), listen=settings.listen, storage=Storage()
        )
        return base_url(plan)

    def state(self) -> dict[str, Any]:
        settings = self._settings
        running = self._site.running
        if running and self._drill_ms is not None and not self._answered:
            self._answered = self._who_answered()
        missing = self._missing(running)
        return {
            "agency": "" if settings is None else settings.site.name,
            "posts": [] if settings is None else msgspec.to_builtins(settings.posts),
            "people": [_person(p.row) for p in self._people],
            "sensors": {} if settings is None else msgspec.to_builtins(settings.sensors),
            "heard": self._heard,
            "settings_path": str(self._path),
            "data": str(self._folder),
            "running": running,
            "url": self.url() if settings is not None else "",
            "lan": not is_loopback(self._listen.rpartition(":")[0]),
            "codes": self._codes_made,
            "drilled": self._drill_ms is not None,
            "answered": self._answered,
            "missing": missing,
            "ready": not missing,
        }

    def _missing(self, running: bool) -> list[str]:
        """Keys of what stands between here and READY, in the order of doing."""
        steps = {
            "place": self._settings is not None and bool(self._settings.posts),
            "people": any(p.row.role is Role.AGENT for p in self._people),
            "officer": any(p.row.role in (Role.WATCH_OFFICER, Role.ADMIN) for p in self._people),
            "start": running,
            "codes": self._codes_made,
            "drill": self._drill_ms is not None,
            "answer": bool(self._answered),
        }
        return [key for key, done in steps.items() if not done]

    def _who_answered(self) -> list[str]:
        """Names of people on a device of theirs, to a drill of this hour."""
        try:
            alerts = self._site.alerts()
        except (SiteError, OSError):
            return []
        since_ms = (self._drill_ms or 0) - LOOK_S * 1000
        return sorted(
            {
                str(a["person_name"] or a["person_id"])
                for a in alerts
                if a["mark"] == "exercise"
                and a["answered_ms"] is not None
                and a["decided_ms"] >= since_ms
                and a["person_id"] not in (None, "setup")
            }
        )

    def end(self) -> None:
        """Whoever waits in a step stops waiting. At once, from any thread."""
        self._site.over.set()

    def close(self) -> None:
        """Setup's own device leaves; the vigia it started ends with it."""
        with contextlib.suppress(SiteError, OSError):  # it may have ended by itself
            self._site.leave()
        self._site.stop()

    def _of(self, name: str) -> dict[str, Any]:
        return next((s for s in self._site.sensors() if s["sensor_id"] == name), None) or {}

    def _need(self) -> Settings:
        if self._settings is None:
            raise SettingsError("setup: name the agency and place a post first")
        return self._settings

    def _write(self, settings: Settings) -> None:
        try:
            write_settings(self._path, settings)
        except OSError as e:
            raise SettingsError(f"{self._path}: cannot be written ({e.strerror})") from e
        self._settings = settings


def _person(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "role": row.role.value,
        "lang": row.lang.value,
        "post_id": row.post_id,
    }
