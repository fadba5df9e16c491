"""The picture and the truth -> what a watch officer who looks up says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.events import MarkedFriendly, TrackJudged
from vigia.run.simulate.paths import distance
from vigia.tracktable import Fix, published_rows

if TYPE_CHECKING:
    from vigia.events import TracksPublished
    from vigia.run.simulate.world import World

GLANCE_M = 120.0  # how near a drawn track is to what it stands for
OFFICER = "w0"


def judge(
    world: World, picture: TracksPublished, t_s: float
) -> TrackJudged | MarkedFriendly | None:
    """A bird is no drone; a drone that means no harm is somebody's he knows."""
    found = _track_of(world, picture, t_s, {"bird"})
    if found is not None:
        return TrackJudged(track_id=found, by_person_id=OFFICER, is_drone=False, reason="a bird")
    found = _track_of(world, picture, t_s, {"hobby", "go_home"})
    if found is not None:
        return MarkedFriendly(track_id=found, by_person_id=OFFICER, reason="the neighbour's")
    return None


def _track_of(
    world: World, picture: TracksPublished, t_s: float, behaviours: set[str]
) -> str | None:
    """The first track drawn at one of these and at nothing else."""
    for row in published_rows(picture.data):
        if int(row["fix"]) != Fix.POSITION:
            continue
        lat, lon, alt = (float(row[k]) for k in ("lat_deg", "lon_deg", "alt_hae_m"))
        at = world.site.to_enu(lat_deg=lat, lon_deg=lon, alt_hae_m=alt)
        near = {
            f.behaviour
            for f in world.flyers
            if f.path.exists(t_s) and distance(f.path.at(t_s), at) < GLANCE_M
        }
        if near and near <= behaviours:
            return bytes(row["track_id"]).decode()
    return None
