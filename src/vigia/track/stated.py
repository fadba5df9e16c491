"""A stated position -> the track of its identity, or another one, or a contradiction.

An identity is a claim: it goes first, but is gated like everything else. docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.scan import IdKind
from vigia.track import layout as c
from vigia.track import learn
from vigia.track import living as life
from vigia.track.begin import born_placed
from vigia.track.classes import R_WEAK, lean
from vigia.track.extend import credit
from vigia.track.fuse import MISFIT, MOVES, attempt, take
from vigia.track.gate import A_E, A_N_, A_VAR, COARSE2, candidates, gate_nis
from vigia.track.imm import NOTHING, width
from vigia.track.misses import heard
from vigia.track.sense import POS_S, U_S, V_S, E, N
from vigia.track.slots import STATED, begin, copy_name, filled, known_id, show
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

PLACE_NATS = 1.5  # credit of one stated place that fits; repeats come from the same sender
WEAK_NATS = 0.5
PLACE_BIRTH_LLR = 1.5  # a sender says it exists: 0.82
WEAK_BIRTH_LLR = 0.0
AIRCRAFT_LO = -4.0  # an ADS-B address: a claim, but hardly a small drone
DRONE_LO = 2.5  # a Remote ID: says drone
NODE_MEMORY_S = 6.0  # of the filter in a node that sends tracks
BESIDE_SIGMA_M = 6.0
OWN_NATS = 4.0  # a registered serial where its drone is
CONFLICT_NS = 60_000_000_000  # so long a name and a place that agree again clear the flag
SAME_NS = 1_500_000_000  # the same place stated again within this adds nothing
ANYWHERE_M = 1e6
NONE, ICAO, NODE = int(IdKind.NONE), int(IdKind.ICAO), int(IdKind.NODE)
CONFLICT, WEAK, AIRCRAFT = int(TrackFlag.ID_CONFLICT), int(TrackFlag.WEAK), int(TrackFlag.AIRCRAFT)


@inner
def state(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    s: int,
    z: NDArray[np.float64],
    t_ns: int,
    flags: int,
    p: float,
    key: int,
    space: int,
    name: int,
    id_kind: int,
    text: NDArray[np.uint8],
    mark: int,
    t_recv_ns: int,
) -> None:
    """One stated position. space, name: hashes of its identity's space of names and of it, 0 for
    none; a mismatch of identity and place gives no credit."""
    cols.si[s, c.S_STATED] = 1
    heard(cols, s, 0, t_ns)
    bound = owner(cols, space, name, mark) if name else -1
    if bound >= 0:
        _, nis = attempt(cols, bound, z, t_ns, models, w)
        if nis <= gate_nis(width(z)):
            _extend(cols, w, models, s, bound, z, t_ns, flags, p, space, name, id_kind, text,
                    t_recv_ns)  # fmt: skip
            return
        contradict(cols, bound, t_ns)
    slot = _nearest(cols, w, models, z, t_ns, space, name, mark)
    if slot >= 0:
        _extend(cols, w, models, s, slot, z, t_ns, flags, p, space, name, id_kind, text, t_recv_ns)
        if bound >= 0:
            contradict(cols, slot, t_ns)
        return
    _begin(cols, w, models, s, z, t_ns, flags, p, key, space, name, id_kind, text, mark, t_recv_ns,
           bound >= 0)  # fmt: skip


@inner
def contradict(cols: Cols, slot: int, t_ns: int) -> None:
    cols.i[slot, c.FLAGS] |= CONFLICT
    cols.i[slot, c.UNSEEN] = max(cols.i[slot, c.UNSEEN], t_ns)


@inner
def agree(cols: Cols, slot: int, t_ns: int) -> None:
    """A place stated where a look with a range sees the track as well: when nothing has spoken
    against it for so long, the contradiction is over."""
    i = cols.i[slot]
    if i[c.FLAGS] & CONFLICT and t_ns - i[c.UNSEEN] >= CONFLICT_NS:
        i[c.FLAGS] &= ~CONFLICT
        i[c.UNSEEN] = 0


@inner
def _decorrelate(cols: Cols, slot: int, s: int, z: NDArray[np.float64], t_ns: int) -> None:
    """A node that sends tracks sends what it filtered: its next track holds mostly the plots of
    the last. Its variances count as often as its memory holds the time since, so that telling
    the same again adds nothing."""
    for k in range(c.SEEN_MAX):
        if cols.seen[slot, k, 0] == s + 1:
            since = max((t_ns - cols.seen[slot, k, 1]) / 1e9, 0.05)
            more = math.sqrt(max(NODE_MEMORY_S / since, 1.0))
            z[POS_S] *= more
            z[U_S] *= more
            z[V_S] *= more
            return


@inner
def owner(cols: Cols, space: int, name: int, mark: int) -> int:
    """The slot that bears this name, or -1."""
    at = name & (c.INDEX_SLOTS - 1)
    if cols.i[cols.named[at], c.LIVE] and _bears(cols, cols.named[at], space, name, mark):
        return cols.named[at]
    for k in range(cols.tally[c.C_N]):
        slot = cols.order[k]
        if _bears(cols, slot, space, name, mark):
            cols.named[at] = slot
            return slot
    return -1


@inner
def _bears(cols: Cols, slot: int, space: int, name: int, mark: int) -> bool:
    for j in range(c.NAMES_MAX):
        if cols.names[slot, j, 1] == name and cols.names[slot, j, 0] == space:
            return cols.i[slot, c.MARK] == mark and not cols.i[slot, c.ENDED]
    return False


@inner
def _name_in(cols: Cols, slot: int, space: int) -> int:
    """The name the slot has in this space of names, or 0."""
    for j in range(c.NAMES_MAX):
        if cols.names[slot, j, 0] == space:
            return cols.names[slot, j, 1]
    return 0


@inner
def _nearest(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    z: NDArray[np.float64],
    t_ns: int,
    space: int,
    name: int,
    mark: int,
) -> int:
    """The track without another identity that explains z best, or -1."""
    slots, at = candidates(cols, w, mark, t_ns, z[E], z[N], 6.5 * z[POS_S])
    best, top = -1, NOTHING
    for k in range(len(slots)):
        slot = slots[k]
        off2 = at[k, A_E] * at[k, A_E] + at[k, A_N_] * at[k, A_N_]
        if off2 > COARSE2 * (at[k, A_VAR] + 2.0 * z[POS_S] * z[POS_S]):
            continue
        if name:
            has = _name_in(cols, slot, space)
            if has and has != name:
                continue  # another of the same kind; a second kind may be the same drone's
        odds, nis = attempt(cols, slot, z, t_ns, models, w)
        if nis <= gate_nis(width(z)) and odds > top:
            best, top = slot, odds
    return best


@inner
def _extend(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    s: int,
    slot: int,
    z: NDArray[np.float64],
    t_ns: int,
    flags: int,
    p: float,
    space: int,
    name: int,
    id_kind: int,
    text: NDArray[np.uint8],
    t_recv_ns: int,
) -> None:
    i, f = cols.i[slot], cols.f[slot]
    same = f[c.STATED_E] == z[E] and f[c.STATED_N] == z[N] and t_ns - i[c.T_LAST] < SAME_NS
    if not same:
        if i[c.T_SCAN] > t_ns - life.FRESH_NS:
            learn.clock(cols, s, slot, z[E], z[N], z[POS_S], t_ns)
            agree(cols, slot, t_ns)
            z[POS_S] = max(z[POS_S], BESIDE_SIGMA_M)  # a claim does not outweigh what a radar sees
        if id_kind == NODE:
            _decorrelate(cols, slot, s, z, t_ns)
        _, nis = take(cols, slot, z, t_ns, models, w)
        if nis < MISFIT:
            if not i[c.SOLID]:
                life.forget_seen(cols, slot)  # from now on only sensors with a range may miss it
            i[c.RANGED] = i[c.SOLID] = 1
            life.settle_fix(cols, slot)
    f[c.STATED_E], f[c.STATED_N] = z[E], z[N]
    i[c.T_RANGED] = max(i[c.T_RANGED], t_ns)
    life.hit(cols, w, slot, s, t_ns)
    _bind(cols, slot, space, name, id_kind, text)
    weak = flags & R_WEAK
    forged = i[c.FLAGS] & CONFLICT  # a name that contradicts itself or a radar proves nothing
    # a statement is worth as much beside a doubtful plot as alone
    if not forged:
        f[c.LLR] = max(f[c.LLR], WEAK_BIRTH_LLR if weak else PLACE_BIRTH_LLR)
    nats = 0.0 if same or forged else (WEAK_NATS if weak else PLACE_NATS)
    credit(cols, slot, s, t_ns, t_recv_ns, nats, life.LIFE_STATED_S, p, flags, 1.0)
    if not cols.si[s, c.S_CLAIMS]:
        i[c.KINDS] |= c.MEASURED
    show(cols, slot, True, w)


@inner
def _begin(
    cols: Cols,
    w: Work,
    models: NDArray[np.float64],
    s: int,
    z: NDArray[np.float64],
    t_ns: int,
    flags: int,
    p: float,
    key: int,
    space: int,
    name: int,
    id_kind: int,
    text: NDArray[np.uint8],
    mark: int,
    t_recv_ns: int,
    conflict: bool,
) -> None:
    track = cols.si[s, c.S_HASH] ^ key
    if known_id(cols, track):
        return
    weak = flags & R_WEAK
    llr = WEAK_BIRTH_LLR if weak else PLACE_BIRTH_LLR
    slot = begin(cols, w, track, mark, t_ns, t_recv_ns, llr, STATED)
    if slot < 0:
        return
    i = cols.i[slot]
    i[c.RANGED] = i[c.SOLID] = 1
    i[c.T_RANGED] = t_ns
    i[c.FLAGS] = WEAK if weak else 0
    if conflict:
        contradict(cols, slot, t_ns)
    cols.f[slot, c.STATED_E], cols.f[slot, c.STATED_N] = z[E], z[N]
    born_placed(cols.g[slot], MOVES, z, models, w)
    filled(cols, slot, MOVES, False, w)
    if not conflict:
        _bind(cols, slot, space, name, id_kind, text)
    life.hit(cols, w, slot, s, t_ns)
    credit(cols, slot, s, t_ns, t_recv_ns, 0.0, life.LIFE_STATED_S, p, flags, 1.0)
    if not cols.si[s, c.S_CLAIMS]:
        i[c.KINDS] |= c.MEASURED
    show(cols, slot, True, w)


@inner
def _bind(
    cols: Cols, slot: int, space: int, name: int, id_kind: int, text: NDArray[np.uint8]
) -> None:
    """The claimed identity, and what it says about the class."""
    if not name or _name_in(cols, slot, space):
        return
    if owner(cols, space, name, cols.i[slot, c.MARK]) >= 0:
        return
    for j in range(c.NAMES_MAX):
        if cols.names[slot, j, 0] == 0:
            cols.names[slot, j, 0], cols.names[slot, j, 1] = space, name
            break
    if id_kind != NODE and cols.serial[slot, 0] == 0:
        copy_name(cols, slot, text)
    if id_kind == ICAO:
        cols.i[slot, c.FLAGS] |= AIRCRAFT
        lean(cols, slot, AIRCRAFT_LO)
        cols.f[slot, c.CL_AIR] += 3.0
    elif id_kind != NODE:
        lean(cols, slot, DRONE_LO)
        for k in range(c.OWN_MAX):
            if cols.own[k] == name:
                cols.f[slot, c.CL_OWN] += OWN_NATS
