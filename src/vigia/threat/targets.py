"""Posts, people and their last positions -> one table of targets to protect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.events import CoreSettings, PersonAdded, Post
    from vigia.geo import Site
    from vigia.roster import Roster, Spot
    from vigia.terms import Position

WALK_MPS = 2.0  # how fast the uncertainty of an old position grows; docs/threat.md
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


class _Known(NamedTuple):
    """What a table was made of, and all of it that does not depend on the time."""

    people: list[PersonAdded]
    sharing: list[str]  # whose positions are known, and these, in one order
    spots: list[Spot]
    target_ids: list[str]
    person_ids: list[str | None]
    places: NDArray[np.float64]  # (m, 3) east, north, up [m]
    extent_m: NDArray[np.float64]  # (m,)
    sigma_m: NDArray[np.float64]  # (m,) when seen
    seen_ns: NDArray[np.int64]  # (m,)
    aging: NDArray[np.bool_]  # (m,) a person's position does, a post's does not
    where: dict[str, int]  # row of each target


class TargetBook:
    """Targets of one site; what has not changed since the last look is not worked out again.

    Holds no position that the roster has not held at the last look.
    """

    def __init__(self, settings: CoreSettings, site: Site) -> None:
        self._site = site
        self._ground = settings.origin.alt_hae_m is not None
        self._posts = {p.post_id: p for p in settings.posts}
        self._known: _Known | None = None

    def table(self, roster: Roster, t_ns: int) -> Targets:
        """Every post, and every person at his own position, else at his post, else nowhere."""
        people, sharing = list(roster.people.values()), list(roster.spots)
        k = self._known
        # equal lists of frozen structs: mostly the very same objects, which is quick to see
        if k is None or k.people != people or k.sharing != sharing:
            k = self._known = self._learn(roster, people, sharing)
        self._move(k, list(roster.spots.values()))
        walked = np.where(k.aging, WALK_MPS * 1e-9 * np.maximum(t_ns - k.seen_ns, 0), 0.0)
        sigma = np.minimum(np.hypot(k.sigma_m, walked), SIGMA_MAX_M)
        en, up = k.places[:, :2].copy(), k.places[:, 2].copy()
        return Targets(k.target_ids, k.person_ids, en, up, k.extent_m, sigma)

    def _learn(self, roster: Roster, people: list[PersonAdded], sharing: list[str]) -> _Known:
        """Everybody's row; those of people with a position of their own are still empty."""
        ids, persons = [f"post/{post_id}" for post_id in self._posts], list[str | None]()
        persons.extend(None for _ in ids)
        at: list[Post | None] = list(self._posts.values())
        for person in people:
            own = person.person_id in roster.spots
            post = None if person.post_id is None else self._posts.get(person.post_id)
            if own or post is not None:
                ids.append(f"person/{person.person_id}")
                persons.append(person.person_id)
                at.append(None if own else post)
        by_post = {post_id: self._enu(post.position) for post_id, post in self._posts.items()}
        nowhere = (math.nan, math.nan, math.nan)
        return _Known(
            people=people,
            sharing=sharing,
            spots=[],
            target_ids=ids,
            person_ids=persons,
            places=np.array(
                [nowhere if p is None else by_post[p.post_id] for p in at], np.float64
            ).reshape(-1, 3),
            extent_m=np.array([0.0 if p is None else p.radius_m for p in at], np.float64),
            sigma_m=np.zeros(len(at)),
            seen_ns=np.zeros(len(at), np.int64),
            aging=np.array([p is None for p in at], np.bool_),
            where={target_id: row for row, target_id in enumerate(ids)},
        )

    def _move(self, k: _Known, spots: list[Spot]) -> None:
        """Puts people where they are now."""
        old = k.spots or [None] * len(spots)
        for i, (was, spot) in enumerate(zip(old, spots, strict=True)):
            row = None if was is spot else k.where.get(f"person/{k.sharing[i]}")
            if row is not None:
                own = spot.position.sigma_m
                k.places[row] = self._enu(spot.position)
                k.sigma_m[row] = SIGMA_DEFAULT_M if own is None else own
                k.seen_ns[row] = spot.t_obs_ns
        k.spots[:] = spots

    def _enu(self, position: Position) -> tuple[float, float, float]:
        site = self._site
        alt = site.origin.alt_hae_m if position.alt_hae_m is None else position.alt_hae_m
        e, n, up = site.to_enu(lat_deg=position.lat_deg, lon_deg=position.lon_deg, alt_hae_m=alt)
        return e, n, up if self._ground or position.alt_hae_m is not None else math.nan


def target_table(settings: CoreSettings, roster: Roster, site: Site, t_ns: int) -> Targets:
    """A table from nothing; who looks often keeps a TargetBook."""
    return TargetBook(settings, site).table(roster, t_ns)
