"""What each drone of an alert was last feared for: its tier falls only on its own fresh evidence.

A drone that falls silent near its target keeps the tier it had until the alert expires, whatever
other drones do meanwhile: silence is what an attacker who knows us would choose. DANGER is left
only by departure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vigia.alert.cover import is_blind_for
from vigia.alert.state import Fear
from vigia.terms import Tier

if TYPE_CHECKING:
    from vigia.alert.state import Open, Scene, Sight, Standing
    from vigia.events import Policy
    from vigia.threats import Threat

FRESH_S = 5.0  # evidence younger than this can lower a tier
SLOWER = 1.25  # of danger_s, warning_s: a tier is not left below it
# one that came at him, fell silent, and whose time comes: silence is no reason to wait
SILENT_S = 4.0
FRESH_NS = 500_000_000  # seen just now
DUE_P = 0.5  # of an attack, when it was last seen
DUE_S = 6.0  # before it is expected


def recall(held: Open, group: Sequence[Threat], scene: Scene, policy: Policy, dt_ns: int) -> None:
    """Bring all that keeps one alert open up to now; what is over is removed.

    group: threats to the target now. dt_ns: since the last look. Sets held.expired when something
    ended without evidence, not by leaving.
    """
    now = {threat.track_id: threat for threat in group}
    for threat in group:
        if threat.track_id not in held.fears:
            held.fears[threat.track_id] = new_fear(threat)
    sight = scene.sight(held.alert.target_id)
    blind = is_blind_for(sight, held.alert.sources)
    most_s = policy.expire_s if sight.unproved else policy.blind_s
    for track_id, fear in list(held.fears.items()):
        _look(fear, track_id, scene, policy)
        if policy.danger_asks_attack:
            _expect(fear, now.get(track_id), scene)
        _run(fear, scene, policy, dt_ns, most_s=most_s if blind or _loses(fear, sight) else 0.0)
        if fear.over:
            held.expired = True
            if fear.tier < Tier.DANGER:
                del held.fears[track_id]
        elif fear.tier is Tier.DANGER and _another_comes(track_id, group, policy):
            fear.below_since_ns = None  # a raid's DANGER is not over with its first drone
        elif not fear.lost and _fall(fear, track_id, now.get(track_id), held, scene, policy):
            del held.fears[track_id]
    for order_id, order in list(held.orders.items()):
        _run(order, scene, policy, dt_ns, most_s=most_s if blind else 0.0)
        if order.over:
            held.expired = True
            if order.tier < Tier.DANGER:
                del held.orders[order_id]


def new_fear(threat: Threat) -> Fear:
    return Fear(tier=threat.tier, t_evidence_ns=threat.t_cause_ns, range_m=threat.range_m)


def expires_ns(standing: Standing, policy: Policy) -> int:
    return standing.t_evidence_ns + standing.stopped_ns + int(policy.expire_s * 1e9)


def stop_clocks(held: Open, gap_ns: int, policy: Policy) -> None:
    """The watch itself was away: that was blind time for everybody."""
    for standing in held.standing():
        standing.stopped_ns = min(standing.stopped_ns + gap_ns, int(policy.blind_s * 1e9))


def _look(fear: Fear, track_id: str, scene: Scene, policy: Policy) -> None:
    """A track that is kept and of which nothing is heard is lost as well."""
    seen_ns = scene.live.get(track_id)
    fear.lost = seen_ns is None or scene.t_ns - seen_ns >= policy.expire_s * 1e9
    if seen_ns is None:
        return
    if seen_ns > fear.t_evidence_ns:
        fear.t_evidence_ns, fear.stopped_ns, fear.over = seen_ns, 0, False
    fear.hovering = track_id in scene.slow


def _expect(fear: Fear, threat: Threat | None, scene: Scene) -> None:
    """It rises to DANGER when it was about to arrive and nothing is heard of it any more."""
    silent_ns = scene.t_ns - fear.t_evidence_ns
    if silent_ns < SILENT_S * 1e9:
        if threat is not None and silent_ns <= FRESH_NS:
            comes = threat.confirmed and not threat.weak and threat.p_attack >= DUE_P
            soon = comes and threat.p50_s is not None and threat.tier >= Tier.WARNING
            fear.due_ns = scene.t_ns + int((threat.p50_s or 0.0) * 1e9) if soon else None
            fear.overdue = fear.told = False
    elif fear.due_ns is not None and scene.t_ns >= fear.due_ns - DUE_S * 1e9:
        fear.due_ns = None
        if fear.tier is Tier.WARNING:
            fear.tier, fear.overdue, fear.below_since_ns = Tier.DANGER, True, None


def _loses(fear: Fear, sight: Sight) -> bool:
    """Radar alone loses a drone that hovers."""
    return sight.blind_to_hover and fear.hovering and fear.tier >= Tier.WARNING


def _run(standing: Standing, scene: Scene, policy: Policy, dt_ns: int, *, most_s: float) -> None:
    """most_s: how long its clock may stand still in all; 0: it runs now."""
    if standing.over:
        return
    if most_s > 0.0:
        dt_ns = min(dt_ns, max(0, scene.t_ns - standing.t_evidence_ns))
        most_ns = max(standing.stopped_ns, int(most_s * 1e9))
        standing.stopped_ns = min(standing.stopped_ns + dt_ns, most_ns)
    standing.over = scene.t_ns >= expires_ns(standing, policy)


def _another_comes(track_id: str, group: Sequence[Threat], policy: Policy) -> bool:
    return any(
        t.track_id != track_id
        and t.tier >= Tier.WARNING
        and not t.departing
        and t.range_m <= policy.hold_m
        for t in group
    )


def _fall(
    fear: Fear,
    track_id: str,
    threat: Threat | None,
    held: Open,
    scene: Scene,
    policy: Policy,
) -> bool:
    """Rises at once; falls only on fresh evidence that stays below for hold_s. True: it left."""
    tier = Tier.NONE if threat is None else threat.tier
    range_m = None if threat is None else threat.range_m
    if tier >= fear.tier or (threat is not None and _still(threat, fear.tier, policy)):
        fear.tier, fear.below_since_ns = max(tier, fear.tier), None
        fear.range_m, fear.below_range_m = range_m, None
        return False
    fresh = scene.t_ns - scene.live[track_id] <= FRESH_S * 1e9
    placed = scene.known is None or held.alert.target_id in scene.known
    if not (fresh and placed):  # nobody knows where the target is: that is no departure
        fear.below_since_ns = None
        return False
    fear.below_since_ns = fear.below_since_ns or scene.t_ns
    if range_m is not None:
        fear.below_range_m = min(range_m, fear.below_range_m or range_m)
        fear.range_m = range_m
    if scene.t_ns - fear.below_since_ns < policy.hold_s * 1e9:
        return False
    if fear.tier is Tier.DANGER and not _departs(fear, threat, policy):
        return False
    fear.tier, fear.below_since_ns, fear.below_range_m = tier, None, None
    return tier is Tier.NONE


def _still(threat: Threat, tier: Tier, policy: Policy) -> bool:
    """Hysteresis: between the falling and the rising threshold a tier stays what it was."""
    if threat.p10_s is None or threat.departing:
        return False
    p, within_s = {
        Tier.DANGER: (policy.danger_p, policy.danger_s),
        Tier.WARNING: (policy.warning_p, policy.warning_s),
    }.get(tier, (2.0, 0.0))
    return threat.p_hit >= policy.fall_share * p and threat.p10_s <= SLOWER * within_s


def _departs(fear: Fear, threat: Threat | None, policy: Policy) -> bool:
    """Positive evidence: it says so, it is farther away than it was, or it left all measure."""
    if threat is None:
        # Out of reach, if it was far already; near by, somebody only believes it is no drone.
        return fear.range_m is not None and fear.range_m > policy.watch_radius_m / 2.0
    nearest_m = fear.below_range_m or threat.range_m
    return threat.departing or threat.range_m - nearest_m >= policy.leave_m
