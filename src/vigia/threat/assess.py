"""Tracks x targets -> Threats: how probable an arrival is, and when.

The kernel (entry.py) settles most pairs by a bound and answers the rest from a small mixture of
motions (motions.py). Equal input gives equal output. docs/threat.md has the equations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from vigia.terms import Tier, TrackStatus
from vigia.threat import columns as c
from vigia.threat.beside import beside
from vigia.threat.kernels import in_use
from vigia.threats import Threat
from vigia.tracktable import STATE_DTYPE, TrackFlag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vigia.events import Policy
    from vigia.threat.targets import Targets

PAIRS_MAX = 2_000_000  # rows of one answer; of more the last targets' are left out
SMALL = 1_024  # pairs of which all fit at once; of more, rows that are likely enough
ROOM = 12  # a track and target
TIERS = tuple(Tier)
T = TypeVar("T")


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


def _told(states: NDArray[np.void]) -> list[_Told]:
    columns: list[list[Any]] = [states[name].tolist() for name in _Told._fields]
    return [_Told(*row) for row in zip(*columns, strict=True)]


class Pairs(NamedTuple):
    """What matters of tracks x targets, target by target: (k, INT_N) and (k, FLOAT_N), columns
    O_... of columns.py. Every WARNING and DANGER; of WATCH the WATCH_MAX earliest of each target.
    order (k,): rows, most urgent first."""

    ints: NDArray[np.int64]
    floats: NDArray[np.float64]
    order: NDArray[np.intp]


def assess(
    states: NDArray[np.void],
    targets: Targets,
    policy: Policy,
    turns: NDArray[np.float64] | None = None,
) -> list[Threat]:
    """states: (n,) tracktable.STATE_DTYPE, all predicted to now; turns: as turns.py gives them,
    None: nobody remembers. Ordered: most urgent first."""
    if len(states) == 0 or len(targets.target_ids) == 0:
        return []
    return threats(judge(states, targets, policy, turns), states, targets)


def make_ready() -> None:
    """Loads the kernel (or compiles it, once per version): before the first assessment."""
    in_use()


def judge(
    states: NDArray[np.void],
    targets: Targets,
    policy: Policy,
    turns: NDArray[np.float64] | None = None,
) -> Pairs:
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
            float(policy.danger_asks_attack),
        )
    )
    places = (targets.en_m, targets.up_m, targets.extent_m, targets.sigma_m)
    turns = np.zeros(len(states)) if turns is None else turns
    given = (_owned(states), turns, *(np.ascontiguousarray(p) for p in places), limits)
    n, m = len(states), len(targets.target_ids)
    room = n * m if n * m <= SMALL else min(ROOM * (n + m), PAIRS_MAX)
    while True:
        ints, floats = np.empty((room, c.INT_N), np.int64), np.empty((room, c.FLOAT_N))
        rows: int = in_use().judge(*given, ints, floats)
        if rows <= room or room == PAIRS_MAX:
            break
        room = min(rows, PAIRS_MAX)
    ints, floats = ints[:rows], floats[:rows]
    if policy.danger_asks_attack:
        beside(ints, floats, targets.en_m, policy)
    urgency = floats[:, c.O_EARLIEST] - 1e6 * ints[:, c.O_TIER]
    order = np.argsort(urgency, kind="stable")  # of equals the first target, then the first track
    return Pairs(ints, floats, order)


def threats(pairs: Pairs, states: NDArray[np.void], targets: Targets) -> list[Threat]:
    """The rows of pairs, as what passes on to alert."""
    tracks = _told(states)
    names = [t.track_id.decode() for t in tracks]
    ids, persons, found = targets.target_ids, targets.person_ids, list[Threat]()
    # columns, not rows: half a million small lists would keep the garbage collector busy
    ints: list[list[int]] = pairs.ints[pairs.order].T.tolist()
    floats: list[list[float]] = pairs.floats[pairs.order].T.tolist()
    for what, numbers in zip(_rows(ints), _rows(floats), strict=True):
        k, g, tier, range_sure, bearing_sure, departing = what
        p, earliest, p10, p50, p90, range_m, bearing, height, attack = numbers
        t = tracks[k]
        no_time = p10 != p10  # NaN
        found.append(
            Threat(
                names[k],
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
                t.flags & _WEAK != 0
                or (t.status != TrackStatus.CONFIRMED and not t.flags & _CLOSING),
                t.witnesses,
                attack,
            )
        )
    return found


_LOAD, _WEAK, _CLOSING = int(TrackFlag.LOAD), int(TrackFlag.WEAK), int(TrackFlag.CLOSING)


def _rows(columns: list[list[T]]) -> Iterator[tuple[T, ...]]:
    return zip(*columns, strict=True)


def _owned(states: NDArray[np.void]) -> NDArray[np.void]:
    """As the kernel takes them: in one piece, and ours to write."""
    return np.require(states, STATE_DTYPE, ("C", "W"))
