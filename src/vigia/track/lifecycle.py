"""Evidence for and against a track -> whether it exists, what it is, and what may be shown.

Everything is log odds in nats. Sources of the numbers: docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from vigia.scan import Flag
from vigia.terms import TrackStatus
from vigia.track.table import TENTATIVE
from vigia.tracktable import Fix, TrackFlag

if TYPE_CHECKING:
    from vigia.track.table import Record

NEW_PER_HOUR = 20.0  # real drones that appear in one sensor's sight, the prior
CONFIRM_LLR = 6.0  # at most NEW_PER_HOUR * exp(-CONFIRM_LLR) = 0.05 false confirmed an hour
POSSIBLE_LLR = 3.0  # the same for a machine's unconfirmed track: one an hour
AGREED_LLR = 3.5  # enough when independent witnesses agree
LLR_MAX = 12.0
LLR_END = -2.0  # what is left of the odds when a track's life is over
BIRTH_LLR_MAX = 0.5
CREDIT_MAX = 8.0  # one measurement proves no more, however well it fits
STRAY_S = 30.0  # memory of the rate of rows nobody claims
LOST_LOOKS = 3.0  # misses in a row after which a sensor has lost a track
MISSES_MAX = 8.0  # a sensor that no longer sees a track says so this often at most
MISS_SHARE = 0.75  # of p_detect: hovering, terrain and weather make looks fail together
SILENT_S = 1.5  # no decay within it: ordinary scan time
LIFE_TENTATIVE_S = 3.2  # a plot that nothing follows
LIFE_PER_HIT_S = 0.8  # a machine's track earns its life
LIFE_RANGED_S = 10.0
HOVER_S = 8.0  # a hovering drone falls into a radar's Doppler notch: no doubt so soon
LIFE_STATED_S = 15.0
LIFE_BEARING_S = 8.0
LIFE_PERSON_S = 60.0  # people report rarely
COASTING_S = 2.5
WITNESS_S = 60.0
DRONE_LO_MAX = 5.0
FIX_SIGMA_M = 120.0  # a position is claimed below this
FIX_KEEP_SIGMA_M = 160.0  # and given up above this
REPEAT_WEIGHT = 0.15  # class evidence of one sensor is nearly the same every time

# ints: operations on IntFlag cost a microsecond
LOAD, EMERGENCY = int(Flag.LOAD), int(Flag.EMERGENCY)
CLOSING, WEAK = int(Flag.CLOSING), int(Flag.WEAK)
WEAK_TRACK = int(TrackFlag.WEAK)


def p_of(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(min(log_odds, 50.0), -50.0)))


class Beat(msgspec.Struct):
    """One sensor's habits, learnt: how often it sees a track again, when it last spoke, and the
    rows per second that no track claimed."""

    revisit_s: float = 0.0  # 0: not yet known
    heard_ns: int = 0
    stray_per_s: float = 0.0
    miss_nats: float = 0.0

    def stray(self, rows: int, t_ns: int) -> None:
        if t_ns > self.heard_ns:
            gap_s = (t_ns - self.heard_ns) / 1e9 if self.heard_ns else 0.0
            self.stray_per_s *= math.exp(-gap_s / STRAY_S)
            self.heard_ns = t_ns
        self.stray_per_s += rows / STRAY_S

    def again(self, gap_s: float) -> None:
        """A track was seen again after gap_s. Follows the short gaps: long ones hold misses."""
        if gap_s < 0.05:
            return
        if self.revisit_s == 0.0:
            self.revisit_s = gap_s
        pull = 0.2 if gap_s < self.revisit_s else 0.01
        self.revisit_s += pull * (gap_s - self.revisit_s)

    def looks_missed(self, hit_ns: int, t_ns: int) -> float:
        """Looks since hit_ns that did not see the track; a sensor silent altogether has none."""
        if self.revisit_s == 0.0:
            return 0.0
        return max((min(t_ns, self.heard_ns) - hit_ns) / 1e9 / self.revisit_s - 1.3, 0.0)

    def missed(self, hit_ns: int, t_ns: int) -> float:
        """Nats against a track last hit at hit_ns."""
        return min(self.looks_missed(hit_ns, t_ns), MISSES_MAX) * self.miss_nats


def llr_at(record: Record, t_ns: int, beats: dict[str, Beat]) -> float:
    """The odds now: less what the sensors that knew it have missed, and decayed by silence,
    linear from the last support to LLR_END at life's end."""
    llr = record.llr
    for sensor_id, hit_ns in record.seen_by.items():
        llr -= beats[sensor_id].missed(hit_ns, t_ns)
    silent = (t_ns - record.t_last_ns) / 1e9 - SILENT_S
    span = (record.life_ns - record.t_last_ns) / 1e9 - SILENT_S
    if silent <= 0.0 or span <= 0.0 or llr <= LLR_END:
        return llr
    return llr - (llr - LLR_END) * min(silent / span, 1.0)


def birth_llr(false_per_s: float) -> float:
    """Log odds that a first plot is a drone and not one of the sensor's false ones."""
    return min(math.log(NEW_PER_HOUR / 3600.0 / max(false_per_s, 1e-9)), BIRTH_LLR_MAX)


