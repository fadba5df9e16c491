"""Behaviour and people's words -> what a drone is called. No tier depends on it.

The machine goes to SUSPECT at most; HOSTILE is a named person's word, or follows an observed
attack.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vigia.alert.state import Given
from vigia.terms import Identity
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from vigia.alert.state import AlertState, Scene
    from vigia.events import Policy
    from vigia.threats import Threat

IDENTITIES_MAX = 10_000
NAMED_MAX = 500  # told on: the last ones given
ACTS = TrackFlag.LOAD | TrackFlag.CLOSING | TrackFlag.ID_CONFLICT


def identity_of(state: AlertState, threat: Threat, scene: Scene, policy: Policy) -> Identity:
    given = state.identities.get(threat.track_id)
    if given is not None:
        return given.identity
    if threat.track_id in state.friendly or threat.track_id in scene.authorised:
        return Identity.ASSUMED_FRIEND
    flags = scene.flags.get(threat.track_id, 0)
    if flags & TrackFlag.AIRCRAFT:
        return Identity.NEUTRAL
    acts = bool(flags & ACTS) or threat.load or threat.p_hit >= policy.danger_p
    return Identity.SUSPECT if threat.confirmed and acts else Identity.UNKNOWN


def give(state: AlertState, track_id: str, identity: Identity, by_person_id: str | None) -> None:
    """by_person_id None: it was seen to attack."""
    state.identities.pop(track_id, None)
    state.identities[track_id] = Given(identity, by_person_id)
    if len(state.identities) > IDENTITIES_MAX:
        state.identities.pop(next(iter(state.identities)))


def call_hostile(state: AlertState, track_ids: Iterable[str]) -> None:
    """After an observed attack; a named person's word about the same track stays."""
    for track_id in track_ids:
        if track_id not in state.identities:
            give(state, track_id, Identity.HOSTILE, None)


def named_identities(state: AlertState) -> tuple[tuple[str, Identity], ...]:
    """What named persons called tracks, the last NAMED_MAX; not what the machine concluded."""
    named = [(t, given.identity) for t, given in state.identities.items() if given.by_person_id]
    return tuple(named[-NAMED_MAX:])
