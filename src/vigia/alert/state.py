"""What the alert policy remembers, and what it is shown: the shapes, no decisions.

The encoding of AlertState is its snapshot. Every table is bounded; what goes is the oldest.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import NamedTuple, TypeAlias

import msgspec

from vigia.alert_terms import DroneClass
from vigia.events import Alert
from vigia.events_flight import FlightAuthorised
from vigia.terms import Identity, Tier

Key: TypeAlias = str  # "<mark>/<target>": there is one open alert of each


class Standing(msgspec.Struct):
    """What keeps an alert open. Its clock of expiry runs from t_evidence_ns, less stopped_ns."""

    tier: Tier
    t_evidence_ns: int
    stopped_ns: int = 0  # while its place was blind
    over: bool = False  # ran out; kept only at DANGER, which silence does not lower


class Fear(Standing):
    """One track as a threat to one target."""

    below_since_ns: int | None = None
    lost: bool = False
    hovering: bool = False  # when it was last seen
    range_m: float | None = None  # to the target, when it was last a threat
    below_range_m: float | None = None  # the least since it fell below its tier
    due_ns: int | None = None  # when it was expected, at its last evidence; None: it was not
    overdue: bool = False  # it fell silent on its way here, and its time came
    told: bool = False  # and that was said


class Order(Standing):
    """A person's word for one target. kind: attack, raised or reversed."""

    kind: str = "raised"
    by_person_id: str | None = None
    reason: str = ""
    bearing_deg_true: float | None = None  # from the target to the attack
    range_m: float | None = None
    told: bool = False
    sources: tuple[str, ...] = ("person",)  # of a reversal: those of what comes back


class Open(msgspec.Struct):
    """An open alert: what was last said, and what decides the next word."""

    alert: Alert
    fears: dict[str, Fear]  # by track
    t_evidence_ns: int
    orders: dict[str, Order] = {}  # by report or raise
    rung_earliest_ns: int | None = None
    rung_bearing_deg: float | None = None
    lost: bool = False  # "drone lost" was the last word
    expired: bool = False  # one of its drones was never seen to leave

    def standing(self) -> list[Standing]:
        return [*self.fears.values(), *self.orders.values()]


class Attack(msgspec.Struct):
    """A report "attack here", for those who come near later, and for its undoing."""

    person_id: str | None
    mark: str
    tier: Tier
    t_obs_ns: int
    en_m: tuple[float, float] | None  # where; None: nobody knows, so everybody is warned
    incident_id: str
    text: str = ""
    told: dict[Key, None] = {}
    closed: bool = False  # undone, or all clear
    joins: str = ""  # the first report of which this one is another press


class Friendly(msgspec.Struct, frozen=True):
    by_person_id: str
    t_until_ns: int
    flags: int  # of the track when it was marked


class Given(msgspec.Struct, frozen=True):
    """by_person_id None: an observed attack."""

    identity: Identity
    by_person_id: str | None


class Cleared(msgspec.Struct, frozen=True):
    """One all clear, as long as it can be reversed."""

    clear_id: str
    by_person_id: str
    t_ns: int
    ended: dict[Key, Open]
    attacks: tuple[str, ...] = ()


class AlertState(msgspec.Struct):
    """Everything the policy remembers."""

    open: dict[Key, Open] = {}
    incident_of: dict[str, str] = {}  # track -> incident
    cleared: dict[str, int] = {}  # track -> t_ns until which it raises nothing below DANGER
    episodes: dict[str, int] = {}  # "<target>|<incident>" -> alerts so far
    epoch: int = 0
    attacks: dict[str, Attack] = {}  # by report
    friendly: dict[str, Friendly] = {}  # by track
    identities: dict[str, Given] = {}  # by track
    clears: list[Cleared] = []
    t_looked_ns: int = 0
    flights: dict[str, FlightAuthorised] = {}

    def find(self, key: Key, alert_id: str) -> Alert | None:
        """An alert that is open."""
        held = self.open.get(key)
        return held.alert if held is not None and held.alert.alert_id == alert_id else None


class Sight(NamedTuple):
    """How a target's place is watched, as far as the clock of expiry cares."""

    blind: bool = False
    blind_to_hover: bool = False  # only radar works, which loses what stands still
    works: frozenset[DroneClass] | None = None  # classes watched for; None: nothing is declared
    unproved: bool = False  # blind only because nothing proves a sensor that nothing speaks against


def _sees(_target_id: str) -> Sight:
    return Sight()


class Scene(NamedTuple):
    """What the policy is shown besides the threats.

    live: tracks that exist -> when we last learned of them (t_recv_ns). slow: those of them that
    hover. flags: their TrackFlags. known: targets whose place is known; None: all. authorised:
    tracks that are what an authorised flight should be.
    """

    t_ns: int
    live: Mapping[str, int]
    sources: Callable[[str], tuple[str, ...]]
    slow: frozenset[str] = frozenset()
    flags: Mapping[str, int] = {}
    known: Container[str] | None = None
    sight: Callable[[str], Sight] = _sees
    authorised: frozenset[str] = frozenset()
