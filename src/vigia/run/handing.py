"""Small answers of the gateway about alerts: when they reached people, and why one may not go."""

from __future__ import annotations

from vigia.events import Alert, Delivery
from vigia.ledger.times import AlertTimes
from vigia.run import page_json as out


def reached_times(times: AlertTimes) -> out.ReachedTimes:
    def first(moments: list[int | None]) -> int | None:
        known = [t for t in moments if t is not None]
        return min(known) // 1_000_000 if known else None

    return out.ReachedTimes(
        first([r.delivered_ns for r in times.revisions]),
        first([r.seen_ns for r in times.revisions]),
        first([r.safe_ns for r in times.revisions]),
    )


def why_not(delivery: Delivery, alert: Alert | None) -> str | None:
    """Why the alert held may not go out under this delivery: each proves one revision to one."""
    if alert is None:
        return "the alert is not known to the gateway"
    if alert.person_id != delivery.person_id:
        return "the gateway holds this alert for another person"
    if alert.revision != delivery.revision:
        return f"the gateway holds revision {alert.revision} of the alert"
    return None
