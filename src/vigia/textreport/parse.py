"""One message -> what it says about a drone, and what is missing before it can count.

Nothing is dropped: whoever calls this keeps the text beside it, and what is no report of a drone,
or has no place, goes to a person. "No drone seen", exercises and our own drones are no reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.terms import Bearing, DroneKind, Motion, Position, Sense
from vigia.textreport import words
from vigia.textreport.compass import directions, point_of
from vigia.textreport.place import find_place
from vigia.textreport.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigia.textreport.compass import Direction
    from vigia.textreport.place import Named

COUNT_MAX = 99
AGO_MAX_S = 3_600.0
_UNIT_S = {"s": 1.0, "m": 60.0, "h": 3_600.0}


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """report: a drone is reported. why_not: none, negated, question; None when it is a report.

    bearing: as seen from position. magnetic: its number is the compass's own. place: how it was
    located: grid, coordinates, name, mine; None: it was not, and only who sent it can tell.
    """

    report: bool
    why_not: str | None = None
    attack: bool = False
    count: int | None = None
    kind: DroneKind = DroneKind.UNKNOWN
    sense: Sense = Sense.SEEN
    load: bool | None = None
    motion: Motion | None = None
    bearing: Bearing | None = None
    magnetic: bool = False
    course_deg_true: float | None = None
    range_m: float | None = None
    height: str | None = None  # low, high, or metres
    ago_s: float | None = None
    zulu_min: int | None = None  # minutes of the day, UTC
    place: str | None = None
    place_id: str = ""
    position: Position | None = None


def understand(
    text: str,
    named: Sequence[Named],
    *,
    origin: Position,
    mine: Position | None = None,
) -> Understood:
    """named: the site's places. mine: where the sender is believed to be, for "my position" and
    for a text that names no place. Never raises, whatever the text."""
    said = plain(text)
    why_not = _why_not(said)
    found = find_place(said, named, origin)
    rest = said if found is None else found.rest
    range_m, rest = _range(rest)
    way = directions(rest)
    place = None if found is None else found.how
    position = None if found is None else found.position
    if found is None and mine is not None:
        place, position = "mine", mine
    heard = words.HEARD.search(said) is not None and words.SEEN.search(said) is None
    ago_s = _ago(said)
    return Understood(
        report=why_not is None,
        why_not=why_not,
        attack=why_not is None and words.ATTACK.search(said) is not None,
        count=_count(said),
        kind=_kind(said),
        sense=Sense.HEARD if heard else Sense.SEEN,
        load=_load(said),
        motion=_motion(said, way.course),
        bearing=_bearing(way.bearing),
        magnetic=way.bearing is not None and way.bearing.magnetic,
        course_deg_true=None if way.course is None else way.course.deg,
        range_m=range_m,
        height=_height(said),
        ago_s=ago_s,
        zulu_min=_zulu(said),
        place=place,
        place_id="" if found is None else found.place_id,
        position=position,
    )


def facts(said: Understood) -> list[tuple[str, str]]:
    """(catalogue key, value) for an echo in the reader's language, most important first."""
    out: list[tuple[str, str]] = []
    if said.attack:
        out.append(("text.attack", ""))
    if said.count is not None:
        out.append(("text.count", str(said.count)))
    out.append((f"text.kind.{said.kind.value}", ""))
    if said.sense is Sense.HEARD:
        out.append(("text.heard", ""))
    if said.load is not None:
        out.append(("text.load" if said.load else "text.no_load", ""))
    if said.motion is not None:
        out.append((f"text.motion.{said.motion.value}", ""))
    if said.bearing is not None:
        out.append(("text.to", point_of(said.bearing.azimuth_deg_true)))
    if said.course_deg_true is not None:
        out.append(("text.course", point_of(said.course_deg_true)))
    if said.range_m is not None:
        out.append(("text.range", f"{said.range_m:.0f}"))
    if said.height is not None:
        key = f"text.height.{said.height}" if said.height in ("low", "high") else "text.height"
        out.append((key, said.height))
    if said.place is not None:
        out.append((f"text.place.{said.place}", said.place_id))
    return out


def _why_not(said: str) -> str | None:
    if words.ATTACK_ALONE.search(said):
        return None
    if not words.DRONE.search(said):
        return "none"
    if words.NEGATED.search(said):
        return "negated"
    if words.QUESTION.search(said):
        return "question"
    return None


def _kind(said: str) -> DroneKind:
    for kind, pattern in words.KINDS.items():
        if kind is DroneKind.HELICOPTER and words.DRONE_ONLY.search(said):
            continue  # "a drone like a helicopter", "not a helicopter"
        if pattern.search(said):
            return kind
    return DroneKind.UNKNOWN


def _count(said: str) -> int | None:
    for pattern in words.COUNTS:
        found = pattern.search(said)
        if found is not None and 1 <= int(found.group(1)) <= COUNT_MAX:
            return int(found.group(1))
    return None


def _load(said: str) -> bool | None:
    if words.NO_LOAD.search(said):
        return False
    return True if words.LOAD.search(said) else None


def _motion(said: str, course: Direction | None) -> Motion | None:
    for motion, pattern in words.MOTIONS:
        if pattern.search(said):
            return motion
    return None if course is None else Motion.MOVING


def _bearing(found: Direction | None) -> Bearing | None:
    return None if found is None else Bearing(found.deg, found.sigma_deg)


def _range(text: str) -> tuple[float | None, str]:
    """How far from the place; a number that is a height is none."""
    bare = words.HEIGHT.sub(" ", text)
    found = words.RANGE.search(bare)
    if found is None:
        return None, text
    unit = found.group(2)
    factor = next(f for start, f in words.METRES.items() if unit.startswith(start))
    metres = float(found.group(1)) * factor
    return (metres if 0.0 < metres <= 50_000.0 else None), text


def _height(said: str) -> str | None:
    found = words.HEIGHT.search(said)
    if found is not None:
        number, unit = (found.group(1) or found.group(3)), (found.group(2) or found.group(4))
        feet = unit.startswith(("f", "p"))
        return f"{float(number) * (0.3048 if feet else 1.0):.0f}"
    if words.LOW.search(said):
        return "low"
    return "high" if words.HIGH.search(said) else None


def _ago(said: str) -> float | None:
    found = words.AGO.search(said)
    if found is None:
        return None
    number, unit = (found.group(1) or found.group(3)), (found.group(2) or found.group(4))
    return min(float(number) * _UNIT_S[unit[0]], AGO_MAX_S)


def _zulu(said: str) -> int | None:
    found = words.ZULU.search(said)
    return None if found is None else int(found.group(1)) * 60 + int(found.group(2))
