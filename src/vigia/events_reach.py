"""Events of reaching people: by which channels, who was not reached, who was called, drills."""

from __future__ import annotations

import msgspec

from vigia.event_base import Body
from vigia.terms import Channel, Tier


class ReachPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Which channels a revision goes to at once, which come next without an answer, and when
    (docs/reach.md). A channel that the site, or the person, does not have is left out."""

    watch: tuple[Channel, ...] = (
        Channel.PAGE,
        Channel.COT,
        Channel.CAP,
        Channel.WEBHOOK,
        Channel.MQTT,
    )
    warning: tuple[Channel, ...] = (
        *(Channel.PAGE, Channel.PUSH, Channel.NTFY),
        *(Channel.COT, Channel.CAP, Channel.WEBHOOK, Channel.MQTT),
    )
    danger: tuple[Channel, ...] = (
        *(Channel.PAGE, Channel.PUSH, Channel.NTFY, Channel.SMS),
        *(Channel.COT, Channel.CAP, Channel.WEBHOOK, Channel.MQTT, Channel.SIREN),
    )
    ladder: tuple[Channel, ...] = (Channel.PUSH, Channel.NTFY, Channel.SMS, Channel.EMAIL)
    # These hear of every revision; the others only of what rings, changes the action, or ends.
    every_revision: tuple[Channel, ...] = (
        *(Channel.PAGE, Channel.COT, Channel.CAP, Channel.WEBHOOK, Channel.MQTT),
    )
    answer_s: float = 15.0  # without an answer: the next channel, and the radio desk
    answer_tier: Tier = Tier.WARNING  # from here on an answer is waited for

    def at_once(self, tier: Tier) -> tuple[Channel, ...]:
        if tier >= Tier.DANGER:
            return self.danger
        return self.warning if tier is Tier.WARNING else self.watch


# ---- inputs ------------------------------------------------------------------------------------


class ContactSet(Body, frozen=True, kw_only=True):
    """Somebody can be reached by this channel from now on, or cannot any more. The address is
    known to the courier only."""

    person_id: str
    channel: Channel
    on: bool = True


class ToldByRadio(Body, frozen=True, kw_only=True):
    """A watch officer told him himself, by radio or telephone. An answer like the others."""

    alert_id: str
    revision: int
    person_id: str
    by_person_id: str
    t_obs_ns: int


class DrillOrdered(Body, frozen=True, kw_only=True):
    """A watch officer warns these targets (none: everybody) as a drill: marked EXERCISE in every
    rendering, over the same channels. Ended by Undone(order_id=drill_id)."""

    drill_id: str
    by_person_id: str
    reason: str
    tier: Tier = Tier.WARNING
    target_ids: tuple[str, ...] = ()


# ---- decisions ---------------------------------------------------------------------------------


class NotReached(Body, frozen=True, kw_only=True):
    """No answer in time, or no channel took it: he stands on the radio desk's list until he
    answers, is told by radio, or the alert ends. tried: in the order of trying. over: he stands
    there no more."""

    alert_id: str
    revision: int
    person_id: str
    tried: tuple[Channel, ...]
    failed: tuple[Channel, ...] = ()  # of those tried: they said that they could not
    tier: Tier = Tier.WARNING
    over: bool = False
