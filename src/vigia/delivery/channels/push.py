"""Alert -> the text of a push message and how the push service is to treat it.

The text is keys of the catalogue and numbers, no sentences: the phone says them in its own
language. It holds no position, no name and no track: direction and distance, coarse, are enough to
take cover, and a phone may be lost or read by others while it is locked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from vigia.terms import EndReason, Mark, MsgType, Tier
from vigia.wire.webpush import topic

if TYPE_CHECKING:
    from vigia.events import Alert

VERSION = 1
PAD_TO = 512  # every message has this size: its length tells neither tier nor end
RANGE_STEP_M = 100
TTL_MIN_S = 30
TTL_MAX_S = 600
CANCEL_TTL_S = 3_600  # a phone that was out of reach must not keep a warning that is over


class PushText(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the service worker reads; times are server milliseconds."""

    v: int
    alert_id: str
    revision: int
    msg_type: MsgType
    tier: Tier
    mark: Mark
    action: str
    decided_ms: int
    expires_ms: int
    sound: bool = False
    confirmed: bool = False
    earliest_ms: int | None = None
    from_point: str | None = None
    range_m: int | None = None  # to the next RANGE_STEP_M towards us
    load: bool = False
    end_reason: EndReason | None = None


class PushMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One revision for any number of phones: only the sealing differs."""

    plain: bytes
    topic: str
    urgency: str
    ttl_s: int


_encode = msgspec.json.Encoder().encode


def render(alert: Alert, *, t_ns: int) -> PushMessage:
    """t_ns: now. One topic an alert: an update replaces what still waits at the service."""
    ends = alert.msg_type is MsgType.CANCEL
    text = PushText(
        v=VERSION,
        alert_id=alert.alert_id,
        revision=alert.revision,
        msg_type=alert.msg_type,
        tier=alert.tier,
        mark=alert.mark,
        action=alert.action,
        decided_ms=_ms(alert.t_decided_ns),
        expires_ms=_ms(alert.t_expires_ns),
        sound=alert.sound,
        confirmed=alert.confirmed,
        earliest_ms=None if alert.t_earliest_ns is None else _ms(alert.t_earliest_ns),
        from_point=alert.from_point,
        range_m=None if alert.range_m is None else _coarse(alert.range_m),
        load=alert.load,
        end_reason=alert.end_reason,
    )
    left_s = (alert.t_expires_ns - t_ns) // 1_000_000_000
    return PushMessage(
        plain=_encode(text),
        topic=topic(alert.alert_id),
        urgency="high" if ends or alert.tier >= Tier.WARNING else "normal",
        ttl_s=CANCEL_TTL_S if ends else min(max(left_s, TTL_MIN_S), TTL_MAX_S),
    )


def _coarse(range_m: float) -> int:
    """Never farther than it is."""
    return int(range_m // RANGE_STEP_M) * RANGE_STEP_M


def _ms(t_ns: int) -> int:
    return t_ns // 1_000_000
