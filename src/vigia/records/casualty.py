"""Somebody is hurt: words said about it one after another -> the report as it stands.

A HIT press is the first word; whoever is near adds more, offline too, in any order. Each word has
an id of its own, so that a retry is harmless; of two words on one field the later press counts.
Nothing is asked twice: MIST and the nine lines are made of what has been said. A tap by mistake is
taken back by another word: it says no more then, and stays on record beside what took it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec
from msgspec.structs import replace

from vigia.records.common import NAME_MAX, Record, bounded
from vigia.terms import Position

TOURNIQUETS_MAX = 8
INJURIES_MAX = 12
PATIENTS_MAX = 200
TAKEN_BACK_MAX = 20  # words that one word takes back


class Limb(Enum):
    LEFT_ARM = "left_arm"
    RIGHT_ARM = "right_arm"
    LEFT_LEG = "left_leg"
    RIGHT_LEG = "right_leg"


class Body(Enum):
    HEAD = "head"
    NECK = "neck"
    CHEST = "chest"
    BELLY = "belly"
    BACK = "back"
    PELVIS = "pelvis"
    LEFT_ARM = "left_arm"
    RIGHT_ARM = "right_arm"
    LEFT_LEG = "left_leg"
    RIGHT_LEG = "right_leg"


class Wound(Enum):
    BLEEDING = "bleeding"
    FRAGMENTS = "fragments"
    BURN = "burn"
    BLAST = "blast"
    AMPUTATION = "amputation"
    FRACTURE = "fracture"
    OTHER = "other"


class Mechanism(Enum):
    DRONE_BOMB = "drone_bomb"  # dropped
    DRONE_IMPACT = "drone_impact"  # flew into
    BLAST = "blast"
    GUNSHOT = "gunshot"
    OTHER = "other"


class Urgency(Enum):
    """As nine-line line 3 and CoT's _medevac_ have them."""

    URGENT = "urgent"  # within two hours
    PRIORITY = "priority"  # within four
    ROUTINE = "routine"


class Step(Enum):
    """MARCH, in its order."""

    MASSIVE_BLEEDING = "massive_bleeding"
    AIRWAY = "airway"
    RESPIRATION = "respiration"
    CIRCULATION = "circulation"
    HYPOTHERMIA = "hypothermia"


class Tourniquet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """tourniquet_id: made by the device. t_off_ms: taken off by a medic."""

    tourniquet_id: str
    limb: Limb
    t_on_ms: int
    t_off_ms: int | None = None


class Injury(msgspec.Struct, frozen=True, kw_only=True):
    body: Body
    wound: Wound


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """A step of MARCH that was carried out."""

    step: Step
    t_ms: int
    what: str = ""


class Signs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """At t_ms. None: not looked at."""

    t_ms: int
    awake: bool | None = None
    breathes: bool | None = None
    pulse_bpm: int | None = None
    breaths_per_min: int | None = None


class Pickup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the nine lines need and nobody on the ground is asked for in the first minutes."""

    grid: str = ""
    radio: str = ""
    equipment: str = ""
    security: str = ""  # no enemy, possible, in area, in contact
    marking: str = ""
    nationality: str = ""
    terrain: str = ""


class Word(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One thing said about one casualty report. t_ms: when it was pressed, on server-corrected
    time. None and empty: not said. withdrawn: it was pressed by mistake."""

    word_id: str
    t_ms: int
    position: Position | None = None
    unit: str = ""  # post or call sign
    patients: int | None = None
    litter: int | None = None  # of them must be carried
    urgency: Urgency | None = None
    mechanism: Mechanism | None = None
    t_injury_ms: int | None = None
    injuries: tuple[Injury, ...] = ()
    signs: Signs | None = None
    tourniquets: tuple[Tourniquet, ...] = ()
    done: tuple[Done, ...] = ()
    given: str = ""  # medicines
    pickup: Pickup | None = None
    second_drone: bool | None = None  # one is still about
    closed: bool | None = None  # handed over to the medical service
    withdrawn: bool | None = None
    taken_back: tuple[str, ...] = ()  # word ids that were pressed by mistake

    def __post_init__(self) -> None:
        for name in ("word_id", "unit", "given"):
            bounded(name, getattr(self, name), NAME_MAX, need=name == "word_id")
        if self.patients is not None and not 1 <= self.patients <= PATIENTS_MAX:
            raise ValueError(f"patients: got {self.patients}; need 1 to {PATIENTS_MAX}")
        if len(self.taken_back) > TAKEN_BACK_MAX:
            raise ValueError(f"taken_back: need at most {TAKEN_BACK_MAX} words")
        if len(self.tourniquets) > TOURNIQUETS_MAX or len(self.injuries) > INJURIES_MAX:
            raise ValueError(
                f"need at most {TOURNIQUETS_MAX} tourniquets and {INJURIES_MAX} injuries"
            )


