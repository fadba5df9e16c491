"""A person's bearing, or his word that a drone is here -> the track it supports, or a new one.

docs/track.md section 5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track import living as life
from vigia.track.begin import born_bearing, born_present
from vigia.track.classes import lean, p_drone
from vigia.track.fuse import attempt, take, true_time
from vigia.track.gate import (
    A_RHO2,
    aimed,
    bearing_odds,
    bearing_top,
    candidates,
    gate_nis,
    loose_of,
    near_bearing,
)
from vigia.track.imm import width
from vigia.track.learn import azimuth_error
from vigia.track.read import LATE_MAX_NS
from vigia.track.sense import AZ, AZ_S, EL, STAND_E, STAND_N, STAND_S, STAND_U, TURN
from vigia.track.slots import PERSONS, begin, filled, seen_from, show
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

FIRST_LLR = 1.0  # one enrolled person's word: 0.73
UNKNOWN_LLR = -0.5  # somebody we do not know: 0.38
OTHER_NATS = 3.0  # another witness agrees
AGAIN_NATS = 0.7  # the same one again: mostly the same mistake again
UNKNOWN_NATS = 0.5
HEARD_NS = 15_000_000_000  # a late report is shown at least this long
KNOWN_NATS = 2.0  # that he means a drone we have, before looking: seven to one
AMBIGUOUS_NATS = 2.0
HIS_NATS, HIS_NS = (
    3.0,
    20_000_000_000,
)  # he goes on watching the one he reported, of what people see
POSITION_NATS = 3.0  # a track of known place goes before a sector with as good a bearing
SIGHT_M = 1_500.0  # beyond this a person hardly sees a small drone
SIGHT_FADE_M = 300.0
PRESENT_M = 600.0  # "a drone is here" supports a track this near
DRONE_LO = 1.2  # a person says drone
DOUBT = -1.0
PERSON = 0  # kind of source
HIDDEN_HITS = 2
HIDDEN_NATS = 1.0  # of plots nobody sees yet there is nearly always one where he points
FIELD_EL = 0.8
WEAK = int(TrackFlag.WEAK)


@inner
def report(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    z: NDArray[np.float64],
    t_ns: int,
    track: int,
    link: int,
    whose: float,
    known: bool,
    drone_nats: float,
    mark: int,
    t_recv_ns: int,
) -> tuple[int, float, float, float]:
    """z: a bearing, or without one (azimuth NaN) "here". track: the id a new one gets; link,
    whose: the reporter as witness and as the owner of a stand; known: an enrolled person.

    -> the slot that the report supports (-1: no room), what the report is worth to it, and how
    much too large its azimuth seems [rad] with the variance of that (0: nobody knows).
    """
    if math.isnan(z[AZ]):
        slot, off, var, fits = _present(cols, w, z, t_ns, mark), 0.0, 0.0, OTHER_NATS
    else:
        slot, off, var, fits = _explained(cols, w, models, z, t_ns, whose, link, mark, t_recv_ns)
    if slot >= 0:
        slot, nats = _support(cols, w, slot, t_ns, link, known, drone_nats, fits, t_recv_ns)
        return slot, nats, off, var
    slot = _begin(cols, w, z, t_ns, track, link, whose, known, drone_nats, mark, t_recv_ns)
    return slot, 0.0, 0.0, 0.0


@inner
def _may_be(cols: Cols, slot: int) -> bool:
    i = cols.i[slot]
    return not i[c.ENDED] and (i[c.STATUS] > 0 or i[c.HITS] >= HIDDEN_HITS)


@inner
def _explained(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    z: NDArray[np.float64],
    t_ns: int,
    whose: float,
    link: int,
    mark: int,
    t_recv_ns: int,
) -> tuple[int, float, float, float]:
    """The track the bearing is of, if it is likelier than another object's; it is moved by it
    unless a rival explains it nearly as well. -1: none. And its azimuth
    error there, and how well it fits."""
    slots, at = candidates(cols, w, mark, t_ns, z[STAND_E], z[STAND_N], 2.0 * SIGHT_M)
    aimed(z, w.aim)
    az2, loose = z[AZ_S] * z[AZ_S], loose_of(z)
    limit = gate_nis(width(z))
    other = -math.log(TURN) - (0.0 if math.isnan(z[EL]) else math.log(FIELD_EL))
    score = np.full(len(slots), -1.0)
    best, top = -1, bearing_top(z)
    for k in range(len(slots)):
        slot = slots[k]
        sector = cols.i[slot, c.IS_SECTOR] == 1
        if not _may_be(cols, slot) or not near_bearing(w.aim, az2, loose, at, k, sector):
            continue
        if sector:
            odds, nis = attempt(cols, slot, z, t_ns, models, w)
        else:
            least = other - KNOWN_NATS
            if best >= 0:
                least += score[best] - POSITION_NATS - AMBIGUOUS_NATS
            odds, nis = bearing_odds(cols, slot, z, w.aim, t_ns, limit, top, least)
        if nis > limit:
            continue
        far = math.sqrt(at[k, A_RHO2]) - SIGHT_M
        nats = odds - other + KNOWN_NATS - max(far, 0.0) / SIGHT_FADE_M
        if life.only_people(cols, slot) and _his(cols, slot, link, t_ns):
            nats += HIS_NATS
        if nats <= 0.0:
            continue
        p = p_drone(cols, slot)
        if p < 0.5:
            nats += math.log(max(p / (1.0 - p), 1e-6))
        if nats <= 0.0:
            continue
        score[k] = nats + (POSITION_NATS if cols.i[slot, c.SOLID] else 0.0)
        if best < 0 or score[k] > score[best]:
            best = k
    if best < 0:
        return -1, 0.0, 0.0, 0.0
    alone = True
    for k in range(len(slots)):
        if k != best and score[k] > 0.0 and score[k] > score[best] - AMBIGUOUS_NATS:
            alone = False
            i = cols.i[slots[k]]
            i[c.LIFE] = max(i[c.LIFE], t_ns + int(life.LIFE_BEARING_S * 1e9))
    slot = slots[best]
    off, var = 0.0, 0.0
    if alone and t_recv_ns - t_ns <= LATE_MAX_NS:
        off, var = azimuth_error(cols, slot, z, true_time(cols, slot, z, t_ns))
        seen_from(cols, slot, z[STAND_E], z[STAND_N], whose)
        take(cols, slot, z, t_ns, models, w)
        life.settle_fix(cols, slot)
    cols.f[slot, c.AZ_DEG] = math.degrees(z[AZ])
    cols.f[slot, c.AZ_SIGMA_DEG] = math.degrees(z[AZ_S])
    fits = score[best] - KNOWN_NATS - (POSITION_NATS if cols.i[slot, c.SOLID] else 0.0)
    return slot, off, var, fits


@inner
def _his(cols: Cols, slot: int, link: int, t_ns: int) -> bool:
    """Has this witness reported it lately?"""
    for k in range(c.WITNESS_MAX):
        if cols.wit[slot, k, 0] == link + 1:
            return abs(t_ns - cols.wit[slot, k, 1]) < HIS_NS
    return False


@inner
def _present(cols: Cols, w: Work, z: NDArray[np.float64], t_ns: int, mark: int) -> int:
    """The nearest track that may be a drone, near enough; -1: none."""
    slots, at = candidates(cols, w, mark, t_ns, z[STAND_E], z[STAND_N], PRESENT_M)
    best = -1
    for k in range(len(slots)):
        doubtful = p_drone(cols, slots[k]) < 1.0 / (1.0 + math.exp(-DOUBT))
        if doubtful or not _may_be(cols, slots[k]) or at[k, A_RHO2] > PRESENT_M * PRESENT_M:
            continue
        if best < 0 or at[k, A_RHO2] < at[best, A_RHO2]:
            best = k
    return slots[best] if best >= 0 else -1


@inner
def _support(
    cols: Cols,
    w: Work,
    slot: int,
    t_ns: int,
    link: int,
    known: bool,
    drone_nats: float,
    fits: float,
    t_recv_ns: int,
) -> tuple[int, float]:
    """-> the slot (another one if a sector adopted it), what the report is worth.

    fits: nats of the bearing itself; of a machine's track it proves no more than that.
    """
    again = False
    for k in range(c.WITNESS_MAX):
        again = again or cols.wit[slot, k, 0] == link + 1
    nats = UNKNOWN_NATS
    if known:
        nats = AGAIN_NATS if again else OTHER_NATS
        if not life.only_people(cols, slot):
            nats = min(nats, max(fits, 0.0))
            if cols.i[slot, c.STATUS] == 0:
                nats = min(nats, HIDDEN_NATS)
        cols.i[slot, c.FLAGS] &= ~WEAK
    # a word is worth as much beside a doubtful plot as alone
    cols.f[slot, c.LLR] = max(cols.f[slot, c.LLR], FIRST_LLR if known else UNKNOWN_LLR)
    slot = _credit(
        cols, w, slot, t_ns, link, nats, 0.3 * drone_nats if again else drone_nats, t_recv_ns
    )
    return slot, nats


@inner
def _credit(
    cols: Cols,
    w: Work,
    slot: int,
    t_ns: int,
    link: int,
    nats: float,
    drone_nats: float,
    t_recv_ns: int,
) -> int:
    span = life.LIFE_PERSON_S if life.only_people(cols, slot) else life.LIFE_BEARING_S
    life.support(cols, slot, t_ns, t_recv_ns, nats, span)
    life.witness(cols, slot, link, t_ns)
    cols.i[slot, c.KINDS] |= c.MEASURED | 1 << PERSON
    cols.f[slot, c.CREDIT + PERSON] += nats
    lean(cols, slot, drone_nats)
    i = cols.i[slot]
    i[c.LIFE] = max(i[c.LIFE], t_recv_ns + HEARD_NS)
    return show(cols, slot, True, w)


@inner
def _begin(
    cols: Cols,
    w: Work,
    z: NDArray[np.float64],
    t_ns: int,
    track: int,
    link: int,
    whose: float,
    known: bool,
    drone_nats: float,
    mark: int,
    t_recv_ns: int,
) -> int:
    llr = FIRST_LLR if known else UNKNOWN_LLR
    slot = begin(cols, w, track, mark, t_ns, t_recv_ns, llr, PERSONS)
    if slot < 0:
        return -1
    cols.i[slot, c.FLAGS] = 0 if known else WEAK
    fill(cols, slot, z, whose, w)
    return _credit(cols, w, slot, t_ns, link, 0.0, drone_nats, t_recv_ns)


@inner
def fill(cols: Cols, slot: int, z: NDArray[np.float64], whose: float, w: Work) -> None:
    """The components of a track that one person's report begins."""
    if math.isnan(z[AZ]):
        born_present(cols.g[slot, 0], z[STAND_E], z[STAND_N], z[STAND_U], z[STAND_S])
        filled(cols, slot, 1, True, w)
        return
    parts = born_bearing(cols.g[slot], z, math.nan, w)
    filled(cols, slot, parts, True, w)
    seen_from(cols, slot, z[STAND_E], z[STAND_N], whose)
    cols.f[slot, c.AZ_DEG] = math.degrees(z[AZ])
    cols.f[slot, c.AZ_SIGMA_DEG] = math.degrees(z[AZ_S])
