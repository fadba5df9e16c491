"""Threats -> Alerts: whom, when, with which action; each alert updates in place and ends.

One open alert for each target and mark. A tier rises at once and falls only on evidence held for
Policy.hold_s. A lost drone is not a departed one: its alert says so and expires, it is never
turned into an all clear. docs/alerts.md has the table of transitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from vigia.events import Alert
from vigia.geo import angle_diff_deg, compass_point
from vigia.terms import EndReason, Mark, MsgType, Tier
from vigia.tracktable import MARKS

if TYPE_CHECKING:
    from vigia.events import AlertsHeld, AllClear, Policy
    from vigia.threats import Threat

EPOCH = 1_000_000  # revisions of one life of the watch; a restart goes on above them
FRESH_S = 5.0  # evidence younger than this can lower a tier
EARLIER_S = 10.0  # an arrival this much earlier than announced rings again
TURN_DEG = 60.0  # so does a drone from elsewhere
EPISODES_MAX = 100_000  # remembered (target, incident) pairs; the oldest are forgotten
ACTIONS = {Tier.WATCH: "be_aware", Tier.WARNING: "get_ready", Tier.DANGER: "take_cover"}
END_ACTIONS = {
    EndReason.ALL_CLEAR: "all_clear",
    EndReason.DEPARTED: "departed",
    EndReason.EXPIRED: "not_confirmed_gone",
    EndReason.FALSE: "false_alarm",
    EndReason.UNKNOWN_AFTER_RESTART: "not_confirmed_gone",
}


class Open(msgspec.Struct):
    """An open alert: what was last said, and what decides the next word."""

    alert: Alert
    t_evidence_ns: int
    rung_earliest_ns: int | None
    rung_bearing_deg: float | None
    below_since_ns: int | None = None
    lost: bool = False


class AlertState(msgspec.Struct):
    """Everything the policy remembers; its encoding is its snapshot."""

    open: dict[str, Open] = {}  # by "<mark>/<target>"
    incident_of: dict[str, str] = {}  # track -> incident
    cleared: dict[str, int] = {}  # track -> t_ns until which it raises nothing below DANGER
    episodes: dict[str, int] = {}  # "<target>|<incident>" -> alerts so far
    epoch: int = 0


class AlertPolicy:
    """Decides; holds no clock. Every method returns the revisions to deliver, urgent first."""

    def __init__(self, policy: Policy, state: AlertState) -> None:
        self._policy = policy
        self.state = state

    def decide(
        self,
        threats: Iterable[Threat],
        *,
        live: frozenset[str],
        sources: Callable[[str], tuple[str, ...]],
        t_ns: int,
    ) -> list[Alert]:
        """threats: most urgent first. live: tracks that still exist. sources: who supports one."""
        by_key: dict[str, list[Threat]] = {}
        for threat in threats:
            by_key.setdefault(f"{MARKS[threat.mark]}/{threat.target_id}", []).append(threat)
        said: list[Alert] = []
        for key, group in by_key.items():
            alert = self._judge_target(key, group, sources=sources, t_ns=t_ns)
            if alert is not None:
                said.append(alert)
        for key in [k for k in self.state.open if k not in by_key]:
            alert = self._judge_silence(key, live=live, t_ns=t_ns)
            if alert is not None:
                said.append(alert)
        self.state.cleared = {k: v for k, v in self.state.cleared.items() if v > t_ns}
        return sorted(said, key=_urgency)

    def all_clear(self, body: AllClear, t_ns: int) -> list[Alert]:
        """A named person ends an incident, or all of them. Its tracks stay quiet for a while."""
        said: list[Alert] = []
        for key, held in list(self.state.open.items()):
            if body.incident_id is None or held.alert.incident_id == body.incident_id:
                until = t_ns + int(self._policy.clear_s * 1e9)
                self.state.cleared.update(dict.fromkeys(held.alert.track_ids, until))
                said.append(
                    self._end(key, EndReason.ALL_CLEAR, t_ns=t_ns, by_person_id=body.by_person_id)
                )
        return sorted(said, key=_urgency)

    def drop_tracks(self, track_ids: frozenset[str], t_ns: int) -> list[Alert]:
        """These were no drones: alerts that rest on nothing else end as false."""
        return [
            self._end(key, EndReason.FALSE, t_ns=t_ns)
            for key, held in list(self.state.open.items())
            if held.alert.track_ids and track_ids.issuperset(held.alert.track_ids)
        ]

    def adopt(self, body: AlertsHeld, t_ns: int, mark: Mark) -> tuple[list[Alert], list[Alert]]:
        """What a returning page holds -> (known ones to show again, unknown ones cancelled)."""
        target = f"person/{body.person_id}"
        own = [h.alert for h in self.state.open.values() if h.alert.person_id == body.person_id]
        # A page that shows others' alerts (a console) ends none of them by coming back.
        known = {held.alert.alert_id for held in self.state.open.values()}
        unknown = [
            Alert(
                alert_id=alert_id,
                revision=self.state.epoch * EPOCH + EPOCH - 1,
                msg_type=MsgType.CANCEL,
                incident_id="unknown",
                target_id=target,
                person_id=body.person_id,
                tier=Tier.WATCH,
                mark=mark,
                action=END_ACTIONS[EndReason.UNKNOWN_AFTER_RESTART],
                sound=False,
                t_cause_ns=t_ns,
                t_decided_ns=t_ns,
                t_expires_ns=t_ns,
                end_reason=EndReason.UNKNOWN_AFTER_RESTART,
            )
            for alert_id in body.alert_ids
            if alert_id not in known
        ]
        return own, unknown

    def restarted(self) -> None:
        """Revisions that were sent but not committed are never repeated with other content."""
        self.state.epoch += 1

    # ---- one target ------------------------------------------------------------------------

    def _judge_target(
        self,
        key: str,
        group: list[Threat],
        *,
        sources: Callable[[str], tuple[str, ...]],
        t_ns: int,
    ) -> Alert | None:
        held = self.state.open.get(key)
        lead = group[0]
        if held is None:
            group = [g for g in group if self._may_raise(g, t_ns)]
            if not group:
                return None
            return self._open(key, group, sources=sources, t_ns=t_ns)
        held.lost = False
        held.t_evidence_ns = max(held.t_evidence_ns, max(g.t_cause_ns for g in group))
        if self._expired(held, t_ns):
            return self._end(key, EndReason.EXPIRED, t_ns=t_ns)
        tier = self._next_tier(held, lead, t_ns=t_ns)
        last = held.alert
        rises = tier > last.tier
        draft = self._write(held, group, tier=tier, sources=sources, t_ns=t_ns)
        rings = rises or _rings_again(held, draft)
        due = t_ns - last.t_decided_ns >= self._policy.repeat_s * 1e9
        if not (rings or tier != last.tier or due):
            return None
        return self._say(held, msgspec.structs.replace(draft, sound=rings))

    def _judge_silence(self, key: str, *, live: frozenset[str], t_ns: int) -> Alert | None:
        """No threat to this target now: its drones went away, or nobody sees them any more."""
        held = self.state.open[key]
        here = [t for t in held.alert.track_ids if t in live]
        if self._expired(held, t_ns):
            return self._end(key, EndReason.EXPIRED, t_ns=t_ns)
        if here:
            held.below_since_ns = held.below_since_ns or t_ns
            if t_ns - held.below_since_ns >= self._policy.hold_s * 1e9:
                return self._end(key, EndReason.DEPARTED, t_ns=t_ns)
            return None
        held.below_since_ns = None
        if held.lost:
            return None
        held.lost = True
        action = "stay_in_cover" if held.alert.tier >= Tier.WARNING else "drone_lost"
        return self._say(
            held,
            msgspec.structs.replace(
                held.alert,
                action=action,
                sound=False,
                t_cause_ns=t_ns,
                t_decided_ns=t_ns,
                t_earliest_ns=None,
                t_p10_ns=None,
                t_p50_ns=None,
                t_p90_ns=None,
            ),
        )

    def _may_raise(self, threat: Threat, t_ns: int) -> bool:
        """Fresh evidence only; after an all clear the same drone rings only for DANGER."""
        if t_ns - threat.t_cause_ns >= self._policy.expire_s * 1e9:
            return False
        until = self.state.cleared.get(threat.track_id, 0)
        return threat.tier is Tier.DANGER or t_ns >= until

    def _expired(self, held: Open, t_ns: int) -> bool:
        return t_ns - held.t_evidence_ns >= self._policy.expire_s * 1e9

    def _next_tier(self, held: Open, lead: Threat, *, t_ns: int) -> Tier:
        """Rises at once; falls only on fresh evidence that stays below for hold_s."""
        if lead.tier >= held.alert.tier:
            held.below_since_ns = None
            return lead.tier
        fresh = t_ns - lead.t_cause_ns <= FRESH_S * 1e9
        if not fresh:
            held.below_since_ns = None
            return held.alert.tier
        held.below_since_ns = held.below_since_ns or t_ns
        if t_ns - held.below_since_ns < self._policy.hold_s * 1e9:
            return held.alert.tier
        held.below_since_ns = None
        return lead.tier

    # ---- saying it ---------------------------------------------------------------------------

    def _open(
        self,
        key: str,
        group: list[Threat],
        *,
        sources: Callable[[str], tuple[str, ...]],
        t_ns: int,
    ) -> Alert:
        lead = group[0]
        incident = self.state.incident_of.get(lead.track_id, f"i{lead.track_id}")
        episode_key = f"{MARKS[lead.mark]}/{lead.target_id}|{incident}"
        episode = self.state.episodes.pop(episode_key, 0) + 1
        self.state.episodes[episode_key] = episode
        if len(self.state.episodes) > EPISODES_MAX:
            self.state.episodes.pop(next(iter(self.state.episodes)))
        blank = Alert(
            alert_id=sha256(f"{episode_key}|{episode}".encode()).hexdigest()[:16],
            revision=self.state.epoch * EPOCH,
            msg_type=MsgType.ALERT,
            incident_id=incident,
            target_id=lead.target_id,
            person_id=lead.person_id,
            tier=lead.tier,
            mark=Mark(MARKS[lead.mark]),
            action="",
            sound=True,
            t_cause_ns=lead.t_cause_ns,
            t_decided_ns=t_ns,
            t_expires_ns=t_ns,
        )
        held = Open(
            alert=blank,
            t_evidence_ns=max(g.t_cause_ns for g in group),
            rung_earliest_ns=None,
            rung_bearing_deg=None,
        )
        self.state.open[key] = held
        draft = self._write(held, group, tier=lead.tier, sources=sources, t_ns=t_ns)
        return self._say(held, msgspec.structs.replace(draft, sound=True))

    def _write(
        self,
        held: Open,
        group: list[Threat],
        *,
        tier: Tier,
        sources: Callable[[str], tuple[str, ...]],
        t_ns: int,
    ) -> Alert:
        """The alert's next content from the most urgent threat; a whole raid is one alert."""
        lead = group[0]
        for threat in group:
            self.state.incident_of.setdefault(threat.track_id, held.alert.incident_id)
        return msgspec.structs.replace(
            held.alert,
            tier=tier,
            action=ACTIONS[tier],
            t_cause_ns=lead.t_cause_ns,
            t_decided_ns=t_ns,
            t_expires_ns=held.t_evidence_ns + int(self._policy.expire_s * 1e9),
            track_ids=tuple(g.track_id for g in group),
            track_numbers=tuple(g.number for g in group),
            confirmed=lead.confirmed,
            p_hit=round(lead.p_hit, 3),
            t_earliest_ns=t_ns + int(lead.earliest_s * 1e9),
            t_p10_ns=_after(t_ns, lead.p10_s),
            t_p50_ns=_after(t_ns, lead.p50_s),
            t_p90_ns=_after(t_ns, lead.p90_s),
            bearing_deg_true=round(lead.bearing_deg_true, 1) if lead.bearing_sure else None,
            from_point=compass_point(lead.bearing_deg_true) if lead.bearing_sure else None,
            range_m=round(lead.range_m, 1) if lead.range_sure else None,
            height_m=None if lead.height_m is None else round(lead.height_m, 1),
            load=any(g.load for g in group),
            sources=sources(lead.track_id),
        )

    def _say(self, held: Open, alert: Alert) -> Alert:
        first = held.alert.action == ""
        said = msgspec.structs.replace(
            alert,
            revision=max(held.alert.revision, self.state.epoch * EPOCH) + 1,
            msg_type=MsgType.ALERT if first else MsgType.UPDATE,
        )
        held.alert = said
        if said.sound:
            held.rung_earliest_ns = said.t_earliest_ns
            held.rung_bearing_deg = said.bearing_deg_true
        return said

    def _end(
        self, key: str, reason: EndReason, *, t_ns: int, by_person_id: str | None = None
    ) -> Alert:
        held = self.state.open.pop(key)
        for track_id in held.alert.track_ids:
            self.state.incident_of.pop(track_id, None)
        return msgspec.structs.replace(
            held.alert,
            revision=max(held.alert.revision, self.state.epoch * EPOCH) + 1,
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
        )


def _rings_again(held: Open, draft: Alert) -> bool:
    """An earlier arrival, or from another side, than what was last rung for."""
    if draft.tier < Tier.WARNING:
        return False
    if (
        held.rung_earliest_ns is not None
        and draft.t_earliest_ns is not None
        and held.rung_earliest_ns - draft.t_earliest_ns > EARLIER_S * 1e9
    ):
        return True
    return (
        held.rung_bearing_deg is not None
        and draft.bearing_deg_true is not None
        and abs(angle_diff_deg(held.rung_bearing_deg, draft.bearing_deg_true)) > TURN_DEG
    )


def _after(t_ns: int, s: float | None) -> int | None:
    return None if s is None else t_ns + int(s * 1e9)


def _urgency(alert: Alert) -> tuple[int, int, str]:
    """Cancels last; then the highest tier, the earliest arrival."""
    tier = 0 if alert.msg_type is MsgType.CANCEL else int(alert.tier)
    return (-tier, alert.t_earliest_ns or alert.t_expires_ns, alert.target_id)
