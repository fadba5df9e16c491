"""People's acts -> what follows from them: who may do what, and what the alert policy makes of it.

Inputs of people come here from flow.Watch, with the present picture; Alerts, questions and
refusals come back. Nothing here keeps state of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from vigia.admission import CORE
from vigia.alert import flights, friendly
from vigia.alert.clear import all_clear, question, reverse
from vigia.alert.cover import Spots, blind_posts, look, proofs, sensor_rows
from vigia.alert.identity import call_hostile, give
from vigia.alert.raised import (
    around,
    confirm_attack,
    is_order,
    raise_alerts,
    report_attack,
    undo,
)
from vigia.alert.state import Scene
from vigia.alert_terms import FriendlyEnd, Via
from vigia.events import (
    AlertRaised,
    AllClear,
    AllClearReversed,
    AttackReported,
    Fault,
    FlightAuthorised,
    MarkedFriendly,
    ReportConfirmed,
    TrackIdentified,
    Undone,
)
from vigia.events_reach import DrillOrdered
from vigia.terms import EndReason, Mark, Role, Tier, TrackStatus
from vigia.tracktable import Fix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from vigia.alert.cover import CoverMemory
    from vigia.alert.policy import AlertPolicy
    from vigia.alert.raised import Places
    from vigia.alert.state import Sight
    from vigia.events import AnyBody, CoreSettings, CoverTold, Sighting
    from vigia.geo import Site
    from vigia.roster import Roster
    from vigia.terms import Position

Act: TypeAlias = (
    AttackReported
    | AllClear
    | AllClearReversed
    | AlertRaised
    | ReportConfirmed
    | Undone
    | MarkedFriendly
    | TrackIdentified
    | DrillOrdered
    | FlightAuthorised
)

HOVER_MPS = 3.0  # slower: radar may lose it
AT_ATTACK_M = 150.0  # a confirmed drone this near to a reported attack is hostile


class Desk(NamedTuple):
    """One moment: what there is, and who may act on it. states: (n,) tracktable.STATE_DTYPE."""

    policy: AlertPolicy
    roster: Roster
    cover: CoverMemory
    settings: CoreSettings
    places: Places
    states: NDArray[np.void]
    scene: Scene
    mark: Mark

    def act(self, body: Act, at: tuple[float, float] | None) -> Sequence[AnyBody]:
        """at: east and north [m] of an attack report; None: nobody knows where."""
        if isinstance(body, AttackReported):
            return self._attack(body, at)
        if not self.roster.may(body.by_person_id, Role.WATCH_OFFICER):
            return [_refusal(f"{_NAMES[type(body)]}: {body.by_person_id} is not a watch officer")]
        match body:
            case AllClear():
                mine = self._mine(body.by_person_id)
                asked = question(self.policy, body, self.scene, self._blind, self._number, mine)
                return all_clear(self.policy, body, self._t_ns, mine) if asked is None else [asked]
            case AllClearReversed():
                found = reverse(self.policy, body, self._t_ns, self._mine(body.by_person_id))
                return [_refusal(found)] if isinstance(found, str) else found
            case AlertRaised():
                return self._raise(body)
            case ReportConfirmed():
                known = body.report_id in self.policy.state.attacks
                found = confirm_attack(self.policy, body.report_id, body.by_person_id, self._t_ns)
                return found if known else [_refusal(f"confirm: no attack {body.report_id}")]
            case Undone():
                if not is_order(self.policy.state, body.order_id):
                    return [_refusal(f"undo: no report or raise {body.order_id} is in force")]
                return undo(
                    self.policy, body.order_id, by_person_id=body.by_person_id, t_ns=self._t_ns
                )
            case MarkedFriendly():
                return self._friendly(body)
            case DrillOrdered():
                return self._drill(body)
            case FlightAuthorised():
                refused = flights.authorise(self.policy.state, body, self._t_ns)
                return [] if refused is None else [_refusal(refused)]
            case TrackIdentified():
                give(self.policy.state, body.track_id, body.identity, body.by_person_id)
                return []

    def _mine(self, person_id: str) -> Callable[[str], bool] | None:
        """For whom he may say all clear: his own agency's. None: there are no others."""
        if not self.settings.agencies:
            return None
        own = self.roster.people[person_id].agency_id
        posts = {p.post_id: p.agency_id for p in self.settings.posts}

        def mine(target_id: str) -> bool:
            kind, _, name = target_id.partition("/")
            if kind == "post":
                return posts.get(name) in ("", own)
            person = self.roster.people.get(name)
            return person is not None and person.agency_id == own

        return mine

    @property
    def _t_ns(self) -> int:
        return self.scene.t_ns

    # ---- attack here -----------------------------------------------------------------------

    def _attack(self, body: AttackReported, at: tuple[float, float] | None) -> Sequence[AnyBody]:
        if body.withdrawn:
            known = self.policy.state.attacks.get(body.report_id)
            if known is None or known.person_id != body.person_id:
                return [_refusal(f"undo: attack report {body.report_id} is not his, or not known")]
            return undo(self.policy, body.report_id, by_person_id=body.person_id, t_ns=self._t_ns)
        enrolled = body.person_id in self.roster.people and body.via in (Via.PAGE, Via.TAK)
        found: list[AnyBody] = []
        if enrolled and at is not None:
            found += self._call_hostile(at)
        found += report_attack(
            self.policy,
            body,
            self.places,
            at=at,
            mark=self.mark.value,
            tier=Tier.DANGER if enrolled else Tier.WARNING,
            t_ns=self._t_ns,
        )
        return found

    def _call_hostile(self, at: tuple[float, float]) -> list[AnyBody]:
        """Drones seen where the attack is; a mark "friendly" of one near it is void."""
        d = self.states["x"][:, :2] - np.asarray(at)
        range_m = np.hypot(d[:, 0], d[:, 1])
        confirmed = self.states["status"] == TrackStatus.CONFIRMED
        state = self.policy.state
        call_hostile(state, _ids(self.states[(range_m <= AT_ATTACK_M) & confirmed]))
        near = _ids(self.states[range_m <= self.policy.numbers.attack_m])
        return [
            friendly.void(state, track_id, FriendlyEnd.ATTACK)
            for track_id in near
            if track_id in state.friendly
        ]

    # ---- a watch officer's acts ------------------------------------------------------------

    def _raise(self, body: AlertRaised) -> Sequence[AnyBody]:
        whom = around(self.places, self.policy, body)
        if not whom or body.tier is Tier.NONE:
            return [_refusal("raise: nobody is there whom it could warn, or no tier was given")]
        marks = (
            held.alert.mark
            for held in self.policy.state.open.values()
            if held.alert.incident_id == body.incident_id
        )
        mark = next(marks, self.mark)  # who raises a drill's alert raises a drill
        return raise_alerts(self.policy, body, whom, mark=mark.value, t_ns=self._t_ns)

    def _drill(self, body: DrillOrdered) -> Sequence[AnyBody]:
        """A raise that is marked as a drill, whatever else goes on: it shares no real alert."""
        order = AlertRaised(
            raise_id=body.drill_id,
            by_person_id=body.by_person_id,
            reason=body.reason,
            tier=body.tier,
            target_ids=body.target_ids,
        )
        mine = self._mine(body.by_person_id)
        whom = around(self.places, self.policy, order)
        whom = [w for w in whom if mine is None or mine(w.target_id)]
        if not whom or body.tier is Tier.NONE:
            return [_refusal("drill: nobody is there whom it could warn, or no tier was given")]
        mark = Mark.DEMO if self.mark is Mark.DEMO else Mark.EXERCISE
        return raise_alerts(self.policy, order, whom, mark=mark.value, t_ns=self._t_ns)

    def _friendly(self, body: MarkedFriendly) -> Sequence[AnyBody]:
        refused = friendly.mark(self.policy.state, body, self.scene, self.policy.numbers)
        if refused is not None:
            return [_refusal(refused)]
        return self.policy.forget_fears(
            lambda track_id, fear: track_id == body.track_id and fear.tier < Tier.DANGER,
            EndReason.FRIENDLY,
            t_ns=self._t_ns,
            by_person_id=body.by_person_id,
        )

    def _blind(self, target_ids: Iterable[str] | None) -> tuple[str, ...]:
        """Posts of these targets that no sensor is proved to watch; None: all posts."""
        posts = [p.post_id for p in self.settings.posts]
        if target_ids is None:
            return blind_posts(self.cover, posts)
        whose = {self.post_of(target_id) for target_id in target_ids}
        return blind_posts(self.cover, [p for p in posts if p in whose])

    def post_of(self, target_id: str) -> str | None:
        return post_of(self.roster, target_id)

    def _number(self, track_id: str) -> int:
        rows = self.states[self.states["track_id"] == track_id.encode()]
        return int(rows[0]["number"]) if len(rows) else 0


