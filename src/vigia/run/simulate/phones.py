"""Deliveries -> what a page shows and what its owner answers. Idempotent by (alert, revision)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vigia.events import Acknowledged, Alert
from vigia.terms import AckKind, MsgType, Tier

if TYPE_CHECKING:
    from random import Random

    from vigia.run.simulate.world import Walker

SEEN_P, SAFE_P = 0.7, 0.5


class Shown(NamedTuple):
    """Something the page did at t_ns. copy: it had this revision already and stayed quiet."""

    t_ns: int
    alert: Alert
    copy: bool


class Answer(NamedTuple):
    """What the owner or the page will say, after_s from now."""

    after_s: float
    body: Acknowledged


class Phone:
    """One page on one device. `held` are the alerts it shows now."""

    def __init__(self, owner: Walker, device_id: str) -> None:
        self.owner = owner
        self.device_id = device_id
        self.online = False
        self.sessions = 0
        self.t_free_ns = 0  # a socket keeps the order of what it carries
        self.held: dict[str, Alert] = {}
        self.log: list[Shown] = []
        self._revision: dict[str, int] = {}
        self._answered: set[tuple[str, AckKind]] = set()

    def take(self, alert: Alert, t_ns: int, rng: Random) -> list[Answer]:
        """One delivered alert -> answers. An older or equal revision changes nothing."""
        copy = alert.revision <= self._revision.get(alert.alert_id, -1)
        self.log.append(Shown(t_ns, alert, copy))
        if copy:
            return []
        self._revision[alert.alert_id] = alert.revision
        if alert.msg_type is MsgType.CANCEL:
            self.held.pop(alert.alert_id, None)
        else:
            self.held[alert.alert_id] = alert
        return self._answers(alert, t_ns, rng)

    def _answers(self, alert: Alert, t_ns: int, rng: Random) -> list[Answer]:
        found = [self._answer(alert, AckKind.DELIVERED, 0.0, t_ns)]
        if alert.msg_type is MsgType.CANCEL:
            return found
        for kind, chance, lo, hi in (
            (AckKind.SEEN, SEEN_P, 1.5, 6.0),
            (AckKind.SAFE, SAFE_P if alert.tier is Tier.DANGER else 0.0, 5.0, 15.0),
        ):
            if (alert.alert_id, kind) not in self._answered and rng.random() < chance:
                self._answered.add((alert.alert_id, kind))
                found.append(self._answer(alert, kind, rng.uniform(lo, hi), t_ns))
        return found

    def _answer(self, alert: Alert, kind: AckKind, after_s: float, t_ns: int) -> Answer:
        at_ns = t_ns + round((after_s + self.owner.clock_skew_s) * 1e9)
        return Answer(
            after_s,
            Acknowledged(
                alert_id=alert.alert_id,
                revision=alert.revision,
                person_id=self.owner.person_id,
                device_id=self.device_id,
                kind=kind,
                t_obs_ns=at_ns,
            ),
        )
