"""An alert of a post -> the JSON that machines of the site get (webhook, MQTT, relay)."""

from __future__ import annotations

import msgspec

from vigia.run.courier.door import Job
from vigia.run.courier.words import sparse_text
from vigia.terms import Lang

VERSION = 1


class AlertBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """delivery_id is the same for each attempt: who has it already may leave it. revision: a
    lower one that comes late is old. Times in ns since 1970, UTC."""

    v: int
    delivery_id: str
    alert_id: str
    revision: int
    msg_type: str  # alert, update, cancel
    mark: str  # actual, exercise, demo
    tier: int  # 1 watch, 2 warning, 3 danger
    action: str
    sound: bool
    target_id: str
    place: str
    t_decided_ns: int
    t_expires_ns: int
    confirmed: bool = False
    from_point: str | None = None
    bearing_deg_true: float | None = None
    range_m: float | None = None
    t_earliest_ns: int | None = None
    end_reason: str | None = None
    text: dict[str, str] = {}


def alert_body(job: Job) -> bytes:
    a = job.alert
    return msgspec.json.encode(
        AlertBody(
            v=VERSION,
            delivery_id=job.delivery_id,
            alert_id=a.alert_id,
            revision=a.revision,
            msg_type=a.msg_type.value,
            mark=a.mark.value,
            tier=int(a.tier),
            action=a.action,
            sound=a.sound,
            target_id=a.target_id,
            place=job.place,
            t_decided_ns=a.t_decided_ns,
            t_expires_ns=a.t_expires_ns,
            confirmed=a.confirmed,
            from_point=a.from_point,
            bearing_deg_true=a.bearing_deg_true,
            range_m=a.range_m,
            t_earliest_ns=a.t_earliest_ns,
            end_reason=None if a.end_reason is None else a.end_reason.value,
            text={lang.value: sparse_text(a, lang) for lang in Lang},
        )
    )
