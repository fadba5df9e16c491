"""Truth -> how many false alarms any policy must give that tells nearly all attacks so far ahead.

Whoever flies straight at a person is looked at once: when he is LEADS_S away, straight on. The
policy of this bound knows places, speeds and heights exactly and for long, and that it is a drone;
only the intent is hidden from it. It may choose among the kinds of flight below with all of the
set's outcomes before it, so no policy that looks at these things is better: docs/score.md.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec.structs import replace

from vigia.run.score.truth import STEP_S, first_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vigia.run.score.truth import Encounter, Truth

LEADS_S = (30.0, 10.0, 5.0)
TOLD = 0.95  # of the attacks that fly straight then
HEIGHTS_M = (30.0, 60.0, 100.0, 130.0)
SPEEDS_MPS = (8.0, 12.0, 18.0)
SINKS_MPS = (-1.0, 1.0)
STRAIGHT_S = 10.0
STRAIGHT_SHARE = 0.9
PAST_S = 5.0  # over which speed and climb are taken


class Straight(msgspec.Struct, frozen=True):
    """One flight at one person, lead_s away straight on. comes: it is an attack and arrives.
    weight: one by one person's share, as all that comes at him at once is one alarm."""

    lead_s: float
    person_id: str
    comes: bool
    kind: str  # of flight, as far as motion tells
    weight: float = 1.0


class Forced(msgspec.Struct, frozen=True, kw_only=True):
    """attacks: that fly straight lead_s before. false_share: of those told, not attacked."""

    lead_s: float
    attacks: int
    harmless: int
    false_share: float
    days_false: int | None  # told in the harmless days by the same choice; None: no days


def straights(truth: Truth) -> tuple[Straight, ...]:
    found = [
        s
        for e in truth.encounters
        if e.drone
        for lead_s in LEADS_S
        if (s := _straight(e, lead_s, truth.radius_m)) is not None
    ]
    shares = Counter((s.lead_s, s.person_id, s.comes) for s in found)
    return tuple(replace(s, weight=1.0 / shares[s.lead_s, s.person_id, s.comes]) for s in found)


def _straight(e: Encounter, lead_s: float, radius_m: float) -> Straight | None:
    arrives_s = first_within(e, radius_m)
    n = max(1, round(PAST_S / STEP_S))
    speed = np.full(len(e.m), np.nan)
    speed[n:] = (e.flown_m[n:] - e.flown_m[:-n]) / (n * STEP_S)
    left_s = (e.m - radius_m) / np.maximum(speed, 0.1)
    at = np.flatnonzero(e.aimed & (e.m > radius_m) & (left_s <= lead_s))
    if arrives_s is not None:
        at = at[e.t_s[at] < arrives_s]
    if len(at) == 0:
        return None
    k = int(at[0])
    climb = float(e.up_m[k] - e.up_m[k - n]) / (n * STEP_S)
    past = e.aimed[max(0, k - round(STRAIGHT_S / STEP_S)) : k + 1]
    kind = (
        int(np.searchsorted(HEIGHTS_M, float(e.up_m[k]))),
        int(np.searchsorted(SPEEDS_MPS, float(speed[k]))),
        int(np.searchsorted(SINKS_MPS, climb)),
        bool(past.mean() >= STRAIGHT_SHARE),
    )
    return Straight(lead_s, e.person_id, e.attacks and arrives_s is not None, str(kind))


def forced(
    scenes: Sequence[Straight], days: Iterable[Straight] | None, lead_s: float
) -> Forced | None:
    """The fewest false ones; None where no attack flies straight then."""
    found: dict[str, list[float]] = {}
    for s in scenes:
        if s.lead_s == lead_s:
            found.setdefault(s.kind, [0.0, 0.0])[0 if s.comes else 1] += s.weight
    attacks = sum(a for a, _ in found.values())
    if attacks == 0.0:
        return None
    told, false, chosen = 0.0, 0.0, dict[str, float]()
    best = sorted(found, key=lambda k: (-found[k][0] / sum(found[k]), k))
    for kind in best:
        a, h = found[kind]
        if a == 0.0 or told >= TOLD * attacks:
            break
        chosen[kind] = min(1.0, (TOLD * attacks - told) / a)  # of the last one, only a share
        told, false = told + a * chosen[kind], false + h * chosen[kind]
    flown = None if days is None else [s for s in days if s.lead_s == lead_s]
    return Forced(
        lead_s=lead_s,
        attacks=round(attacks),
        harmless=round(sum(h for _, h in found.values())),
        false_share=false / (told + false),
        days_false=None
        if flown is None
        else round(sum(s.weight * chosen.get(s.kind, 0.0) for s in flown)),
    )


def forced_lines(
    scenes: Sequence[Straight], days: Sequence[Straight] | None, *, n_days: int, people: int
) -> list[str]:
    """As the terminal tells them."""
    lines: list[str] = []
    for lead_s in LEADS_S:
        f = forced(scenes, days, lead_s)
        if f is None:
            continue
        line = (
            f"  {lead_s:.0f} s ahead: {f.attacks} people attacked and {f.harmless} others have a "
            f"drone come straight at them; who tells {100 * TOLD:.0f} % of the attacks has at "
            f"least {100 * f.false_share:.0f} % false"
        )
        if f.days_false is not None and people and n_days:
            line += f", and {30.0 * f.days_false / n_days / people:.0f} a person in thirty days"
        lines.append(line)
    return lines