def hit(record: Record, sensor_id: str, t_ns: int, beats: dict[str, Beat]) -> None:
    """A sensor sees the track again: its misses until now count, then it starts afresh."""
    last = record.seen_by.get(sensor_id)
    beat = beats[sensor_id]
    if last is not None and t_ns > last:
        record.llr -= beat.missed(last, t_ns)
        beat.again((t_ns - last) / 1e9)
    record.seen_by[sensor_id] = max(t_ns, last or 0)


def still_solid(record: Record, t_ns: int, beats: dict[str, Beat]) -> bool:
    """False when all that measured its range have lost it: bearings of others could keep it
    alive for ever, so from then on it gets only those no solid track explains."""
    if not record.solid:
        return False
    seen = record.seen_by.items()
    if not seen or any(beats[k].looks_missed(hit_ns, t_ns) < LOST_LOOKS for k, hit_ns in seen):
        return True
    record.llr -= max(beats[k].missed(hit_ns, t_ns) for k, hit_ns in seen)
    record.seen_by.clear()
    record.solid = False
    return False


def support(
    record: Record,
    beats: dict[str, Beat],
    *,
    t_obs_ns: int,
    t_recv_ns: int,
    nats: float,
    life_s: float,
    witness: str,
    source: str,
) -> None:
    """One more measurement of this track."""
    silent_s = (t_obs_ns - record.t_last_ns) / 1e9 - SILENT_S
    span_s = (record.life_ns - record.t_last_ns) / 1e9 - SILENT_S
    if silent_s > 0.0 and span_s > 0.0 and record.llr > LLR_END:
        record.llr -= (record.llr - LLR_END) * min(silent_s / span_s, 1.0)
    record.llr = min(record.llr + min(nats, CREDIT_MAX), LLR_MAX)
    record.hits += 1
    record.t_last_ns = max(record.t_last_ns, t_obs_ns)
    record.t_first_ns = min(record.t_first_ns, t_obs_ns)
    record.t_cause_ns = t_recv_ns
    record.life_ns = max(record.life_ns, t_obs_ns + int(life_s * 1e9))
    record.witnesses[witness] = max(record.witnesses.get(witness, 0), t_obs_ns)
    record.credit[source] = record.credit.get(source, 0.0) + nats


def promote(record: Record, *, trusted: bool) -> bool:
    """Raises the status by the sequential test; True when the track is to be shown first now."""
    first = False
    if record.status == TENTATIVE and (
        trusted or (record.hits >= 2 and record.llr >= POSSIBLE_LLR)
    ):
        record.status = int(TrackStatus.POSSIBLE)
        first = True
    agreed = len(record.witnesses) >= 2 and record.llr >= AGREED_LLR
    sure = agreed or record.llr >= CONFIRM_LLR
    if record.status == TrackStatus.POSSIBLE and record.hits >= 2 and sure:
        record.status = int(TrackStatus.CONFIRMED)
    return first


def settle_fix(record: Record, sigma_m: float) -> None:
    """POSITION or SECTOR, with hysteresis. A lone bearing is a sector however good it is."""
    limit = FIX_KEEP_SIGMA_M if record.fix == Fix.POSITION else FIX_SIGMA_M
    record.fix = int(Fix.POSITION if record.ranged and sigma_m <= limit else Fix.SECTOR)


def believe(record: Record, *, p_drone: float, row_flags: int) -> None:
    """Class and flags from one machine row; p_drone NaN says nothing."""
    if p_drone == p_drone:
        p = min(max(p_drone, 0.02), 0.98)
        weight = REPEAT_WEIGHT if record.hits > 1 else 1.0
        lean(record, weight * math.log(p / (1.0 - p)))
    if row_flags & (LOAD | EMERGENCY | CLOSING) == 0 and not record.flags & WEAK_TRACK:
        return
    if row_flags & LOAD:
        record.flags |= TrackFlag.LOAD
    if row_flags & EMERGENCY:
        record.flags |= TrackFlag.EMERGENCY
    if row_flags & CLOSING:
        record.flags |= TrackFlag.CLOSING
    if not row_flags & WEAK:
        record.flags &= ~int(TrackFlag.WEAK)


def lean(record: Record, nats: float) -> None:
    record.drone_lo = max(min(record.drone_lo + nats, DRONE_LO_MAX), -DRONE_LO_MAX)


def witness_count(record: Record) -> int:
    """Links that supported it lately; never 0."""
    since = record.t_last_ns - int(WITNESS_S * 1e9)
    return max(1, min(255, sum(1 for t in record.witnesses.values() if t >= since)))


def earned_s(record: Record, full_s: float) -> float:
    """How long a machine's track may live without support: more with every hit."""
    earned = LIFE_TENTATIVE_S + LIFE_PER_HIT_S * max(record.hits - 1, 0)
    least = HOVER_S if record.status == TrackStatus.CONFIRMED else 0.0
    return max(min(full_s, earned), least)


def doubted(record: Record, t_ns: int, beats: dict[str, Beat]) -> bool:
    """Misses have eaten the odds of a shown track; a confirmed one is given time to hover."""
    confirmed = record.status == TrackStatus.CONFIRMED
    if record.status == TENTATIVE or (confirmed and t_ns - record.t_ranged_ns < HOVER_S * 1e9):
        return False
    return llr_at(record, t_ns, beats) <= LLR_END
