"""Threats -> Alerts: whom, when, with which action; each alert updates in place and ends.

One open alert for each target and mark. A tier rises at once and falls only on evidence held for
Policy.hold_s, for each drone by itself (fear.py). A lost drone is not a departed one: its alert
says so and expires, it is never turned into an all clear. docs/alerts.md has the transitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from vigia.alert.fear import Fear, recall
from vigia.events import Alert
from vigia.geo import angle_diff_deg, compass_point
from vigia.terms import EndReason, Mark, MsgType, Tier
from vigia.tracktable import MARKS

if TYPE_CHECKING:
    from vigia.events import AlertsHeld, AllClear, Policy
    from vigia.threats import Threat

EPOCH = 1_000_000  # revisions of one life of the watch; a restart goes on above them
EARLIER_S = 10.0  # an arrival this much earlier than announced rings again
TURN_DEG = 60.0  # so does a drone from elsewhere
TURN_RANGE_M = 150.0  # nearer, its direction swings as it passes overhead
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
    fears: dict[str, Fear]  # by track
    t_evidence_ns: int
    rung_earliest_ns: int | None = None
    rung_bearing_deg: float | None = None
    lost: bool = False  # "drone lost" was the last word
    expired: bool = False  # one of its drones was never seen to leave


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
        live: Mapping[str, int],
        sources: Callable[[str], tuple[str, ...]],
        t_ns: int,
    ) -> list[Alert]:
        """threats: most urgent first. live: tracks that exist -> when we last learned of them
        (t_recv_ns). sources: who supports a track."""
        by_key: dict[str, list[Threat]] = {}
        for threat in threats:
            by_key.setdefault(f"{MARKS[threat.mark]}/{threat.target_id}", []).append(threat)
        said: list[Alert] = []
        for key in [*by_key, *(k for k in self.state.open if k not in by_key)]:
            group = [g for g in by_key.get(key, ()) if self._is_evidence(g, t_ns)]
            alert = self._judge(key, group, live=live, sources=sources, t_ns=t_ns)
            if alert is not None:
                said.append(alert)
        self._tidy(live, t_ns)
        return sorted(said, key=_urgency)

    def all_clear(self, body: AllClear, t_ns: int) -> list[Alert]:
        """A named person ends an incident, or all of them. Its tracks stay quiet for a while."""
        said: list[Alert] = []
        for key, held in list(self.state.open.items()):
            if body.incident_id is None or held.alert.incident_id == body.incident_id:
                until = t_ns + int(self._policy.clear_s * 1e9)
                self.state.cleared.update(dict.fromkeys(held.fears, until))
                said.append(
                    self._end(key, EndReason.ALL_CLEAR, t_ns=t_ns, by_person_id=body.by_person_id)
                )
        return sorted(said, key=_urgency)

    def drop_tracks(self, track_ids: frozenset[str], t_ns: int) -> list[Alert]:
        """These were no drones: alerts that rest on nothing else end as false."""
        said: list[Alert] = []
        for key, held in list(self.state.open.items()):
            dropped = [track_id for track_id in held.fears if track_id in track_ids]
            for track_id in dropped:
                del held.fears[track_id]
            if dropped and not held.fears:
                said.append(self._end(key, EndReason.FALSE, t_ns=t_ns))
        return said

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
        if unknown:
            self.state.epoch += 1  # whatever comes next under these names outranks the cancel
        return own, unknown

    def restarted(self) -> None:
        """Revisions that were sent but not committed are never repeated with other content."""
        self.state.epoch += 1

    # ---- one target ------------------------------------------------------------------------

    def _judge(
        self,
        key: str,
        group: list[Threat],
        *,
        live: Mapping[str, int],
        sources: Callable[[str], tuple[str, ...]],
        t_ns: int,
    ) -> Alert | None:
        held = self.state.open.get(key)
        if held is None:
            group = [g for g in group if self._may_raise(g, t_ns)]
            return self._open(key, group, sources=sources, t_ns=t_ns) if group else None
        held.expired |= recall(held.fears, group, live=live, policy=self._policy, t_ns=t_ns)
        if not held.fears:
            reason = EndReason.EXPIRED if held.expired else EndReason.DEPARTED
            return self._end(key, reason, t_ns=t_ns)
        held.t_evidence_ns = max(f.t_evidence_ns for f in held.fears.values())
        tier = max(f.tier for f in held.fears.values())
        if not group or (
            group[0].tier < tier and all(f.lost for f in held.fears.values() if f.tier == tier)
        ):
            return self._judge_silence(held, tier, t_ns=t_ns)
        draft = self._write(held, group, tier=tier, sources=sources, t_ns=t_ns)
        found_again = held.lost and group[0].tier >= Tier.WARNING
        rings = tier > held.alert.tier or found_again or _rings_again(held, draft)
        due = t_ns - held.alert.t_decided_ns >= self._policy.repeat_s * 1e9
        if not (rings or tier != held.alert.tier or due):
            return None
        held.lost = False
        return self._say(held, replace(draft, sound=rings))

    def _judge_silence(self, held: Open, tier: Tier, *, t_ns: int) -> Alert | None:
        """The drone that matters most is tracked no more, or is leaving and not yet gone."""
        lost = all(f.lost for f in held.fears.values() if f.tier == tier)
        if not lost or (held.lost and tier == held.alert.tier):
            return None
        held.lost = True
        named = dict(zip(held.alert.track_ids, held.alert.track_numbers, strict=True))
        feared = {track_id: n for track_id, n in named.items() if track_id in held.fears}
        return self._say(
            held,
            replace(
                held.alert,
                tier=tier,
                track_ids=tuple(feared),
                track_numbers=tuple(feared.values()),
                action="stay_in_cover" if tier >= Tier.WARNING else "drone_lost",
                sound=False,
                t_cause_ns=t_ns,
                t_decided_ns=t_ns,
                t_expires_ns=self._expires_ns(held),
                t_earliest_ns=None,
                t_p10_ns=None,
                t_p50_ns=None,
                t_p90_ns=None,
            ),
        )

    def _is_evidence(self, threat: Threat, t_ns: int) -> bool:
        return t_ns - threat.t_cause_ns < self._policy.expire_s * 1e9

    def _may_raise(self, threat: Threat, t_ns: int) -> bool:
        """After an all clear the same drone rings only for DANGER, on evidence newer than it."""
        until_ns = self.state.cleared.get(threat.track_id, 0)
        if t_ns >= until_ns:
            return True
        cleared_ns = until_ns - int(self._policy.clear_s * 1e9)
        return threat.tier is Tier.DANGER and threat.t_cause_ns > cleared_ns

    def _expires_ns(self, held: Open) -> int:
        return held.t_evidence_ns + int(self._policy.expire_s * 1e9)

    def _tidy(self, live: Mapping[str, int], t_ns: int) -> None:
        """Forget what no live track and no open alert needs."""
        state = self.state
        feared = {track_id for held in state.open.values() for track_id in held.fears}
        state.cleared = {k: v for k, v in state.cleared.items() if v > t_ns}
        state.incident_of = {k: v for k, v in state.incident_of.items() if k in live or k in feared}

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
            fears={g.track_id: Fear(g.tier, g.t_cause_ns) for g in group},
            t_evidence_ns=max(g.t_cause_ns for g in group),
        )
        self.state.open[key] = held
        draft = self._write(held, group, tier=lead.tier, sources=sources, t_ns=t_ns)
        return self._say(held, replace(draft, sound=True))

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
        return replace(
            held.alert,
            tier=tier,
            action=ACTIONS[tier],
            t_cause_ns=lead.t_cause_ns,
            t_decided_ns=t_ns,
            t_expires_ns=self._expires_ns(held),
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
        said = replace(
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
        return replace(
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
        and (draft.range_m is None or draft.range_m > TURN_RANGE_M)
        and abs(angle_diff_deg(held.rung_bearing_deg, draft.bearing_deg_true)) > TURN_DEG
    )


def _after(t_ns: int, s: float | None) -> int | None:
    return None if s is None else t_ns + int(s * 1e9)


def _urgency(alert: Alert) -> tuple[int, int, str]:
    """Cancels last; then the highest tier, the earliest arrival."""
    tier = 0 if alert.msg_type is MsgType.CANCEL else int(alert.tier)
    return (-tier, alert.t_earliest_ns or alert.t_expires_ns, alert.target_id)
