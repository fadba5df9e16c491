"""Who this vigia is to other systems: a UUID in the data folder, made once."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from vigia.run.declination import declination_deg
from vigia.run.plan import FeedPlan
from vigia.sensors.door import Facts
from vigia.terms import Position

FILE = "node-id"


def node_id(folder: Path) -> str:
    """Raises OSError."""
    path = folder / FILE
    try:
        return str(uuid.UUID(path.read_text().strip()))
    except (OSError, ValueError):
        made = str(uuid.uuid4())
        part = path.with_suffix(".part")
        part.write_text(made + "\n")
        os.replace(part, path)
        return made


def site_facts(folder: Path, site: Position, feed: FeedPlan, t_ns: int) -> Facts:
    """Raises OSError."""
    east = declination_deg(site.lat_deg, site.lon_deg, t_ns)
    return Facts(node_id(folder), east, feed.heading_deg_true)
