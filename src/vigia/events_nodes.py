"""A sensor that says itself where it stands: SAPIENT nodes join a sensor of the settings."""

from __future__ import annotations

from vigia.event_base import Body
from vigia.terms import Position


class SensorJoined(Body, frozen=True, kw_only=True):
    """A node behind a sensor of the settings (`of`) registered, moved, or changed its view.

    It counts as a sensor of its own from now on, with the grade, link, chances and mark that the
    settings give to `of`. person: a human observer, whose place is personal.
    """

    sensor_id: str
    of: str
    t_obs_ns: int
    kind: str
    position: Position | None = None
    silent_after_s: float | None = None
    range_max_m: float | None = None
    view_deg_true: float | None = None
    view_width_deg: float = 360.0
    person: bool = False
