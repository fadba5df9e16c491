"""The columns in which all state of the tracker lies: flat, so that a snapshot is its bytes.

A slot is one track. Kernels and Python read and write the same arrays; named constants are the
columns. Unknown is NaN inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vigia.track.imm import SIZE
from vigia.track.models import MODELS
from vigia.track.sense import Z_N

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTS_MAX = 5  # components of one track: ways of moving, or plausible ranges of a sector
RING_MAX = 12  # measurements remembered per track, with the state after each, for late ones
SEEN_MAX = 4  # sensors whose misses count
WITNESS_MAX = 5
STANDS_MAX = 3
NAMES_MAX = 3
KINDS_MAX = 10  # kinds of sensors that share credit; "person" is 0
MEASURED = 1 << KINDS_MAX  # in KINDS: somebody saw or measured it, not only what it says
CLASSES = 4  # drone, bird, crewed aircraft, own drone

# float columns of a track; the first ones are what gates look at, side by side in memory
(
    MEAN_E,  # moments of the mixture at T
    MEAN_N,
    MEAN_VE,
    MEAN_VN,
    VAR_P,  # trace of the horizontal place's covariance
    VAR_X,  # twice the absolute place-velocity covariances
    VAR_V,  # trace of the horizontal velocity's
    MEAN_U,
    MEAN_VU,
    VAR_U,
    VAR_E,
    COV_EN,
    VAR_N,
    SIGMA_M,  # largest horizontal 1-sigma
    LLR,  # log odds that it exists, at T_LAST
    CL_DRONE,  # log beliefs, up to a common constant
    CL_BIRD,
    CL_AIR,
    CL_OWN,
    AZ_DEG,  # the last bearing, from whoever gave it
    AZ_SIGMA_DEG,
    STATED_E,  # last stated place: a repeat adds nothing
    STATED_N,
    CREDIT,  # nats by kind of source, KINDS_MAX columns
) = range(24)
F_N = CREDIT + KINDS_MAX
G_T = VAR_V + 1  # of a gate: T as a float, to the microsecond
GATE_N = G_T + 1
LINE = 8  # numbers of 8 bytes in a cache line

# integer columns of a track; what is asked of every candidate lies in the first cache line
(
    ENDED,  # 0: alive; else 1 + index of the reason
    MARK,
    STATUS,  # 0: nobody sees it yet
    IS_SECTOR,  # components are plausible ranges, not ways of moving
    SOLID,  # a range or a stated place: it needs no bearing to exist
    PARTS,  # components in use
    T,  # when the components are valid
    HITS,
    T_FIRST,
    T_LAST,
    T_CAUSE,
    T_RANGED,  # t_obs of the last range or stated place
    LIFE,  # t_obs clock: it ends without support by then
    ID,  # 64 bits of a hash of what began it
    NUMBER,  # given when first shown
    FIX,
    FLAGS,  # of machines
    SAID,  # LOAD and CLOSING as long as a person's report that stands says so
    RANGED,  # a range, a stated place or a crossing from elsewhere
    RING_LEN,
    STANDS,
    T_CLASS,  # when kinematics last spoke about the class
    LIVE,
    T_SCAN,  # t_obs of the last range a look gave it
    DRONES,  # how many somebody said there are; 0: nobody
    # looks of sensors with a range that should have seen a stated place and did not; with the flag
    # ID_CONFLICT: t_obs of the last contradiction
    UNSEEN,
    T_TWIN,  # the newest look at which TWINS counted; of a merged one its heir's ID
    TWINS,  # looks in a row at which another track seemed to be the same drone
    KINDS,  # a bit for each kind of source that supported it; people are the lowest
    SERIAL,  # its stated identity, SERIAL_N bytes
) = range(30)
SERIAL_N = 24
I_N = SERIAL + SERIAL_N // 8

# float columns of a sensor
(
    S_E,
    S_N,
    S_U,
    S_SIGMA,
    S_LOG_PD,
    S_PD,
    S_FALSE,  # false rows a second, as declared
    S_RANGE,
    S_NORTH,  # true north there minus the site's [rad]
    S_REVISIT,  # learnt: seconds between looks; 0 not yet known
    S_STRAY,  # learnt: rows a second that no track claims
    S_BIAS,  # learnt azimuth error [rad], and its variance
    S_BIAS_VAR,
    S_CLOCK,  # learnt clock error [s]: its times are late by this, and the variance
    S_CLOCK_VAR,
) = range(15)
SF_N = S_CLOCK_VAR + 1
# integer columns of a sensor
S_LINK, S_KIND, S_HEARD, S_HASH, S_PLACED, S_SWEEPS, S_STATED, S_CLAIMS = range(8)
SI_N = 8

# counters
C_N, C_FREE, C_NUMBER, C_DROPPED, C_LIMIT, C_MERGED = range(6)
COUNTERS = 6

OWN_MAX = 64
L_POSSIBLE, L_CONFIRM, L_AGREED = range(3)
LIMITS = 3
INDEX_SLOTS = 1 << 16
GROUPS = 65  # of candidates (gate.py)
PAIRS_A_ROW = 16  # candidates that one row of a scan is weighed between
SOME = 64  # rows, and candidates, of a cluster that is solved exactly
FATES = 6  # read.REASONS
AT_N, AIM_N, SITE_N = 6, 7, 13  # columns of a candidate, of an aim, of a site (gate.py, geo.py)
KNOWN_SLOTS = 1 << 16  # rows remembered to recognise a duplicate, by the low bits of their hash


class Cols(NamedTuple):
    """All state that kernels change. cap slots, s sensors."""

    g: NDArray[np.float64]  # (cap, PARTS_MAX, SIZE)
    f: NDArray[np.float64]  # (cap, F_N)
    i: NDArray[np.int64]  # (cap, I_N)
    seen: NDArray[np.int64]  # (cap, SEEN_MAX, 2): sensor + 1, t_obs of its last hit
    wit: NDArray[np.int64]  # (cap, WITNESS_MAX, 2): link + 1, t_obs of its last support
    stands: NDArray[np.float64]  # (cap, STANDS_MAX, 3): where bearings came from, whose
    names: NDArray[np.int64]  # (cap, NAMES_MAX, 2): hashes of a space of names and a name in it
    serial: NDArray[np.uint8]  # (cap, SERIAL_N): the last columns of i as bytes
    ring_t: NDArray[np.int64]  # (cap, RING_MAX)
    ring_o: NDArray[np.int64]  # (cap, RING_MAX): ring rows in order of time
    ring_z: NDArray[np.float64]  # (cap, RING_MAX, Z_N)
    ring_g: NDArray[np.float64]  # (cap, RING_MAX, PARTS_MAX - 2, SIZE): the state after each
    order: NDArray[np.int64]  # (cap,): live slots, oldest first
    place: NDArray[np.int64]  # (cap,): where in order a live slot stands
    # in that order, so that whoever looks at all tracks reads memory from front to back
    # (cap, GATE_N): the first columns of f again, a cache line each; infinitely far when it ended
    gate: NDArray[np.float64]
    free: NDArray[np.int64]  # (cap,): a stack of free slots
    tally: NDArray[np.int64]  # (COUNTERS,)
    known: NDArray[np.int64]  # (KNOWN_SLOTS,)
    named: NDArray[np.int64]  # (INDEX_SLOTS,): slot that bore a name of this hash last
    begun: NDArray[np.int64]  # (INDEX_SLOTS,): slot in which an id of this hash began last
    limits: NDArray[np.float64]  # (LIMITS,): odds at which a track is shown, confirmed, agreed
    own: NDArray[np.int64]  # (OWN_MAX,): hashes of the serials of our own drones
    sf: NDArray[np.float64]  # (s, SF_N)
    si: NDArray[np.int64]  # (s, SI_N)


class Work(NamedTuple):
    """Scratch; holds nothing between calls but the tables of the models and of the site. Kernels
    allocate nothing that a function is given: an array with an owner is counted at every call."""

    models: NDArray[np.float64]  # models.MODELS
    site: NDArray[np.float64]  # geo.Site.packed
    tmp: NDArray[np.float64]  # (6, SIZE)
    rows: NDArray[np.float64]  # (6, 8)
    g: NDArray[np.float64]  # (PARTS_MAX, SIZE)
    soft: NDArray[np.float64]  # (PARTS_MAX, SIZE)
    h: NDArray[np.float64]  # (PARTS_MAX, SIZE)
    m: NDArray[np.float64]  # (SIZE,)
    z: NDArray[np.float64]  # (Z_N,)
    aim: NDArray[np.float64]  # (AIM_N,)
    fate: NDArray[np.int64]  # (FATES,): rows of the last scan by what became of them
    # by row of a scan: as read, then in order
    read_z: NDArray[np.float64]  # (rows, Z_N)
    read_t: NDArray[np.int64]
    read_flags: NDArray[np.int64]
    read_p: NDArray[np.float64]
    read_key: NDArray[np.int64]
    row_z: NDArray[np.float64]  # (rows, Z_N)
    row_t: NDArray[np.int64]
    row_flags: NDArray[np.int64]
    row_p: NDArray[np.float64]
    row_key: NDArray[np.int64]
    row_order: NDArray[np.int64]
    row_spare: NDArray[np.int64]
    row_free: NDArray[np.bool_]
    row_ready: NDArray[np.int64]
    row_aim: NDArray[np.float64]  # (rows, AIM_N)
    row_low: NDArray[np.int64]  # the parts of the compass it may mean; -1: any
    row_high: NDArray[np.int64]
    row_parts: NDArray[np.float64]  # (rows, PARTS_MAX - 2, SIZE)
    row_got: NDArray[np.int64]
    ends: NDArray[np.int64]  # (3 GROUPS,)
    # by pair of a row and a candidate: PAIRS_A_ROW a row and one of each candidate
    pair_row: NDArray[np.int64]
    pair_track: NDArray[np.int64]
    pair_score: NDArray[np.float64]
    pair_rest: NDArray[np.int64]
    pair_placed: NDArray[np.int64]
    # by row and candidate
    root: NDArray[np.int64]
    counts: NDArray[np.int64]
    some_rows: NDArray[np.int64]  # (SOME,)
    some_cols: NDArray[np.int64]
    # by candidate
    slots: NDArray[np.int64]
    at: NDArray[np.float64]  # (cap, AT_N)
    group: NDArray[np.int64]
    key: NDArray[np.int64]
    order: NDArray[np.int64]
    taken: NDArray[np.bool_]


def _in_lines(rows: int, width: int) -> NDArray[np.float64]:
    """Zeros whose rows begin where cache lines do, as far as their width lets them."""
    flat = np.zeros(rows * width + LINE)
    skip = -flat.ctypes.data % (8 * LINE) // 8
    return flat[skip : skip + rows * width].reshape(rows, width)


def empty_cols(cap: int, sensors: int) -> Cols:
    """No track; slot 0 is taken first."""
    ints = _in_lines(cap, I_N).view(np.int64)
    return Cols(
        np.zeros((cap, PARTS_MAX, SIZE)),
        np.zeros((cap, F_N)),
        ints,
        np.zeros((cap, SEEN_MAX, 2), np.int64),
        np.zeros((cap, WITNESS_MAX, 2), np.int64),
        np.zeros((cap, STANDS_MAX, 3)),
        np.zeros((cap, NAMES_MAX, 2), np.int64),
        ints[:, SERIAL:].view(np.uint8),
        np.zeros((cap, RING_MAX), np.int64),
        np.zeros((cap, RING_MAX), np.int64),
        np.zeros((cap, RING_MAX, Z_N)),
        np.zeros((cap, RING_MAX, PARTS_MAX - 2, SIZE)),
        np.zeros(cap, np.int64),
        np.zeros(cap, np.int64),
        _in_lines(cap, GATE_N),
        np.arange(cap - 1, -1, -1, dtype=np.int64),
        np.array([0, cap, 1, 0, 0, 0], np.int64),
        np.zeros(KNOWN_SLOTS, np.int64),
        np.zeros(INDEX_SLOTS, np.int64),
        np.zeros(INDEX_SLOTS, np.int64),
        np.zeros(LIMITS),
        np.zeros(OWN_MAX, np.int64),
        np.zeros((max(sensors, 1), SF_N)),
        np.zeros((max(sensors, 1), SI_N), np.int64),
    )


def empty_work(cap: int, rows: int) -> Work:
    """For so many slots and scans of so many rows."""
    ints, floats = np.int64, np.float64
    pairs = PAIRS_A_ROW * rows + cap
    return Work(
        MODELS.copy(),
        np.zeros(SITE_N),
        np.zeros((6, SIZE)),
        np.zeros((6, 8)),
        np.zeros((PARTS_MAX, SIZE)),
        np.zeros((PARTS_MAX, SIZE)),
        np.zeros((PARTS_MAX, SIZE)),
        np.zeros(SIZE),
        np.zeros(Z_N),
        np.zeros(AIM_N),
        np.zeros(FATES, ints),
        np.zeros((rows, Z_N)),
        np.zeros(rows, ints),
        np.zeros(rows, ints),
        np.zeros(rows, floats),
        np.zeros(rows, ints),
        np.zeros((rows, Z_N)),
        np.zeros(rows, ints),
        np.zeros(rows, ints),
        np.zeros(rows, floats),
        np.zeros(rows, ints),
        np.zeros(rows, ints),
        np.zeros(rows, ints),
        np.zeros(rows, np.bool_),
        np.zeros(rows, ints),
        np.zeros((rows, AIM_N)),
        np.zeros(rows, ints),
        np.zeros(rows, ints),
        np.zeros((rows, PARTS_MAX - 2, SIZE)),
        np.zeros(rows, ints),
        np.zeros(3 * GROUPS, ints),
        np.zeros(pairs, ints),
        np.zeros(pairs, ints),
        np.zeros(pairs, floats),
        np.zeros(pairs, ints),
        np.zeros(pairs, ints),
        np.zeros(rows + cap, ints),
        np.zeros(rows + cap, ints),
        np.zeros(SOME, ints),
        np.zeros(SOME, ints),
        np.zeros(cap, ints),
        np.zeros((cap, AT_N)),
        np.zeros(cap, ints),
        np.zeros(cap, ints),
        np.zeros(cap, ints),
        np.zeros(cap, np.bool_),
    )
