"""Tracks x targets -> Threats: how probable an arrival is, and when.

The kernel (entry.py) settles most pairs by a bound and answers the rest from a small mixture of
motions (motions.py). Equal input gives equal output. docs/threat.md has the equations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vigia.terms import Tier, TrackStatus
from vigia.threat import entry as o
from vigia.threat.kernels import in_use
from vigia.threats import Threat
from vigia.tracktable import STATE_DTYPE, TrackFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.events import Policy
    from vigia.threat.targets import Targets

PAIRS_MAX = 2_000_000  # rows of one answer; of more the last targets' are left out
SMALL = 1_024  # pairs of which all fit at once
TIERS = tuple(Tier)


class Pairs(NamedTuple):
    """What matters of tracks x targets, target by target: (k, INT_N) and (k, FLOAT_N), columns
    O_... of entry.py. Every WARNING and DANGER; of WATCH the WATCH_MAX earliest of each target.
    order (k,): rows, most urgent first."""

    ints: NDArray[np.int64]
    floats: NDArray[np.float64]
    order: NDArray[np.intp]


def assess(states: NDArray[np.void], targets: Targets, policy: Policy) -> list[Threat]:
    """states: (n,) tracktable.STATE_DTYPE, all predicted to now. Ordered: most urgent first."""
    if len(states) == 0 or len(targets.target_ids) == 0:
        return []
    return threats(judge(states, targets, policy), states, targets)


def judge(states: NDArray[np.void], targets: Targets, policy: Policy) -> Pairs:
    """As assess, in columns: for whoever looks at few of many."""
    limits = np.array(
        (
            policy.danger_radius_m,
            policy.horizon_s,
            policy.watch_radius_m,
            policy.warning_p,
            policy.warning_s,
            policy.danger_p,
            policy.danger_s,
            policy.top_speed_mps,
        )
    )
    places = (targets.en_m, targets.up_m, targets.extent_m, targets.sigma_m)
    given = (_owned(states), *(np.ascontiguousarray(p) for p in places), limits)
    n, m = len(states), len(targets.target_ids)
    room = n * m if n * m <= SMALL else min(m * o.WATCH_MAX + 4 * n + SMALL, PAIRS_MAX)
    while True:
        ints, floats = np.empty((room, o.INT_N), np.int64), np.empty((room, o.FLOAT_N))
        rows: int = in_use().judge(*given, ints, floats)
        if rows <= room or room == PAIRS_MAX:
            break
        room = min(rows, PAIRS_MAX)
    ints, floats = ints[:rows], floats[:rows]
    urgency = floats[:, o.O_EARLIEST] - 1e6 * ints[:, o.O_TIER]
    order = np.argsort(urgency, kind="stable")  # of equals the first target, then the first track
    return Pairs(ints, floats, order)


def threats(pairs: Pairs, states: NDArray[np.void], targets: Targets) -> list[Threat]:
    """The rows of pairs, as what passes on to alert."""
    columns: list[list[Any]] = [states[name].tolist() for name in _Told._fields]
    tracks = [_Told(*row) for row in zip(*columns, strict=True)]
    ids, persons, found = targets.target_ids, targets.person_ids, list[Threat]()
    ints: list[list[int]] = pairs.ints[pairs.order].tolist()
    floats: list[list[float]] = pairs.floats[pairs.order].tolist()
    for (k, g, tier, range_sure, bearing_sure, departing), f in zip(ints, floats, strict=True):
        p, earliest, p10, p50, p90, range_m, bearing, height = f
        t = tracks[k]
        no_time = p10 != p10  # NaN
        found.append(
            Threat(
                t.track_id.decode(),
                t.number,
                ids[g],
                persons[g],
                TIERS[tier],
                t.mark,
                t.status == TrackStatus.CONFIRMED,
                p,
                earliest,
                None if no_time else p10,
                None if no_time else p50,
                None if no_time else p90,
                range_m,
                range_sure != 0,
                bearing,
                bearing_sure != 0,
                None if height != height else height,
                t.flags & _LOAD != 0,
                t.t_cause_ns,
                t.t_last_ns,
                departing != 0,
                t.status != TrackStatus.CONFIRMED or t.flags & _WEAK != 0,
                t.witnesses,
            )
        )
    return found


class _Told(NamedTuple):
    """What a threat says of its track."""

    track_id: bytes
    number: int
    status: int
    mark: int
    flags: int
    witnesses: int
    t_cause_ns: int
    t_last_ns: int


_LOAD, _WEAK = int(TrackFlag.LOAD), int(TrackFlag.WEAK)


def _owned(states: NDArray[np.void]) -> NDArray[np.void]:
    """As the kernel takes them: in one piece, and ours to write."""
    return np.require(states, STATE_DTYPE, ("C", "W"))
