"""Kits, the ten-second check at the start of a shift, and who is not ready.

Pure: kits and checks in, a board out.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

import msgspec

from vigia.events import PersonAdded
from vigia.records.common import NAME_MAX, Record, bounded, iso_date
from vigia.terms import Role

ITEMS_MAX = 50
SHIFT_H = 12  # a check is good for so long
SOON_DAYS = 30  # an expiry within is told
NEEDED: Mapping[str, int] = {  # item -> how many a full kit has
    "tourniquet": 2,
    "pressure_dressing": 2,
    "hemostatic_gauze": 1,
    "packing_gauze": 1,
    "chest_seal": 2,
    "gloves": 2,
    "shears": 1,
    "marker": 1,
    "blanket": 1,
}


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """name: of NEEDED, or another word. expires: ISO date; empty: does not."""

    name: str
    count: int
    expires: str = ""

    def __post_init__(self) -> None:
        bounded("item", self.name, NAME_MAX, need=True)
        if not 0 <= self.count <= 999:
            raise ValueError(f"item {self.name}: got {self.count}; need 0 to 999")
        if self.expires:
            iso_date(self.expires, f"item {self.name}: expires")


class Kit(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A first-aid kit. post_id: where it hangs; place: where there, in words. gone: retired."""

    name: str
    post_id: str = ""
    place: str = ""
    items: tuple[Item, ...] = ()
    gone: bool = False

    def __post_init__(self) -> None:
        bounded("name", self.name, NAME_MAX, need=True)
        bounded("place", self.place, NAME_MAX)
        if len(self.items) > ITEMS_MAX:
            raise ValueError(f"items: got {len(self.items)}; need at most {ITEMS_MAX}")


class Check(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A person's answer at the start of a shift; who it was signs for the record.

    kit_id: the kit he looked at. missing: items of it that are not there.
    """

    t_ms: int
    kit_id: str = ""
    kit_ok: bool = False
    missing: tuple[str, ...] = ()
    tourniquet: bool = False  # carried on the body
    armour: bool = False
    medic: bool = False

    def __post_init__(self) -> None:
        if len(self.missing) > ITEMS_MAX or any(len(m) > NAME_MAX for m in self.missing):
            raise ValueError(f"missing: need at most {ITEMS_MAX} short names")


class KitState(msgspec.Struct, frozen=True, kw_only=True):
    """lacks: item -> how many are missing. expired, soon: names of items."""

    kit_id: str
    name: str
    post_id: str
    place: str
    lacks: dict[str, int]
    expired: tuple[str, ...]
    soon: tuple[str, ...]


class PersonState(msgspec.Struct, frozen=True, kw_only=True):
    """why: reasons why not ready, as catalogue keys; empty: ready."""

    person_id: str
    name: str
    post_id: str | None
    medic: bool
    t_check_ms: int | None
    why: tuple[str, ...]


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Not ready first."""

    people: tuple[PersonState, ...]
    kits: tuple[KitState, ...]
    posts_without_kit: tuple[str, ...]
    posts_without_medic: tuple[str, ...]


def board(
    people: Sequence[PersonAdded],
    kits: Mapping[str, Kit],
    checks: Mapping[str, Check],
    posts: Sequence[str],
    *,
    t_ms: int,
) -> Board:
    """checks: the newest of each person. posts: post ids."""
    today = datetime.datetime.fromtimestamp(t_ms / 1000, datetime.UTC).date()
    states = {k: kit_state(k, kit, today) for k, kit in kits.items() if not kit.gone}
    rows = [_person(p, checks.get(p.person_id), states, t_ms) for p in people if _counts(p)]
    fit = {s.post_id for s in states.values() if not s.lacks and not s.expired}
    medics = {r.post_id for r in rows if r.medic and r.t_check_ms is not None}
    return Board(
        people=tuple(sorted(rows, key=lambda r: (not r.why, r.name))),
        kits=tuple(sorted(states.values(), key=lambda s: (not (s.lacks or s.expired), s.name))),
        posts_without_kit=tuple(p for p in posts if p not in fit),
        posts_without_medic=tuple(p for p in posts if p not in medics),
    )


def kit_state(kit_id: str, kit: Kit, today: datetime.date) -> KitState:
    """What has expired does not count as there."""
    good: dict[str, int] = {}
    expired: list[str] = []
    soon: list[str] = []
    for item in kit.items:
        ends = iso_date(item.expires, "expires") if item.expires else None
        if ends is not None and ends < today:
            expired.append(item.name)
            continue
        if ends is not None and ends < today + datetime.timedelta(days=SOON_DAYS):
            soon.append(item.name)
        good[item.name] = good.get(item.name, 0) + item.count
    lacks = {n: need - good.get(n, 0) for n, need in NEEDED.items() if good.get(n, 0) < need}
    return KitState(
        kit_id=kit_id,
        name=kit.name,
        post_id=kit.post_id,
        place=kit.place,
        lacks=lacks,
        expired=tuple(expired),
        soon=tuple(soon),
    )


def _counts(person: PersonAdded) -> bool:
    """Who stands outside: officers, and watch officers with a post."""
    return person.role is Role.OFFICER or (
        person.role is Role.WATCH_OFFICER and person.post_id is not None
    )


def _person(
    person: PersonAdded, check: Check | None, kits: Mapping[str, KitState], t_ms: int
) -> PersonState:
    fresh = check is not None and t_ms - check.t_ms < SHIFT_H * 3_600_000
    why: list[str] = []
    if check is None or not fresh:
        why.append("ready.not_checked")
    else:
        why += [f"ready.no_{n}" for n in ("tourniquet", "armour") if not getattr(check, n)]
        kit = kits.get(check.kit_id)
        if kit is None:
            why.append("ready.no_kit")
        elif not check.kit_ok or check.missing or kit.lacks or kit.expired:
            why.append("ready.kit_incomplete")
    return PersonState(
        person_id=person.person_id,
        name=person.name,
        post_id=person.post_id,
        medic=check is not None and fresh and check.medic,
        t_check_ms=None if check is None or not fresh else check.t_ms,
        why=tuple(why),
    )
