"""One TOML file -> frozen settings, or an error that says what, got, expected and what to do."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from vigia.alert_terms import DroneClass
from vigia.events import CoreSettings, Policy, Post, SensorSite
from vigia.run.channel_settings import ChannelEntry
from vigia.run.kinds import kind_of
from vigia.run.settings_access import (
    Access,
    AgencyEntry,
    Privacy,
    Sharing,
    SignIn,
    check_access,
    post_agencies,
)
from vigia.run.settings_cap import Cap
from vigia.run.settings_reach import Reach
from vigia.run.settings_witness import Witness
from vigia.terms import Channel, Grade, Mark, Position

SETTINGS_BYTES_MAX = 1_000_000


class SettingsError(Exception):
    """The operator's mistake: shown as it is, at once, and nothing starts."""


class Site(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The middle of the watched area: origin of the local frame."""

    name: str = "unnamed site"
    lat_deg: float
    lon_deg: float
    alt_hae_m: float | None = None  # None: no height above ground is shown
    false_tracks_per_hour: float = 1.0  # confirmed ones, of one sensor
    own_drones: tuple[str, ...] = ()  # serials of our own
    ground_call: str = ""  # whom phones say to call about a drone on the ground


class PostEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    name: str
    lat_deg: float
    lon_deg: float
    alt_hae_m: float | None = None
    radius_m: float = 0.0


class SensorEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """adapter: a module in vigia.sensors, or package:Class of your own.

    source: "-" is standard input, a URL a live transport (run/transports/url.py), else a file
    that is played back (marked EXERCISE). authority: the legal basis on which a receiver of
    radio broadcasts is used here; some adapters are off without it.
    """

    adapter: str
    source: str = ""
    kind: str = ""  # radar, camera, rf, acoustic, remote_id, adsb; "": as the adapter says
    authority: str = ""
    key_env: str = ""  # source "api": the environment variable that holds this sensor's key
    posts_per_s: float = 20.0  # source "api": more than this of it are refused with 429
    lat_deg: float | None = None
    lon_deg: float | None = None
    alt_hae_m: float | None = None
    link: str = ""
    simulated: bool = False
    grade: str = "B2"
    p_detect: float = 0.9
    false_per_hour: float = 5.0
    range_max_m: float = 3_000.0
    silent_after_s: float | None = None
    covers: DroneClass | None = None  # None: as the adapter's kind says
    view_deg_true: float | None = None  # middle of its field of view; None: all around
    view_width_deg: float = 360.0
    heading_deg_true: float | None = None  # of the platform, for bearings measured from it


class Listen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Loopback unless told otherwise; beyond it only with TLS (a site CA is made by itself)."""

    address: str = "127.0.0.1:8470"
    hosts: tuple[str, ...] = ()  # names and addresses the certificate is for
    cert: str | None = None
    key: str | None = None
    public_url: str = ""  # of the pages, as people reach them; for links in messages


class Sapient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fusion nodes that hear vigia's tracks and alerts: tcp://host:port, tls://host:port."""

    urls: tuple[str, ...] = ()


class Tak(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cursor on Target: where it goes, who is served, what is believed (docs/tak.md)."""

    urls: tuple[str, ...] = ()  # other servers and the mesh: tcp://host:port, udp://host:port
    listen: str = ""  # plain TCP, on this machine only; "" is off
    listen_tls: str = ""  # TLS with client certificates; "" is off
    mesh: str = ""  # multicast group that is heard, HOST:PORT; "" is off
    callsigns: dict[str, str] = {}  # of clients without a certificate, to person ids
    keep_h: int = 24  # what was relayed is deleted after
    keep_mb: int = 64  # and beyond

    @property
    def used(self) -> bool:
        """Is a TAK process needed at all?"""
        return bool(self.urls or self.listen or self.listen_tls or self.mesh)


class TextMessages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reports by SMS (docs/text.md). The key itself is never in the settings."""

    key_file: str | None = None  # holds the SMS gateway's key; None: no messages are taken
    url: str = ""  # our address as the gateway calls it, for Twilio's signature
    numbers: dict[str, str] = {}  # telephone number to person: where he is, not who he is


class Storage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    scans_mb_max: int = 2_000  # the oldest scans beyond it are deleted
    forget_after_h: int = 24  # then the keys of a shift's positions are destroyed


class _StrictPolicy(Policy, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mode: Mark = Mark.ACTUAL
    site: Site
    listen: Listen = Listen()
    posts: tuple[PostEntry, ...] = ()
    sensors: dict[str, SensorEntry] = {}
    tak: Tak = Tak()
    sapient: Sapient = Sapient()
    text: TextMessages = TextMessages()
    storage: Storage = Storage()
    policy: Policy = Policy()
    reach: Reach = Reach()
    channels: dict[str, ChannelEntry] = {}
    agencies: dict[str, AgencyEntry] = {}
    sharing: Sharing = {}
    sign_in: SignIn = SignIn()
    privacy: Privacy = Privacy()
    cap: Cap = Cap()
    witness: Witness = Witness()

    def access(self) -> Access:
        return Access(
            agencies=self.agencies,
            sharing=self.sharing,
            sign_in=self.sign_in,
            privacy=self.privacy,
        )

    def core(self) -> CoreSettings:
        """What the deterministic core gets to know of them."""
        site = Position(self.site.lat_deg, self.site.lon_deg, self.site.alt_hae_m)
        whose = post_agencies(self.agencies)
        kinds = dict.fromkeys(entry.kind for entry in self.channels.values())
        channels = (Channel.PAGE, *((Channel.COT,) if self.tak.used else ()), *kinds)
        return CoreSettings(
            mode=self.mode,
            origin=site,
            posts=tuple(_post(p, self.site.alt_hae_m, whose) for p in self.posts),
            sensors=tuple(_sensor(name, s) for name, s in self.sensors.items()),
            policy=self.policy,
            false_tracks_per_hour=self.site.false_tracks_per_hour,
            own_serials=self.site.own_drones,
            channels=channels,
            agencies=tuple(self.agencies),
            reach=self.reach.policy(),
        )


def load_settings(path: Path) -> Settings:
    """Raises SettingsError."""
    try:
        data = path.read_bytes()
    except OSError as e:
        raise SettingsError(
            f"settings {path}: cannot be read ({e.strerror}); name the file with --settings"
        ) from e
    if len(data) > SETTINGS_BYTES_MAX:
        raise SettingsError(f"settings {path}: got {len(data)} bytes; need a TOML file under 1 MB")
    return parse_settings(data, name=str(path))


def parse_settings(data: bytes, *, name: str) -> Settings:
    """Raises SettingsError naming the key and, for an unknown one, the nearest known."""
    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise SettingsError(f"settings {name}: not TOML: {e}") from e
    try:
        settings = msgspec.convert(table, Settings)
        # Policy is also read from journals, newer ones too, so it is not strict by itself
        msgspec.convert(table.get("policy", {}), _StrictPolicy)
    except msgspec.ValidationError as e:
        raise SettingsError(f"settings {name}: {_explain(str(e), table)}") from e
    _check(settings, name)
    return settings


def effective(settings: Settings) -> str:
    """The whole settings with their defaults, as JSON for people (`vigia check`)."""
    return msgspec.json.format(msgspec.json.encode(settings), indent=2).decode()


def _check(settings: Settings, name: str) -> None:
    try:
        settings.core()
    except ValueError as e:
        raise SettingsError(f"settings {name}: {e}") from e
    ids = [p.id for p in settings.posts]
    for post_id in ids:
        if ids.count(post_id) > 1:
            raise SettingsError(f"settings {name}: posts: two have the id {post_id!r}")
    if settings.mode is Mark.DEMO:
        raise SettingsError(
            f'settings {name}: mode: got "demo"; need "actual" or "exercise" '
            "(the demo has settings of its own: run `vigia demo`)"
        )
    wrong = check_access(settings.access(), posts=ids, sensors=settings.sensors)
    if wrong is not None:
        raise SettingsError(f"settings {name}: {wrong}")
    from vigia.run.settings_check import check_values  # it needs this module's types

    try:
        check_values(settings)
    except SettingsError as e:
        raise SettingsError(f"settings {name}: {e}") from e


def _post(entry: PostEntry, alt_m: float | None, whose: dict[str, str]) -> Post:
    alt = alt_m if entry.alt_hae_m is None else entry.alt_hae_m
    return Post(
        post_id=entry.id,
        name=entry.name,
        position=Position(entry.lat_deg, entry.lon_deg, alt),
        radius_m=entry.radius_m,
        agency_id=whose.get(entry.id, ""),
    )


def _sensor(name: str, entry: SensorEntry) -> SensorSite:
    position = None
    if entry.lat_deg is not None and entry.lon_deg is not None:
        position = Position(entry.lat_deg, entry.lon_deg, entry.alt_hae_m)
    if len(entry.grade) != 2 or not entry.grade[1].isdigit():
        raise ValueError(f'[sensors.{name}] grade: got {entry.grade!r}; need such as "B2"')
    return SensorSite(
        sensor_id=name,
        kind=entry.kind or kind_of(entry.adapter),
        position=position,
        link=entry.link,
        simulated=entry.simulated,
        grade=Grade(entry.grade[0], int(entry.grade[1])),
        p_detect=entry.p_detect,
        false_per_hour=entry.false_per_hour,
        range_max_m=entry.range_max_m,
        silent_after_s=entry.silent_after_s,
        covers=entry.covers,
        view_deg_true=entry.view_deg_true,
        view_width_deg=entry.view_width_deg,
    )


def _explain(message: str, table: dict[str, object]) -> str:
    """msgspec's message, with the nearest known key when one is unknown."""
    found = re.search(r"unknown field `([^`]+)`(?: - at `\$\.?([^`]*)`)?", message)
    if found is None:
        return message.replace("`$.", "`").replace("`$`", "the file")
    key, path = found.group(1), found.group(2) or ""
    if not path and key not in table:
        path = "policy"
    known = _fields_at(path)
    near = difflib.get_close_matches(key, known, n=1)
    where = f"[{path}] " if path else ""
    hint = f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known)}"
    return f"{where}unknown key {key!r}{hint}"


def _fields_at(path: str) -> list[str]:
    """Known keys of the table at a path such as `sensors[...]` or `site`."""
    kind: Any = Settings  # Any: types are looked at as values here
    for part in re.findall(r"\[[^\]]*\]|[^.\[\]]+", path):
        if part.startswith("["):  # into a dict's values or a tuple's items
            args = get_args(kind)
            kind = args[-1] if get_origin(kind) is dict else args[0]
        else:
            kind = get_type_hints(kind)[part]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [f.name for f in msgspec.structs.fields(kind)]
    return []
