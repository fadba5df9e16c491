"""What each drone of an alert was last feared for: its tier falls only on its own fresh evidence.

A drone that falls silent near its target keeps the tier it had until the alert expires, whatever
other drones do meanwhile: silence is what an attacker who knows us would choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from vigia.terms import Tier

if TYPE_CHECKING:
    from vigia.events import Policy
    from vigia.threats import Threat

FRESH_S = 5.0  # evidence younger than this can lower a tier


class Fear(msgspec.Struct):
    """One track as a threat to one target. t_evidence_ns: when we last learned of it."""

    tier: Tier
    t_evidence_ns: int
    below_since_ns: int | None = None
    lost: bool = False


def recall(
    fears: dict[str, Fear],
    group: Sequence[Threat],
    *,
    live: Mapping[str, int],
    policy: Policy,
    t_ns: int,
) -> bool:
    """Bring the fears of one alert up to now; those that are over are removed.

    group: threats to the target now. live: tracks that exist -> when we last learned of them.
    True when one ended without evidence (expired), not by leaving.
    """
    now = {threat.track_id: threat.tier for threat in group}
    for threat in group:
        fears.setdefault(threat.track_id, Fear(threat.tier, threat.t_cause_ns))
    expired = False
    for track_id, fear in list(fears.items()):
        seen_ns = live.get(track_id)
        fear.lost = seen_ns is None
        fear.t_evidence_ns = max(fear.t_evidence_ns, seen_ns or 0)
        if t_ns - fear.t_evidence_ns >= policy.expire_s * 1e9:
            del fears[track_id]
            expired = True
        elif seen_ns is not None and _fall(
            fear, now.get(track_id, Tier.NONE), seen_ns=seen_ns, hold_s=policy.hold_s, t_ns=t_ns
        ):
            del fears[track_id]
    return expired


def _fall(fear: Fear, tier: Tier, *, seen_ns: int, hold_s: float, t_ns: int) -> bool:
    """Rises at once; falls only on fresh evidence that stays below for hold_s. True: it left."""
    if tier >= fear.tier:
        fear.tier, fear.below_since_ns = tier, None
        return False
    if t_ns - seen_ns > FRESH_S * 1e9:
        fear.below_since_ns = None
        return False
    fear.below_since_ns = fear.below_since_ns or t_ns
    if t_ns - fear.below_since_ns < hold_s * 1e9:
        return False
    fear.tier, fear.below_since_ns = tier, None
    return tier is Tier.NONE
