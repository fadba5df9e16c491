"""Alerts, most urgent first -> Deliveries: by which channel, in which order.

And acknowledgements -> Reached, each kind once for each person and alert.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from vigia.events import Acknowledged, Alert, Delivery, Reached
from vigia.terms import AckKind, Channel

REACHED_MAX = 100_000  # (alert, person) pairs remembered; the oldest are forgotten


class ReachState(msgspec.Struct):
    """Which answers came; its encoding is its snapshot."""

    reached: dict[str, list[AckKind]] = {}  # by "<alert>/<person>"


def plan(alerts: Sequence[Alert], channels: Sequence[Channel]) -> list[Delivery]:
    """One delivery for each alert revision and channel. A page delivery needs a person; TAK, which
    everybody on its net reads, hears of posts only: range and direction tell where a person is."""
    return [
        Delivery(
            delivery_id=f"{alert.alert_id}.{alert.revision}.{channel.value}",
            alert_id=alert.alert_id,
            revision=alert.revision,
            target_id=alert.target_id,
            person_id=alert.person_id,
            channel=channel,
            rank=rank,
        )
        for rank, alert in enumerate(alerts)
        for channel in channels
        if (channel is Channel.PAGE) == (alert.person_id is not None)
    ]


def acknowledge(state: ReachState, body: Acknowledged) -> Reached | None:
    """None for a repetition, which is harmless."""
    key = f"{body.alert_id}/{body.person_id}"
    kinds = state.reached.setdefault(key, [])
    if body.kind in kinds:
        return None
    kinds.append(body.kind)
    if len(state.reached) > REACHED_MAX:
        state.reached.pop(next(iter(state.reached)))
    return Reached(
        alert_id=body.alert_id, person_id=body.person_id, kind=body.kind, t_obs_ns=body.t_obs_ns
    )
