"""Whole scans, time, and what is asked -> the columns; the kernels that Python calls.

`kernels.py` compiles the functions of this module with explicit signatures; tests may run them
as they stand.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from vigia.track import layout as c
from vigia.track import living as life
from vigia.track.classes import lean, most_likely, p_drone
from vigia.track.fuse import SECTOR_MODEL, take
from vigia.track.imm import SIZE, moments, predict
from vigia.track.jit import inner
from vigia.track.look import look
from vigia.track.presence import present
from vigia.track.read import (
    GOOD,
    KNOWN,
    PRESENCE,
    REASONS,
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
from vigia.track.table import opened
from vigia.track.twins import merge
from vigia.track.witness import fill, report

if TYPE_CHECKING:
    from numpy.typing import NDArray


FRAME_NS = 250_000_000  # rows of one scan within it are one look: an object appears once
MERGE_NS = 990_000_000  # tracks of one drone are looked for this often
SPACES = 1 << 40  # spaces of names: one per kind of identity, one per sensor for its own numbers


def observe_polar(
    table: Any,
    models: NDArray[np.float64],
    rows: NDArray[np.void],
    words: NDArray[np.int32],
    s: int,
    mark: int,
    t_recv_ns: int,
) -> NDArray[np.int64]:
    """rows (n,) of layout polar.1, words: the same bytes (n, 14). -> (REASONS,) rows by fate."""
    cols, w = opened(table)
    fate = np.zeros(REASONS, np.int64)
    n = len(rows)
    z, t = np.empty((n, Z_N)), np.empty(n, np.int64)
    flags, p, key = np.empty(n, np.int64), np.empty(n), np.empty(n, np.int64)
    k = 0
    for r in range(n):
        own = fingerprint(words[r], cols.si[s, c.S_HASH] ^ mark)
        why = KNOWN
        if not seen_before(cols, own):
            why = age(rows[r]["t_obs_ns"], t_recv_ns)
            if why == GOOD and says_nothing(rows[r]):
                why = PRESENCE
            elif why == GOOD and not read_polar(rows[r], cols, s, z[k]):
                why = UNUSABLE
        fate[why] += 1
        if why == PRESENCE:
            t_ns = min(rows[r]["t_obs_ns"], t_recv_ns)
            belief = _belief(float(rows[r]["p_drone"]))
            present(cols, w, s, t_ns, rows[r]["flags"], belief, own, mark, t_recv_ns)
        if why == GOOD:
            t[k] = min(rows[r]["t_obs_ns"], t_recv_ns)
            flags[k] = rows[r]["flags"]
            p[k] = _belief(float(rows[r]["p_drone"]))
            key[k] = own
            k += 1
    if k == 0:
        return fate
    if k == 1:
        look(cols, w, models, s, z[:1], t[:1], flags[:1], p[:1], key[:1], mark, t_recv_ns)
        return fate
    # the order of rows in a scan means nothing: time, then content
    order = np.argsort(key[:k], kind="mergesort")
    order = order[np.argsort(t[order], kind="mergesort")]
    start = 0
    while start < k:
        stop = start + 1
        while stop < k and t[order[stop]] - t[order[start]] <= FRAME_NS:
            stop += 1
        o = order[start:stop]
        look(cols, w, models, s, z[o], t[o], flags[o], p[o], key[o], mark, t_recv_ns)
        start = stop
    return fate


def observe_place(
    table: Any,
    models: NDArray[np.float64],
    site: NDArray[np.float64],
    rows: NDArray[np.void],
    words: NDArray[np.int32],
    names: NDArray[np.uint8],
    s: int,
    mark: int,
    t_recv_ns: int,
) -> NDArray[np.int64]:
    """rows (n,) of layout place.1, words: the same bytes (n, 24), names: those of the identities
    (n, 24). -> (REASONS,) rows by fate."""
    cols, w = opened(table)
    fate = np.zeros(REASONS, np.int64)
    n = len(rows)
    keys = np.empty(n, np.int64)
    for r in range(n):
        keys[r] = fingerprint(words[r], cols.si[s, c.S_HASH] ^ mark)
    order = np.arange(n)
    if n > 1:
        times = np.empty(n, np.int64)
        for r in range(n):
            times[r] = rows[r]["t_obs_ns"]
        order = np.argsort(keys, kind="mergesort")
        order = order[np.argsort(times[order], kind="mergesort")]
    z = w.g[0][:Z_N].copy()
    for r in order:
        why = KNOWN
        if not seen_before(cols, keys[r]):
            why = age(rows[r]["t_obs_ns"], t_recv_ns)
            if why == GOOD and not read_place(rows[r], site, z, 0.0):
                why = UNUSABLE
        fate[why] += 1
        if why != GOOD:
            continue
        kind = int(rows[r]["id_kind"])
        name, space = 0, 0
        if names[r, 0]:
            name = fingerprint(words[r, 18:], 1)
            space = 1 + kind + (SPACES * (1 + s) if kind == NODE else 0)
        else:
            kind = NONE
        state(
            cols,
            w,
            models,
            s,
            z,
            min(rows[r]["t_obs_ns"], t_recv_ns),
            int(rows[r]["flags"]),
            _belief(float(rows[r]["p_drone"])),
            keys[r],
            space,
            name,
            kind,
            names[r],
            mark,
            t_recv_ns,
        )
    return fate


def observe_person(
    table: Any,
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
    """witness.report."""
    cols, w = opened(table)
    return report(cols, w, models, z, t_ns, track, link, whose, known, drone_nats, mark, t_recv_ns)


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
        life.still_solid(cols, slot, t_recv_ns)
        if cols.i[slot, c.LIFE] >= t_recv_ns and not life.doubted(cols, slot, t_recv_ns):
            continue
        if cols.i[slot, c.STATUS] == 0:
            end(cols, slot, EXPIRED)  # nobody saw it
            continue
        ends[n] = slot
        n += 1
    return n


def states(
    table: Any,
    models: NDArray[np.float64],
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
                predict(w.g[q : q + 1], 1, dt, models[SECTOR_MODEL:], w.tmp)
        else:
            predict(w.g, m, dt, models, w.tmp)
        moments(w.g, m, moment[n])
        slots[n] = slot
        ints[n, 0] = life.witness_count(cols, slot)
        ints[n, 1] = max(t_ns, cols.i[slot, c.T])
        ints[n, 2] = most_likely(cols, slot)
        floats[n, 0] = life.p_of(life.llr_at(cols, slot, t_ns))
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
    models: NDArray[np.float64],
    slot: int,
    z: NDArray[np.float64],
    t_ns: int,
    whose: float,
) -> None:
    """One more report of a person into the state, and nothing else."""
    cols, w = opened(table)
    seen_from(cols, slot, z[STAND_E], z[STAND_N], whose)
    take(cols, slot, z, t_ns, models, w)
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
