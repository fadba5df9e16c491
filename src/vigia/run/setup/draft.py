"""What an agency has told so far -> a settings file a person can read, and the people's list.

The settings file is the one source: what a person changes in it by hand is read again. The list of
people (names) is not part of it; it lies in the data folder, readable by the owner only.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path

import msgspec

from vigia.run.settings import PostEntry, SensorEntry, Settings, load_settings, parse_settings
from vigia.run.setup.people_csv import PEOPLE_MAX, Row
from vigia.terms import Mark

PEOPLE_FILE = "setup-people.json"
POSTS_MAX = 500


class Invitee(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody on the list. person_id stays the same when his code is made again."""

    person_id: str
    row: Row


def toml_of(settings: Settings) -> bytes:
    """With comments, keys at their defaults left out. Raises SettingsError, a mistake of ours
    excepted, when the values cannot stand in a settings file."""
    site, listen = settings.site, settings.listen
    lines = [
        "# vigia: settings of this site. Written by `vigia setup`; edit it as you like,",
        "# `vigia check FILE` looks for mistakes. All keys: docs/settings.md",
        "",
        f"mode = {_text(settings.mode.value)}",
        "",
        "[site]",
        f"name = {_text(site.name)}",
        f"lat_deg = {site.lat_deg:.6f}  # the middle of the watched area",
        f"lon_deg = {site.lon_deg:.6f}",
    ]
    if site.alt_hae_m is not None:
        lines.append(f"alt_hae_m = {site.alt_hae_m}")
    lines += ["", "[listen]", f"address = {_text(listen.address)}"]
    if listen.hosts:
        lines.append(f"hosts = [{', '.join(map(_text, listen.hosts))}]")
    for key, value in (("cert", listen.cert), ("key", listen.key)):
        if value is not None:
            lines.append(f"{key} = {_text(value)}")
    for post in settings.posts:
        lines += ["", "[[posts]]", f"id = {_text(post.id)}", f"name = {_text(post.name)}"]
        lines += [f"lat_deg = {post.lat_deg:.6f}", f"lon_deg = {post.lon_deg:.6f}"]
        lines.append(f"radius_m = {post.radius_m}  # how far its people spread")
    for name, sensor in settings.sensors.items():
        lines += ["", f"[sensors.{_text(name)}]", *_table(sensor)]
    text = "\n".join(lines) + "\n"
    parse_settings(text.encode(), name="setup")
    return text.encode()


def _table(sensor: SensorEntry) -> list[str]:
    """Every key that is not at its default."""
    default = msgspec.to_builtins(SensorEntry(adapter=""))
    return [
        f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in msgspec.to_builtins(sensor).items()
        if value != default[key] and value is not None
    ]


def _text(value: str) -> str:
    """A TOML basic string: JSON's escapes are among TOML's."""
    return json.dumps(value, ensure_ascii=False)


def write_settings(path: Path, settings: Settings) -> None:
    """Whole or not at all. What setup does not know of (policy, TAK, ...) must not get lost, so a
    file with more than it writes is left as it is. Raises SettingsError, OSError."""
    data = toml_of(settings)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)


def only_ours(path: Path) -> bool:
    """The file holds nothing that setup would leave out."""
    settings = load_settings(path)
    return parse_settings(toml_of(settings), name="setup") == settings


def read_invitees(folder: Path) -> tuple[Invitee, ...]:
    try:
        data = (folder / PEOPLE_FILE).read_bytes()
    except OSError:
        return ()
    return msgspec.json.decode(data, type=tuple[Invitee, ...])[:PEOPLE_MAX]


def write_invitees(folder: Path, people: tuple[Invitee, ...]) -> None:
    """Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / PEOPLE_FILE
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    fd = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(fd, "wb") as f:
        f.write(msgspec.json.encode(people))
    os.replace(part, path)


def post_of(
    name: str, lat_deg: float, lon_deg: float, radius_m: float, taken: set[str]
) -> PostEntry:
    """With an id of its name that none of the others has."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "post"
    post_id, n = base, 2
    while post_id in taken:
        post_id, n = f"{base}-{n}", n + 1
    return PostEntry(id=post_id, name=name, lat_deg=lat_deg, lon_deg=lon_deg, radius_m=radius_m)


def actual(settings: Settings) -> bool:
    return settings.mode is Mark.ACTUAL
