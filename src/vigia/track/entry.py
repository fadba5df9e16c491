"""Whole scans, time, and what is asked -> the columns; the kernels that Python calls.

`kernels.py` compiles the functions of this module with explicit signatures; tests may run them
as they stand.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track import living as life
from vigia.track.classes import lean, most_likely, p_drone
from vigia.track.fuse import SECTOR_MODEL, take
from vigia.track.imm import SIZE, moments, predict
from vigia.track.look import look
from vigia.track.order import order_by
from vigia.track.presence import present
from vigia.track.read import (
    AHEAD,
    GOOD,
    KNOWN,
    PRESENCE,
    REASONS,
    TOO_OLD,
    UNUSABLE,
    age,
    fingerprint,
    read_place,
    read_polar,
    says_nothing,
    seen_before,
)
from vigia.track.sense import AZ, AZ_S, STAND_E, STAND_N, Z_N
from vigia.track.slots import EXPIRED, end, seen_from, sweep
from vigia.track.stated import NODE, NONE, state
from vigia.track.table import NAMES_AT, names_of, opened, words_of
from vigia.track.twins import merge
from vigia.track.witness import fill, report

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work


FRAME_NS = 250_000_000  # rows of one scan within it are one look: an object appears once
MERGE_NS = 990_000_000  # tracks of one drone are looked for this often
NAME_WORD = NAMES_AT // 4  # a row's words from here on are its name
SPACES = 1 << 40  # spaces of names: one per kind of identity, one per sensor for its own numbers


def observe_polar(table: Any, rows: NDArray[np.void], s: int, mark: int, t_recv_ns: int) -> int:
    """rows (n,) of layout polar.1. w.fate: rows by what became of them. -> how many are told of:
    refused, or no room for their tracks."""
    cols, w = opened(table)
    fate = w.fate
    for why in range(REASONS):
        fate[why] = 0
    words = words_of(rows)
    k = 0
    for r in range(len(rows)):
        own = fingerprint(words[r], cols.si[s, c.S_HASH] ^ mark)
        why = KNOWN
        if not seen_before(cols, own):
            why = age(rows[r]["t_obs_ns"], t_recv_ns)
            if why == GOOD and says_nothing(rows[r]):
                why = PRESENCE
            elif why == GOOD and not read_polar(rows[r], cols, s, w.read_z[k]):
                why = UNUSABLE
        fate[why] += 1
        if why == PRESENCE:
            t_ns = min(rows[r]["t_obs_ns"], t_recv_ns)
            belief = _belief(float(rows[r]["p_drone"]))
            present(cols, w, s, t_ns, rows[r]["flags"], belief, own, mark, t_recv_ns)
        if why == GOOD:
            w.read_t[k] = min(rows[r]["t_obs_ns"], t_recv_ns)
            w.read_flags[k] = rows[r]["flags"]
            w.read_p[k] = _belief(float(rows[r]["p_drone"]))
            w.read_key[k] = own
            k += 1
    _in_order(w, k)
    start = 0
    while start < k:
        stop = start + 1
        while stop < k and w.row_t[stop] - w.row_t[start] <= FRAME_NS:
            stop += 1
        look(
            cols, w, w.models, s, w.row_z[start:stop], w.row_t[start:stop],
            w.row_flags[start:stop], w.row_p[start:stop], w.row_key[start:stop], mark, t_recv_ns,
        )  # fmt: skip
        start = stop
    return _told(cols, fate)


@inner
def _in_order(w: Work, n: int) -> None:
    """The rows read, in the order that means something: time, then content."""
    order_by(w.read_t, w.read_key, n, w.row_order, w.row_spare)
    for k in range(n):
        r = w.row_order[k]
        for j in range(Z_N):
            w.row_z[k, j] = w.read_z[r, j]
        w.row_t[k], w.row_flags[k] = w.read_t[r], w.read_flags[r]
        w.row_p[k], w.row_key[k] = w.read_p[r], w.read_key[r]


@inner
def _told(cols: Cols, fate: NDArray[np.int64]) -> int:
    return fate[TOO_OLD] + fate[AHEAD] + fate[UNUSABLE] + cols.tally[c.C_DROPPED]


def observe_place(table: Any, rows: NDArray[np.void], s: int, mark: int, t_recv_ns: int) -> int:
    """rows (n,) of layout place.1. As observe_polar."""
    cols, w = opened(table)
    fate = w.fate
    for why in range(REASONS):
        fate[why] = 0
    words, names = words_of(rows), names_of(rows)
    n = len(rows)
    for r in range(n):
        w.read_key[r] = fingerprint(words[r], cols.si[s, c.S_HASH] ^ mark)
        w.read_t[r] = rows[r]["t_obs_ns"]
    order_by(w.read_t, w.read_key, n, w.row_order, w.row_spare)
    z = w.read_z[0]
    for k in range(n):
        r: int = w.row_order[k]
        why = KNOWN
        if not seen_before(cols, w.read_key[r]):
            why = age(rows[r]["t_obs_ns"], t_recv_ns)
            if why == GOOD and not read_place(rows[r], w.site, z, 0.0):
                why = UNUSABLE
        fate[why] += 1
        if why != GOOD:
            continue
        kind = int(rows[r]["id_kind"])
        name, space = 0, 0
        if names[r, 0]:
            name = fingerprint(words[r, NAME_WORD:], 1)
            space = 1 + kind + (SPACES * (1 + s) if kind == NODE else 0)
        else:
            kind = NONE
        state(
            cols,
            w,
            w.models,
            s,
            z,
            min(rows[r]["t_obs_ns"], t_recv_ns),
            int(rows[r]["flags"]),
            _belief(float(rows[r]["p_drone"])),
            w.read_key[r],
            space,
            name,
            kind,
            names[r],
            mark,
            t_recv_ns,
        )
    return _told(cols, fate)


def observe_person(
    table: Any,
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
    """witness.report."""
    cols, w = opened(table)
    return report(
        cols, w, w.models, z, t_ns, track, link, whose, known, drone_nats, mark, t_recv_ns
    )


def advance(table: Any, t_recv_ns: int, ends: NDArray[np.int64]) -> int:
    """Time passes: ends what nobody saw and fills ends with the shown slots whose support is
    over. -> how many."""
    cols, w = opened(table)
    if t_recv_ns - cols.tally[c.C_MERGED] >= MERGE_NS:
        merge(cols, w, t_recv_ns)
        cols.tally[c.C_MERGED] = t_recv_ns
    n = 0
    for k in range(cols.tally[c.C_N]):
        slot = cols.order[k]
        if cols.i[slot, c.ENDED]:
            continue
        life.still_solid(cols, w, slot, t_recv_ns)
        if cols.i[slot, c.LIFE] >= t_recv_ns and not life.doubted(cols, w, slot, t_recv_ns):
            continue
        if cols.i[slot, c.STATUS] == 0:
            end(cols, slot, EXPIRED)  # nobody saw it
            continue
        ends[n] = slot
        n += 1
    return n


def states(
    table: Any,
    t_ns: int,
    slots: NDArray[np.int64],
    ints: NDArray[np.int64],
    floats: NDArray[np.float64],
    moment: NDArray[np.float64],
) -> int:
    """Tracks shown, oldest first, predicted to t_ns: their slots, whole numbers (witnesses, time,
    class),
    floats (p_exist, p_drone), moments (28,). -> how many."""
    cols, w = opened(table)
    n = 0
    for k in range(cols.tally[c.C_N]):
        slot = cols.order[k]
        if cols.i[slot, c.ENDED] or cols.i[slot, c.STATUS] == 0:
            continue
        m = cols.i[slot, c.PARTS]
        for q in range(m):
            for j in range(SIZE):
                w.g[q, j] = cols.g[slot, q, j]
        dt = max((t_ns - cols.i[slot, c.T]) / 1e9, 0.0)
        if cols.i[slot, c.IS_SECTOR]:
            for q in range(m):
                predict(w.g[q : q + 1], 1, dt, w.models[SECTOR_MODEL:], w.tmp)
        else:
            predict(w.g, m, dt, w.models, w.tmp)
        moments(w.g, m, moment[n])
        slots[n] = slot
        ints[n, 0] = life.witness_count(cols, slot)
        ints[n, 1] = max(t_ns, cols.i[slot, c.T])
        ints[n, 2] = most_likely(cols, slot)
        floats[n, 0] = life.p_of(life.llr_at(cols, w, slot, t_ns))
        floats[n, 1] = p_drone(cols, slot)
        n += 1
    return n


def refill(table: Any, slot: int, z: NDArray[np.float64], t_ns: int, whose: float) -> None:
    """The state anew, as if this report of a person had begun the track."""
    cols, w = opened(table)
    cols.i[slot, c.T] = t_ns
    cols.i[slot, c.STANDS] = 0
    cols.i[slot, c.RANGED] = 0
    fill(cols, slot, z, whose, w)


def take_more(
    table: Any,
    slot: int,
    z: NDArray[np.float64],
    t_ns: int,
    whose: float,
) -> None:
    """One more report of a person into the state, and nothing else."""
    cols, w = opened(table)
    seen_from(cols, slot, z[STAND_E], z[STAND_N], whose)
    take(cols, slot, z, t_ns, w.models, w)
    life.settle_fix(cols, slot)
    cols.f[slot, c.AZ_DEG] = math.degrees(z[AZ])
    cols.f[slot, c.AZ_SIGMA_DEG] = math.degrees(z[AZ_S])


def believe(table: Any, slot: int, nats: float) -> None:
    """Towards drone."""
    cols, _ = opened(table)
    lean(cols, slot, nats)


def finish(table: Any, slot: int, reason: int) -> None:
    """Hidden from now on."""
    cols, _ = opened(table)
    end(cols, slot, reason)


def clear(table: Any) -> None:
    """Frees the slots of the ended."""
    cols, _ = opened(table)
    sweep(cols)


@inner
def _belief(p: float) -> float:
    return p if 0.0 <= p <= 1.0 else math.nan
