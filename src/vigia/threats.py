"""The shapes that pass between stages beside tracks; they are not journaled, the alert is."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from vigia.terms import Tier

SOON_S, SOON_P = 6.0, 0.7  # DANGER too: so probable, and half of it so soon
NOW_S, NOW_P = 3.0, 0.5  # and here there is no time to be sure
BESIDE_P = 0.5  # where the same drone attacks somebody near him
WORD_P = 0.5  # enough for DANGER where somebody says that it comes at him


class Threat(msgspec.Struct, frozen=True, gc=False):
    """One track against one target. Times from now [s]; None: no honest number."""

    track_id: str
    number: int
    target_id: str
    person_id: str | None
    tier: Tier
    mark: int
    confirmed: bool
    p_hit: float
    earliest_s: float
    p10_s: float | None
    p50_s: float | None
    p90_s: float | None
    range_m: float
    range_sure: bool  # else it is the mean of a guess and is told to nobody
    bearing_deg_true: float
    bearing_sure: bool
    height_m: float | None
    load: bool
    t_cause_ns: int
    t_last_ns: int
    departing: bool = False  # evidence says that it goes away
    weak: bool = False  # unconfirmed, presence-only or unauthenticated: alone it gives WATCH
    witnesses: int = 0  # independent ones; 0: not counted
    p_attack: float = 0.0  # what DANGER is decided by; p_hit: it comes near, whatever it is


class Looking(NamedTuple):
    """A sensor that notices any drone in its sight and is proved to work now: east and north [m],
    how far it sees, the middle and half width of its view [deg]."""

    e_m: float
    n_m: float
    reach_m: float
    view_deg: float
    half_deg: float