def post_of(roster: Roster, target_id: str) -> str | None:
    """The post a target is, or that a person belongs to."""
    kind, _, name = target_id.partition("/")
    if kind == "post":
        return name
    person = roster.people.get(name)
    return None if person is None else person.post_id


def where_of(
    body: Sighting | AttackReported, settings: CoreSettings, roster: Roster
) -> Position | None:
    """Where the reporter stands: he says so, or his last position, or his post."""
    if body.position is not None or body.person_id is None:
        return body.position
    spot = roster.spots.get(body.person_id)
    if spot is not None:
        return spot.position
    person = roster.people.get(body.person_id)
    for post in settings.posts:
        if person is not None and post.post_id == person.post_id:
            return post.position
    return None


def spots_of(settings: CoreSettings, roster: Roster, site: Site) -> Spots:
    """Every post, and every person who is at a place of his own."""
    at = [p.position for p in settings.posts] + [s.position for s in roster.spots.values()]
    flat = np.array([(p.lat_deg, p.lon_deg) for p in at], dtype=np.float64).reshape(-1, 2)
    ground = np.full(len(at), site.origin.alt_hae_m)
    people = list(roster.spots)
    return Spots(
        [f"post/{p.post_id}" for p in settings.posts] + [f"person/{p}" for p in people],
        [*(None for _ in settings.posts), *people],
        site.columns_to_enu(flat[:, 0], flat[:, 1], ground)[:, :2],
    )


