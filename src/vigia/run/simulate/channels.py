"""World -> who has which channels besides the page, and how these take what they are given."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from vigia.events import Delivery, HandedOver
from vigia.events_reach import ContactSet
from vigia.terms import Channel

if TYPE_CHECKING:
    from vigia.run.simulate.world import World

OF_PEOPLE = (Channel.PUSH, Channel.NTFY, Channel.SMS, Channel.EMAIL)
CHANNELS = (Channel.PAGE, *OF_PEOPLE, Channel.WEBHOOK, Channel.SIREN)
HAS_P = 0.35  # that a person has it
FAILS_P = 0.2  # that it does not take an alert


def contacts(world: World) -> list[ContactSet]:
    rng = Random(f"{world.seed}/contacts")
    return [
        ContactSet(person_id=person.person_id, channel=channel)
        for person in world.people
        for channel in OF_PEOPLE
        if rng.random() < HAS_P
    ]


def receipt(delivery: Delivery, t_ns: int, rng: Random) -> HandedOver:
    """Channels that answer nothing: some take it, some fail, all take their time."""
    fails = delivery.channel is not Channel.RADIO and rng.random() < FAILS_P
    return HandedOver(
        delivery_id=delivery.delivery_id,
        alert_id=delivery.alert_id,
        revision=delivery.revision,
        t_handed_ns=t_ns + round(rng.uniform(0.1, 4.0) * 1e9),
        failed="it answers 503" if fails else None,
    )