class Casualty(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The report as it stands. t_hit_ms: of the first press."""

    t_hit_ms: int
    t_last_ms: int
    position: Position | None = None
    unit: str = ""
    patients: int | None = None
    litter: int | None = None
    urgency: Urgency | None = None
    mechanism: Mechanism | None = None
    t_injury_ms: int | None = None
    injuries: tuple[Injury, ...] = ()
    signs: tuple[Signs, ...] = ()
    tourniquets: tuple[Tourniquet, ...] = ()
    done: tuple[Done, ...] = ()
    given: tuple[str, ...] = ()
    pickup: Pickup = Pickup()
    second_drone: bool | None = None
    closed: bool = False
    withdrawn: bool = False


_LATEST = (
    *("position", "unit", "patients", "litter", "urgency", "mechanism", "t_injury_ms"),
    *("second_drone", "closed", "withdrawn"),
)


def fold(words: Sequence[Word]) -> Casualty:
    """The order in which words came changes nothing. words: of one casualty, at least one."""
    once = {w.word_id: w for w in words}
    said_all = sorted(once.values(), key=lambda w: (w.t_ms, w.word_id))
    row = standing(said_all)
    first = Casualty(
        t_hit_ms=said_all[0].t_ms,
        t_last_ms=said_all[-1].t_ms,
        injuries=tuple(dict.fromkeys(i for w in row for i in w.injuries)),
        signs=tuple(w.signs for w in row if w.signs is not None),
        tourniquets=_tourniquets(row),
        done=tuple(sorted((d for w in row for d in w.done), key=lambda d: d.t_ms)),
        given=tuple(w.given for w in row if w.given),
        pickup=_pickup(row),
    )
    said = {n: v for w in row for n in _LATEST if (v := getattr(w, n)) not in (None, "")}
    return replace(first, **said)


def standing(row: Sequence[Word]) -> list[Word]:
    """Those that count, in the same order. The first word, that somebody is hurt, is taken back by
    `withdrawn` only. A word that takes back is not itself taken back: it is pressed anew."""
    gone = {word_id for w in row for word_id in w.taken_back}
    return [w for n, w in enumerate(row) if n == 0 or w.taken_back or w.word_id not in gone]


def _tourniquets(row: Sequence[Word]) -> tuple[Tourniquet, ...]:
    """By id: the first time on, the last time off."""
    found: dict[str, Tourniquet] = {}
    for word in row:
        for t in word.tourniquets:
            had = found.get(t.tourniquet_id)
            on = t.t_on_ms if had is None else min(had.t_on_ms, t.t_on_ms)
            off = t.t_off_ms if t.t_off_ms is not None else None if had is None else had.t_off_ms
            found[t.tourniquet_id] = Tourniquet(
                tourniquet_id=t.tourniquet_id, limb=t.limb, t_on_ms=on, t_off_ms=off
            )
    return tuple(sorted(found.values(), key=lambda t: (t.t_on_ms, t.tourniquet_id)))


def _pickup(row: Sequence[Word]) -> Pickup:
    said = [w.pickup for w in row if w.pickup is not None]
    names = [f.name for f in msgspec.structs.fields(Pickup)]
    last = {n: v for p in said for n in names if (v := getattr(p, n))}
    return Pickup(**last)
