"""A watch officer's word whose drone it is -> below DANGER it warns nobody, for a while.

It never ends an active DANGER and is void as soon as anything contradicts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vigia.alert.state import Friendly
from vigia.alert_terms import FriendlyEnd
from vigia.events import FriendlyEnded
from vigia.terms import Tier
from vigia.tracktable import MARKS, TrackFlag

if TYPE_CHECKING:
    from vigia.alert.state import AlertState, Open, Scene
    from vigia.events import MarkedFriendly, Policy
    from vigia.threats import Threat

FRIENDLY_MAX = 1_000
AGAINST = {
    TrackFlag.CLOSING: FriendlyEnd.CLOSING,
    TrackFlag.LOAD: FriendlyEnd.LOAD,
    TrackFlag.ID_CONFLICT: FriendlyEnd.IDENTITY,
}


def mark(state: AlertState, body: MarkedFriendly, scene: Scene, policy: Policy) -> str | None:
    """Why it is refused, or None."""
    if body.track_id not in scene.live:
        return f"friendly: track {body.track_id} is not there any more"
    state.friendly.pop(body.track_id, None)
    state.friendly[body.track_id] = Friendly(
        by_person_id=body.by_person_id,
        t_until_ns=scene.t_ns + int(policy.friendly_s * 1e9),
        flags=scene.flags.get(body.track_id, 0),
    )
    if len(state.friendly) > FRIENDLY_MAX:
        state.friendly.pop(next(iter(state.friendly)))
    return None


def sweep(state: AlertState, threats: Sequence[Threat], scene: Scene) -> list[FriendlyEnded]:
    """Ends the marks that are over or contradicted; before the threats are judged."""
    if not state.friendly:
        return []
    new_danger = {
        t.track_id for t in threats if t.tier is Tier.DANGER and not _is_danger_already(state, t)
    }
    found: list[FriendlyEnded] = []
    for track_id, held in list(state.friendly.items()):
        why = FriendlyEnd.DANGER if track_id in new_danger else _why(held, track_id, scene)
        if why is not None:
            found.append(void(state, track_id, why))
    return found


def void(state: AlertState, track_id: str, why: FriendlyEnd) -> FriendlyEnded:
    held = state.friendly.pop(track_id)
    return FriendlyEnded(track_id=track_id, by_person_id=held.by_person_id, why=why)


def hushes(state: AlertState, threat: Threat, held: Open | None, scene: Scene) -> bool:
    """True: this threat neither opens nor feeds an alert. What is in an alert stays in it."""
    vouched = threat.track_id in state.friendly or threat.track_id in scene.authorised
    if not vouched or threat.tier is Tier.DANGER:
        return False
    return held is None or threat.track_id not in held.fears


def _why(held: Friendly, track_id: str, scene: Scene) -> FriendlyEnd | None:
    if scene.t_ns >= held.t_until_ns:
        return FriendlyEnd.TIME
    new = scene.flags.get(track_id, 0) & ~held.flags
    return next((why for flag, why in AGAINST.items() if new & flag), None)


def _is_danger_already(state: AlertState, threat: Threat) -> bool:
    """To this very target: what stood before the mark does not contradict it."""
    held = state.open.get(f"{MARKS[threat.mark]}/{threat.target_id}")
    fear = None if held is None else held.fears.get(threat.track_id)
    return fear is not None and fear.tier is Tier.DANGER
