"""`[reach]` of the settings: which channels, and when reach is tested."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from vigia.events_reach import ReachPolicy
from vigia.terms import Channel

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_S = 86_400
EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday
MINUTES_MAX = 60.0


class ReachTimes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When reach is tested, UTC. silent_at: "HH:MM", every day; drill_at: "Mon HH:MM", every week;
    "": never. drill_by: person_id of the watch officer in whose name it goes out."""

    silent_at: str = "05:30"
    drill_at: str = ""
    drill_by: str = ""
    drill_minutes: float = 5.0


class Reach(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which channels at once, which next, and when; None: as events_reach.ReachPolicy says."""

    watch: tuple[Channel, ...] | None = None
    warning: tuple[Channel, ...] | None = None
    danger: tuple[Channel, ...] | None = None
    ladder: tuple[Channel, ...] | None = None
    answer_s: float = 15.0
    tests: ReachTimes = ReachTimes()

    def policy(self) -> ReachPolicy:
        said = {k: v for k, v in msgspec.structs.asdict(self).items() if k != "tests"}
        return ReachPolicy(**{k: v for k, v in said.items() if v is not None})


class Due(NamedTuple):
    """weekday None: every day; Monday is 0."""

    weekday: int | None
    minute: int  # of the day, UTC

    def last_s(self, now_s: int) -> int:
        """When it was due last, not after now; seconds since 1970."""
        day = now_s // DAY_S
        at_s = day * DAY_S + self.minute * 60
        while at_s > now_s or (self.weekday is not None and _weekday(at_s) != self.weekday):
            at_s -= DAY_S
        return at_s


def _weekday(t_s: int) -> int:
    return (t_s // DAY_S + EPOCH_WEEKDAY) % len(DAYS)


def due(text: str, key: str, *, weekly: bool) -> Due | None:
    """None: never. Raises ValueError."""
    if not text:
        return None
    day, _, clock = text.rpartition(" ")
    hours, _, minutes = clock.partition(":")
    good = len(clock) == 5 and hours.isdigit() and minutes.isdigit()
    if not good or int(hours) > 23 or int(minutes) > 59 or (day in DAYS) != weekly:
        need = '"Mon 06:00", a day and a time' if weekly else '"05:30", a time'
        raise ValueError(f"[reach.tests] {key}: got {text!r}; need {need} in UTC")
    weekday = DAYS.index(day) if weekly else None
    return Due(weekday, int(hours) * 60 + int(minutes))


def check_times(times: ReachTimes) -> None:
    """Raises ValueError."""
    due(times.silent_at, "silent_at", weekly=False)
    if due(times.drill_at, "drill_at", weekly=True) is not None and not times.drill_by:
        raise ValueError(
            "[reach.tests] drill_by: got nothing; need the person_id of the watch officer in whose "
            "name the drill goes out"
        )
    if not 0.0 < times.drill_minutes <= MINUTES_MAX:
        raise ValueError(
            f"[reach.tests] drill_minutes: got {times.drill_minutes}; need more than 0, "
            f"{MINUTES_MAX:g} at most"
        )
