"""Sensors' settings and their last word -> how each place is watched: by class and direction.

A sensor works only as long as something proves it: a detection, a heartbeat or ambient traffic
within prove_s (silent_after_s, where the settings give it). Without proof it counts as blind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from vigia.alert.state import Sight
from vigia.alert_terms import DroneClass, Watched
from vigia.events import ClassCover, CoverTold
from vigia.threats import Looking

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from vigia.events import CoreSettings, SensorSite
    from vigia.geo import Site

POINTS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
CLASSES = tuple(DroneClass)
CLASS_OF = {
    "remote_id": DroneClass.BROADCASTING,
    "rf": DroneClass.TRANSMITTING,
    "radar": DroneClass.FLYING,
    "camera": DroneClass.FLYING,
    "acoustic": DroneClass.AUDIBLE,
}
LOSES_HOVERING = frozenset({"radar"})
STRAYS, STRAYS_S = 4.0, 0.2  # so many times what is declared, and a little, is nonsense
SEES_AROUND = frozenset({"radar"})  # unless the settings say otherwise
RING_M = 500.0  # a direction is covered when a drone this far away in it would be noticed
RING_AUDIBLE_M = 100.0
SENSORS_MAX = 1_000  # whose last word is remembered; further ones count as unproved
WORKS, UNPROVED, LOST = 0, 1, 2
FRESH_S = 8.0  # a sensor heard within it is looking: heartbeats come every five seconds or so
BLIND = frozenset({Watched.LOST, Watched.UNPROVED})


class Told(msgspec.Struct):
    """What was last decided of one place. bits: of declared and of working cover."""

    said: CoverTold
    bits: bytes
    blind_to_hover: bool
    works: tuple[DroneClass, ...] = ()  # classes of which a sensor works here, whatever direction


class CoverMemory(msgspec.Struct):
    """Its encoding is its snapshot."""

    t_start_ns: int = 0
    heard: dict[str, int] = {}  # sensor -> t_recv of its last word
    lost: dict[str, str] = {}  # sensor -> why the way to it is gone
    told: dict[str, Told] = {}  # by target


class Spots(NamedTuple):
    """Where posts and people are: (n,) targets and persons (None: a post), (n, 2) [m]."""

    target_ids: list[str]
    person_ids: list[str | None]
    en_m: NDArray[np.float64]


class Rows(NamedTuple):
    """Sensors in columns: (m, 2) place [m], (m,) reach [m], middle and half width of view [deg],
    index of the class; loses_hovering (m,)."""

    en_m: NDArray[np.float64]
    reach_m: NDArray[np.float64]
    view_deg: NDArray[np.float64]
    half_deg: NDArray[np.float64]
    cls: NDArray[np.intp]
    loses_hovering: NDArray[np.bool_]
    kinds: tuple[str, ...]


def heard(memory: CoverMemory, sensor_id: str, t_ns: int) -> None:
    """A detection, a heartbeat or ambient traffic."""
    if len(memory.heard) < SENSORS_MAX or sensor_id in memory.heard:
        memory.heard[sensor_id] = t_ns
    memory.lost.pop(sensor_id, None)


def lost(memory: CoverMemory, sensor_id: str, why: str) -> None:
    if len(memory.lost) < SENSORS_MAX:
        memory.lost[sensor_id] = why


def sensor_rows(sensors: Sequence[SensorSite], site: Site) -> Rows:
    """A sensor without a place is taken to stand at the site's origin. Unknown kinds, such as
    plug-ins, cover nothing unless their settings say what."""
    known = [s for s in sensors if _covers(s) is not None]
    at = [_en(s, site) for s in known]
    return Rows(
        np.array(at, dtype=np.float64).reshape(-1, 2),
        np.array([s.range_max_m for s in known]),
        np.array([0.0 if s.view_deg_true is None else s.view_deg_true for s in known]),
        np.array([180.0 if s.view_deg_true is None else s.view_width_deg / 2.0 for s in known]),
        np.array([CLASSES.index(_class_of(s)) for s in known], dtype=np.intp),
        np.array([s.kind in LOSES_HOVERING for s in known], dtype=np.bool_),
        tuple(s.kind for s in known),
    )


def proofs(settings: CoreSettings, memory: CoverMemory, t_ns: int) -> NDArray[np.intp]:
    """(m,) WORKS, UNPROVED or LOST for the sensors of sensor_rows."""
    found: list[int] = []
    for s in settings.sensors:
        if _covers(s) is None:
            continue
        last_ns = memory.heard.get(s.sensor_id)
        allowed_s = settings.policy.prove_s if s.silent_after_s is None else s.silent_after_s
        if s.sensor_id in memory.lost:
            found.append(LOST)
        elif last_ns is not None and t_ns - last_ns <= allowed_s * 1e9:
            found.append(WORKS)
        elif s.silent_after_s is None:
            found.append(UNPROVED)
        else:  # after a start it gets its time to speak
            since_ns = max(memory.t_start_ns, last_ns or 0)
            found.append(LOST if t_ns - since_ns > allowed_s * 1e9 else UNPROVED)
    return np.array(found, dtype=np.intp)


def looking_now(
    settings: CoreSettings,
    memory: CoverMemory,
    site: Site,
    strays: Mapping[str, float],
    t_ns: int,
) -> list[Looking]:
    """The placed sensors that notice any drone in sight, were heard within FRESH_S and make sense.
    Where a camera looks is known only if its settings say so. strays: rows a second of each that
    no track claims; one that has far more of them than it declares speaks nonsense."""
    found: list[Looking] = []
    for s in settings.sensors:
        last_ns = memory.heard.get(s.sensor_id)
        sees = s.position is not None and _covers(s) is DroneClass.FLYING
        around = s.kind in SEES_AROUND or s.view_deg_true is not None
        if not (sees and around) or last_ns is None or t_ns - last_ns > FRESH_S * 1e9:
            continue
        nonsense = strays.get(s.sensor_id, 0.0) > STRAYS * (s.false_per_hour / 3600.0 + STRAYS_S)
        if s.sensor_id not in memory.lost and not nonsense:
            e, n = _en(s, site)
            half = 180.0 if s.view_deg_true is None else s.view_width_deg / 2.0
            found.append(Looking(e, n, s.range_max_m, s.view_deg_true or 0.0, half))
    return found


def look(
    memory: CoverMemory,
    spots: Spots,
    rows: Rows,
    proof: NDArray[np.intp],
    t_ns: int,
) -> list[CoverTold]:
    """What changed at each place. A person elsewhere hears only of a change that matters to him."""
    for target_id in memory.told.keys() - set(spots.target_ids):
        del memory.told[target_id]
    if not spots.target_ids:
        return []
    reach = _reach(spots.en_m, rows)  # (n, 8, m)
    alive = reach & (proof == WORKS)
    declared, works = _by_class(reach, rows), _by_class(alive, rows)
    some: NDArray[np.bool_] = np.any(works, axis=1)  # (n, classes)
    silent: list[bool] = np.any(reach & (proof == LOST), axis=(1, 2)).tolist()
    hover: NDArray[np.bool_] = np.any(alive & ~rows.loses_hovering, axis=(1, 2))
    loses: list[bool] = (np.any(some, axis=1) & ~hover).tolist()
    flat = np.concatenate((declared, works), axis=1).reshape(len(spots.en_m), -1)
    bits = [row.tobytes() for row in np.packbits(flat, axis=1)]
    found: list[CoverTold] = []
    for k, target_id in enumerate(spots.target_ids):
        told, person_id = memory.told.get(target_id), spots.person_ids[k]
        if told is not None and told.bits == bits[k] and not _turned(told, silent=silent[k]):
            told.blind_to_hover = loses[k]
            continue
        watched = _watched(declared[k], works[k], silent=silent[k])
        same = told is not None and told.said.watched is watched
        here = Told(
            said=told.said
            if told is not None and same and person_id is not None
            else CoverTold(
                target_id=target_id,
                person_id=person_id,
                watched=watched,
                t_since_ns=told.said.t_since_ns if told is not None and same else t_ns,
                classes=_classes(declared[k], works[k], reach[k].any(axis=0), rows, proof),
            ),
            bits=bits[k],
            blind_to_hover=loses[k],
            works=tuple(CLASSES[c] for c in np.flatnonzero(some[k]).tolist()),
        )
        memory.told[target_id] = here
        if told is None or here.said is not told.said:
            found.append(here.said)
    return found


def _turned(told: Told, *, silent: bool) -> bool:
    """Nothing works, and whether that is silence or lack of proof is another word."""
    return told.said.watched is (Watched.UNPROVED if silent else Watched.LOST)


def sight_of(memory: CoverMemory, target_id: str, post_id: str | None) -> Sight:
    """post_id: of a person, who is watched as his post is when he has no place of his own."""
    told = memory.told.get(target_id) or memory.told.get(f"post/{post_id}")
    if told is None:
        return Sight()
    works = None if told.said.watched is Watched.NONE else frozenset(told.works)
    watched = told.said.watched
    return Sight(watched in BLIND, told.blind_to_hover, works, watched is Watched.UNPROVED)


def is_blind_for(sight: Sight, sources: Iterable[str]) -> bool:
    """Would nothing that works there notice what these sensors saw? What sees any flying drone
    does. People's word alone is as good as any sensor that works."""
    kinds = [s.partition("/")[2] for s in sources if s.startswith("sensor/")]
    seen = {CLASS_OF.get(kind, DroneClass.FLYING) for kind in kinds} | {DroneClass.FLYING}
    lost = sight.works is not None and bool(kinds) and not seen & sight.works
    return sight.blind or lost


