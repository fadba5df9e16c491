"""RunScores -> Row: one line of the table; and whether the goals are met."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from vigia.run.score.measure import CAP_S, IN_TIME_S, NEAR_MISS_M, p10_p50
from vigia.terms import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigia.run.score.measure import Alarm, Outcome, RunScore


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of many runs. Shares are 0 to 1; NaN: there was nothing to share."""

    scene: str
    who: str
    runs: int
    endangered: int
    possible: int  # of them, where a warning was possible
    danger_possible: int
    lead_p10_s: float
    lead_p50_s: float
    danger_lead_p50_s: float
    oracle_p10_s: float
    oracle_p50_s: float
    cover_p50_s: float
    in_time: float
    in_time_all: float  # of all endangered, possible or not: a lead of IN_TIME_S
    of_oracle: float  # sum of leads / sum of best possible leads, each at most CAP_S
    danger_of_oracle: float
    missed_top: float
    missed_top_all: float
    top_alarms: int
    false_top: float
    false_near: float  # of the false ones: an attacker came within NEAR_MISS_M
    false_aimed: float  # of the false ones: a drone flew straight at the person then
    told_to_act: int
    told_truly: float
    alerts_per_hour: float
    rings_per_hour: float
    flaps_per_hour: float
    released: int
    lowered: int
    first_alert_p50_s: float
    stale_p50_s: float
    stale_p90_s: float
    duplicates: int
    endless: int
    person_hours: float


def sum_up(scene: str, who: str, scores: Sequence[RunScore]) -> Row:
    outcomes = [o for s in scores for o in s.outcomes]
    could = [o for o in outcomes if o.possible]
    could_top = [o for o in outcomes if o.danger_possible]
    alarms = [a for s in scores for a in s.alarms]
    top = [a for a in alarms if a.tier is Tier.DANGER]
    false = [a for a in top if not a.true]
    hours = sum(s.people * s.hours for s in scores)
    lead, oracle = p10_p50([o.lead_s for o in could]), p10_p50([o.bound_s or 0.0 for o in could])
    stale = sorted(t for s in scores for t in s.stale_s)
    return Row(
        scene=scene,
        who=who,
        runs=len(scores),
        endangered=len(outcomes),
        possible=len(could),
        danger_possible=len(could_top),
        lead_p10_s=lead[0],
        lead_p50_s=lead[1],
        danger_lead_p50_s=p10_p50([o.danger_lead_s for o in could_top])[1],
        oracle_p10_s=oracle[0],
        oracle_p50_s=oracle[1],
        cover_p50_s=p10_p50([o.cover_s or 0.0 for o in outcomes])[1],
        in_time=_share(sum(o.in_time for o in could), len(could)),
        in_time_all=_share(sum(o.lead_s >= IN_TIME_S for o in outcomes), len(outcomes)),
        of_oracle=_of_oracle([(o.lead_s, o.bound_s or 0.0) for o in could]),
        danger_of_oracle=_of_oracle(
            [(o.danger_lead_s, o.danger_bound_s or 0.0) for o in could_top]
        ),
        missed_top=_share(_missed(could_top), len(could_top)),
        missed_top_all=_share(_missed(outcomes), len(outcomes)),
        top_alarms=len(top),
        false_top=_share(len(false), len(top)),
        false_near=_share(sum(_near(a) for a in false), len(false)),
        false_aimed=_share(sum(a.aimed for a in false), len(false)),
        told_to_act=len(alarms),
        told_truly=_share(sum(a.true for a in alarms), len(alarms)),
        alerts_per_hour=_share(sum(s.alerts for s in scores), hours),
        rings_per_hour=_share(sum(s.rings for s in scores), hours),
        flaps_per_hour=_share(sum(s.flaps for s in scores), hours),
        released=sum(s.released for s in scores),
        lowered=sum(s.lowered for s in scores),
        first_alert_p50_s=p10_p50(
            [o.first_alert_s for o in outcomes if o.first_alert_s is not None]
        )[1],
        stale_p50_s=p10_p50(stale)[1],
        stale_p90_s=stale[int(0.9 * (len(stale) - 1))] if stale else math.nan,
        duplicates=sum(s.duplicates for s in scores),
        endless=sum(s.endless for s in scores),
        person_hours=hours,
    )