def look_around(
    settings: CoreSettings, roster: Roster, site: Site, memory: CoverMemory, t_ns: int
) -> list[CoverTold]:
    """How places are watched, where that changed."""
    rows = sensor_rows(settings.sensors, site)
    spots = spots_of(settings, roster, site)
    return look(memory, spots, rows, proofs(settings, memory, t_ns), t_ns)


def en_of(site: Site, position: Position) -> tuple[float, float]:
    """East and north [m]."""
    alt = site.origin.alt_hae_m if position.alt_hae_m is None else position.alt_hae_m
    at = site.to_enu(lat_deg=position.lat_deg, lon_deg=position.lon_deg, alt_hae_m=alt)
    return at.e_m, at.n_m


def scene_of(
    states: NDArray[np.void],
    places: Places,
    *,
    sources: Callable[[str], tuple[str, ...]],
    sight: Callable[[str], Sight],
    t_ns: int,
    authorised: frozenset[str] = frozenset(),
) -> Scene:
    """The picture as the alert policy is shown it."""
    ids = _ids(states)
    speed = np.hypot(states["x"][:, 3], states["x"][:, 4])
    placed = states["fix"] == Fix.POSITION  # a mere direction has no speed
    slow = frozenset(ids[k] for k in np.flatnonzero(placed & (speed < HOVER_MPS)).tolist())
    return Scene(
        t_ns=t_ns,
        live=dict(zip(ids, states["t_cause_ns"].tolist(), strict=True)),
        sources=sources,
        slow=slow,
        flags=dict(zip(ids, states["flags"].tolist(), strict=True)),
        known=frozenset(places.target_ids),
        sight=sight,
        authorised=authorised,
    )


def _ids(states: NDArray[np.void]) -> list[str]:
    return [raw.decode() for raw in states["track_id"].tolist()]


def _refusal(what: str) -> Fault:
    return Fault(where=CORE, whose="peer", what=what)


_NAMES: dict[type, str] = {
    AllClear: "all clear",
    AllClearReversed: "reverse",
    AlertRaised: "raise",
    ReportConfirmed: "confirm",
    Undone: "undo",
    MarkedFriendly: "friendly",
    TrackIdentified: "identity",
    DrillOrdered: "drill",
    FlightAuthorised: "flight",
}