def blind_posts(memory: CoverMemory, post_ids: Iterable[str]) -> tuple[str, ...]:
    """Of these, those that no sensor is proved to watch: what an all clear cannot rest on."""
    return tuple(
        post_id
        for post_id in post_ids
        if (told := memory.told.get(f"post/{post_id}")) is None
        or told.said.watched in BLIND
        or told.said.watched is Watched.NONE
    )


def _covers(sensor: SensorSite) -> DroneClass | None:
    return sensor.covers or CLASS_OF.get(sensor.kind)


def _class_of(sensor: SensorSite) -> DroneClass:
    return sensor.covers or CLASS_OF[sensor.kind]


def _en(sensor: SensorSite, site: Site) -> tuple[float, float]:
    p = sensor.position
    if p is None:
        return 0.0, 0.0
    alt = site.origin.alt_hae_m if p.alt_hae_m is None else p.alt_hae_m
    at = site.to_enu(lat_deg=p.lat_deg, lon_deg=p.lon_deg, alt_hae_m=alt)
    return at.e_m, at.n_m


def _reach(en_m: NDArray[np.float64], rows: Rows) -> NDArray[np.bool_]:
    """(n, 8, m): would sensor m notice a drone of its class in that direction of place n?"""
    az = np.radians(np.arange(8) * 45.0)
    ring = np.where(rows.cls == CLASSES.index(DroneClass.AUDIBLE), RING_AUDIBLE_M, RING_M)
    away = np.stack((np.sin(az), np.cos(az)), axis=-1)[:, None, :] * ring[None, :, None]
    d = en_m[:, None, None, :] + away[None] - rows.en_m[None, None]
    near = np.hypot(d[..., 0], d[..., 1]) <= rows.reach_m
    off = (np.degrees(np.arctan2(d[..., 0], d[..., 1])) - rows.view_deg + 180.0) % 360.0 - 180.0
    return near & (np.abs(off) <= rows.half_deg)


