"""The state of the decision path between two inputs: all of it, so that a snapshot is exact."""

from __future__ import annotations

import msgspec

from vigia.alert.cover import CoverMemory
from vigia.alert.rates import RateState
from vigia.alert.state import AlertState
from vigia.delivery.plan import ReachState
from vigia.events import CoreSettings
from vigia.roster import Roster
from vigia.threat.memory import TrackMemory


class WatchState(msgspec.Struct):
    """All state but the tracker's, which packs itself."""

    settings: CoreSettings | None = None
    roster: Roster = msgspec.field(default_factory=Roster)
    alerts: AlertState = msgspec.field(default_factory=AlertState)
    reach: ReachState = msgspec.field(default_factory=ReachState)
    cover: CoverMemory = msgspec.field(default_factory=CoverMemory)
    rates: RateState = msgspec.field(default_factory=RateState)
    t_ns: int = 0
    seq: int = 0
    t_tick_ns: int = 0
    t_assess_ns: int = 0
    past: TrackMemory = msgspec.field(default_factory=TrackMemory)  # of tracks, look to look
    pending: bool = False  # new evidence since the last assessment
    shown: bool = False  # the last picture had tracks


class Snapshot(msgspec.Struct):
    state: WatchState
    tracker: bytes | None
