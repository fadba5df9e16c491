"""One track -> whether it can threaten, how probably it is a drone at all, and the odds of intent.

Claims are never friends: Remote ID alone discounts nothing, an own serial counts only where another
sensor sees the same thing in the same place, and an ADS-B address only on what flies like an
aircraft. docs/threat.md, section 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.terms import Tier, TrackStatus
from vigia.tracktable import CLASSES, Fix, TrackFlag

if TYPE_CHECKING:
    import numpy as np

DRONE_MIN = 0.1  # belief below which it is taken for no drone; one classifier's word is not enough
OTHER_WEIGHT = 0.25  # of "no drone" in the belief: the tracker doubts more drones than it should
OTHER_WEIGHT_ATTACK = 2.0  # and in that of an attack: birds and aircraft are what was mostly false
NOTHING_SAID = 0.5  # belief without evidence; an address that the flight belies is none
WORD_EXISTS = 0.9  # of a drone that an enrolled person says comes at him
LOAD_ODDS = 1.5
CONFLICT_ODDS = 1.5
EMERGENCY_ODDS = 1.5  # it may come down on people without wanting to
CLOSING_ODDS = 1.3
# of what only people or bearings tell of: they look at what is near, and its place says too little
VAGUE_ODDS = 3.0
VAGUE_CLOSING_ODDS = 3.0
ODDS_MAX = 9.0
WORD_SIGMA_DEG = 10.0  # "towards me", besides the direction in which he saw it
PLACE_MAX_M = 1e7
VAR_MAX = 1e12
RAD2 = math.radians(1.0) ** 2
# what no small drone does and a crewed aircraft does
AIRCRAFT_MPS = 35.0
AIRCRAFT_M = 150.0
OWN = CLASSES.index("own")
CONFIRMED, POSITION = int(TrackStatus.CONFIRMED), int(Fix.POSITION)
LOAD, CLOSING = int(TrackFlag.LOAD), int(TrackFlag.CLOSING)
CONFLICT, WEAK = int(TrackFlag.ID_CONFLICT), int(TrackFlag.WEAK)
DANGER, WATCH = int(Tier.DANGER), int(Tier.WATCH)
AIRCRAFT, EMERGENCY = int(TrackFlag.AIRCRAFT), int(TrackFlag.EMERGENCY)


@inner
def wide(x: float) -> float:
    """A column of 4 bytes as 8: the compiler goes on with what it is given, the interpreter does
    not."""
    return float(x) + 0.0


@inner
def belief(row: np.void) -> float:
    """P(this is a drone and exists) as threat takes it; 0: it threatens nobody."""
    p = drone(row)
    if is_ours(row) or p < DRONE_MIN:
        return 0.0
    return exists(row) * p / (p + OTHER_WEIGHT * (1.0 - p))


@inner
def drone(row: np.void) -> float:
    """P(this is a drone), were it there."""
    flags, p = int(row["flags"]), wide(row["p_drone"])
    if flags & (AIRCRAFT | CONFLICT) and not flies_like_aircraft(row):
        p = max(p, NOTHING_SAID)
    return min(p, 1.0) if p == p else NOTHING_SAID


@inner
def exists(row: np.void) -> float:
    p = wide(row["p_exist"])
    p = min(max(p, 0.0), 1.0) if p == p else NOTHING_SAID
    return max(p, WORD_EXISTS) if int(row["flags"]) & CLOSING else p


@inner
def is_ours(row: np.void) -> bool:
    """A registered serial that nothing contradicts, seen by more than the receiver that heard it,
    and doing nothing that our drones do not do."""
    suspect = CONFLICT | WEAK | LOAD | CLOSING
    return (
        int(row["cls"]) == OWN
        and int(row["status"]) == CONFIRMED
        and int(row["fix"]) == POSITION
        and int(row["witnesses"]) >= 2
        and int(row["flags"]) & suspect == 0
    )


@inner
def flies_like_aircraft(row: np.void) -> bool:
    x = row["x"]
    return x[3] * x[3] + x[4] * x[4] >= AIRCRAFT_MPS * AIRCRAFT_MPS or x[2] >= AIRCRAFT_M


@inner
def intent(row: np.void) -> float:
    """Odds of an attack, against those of a drone of which nothing more is known."""
    flags, odds = int(row["flags"]), 1.0
    if flags & LOAD:
        odds *= LOAD_ODDS
    if flags & CONFLICT:
        odds *= CONFLICT_ODDS
    if flags & EMERGENCY and not flies_like_aircraft(row):
        odds *= EMERGENCY_ODDS
    if is_vague(row):
        odds *= VAGUE_ODDS
    if flags & CLOSING:
        odds *= VAGUE_CLOSING_ODDS if is_vague(row) else CLOSING_ODDS
    return min(odds, ODDS_MAX)


@inner
def is_vague(row: np.void) -> bool:
    """Only people or bearings tell of it, or nothing has proved it yet."""
    return int(row["fix"]) != POSITION or int(row["status"]) != CONFIRMED


@inner
def word_var(row: np.void) -> float:
    """Somebody says that it comes at him: how well the way from it to him is known [rad2]; below
    0 where nobody does, or where it is known better how it flies."""
    sigma, azimuth = wide(row["azimuth_sigma_deg"]), wide(row["azimuth_deg_true"])
    if int(row["flags"]) & CLOSING == 0 or not is_vague(row):
        return -1.0
    if not (0.0 <= sigma <= 90.0 and abs(azimuth) <= 360.0):
        return -1.0
    return (sigma * sigma + WORD_SIGMA_DEG * WORD_SIGMA_DEG) * RAD2


@inner
def most_tier(row: np.void) -> int:
    """What its evidence may give at most. More than WATCH: confirmed, or an officer's "coming at
    me"; and not only weak."""
    flags = int(row["flags"])
    proved = int(row["status"]) == CONFIRMED or flags & CLOSING != 0
    return DANGER if proved and flags & WEAK == 0 else WATCH


@inner
def sound(row: np.void) -> bool:
    """Every number that threat needs is one, and small enough to reckon with; height may lack."""
    x, cov = row["x"], row["cov"]
    ok = abs(cov[0, 1]) <= VAR_MAX
    for i in (0, 1, 3, 4):
        ok = ok and abs(x[i]) <= PLACE_MAX_M and 0.0 <= cov[i, i] <= VAR_MAX
    return ok
