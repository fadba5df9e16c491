"""What an adapter may be told of its surroundings, which bytes do not say."""

from __future__ import annotations

from typing import NamedTuple


class Facts(NamedTuple):
    """What an adapter that asks for it (`know`) is told of its surroundings at the start."""

    node_id: str  # of this vigia, a UUID
    declination_deg: float  # of magnetic north at the site, east of true north
    heading_deg_true: float | None  # of the platform that carries the sensor, by the settings
