"""Threats or a person's order -> the content of an alert's next revision. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from vigia.alert.identity import identity_of
from vigia.events import Grounds
from vigia.geo import compass_point
from vigia.terms import EndReason, MsgType, Tier
from vigia.threats import BESIDE_P, NOW_P, NOW_S, SOON_P, SOON_S, WORD_P

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigia.alert.state import AlertState, Open, Order, Scene
    from vigia.events import Alert, Policy
    from vigia.threats import Threat

ACTIONS = {Tier.WATCH: "be_aware", Tier.WARNING: "get_ready", Tier.DANGER: "take_cover"}
END_ACTIONS = {
    EndReason.ALL_CLEAR: "all_clear",
    EndReason.DEPARTED: "departed",
    EndReason.EXPIRED: "not_confirmed_gone",
    EndReason.FALSE: "false_alarm",
    EndReason.FRIENDLY: "friendly",
    EndReason.WITHDRAWN: "withdrawn",
    EndReason.UNKNOWN_AFTER_RESTART: "not_confirmed_gone",
}


def of_threats(
    held: Open,
    group: list[Threat],
    *,
    tier: Tier,
    state: AlertState,
    scene: Scene,
    policy: Policy,
) -> Alert:
    """From the most urgent threat; a whole raid is one alert that lists it. Its earliest arrival is
    that of whichever drone may come first: the nearest need not be the likeliest."""
    lead, t_ns = group[0], scene.t_ns
    coming = [g.earliest_s for g in group[1:] if g.tier >= Tier.WARNING]
    earliest_s = min([lead.earliest_s, *coming])
    return replace(
        held.alert,
        tier=tier,
        action=ACTIONS[tier],
        t_cause_ns=lead.t_cause_ns,
        t_decided_ns=t_ns,
        track_ids=tuple(g.track_id for g in group),
        track_numbers=tuple(g.number for g in group),
        confirmed=lead.confirmed,
        p_hit=round(lead.p_hit, 3),
        t_earliest_ns=t_ns + int(earliest_s * 1e9),
        t_p10_ns=_after(t_ns, lead.p10_s),
        t_p50_ns=_after(t_ns, lead.p50_s),
        t_p90_ns=_after(t_ns, lead.p90_s),
        bearing_deg_true=round(lead.bearing_deg_true, 1) if lead.bearing_sure else None,
        from_point=compass_point(lead.bearing_deg_true) if lead.bearing_sure else None,
        range_m=round(lead.range_m, 1) if lead.range_sure else None,
        height_m=None if lead.height_m is None else round(lead.height_m, 1),
        load=any(g.load for g in group),
        sources=scene.sources(lead.track_id),
        by_person_id=None,
        identity=identity_of(state, lead, scene, policy),
        grounds=grounds_of(lead, tier, policy),
    )


def of_order(
    held: Open, order_id: str, order: Order, tracks: Mapping[str, int], t_ns: int
) -> Alert:
    """A person's word leads; the drones tracked meanwhile are listed. tracks: numbers by id."""
    here = t_ns if order.kind == "attack" else None
    bearing = order.bearing_deg_true
    return replace(
        held.alert,
        tier=order.tier,
        action=ACTIONS[order.tier],
        t_cause_ns=order.t_evidence_ns,
        t_decided_ns=t_ns,
        track_ids=tuple(tracks),
        track_numbers=tuple(tracks.values()),
        confirmed=False,
        p_hit=None,
        t_earliest_ns=here,
        t_p10_ns=None,
        t_p50_ns=None,
        t_p90_ns=None,
        bearing_deg_true=None if bearing is None else round(bearing, 1),
        from_point=None if bearing is None else compass_point(bearing),
        range_m=None if order.range_m is None else round(order.range_m, 1),
        height_m=None,
        sources=order.sources,
        by_person_id=order.by_person_id,
        grounds=Grounds(rule=order.kind, order_id=order_id, reason=order.reason),
    )