def _missed(outcomes: Sequence[Outcome]) -> int:
    return sum(o.tier < Tier.DANGER for o in outcomes)


def _near(a: Alarm) -> bool:
    return a.nearest_m is not None and a.nearest_m <= NEAR_MISS_M


def _of_oracle(pairs: Sequence[tuple[float, float]]) -> float:
    """(lead, bound) pairs -> share of the oracle's lead, no pair counting for more than CAP_S
    nor for more than its bound."""
    got = sum(min(lead, best, CAP_S) for lead, best in pairs)
    return _share(got, sum(min(best, CAP_S) for _, best in pairs))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


# ---- goals ---------------------------------------------------------------------------------------


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    says: str
    got: str
    met: bool


def goals(whole: Row, scenes: Sequence[Row], false_per_person: float | None) -> list[Goal]:
    """whole: all scenes together, which the goals are about; scenes: one by one, for the mean
    beside it, since a raid of thirty weighs more than seventeen quiet pilots."""
    found = [
        _share_goal(
            "missed top tier, where DANGER was possible", "missed_top", 0.05, whole, scenes
        ),
        _share_goal("false top tier", "false_top", 0.10, whole, scenes),
        _share_goal("people told to act truly endangered", "told_truly", 0.80, whole, scenes),
        _share_goal("the oracle's lead (each at most 60 s)", "of_oracle", 0.90, whole, scenes),
        _none("duplicates", whole.duplicates),
        _none("alerts without end", whole.endless),
        _none("people released while an attacker was within reach", whole.released),
    ]
    if false_per_person is not None:
        found.append(
            Goal(
                says="false DANGER a person in thirty harmless shifts: at most 1",
                got=f"{false_per_person:.1f}",
                met=false_per_person <= 1.0,
            )
        )
    return found


# name, field, whether more is better
COLUMNS: tuple[tuple[str, str, bool], ...] = (
    ("lead p10", "lead_p10_s", True),
    ("lead p50", "lead_p50_s", True),
    ("warned in time", "in_time", True),
    ("missed top tier", "missed_top", False),
    ("false top tier", "false_top", False),
    ("told to act truly", "told_truly", True),
    ("alerts a person-hour", "alerts_per_hour", False),
    ("flaps a person-hour", "flaps_per_hour", False),
    ("first alert", "first_alert_p50_s", False),
    ("stale alerts p50", "stale_p50_s", False),
)


def against(ours: Row, peer: Row) -> list[tuple[str, str]]:
    """Column by column: better, equal or worse than the peer."""
    found: list[tuple[str, str]] = []
    for name, field, more in COLUMNS:
        a, b = getattr(ours, field), getattr(peer, field)
        if math.isnan(a) or math.isnan(b):
            continue
        won = (a > b) if more else (a < b)
        found.append((name, "equal" if math.isclose(a, b) else "better" if won else "worse"))
    return found


def _share_goal(says: str, field: str, limit: float, whole: Row, scenes: Sequence[Row]) -> Goal:
    """A limit below one half is the most that may be, one above it the least."""
    got: float = getattr(whole, field)
    each = [v for v in (float(getattr(r, field)) for r in scenes) if not math.isnan(v)]
    low = limit < 0.5
    return Goal(
        says=f"{says}: at {'most' if low else 'least'} {100 * limit:.0f} %",
        got=f"{100 * got:.1f} % (mean of scenes {100 * _share(sum(each), len(each)):.0f} %)",
        met=got <= limit if low else got >= limit,
    )


def _none(says: str, got: int) -> Goal:
    return Goal(says=f"{says}: none", got=str(got), met=got == 0)
