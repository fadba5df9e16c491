"""Evidence for and against a slot's track -> whether it exists, and what may be shown.

Everything is log odds in nats. Sources of the numbers: docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.jit import inner
from vigia.terms import TrackStatus
from vigia.track import layout as c
from vigia.track.misses import looks_missed, missed, missed_between, seen_again
from vigia.track.sense import EL, EL_S, RNG, TURN
from vigia.tracktable import Fix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.track.layout import Cols, Work

NEW_PER_HOUR = 160.0  # real objects that appear in one sensor's sight, the prior
LOW_M, LOW_SIGMA_M, LOW_SHARE, HIGH_M = 60.0, 60.0, 0.85, 1_500.0  # heights of objects
FIELD_EL = 0.8  # rad of elevation over which false rows lie
PEOPLE_NATS = 2.9  # credit of people: a second one agreed with the first
CROSSINGS_MIN = 7  # hits of a machine's track that has only bearings
LLR_MAX = 5.3  # a drone ends, lands or leaves once in 200 s: nothing is surer for a second
LLR_END = -2.0  # what is left of the odds when a track's life is over
BIRTH_LLR_MAX = 0.5
CREDIT_MAX = 14.0  # one measurement proves no more, however well it fits
LOST_LOOKS = 3.0  # misses in a row after which a sensor has lost a track
SILENT_S = 1.5  # no decay within it: ordinary scan time
FRESH_NS = 3_000_000_000  # a range younger than this still says where it is
LIFE_TENTATIVE_S = 3.2  # a plot that nothing follows
LOOKS_WAITED = 2.6  # of a slow sensor
LIFE_UNKNOWN_S = 16.0  # of one whose looks nobody has timed yet, and of the slowest
LIFE_PER_HIT_S = 0.8  # a machine's track earns its life
LIFE_RANGED_S = 10.0
HOVER_S = 8.0  # a hovering drone falls into a radar's Doppler notch: no doubt so soon
LIFE_STATED_S = 15.0
LIFE_BEARING_S = 8.0
LIFE_PERSON_S = 60.0  # people report rarely
WITNESS_NS = 60_000_000_000
FIX_SIGMA_M = 120.0  # a position is claimed below this
FIX_KEEP_SIGMA_M = 160.0  # and given up above this

POSSIBLE, CONFIRMED = int(TrackStatus.POSSIBLE), int(TrackStatus.CONFIRMED)
POSITION, SECTOR = int(Fix.POSITION), int(Fix.SECTOR)


# ---- whether it exists -----------------------------------------------------------------------


@inner
def p_of(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(log_odds, 50.0), -50.0)))


@inner
def birth_llr(cols: Cols, s: int, z: NDArray[np.float64]) -> float:
    """Log odds that a first plot is an object and not one of the sensor's false ones.

    False plots lie evenly in elevation, small drones and birds fly low.
    """
    false = max(cols.sf[s, c.S_FALSE], cols.sf[s, c.S_STRAY], 1e-9)
    llr = math.log(NEW_PER_HOUR / 3600.0 / false)
    if not (math.isnan(z[RNG]) or math.isnan(z[EL])):
        height = z[RNG] * math.sin(z[EL])
        wide = z[RNG] * z[EL_S]
        var = LOW_SIGMA_M * LOW_SIGMA_M + wide * wide
        off = height - LOW_M
        low = math.exp(-0.5 * off * off / var) / math.sqrt(TURN * var)
        density = LOW_SHARE * low + (1.0 - LOW_SHARE) / HIGH_M
        llr += math.log(density * FIELD_EL * max(z[RNG], 50.0))
    return min(llr, BIRTH_LLR_MAX)


@inner
def llr_at(cols: Cols, w: Work, slot: int, t_ns: int) -> float:
    """The odds now: less what the sensors that knew it have missed, and decayed by silence,
    linear from the last support to LLR_END at life's end."""
    llr = cols.f[slot, c.LLR]
    for k in range(c.SEEN_MAX):
        s = cols.seen[slot, k, 0] - 1
        if s >= 0:
            llr -= missed(cols, w, slot, s, cols.seen[slot, k, 1], t_ns)
    return llr - silence(cols, slot, llr, t_ns)


