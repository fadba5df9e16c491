"""Posts, people and their last positions -> one table of targets to protect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.events import CoreSettings
    from vigia.geo import Site
    from vigia.roster import Roster
    from vigia.terms import Position

WALK_MPS = 2.0  # how fast the uncertainty of an old position grows; docs/alerts.md
SIGMA_DEFAULT_M = 20.0  # a phone that states no accuracy
SIGMA_MAX_M = 500.0


class Targets(NamedTuple):
    """(m,) ids, (m, 2) east and north [m], (m,) up [m] or NaN where no ground height is known,
    (m,) extent [m], (m,) 1-sigma [m]."""

    target_ids: list[str]
    person_ids: list[str | None]
    en_m: NDArray[np.float64]
    up_m: NDArray[np.float64]
    extent_m: NDArray[np.float64]
    sigma_m: NDArray[np.float64]


def target_table(settings: CoreSettings, roster: Roster, site: Site, t_ns: int) -> Targets:
    """Every post, and every person at his own position, else at his post, else nowhere."""
    ids: list[str] = []
    persons: list[str | None] = []
    rows: list[tuple[float, float, float, float, float]] = []
    ground = settings.origin.alt_hae_m is not None
    at_post: dict[str, tuple[float, float, float, float, float]] = {}
    for post in settings.posts:
        e, n, u = _enu(site, post.position, ground_known=ground)
        row = (e, n, u, post.radius_m, 0.0)
        at_post[post.post_id] = row
        ids.append(f"post/{post.post_id}")
        persons.append(None)
        rows.append(row)
    for person_id, person in roster.people.items():
        spot = roster.spots.get(person_id)
        if spot is not None:
            e, n, u = _enu(site, spot.position, ground_known=ground)
            own = spot.position.sigma_m
            age_s = max(0.0, (t_ns - spot.t_obs_ns) / 1e9)
            sigma = math.hypot(SIGMA_DEFAULT_M if own is None else own, WALK_MPS * age_s)
            rows.append((e, n, u, 0.0, min(sigma, SIGMA_MAX_M)))
        elif person.post_id is not None and person.post_id in at_post:
            rows.append(at_post[person.post_id])
        else:
            continue
        ids.append(f"person/{person_id}")
        persons.append(person_id)
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    return Targets(ids, persons, table[:, :2], table[:, 2], table[:, 3], table[:, 4])


def _enu(site: Site, position: Position, *, ground_known: bool) -> tuple[float, float, float]:
    alt = site.origin.alt_hae_m if position.alt_hae_m is None else position.alt_hae_m
    e, n, u = site.to_enu(lat_deg=position.lat_deg, lon_deg=position.lon_deg, alt_hae_m=alt)
    return e, n, u if ground_known or position.alt_hae_m is not None else math.nan
