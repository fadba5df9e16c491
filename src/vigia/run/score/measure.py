"""Truth, arrivals and words -> RunScore: what one run was worth, in plain numbers.

docs/score.md defines every measure. Shares nothing with what it judges: no import from track,
threat, alert or flow, directly or not (an import contract checks that).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from vigia.run.score.truth import last_within, nearest_m
from vigia.terms import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigia.run.score.arrivals import Arrival
    from vigia.run.score.truth import Truth
    from vigia.run.score.word import Word, Words

IN_TIME_S = 30.0  # the warning everybody should have, where physics and sensors allow it
ORACLE_SHARE = 0.9  # of the best possible lead, where that is shorter
CAP_S = 60.0  # a lead beyond it is worth no more
POSSIBLE_S = 5.0  # a bound below this demands nothing: one look, one message, one glance
TRUE_S = 120.0  # DANGER was true when an attacker came this long before or after
NEAR_MISS_M = 150.0
REACH_M = 1100.0  # 30 s at 35 m/s, and the danger radius
GONE_M = 3000.0  # beyond it no drone is worth a word
FLAP_S = 120.0
AIMED_S = 3.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One arrival and what the person's page said. lead_s, danger_lead_s: since when it stood at
    WARNING, at DANGER, without a gap, before the arrival; 0 when it did not stand then."""

    person_id: str
    behaviour: str
    t_s: float
    tier: Tier
    lead_s: float
    danger_lead_s: float
    cover_s: float | None
    bound_s: float | None
    danger_bound_s: float | None
    first_alert_s: float | None  # from the first delivered detection; None: none, or not told

    @property
    def possible(self) -> bool:
        return (self.bound_s or 0.0) >= POSSIBLE_S

    @property
    def danger_possible(self) -> bool:
        return (self.danger_bound_s or 0.0) >= POSSIBLE_S

    @property
    def in_time(self) -> bool:
        return self.lead_s >= min(IN_TIME_S, ORACLE_SHARE * (self.bound_s or 0.0))


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One person told in one incident to act (WARNING or DANGER). nearest_m: of any attacker,
    from TRUE_S before to TRUE_S after it stood; aimed: some drone then flew straight at him."""

    person_id: str
    incident_id: str
    tier: Tier
    t_s: float
    true: bool
    nearest_m: float | None
    aimed: bool
    about: str  # behaviour of what was nearest then
    about_id: str | None  # and which it was


class RunScore(msgspec.Struct, frozen=True, kw_only=True):
    outcomes: tuple[Outcome, ...]
    alarms: tuple[Alarm, ...]
    people: int
    hours: float  # of one person
    alerts: int
    rings: int
    flaps: int
    released: int  # told "over" while an attacker was within REACH_M
    lowered: int  # fell below WARNING although an attacker came within the next minute
    stale_s: tuple[float, ...]  # each alert: how long it stood after the last drone had gone
    duplicates: int
    endless: int


def measure(truth: Truth, arrivals: Sequence[Arrival], words: Words) -> RunScore:
    lines = {p: Standing([w for w in words.said if w.person_id == p]) for p in truth.people}
    return RunScore(
        outcomes=tuple(_outcome(a, lines[a.person_id]) for a in arrivals),
        alarms=tuple(alarm for p in truth.people for alarm in _alarms(truth, p, lines[p])),
        people=len(truth.people),
        hours=truth.t_end_s / 3600.0,
        alerts=len({(w.person_id, w.alert_id) for w in words.said if not w.ended}),
        rings=sum(w.rings for w in words.said),
        flaps=sum(line.flaps() for line in lines.values()),
        released=sum(_released(truth, p, lines[p]) for p in truth.people),
        lowered=sum(_lowered(a, lines[a.person_id]) for a in arrivals),
        stale_s=tuple(s for p in truth.people for s in _stale(truth, p, lines[p], words.t_end_s)),
        duplicates=words.duplicates,
        endless=words.endless,
    )


class Standing:
    """What one person's page says over time: the gravest of his open alerts."""

    def __init__(self, said: Sequence[Word]) -> None:
        """said: his words, in order of time."""
        self.said = said
        self.steps: list[tuple[float, Tier]] = [(-math.inf, Tier.NONE)]
        now: dict[str, Tier] = {}
        for w in said:
            now[w.alert_id] = w.tier
            tier = max(now.values())
            if tier is not self.steps[-1][1]:
                self.steps.append((w.t_s, tier))

    def at(self, t_s: float) -> Tier:
        return next(tier for t, tier in reversed(self.steps) if t <= t_s)

    def since(self, t_s: float, tier: Tier) -> float | None:
        """Since when it stood at that tier or above without a gap; None: it did not at t_s."""
        found: float | None = None
        for t, stood in reversed(self.steps):
            if t > t_s:
                continue
            if stood < tier:
                break
            found = t
        return found

    def flaps(self) -> int:
        """How often it rose to WARNING or above again within FLAP_S of falling below."""
        found, fell_s = 0, -math.inf
        for (_, before), (t, after) in pairwise(self.steps):
            if before >= Tier.WARNING > after:
                fell_s = t
            elif after >= Tier.WARNING > before and t - fell_s <= FLAP_S:
                found += 1
        return found


