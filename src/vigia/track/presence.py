"""A machine says a drone is near and not where (signal strength only) -> support, or a weak track.

docs/track.md section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.track import layout as c
from vigia.track import living as life
from vigia.track.begin import HEIGHT_M, HEIGHT_SIGMA_M, SPEED_SIGMA_MPS, anywhere
from vigia.track.classes import p_drone
from vigia.track.extend import credit
from vigia.track.gate import A_E, A_N_, candidates
from vigia.track.misses import heard
from vigia.track.slots import STATED, begin, filled, known_id, show
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from vigia.track.layout import Cols, Work

PRESENCE_NATS = 0.3
PRESENCE_LLR = -0.5  # one word of a presence-only sensor: 0.38
HALF = 0.5  # 1-sigma of where it is, as a share of the sensor's range
DOUBTFUL = 0.27  # of being a drone: such a track is not what it hears
WEAK = int(TrackFlag.WEAK)


@inner
def present(
    cols: Cols,
    w: Work,
    s: int,
    t_ns: int,
    flags: int,
    p: float,
    key: int,
    mark: int,
    t_recv_ns: int,
) -> None:
    """Supports the nearest track that may be a drone within the sensor's range; moves none."""
    heard(cols, s, 0, t_ns)
    e, n = cols.sf[s, c.S_E], cols.sf[s, c.S_N]
    slots, at = candidates(cols, w, mark, t_ns, e, n, cols.sf[s, c.S_RANGE])
    best, nearest = -1, 1e300
    for k in range(len(slots)):
        away = at[k, A_E] * at[k, A_E] + at[k, A_N_] * at[k, A_N_]
        maybe = cols.i[slots[k], c.STATUS] and p_drone(cols, slots[k]) > DOUBTFUL
        if maybe and away < nearest:
            best, nearest = slots[k], away
    if best >= 0 and nearest <= cols.sf[s, c.S_RANGE] * cols.sf[s, c.S_RANGE]:
        weak = cols.i[best, c.FLAGS] & WEAK
        credit(cols, best, s, t_ns, t_recv_ns, PRESENCE_NATS, life.LIFE_BEARING_S, p, flags, 1.0)
        cols.i[best, c.FLAGS] |= weak
        show(cols, best, False, w)
        return
    track = cols.si[s, c.S_HASH] ^ key
    if known_id(cols, track):
        return
    slot = begin(cols, w, track, mark, t_ns, t_recv_ns, PRESENCE_LLR, STATED)
    if slot < 0:
        return
    u = cols.sf[s, c.S_U] + HEIGHT_M
    anywhere(cols.g[slot, 0], e, n, u, HEIGHT_SIGMA_M, SPEED_SIGMA_MPS)
    sigma = HALF * cols.sf[s, c.S_RANGE]
    cols.g[slot, 0, 7] = cols.g[slot, 0, 13] = sigma * sigma
    filled(cols, slot, 1, True, w)
    credit(cols, slot, s, t_ns, t_recv_ns, 0.0, life.LIFE_BEARING_S, p, flags, 1.0)
    cols.i[slot, c.FLAGS] |= WEAK
    cols.i[slot, c.KINDS] |= c.MEASURED
    show(cols, slot, True, w)