def _by_class(reach: NDArray[np.bool_], rows: Rows) -> NDArray[np.bool_]:
    """(n, 8, m) -> (n, 8, classes)."""
    out = np.zeros((*reach.shape[:2], len(CLASSES)), dtype=np.bool_)
    for c in range(len(CLASSES)):
        out[..., c] = reach[..., rows.cls == c].any(axis=-1)
    return out


def _watched(declared: NDArray[np.bool_], works: NDArray[np.bool_], *, silent: bool) -> Watched:
    if not declared.any():
        return Watched.NONE
    if works.any():
        return Watched.WATCHED if bool((works == declared).all()) else Watched.PARTLY
    return Watched.LOST if silent else Watched.UNPROVED


def _classes(
    declared: NDArray[np.bool_],
    works: NDArray[np.bool_],
    here: NDArray[np.bool_],
    rows: Rows,
    proof: NDArray[np.intp],
) -> tuple[ClassCover, ...]:
    found: list[ClassCover] = []
    for c, drones in enumerate(CLASSES):
        if not declared[:, c].any():
            continue
        own = here & (rows.cls == c)
        silent = bool((proof[own] == LOST).any())
        found.append(
            ClassCover(
                drones=drones,
                watched=_watched(declared[:, c], works[:, c], silent=silent),
                points=tuple(p for k, p in enumerate(POINTS) if works[k, c]),
                kinds=tuple(dict.fromkeys(rows.kinds[k] for k in np.flatnonzero(own).tolist())),
            )
        )
    return tuple(found)
