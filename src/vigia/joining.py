"""Settings and a node that joined -> the settings with it as a sensor of its own, or why not."""

from __future__ import annotations

import math

from msgspec.structs import replace

from vigia.events import CoreSettings, SensorJoined, SensorSite

JOINED_MAX = 500  # sensors that joined, beside those of the settings
RANGE_MAX_M = 100_000.0


def join(settings: CoreSettings, body: SensorJoined) -> CoreSettings | str:
    """The same settings when nothing changes."""
    sites = {site.sensor_id: site for site in settings.sensors}
    parent = sites.get(body.of)
    if parent is None or not body.sensor_id.startswith(f"{body.of}."):
        return f"sensor {body.sensor_id}: {body.of} is not in the settings"
    known = sites.get(body.sensor_id)
    if known is None and sum("." in sensor_id for sensor_id in sites) >= JOINED_MAX:
        return f"sensor {body.sensor_id}: {JOINED_MAX} have joined already"
    site = _site(parent, body)
    if site == known:
        return settings
    sites[body.sensor_id] = site
    return replace(settings, sensors=tuple(sites.values()))


def _site(parent: SensorSite, body: SensorJoined) -> SensorSite:
    """Values that cannot be are passed over: the settings' count."""
    at = body.position
    good = at is not None and abs(at.lat_deg) <= 90.0 and abs(at.lon_deg) <= 180.0
    reach, silent, view = body.range_max_m, body.silent_after_s, body.view_deg_true
    return replace(
        parent,
        sensor_id=body.sensor_id,
        kind=body.kind[:32],
        position=at if good else parent.position,
        range_max_m=reach if reach and 0.0 < reach <= RANGE_MAX_M else parent.range_max_m,
        silent_after_s=silent if silent and 0.0 < silent < math.inf else parent.silent_after_s,
        view_deg_true=view if view is not None and 0.0 <= view < 360.0 else parent.view_deg_true,
        view_width_deg=body.view_width_deg if 0.0 < body.view_width_deg <= 360.0 else 360.0,
    )