def _outcome(a: Arrival, line: Standing) -> Outcome:
    told_s = line.since(a.t_s, Tier.WATCH)
    first = None
    if told_s is not None and a.t_detected_s is not None:
        first = max(0.0, told_s - a.t_detected_s)
    return Outcome(
        person_id=a.person_id,
        behaviour=a.behaviour,
        t_s=a.t_s,
        tier=line.at(a.t_s),
        lead_s=_lead(a.t_s, line.since(a.t_s, Tier.WARNING)),
        danger_lead_s=_lead(a.t_s, line.since(a.t_s, Tier.DANGER)),
        cover_s=a.bound.cover_s,
        bound_s=a.bound.warning_s,
        danger_bound_s=a.bound.danger_s,
        first_alert_s=first,
    )


def _lead(t_arrive_s: float, since_s: float | None) -> float:
    return 0.0 if since_s is None else t_arrive_s - since_s


# ---- who was told to act, and whether it was true ------------------------------------------------


def _alarms(truth: Truth, person_id: str, line: Standing) -> list[Alarm]:
    by_incident: dict[str, list[Word]] = {}
    for w in line.said:
        by_incident.setdefault(w.incident_id, []).append(w)
    found: list[Alarm] = []
    for incident_id, words in by_incident.items():
        top = max(w.tier for w in words)
        if top >= Tier.WARNING:
            found.append(_alarm(truth, person_id, incident_id, words, top))
    return found


def _alarm(
    truth: Truth, person_id: str, incident_id: str, words: Sequence[Word], top: Tier
) -> Alarm:
    """Judged at its highest tier: from when it was first said to when it was last in force."""
    t_from = next(w.t_s for w in words if w.tier is top)
    t_to = t_from
    for w, after in pairwise([*words, None]):
        if w is not None and w.tier is top:
            t_to = truth.t_end_s if after is None else after.t_s
    mine = [e for e in truth.encounters if e.person_id == person_id]
    near = min(
        (nearest_m(e, t_from_s=t_from - TRUE_S, t_to_s=t_to + TRUE_S) for e in mine if e.attacks),
        default=math.inf,
    )
    now = [
        (nearest_m(e, t_from_s=t_from - AIMED_S, t_to_s=t_from), e.behaviour, e.flyer_id)
        for e in mine
    ]
    about_m, about, about_id = min(now, default=(math.inf, "nothing", ""))
    return Alarm(
        person_id=person_id,
        incident_id=incident_id,
        tier=top,
        t_s=t_from,
        true=near <= truth.radius_m,
        nearest_m=None if math.isinf(near) else round(near, 1),
        aimed=any(
            bool(e.aimed[(e.t_s >= t_from - AIMED_S) & (e.t_s <= t_from)].any())
            for e in mine
            if e.drone
        ),
        about="nothing" if math.isinf(about_m) else about,
        about_id=None if math.isinf(about_m) else about_id,
    )


# ---- the end of alerts ---------------------------------------------------------------------------


def _released(truth: Truth, person_id: str, line: Standing) -> int:
    """How often the last alert of a person ended, not by an officer, with an attacker in reach."""
    mine = [e for e in truth.encounters if e.attacks and e.person_id == person_id]
    return sum(
        any(nearest_m(e, t_from_s=w.t_s - 0.5, t_to_s=w.t_s + 0.5) <= REACH_M for e in mine)
        for w in line.said
        if w.ended and not w.by_officer and line.at(w.t_s) is Tier.NONE
    )


def _lowered(a: Arrival, line: Standing) -> int:
    return sum(
        before >= Tier.WARNING > after and 0.0 <= a.t_s - t <= CAP_S
        for (_, before), (t, after) in pairwise(line.steps)
    )


def _stale(truth: Truth, person_id: str, line: Standing, t_end_s: float) -> list[float]:
    """For each alert, how long it stood after no drone was within GONE_M any more [s]."""
    gone_s = max(
        (last_within(e, GONE_M) for e in truth.encounters if e.drone and e.person_id == person_id),
        default=-math.inf,
    )
    found: list[float] = []
    for alert_id in dict.fromkeys(w.alert_id for w in line.said):
        own = [w for w in line.said if w.alert_id == alert_id]
        end_s = own[-1].t_s if own[-1].ended else t_end_s
        found.append(max(0.0, end_s - max(own[0].t_s, gone_s)))
    return found


def p10_p50(values: Sequence[float]) -> tuple[float, float]:
    """The tenth and the fiftieth percentile; NaN of nothing."""
    if not values:
        return math.nan, math.nan
    low, mid = np.percentile(np.asarray(values, dtype=np.float64), [10.0, 50.0])
    return float(low), float(mid)
