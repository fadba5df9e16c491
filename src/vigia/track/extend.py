"""A row of a machine for a track, or for none -> the track extended, or a new one.

docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track import learn
from vigia.track import living as life
from vigia.track.begin import born_bearing, born_ranged
from vigia.track.classes import believe, kinematics
from vigia.track.fuse import MISFIT, MOVES, settle, take, true_time
from vigia.track.gate import tells
from vigia.track.sense import AZ, AZ_S, EL, RNG
from vigia.track.slots import NOBODY, PLOT, begin, filled, known_id, seen_from, show
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

CROSSING_NATS = 2.0  # false bearings cross often: one more proves no more than this
CONFLICT = int(TrackFlag.ID_CONFLICT)
FINE = math.radians(1.5)  # a bearing in height too, finer than this, was taken of the very thing
FIRST_RANGE_NATS = 1.0  # where bearings cross there is often a false plot too: it takes another
BESIDE_NATS = 1.0  # a bearing proves little of a track that a radar should see
COARSE_SHARE = 0.33  # of its word on the class: false ones fall on birds, too
SHARED_NATS = 0.2  # and hardly anything if it may be another's


@inner
def extend(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    s: int,
    slot: int,
    z: NDArray[np.float64],
    t_ns: int,
    flags: int,
    p: float,
    nats: float,
    t_recv_ns: int,
    moves: bool,
    known: bool,
) -> None:
    """One row of a machine for this track; moves False: it may be another's. known: w.g holds
    the components with it."""
    i = cols.i[slot]
    if i[c.ENDED]:
        return
    ranged = not math.isnan(z[RNG])
    fine = z[AZ_S] <= FINE and not math.isnan(z[EL])
    if ranged and not i[c.SOLID] and i[c.STATUS] < life.CONFIRMED:
        nats = min(nats, FIRST_RANGE_NATS)
    if ranged:
        i[c.T_RANGED] = max(i[c.T_RANGED], t_ns)
    if moves:
        if ranged and not i[c.SOLID]:
            i[c.RANGED] = i[c.SOLID] = 1
            life.forget_seen(cols, slot)  # from now on only sensors with a range may miss it
        elif not ranged:
            seen_from(cols, slot, cols.sf[s, c.S_E], cols.sf[s, c.S_N], NOBODY)
        if known:
            _, nis = settle(cols, slot, z, t_ns, models, w, 0.0, 0.0)
        elif ranged or tells(cols, slot, z, t_ns):
            if not ranged:
                learn.bearing(cols, s, slot, z, true_time(cols, slot, z, t_ns))
            _, nis = take(cols, slot, z, t_ns, models, w)
        else:
            nis = 0.0
        if nis >= MISFIT:
            return
        life.settle_fix(cols, slot)
    else:
        nats *= 0.5
    if not ranged:
        beside = BESIDE_NATS if moves else SHARED_NATS
        nats = min(nats, beside if i[c.SOLID] else CROSSING_NATS)
    cols.f[slot, c.AZ_DEG] = math.degrees(z[AZ])
    cols.f[slot, c.AZ_SIGMA_DEG] = math.degrees(z[AZ_S])
    if ranged or not i[c.SOLID]:
        life.hit(cols, w, slot, s, t_ns)
    if ranged:
        i[c.T_SCAN] = max(i[c.T_SCAN], t_ns)  # after hit: its own misses before this count
    span = life.earned_s(cols, slot, s, life.LIFE_RANGED_S if ranged else life.LIFE_BEARING_S)
    if not moves:
        span = 0.0  # it may be the other's: no reason to live longer
    share = COARSE_SHARE if not ranged and i[c.SOLID] and not fine else 1.0
    credit(cols, slot, s, t_ns, t_recv_ns, nats, span, p, flags, share)
    if ranged or not i[c.SOLID] or (moves and fine):
        i[c.KINDS] |= c.MEASURED
    if ranged:
        kinematics(cols, slot, t_ns)
        if i[c.FLAGS] & CONFLICT == 0:
            i[c.UNSEEN] = 0
    show(cols, slot, False, w)


@inner
def credit(
    cols: Cols,
    slot: int,
    s: int,
    t_ns: int,
    t_recv_ns: int,
    nats: float,
    life_s: float,
    p: float,
    flags: int,
    share: float,
) -> None:
    """What a machine's row is worth to a track."""
    life.support(cols, slot, t_ns, t_recv_ns, nats, life_s)
    life.witness(cols, slot, cols.si[s, c.S_LINK], t_ns)
    cols.i[slot, c.KINDS] |= 1 << cols.si[s, c.S_KIND]
    cols.f[slot, c.CREDIT + cols.si[s, c.S_KIND]] += nats
    believe(cols, slot, p, flags, share)


@inner
def begin_with(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    s: int,
    z: NDArray[np.float64],
    t_ns: int,
    flags: int,
    p: float,
    key: int,
    mark: int,
    t_recv_ns: int,
) -> None:
    track = cols.si[s, c.S_HASH] ^ key
    if known_id(cols, track):
        return
    slot = begin(cols, w, track, mark, t_ns, t_recv_ns, life.birth_llr(cols, s, z), PLOT)
    if slot < 0:
        return
    i = cols.i[slot]
    if math.isnan(z[RNG]):
        parts = born_bearing(cols.g[slot], z, cols.sf[s, c.S_RANGE], w)
        seen_from(cols, slot, cols.sf[s, c.S_E], cols.sf[s, c.S_N], NOBODY)
        filled(cols, slot, parts, True, w)
    else:
        born_ranged(cols.g[slot], MOVES, z, models, w)
        i[c.RANGED] = i[c.SOLID] = 1
        i[c.T_RANGED] = i[c.T_SCAN] = t_ns
        filled(cols, slot, MOVES, False, w)
    cols.f[slot, c.AZ_DEG] = math.degrees(z[AZ])
    cols.f[slot, c.AZ_SIGMA_DEG] = math.degrees(z[AZ_S])
    life.hit(cols, w, slot, s, t_ns)
    credit(cols, slot, s, t_ns, t_recv_ns, 0.0, life.first_life_s(cols, s), p, flags, 1.0)
    i[c.KINDS] |= c.MEASURED