def listed(held: Open, *, alive: bool = False) -> dict[str, int]:
    """Numbers of the drones named last that are feared still. alive: and tracked."""
    named = zip(held.alert.track_ids, held.alert.track_numbers, strict=True)
    return {
        track_id: n
        for track_id, n in named
        if (fear := held.fears.get(track_id)) is not None and not (alive and fear.lost)
    }


def of_silence(held: Open, tier: Tier, t_ns: int, *, blind: bool) -> Alert:
    """The drone that matters most is tracked no more."""
    feared = listed(held)
    return replace(
        held.alert,
        tier=tier,
        track_ids=tuple(feared),
        track_numbers=tuple(feared.values()),
        action="stay_in_cover" if tier >= Tier.WARNING else "drone_lost",
        sound=False,
        t_cause_ns=t_ns,
        t_decided_ns=t_ns,
        t_earliest_ns=None,
        t_p10_ns=None,
        t_p50_ns=None,
        t_p90_ns=None,
        grounds=Grounds(rule="lost", blind=blind),
    )


def of_overdue(held: Open, t_ns: int, *, rings: bool) -> Alert:
    """It was on its way here when it fell silent, and its time has come."""
    silent = of_silence(held, Tier.DANGER, t_ns, blind=False)
    return replace(
        silent,
        action=ACTIONS[Tier.DANGER],
        sound=rings,
        grounds=Grounds(rule="overdue"),
    )


def of_end(alert: Alert, reason: EndReason, *, t_ns: int, by_person_id: str | None) -> Alert:
    """The cancel, but for its revision."""
    return replace(
        alert,
        msg_type=MsgType.CANCEL,
        action=END_ACTIONS[reason],
        sound=False,
        t_cause_ns=t_ns,
        t_decided_ns=t_ns,
        t_expires_ns=t_ns,
        t_earliest_ns=None,
        t_p10_ns=None,
        t_p50_ns=None,
        t_p90_ns=None,
        end_reason=reason,
        by_person_id=by_person_id,
        grounds=None,
    )


def grounds_of(lead: Threat, tier: Tier, policy: Policy) -> Grounds:
    """Which rule gives the leading threat its tier; "held": it is lower and waits to fall."""
    by_attack = policy.danger_asks_attack and tier is Tier.DANGER
    there = Grounds(
        rule="", p10_s=lead.p10_s, witnesses=lead.witnesses, weak=lead.weak,
        p_attack=round(lead.p_attack, 3) if by_attack else None,
    )  # fmt: skip
    if lead.tier < tier:
        return replace(there, rule="held")
    if tier is Tier.WATCH:
        return replace(there, rule="in_area", range_max_m=policy.watch_radius_m)
    p_min, within_s = (
        (policy.danger_p, policy.danger_s)
        if tier is Tier.DANGER
        else (policy.warning_p, policy.warning_s)
    )
    p = lead.p_attack if by_attack else lead.p_hit
    if p >= p_min and lead.p10_s is not None and lead.p10_s <= within_s:
        return replace(there, rule="arrives", p_min=p_min, within_s=within_s)
    if tier is not Tier.DANGER:
        return replace(there, rule="near")
    if p >= SOON_P and lead.p50_s is not None and lead.p50_s <= SOON_S:
        return replace(there, rule="soon", p_min=SOON_P, within_s=SOON_S)
    if p >= NOW_P and lead.p50_s is not None and lead.p50_s <= NOW_S:
        return replace(there, rule="soon", p_min=NOW_P, within_s=NOW_S)
    if by_attack and lead.p_hit >= BESIDE_P and _soon(lead, policy):
        return replace(there, rule="beside", p_min=BESIDE_P, within_s=within_s)
    if by_attack and lead.confirmed and p < policy.danger_p:
        return replace(there, rule="soon", p_min=NOW_P, within_s=NOW_S)
    return replace(there, rule="word", p_min=WORD_P, within_s=within_s)


def _soon(lead: Threat, policy: Policy) -> bool:
    return lead.p10_s is not None and lead.p10_s <= policy.danger_s


def _after(t_ns: int, s: float | None) -> int | None:
    return None if s is None else t_ns + int(s * 1e9)
