"""An input and the settings -> the mark it counts with, or why it is refused; and decisions
-> their envelopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.events import Alert, Delivery, Event, Fault, Observation
from vigia.events_reach import NotReached
from vigia.terms import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vigia.events import AnyBody, SensorSite

CORE = "core"  # source of all decisions


def weigh(event: Event, mode: Mark, sensors: Mapping[str, SensorSite]) -> tuple[Mark, Fault | None]:
    """The mark an input counts with. Simulated input never passes for actual."""
    sensor_id = getattr(event.body, "sensor_id", None)
    sensor = sensors.get(sensor_id) if isinstance(sensor_id, str) else None
    if sensor_id is not None and sensor is None and isinstance(event.body, Observation):
        return event.mark, Fault(
            where=event.source,
            whose="peer",
            what=f"sensor {sensor_id}: not in the settings; add [sensors.{sensor_id}]",
        )
    if mode is Mark.DEMO:
        return Mark.DEMO, None
    if sensor is not None and sensor.simulated and event.mark is Mark.ACTUAL:
        return Mark.EXERCISE, None
    declared = sensor is not None and sensor.simulated
    if event.mark is Mark.ACTUAL or (
        event.mark is Mark.EXERCISE and (mode is Mark.EXERCISE or declared)
    ):
        return event.mark, None
    return event.mark, Fault(
        where=event.source,
        whose="peer",
        what=(
            f"{type(event.body).__name__}: marked {event.mark.value} in mode {mode.value}; "
            "simulated input needs mode demo or exercise, or a sensor declared simulated"
        ),
    )


def envelop(
    cause: Event, mark: Mark, out: Iterable[AnyBody], open_alerts: Iterable[Alert]
) -> list[Event]:
    """Alerts and their deliveries bear the alert's mark, whatever input set them off."""
    out = list(out)
    marks = {alert.alert_id: alert.mark for alert in open_alerts}
    marks |= {b.alert_id: b.mark for b in out if isinstance(b, Alert)}
    return [
        Event(
            cause.seq,
            cause.t_recv_ns,
            CORE,
            marks.get(b.alert_id, mark) if isinstance(b, Alert | Delivery | NotReached) else mark,
            b,
        )
        for b in out
    ]
