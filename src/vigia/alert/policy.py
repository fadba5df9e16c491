"""Threats -> Alerts: whom, when, with which action; each alert updates in place and ends.

One open alert for each target and mark. It rests on fears (fear.py, one a drone) and on people's
orders (people.py). A tier rises at once and falls only on evidence; a lost drone is not a departed
one: its alert says so and expires, it is never turned into an all clear. docs/alerts.md has the
transitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from vigia.alert import friendly
from vigia.alert.fear import expires_ns, new_fear, recall, stop_clocks
from vigia.alert.state import AlertState, Fear, Open, Order
from vigia.alert.write import END_ACTIONS, of_end, of_order, of_overdue, of_silence, of_threats
from vigia.events import Alert
from vigia.geo import angle_diff_deg
from vigia.terms import EndReason, Mark, MsgType, Tier
from vigia.tracktable import MARKS

if TYPE_CHECKING:
    from vigia.alert.state import Key, Scene, Standing
    from vigia.events import AlertsHeld, Policy
    from vigia.threats import Threat

EPOCH = 1_000_000  # revisions of one life of the watch; a restart goes on above them
EARLIER_S = 10.0  # an arrival this much earlier than announced rings again
TURN_DEG = 60.0  # so does a drone from elsewhere
TURN_RANGE_M = 150.0  # nearer, its direction swings as it passes overhead
RESTATE_S = 10.0  # a stopped clock is told this long before the expiry that was announced
CLEAR_KEPT_S = 3_600.0  # an all clear can be reversed so long
EPISODES_MAX = 100_000  # remembered (target, incident) pairs; the oldest are forgotten
_Over: TypeAlias = "Callable[[str, Fear], bool]"


class AlertPolicy:
    """Decides; holds no clock. Every method returns the revisions to deliver, urgent first."""

    def __init__(self, policy: Policy, state: AlertState) -> None:
        self.numbers = policy
        self.state = state

    def decide(self, threats: Iterable[Threat], scene: Scene) -> list[Alert]:
        """threats: most urgent first."""
        state = self.state
        dt_ns = max(0, scene.t_ns - state.t_looked_ns) if state.t_looked_ns else 0
        state.t_looked_ns = scene.t_ns
        by_key: dict[Key, list[Threat]] = {}
        for threat in threats:
            key = f"{MARKS[threat.mark]}/{threat.target_id}"
            if not friendly.hushes(state, threat, state.open.get(key), scene):
                by_key.setdefault(key, []).append(_capped(threat))
        said: list[Alert] = []
        for key in [*by_key, *(k for k in state.open if k not in by_key)]:
            group = [g for g in by_key.get(key, ()) if self._is_evidence(g, scene.t_ns)]
            alert = self._judge(key, group, scene, dt_ns)
            if alert is not None:
                said.append(alert)
        self._tidy(scene)
        return sorted(said, key=urgency)

    def drop_tracks(
        self, track_ids: frozenset[str], t_ns: int, why: EndReason = EndReason.FALSE
    ) -> list[Alert]:
        """These were no drones, or were taken back: alerts that rest on nothing else end."""
        return self.forget_fears(lambda track_id, _: track_id in track_ids, why, t_ns=t_ns)

    def forget_fears(
        self, over: _Over, reason: EndReason, *, t_ns: int, by_person_id: str | None = None
    ) -> list[Alert]:
        """over(track_id, fear): to be forgotten. Alerts that rest on nothing else end."""
        said: list[Alert] = []
        for key, held in list(self.state.open.items()):
            dropped = [k for k, fear in held.fears.items() if over(k, fear)]
            for track_id in dropped:
                del held.fears[track_id]
            if dropped and not held.standing():
                said.append(self.end(key, reason, t_ns=t_ns, by_person_id=by_person_id))
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

    def restarted(self, t_ns: int | None = None) -> None:
        """Revisions that were sent but not committed are never repeated with other content. While
        the watch was away nobody looked: that time lets nothing expire."""
        self.state.epoch += 1
        if t_ns is not None and self.state.t_looked_ns:
            gap_ns = max(0, t_ns - self.state.t_looked_ns)
            for held in self.state.open.values():
                stop_clocks(held, gap_ns, self.numbers)
            self.state.t_looked_ns = t_ns

    # ---- one target ------------------------------------------------------------------------

    def _judge(self, key: Key, group: list[Threat], scene: Scene, dt_ns: int) -> Alert | None:
        held = self.state.open.get(key)
        if held is None:
            group = [g for g in group if self._may_raise(g, scene.t_ns)]
            return self._open_for_threats(key, group, scene) if group else None
        recall(held, group, scene, self.numbers, dt_ns)
        if all(standing.over for standing in held.standing()):
            reason = EndReason.EXPIRED if held.expired else EndReason.DEPARTED
            return self.end(key, reason, t_ns=scene.t_ns)
        held.t_evidence_ns = max(s.t_evidence_ns for s in held.standing())
        return self._update(held, group, scene)

    def _update(self, held: Open, group: list[Threat], scene: Scene) -> Alert | None:
        """What leads: a threat or a person's word at the alert's tier; else silence."""
        tier = max(s.tier for s in held.standing())
        late = [f for f in held.fears.values() if f.overdue and not f.told]
        if late and tier is Tier.DANGER and not (group and group[0].tier >= tier):
            for fear in late:
                fear.told = True
            return self.say(held, of_overdue(held, scene.t_ns, rings=held.alert.tier < tier))
        word = _word(held, tier)
        if word is not None and not (group and group[0].tier >= tier):
            return self._update_by_word(held, *word, group, scene)
        if not group or (
            group[0].tier < tier and all(_gone(s) for s in held.standing() if s.tier == tier)
        ):
            return self._judge_silence(held, tier, scene)
        draft = self._of_threats(held, group, tier, scene)
        found_again = held.lost and group[0].tier >= Tier.WARNING
        rings = tier > held.alert.tier or found_again or _rings_again(held, draft)
        due = scene.t_ns - held.alert.t_decided_ns >= self.numbers.repeat_s * 1e9
        if not (rings or tier != held.alert.tier or due):
            return None
        held.lost = False
        return self.say(held, replace(draft, sound=rings))

    def _update_by_word(
        self, held: Open, order_id: str, order: Order, group: list[Threat], scene: Scene
    ) -> Alert | None:
        rings = not order.told or order.tier > held.alert.tier
        tracks = {g.track_id: g.number for g in group}
        draft = of_order(held, order_id, order, tracks, scene.t_ns)
        news = draft.tier != held.alert.tier or draft.track_ids != held.alert.track_ids
        due = scene.t_ns - held.alert.t_decided_ns >= self.numbers.repeat_s * 1e9
        if not (rings or (due and (news or self._must_restate(held, scene.t_ns)))):
            return None
        held.lost, order.told = False, True
        return self.say(held, replace(draft, sound=rings))

    def _judge_silence(self, held: Open, tier: Tier, scene: Scene) -> Alert | None:
        """The drone that matters most is tracked no more, or is leaving and not yet gone."""
        top = [s for s in held.standing() if s.tier == tier]
        if not all(_gone(s) for s in top):
            return None
        told = held.lost and tier == held.alert.tier
        if told and not self._must_restate(held, scene.t_ns):
            return None
        held.lost = True
        blind = any(s.stopped_ns for s in top)
        return self.say(held, of_silence(held, tier, scene.t_ns, blind=blind))

    def _must_restate(self, held: Open, t_ns: int) -> bool:
        """The clock stood still: what was announced as the expiry is near and no longer true."""
        said = held.alert
        due = t_ns - said.t_decided_ns >= self.numbers.repeat_s * 1e9
        near = said.t_expires_ns - t_ns < RESTATE_S * 1e9
        return due and near and self._expires_ns(held) > said.t_expires_ns

    def _is_evidence(self, threat: Threat, t_ns: int) -> bool:
        return t_ns - threat.t_cause_ns < self.numbers.expire_s * 1e9

    def _may_raise(self, threat: Threat, t_ns: int) -> bool:
        """After an all clear the same drone rings only for DANGER, on evidence newer than it."""
        until_ns = self.state.cleared.get(threat.track_id, 0)
        if t_ns >= until_ns:
            return True
        cleared_ns = until_ns - int(self.numbers.clear_s * 1e9)
        return threat.tier is Tier.DANGER and threat.t_cause_ns > cleared_ns

    def _expires_ns(self, held: Open) -> int:
        running = [s for s in held.standing() if not s.over] or held.standing()
        return max(expires_ns(s, self.numbers) for s in running)

    def _tidy(self, scene: Scene) -> None:
        """Forget what no live track and no open alert needs."""
        state = self.state
        feared = {track_id for held in state.open.values() for track_id in held.fears}
        needed = feared.union(scene.live)
        state.cleared = {k: v for k, v in state.cleared.items() if v > scene.t_ns}
        state.incident_of = {k: v for k, v in state.incident_of.items() if k in needed}
        state.clears = [c for c in state.clears if scene.t_ns - c.t_ns < CLEAR_KEPT_S * 1e9]
        for attack in state.attacks.values():
            if scene.t_ns - attack.t_obs_ns > 2.0 * self.numbers.expire_s * 1e9:
                attack.told = {}  # nobody hears of it any more; its orders are in the alerts
        state.identities = {k: v for k, v in state.identities.items() if k in needed}

    # ---- saying it ---------------------------------------------------------------------------

    def _of_threats(self, held: Open, group: list[Threat], tier: Tier, scene: Scene) -> Alert:
        for threat in group:
            self.state.incident_of.setdefault(threat.track_id, held.alert.incident_id)
        return of_threats(
            held, group, tier=tier, state=self.state, scene=scene, policy=self.numbers
        )

    def _open_for_threats(self, key: Key, group: list[Threat], scene: Scene) -> Alert:
        lead = group[0]
        incident = self.state.incident_of.get(lead.track_id, f"i{lead.track_id}")
        held = self.begin(
            key, incident, lead.target_id, lead.person_id, lead.t_cause_ns, t_ns=scene.t_ns
        )
        held.fears = {g.track_id: new_fear(g) for g in group}
        held.t_evidence_ns = max(g.t_cause_ns for g in group)
        draft = self._of_threats(held, group, lead.tier, scene)
        return self.say(held, replace(draft, sound=True))

    def begin(
        self,
        key: Key,
        incident: str,
        target_id: str,
        person_id: str | None,
        t_cause_ns: int,
        *,
        t_ns: int,
    ) -> Open:
        """A new alert of which nothing has been said."""
        episode_key = f"{key}|{incident}"
        episode = self.state.episodes.pop(episode_key, 0) + 1
        self.state.episodes[episode_key] = episode
        if len(self.state.episodes) > EPISODES_MAX:
            self.state.episodes.pop(next(iter(self.state.episodes)))
        blank = Alert(
            alert_id=sha256(f"{episode_key}|{episode}".encode()).hexdigest()[:16],
            revision=self.state.epoch * EPOCH,
            msg_type=MsgType.ALERT,
            incident_id=incident,
            target_id=target_id,
            person_id=person_id,
            tier=Tier.NONE,
            mark=Mark(key.partition("/")[0]),
            action="",
            sound=True,
            t_cause_ns=t_cause_ns,
            t_decided_ns=t_ns,
            t_expires_ns=t_ns,
        )
        held = Open(alert=blank, fears={}, t_evidence_ns=t_cause_ns)
        self.state.open[key] = held
        return held

    def say(self, held: Open, alert: Alert) -> Alert:
        first = held.alert.action == ""
        said = replace(
            alert,
            revision=self._next_revision(held),
            msg_type=MsgType.ALERT if first else MsgType.UPDATE,
            t_expires_ns=max(self._expires_ns(held), alert.t_decided_ns),
        )
        held.alert = said
        if said.sound:
            held.rung_earliest_ns = said.t_earliest_ns
            held.rung_bearing_deg = said.bearing_deg_true
        return said

    def end(
        self, key: Key, reason: EndReason, *, t_ns: int, by_person_id: str | None = None
    ) -> Alert:
        held = self.state.open.pop(key)
        cancel = of_end(held.alert, reason, t_ns=t_ns, by_person_id=by_person_id)
        return replace(cancel, revision=self._next_revision(held))

    def _next_revision(self, held: Open) -> int:
        return max(held.alert.revision, self.state.epoch * EPOCH) + 1


def _capped(threat: Threat) -> Threat:
    """Weak evidence alone gives WATCH, whoever assessed it."""
    if threat.weak and threat.tier > Tier.WATCH:
        return replace(threat, tier=Tier.WATCH)
    return threat


def _word(held: Open, tier: Tier) -> tuple[str, Order] | None:
    """The newest order at this tier that counts still."""
    found = [(k, o) for k, o in held.orders.items() if o.tier == tier and not o.over]
    return found[-1] if found else None


def _gone(standing: Standing) -> bool:
    """Nothing is heard of it any more: an order only runs out."""
    return standing.over or (isinstance(standing, Fear) and standing.lost)


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


def urgency(alert: Alert) -> tuple[int, int, str]:
    """Cancels last; then the highest tier, the earliest arrival."""
    tier = 0 if alert.msg_type is MsgType.CANCEL else int(alert.tier)
    return (-tier, alert.t_earliest_ns or alert.t_expires_ns, alert.target_id)
