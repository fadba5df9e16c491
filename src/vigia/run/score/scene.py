"""Scene files -> Scene: what flies, who stands where, which sensors look. docs/score.md explains.

A scene holds ranges and shares; stage.py draws one world from them for each seed. A range is
[low, high], drawn evenly; a share is a chance from 0 to 1.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Literal, TypeAlias

import msgspec

from vigia.run.settings import SettingsError
from vigia.run.simulate.world import FlyerKind, SensorKind

Range: TypeAlias = tuple[float, float]
Count: TypeAlias = tuple[int, int]
ORDINARY = "ordinary"  # the file of harmless days; not a scene of its own


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all parts of a scene file: an unknown key is an error."""


class SensorSpec(Table, frozen=True, kw_only=True):
    kind: SensorKind
    range_m: Range
    off_m: Range = (0.0, 250.0)  # from the middle of the site
    clutter: Range = (0.0, 0.1)  # mean false detections in a look
    classifies: float = 0.6
    chance: float = 1.0  # that it exists at all
    link: str = ""


class FlyerSpec(Table, frozen=True, kw_only=True):
    """One or more flyers of one behaviour (flights.py). arrive_s: when the first is above its
    goal, or nearest; each further one spread_s later."""

    behaviour: str
    kind: FlyerKind = "drone"
    attacks: bool = False
    count: Count = (1, 1)
    chance: float = 1.0
    arrive_s: Range
    spread_s: Range = (0.0, 0.0)
    flies_s: Range = (60.0, 100.0)  # in the air before that
    speed_mps: Range = (10.0, 20.0)
    height_m: Range = (30.0, 100.0)
    miss_m: Range = (0.0, 0.0)
    stay_s: Range = (20.0, 40.0)
    sector_deg: float = 360.0  # directions it may come from, about the scene's own
    serial: float = 0.3  # share that broadcasts Remote ID
    rf: float = 0.7
    load: float = 0.5
    forged: bool = False  # exists in Remote ID only


class LinkFault(Table, frozen=True, kw_only=True):
    """The sensors on one link speak nonsense, then nothing."""

    link: str
    at_s: Range
    garbled_s: Range
    silent_s: Range


class Scene(Table, frozen=True, kw_only=True):
    version: int
    name: str
    title: str
    says: str
    forbids: str = ""  # what physics and these sensors do not allow
    night: bool = False
    posts: Count = (2, 3)
    apart_m: float = 700.0
    at_post: Count = (1, 2)  # people at each post
    walking: Count = (1, 3)
    looks_out: float = 0.4  # share of people who watch the sky and report
    after_s: float = 30.0  # sensors go on this long after the last flyer
    sensors: tuple[SensorSpec, ...] = ()
    flyers: tuple[FlyerSpec, ...]
    link_fault: LinkFault | None = None
    flights_a_day: int = 0  # of harmless days only
    hours: float = 0.0


def scene_names() -> list[str]:
    """All scenes, in the order of the table."""
    return [name for name in _ORDER if (_FOLDER / f"{name}.toml").is_file()]


def load_scene(name: str) -> Scene:
    """Raises SettingsError naming the scene or the field."""
    path = _FOLDER / f"{name}.toml"
    if not path.is_file():
        raise SettingsError(f"scene: got {name}, need one of {', '.join(scene_names())}")
    return parse_scene(path.read_bytes(), name=name)


def parse_scene(data: bytes, *, name: str) -> Scene:
    try:
        return msgspec.toml.decode(data, type=Scene)
    except msgspec.MsgspecError as e:
        raise SettingsError(f"scene {name}: {e}") from e


def set_of(name: str) -> Set:
    """Raises SettingsError when there is no such set of seeds."""
    for known in FIRST_SEED:
        if known == name:
            return known
    raise SettingsError(f"--set: got {name}, need one of {', '.join(FIRST_SEED)}")


def scene_sources() -> list[tuple[str, bytes]]:
    """Every scene file, for the digest printed with the table."""
    found = [(p.name, p.read_bytes()) for p in _FOLDER.iterdir() if p.name.endswith(".toml")]
    return sorted(found)


Set: TypeAlias = Literal["tuning", "report"]
FIRST_SEED: dict[Set, int] = {"tuning": 1, "report": 1001}

_FOLDER = files("vigia.run.score") / "scenes"
_ORDER = (
    "run_in",
    "weaving",
    "loiter_dash",
    "pop_up",
    "dive",
    "hover_drop",
    "raid5",
    "raid30",
    "decoys",
    "watching",
    "flocks",
    "friendly",
    "hobby",
    "spoofed",
    "shared_link",
    "night_ears",
    "no_radar",
)