@inner
def silence(cols: Cols, slot: int, llr: float, t_ns: int) -> float:
    """What silence until t_ns takes away."""
    quiet = (t_ns - cols.i[slot, c.T_LAST]) / 1e9 - SILENT_S
    span = (cols.i[slot, c.LIFE] - cols.i[slot, c.T_LAST]) / 1e9 - SILENT_S
    if quiet <= 0.0 or span <= 0.0 or llr <= LLR_END:
        return 0.0
    return (llr - LLR_END) * min(quiet / span, 1.0)


@inner
def hit(cols: Cols, w: Work, slot: int, s: int, t_ns: int) -> None:
    """A sensor sees the track again: its misses until now count, then it starts afresh."""
    spare, oldest = 0, 1 << 62
    for k in range(c.SEEN_MAX):
        if cols.seen[slot, k, 0] == s + 1:
            last = cols.seen[slot, k, 1]
            if t_ns > last:
                cols.f[slot, c.LLR] -= missed_between(cols, w, slot, s, last, t_ns)
                seen_again(cols, s, (t_ns - last) / 1e9)
                cols.seen[slot, k, 1] = t_ns
            return
        if cols.seen[slot, k, 1] < oldest or cols.seen[slot, k, 0] == 0:
            spare = k
            oldest = cols.seen[slot, k, 1] if cols.seen[slot, k, 0] else -1
    cols.seen[slot, spare, 0] = s + 1
    cols.seen[slot, spare, 1] = t_ns


@inner
def still_solid(cols: Cols, w: Work, slot: int, t_ns: int) -> bool:
    """False when all that measured its range have lost it: bearings of others could keep it
    alive for ever, so from then on it gets only those no solid track explains."""
    if not cols.i[slot, c.SOLID]:
        return False
    worst, any_seen = 0.0, False
    for k in range(c.SEEN_MAX):
        s = cols.seen[slot, k, 0] - 1
        if s < 0:
            continue
        any_seen = True
        if looks_missed(cols, s, cols.seen[slot, k, 1], t_ns) < LOST_LOOKS:
            return True
        worst = max(worst, missed(cols, w, slot, s, cols.seen[slot, k, 1], t_ns))
    if not any_seen:
        return True
    cols.f[slot, c.LLR] -= worst
    forget_seen(cols, slot)
    cols.i[slot, c.SOLID] = 0
    return False


@inner
def forget_seen(cols: Cols, slot: int) -> None:
    for k in range(c.SEEN_MAX):
        cols.seen[slot, k, 0] = cols.seen[slot, k, 1] = 0


@inner
def support(
    cols: Cols, slot: int, t_obs_ns: int, t_recv_ns: int, nats: float, life_s: float
) -> None:
    """One more measurement of this track."""
    i, f = cols.i[slot], cols.f[slot]
    f[c.LLR] -= silence(cols, slot, f[c.LLR], t_obs_ns)
    f[c.LLR] = min(f[c.LLR] + min(nats, CREDIT_MAX), LLR_MAX)
    i[c.HITS] += 1
    i[c.T_LAST] = max(i[c.T_LAST], t_obs_ns)
    i[c.T_FIRST] = min(i[c.T_FIRST], t_obs_ns)
    i[c.T_CAUSE] = t_recv_ns
    i[c.LIFE] = max(i[c.LIFE], t_obs_ns + int(life_s * 1e9))


@inner
def witness(cols: Cols, slot: int, link: int, t_obs_ns: int) -> None:
    """The oldest gives way when there are too many."""
    spare, oldest = 0, 1 << 62
    for k in range(c.WITNESS_MAX):
        if cols.wit[slot, k, 0] == link + 1:
            cols.wit[slot, k, 1] = max(cols.wit[slot, k, 1], t_obs_ns)
            return
        at = cols.wit[slot, k, 1] if cols.wit[slot, k, 0] else -1
        if at < oldest:
            spare, oldest = k, at
    cols.wit[slot, spare, 0] = link + 1
    cols.wit[slot, spare, 1] = t_obs_ns


