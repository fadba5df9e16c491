"""A mark on the map -> a person's sighting: the direction from where he stands, or the place."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vigia.events import Sighting
from vigia.geo import Site as Frame
from vigia.terms import Bearing, DroneKind, Position
from vigia.textreport.parse import understand

if TYPE_CHECKING:
    from vigia.alert_terms import Via
    from vigia.run.tak_server.hear import Site
    from vigia.run.tak_server.who import Who
    from vigia.textreport.parse import Understood
    from vigia.wire.cot import CotEvent

# Drones of 2525 and ATAK's own civil ones; friendly and neutral ones are known, and no report.
_DRONE = re.compile(r"a-[ushjpo]-A-(?:M-[HF]-Q|C-F-q)(?:-|$)")
_FIXED = re.compile(r"a-.-A-(?:M-F-Q|C-F-q)")
_MARKER = re.compile(r"(?:b-m-p-|a-[uhsjpo]-)")
NEAR_M = 150.0  # a mark nearer than this says where it is better than in which direction
MARK_SIGMA_M = 100.0  # how well people hit the map
SIGMA_DEG = (3.0, 60.0)


def drone_mark(event: CotEvent, site: Site | None) -> Understood | None:
    """What it says; None: no drone, or not placed by a person (how: h-...)."""
    if not event.how.startswith("h"):
        return None
    if not _MARKER.match(event.type) or site is None:
        return None
    words = " ".join(part for part in (event.callsign, event.remarks) if part)
    said = understand(words, site.places, origin=site.origin)
    if _DRONE.match(event.type):
        if said.why_not in ("negated", "question"):
            return None
        fixed = _FIXED.match(event.type) and said.kind is DroneKind.UNKNOWN
        return replace(said, kind=DroneKind.FIXED_WING) if fixed else said
    return said if said.report else None


def place_mark(
    said: Understood,
    at: Position,
    mine: Position | None,
    *,
    report_id: str,
    who: Who,
    via: Via,
    t_obs_ns: int,
    text: str,
) -> Sighting:
    """mine: where he who marked it stands; from there the mark gives a direction."""
    position, bearing = at, None
    if mine is not None:
        frame = Frame(lat_deg=mine.lat_deg, lon_deg=mine.lon_deg, alt_hae_m=0.0)
        there = frame.to_enu(lat_deg=at.lat_deg, lon_deg=at.lon_deg, alt_hae_m=0.0)
        away_m = math.hypot(there.e_m, there.n_m)
        if away_m > NEAR_M:
            sigma = math.degrees(math.atan2(MARK_SIGMA_M + (at.sigma_m or 0.0), away_m))
            azimuth = math.degrees(math.atan2(there.e_m, there.n_m)) % 360.0
            bearing = Bearing(azimuth % 360.0, min(max(sigma, SIGMA_DEG[0]), SIGMA_DEG[1]))
            position = mine
    return Sighting(
        report_id=report_id,
        t_obs_ns=t_obs_ns,
        t_sigma_s=5.0,
        person_id=who.person_id,
        device_id=who.device_id,
        position=position,
        bearing=bearing,
        sense=said.sense,
        kind=said.kind,
        count=said.count,
        load=said.load,
        motion=said.motion,
        text=text,
        via=via,
    )