@inner
def witnesses(cols: Cols, slot: int) -> int:
    """Links that ever supported it, of those remembered."""
    n = 0
    for k in range(c.WITNESS_MAX):
        if cols.wit[slot, k, 0]:
            n += 1
    return n


@inner
def witness_count(cols: Cols, slot: int) -> int:
    """Links that supported it lately; never 0."""
    n = 0
    for k in range(c.WITNESS_MAX):
        late = cols.wit[slot, k, 1] >= cols.i[slot, c.T_LAST] - WITNESS_NS
        if cols.wit[slot, k, 0] and late:
            n += 1
    return max(n, 1)


@inner
def only_people(cols: Cols, slot: int) -> bool:
    """No machine ever saw it."""
    return cols.i[slot, c.KINDS] & (c.MEASURED - 2) == 0


@inner
def promote(cols: Cols, slot: int, trusted: bool) -> bool:
    """Raises the status by the sequential test; True when the track is to be shown first now."""
    i, llr = cols.i[slot], cols.f[slot, c.LLR]
    first = False
    if i[c.STATUS] == 0 and (trusted or (i[c.HITS] >= 2 and llr >= cols.limits[c.L_POSSIBLE])):
        i[c.STATUS] = POSSIBLE
        first = True
    agreed = witnesses(cols, slot) >= 2
    # bearings of several cross falsely where they have nothing in common: no discount for them
    alike = agreed and (i[c.SOLID] or only_people(cols, slot))
    sure = llr >= cols.limits[c.L_CONFIRM] or (alike and llr >= cols.limits[c.L_AGREED])
    if only_people(cols, slot):
        sure = sure and agreed  # one person, however often, is one witness
    elif not i[c.SOLID]:
        people = agreed and cols.f[slot, c.CREDIT] >= PEOPLE_NATS
        sure = sure and (people or i[c.HITS] >= CROSSINGS_MIN)
    if i[c.STATUS] == POSSIBLE and i[c.HITS] >= 2 and sure:
        i[c.STATUS] = CONFIRMED
    return first


@inner
def settle_fix(cols: Cols, slot: int) -> None:
    """POSITION or SECTOR, with hysteresis. A lone bearing is a sector however good it is."""
    i = cols.i[slot]
    limit = FIX_KEEP_SIGMA_M if i[c.FIX] == POSITION else FIX_SIGMA_M
    good = i[c.RANGED] and cols.f[slot, c.SIGMA_M] <= limit
    i[c.FIX] = POSITION if good else SECTOR


@inner
def first_life_s(cols: Cols, s: int) -> float:
    """How long a first plot waits for the next look of its sensor."""
    revisit = cols.sf[s, c.S_REVISIT]
    if revisit == 0.0:
        return LIFE_UNKNOWN_S
    return max(LIFE_TENTATIVE_S, min(LOOKS_WAITED * revisit, LIFE_UNKNOWN_S))


@inner
def earned_s(cols: Cols, slot: int, s: int, full_s: float) -> float:
    """How long a machine's track may live without support: more with every hit."""
    hits = cols.i[slot, c.HITS]
    first = first_life_s(cols, s)
    earned = first + LIFE_PER_HIT_S * max(hits - 1, 0)
    full_s = max(full_s, first)
    least = HOVER_S if cols.i[slot, c.STATUS] == CONFIRMED else 0.0
    return max(min(full_s, earned), least)


@inner
def doubted(cols: Cols, w: Work, slot: int, t_ns: int) -> bool:
    """Misses have eaten the odds of a shown track; a confirmed one is given time to hover."""
    i = cols.i[slot]
    if i[c.STATUS] == 0:
        return False
    if i[c.STATUS] == CONFIRMED and t_ns - i[c.T_RANGED] < HOVER_S * 1e9:
        return False
    return llr_at(cols, w, slot, t_ns) <= LLR_END
